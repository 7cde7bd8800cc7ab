"""Gradient norm aware minimization, in its three forms."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Ascent
from problems import write


XI = 1e-12


def rule(problem, params):
    w, a = problem.start, Ascent(problem, params)
    mode, rho, near = params.get("mode", "code"), params.get("rho", 0.2), params.get("rho_prime", 0.03)
    alpha, beta, gamma = params.get("alpha", 0.1), params.get("beta", 0.1), params.get("gamma", 0.05)

    def toward(x, radius, d):
        return a.toward(x, radius / (a.norm(d) + XI), d)

    def hvp(x, batch, v):
        return problem.hvp(x, batch, v) + (a.penalty(v) if a.in_loss else 0)

    for k in range(problem.steps):
        batch = problem.batch(k)
        u = g0 = a.first(w, batch)
        if a.holds(k) and mode == "hvp":
            far = toward(w, rho, hvp(w, batch, g0) / np.linalg.norm(g0))
            g = a.later(far, batch)
            u = g0 + alpha * rho * hvp(far, batch, g) / np.linalg.norm(g)
        elif a.holds(k):
            g1 = a.later(toward(w, near, g0), batch)
            w2 = toward(w, rho, g1 - g0)
            g2 = a.later(w2, batch)
            g3 = a.later(toward(w2, near, g2), batch)
            plus = alpha * g1 + (1 - alpha) * g3
            minus = beta * g0 + (1 - beta) * g2 if mode == "paper" else g0 + abs(1 - beta) * g2
            n_plus, n_minus = np.linalg.norm(plus), np.linalg.norm(minus)
            cos = minus @ plus / (n_plus * n_minus + XI)
            u = plus - gamma * (minus - cos * n_minus * plus / (n_plus + XI))
        w = a.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"mode": "paper", "rho_prime": 0.3, "alpha": 0.5, "beta": 0.5, "gamma": 0.3, "momentum": 0.9, "weight_decay": 0.1}),
    ("quadratic", {"mode": "hvp", "rho": 0.3, "alpha": 0.5, "scope": "weights", "weight_decay": 0.1, "l2_in_loss": True}),
    ("logistic", {"rho_prime": 0.5, "rho": 0.5, "lr": 1.0, "momentum": 0.5, "window_end": 0.6}),
    ("logistic", {"mode": "hvp", "rho": 0.5, "alpha": 1.5, "lr": 1.0}),
    ("mlp", {"rho_prime": 0.3, "lr": 0.2, "momentum": 0.5, "weight_decay": 0.1}),
    ("mlp", {"mode": "paper", "rho_prime": 0.3, "lr": 0.2, "gamma": 0.5, "beta": 0.6, "alpha": 0.4, "bn_update": "both"}),
    ("mlp", {"mode": "hvp", "lr": 0.2, "alpha": 0.5}),
])

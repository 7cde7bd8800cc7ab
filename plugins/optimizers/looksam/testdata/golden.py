"""LookSAM: SAM every few steps, with what it changed kept in between."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Ascent
from problems import write


def rule(problem, params):
    w, a = problem.start, Ascent(problem, params)
    rho, every, alpha = params.get("rho", 0.1), params.get("every", 5), params.get("alpha", 0.7)
    v, since = np.zeros(problem.dim), 0
    for k in range(problem.steps):
        batch = problem.batch(k)
        u = g = a.first(w, batch)
        if a.holds(k):
            if since % every == 0:
                u = a.later(a.toward(w, rho / (a.norm(g) + 1e-12), g), batch)
                unit = g / np.linalg.norm(g)
                v = u - (u @ unit) * unit
            else:
                u = g + alpha * np.linalg.norm(g) / (np.linalg.norm(v) + 1e-8) * v
            since += 1
        w = a.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"rho": 0.3, "every": 3, "alpha": 0.2, "momentum": 0.9, "weight_decay": 0.1}),
    ("logistic", {"rho": 0.5, "lr": 1.0, "momentum": 0.5, "window_start": 0.35}),
    ("mlp", {"rho": 0.3, "lr": 0.2, "momentum": 0.5, "weight_decay": 0.1}),
    ("mlp", {"rho": 0.3, "every": 2, "alpha": 0.3, "lr": 0.2, "scope": "no-norm", "bn_update": "both"}),
])

"""Sharpness-aware minimization."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Ascent
from problems import write


def rule(problem, params):
    w, a, rho = problem.start, Ascent(problem, params), params.get("rho", 0.05)
    for k in range(problem.steps):
        batch = problem.batch(k)
        u = a.first(w, batch)
        if a.holds(k):
            u = a.later(a.toward(w, rho / (a.norm(u) + 1e-12), u), batch)
        w = a.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"rho": 0.5, "scope": "no-norm", "momentum": 0.9, "weight_decay": 0.1}),
    ("quadratic", {"rho": 0.5, "scope": "biases", "clip_norm": 0.5, "window_start": 0.25, "window_end": 0.6}),
    ("logistic", {"rho": 0.3, "lr": 1.0, "momentum": 0.5}),
    ("logistic", {"rho": 0.3, "base": "adamw", "lr": 0.1, "weight_decay": 0.1}),
    ("logistic", {"rho": 0.3, "base": "adam", "lr": 0.1, "weight_decay": 0.1, "scope": "weights"}),
    ("logistic", {"rho": 0.3, "lr": 1.0, "weight_decay": 0.3, "no_decay": "bias-norm", "l2_in_loss": True}),
    ("mlp", {"rho": 0.2, "lr": 0.2, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp", {"rho": 0.5, "lr": 0.5, "scope": "norm"}),
    ("mlp", {"rho": 0.5, "lr": 0.5, "bn_update": "both", "window_start": 0.5}),
    ("mlp", {"rho": 0.2, "lr": 0.5, "l2_in_loss": True, "weight_decay": 0.2, "momentum": 0.5}),
])

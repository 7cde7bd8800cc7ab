"""Sharpness-aware minimization."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    w, base = problem.start, Base(problem, params)
    rho, scope = params.get("rho", 0.05), params.get("scope", "all")
    norm = problem.mask("norm_scale", "norm_shift")
    inside = {"all": norm | ~norm, "norm": norm, "no-norm": ~norm}[scope]
    for k in range(problem.steps):
        batch = problem.batch(k)
        g = problem.grad(w, batch) * inside
        u = problem.grad(w + rho * g / (np.linalg.norm(g) + 1e-12), batch, freeze=True)
        w = base.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"rho": 0.5, "scope": "no-norm", "momentum": 0.9, "weight_decay": 0.1}),
    ("logistic", {"rho": 0.3, "lr": 1.0, "momentum": 0.5}),
    ("logistic", {"rho": 0.3, "base": "adamw", "lr": 0.1, "weight_decay": 0.1}),
    ("mlp", {"rho": 0.2, "lr": 0.2, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp", {"rho": 0.5, "lr": 0.5, "scope": "norm"}),
])

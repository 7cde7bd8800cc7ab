"""Differentially private SAM with two releases a step."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write
from releases import release


def rule(problem, params):
    w, base, rho = problem.start, Base(problem, {"lr": 1.0, **params}), params.get("rho", 0.01)
    for k in range(problem.steps):
        first = release(problem, params, k, w, "ascent")
        w = base.step(w, release(problem, params, k, w + rho * first / (np.linalg.norm(first) + 1e-12)))
        yield w


write(__file__, rule, [
    ("quadratic", {"rho": 0.3}),
    ("logistic", {}),
    ("logistic", {"rho": 0.5, "clip": 0.5, "sigma": 0.0, "lr": 2.0, "momentum": 0.9, "weight_decay": 0.05}),
    ("logistic", {"rho": 0.5, "clip": 0.5, "sigma": 0.7, "base": "adam", "lr": 0.1}),
    ("mlp-plain", {"rho": 0.2, "clip": 0.3, "sigma": 0.0, "lr": 1.5}),
    ("mlp-plain", {"rho": 0.2, "clip": 0.3, "sigma": 0.5, "momentum": 0.8}),
])

"""Differentially private stochastic gradient descent."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write
from releases import release


def rule(problem, params):
    w, base = problem.start, Base(problem, {"lr": 1.0, **params})
    for k in range(problem.steps):
        w = base.step(w, release(problem, params, k, w))
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("logistic", {}),
    ("logistic", {"clip": 0.5, "sigma": 0.0, "lr": 2.0, "momentum": 0.9, "weight_decay": 0.05}),
    ("logistic", {"clip": 0.0, "sigma": 0.0}),
    ("logistic", {"clip": 0.5, "sigma": 0.7, "base": "adam", "lr": 0.1}),
    ("mlp-plain", {"clip": 0.3, "sigma": 0.0, "lr": 1.5}),
    ("mlp-plain", {"clip": 0.3, "sigma": 0.5, "momentum": 0.8}),
])

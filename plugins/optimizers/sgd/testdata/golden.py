"""Stochastic gradient descent: the update is the base rule itself."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    w, base = problem.start, Base(problem, params, "sgd")
    for k in range(problem.steps):
        w = base.step(w, problem.grad(w, problem.batch(k)))
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.2, "no_decay": "bias-norm"}),
    ("logistic", {"lr": 1.0, "momentum": 0.5}),
    ("logistic", {"lr": 1.0, "weight_decay": 0.1, "decay": "decoupled"}),
    ("mlp", {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp", {"lr": 0.5, "weight_decay": 0.05, "no_decay": "bias-norm"}),
    ("mlp", {"lr": 1.0, "momentum": 0.9, "dampening": 0.9, "clip_norm": 0.3, "weight_decay": 0.05}),
    ("mlp-plain", {"lr": 0.5, "momentum": 0.5, "nesterov": True}),
])

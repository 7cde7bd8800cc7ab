"""Concurrent adversarial training."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    w, base = problem.start, Base(problem, params)
    omega, mix = params.get("omega", 0.05), params.get("mix", 0.5)
    stale = w
    for k in range(problem.steps):
        batch = problem.batch(k)
        delta = omega * np.sign(problem.input_grad(stale if params.get("stale", True) else w, batch))
        u = (1 - mix) * problem.grad(w, batch) + mix * problem.moved_grad(w, batch, delta)
        stale = w
        w = base.step(w, u)
        yield w


write(__file__, rule, [
    ("logistic", {"omega": 0.3, "lr": 1.0, "momentum": 0.5, "weight_decay": 0.1}),
    ("logistic", {"omega": 0.5, "lr": 1.0, "mix": 0.7, "stale": False}),
    ("logistic", {"omega": 0.2, "base": "adamw", "lr": 0.1, "weight_decay": 0.1}),
    ("mlp", {"lr": 0.5, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp-plain", {"omega": 0.2, "lr": 0.5, "stale": False, "mix": 1.0}),
])

"""Self-distillation with voting teachers."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def rule(problem, params):
    w, base, kept = problem.start, Base(problem, params), []
    weight, heat = params.get("lambda", 1.0), params.get("temperature", 2.0)
    for k in range(problem.steps):
        batch = problem.batch(k)
        if k > 0 and k % params.get("every", 100) == 0:
            kept = [*kept, w][-params.get("teachers", 3):]
        u = problem.grad(w, batch)
        if kept:
            votes = sum(softmax(problem.outputs(v, batch) / heat) for v in kept) / len(kept)
            slope = weight * heat * (softmax(problem.outputs(w, batch) / heat) - votes) / len(batch)
            u = u + problem.vjp(w, batch, slope, freeze=True)
        w = base.step(w, u)
        yield w


write(__file__, rule, [
    ("logistic", {"every": 3, "teachers": 2, "lr": 1.0, "momentum": 0.5, "weight_decay": 0.1}),
    ("logistic", {"every": 4, "lambda": 0.5, "temperature": 1.0, "base": "adamw", "lr": 0.1, "weight_decay": 0.1}),
    ("mlp", {"every": 5, "lr": 0.5, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp-plain", {"every": 2, "lambda": 3.0, "lr": 0.5}),
])

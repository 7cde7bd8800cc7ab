"""Magnitude pruning in rounds."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    p = {"sparsity": 0.9, "rounds": 10, "from": 1 / 3, "to": 2 / 3, "pool": "weights", "rho": 0.0, **params}
    w, base = problem.start.copy(), Base(problem, params)
    pool = np.flatnonzero(problem.mask("weight") if p["pool"] == "weights" else np.ones(problem.dim))
    rounds = p["rounds"]
    when = [int((p["from"] + (p["to"] - p["from"]) * k / max(1, rounds - 1)) * problem.steps) for k in range(rounds)]
    left = np.ones(problem.dim)
    for k in range(problem.steps):
        if k in when:
            over = sum(at <= k for at in when)
            pruned = int((1 - (1 - p["sparsity"]) ** (over / rounds)) * len(pool) + 1e-9)
            # The largest stay; of equal ones those with the lower numbers.
            order = pool[np.argsort(-np.abs(w[pool]), kind="stable")]
            left = np.ones(problem.dim)
            left[order[len(pool) - pruned:]] = 0
            w, base.m, base.v = w * left, base.m * left, base.v * left
            if base.b is not None:
                base.b = base.b * left
        batch = problem.batch(k)
        g = left * problem.grad(w, batch)
        if p["rho"] > 0:
            g = left * problem.grad(w + p["rho"] * g / (np.linalg.norm(g) + 1e-12), batch, freeze=True)
        w = base.step(w, g)
        yield w


write(__file__, rule, [
    ("quadratic", {"sparsity": 0.6, "rounds": 2}),
    ("logistic", {"sparsity": 0.5, "rounds": 1, "from": 0.5, "pool": "all", "momentum": 0.9, "weight_decay": 0.1}),
    ("mlp", {"momentum": 0.9, "nesterov": True, "weight_decay": 0.05}),
    ("mlp", {"sparsity": 0.7, "rounds": 4, "from": 0.1, "to": 0.8, "rho": 0.2, "lr": 0.2}),
    ("mlp-plain", {"sparsity": 0.7, "rounds": 3, "base": "adamw", "lr": 0.02, "weight_decay": 0.1}),
])

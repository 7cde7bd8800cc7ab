"""Sharpness-aware minimization with a Fisher mask."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import normal, write


def rule(problem, params):
    p = {"rho": 0.05, "keep_ratio": 0.1, "refresh": 100, "fisher": "batch", "samples": 0, **params}
    w, base = problem.start, Base(problem, params)
    pool = np.flatnonzero(problem.mask("weight"))
    for k in range(problem.steps):
        batch = problem.batch(k)
        g = problem.grad(w, batch)
        if k % p["refresh"] == 0:
            if p["fisher"] == "batch":
                score = g * g
            elif p["fisher"] == "random":
                score = np.abs(normal("fsam", k, problem.dim))
            else:
                score = (problem.each(w, batch[:p["samples"] or None]) ** 2).sum(axis=0)
            order = pool[np.argsort(-score[pool], kind="stable")]
            mask = np.ones(problem.dim)
            mask[order[int(p["keep_ratio"] * len(pool) + 1e-9):]] = 0
        e = p["rho"] * mask * g / (np.linalg.norm(g) + 1e-12)
        w = base.step(w, problem.grad(w + e, batch, freeze=True))
        yield w


write(__file__, rule, [
    ("quadratic", {"rho": 0.5, "keep_ratio": 0.5, "refresh": 3}),
    ("logistic", {"rho": 0.5, "keep_ratio": 0.4, "refresh": 1, "lr": 1.0, "momentum": 0.5}),
    ("logistic", {"rho": 0.5, "keep_ratio": 0.4, "refresh": 4, "lr": 0.5, "fisher": "per-example", "samples": 4}),
    ("mlp", {"rho": 0.5, "lr": 0.2, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp", {"rho": 0.5, "keep_ratio": 0.3, "refresh": 5, "fisher": "random", "base": "adamw", "lr": 0.02}),
    ("mlp-plain", {"rho": 0.5, "keep_ratio": 0.3, "refresh": 3, "lr": 0.2, "fisher": "per-example"}),
    ("mlp-plain", {"rho": 0.5, "keep_ratio": 0.3, "refresh": 1, "lr": 0.2, "fisher": "per-example", "samples": 12}),
])

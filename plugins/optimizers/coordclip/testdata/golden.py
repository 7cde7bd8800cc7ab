"""Coordinate-wise clipping."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def clip(g, k, scale):
    sizes = np.sort(np.abs(g))[::-1]
    cut = int(len(g) * k)
    bound = scale * sizes[cut] if cut < len(g) else 0.0
    return np.clip(g, -bound, bound)


def rule(problem, params):
    w, base = problem.start, Base(problem, params)
    k, scale = params.get("k", 0.1), params.get("threshold_scale", 1.0)
    for step in range(problem.steps):
        g = problem.grad(w, problem.batch(step))
        share = params.get("clip_update", 0.0)
        if share:
            # The direction is what the whole step of the base has subtracted, decoupled weight decay aside, over lr.
            lr = base.params["lr"] * problem.scale(step)
            shrink = 0 if base.coupled else lr * params["weight_decay"] * w
            direction = (w - base.step(w, g) - shrink) / lr
            w = w - lr * clip(direction, share, scale) - shrink
        elif base.base == "sgd":
            w = base.step(w, clip(g, k, scale))
        else:
            g = g + base.l2(w)
            w = base.step(w, clip(g, k, scale), second=g)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"k": 0.5, "momentum": 0.9, "weight_decay": 0.1}),
    ("logistic", {"k": 0.4, "threshold_scale": 0.5, "lr": 1.0}),
    ("logistic", {"k": 0.4, "base": "adam", "lr": 0.1, "weight_decay": 0.1, "clip_norm": 0.2}),
    ("mlp", {"k": 0.5, "base": "adamw", "lr": 0.02, "eps": 1e-3, "weight_decay": 0.1}),
    ("quadratic", {"k": 0.0, "clip_update": 0.4, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    ("logistic", {"k": 0.0, "clip_update": 0.5, "base": "adam", "lr": 0.1, "eps": 1e-3, "weight_decay": 0.1}),
    ("mlp", {"k": 0.0, "clip_update": 0.5, "threshold_scale": 2.0, "base": "adamw", "lr": 0.02, "eps": 1e-3, "weight_decay": 0.1}),
    ("mlp", {"k": 0.2, "lr": 1.0, "momentum": 0.5, "weight_decay": 0.05}),
])

"""Bilevel optimization with an average of the gradients of the loss; the auxiliary objective is half the square of w."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    p = {"mode": "bloop", "lambda": 1.0, "ema": 0.1, **params}
    w, base, e, f = problem.start, Base(problem, params), None, None
    for k in range(problem.steps):
        g, a = problem.grad(w, problem.batch(k)), w
        e = g if e is None else e + p["ema"] * (g - e)
        f = a if f is None else f + p["ema"] * (a - f)
        r, q = e @ a / (e @ e + 1e-7), f @ g / (f @ f + 1e-7)
        if p["mode"] == "mixed":
            u = g + p["lambda"] * a
        elif p["mode"] == "pcgrad":
            u = (g - min(q, 0) * f) + p["lambda"] * (a - min(r, 0) * e)
        elif p["mode"] == "barrier" and r > 1 / p["lambda"]:
            u = p["lambda"] * a
        else:
            u = g + p["lambda"] * (a - r * e)
        w = base.step(w, u)
        yield w


write(__file__, rule, [
    ("mlp", {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.05, "lambda": 0.1}),
    ("mlp", {"base": "adamw", "lr": 0.02, "ema": 0.5}),
    ("mlp-plain", {"lr": 0.1, "mode": "mixed", "lambda": 0.3}),
    ("mlp-plain", {"lr": 0.1, "mode": "barrier", "ema": 1.0, "lambda": 0.3}),
    ("mlp-plain", {"lr": 0.1, "mode": "pcgrad", "lambda": 0.3}),
    ("mlp-plain", {"lr": 0.1, "ema": 1.0, "lambda": 0.3}),
])

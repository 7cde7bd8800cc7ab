"""Evolutionary algorithms with comma and plus selection."""

import statistics
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import normal, write



def rule(problem, params):
    p = {"mode": "comma", "lambda": 12, "rate": 1.0, "alphabet": "binary", **params}
    w = problem.start
    below = statistics.NormalDist().inv_cdf(p["rate"] / problem.dim)
    kept = problem.loss(w, problem.batch(0))
    for k in range(problem.steps):
        children = []
        for j in range(p["lambda"]):
            flip = normal("ea", k * p["lambda"] + j, problem.dim) < below
            children.append(np.where(flip, 1 - w if p["alphabet"] == "binary" else -w, w))
        losses = [problem.loss(c, problem.batch(k)) for c in children]
        best = int(np.argmin(losses))
        if p["mode"] == "comma" or losses[best] <= kept:
            w, kept = children[best], losses[best]
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"mode": "plus", "rate": 2.0}),
    ("logistic", {"lambda": 2, "rate": 1.5, "alphabet": "signs"}),
    ("logistic", {"mode": "plus", "lambda": 3}),
    ("mlp", {"lambda": 4, "rate": 3.0, "alphabet": "signs"}),
])

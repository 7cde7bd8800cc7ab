"""Stochastic model-based minimisation."""

import math
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import write



def nearest(f, w, g, alpha, above, p):
    """The best point found on the line through w along g."""
    n, unit, tried = p["points"], g / np.linalg.norm(g), {}

    def at(t):
        tried[t] = f(w - t * unit) + t * t / (2 * alpha)
        return tried[t]

    reach = math.sqrt(2 * alpha * max(0, above))
    at(0.0)
    for k in range(n):
        at(reach / 2**k), at(-reach / 2**k)
    best, share = min(tried, key=tried.get), (math.sqrt(5) - 1) / 2
    lo, hi = (best / 2, 2 * best) if best else (-2 * reach / 2**n, 2 * reach / 2**n)
    for k in range(p["refinements"]):
        a, b = hi - share * (hi - lo), lo + share * (hi - lo)
        if k > 0:
            if at(a) < at(b):
                hi = b
            else:
                lo = a
            a, b = hi - share * (hi - lo), lo + share * (hi - lo)
        at(a), at(b)
    return w - min(tried, key=tried.get) * unit


def rule(problem, params):
    p = {"lr": 0.1, "model": "truncated", "lower_bound": 0.0, "scaling": "none", "points": 16, "refinements": 20, **params}
    w = problem.start
    for k in range(problem.steps):
        batch = problem.batch(k)
        alpha = p["lr"] * problem.scale(k) / (math.sqrt(problem.steps + 1) if p["scaling"] == "horizon" else 1)
        loss, g = problem.loss(w, batch), problem.grad(w, batch)
        bound = 0 if p["model"] == "prox_linear" else p["lower_bound"]
        if p["model"] == "subgradient":
            w = w - alpha * g
        elif p["model"] == "proximal_point":
            w = nearest(lambda x: problem.loss(x, batch), w, g, alpha, loss - bound, p)
        else:
            w = w - alpha * np.clip((loss - bound) / (alpha * g @ g), 0, 1) * g
        yield w


write(__file__, rule, [
    ("quadratic", {"model": "subgradient", "lr": 0.2}),
    ("quadratic", {"lr": 0.3, "lower_bound": 0.05}),
    ("quadratic", {"model": "proximal_point", "lr": 2.0, "points": 4, "refinements": 4}),
    ("logistic", {"model": "prox_linear", "lr": 20.0}),
    ("logistic", {"lr": 30.0, "lower_bound": 0.1, "scaling": "horizon"}),
    ("mlp", {"lr": 1.0}),
])

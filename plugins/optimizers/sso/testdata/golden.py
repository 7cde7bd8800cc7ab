"""Target-based surrogates."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import write


def rule(problem, params):
    p = {"lr": 1.0, "eta": 1.0, "inner": 5, "search": "armijo", "armijo": 0.1, "backtrack": 0.9, "expand": 2.0, "trials": 100, **params}
    w, size = problem.start, p["lr"]
    for k in range(problem.steps):
        batch = problem.batch(k)
        n, eta = len(batch), p["eta"] * problem.scale(k)
        z, u = problem.outputs(w, batch), problem.output_grad(w, batch)

        def s(x):
            d = problem.outputs(x, batch) - z
            return (u * d).sum() + (d * d).sum() / (2 * n * eta)

        for i in range(p["inner"]):
            g = problem.vjp(w, batch, u + (problem.outputs(w, batch) - z) / (n * eta), freeze=i > 0)
            if p["search"] == "none":
                w = w - p["lr"] * problem.scale(k) * g
                continue
            if np.linalg.norm(g) < 1e-6:
                break
            a = size * p["expand"]**(1 / problem.steps_per_epoch)
            for _ in range(p["trials"]):
                if s(w - a * g) <= s(w) - p["armijo"] * a * (g @ g):
                    break
                a *= p["backtrack"]
            else:
                size = a
                break
            w, size = w - a * g, a
        yield w


write(__file__, rule, [
    ("logistic", {}),
    ("logistic", {"eta": 3.0, "inner": 3, "search": "none", "lr": 0.5}),
    ("logistic", {"eta": 0.5, "inner": 8, "armijo": 0.5, "backtrack": 0.6, "expand": 1.5, "lr": 8.0}),
    ("logistic", {"inner": 4, "lr": 90.0, "trials": 4, "backtrack": 0.7, "expand": 1.0}),
    ("mlp", {"inner": 2, "search": "none", "lr": 0.3}),
    ("mlp", {"inner": 3, "lr": 0.5}),
    ("mlp-plain", {"eta": 2.0, "inner": 4, "lr": 0.2}),
])

"""Differentially private sharpness-aware training."""

import math
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write
from releases import clipped_sum, draw, noise, release


def rule(problem, params):
    w, base, rho = problem.start, Base(problem, {"lr": 1.0, **params}), params.get("rho", 0.01)
    direction = np.zeros(problem.dim)
    for k in range(problem.steps):
        e = rho * direction / (np.linalg.norm(direction) + 1e-12)
        if params.get("quirk") == "official_virtual":
            batch = draw(problem, k)
            parts = np.array_split(batch, max(1, math.ceil(len(batch) / params["physical_batch"])))
            total = noise(problem, params, k, "noise")
            for i, part in enumerate(parts):
                total = total + clipped_sum(problem, params, w + (i + 1) * e, part.astype(int).tolist())
            w = w + (len(parts) - 1) * e
            p = total / problem.batch_size
        else:
            p = release(problem, params, k, w + e)
        before = w
        w = base.step(w, p)
        direction = before - w if params.get("ascent") == "momentum" else p
        yield w


write(__file__, rule, [
    ("quadratic", {"rho": 0.3}),
    ("logistic", {}),
    ("logistic", {"rho": 0.5, "clip": 0.5, "sigma": 0.0, "lr": 2.0, "momentum": 0.9, "weight_decay": 0.05}),
    ("logistic", {"rho": 0.5, "clip": 0.5, "sigma": 0.7, "ascent": "momentum", "momentum": 0.9}),
    ("logistic", {"rho": 0.5, "clip": 0.5, "sigma": 0.7, "quirk": "official_virtual", "physical_batch": 3}),
    ("mlp-plain", {"rho": 0.2, "clip": 0.3, "sigma": 0.0, "lr": 1.5, "ascent": "momentum", "momentum": 0.5}),
    ("mlp-plain", {"rho": 0.2, "clip": 0.3, "sigma": 0.5, "momentum": 0.8}),
    ("mlp-plain", {"rho": 0.1, "clip": 0.3, "sigma": 0.5, "quirk": "official_virtual", "physical_batch": 5}),
])

"""Adaptive SAM."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Ascent
from problems import write


def rule(problem, params):
    w, a = problem.start, Ascent(problem, params)
    rho, eta = params.get("rho", 0.5), params.get("eta", 0.01)
    samsung = params.get("variant", "samsung") == "samsung"
    scaled = problem.mask("weight", "norm_scale", "embed")
    for k in range(problem.steps):
        batch = problem.batch(k)
        u = a.first(w, batch)
        if a.holds(k):
            size = np.where(scaled, np.abs(w) + eta, 1) if samsung else np.abs(w)
            if params.get("norm") == "max":
                e = rho * size * np.sign(u)
            else:
                e = rho * size**2 * u / (a.norm(size * u) + (1e-16 if samsung else 1e-12))
            u = a.later(a.toward(w, 1, e), batch)
        w = a.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"rho": 2.0, "variant": "elementwise", "momentum": 0.9, "weight_decay": 0.1}),
    ("quadratic", {"rho": 0.2, "norm": "max", "eta": 0.0}),
    ("logistic", {"eta": 0.0, "lr": 1.0, "momentum": 0.5}),
    ("mlp", {"lr": 0.3, "momentum": 0.5, "weight_decay": 0.1}),
    ("mlp", {"rho": 1.0, "variant": "elementwise", "lr": 0.3, "scope": "no-norm", "bn_update": "both"}),
    ("mlp", {"rho": 0.05, "norm": "max", "lr": 0.3, "window_end": 0.5}),
])

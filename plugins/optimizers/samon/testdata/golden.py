"""SAM-ON: perturbations of normalisation layers only."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    p = {"rho": 0.5, "scaling": "elementwise", "eta": 0.01, "normalize_bias": False, "p": "2", "scope": "norm", **params}
    w, base = problem.start, Base(problem, params)
    norm = problem.mask("norm_scale", "norm_shift")
    inside = {"all": norm | ~norm, "norm": norm, "no-norm": ~norm}[p["scope"]]
    scaled = problem.mask("weight", "norm_scale") if not p["normalize_bias"] else norm | ~norm
    for k in range(problem.steps):
        batch = problem.batch(k)
        g = problem.grad(w, batch) * inside
        size = np.ones(problem.dim)
        for t in problem.tensors:
            if p["scaling"] == "elementwise":
                size[t.of] = np.abs(w[t.of]) + p["eta"]
            elif p["scaling"] == "layerwise":
                size[t.of] = np.linalg.norm(w[t.of]) * (1 + p["eta"])
        size[~scaled] = 1
        if p["p"] == "inf":
            e = p["rho"] * size * np.sign(g)
        else:
            e = p["rho"] * size**2 * g / (np.linalg.norm(size * g) + 1e-12)
        w = base.step(w, problem.grad(w + e, batch, freeze=True))
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"scope": "no-norm", "scaling": "layerwise", "normalize_bias": True, "eta": 0.2, "momentum": 0.9}),
    ("quadratic", {"scope": "all", "p": "inf", "rho": 0.1, "lr": 0.05}),
    ("mlp", {"lr": 0.2, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp", {"scaling": "layerwise", "rho": 0.3, "lr": 0.2}),
    ("mlp", {"scaling": "layerwise", "normalize_bias": True, "p": "inf", "rho": 0.05, "lr": 0.2}),
    ("mlp", {"scaling": "none", "base": "adamw", "lr": 0.02}),
    ("mlp", {"normalize_bias": True, "eta": 0.0, "rho": 1.0, "lr": 0.2}),
])

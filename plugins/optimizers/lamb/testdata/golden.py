"""Layer-wise adaptation for Adam."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import write


def rule(problem, params):
    p = {"lr": 0.001, "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "bias_correction": False, "clamp": 10.0, "decay": "direction",
         "weight_decay": 0.01, "no_decay": "bias-norm", "no_adapt": "bias-norm", **params}
    clamp = p["clamp"] or np.inf
    w, m, v = problem.start.copy(), np.zeros(problem.dim), np.zeros(problem.dim)
    wd = np.full(problem.dim, p["weight_decay"])
    if p["no_decay"] == "bias-norm":
        wd[~problem.mask("weight")] = 0
    for k in range(problem.steps):
        g = problem.grad(w, problem.batch(k))
        lr = p["lr"] * problem.scale(k)
        if p["decay"] == "l2":
            g = g + wd * w
        m = p["beta1"] * m + (1 - p["beta1"]) * g
        v = p["beta2"] * v + (1 - p["beta2"]) * g * g
        r = m / (np.sqrt(v) + p["eps"])
        if p["bias_correction"]:
            r = m / (1 - p["beta1"] ** (k + 1)) / (np.sqrt(v / (1 - p["beta2"] ** (k + 1))) + p["eps"])
        if p["decay"] == "direction":
            r = r + wd * w
        new = w.copy()
        if p["decay"] == "decoupled":
            new -= lr * wd * w
        for t in problem.tensors:
            above, below = np.linalg.norm(w[t.of]), np.linalg.norm(r[t.of])
            q = min(above, clamp) / below if above > 0 and below > 0 else 1.0
            if p["no_adapt"] == "all" or t.kind != "weight" and p["no_adapt"] == "bias-norm":
                q = 1.0
            new[t.of] -= lr * q * r[t.of]
        w = new
        yield w


write(__file__, rule, [
    ("quadratic", {"lr": 0.02}),
    ("quadratic", {"lr": 0.05, "decay": "decoupled", "weight_decay": 0.5, "clamp": 0.5, "no_decay": "", "no_adapt": ""}),
    ("logistic", {"lr": 0.05, "bias_correction": True, "decay": "l2", "weight_decay": 0.3, "clamp": 0.0}),
    ("mlp", {"lr": 0.02, "weight_decay": 0.1}),
    ("mlp-plain", {"lr": 0.02, "beta2": 0.9, "weight_decay": 0.1, "bias_correction": True, "no_adapt": "all"}),
])

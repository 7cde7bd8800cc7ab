"""LARS with a share that falls over time."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import write


def rule(problem, params):
    p = {"lr": 1.0, "trust": 0.001, "lambda": 0.001, "alpha": 0.1, "clamp": 10.0, "delay": 0.0, "floor": 0.0, "momentum": 0.9,
         "nesterov": False, "weight_decay": 5e-4, "no_decay": "bias-norm", "no_adapt": "bias-norm", **params}
    clamp = p["clamp"] or np.inf
    w, b = problem.start.copy(), np.zeros(problem.dim)
    for k in range(problem.steps):
        g = problem.grad(w, problem.batch(k))
        lr = p["lr"] * problem.scale(k)
        gamma = 1 / (p["alpha"] + np.exp(p["lambda"] * (k + 1 - p["delay"]))) + p["floor"]
        for t in problem.tensors:
            small = t.kind != "weight"
            wd = 0.0 if small and p["no_decay"] == "bias-norm" else p["weight_decay"]
            d = g[t.of] + wd * w[t.of]
            above, below = min(np.linalg.norm(w[t.of]), clamp), min(np.linalg.norm(d), clamp)
            q = p["trust"] * gamma * above / below if above > 0 and below > 0 else 1.0
            if p["no_adapt"] == "all" or small and p["no_adapt"] == "bias-norm":
                q = 1.0
            b[t.of] = p["momentum"] * b[t.of] + q * d
            w[t.of] = w[t.of] - lr * (q * d + p["momentum"] * b[t.of] if p["nesterov"] else b[t.of])
        yield w


write(__file__, rule, [
    ("quadratic", {"lr": 0.2, "trust": 0.05, "lambda": 0.05}),
    ("quadratic", {"lr": 0.2, "trust": 0.05, "lambda": 0.2, "clamp": 0.5, "weight_decay": 0.5, "no_decay": "", "no_adapt": ""}),
    ("logistic", {"trust": 0.02, "lambda": 0.3, "delay": 5.0, "floor": 0.1, "weight_decay": 0.3, "momentum": 0.0}),
    ("mlp", {"trust": 0.02, "weight_decay": 0.1}),
    ("mlp-plain", {"trust": 0.02, "lambda": 0.1, "alpha": 0.0, "clamp": 0.0, "weight_decay": 0.1, "nesterov": True}),
])

"""Layer-wise adaptive rate scaling."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import write


def rule(problem, params):
    p = {"lr": 1.0, "trust": 0.001, "denom": "dir", "momentum": 0.9, "nesterov": False, "weight_decay": 5e-4,
         "no_decay": "bias-norm", "no_adapt": "bias-norm", **params}
    w, b = problem.start.copy(), np.zeros(problem.dim)
    for k in range(problem.steps):
        g = problem.grad(w, problem.batch(k))
        lr = p["lr"] * problem.scale(k)
        for t in problem.tensors:
            small = t.kind != "weight"
            wd = 0.0 if small and p["no_decay"] == "bias-norm" else p["weight_decay"]
            x, y = w[t.of], g[t.of]
            d = y + wd * x
            below = {"dir": np.linalg.norm(d), "sum": np.linalg.norm(y) + wd * np.linalg.norm(x), "grad": np.linalg.norm(y)}
            above, below = np.linalg.norm(x), below[p["denom"]]
            q = p["trust"] * above / below if above > 0 and below > 0 else 1.0
            if p["no_adapt"] == "all" or small and p["no_adapt"] == "bias-norm":
                q = 1.0
            b[t.of] = p["momentum"] * b[t.of] + q * d
            w[t.of] = x - lr * (q * d + p["momentum"] * b[t.of] if p["nesterov"] else b[t.of])
        yield w


write(__file__, rule, [
    ("quadratic", {"lr": 0.2, "trust": 0.05}),
    ("quadratic", {"lr": 0.2, "trust": 0.05, "denom": "sum", "weight_decay": 0.5, "no_decay": "", "no_adapt": ""}),
    ("logistic", {"trust": 0.02, "denom": "grad", "weight_decay": 0.3, "momentum": 0.0}),
    ("mlp", {"trust": 0.02, "weight_decay": 0.1}),
    ("mlp", {"trust": 0.02, "weight_decay": 0.1, "nesterov": True, "no_adapt": "all", "lr": 0.1}),
    ("mlp-plain", {"trust": 0.02, "denom": "sum", "weight_decay": 0.1, "nesterov": True}),
])

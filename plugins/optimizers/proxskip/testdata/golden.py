"""ProxSkip and local gradient descent."""

import math
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import normal, write



def rule(problem, params):
    p = {"lr": 0.1, "p": 0.2, "workers": 2, "split": "range", "mode": "proxskip", **params}
    n = p["workers"]
    x, h = [problem.start] * n, [np.zeros(problem.dim)] * n
    for k in range(problem.steps):
        batch, gamma = problem.batch(k), p["lr"] * problem.scale(k)
        shares = [batch] * n
        if len(batch) >= n:
            shares = [batch[i * len(batch) // n:(i + 1) * len(batch) // n] for i in range(n)]
        hat = [x[i] - gamma * (problem.grad(x[i], shares[i]) - h[i]) for i in range(n)]
        x = hat
        if 0.5 * math.erfc(-normal("proxskip", k, 1)[0] / math.sqrt(2)) < p["p"]:
            if p["mode"] == "proxskip":
                mean = sum(hat[j] - gamma / p["p"] * h[j] for j in range(n)) / n
                h = [h[i] + p["p"] / gamma * (mean - hat[i]) for i in range(n)]
            else:
                mean = sum(hat) / n
            x = [mean] * n
        yield sum(x) / n


write(__file__, rule, [
    ("quadratic", {"lr": 0.2}),
    ("logistic", {"lr": 0.5, "workers": 3, "p": 0.5}),
    ("logistic", {"lr": 0.5, "workers": 4, "p": 0.3, "mode": "local"}),
    ("mlp", {"lr": 0.2, "workers": 2, "p": 0.5}),
])

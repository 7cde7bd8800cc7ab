"""Zeroth-order Frank-Wolfe."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import normal, write



def vertex(d, p):
    v = np.zeros(len(d))
    if p["set"] == "simplex":
        v[np.argmin(d)] = p["radius"]
    elif p["set"] == "l1":
        i = np.argmax(np.abs(d))
        v[i] = -p["radius"] * np.sign(d[i])
    elif p["set"] == "l2":
        v = -p["radius"] * d / np.linalg.norm(d)
    else:
        v = -p["radius"] * np.sign(d)
    return v


def rule(problem, params):
    p = {"set": "simplex", "radius": 1.0, "estimator": "random", "c_scale": 1.0, **params}
    w, n, d = problem.start, problem.dim, 0
    if p["set"] == "simplex":
        w = np.full(n, p["radius"] / n)  # no problem starts inside
    else:
        size = np.linalg.norm(w, {"l1": 1, "l2": 2, "linf": np.inf}[p["set"]])
        w = w * min(1, p["radius"] / size)
    for t in range(problem.steps):
        f = lambda x: problem.loss(x, problem.batch(t))
        if p["estimator"] == "random":
            rho, c = 4 / (n ** (1 / 3) * (t + 8) ** (2 / 3)), p["c_scale"] * 2 / (n ** 1.5 * (t + 8) ** (1 / 3))
            z = normal("zofw", t, n)
            q = (f(w + c * z) - f(w)) / c * z
        else:
            rho, c = 4 / (t + 8) ** (2 / 3), p["c_scale"] * 2 / (n ** 0.5 * (t + 8) ** (1 / 3))
            q = np.array([(f(w + c * e) - f(w)) / c for e in np.eye(n)])
        d = (1 - rho) * d + rho * q
        w = w + 2 / (t + 8) * (vertex(d, p) - w)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"set": "l2", "radius": 2.0}),
    ("quadratic", {"set": "linf", "radius": 0.5, "estimator": "kwsa"}),
    ("logistic", {"set": "l1", "radius": 3.0, "c_scale": 2.0}),
    ("logistic", {"radius": 4.0, "estimator": "kwsa"}),
])

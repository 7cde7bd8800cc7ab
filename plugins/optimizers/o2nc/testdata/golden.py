"""Online-to-nonconvex conversion."""

import math
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from problems import normal, write



def rule(problem, params):
    p = {"delta": 0.1, "gradient_norm": 1.0, "lr": 0.0, "block": 0, "radius": 0.0, "randomize": True, "output": "block", **params}
    block = p["block"] or math.ceil((p["delta"] * problem.steps) ** (2 / 3))
    radius = p["radius"] or p["delta"] / block
    rate = p["lr"] or radius / (p["gradient_norm"] * math.sqrt(block))
    x, delta, points, answer = problem.start, np.zeros(problem.dim), [], None
    for k in range(problem.steps):
        s = 0.5 * math.erfc(-normal("o2nc", k, 1)[0] / math.sqrt(2)) if p["randomize"] else 1
        y = x + s * delta
        x = x + delta
        delta = delta - rate * problem.scale(k) * problem.grad(y, problem.batch(k))
        delta = delta * min(1, radius / np.linalg.norm(delta))
        if k % block == 0:
            points = []
        points.append(y)
        if len(points) == block or k < block:
            answer = np.mean(points, axis=0)
        yield x if p["output"] == "iterate" else answer


write(__file__, rule, [
    ("quadratic", {"delta": 0.5}),
    ("quadratic", {"lr": 0.05, "radius": 1.0, "block": 3}),
    ("logistic", {"delta": 1.0, "gradient_norm": 0.3, "randomize": False}),
    ("mlp", {"lr": 0.1, "radius": 0.2, "block": 4}),
    ("mlp", {"lr": 0.1, "radius": 0.3, "output": "iterate"}),
])

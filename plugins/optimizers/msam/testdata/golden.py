"""m-SAM: every micro-batch of m examples climbs by itself."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Ascent
from problems import write


def rule(problem, params):
    w, a = problem.start, Ascent(problem, params)
    rho, m = params.get("rho", 0.05), params.get("m", 0)
    for k in range(problem.steps):
        batch = problem.batch(k)
        if a.holds(k):
            u = 0
            for at in range(0, len(batch), m or len(batch)):
                part = batch[at:at + (m or len(batch))]
                g = a.first(w, part)
                u = u + a.later(a.toward(w, rho / (a.norm(g) + 1e-12), g), part) * len(part) / len(batch)
        else:
            u = a.first(w, batch)
        w = a.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {"rho": 0.1}),
    ("logistic", {"rho": 0.3, "m": 2, "lr": 1.0, "momentum": 0.5}),
    ("logistic", {"rho": 0.3, "m": 4, "lr": 1.0, "window_end": 0.5}),
    ("logistic", {"rho": 0.3, "m": 1, "lr": 1.0, "scope": "weights"}),
    # Minibatches of 12, the last one of an epoch of 9.
    ("mlp", {"rho": 0.1, "m": 6, "lr": 0.2, "momentum": 0.5, "weight_decay": 0.1}),
    ("mlp", {"rho": 0.2, "m": 10, "lr": 0.2, "bn_update": "both"}),
    ("mlp-plain", {"rho": 0.2, "m": 5, "lr": 0.5}),
])

"""SAM without the normalisation of the ascent."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Ascent
from problems import write


def rule(problem, params):
    w, a = problem.start, Ascent(problem, params)
    rho, clip = params.get("rho", 0.01), params.get("ascent_clip", 0)
    for k in range(problem.steps):
        batch = problem.batch(k)
        u = a.first(w, batch)
        if a.holds(k):
            scale = min(rho, clip / a.norm(u)) if clip else rho
            u = a.later(a.toward(w, scale, u), batch)
        w = a.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"rho": 0.3, "scope": "weights", "momentum": 0.9, "weight_decay": 0.1, "window_start": 0.3}),
    ("quadratic", {"rho": 0.5, "ascent_clip": 0.2}),
    ("logistic", {"rho": 1.0, "lr": 1.0, "momentum": 0.5}),
    ("mlp", {"rho": 0.5, "lr": 0.3, "momentum": 0.5, "weight_decay": 0.1}),
])

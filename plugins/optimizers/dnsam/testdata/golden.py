"""SAM normalised by the norm of the gradient of all training examples."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Ascent
from problems import write


def rule(problem, params):
    w, a = problem.start, Ascent(problem, params)
    rho, every, norm = params.get("rho", 0.05), params.get("norm_every", 1), None
    for k in range(problem.steps):
        batch = problem.batch(k)
        u = a.first(w, batch)
        if a.holds(k):
            if norm is None or k % every == 0:
                norm = a.norm(a.later(w, problem.full()))
            u = a.later(a.toward(w, rho / (norm + 1e-12), u), batch)
        w = a.step(w, u)
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("logistic", {"rho": 0.1, "lr": 1.0, "momentum": 0.5}),
    ("logistic", {"rho": 0.1, "lr": 1.0, "norm_every": 3, "window_start": 0.2, "weight_decay": 0.1, "l2_in_loss": True}),
    ("mlp", {"rho": 0.1, "lr": 0.3, "momentum": 0.5, "weight_decay": 0.1}),
    ("mlp", {"rho": 0.1, "lr": 0.3, "norm_every": 5, "scope": "no-norm"}),
])

"""Adam: weight decay is added to the gradient."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    w, base = problem.start, Base(problem, {"lr": 0.001, **params}, "adam")
    for k in range(problem.steps):
        w = base.step(w, problem.grad(w, problem.batch(k)))
        yield w


write(__file__, rule, [
    ("quadratic", {}),
    ("quadratic", {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "weight_decay": 0.2, "no_decay": "bias-norm"}),
    ("logistic", {"lr": 0.1, "weight_decay": 0.1, "clip_norm": 0.2}),
    ("mlp", {"lr": 0.02, "eps": 1e-3, "weight_decay": 0.1}),
    ("mlp-plain", {"lr": 0.02, "beta2": 0.99}),
])

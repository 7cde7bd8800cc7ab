"""Adaptive sharpness-aware pruning."""

import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
from bases import Base
from problems import write


def rule(problem, params):
    p = {"rho_max": 0.1, "rho_min": 0.01, "rho": 0.05, "importance": "l2", "sparsity": 0.5, "at": 0.5, **params}
    w, base = problem.start.copy(), Base(problem, params)
    weights = [t for t in problem.tensors if t.kind == "weight"]
    last = max(t.layer for t in weights)
    mask = np.ones(problem.dim)
    at = int(p["at"] * problem.steps)

    def importance(t, w, g):
        rows, slopes = w[t.of].reshape(-1, t.shape[-1]), g[t.of].reshape(-1, t.shape[-1])
        return {"l2": np.sqrt((rows**2).sum(axis=0)), "l1": np.abs(rows).sum(axis=0), "taylor": np.abs((rows * slopes).sum(axis=0))}[p["importance"]]

    for k in range(problem.steps):
        batch = problem.batch(k)
        g = problem.grad(w, batch)
        if k == at:
            for t in weights:
                if t.layer == last:
                    continue
                s, n = importance(t, w, g), t.shape[-1]
                # Of equal ones the last go first.
                gone = sorted(range(n), key=lambda i: (s[i], -i))[:int(p["sparsity"] * n + 1e-9)]
                for o in problem.tensors:
                    if o is t or o.layer == t.layer and o.kind != "weight" and o.size == n:
                        block = mask[o.of].reshape(-1, n)
                        block[:, gone] = 0
                        mask[o.of] = block.ravel()
            w, base.m, base.v = w * mask, base.m * mask, base.v * mask
            if base.b is not None:
                base.b = base.b * mask
            g = problem.grad(w, batch, freeze=True)
        g = g * mask
        if k < at:
            e = np.zeros(problem.dim)
            for t in weights:
                s = importance(t, w, g)
                share = (s - s.min()) / (s.max() - s.min()) if s.max() > s.min() else 0 * s
                rho = p["rho_max"] - share * (p["rho_max"] - p["rho_min"])
                rows = g[t.of].reshape(-1, t.shape[-1])
                e[t.of] = (rho * rows / (np.sqrt((rows**2).sum(axis=0)) + 1e-12)).ravel()
        else:
            e = p["rho"] * g / (np.linalg.norm(g) + 1e-12)
        w = base.step(w, mask * problem.grad(w + e, batch, freeze=True))
        yield w


write(__file__, rule, [
    ("quadratic", {"rho_max": 0.5, "rho_min": 0.1, "rho": 0.3}),
    ("mlp", {"rho_max": 0.4, "rho_min": 0.05, "rho": 0.2, "lr": 0.2, "momentum": 0.9, "weight_decay": 0.05}),
    ("mlp-plain", {"rho_max": 0.4, "importance": "taylor", "sparsity": 0.4, "at": 0.3, "lr": 0.2}),
    ("mlp-plain", {"rho_max": 0.4, "importance": "l1", "sparsity": 0.7, "at": 0.25, "base": "adamw", "lr": 0.02}),
])

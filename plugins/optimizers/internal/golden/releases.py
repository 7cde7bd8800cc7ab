"""Releases of differentially private methods, in float64."""

import numpy as np

from problems import normal


def draw(problem, k):
    """The Poisson draw of step k."""
    return problem.poisson(k, problem.batch_size / problem.examples)


def clipped_sum(problem, params, w, batch):
    """The sum over the batch of the gradients of single examples, scaled to norm at most clip."""
    clip, total = params.get("clip", 0.1), np.zeros(problem.dim)
    for g in problem.each(w, batch):
        norm = np.linalg.norm(g)
        total += g * (clip / norm if 0 < clip < norm else 1)
    return total


def noise(problem, params, k, stream):
    """The noise of a sum."""
    sigma = params.get("sigma", 1.0)
    if sigma == 0:
        return np.zeros(problem.dim)
    return normal(stream, k, problem.dim, sigma * params.get("clip", 0.1))


def release(problem, params, k, w, stream="noise"):
    """The release of step k at w."""
    return (clipped_sum(problem, params, w, draw(problem, k)) + noise(problem, params, k, stream)) / problem.batch_size

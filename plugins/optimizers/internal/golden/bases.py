"""The base rules, in float64, and the options that all methods with perturbed points have, for the references of methods
that hand a direction to a base."""

import numpy as np


class Base:
    """The update rule that params["base"] names (sgd where there is none), with its state."""

    def __init__(self, problem, params, base=None):
        self.problem, self.k = problem, 0
        self.base = base or params.get("base", "sgd")
        p = self.params = {
            "lr": 0.1, "weight_decay": 0.0, "decay": "auto", "no_decay": "", "momentum": 0.0, "dampening": 0.0,
            "nesterov": False, "clip_norm": 0.0, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, **params}
        self.coupled = p["decay"] == "l2" or p["decay"] == "auto" and self.base != "adamw"
        self.decays = np.ones(problem.dim, dtype=bool)
        if p["no_decay"] == "bias-norm":
            self.decays = ~problem.mask("bias", "norm_scale", "norm_shift")
        self.b = None
        self.m, self.v = np.zeros(problem.dim), np.zeros(problem.dim)

    def l2(self, w):
        """What coupled weight decay adds to a gradient at w."""
        return self.params["weight_decay"] * w * self.decays if self.coupled else 0 * w

    def step(self, w, u, second=None):
        """The parameters after a step from w along u. second, if given, goes into the second moment of Adam instead of u;
        coupled weight decay is the caller's matter then."""
        p, lr = self.params, self.params["lr"] * self.problem.scale(self.k)
        self.k += 1
        if p["clip_norm"] and (norm := np.linalg.norm(u)) > p["clip_norm"]:
            u = u * (p["clip_norm"] / norm)
            second = None if second is None else second * (p["clip_norm"] / norm)
        decay = p["weight_decay"] * w * self.decays
        if second is None:
            u = second = u + self.l2(w)
        if self.base == "sgd":
            if self.b is None:
                self.b = u
            else:
                self.b = p["momentum"] * self.b + (1 - p["dampening"]) * u
            d = u + p["momentum"] * self.b if p["nesterov"] else self.b
        else:
            self.m = p["beta1"] * self.m + (1 - p["beta1"]) * u
            self.v = p["beta2"] * self.v + (1 - p["beta2"]) * second * second
            mean, square = self.m / (1 - p["beta1"]**self.k), self.v / (1 - p["beta2"]**self.k)
            d = mean / (np.sqrt(square) + p["eps"])
        return w - lr * d - (0 if self.coupled else lr * decay)


class Ascent:
    """The options of methods with perturbed points: which parameters are perturbed, when, where weight decay acts, and
    which gradients move the running statistics of batch normalisation."""

    def __init__(self, problem, params):
        self.problem, self.params = problem, params
        norm, every = problem.mask("norm_scale", "norm_shift"), np.ones(problem.dim, dtype=bool)
        self.inside = {
            "all": every, "norm": norm, "no-norm": ~norm, "weights": problem.mask("weight", "embed"),
            "biases": problem.mask("bias"),
        }[params.get("scope", "all")]
        self.in_loss = params.get("l2_in_loss", False)
        self.base = Base(problem, {**params, "weight_decay": 0.0} if self.in_loss else params)
        self.penalty = Base(problem, {**params, "decay": "l2"}).l2

    def holds(self, k):
        """Whether step k, counted from 0, is inside the window."""
        share = k / self.problem.steps
        return self.params.get("window_start", 0) <= share < self.params.get("window_end", 1)

    def whole(self, g, w):
        return g + self.penalty(w) if self.in_loss else g

    def first(self, w, batch):
        """The first gradient of a step."""
        return self.whole(self.problem.grad(w, batch), w)

    def later(self, w, batch):
        """The gradients after it."""
        return self.whole(self.problem.grad(w, batch, freeze=self.params.get("bn_update", "first") == "first"), w)

    def norm(self, x):
        return np.linalg.norm(x[self.inside])

    def toward(self, w, scale, d):
        """w + scale·d on the set that is perturbed."""
        return w + scale * d * self.inside

    def step(self, w, u):
        return self.base.step(w, u)

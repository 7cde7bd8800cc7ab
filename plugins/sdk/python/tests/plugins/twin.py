"""SGD with momentum in the shape of one step, as the test of the SDK compares it with its twin in Go."""

import numpy as np

import sharpbench as sb


class SGD(sb.Optimizer):
    name = "python-sgd"
    version = 3
    summary = "gradient descent with momentum"
    rule = "b = momentum*b + g; w = w - lr*b"
    citation = "Polyak 1964"
    watch = ("Overshoots.", "Twice.")
    unverified, cost_note = "the year", "always"
    params = [
        sb.Float("lr", 0.1, "learning rate", above=0, max=10, log=True),
        sb.Float("momentum", 0, "share of the previous step that is kept", min=0, below=1),
        sb.Int("warmup", 0, "steps without momentum", min=0),
        sb.Choice("base", "sgd", ["sgd", "none"], "update rule"),
    ]
    track = "toy"
    degenerate = [({"momentum": 0.0}, "gd")]
    resumable = True
    slots = ["momentum"]

    def check(self, problem, params):
        if problem.steps and params.warmup > problem.steps:
            return [sb.Diagnostic("warmup", "longer than the run")]
        return []

    def begin(self, session):
        self.b = session.slot("momentum")

    def step(self, w, g):
        p = self.session.params
        self.b *= np.float32(p.momentum)
        self.b += g
        w -= np.float32(p.lr * self.session.lr_scale) * self.b


sb.serve(SGD)

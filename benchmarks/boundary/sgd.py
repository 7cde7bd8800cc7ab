"""SGD with momentum in NumPy, which tells how long its update takes."""

import time

import numpy as np

import sharpbench as sb


@sb.optimizer(
    "python-sgd", cost=1, resumable=True, slots=["momentum", sb.Slot("scaled", scratch=True)],
    params=[sb.Float("lr", 0.1), sb.Float("momentum", 0.0)])
def sgd(session):
    """heavy-ball SGD"""
    w, g, b, scaled = session.w, session.grad_slot, session.slot("momentum"), session.slot("scaled")
    mu, update, fresh = np.float32(session.params.momentum), 0.0, False
    for _ in session:
        if not fresh:
            session.grad(session.train_batch())
        begin = time.perf_counter()
        b *= mu
        b += g
        np.multiply(b, np.float32(session.params.lr * session.lr_scale), out=scaled)
        w -= scaled
        update = time.perf_counter() - begin
        fresh = session.commit_and_grad(scalars={"update": update}) is not None


sb.serve(sgd)

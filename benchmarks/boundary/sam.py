"""SAM on SGD with momentum in NumPy, which tells how long its own arithmetic takes."""

import time

import numpy as np

import sharpbench as sb


@sb.optimizer(
    "python-sam", cost=2, resumable=True, slots=["momentum", sb.Slot("perturbed", scratch=True)],
    params=[sb.Float("lr", 0.1), sb.Float("momentum", 0.0), sb.Float("rho", 0.05)])
def sam(session):
    """sharpness-aware minimization"""
    w, g, b, perturbed = session.w, session.grad_slot, session.slot("momentum"), session.slot("perturbed")
    mu, rho, fresh = np.float32(session.params.momentum), session.params.rho, False
    for _ in session:
        batch = session.train_batch()
        if not fresh:
            session.grad(batch)
        begin = time.perf_counter()
        np.multiply(g, np.float32(rho / (np.sqrt(np.dot(g, g)) + 1e-12)), out=perturbed)
        perturbed += w
        update = time.perf_counter() - begin
        session.grad(batch, perturbed, freeze_stats=True)
        begin = time.perf_counter()
        b *= mu
        b += g
        np.multiply(b, np.float32(session.params.lr * session.lr_scale), out=perturbed)
        w -= perturbed
        update += time.perf_counter() - begin
        fresh = session.commit_and_grad(scalars={"update": update}) is not None


sb.serve(sam)

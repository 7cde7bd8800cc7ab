"""Plugin my-plugin is a sharpness metric for bench: the curvature along the gradient, to be replaced by your own."""

import numpy as np

import sharpbench as sb


def quotient(g, hg):
    """g·Hg / g·g in float64, or None without a gradient."""
    g = g.astype(np.float64)
    norm = g @ g
    return float(g @ hg.astype(np.float64) / norm) if norm > 0 else None


@sb.metric(
    "my-plugin",
    version=1,  # raise it when any number changes
    summary="curvature of the loss along its gradient",
    rule="g'Hg / g'g, g the gradient and H the Hessian of the loss on the metric's examples",
    values=[sb.ValueInfo("my-plugin", unit="loss", better="lower", help="at most the largest eigenvalue of the Hessian")],
    slots=[sb.Slot("product", scratch=True)],  # vectors to work with
    needs=["grad", "hvp"],
)
def plugin(session):
    loss, g = session.grad(session.full_batch())
    hg = session.hvp(session.full_batch(), g, out=session.slot("product"))
    value = quotient(g, hg)
    return value if value is not None else sb.Value(None, reason="the gradient is zero")


if __name__ == "__main__":
    sb.serve(plugin)

"""Plugin my-plugin is an optimizer for bench: gradient descent with momentum, to be replaced by your own rule."""

import numpy as np

import sharpbench as sb


def update(w, velocity, g, rate, momentum):
    """One step of the rule, in place: v = momentum·v + g, w = w − rate·v."""
    velocity *= np.float32(momentum)
    velocity += g
    w -= np.float32(rate) * velocity


@sb.optimizer(
    "my-plugin",
    version=1,  # raise it when any number changes
    summary="gradient descent with momentum",
    rule="v = momentum*v + g; w = w - lr*v",
    params=[
        sb.Float("lr", 0.05, "learning rate", min=0, log=True),
        sb.Float("momentum", 0.9, "share of the last step in the next", min=0, below=1),
    ],
    slots=["velocity"],  # vectors that the rule keeps: the host checkpoints them; they hold 0 when a run starts
    cost=1,  # gradients a step
    resumable=True,  # all state is in slots
)
def plugin(session):
    velocity = session.slot("velocity")
    for step in session:
        loss, g = session.grad(session.train_batch())
        update(session.w, velocity, g, session.params.lr * session.lr_scale, session.params.momentum)
        session.commit()


if __name__ == "__main__":
    sb.serve(plugin)

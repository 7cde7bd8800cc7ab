"""Optimizers and sharpness metrics for bench, in Python.

A plugin is a program that holds one optimizer or one metric::

    import numpy as np
    import sharpbench as sb

    @sb.optimizer("signsgd", params=[sb.Float("lr", 1e-3, "learning rate", min=0, log=True)])
    def signsgd(session):
        for step in session:
            loss, g = session.grad(session.train_batch())
            session.w -= session.params.lr * session.lr_scale * np.sign(g)
            session.commit()

    sb.serve(signsgd)

Every vector lives in memory that the host sees as well. While a method of the session is being called it belongs to the
host, between calls to the plugin. Randomness belongs to the host: batches are named, never drawn, and noise comes from
``session.normal``. A plugin that keeps its state in slots, and what does not fit there in the blob of a commit, can say
``resumable=True``: its runs are then continued from the last checkpoint after any crash.

`sharpbench.torch` makes plugins of the optimizers of PyTorch.
"""

from ._serve import serve
from .declare import (
    Bool, Choice, Diagnostic, Float, Int, Param, Params, Peer, Peers, Problem, Slot, String, Tensor, Value, ValueInfo,
)
from .errors import (
    BadRequest, BadSlot, Budget, Converged, Diverged, Error, HostError, NonFinite, Stopped, Unsupported,
)
from .plugin import Metric, Optimizer, Plugin, metric, optimizer
from .session import MAX_BLOB, Batch, Result, Session, Training, Vector

__version__ = "0.1.0"

__all__ = [
    "MAX_BLOB", "BadRequest", "BadSlot", "Batch", "Bool", "Budget", "Choice", "Converged", "Diagnostic", "Diverged", "Error",
    "Float", "HostError", "Int", "Metric", "NonFinite", "Optimizer", "Param", "Params", "Peer", "Peers", "Plugin", "Problem",
    "Result", "Session", "Slot", "Stopped", "String", "Tensor", "Training", "Unsupported", "Value", "ValueInfo", "Vector", "metric",
    "optimizer", "serve",
]

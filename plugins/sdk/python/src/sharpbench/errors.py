"""What can go wrong between a plugin and its host, as exceptions."""

from __future__ import annotations

__all__ = [
    "BadRequest", "BadSlot", "Budget", "Converged", "Diverged", "Error", "HostError", "NonFinite", "Stopped", "Unsupported",
]


class Error(Exception):
    """The base of all exceptions of this package."""


class HostError(Error):
    """The host's answer to a request it could not, or would not, fulfil. The session goes on: a plugin may catch it."""

    code = "error"

    def __init__(self, message: str) -> None:
        super().__init__(f"{self.code}: {message}")
        self.message = message


class BadRequest(HostError):
    """The request makes no sense: an empty range, a batch that does not exist, a metric that commits."""

    code = "bad_request"


class BadSlot(HostError):
    """A slot of the wrong length, one that must not be written, or one slot for input and output."""

    code = "bad_slot"


class Budget(HostError):
    """The request would cost more than is left."""

    code = "budget"


class NonFinite(HostError):
    """A loss, a result or committed parameters hold NaN or infinity. Not catching it ends the run as diverged."""

    code = "non_finite"


class Unsupported(HostError):
    """This host, or this workload, does not answer such requests."""

    code = "unsupported"


class Stopped(Error):
    """The host has said stop while a request was being made. Not catching it is the normal end of a run."""


class Converged(Error):
    """Raised by an optimizer that ends before the host says stop, because nothing is left to gain."""


class Diverged(Error):
    """Raised by an optimizer that gives up because training cannot recover."""

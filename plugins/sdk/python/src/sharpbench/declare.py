"""What a plugin declares about itself: hyperparameters, slots, values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Union

__all__ = [
    "Bool", "Choice", "Diagnostic", "Float", "Int", "Param", "Params", "Peer", "Peers", "Problem", "Slot", "String", "Tensor", "Value", "ValueInfo",
]

Scalar = Union[float, int, bool, str]


@dataclass(frozen=True)
class Param:
    """A hyperparameter: its type, default, range and meaning. Made by Float, Int, Bool, Choice and String."""

    name: str
    type: Literal["float", "int", "bool", "string"]
    default: Scalar
    help: str = ""
    min: float | None = None
    max: float | None = None
    min_open: bool = False  # min itself is excluded
    max_open: bool = False
    choices: tuple[str, ...] = ()
    log: bool = False  # the values of a grid are naturally spaced by ratios

    def check(self, value: Any) -> Scalar:
        """Returns value as the type of the parameter. Raises ValueError that says what was expected."""
        if self.type == "float" and _is_number(value):
            number = float(value)
            if math.isfinite(number) and self._within(number):
                return number
        elif self.type == "int" and isinstance(value, int) and not isinstance(value, bool):
            if self._within(value):
                return value
        elif self.type == "bool" and isinstance(value, bool):
            return value
        elif self.type == "string" and isinstance(value, str):
            if not self.choices or value in self.choices:
                return value
        raise ValueError(f"expected {self.expected()}, got {_show(value)}")

    def _within(self, value: float) -> bool:
        if self.min is not None and (value < self.min or self.min_open and value == self.min):
            return False
        return self.max is None or value < self.max or not self.max_open and value == self.max

    def expected(self) -> str:
        """Says in words which values are valid."""
        if self.type == "bool":
            return "true or false"
        if self.type == "string":
            return 'one of "' + '", "'.join(self.choices) + '"' if self.choices else "a text"
        bounds = []
        if self.min is not None:
            bounds.append(f"{'greater than' if self.min_open else 'at least'} {self.min:g}")
        if self.max is not None:
            bounds.append(f"{'less than' if self.max_open else 'at most'} {self.max:g}")
        what = "a number" if self.type == "float" else "a whole number"
        return " ".join([what, " and ".join(bounds)]) if bounds else what


def _is_number(value: Any) -> bool:
    return isinstance(value, (float, int)) and not isinstance(value, bool)


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bounds(min: float | None, max: float | None, above: float | None, below: float | None) -> dict[str, Any]:
    if min is not None and above is not None or max is not None and below is not None:
        raise ValueError("a bound is either included (min, max) or excluded (above, below)")
    return {
        "min": min if above is None else above, "min_open": above is not None,
        "max": max if below is None else below, "max_open": below is not None,
    }


def Float(
    name: str, default: float, help: str = "", *, min: float | None = None, max: float | None = None,
    above: float | None = None, below: float | None = None, log: bool = False,
) -> Param:
    """Declares a number. Infinity and NaN are never valid. min and max are valid themselves, above and below are not."""
    return Param(name, "float", float(default), help, log=log, **_bounds(min, max, above, below))


def Int(
    name: str, default: int, help: str = "", *, min: int | None = None, max: int | None = None, log: bool = False,
) -> Param:
    """Declares a whole number."""
    return Param(name, "int", default, help, log=log, **_bounds(min, max, None, None))


def Bool(name: str, default: bool, help: str = "") -> Param:
    """Declares a switch."""
    return Param(name, "bool", default, help)


def Choice(name: str, default: str, choices: Sequence[str], help: str = "") -> Param:
    """Declares a word out of a list."""
    return Param(name, "string", default, help, choices=tuple(choices))


def String(name: str, default: str, help: str = "") -> Param:
    """Declares a text."""
    return Param(name, "string", default, help)


class Params(Mapping[str, Any]):
    """The values of the declared hyperparameters: params["lr"], or params.lr."""

    def __init__(self, values: Mapping[str, Scalar]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(f"no parameter {name!r} is declared") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Params({self._values!r})"


@dataclass(frozen=True)
class Diagnostic:
    """Says what is wrong with a hyperparameter: what was expected."""

    param: str  # "" when no single parameter is to blame
    message: str

    def __str__(self) -> str:
        return f"{self.param}: {self.message}" if self.param else self.message


def complete(declared: Sequence[Param], given: Mapping[str, Any]) -> tuple[Params, list[Diagnostic]]:
    """Checks given against the declarations and fills in the defaults. All problems are returned, sorted by name."""
    values: dict[str, Scalar] = {}
    problems = []
    for p in declared:
        try:
            values[p.name] = p.check(given.get(p.name, p.default))
        except ValueError as e:
            problems.append(Diagnostic(p.name, str(e)))
    names = [p.name for p in declared]
    for name in given:
        if name not in names:
            known = "expected one of " + ", ".join(names) if names else "this plugin has none"
            problems.append(Diagnostic(name, "unknown parameter: " + known))
    return Params(values), sorted(problems, key=lambda d: d.param)


@dataclass(frozen=True)
class Slot:
    """Asks for a vector of float32 in shared memory.

    A slot holds 0 when a run starts, and what it held at the commit when the run is resumed. A scratch slot holds
    nothing from one step to the next: it is not part of checkpoints and holds NaN when a run starts.
    """

    name: str  # not params, grad, init, update, peer1, …: those are the host's
    length: int = 0  # 0 means Problem.dim
    scratch: bool = False


@dataclass(frozen=True)
class Tensor:
    """A stretch of the parameter vector: elements offset to offset + size."""

    name: str  # "conv1.weight"
    kind: str  # "weight", "bias", "norm_scale", "norm_shift", "embed"; others may follow
    layer: int
    shape: tuple[int, ...]  # convolution: height, width, in, out; linear: in, out
    offset: int
    fan_in: int = 0
    prunable: bool = False
    activation_len: int = 0  # of weights: how many numbers Session.activations stores for one example of this layer
    # Factors of the learning rate for this tensor (muP): of methods that step along the gradient, and of those whose steps
    # do not grow with it, as Adam's.
    sgd_rate: float = 1.0
    adam_rate: float = 1.0

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def of(self, vector: Any) -> Any:
        """The part of a vector of length Problem.dim that belongs to the tensor, in its shape: a view, not a copy."""
        return vector[self.offset:self.offset + self.size].reshape(self.shape)


@dataclass(frozen=True)
class Peers:
    """Which networks a metric wants to see beside the one that it measures. The host shows at most max of them, as
    Problem.peers; it may be that there are none, which is a reason for a value to be None and not an error.

    "seeds": the same configuration trained from the next seeds of the suite, after the last the first again; "widths":
    the same optimizer, hyperparameters and seed on the workloads of the suite that differ in nothing but the widths of
    the model; "moments": the same training at the moments before this one at which the metric is taken, the latest
    first. A network whose training failed is nobody's peer.
    """

    kind: Literal["seeds", "widths", "moments"]
    max: int = 1  # at most 16


@dataclass(frozen=True)
class Peer:
    """A network that a metric sees beside the one that it measures: same inputs and classes, same examples."""

    dim: int  # of its parameters, which are the slot "peer1", "peer2", …
    tensors: tuple[Tensor, ...] = ()
    seed: int = 0  # of its trial
    step: int = 0  # steps committed when its parameters were those of the slot


@dataclass(frozen=True)
class Problem:
    """What is being trained or measured, as far as a plugin may know it."""

    dim: int  # number of parameters
    tensors: tuple[Tensor, ...] = ()  # in the order of their offsets, without gaps; empty: no such structure
    classes: int = 0  # length of one example's outputs; 0 when there are none
    examples: int = 0  # training examples, or examples of the metric's set
    batch_size: int = 0  # examples of a full minibatch
    steps: int = 0  # commits after which the host will stop; 0 when that is not known
    steps_per_epoch: int = 0
    probe_batches: int = 0  # batches of the metric's example set; 0 for an optimizer
    probe_batch_size: int = 0  # examples of each
    input_len: int = 0  # numbers of one example's inputs; 0 when there are none
    # By channel, the last dimension of an example: an input as the network sees it is (pixel - mean) / std with pixels from 0
    # to 1. Empty: the inputs are no images.
    input_mean: tuple[float, ...] = ()
    input_std: tuple[float, ...] = ()
    auxiliary: bool = False  # whether there is an auxiliary objective: objective="aux"
    peers: tuple[Peer, ...] = ()  # the other networks that a metric sees, those that Metric.peers asks for


@dataclass(frozen=True)
class ValueInfo:
    """Declares one value of a metric."""

    name: str
    unit: str = ""  # "loss", "1", …
    better: Literal["lower", "higher", "none"] = "none"
    help: str = ""


@dataclass(frozen=True)
class Value:
    """One number of a measurement. value None means that there is none, for the reason given."""

    value: float | None
    std_err: float | None = None  # when the value was estimated by sampling
    reason: str = ""
    warnings: tuple[str, ...] = field(default=())  # travel with the number into every table

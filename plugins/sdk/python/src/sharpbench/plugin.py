"""What an author writes: an Optimizer or a Metric, as a class or as a function."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Union

from . import errors
from .declare import Diagnostic, Param, Params, Peers, Problem, Slot, Value, ValueInfo
from .session import Session, Vector

__all__ = ["Metric", "Optimizer", "Plugin", "metric", "optimizer"]

OPS = (
    "loss", "grad", "grad_clipped", "hvp", "outputs", "vjp", "normal", "commit", "grad_squared", "input_grad", "activations",
    "output_grad", "inputs",
)
RESERVED = ("params", "grad", "init", "update")
PEER_SLOT = re.compile(r"peer[1-9][0-9]*(\.update)?\Z")

SlotList = Sequence[Union[Slot, str]]
Measurement = Union[Mapping[str, Union[float, Value]], float, Value]


class Plugin:
    """What optimizers and metrics have in common. Subclasses set the attributes; they must be the same at every start."""

    name: str = ""  # lower case, the name of the algorithm: "sam"
    version: int = 1  # raised when any number the plugin produces changes
    summary: str = ""  # one line
    rule: str = ""  # update rule or formula, plain text
    citation: str = ""  # where it was published
    unverified: str = ""  # what of the rule could not be checked against the publication; "" when all of it was
    finding: str = ""  # what was found with it where it was published, in a sentence or two
    watch: Sequence[str] = ()  # what to watch for when using it, a sentence each
    cost_note: str = ""  # how the cost depends on the parameters, in G: "1 + 1/every"
    params: Sequence[Param] = ()
    needs: Sequence[str] = ()  # ops it cannot do without; a host that does not answer them refuses it before the run

    # Vectors the plugin needs, by name or as Slot: a list, or a method slots(self, problem, params) that returns one and
    # depends on its arguments alone.
    slots: Any = ()

    def check(self, problem: Problem, params: Params) -> Sequence[Diagnostic]:
        """Finds what the ranges of single parameters cannot express. Called with valid parameters only."""
        return ()

    def slot_list(self, problem: Problem, params: Params) -> list[Slot]:
        """The slots of a run, as the host is told."""
        slots = self.slots(problem, params) if callable(self.slots) else self.slots
        out: list[Slot] = []
        for s in slots:
            slot = Slot(s) if isinstance(s, str) else s
            if not slot.name or slot.name in RESERVED or PEER_SLOT.match(slot.name) or slot.name in [o.name for o in out]:
                raise ValueError(
                    f"plugin {self.name!r} asks for slot {slot.name!r}: expected names used once, none of {', '.join(RESERVED)}"
                    ", peer1, …")
            if slot.length < 0:
                raise ValueError(f"plugin {self.name!r} asks for slot {slot.name!r} with {slot.length} elements")
            out.append(slot)
        return out

    def mistakes(self) -> list[str]:
        """What is wrong with the declaration, so that its author hears of it at the first start."""
        out = []
        word = re.compile(r"[a-z][a-z0-9_-]*\Z")
        if not word.match(self.name):
            out.append("name must be lower case letters, digits, - and _, and begin with a letter")
        if self.version < 1:
            out.append(f"version is {self.version}: expected at least 1")
        names = [p.name for p in self.params]
        for p in self.params:
            if not word.match(p.name) or names.count(p.name) > 1:
                out.append(f"parameter {p.name!r}: names must be lower case and different from each other")
            try:
                p.check(p.default)
            except ValueError as e:
                out.append(f"the default of parameter {p.name!r}: {e}")
        for op in self.needs:
            if op not in OPS:
                out.append(f"needs has {op!r}: expected some of {', '.join(OPS)}")
        return out


class Optimizer(Plugin):
    """A method that trains: it has either a loop, run, or a step.

    ``run(self, session)`` asks for as many gradients, at as many points, as the method needs, and commits once a step.
    ``step(self, w, g)`` is for methods with exactly one gradient a step, that of the next training batch at the current
    parameters: it updates w in place and may overwrite g. ``self.session`` is there in both; what must happen before
    the first step goes into ``begin``.
    """

    cost: float = 1.0  # price of a step in G: one gradient on one nominal batch
    track: str = ""  # "": the main ranking; plugins that solve another problem name theirs
    degenerate: Sequence[tuple[Mapping[str, Any], str]] = ()  # ({"rho": 0.0}, "sgd"): then it equals that plugin
    resumable: bool = False  # all state between commits is in slots and in the blob
    needs: Sequence[str] = ("grad", "commit")
    session: Session

    def begin(self, session: Session) -> None:
        """Called before run, or before the first step, also when a run is resumed (session.step > 0)."""

    def step(self, w: Vector, g: Vector) -> None:
        raise NotImplementedError

    def run(self, session: Session) -> None:
        """Trains until session says stop. The default asks for a gradient, takes a step and commits, again and again."""
        fresh = False  # whether g is the gradient of the current step
        for _ in session:
            if not fresh:
                session.grad(session.train_batch())
            self.step(session.w, session.grad_slot)
            fresh = session.commit_and_grad() is not None

    def mistakes(self) -> list[str]:
        out = super().mistakes()
        own = [m for m in ("run", "step") if getattr(type(self), m) is not getattr(Optimizer, m)]
        if len(own) != 1:
            out.append("an optimizer has either a method run or a method step, " + ("not both" if own else "this has neither"))
        if not (self.cost >= 0 and math.isfinite(self.cost)):
            out.append(f"cost is {self.cost}: expected the price of a step in G")
        for when, equals in self.degenerate:
            for name, value in when.items():
                known = [p for p in self.params if p.name == name]
                try:
                    if not known:
                        raise ValueError("unknown parameter")
                    known[0].check(value)
                except ValueError as e:
                    out.append(f"degenerate, equal to {equals!r}: {name}: {e}")
        return out


class Metric(Plugin):
    """A number, or several, about a trained model. It must not write the slots params, init, update, peer1, …"""

    values: Sequence[ValueInfo] = ()
    peers: Peers | None = None  # which other networks it wants to see, for metrics that compare several
    # Transformations of the parameters that leave the values alone. bench plugin test tests elementwise_rescaling,
    # nodewise_rescaling, layerwise_rescaling, logit_scale and orthogonal_basis, with switches set as in
    # "elementwise_rescaling (adaptive)".
    invariances: Sequence[str] = ()
    session: Session

    def measure(self, session: Session) -> Measurement:
        """Returns the declared values by name, or the number itself when only one is declared. A value that does not
        exist is Value(None, reason="…")."""
        raise NotImplementedError

    def mistakes(self) -> list[str]:
        out = super().mistakes()
        if not self.values:
            out.append("values is empty: a metric declares its values")
        p = self.peers
        if p is not None and (p.kind not in ("seeds", "widths", "moments") or not 1 <= p.max <= 16):
            out.append(f"peers is {p.max} of kind {p.kind!r}: expected seeds, widths or moments, 1 to 16 of them")
        names = [v.name for v in self.values]
        for v in self.values:
            if not v.name or names.count(v.name) > 1:
                out.append(f"value {v.name!r}: names must be there and different from each other")
            if v.better not in ("lower", "higher", "none"):
                out.append(f"value {v.name!r}: better is {v.better!r}: expected lower, higher or none")
        return out

    def collect(self, measured: Measurement) -> dict[str, Value]:
        """The values of a measurement, compared with what is declared."""
        if not isinstance(measured, Mapping):
            if len(self.values) != 1:
                raise errors.Error(f"measure returned one number, {len(self.values)} values are declared: return them by name")
            measured = {self.values[0].name: measured}
        declared, problems = [v.name for v in self.values], []
        out = {}
        for name, v in measured.items():
            value = v if isinstance(v, Value) else Value(float(v))
            if name not in declared:
                problems.append(f"value {name!r} is not declared")
            elif value.value is None and not value.reason:
                problems.append(f"value {name!r} is None without a reason")
            elif value.value is not None and not math.isfinite(value.value):
                problems.append(f"value {name!r} is {value.value}: a value that does not exist is Value(None, reason=…)")
            out[name] = value
        problems += [f"value {name!r} is missing" for name in declared if name not in out]
        if problems:
            raise errors.Error("; ".join(problems))
        return out


def optimizer(
    name: str, *, params: Sequence[Param] = (), slots: Any = (), **attributes: Any,
) -> Callable[[Callable[[Session], None]], Optimizer]:
    """Makes an Optimizer of a function run(session). The keywords are the attributes of the class::

        @optimizer("gd", params=[Float("lr", 0.1, "learning rate", min=0, log=True)])
        def gd(session):
            for step in session:
                loss, g = session.grad(session.train_batch())
                session.w -= session.params.lr * session.lr_scale * g
                session.commit()
    """
    return lambda run: _from_function(Optimizer, "run", run, name, params, slots, attributes)


def metric(
    name: str, *, values: Sequence[ValueInfo], params: Sequence[Param] = (), slots: Any = (), **attributes: Any,
) -> Callable[[Callable[[Session], Measurement]], Metric]:
    """Makes a Metric of a function measure(session). The keywords are the attributes of the class."""
    attributes["values"] = values
    return lambda measure: _from_function(Metric, "measure", measure, name, params, slots, attributes)


def _from_function(
    base: type, method: str, function: Callable[[Session], Any], name: str, params: Sequence[Param], slots: Any,
    attributes: Mapping[str, Any],
) -> Any:
    unknown = [a for a in attributes if not hasattr(base, a)]
    if unknown:
        raise TypeError(f"{base.__name__.lower()} {name!r}: unknown attribute {', '.join(unknown)}")
    members: dict[str, Any] = dict(
        attributes, name=name, params=params, slots=staticmethod(slots) if callable(slots) else slots, __doc__=function.__doc__)
    if "check" in members:
        members["check"] = staticmethod(members["check"])
    members[method] = lambda self, session: function(session)
    if not attributes.get("summary") and function.__doc__:
        members["summary"] = function.__doc__.strip().splitlines()[0]
    return type(function.__name__, (base,), members)()

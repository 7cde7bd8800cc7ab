"""Any optimizer of PyTorch, unmodified, as a plugin::

    import torch
    import sharpbench.torch

    sharpbench.torch.serve(torch.optim.AdamW, lr=1e-3, weight_decay=0.01)

The constructor's numbers, switches and words become hyperparameters of the plugin, with its defaults or those given
here: a suite can set them all. Of a tuple each number is one, ``betas`` becomes ``beta1`` and ``beta2``. The host's
schedule multiplies the learning rate of every parameter group.

Parameters are tensors over the memory that the host sees, one for each tensor of the model, in the host's shapes:
convolutions are (height, width, in, out), linear layers (in, out). ``backward()`` has no place here; the closure asks the
host for loss and gradient and leaves them in ``.grad``. It is called

- by ``optimizer.step(closure)``, as often as the optimizer likes (LBFGS);
- before ``first_step`` and before ``second_step`` of optimizers that have these two (SAM);
- before ``optimizer.step()`` when that takes no closure;
- or as the argument ``step``, a function of (optimizer, closure), says.

State lives where the host can save it: tensors in slots, the rest (step counters) with the commits. Whether that makes
runs resumable is found out at the start, by stopping and resuming a small run and comparing the bits; optimizers with
state that grows, as LBFGS, are not, and their trials begin anew after a crash.
"""

from __future__ import annotations

import base64
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, Union

import numpy as np
import torch

from ._serve import serve as _serve
from .declare import Bool, Diagnostic, Float, Int, Param, Params, Problem, Scalar, Slot, String
from .errors import Error, NonFinite
from .plugin import Optimizer
from .session import MAX_BLOB, Session, Vector

__all__ = ["TorchOptimizer", "serve"]

# How an optimizer computes, not what: left as the constructor has them unless given.
_IMPLEMENTATION = ("foreach", "maximize", "capturable", "differentiable", "fused")

_AHEAD = "ahead"  # the slot of the gradient that comes with a commit

Closure = Callable[[], torch.Tensor]
Step = Callable[[Any, Closure], Any]


def serve(optimizer: type, **options: Any) -> NoReturn:
    """The main function of a plugin program that serves a torch.optim.Optimizer. The options are those of TorchOptimizer."""
    _serve(TorchOptimizer(optimizer, **options))


class TorchOptimizer(Optimizer):
    """A class of torch optimizers as a plugin.

    hyper are defaults of the constructor's arguments, or declarations of them (sharpbench.Float and the like); what is no
    number, switch or word is handed to the constructor as it is. resumable False does without the trial run, and without
    slots.
    """

    def __init__(
        self, optimizer: type, *, name: str = "", version: int = 1, summary: str = "", rule: str = "", citation: str = "",
        cost: float = 1.0, track: str = "", step: Step | None = None, resumable: bool | None = None, **hyper: Any,
    ) -> None:
        self.optimizer, self.custom_step = optimizer, step
        self.name = name or re.sub(r"[^a-z0-9_-]", "", optimizer.__name__.lower())
        self.version, self.cost, self.track, self.rule, self.citation = version, cost, track, rule, citation
        self.summary = summary or f"{optimizer.__module__}.{optimizer.__qualname__} of PyTorch"
        self.arguments, self.fixed = _arguments(optimizer, hyper)
        self.params = [p for argument in self.arguments for p in argument.params]
        self.resumable = _resumes(self) if resumable is None else resumable

    def check(self, problem: Problem, params: Params) -> Sequence[Diagnostic]:
        shapes = [shape for _, _, shape in _shapes(problem)] if problem.dim else [(1,)]
        try:
            self.build([torch.nn.Parameter(torch.empty(shape)) for shape in shapes], params)
        except (ValueError, TypeError, RuntimeError, AssertionError) as e:
            return [Diagnostic(self._blame(str(e)), str(e) or type(e).__name__)]
        return ()

    def _blame(self, message: str) -> str:
        """The hyperparameter that a complaint of the constructor names, if it names one."""
        text = message.lower().replace("learning rate", "lr")
        for p in sorted(self.params, key=lambda p: -len(p.name)):
            if re.search(rf"\b{re.escape(p.name).replace('_', '[_ ]')}\b", text):
                return p.name
        return ""

    def build(self, tensors: Sequence[torch.Tensor], params: Params) -> Any:
        given = {a.name: a.value(params) for a in self.arguments}
        return self.optimizer(tensors, **self.fixed, **given)

    def slots(self, problem: Problem, params: Params) -> list[Slot]:
        slots = [Slot(_AHEAD, scratch=True)]
        if self.resumable:
            slots += [Slot(name, length) for name, length in _State(self, problem, params).lengths.items()]
        return slots

    def run(self, session: Session) -> None:
        session.log(f"PyTorch {torch.__version__}", "debug")
        torch.manual_seed(session.seed % (1 << 63))

        # The gradient that a step begins with comes with the commit before, unless the optimizer first goes elsewhere.
        ahead, committed = session.slot(_AHEAD), np.empty_like(session.w)
        loss_ahead: float | None = None

        def evaluate(first: bool) -> float:
            nonlocal loss_ahead
            loss, loss_ahead = loss_ahead, None
            if loss is not None:
                if np.array_equal(session.w, committed):
                    session.grad_slot[:] = ahead
                    return loss
                first = False
            # The statistics of batch normalisation follow the first point of a step only.
            try:
                return session.grad(session.train_batch(), freeze_stats=not first)[0]
            except NonFinite:
                # As in a loop of PyTorch: a line search may step back from here, and what does not is found at the commit.
                return float("nan")

        state = _State(self, session.problem, session.params) if self.resumable else None
        run = _Run(self, session.problem, session.params, session.w, session.grad_slot, session.slot, state, evaluate)
        if session.step > 0:
            run.restore(session.blob)
        for _ in session:
            run.step(session.lr_scale)
            committed[:] = session.w
            steps = session.step
            try:
                loss_ahead = session.commit_and_grad(ahead, blob=run.save())
            except NonFinite:
                if session.step == steps:
                    raise
                loss_ahead = float("nan")


class _Argument:
    """One argument of the constructor: a hyperparameter, or several for a tuple."""

    def __init__(self, name: str, params: Sequence[Param], whole: bool, many: bool) -> None:
        self.name, self.params, self.whole, self.many = name, params, whole, many

    def value(self, params: Params) -> Any:
        values = [params[p.name] for p in self.params]
        if self.whole and values[0] == int(values[0]):
            values[0] = int(values[0])  # what has a whole number as its default may use it to count
        return tuple(values) if self.many else values[0]


def _arguments(optimizer: type, hyper: Mapping[str, Any]) -> tuple[list[_Argument], dict[str, Any]]:
    """The constructor's arguments that are hyperparameters, and the others that were given."""
    arguments, fixed, rest = [], {}, dict(hyper)
    signature = list(inspect.signature(optimizer).parameters.values())[1:]
    for p in signature:
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            continue
        given = rest.pop(p.name, None)
        value = given if given is not None else p.default
        if given is None and (p.name in _IMPLEMENTATION or p.default is p.empty):
            continue
        argument = _declare(p.name, value, p.default, str(p.annotation))
        if argument is not None:
            arguments.append(argument)
        elif given is not None:
            fixed[p.name] = given
    if rest and not any(p.kind is p.VAR_KEYWORD for p in signature):
        raise TypeError(f"{optimizer.__name__} has no argument {', '.join(rest)}")
    for name, value in rest.items():
        argument = _declare(name, value, value, "")
        if argument is not None:
            arguments.append(argument)
        else:
            fixed[name] = value
    return arguments, fixed


def _declare(name: str, value: Any, default: Any, annotation: str) -> _Argument | None:
    if isinstance(value, Param):
        return _Argument(name, [value], False, False)
    if isinstance(value, (tuple, list)) and value and all(_number(x) for x in value):
        stem = name[:-1] if name.endswith("s") else name
        return _Argument(name, [Float(f"{stem}{i + 1}", x, f"{name}[{i}]") for i, x in enumerate(value)], False, True)
    if isinstance(value, bool):
        return _Argument(name, [Bool(name, value)], False, False)
    if isinstance(value, str):
        return _Argument(name, [String(name, value)], False, False)
    if not _number(value):
        return None
    # Whole numbers as defaults are often meant as numbers (momentum=0, lr=1). Annotations tell, where there are any.
    if isinstance(value, int) and "float" not in annotation and ("int" in annotation or value not in (0, 1)):
        return _Argument(name, [Int(name, value)], False, False)
    natural = name in ("lr", "weight_decay")
    param = Float(name, value, {"lr": "learning rate, times the schedule"}.get(name, ""), min=0 if natural else None, log=natural)
    return _Argument(name, [param], isinstance(default, int), False)


def _number(x: Any) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool)


def _shapes(problem: Problem) -> list[tuple[int, int, tuple[int, ...]]]:
    """The tensors of the parameter vector: offset, length, shape."""
    if not problem.tensors:
        return [(0, problem.dim, (problem.dim,))]
    return [(t.offset, t.size, t.shape) for t in problem.tensors]


def _view(vector: Vector, offset: int, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.from_numpy(vector[offset:offset + int(np.prod(shape))].reshape(shape))


class _Run:
    """An optimizer on the tensors of a problem. evaluate stores the gradient at w in g and returns the loss; it is told
    whether it is the first of the step."""

    def __init__(
        self, plugin: TorchOptimizer, problem: Problem, params: Params, w: Vector, g: Vector, slot: Callable[[str], Vector],
        state: _State | None, evaluate: Callable[[bool], float],
    ) -> None:
        self.plugin, self.evaluate = plugin, evaluate
        shapes = _shapes(problem)
        self.views = [_view(w, offset, shape) for offset, _, shape in shapes]
        self.grads = [_view(g, offset, shape) for offset, _, shape in shapes]
        self.tensors = [torch.nn.Parameter(v) for v in self.views]
        self.optimizer = plugin.build(self.tensors, params)
        self.rates = [group["lr"] for group in self.optimizer.param_groups if "lr" in group]
        self.memory: _Memory | None = None
        if state is not None:
            self.memory = _Memory(self.optimizer, self.tensors)
            self.memory.places = {(e.kind, e.index): _view(slot(e.slot), e.offset, e.shape) for e in state.entries}
        self.first = True
        takes = inspect.signature(self.optimizer.step).parameters
        self.takes_closure = "closure" in takes

    def closure(self) -> torch.Tensor:
        self.sync()
        loss = self.evaluate(self.first)
        self.first = False
        for p, g in zip(self.tensors, self.grads):
            p.grad = g
        return torch.tensor(loss, dtype=torch.float64)

    def sync(self) -> None:
        """Brings parameters that the optimizer has put elsewhere (p.data = …) back to where the host sees them."""
        for p, v in zip(self.tensors, self.views):
            if p.data_ptr() != v.data_ptr():
                v.copy_(p.data)
                p.data = v

    def step(self, lr_scale: float) -> None:
        with_rate = [group for group in self.optimizer.param_groups if "lr" in group]
        for group, rate in zip(with_rate, self.rates):
            group["lr"] = rate * lr_scale
        self.first = True
        o = self.optimizer
        if self.plugin.custom_step is not None:
            self.plugin.custom_step(o, self.closure)
        elif hasattr(o, "first_step") and hasattr(o, "second_step"):
            self.closure()
            o.first_step(zero_grad=True)
            self.closure()
            o.second_step(zero_grad=True)
        elif self.takes_closure:
            o.step(self.closure)
        else:
            self.closure()
            o.step()
        self.sync()

    def save(self) -> bytes:
        return b"" if self.memory is None else self.memory.save()

    def restore(self, blob: bytes) -> None:
        if self.memory is None:
            raise Error("a run of an optimizer that cannot be resumed was to be resumed")
        self.memory.restore(blob)


class _Entry:
    """A tensor of an optimizer's state and its place in a slot."""

    def __init__(self, slot: str, kind: str, index: int, offset: int, shape: tuple[int, ...]) -> None:
        self.slot, self.kind, self.index, self.offset, self.shape = slot, kind, index, offset, shape


class _State:
    """Which tensors of an optimizer's state go into which slots: the same kind of all parameters into one. It is found
    by letting the optimizer take steps on tensors of the same shapes."""

    def __init__(self, plugin: TorchOptimizer, problem: Problem, params: Params) -> None:
        self.entries: list[_Entry] = []
        self.lengths: dict[str, int] = {}
        dim = max(problem.dim, 1)
        run = _small_run(plugin, Problem(dim, problem.tensors), params, None, {})
        for _ in range(2):
            run.step(1.0)
        for kind, index, t in _Memory(run.optimizer, run.tensors).vectors():
            slot = "state." + kind
            offset = self.lengths.get(slot, 0)
            self.entries.append(_Entry(slot, kind, index, offset, tuple(t.shape)))
            self.lengths[slot] = offset + t.numel()


def _small_run(
    plugin: TorchOptimizer, problem: Problem, params: Params, state: _State | None, slots: Mapping[str, Vector],
) -> _Run:
    """A run on half the squared distance to a point, slightly bent, without a host. w is slots["params"], where given."""
    aim = np.sin(np.arange(problem.dim, dtype=np.float32))
    w = slots["params"] if "params" in slots else np.cos(np.arange(problem.dim, dtype=np.float32))
    g = np.zeros(problem.dim, np.float32)

    def evaluate(first: bool) -> float:
        d = w - aim
        g[:] = d + np.float32(0.1) * d * d
        return float((d * d).sum() / 2)

    return _Run(plugin, problem, params, w, g, lambda name: slots[name], state, evaluate)


def _resumes(plugin: TorchOptimizer) -> bool:
    """Whether a run that is stopped and resumed is the same run, bit for bit, with the default hyperparameters."""
    from .declare import Tensor

    problem = Problem(10, (Tensor("a", "weight", 0, (3, 2), 0), Tensor("b", "bias", 0, (4,), 6)))
    params = Params({p.name: p.default for p in plugin.params})

    def fresh(w: Vector) -> dict[str, Vector]:
        return {"params": w.copy(), **{n: np.zeros(size, np.float32) for n, size in state.lengths.items()}}

    def seeded(slots: Mapping[str, Vector]) -> _Run:
        torch.manual_seed(1)
        return _small_run(plugin, problem, params, state, slots)

    before = torch.get_rng_state()
    kept: dict[str, Vector] = {}
    blob = b""
    try:
        state = _State(plugin, problem, params)
        slots = fresh(np.cos(np.arange(10, dtype=np.float32)))
        run = seeded(slots)
        for k in range(8):
            if k == 4:
                kept, blob = {n: v.copy() for n, v in slots.items()}, run.save()
            run.step(0.5 + k / 16)
            run.save()
        again = seeded(kept)
        again.restore(blob)
        for k in range(4, 8):
            again.step(0.5 + k / 16)
            again.save()
        if any(slots[n].tobytes() != kept[n].tobytes() for n in slots) or run.save() != again.save():
            raise _NotSaved("there is state that is not where PyTorch's optimizers keep it")
        return True
    except Exception as e:  # whatever an optimizer has against the small problem, or a piece of state against being saved
        print(f"{plugin.name}: runs cannot be resumed: {e}", file=sys.stderr)
        return False
    finally:
        torch.set_rng_state(before)


class _NotSaved(Error):
    """A piece of state that fits neither a slot nor the blob."""


class _Memory:
    """All state of an optimizer and of those inside it (SAM's base): what it keeps for each parameter, the numbers in
    its groups, and its own."""

    def __init__(self, optimizer: Any, tensors: Sequence[torch.Tensor]) -> None:
        self.tensors = tensors
        self.index = {id(p): i for i, p in enumerate(tensors)}
        self.optimizers = dict(_nested(optimizer, ""))
        # Where the host saves tensors: by kind and number of the parameter.
        self.places: dict[tuple[str, int], torch.Tensor] = {}
        self.begin = {name: _plain(o) for name, o in self.optimizers.items()}
        self.rng = torch.get_rng_state()

    def items(self) -> Iterator[tuple[str, int, dict[str, Any], str, Any]]:
        """Kind, number of the parameter, and where the value is found."""
        for prefix, o in self.optimizers.items():
            for p, state in o.state.items():
                if id(p) not in self.index:
                    raise _NotSaved(f"state of {type(o).__name__} that belongs to no parameter")
                for key, value in state.items():
                    yield f"{prefix}{key}", self.index[id(p)], state, key, value

    def vectors(self) -> list[tuple[str, int, torch.Tensor]]:
        """The tensors for slots, in a fixed order."""
        found = [
            (kind, i, v) for kind, i, _, _, v in self.items()
            if isinstance(v, torch.Tensor) and v.dtype == torch.float32 and v.dim() > 0 and v.numel() > 0]
        return sorted(found, key=lambda f: (f[0], f[1]))

    def save(self) -> bytes:
        """Moves the tensors into their places and returns everything else."""
        absent = set(self.places)
        rest: dict[str, dict[int, Any]] = {}
        for kind, i, state, key, value in self.items():
            place = self.places.get((kind, i))
            if place is not None and isinstance(value, torch.Tensor) and value.shape == place.shape:
                absent.discard((kind, i))
                if value.data_ptr() != place.data_ptr():
                    place.copy_(value)
                    state[key] = place
            else:
                rest.setdefault(kind, {})[i] = _encode(value, f"state {kind}")
        out: dict[str, Any] = {"state": {}}
        for kind, values in rest.items():
            same = len(values) == len(self.tensors) and all(v == values[0] for v in values.values())
            out["state"][kind] = {"all": values[0]} if same else {str(i): v for i, v in values.items()}
        if absent:
            out["absent"] = sorted(absent)
        changed = {}
        for name, o in self.optimizers.items():
            now, before = _plain(o), self.begin[name]
            difference = {k: v for k, v in now.items() if k not in before or before[k] != v}
            if difference:
                changed[name] = [[*k, v] for k, v in difference.items()]
        if changed:
            out["changed"] = changed
        rng = torch.get_rng_state()
        if not torch.equal(rng, self.rng):
            out["rng"] = base64.b64encode(rng.numpy().tobytes()).decode()
        blob = json.dumps(out, sort_keys=True, separators=(",", ":")).encode()
        if len(blob) > MAX_BLOB:
            raise _NotSaved(f"{len(blob)} bytes of state beside the slots, at most {MAX_BLOB} can be saved")
        return blob

    def restore(self, blob: bytes) -> None:
        """The inverse of save, on an optimizer that is new. The places hold what they held."""
        saved = json.loads(blob)
        absent = {(kind, i) for kind, i in saved.get("absent", [])}
        for (kind, i), place in self.places.items():
            if (kind, i) not in absent:
                self._set(kind, i, place)
        for kind, values in saved["state"].items():
            for i in range(len(self.tensors)):
                encoded = values.get("all", values.get(str(i), _MISSING))
                if encoded is not _MISSING:
                    self._set(kind, i, _decode(encoded))
        for name, items in saved.get("changed", {}).items():
            o = self.optimizers[name]
            for where, key, value in items:
                if where < 0:
                    setattr(o, key, _decode(value))
                else:
                    o.param_groups[where][key] = _decode(value)
        if "rng" in saved:
            torch.set_rng_state(torch.from_numpy(np.frombuffer(base64.b64decode(saved["rng"]), np.uint8).copy()))

    def _set(self, kind: str, i: int, value: Any) -> None:
        prefix, _, key = kind.rpartition("/")
        o = self.optimizers[prefix + "/" if prefix else ""]
        o.state[self.tensors[i]][key] = value


_MISSING = object()


def _nested(optimizer: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """An optimizer and those among its attributes, each with the path to it."""
    yield prefix, optimizer
    for name, value in vars(optimizer).items():
        if isinstance(value, torch.optim.Optimizer):
            yield from _nested(value, f"{prefix}{name}/")


def _plain(o: Any) -> dict[tuple[int, str], Any]:
    """The numbers and words an optimizer keeps beside its state: (number of the group, or -1; name). The learning rate is
    the schedule's."""
    out = {}
    for n, group in enumerate(o.param_groups):
        for key, value in group.items():
            if key not in ("params", "lr") and not callable(value):
                out[n, key] = _encode(value, f"{key} of a parameter group")
    for key, value in vars(o).items():
        if value is None or isinstance(value, (bool, int, float, str)):
            out[-1, key] = _encode(value, key)
        elif isinstance(value, torch.Tensor):
            raise _NotSaved(f"the attribute {key} of {type(o).__name__} is a tensor")
    return out


Encoded = Union[Scalar, None, dict[str, Any]]


def _encode(value: Any, what: str) -> Encoded:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (tuple, list)):
        return {"tuple" if isinstance(value, tuple) else "list": [_encode(v, what) for v in value]}
    # Vectors belong in slots: their length depends on the problem, and only small things fit here.
    if isinstance(value, torch.Tensor) and value.numel() == 1 and str(value.dtype) in _DTYPES:
        return {"scalar": value.item(), "dtype": str(value.dtype), "shape": list(value.shape)}
    kind = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, torch.Tensor) else f"a {type(value).__name__}"
    raise _NotSaved(f"{what} is {kind}, which cannot be saved")


# float32 and smaller numbers are exact as float64, which is how JSON has them.
_DTYPES = {str(d): d for d in (torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.bool)}


def _decode(value: Encoded) -> Any:
    if not isinstance(value, dict):
        return value
    if "scalar" in value:
        return torch.tensor(value["scalar"], dtype=_DTYPES[value["dtype"]]).reshape(value["shape"])
    if "tuple" in value:
        return tuple(_decode(v) for v in value["tuple"])
    return [_decode(v) for v in value["list"]]

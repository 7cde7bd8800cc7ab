"""The host as seen by a running plugin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import errors
from ._proto import bench_pb2 as pb
from .declare import Params, Problem

__all__ = ["MAX_BLOB", "Batch", "Result", "Session", "Training", "Vector"]

Vector = NDArray[np.float32]

MAX_BLOB = 64 << 10  # the largest blob of a commit in bytes

_CODES = {
    pb.Error.CODE_BAD_SLOT: errors.BadSlot,
    pb.Error.CODE_BUDGET: errors.Budget,
    pb.Error.CODE_NON_FINITE: errors.NonFinite,
    pb.Error.CODE_UNSUPPORTED: errors.Unsupported,
}
_OBJECTIVES = {"main": pb.OBJECTIVE_UNSPECIFIED, "aux": pb.OBJECTIVE_AUX}


@dataclass(frozen=True)
class Batch:
    """Names examples; never a list of them. The same name stands for the same examples, augmented the same way,
    throughout a trial. The methods return the names of parts."""

    stream: str  # "train", "poisson", "full" or "probe"
    index: int = 0
    rate: float = 0.0  # "poisson" only: the probability of each example
    _part: tuple[Any, ...] = ()
    _delta: Any = None
    _peer: int = 0

    def range(self, start: int, stop: int) -> Batch:
        """The examples start to stop (exclusive), counted within the batch."""
        if not 0 <= start < stop:
            raise ValueError(f"examples {start} to {stop} of a batch: expected 0 <= start < stop")
        return replace(self, _part=("range", start, stop))

    def of_class(self, label: int) -> Batch:
        """The examples with this label."""
        return replace(self, _part=("class", label))

    def of_domain(self, domain: int) -> Batch:
        """The examples of this domain, for data that have domains."""
        return replace(self, _part=("domain", domain))

    def example(self, index: int) -> Batch:
        """One example, counted within the batch."""
        return replace(self, _part=("example", index))

    def perturbed(self, delta: Vector | str) -> Batch:
        """The same examples with the elements of a slot added to their inputs, laid out as Session.input_grad says. The
        slot is read at every use of the name."""
        return replace(self, _delta=delta)

    def of_peer(self, k: int) -> Batch:
        """The same examples as seen by problem.peers[k - 1]: that network answers, with its own architecture and its own
        running statistics, and vectors have the length of its parameters. 0 is the network that is measured."""
        if k < 0:
            raise ValueError(f"peer {k}: expected 0, 1, 2, …")
        return replace(self, _peer=k)


@dataclass(frozen=True)
class Result:
    """What the host says about an op beside the vectors it has written."""

    loss: float
    examples: int
    errors: int  # examples whose largest output is not their label
    g: float  # what the host has billed, in G
    scalars: Mapping[str, float]


@dataclass(frozen=True)
class Training:
    """How the parameters that a metric measures were trained."""

    optimizer: str = ""  # name of the plugin; empty when the host does not know
    params: Mapping[str, Any] = field(default_factory=dict)
    lr_scale: float = 0.0  # factor of the schedule in the last committed step


class Session:
    """One run of an optimizer or one measurement of a metric.

    Vectors are numpy arrays over memory that both processes see, float32, never copies. What a method takes or
    fills must be a whole slot, given as the array or by its name: the host sees nothing else. Where a method has an
    ``out``, the default is the slot "grad"; where it has an ``at``, the default is the slot "params".

    ``for step in session`` runs until the host has said stop; step is the number of steps committed before.
    """

    problem: Problem
    params: Params
    seed: int  # of the trial; the noise of `normal` depends on it already
    blob: bytes  # that of the last commit when the run is resumed, else empty
    training: Training = Training()  # for metrics
    tables: dict[str, dict[str, list[float]]]

    def __init__(
        self, problem: Problem, params: Params, seed: int, step: int, lr_scale: float, blob: bytes,
        slots: Mapping[str, Vector], call: Callable[[Sequence[Any]], Any], log: Callable[[str, str, Mapping[str, float]], None],
    ) -> None:
        self.problem, self.params, self.seed, self.blob = problem, params, seed, blob
        self._step, self._lr_scale, self._slots = step, lr_scale, dict(slots)
        self._numbers = {name: i for i, name in enumerate(self._slots)}
        self._addresses = {v.ctypes.data: name for name, v in self._slots.items()}
        self._call, self._log = call, log
        self._stopped = False
        self._last = pb.Result()
        self.tables = {}

    @property
    def step(self) -> int:
        """The number of steps committed so far, those before a resumption included."""
        return self._step

    @property
    def lr_scale(self) -> float:
        """The factor that the host's schedule applies to the learning rate in the step now being computed."""
        return self._lr_scale

    @property
    def stopped(self) -> bool:
        """Whether the host has said stop."""
        return self._stopped

    @property
    def last(self) -> Result:
        """What the host said about the last op beside the vectors: examples, errors, cost."""
        r = self._last
        return Result(r.loss, r.examples, r.errors, r.g, dict(r.scalars))

    @property
    def w(self) -> Vector:
        """The parameters, length dim. Optimizers write them, in place or by assignment; metrics must not."""
        return self._slots["params"]

    @w.setter
    def w(self, value: Any) -> None:
        w = self._slots["params"]
        if value is not w:
            w[...] = value

    @property
    def grad_slot(self) -> Vector:
        """The slot "grad", length dim: scratch, and where results go by default."""
        return self._slots["grad"]

    def slot(self, name: str) -> Vector:
        """A slot by name: "params", "grad", those the plugin has asked for, and for metrics "init" (the parameters
        before training), "update" (the last committed step), "peer1", "peer2", … (the parameters of problem.peers) and
        "peer1.update", …, read-only. Raises KeyError where there is none; see `has`."""
        try:
            return self._slots[name]
        except KeyError:
            raise KeyError(f"there is no slot {name!r}; there are {', '.join(self._slots)}") from None

    def has(self, name: str) -> bool:
        """Whether there is a slot of that name: a metric may lack "init" and "update"."""
        return name in self._slots

    def __iter__(self) -> Iterator[int]:
        return self

    def __next__(self) -> int:
        if self._stopped:
            raise StopIteration
        return self._step

    # Batches.

    def train_batch(self) -> Batch:
        """The minibatch of the current step. For optimizers."""
        return Batch("train", self._step)

    def poisson_batch(self, rate: float) -> Batch:
        """A draw of the current step that has each training example with probability rate. It may be empty. For
        optimizers."""
        return Batch("poisson", self._step, rate)

    def full_batch(self) -> Batch:
        """All training examples (optimizers), or the metric's whole example set; never augmented."""
        return Batch("full")

    def probe_batch(self, index: int) -> Batch:
        """Batch number index of the metric's example set, 0 <= index < problem.probe_batches."""
        return Batch("probe", index)

    def probe_batches(self) -> Iterator[tuple[Batch, float]]:
        """The batches of the metric's example set, each with the fraction of all examples that is in it."""
        n, size = self.problem.examples, self.problem.probe_batch_size
        for j in range(self.problem.probe_batches):
            yield Batch("probe", j), min(size, n - j * size) / n

    # Ops. Each is one round trip to the host.

    def loss(
        self, batch: Batch, at: Vector | str = "params", *, each: Vector | str | None = None, normalize_logits: bool = False,
        objective: str = "main",
    ) -> float:
        """The mean loss of batch at the point at. With each, a slot with room for them, the losses of the single
        examples are stored there as well."""
        op = pb.LossOp(
            batch=self._batch(batch), at=self._number(at, "at"), normalize_logits=normalize_logits,
            objective=_OBJECTIVES[objective],
        )
        if each is not None:
            op.each = self._number(each, "each")
        return float(self._one(pb.Op(loss=op)).loss)

    def grad(
        self, batch: Batch, at: Vector | str = "params", out: Vector | str = "grad", *, freeze_stats: bool = False,
        normalize_logits: bool = False, objective: str = "main",
    ) -> tuple[float, Vector]:
        """The mean loss of batch at the point at, and its gradient, stored in out. Weight decay is no part of it.
        freeze_stats keeps the running statistics of batch normalisation as they are: a method with several gradients a
        step sets it on all but one."""
        r = self._one(self._grad_op(batch, at, out, freeze_stats, normalize_logits, objective))
        return r.loss, self._vector(out)

    def _grad_op(
        self, batch: Batch, at: Vector | str, out: Vector | str, freeze_stats: bool = False, normalize_logits: bool = False,
        objective: str = "main",
    ) -> Any:
        return pb.Op(grad=pb.GradOp(
            batch=self._batch(batch), at=self._number(at, "at"), out=self._number(out, "out"), freeze_stats=freeze_stats,
            normalize_logits=normalize_logits, objective=_OBJECTIVES[objective],
        ))

    def grad_clipped(
        self, batch: Batch, clip: float, at: Vector | str = "params", out: Vector | str = "grad", *,
        per_coordinate: bool = False, norms: Vector | str | None = None, noise: tuple[str, int, float] | None = None,
    ) -> tuple[int, Vector]:
        """How many examples there are, and the sum of their gradients, each first scaled to norm at most clip or, with
        per_coordinate, clamped to ±clip. clip may be infinite. norms is a slot for the norms before clipping. noise is a
        stream, an index and a standard deviation: the host adds what normal gives for them to the sum."""
        op = pb.GradClippedOp(
            batch=self._batch(batch), at=self._number(at, "at"), out=self._number(out, "out"), clip=clip,
            per_coordinate=per_coordinate,
        )
        if norms is not None:
            op.norms = self._number(norms, "norms")
        if noise is not None:
            op.noise.stream, op.noise.index, op.noise.std = noise
        return self._one(pb.Op(grad_clipped=op)).examples, self._vector(out)

    def grad_squared(
        self, batch: Batch, at: Vector | str = "params", out: Vector | str = "grad",
    ) -> tuple[int, Vector]:
        """How many examples there are, and the sum of the squares of their gradients, coordinate by coordinate."""
        op = pb.GradSquaredOp(batch=self._batch(batch), at=self._number(at, "at"), out=self._number(out, "out"))
        return self._one(pb.Op(grad_squared=op)).examples, self._vector(out)

    def hvp(
        self, batch: Batch, dir: Vector | str, out: Vector | str = "grad", at: Vector | str = "params", *,
        normalize_logits: bool = False, objective: str = "main",
    ) -> Vector:
        """The product of the Hessian of the mean loss of batch at the point at with the vector dir. It is exact."""
        self._one(pb.Op(hvp=pb.HVPOp(
            batch=self._batch(batch), at=self._number(at, "at"), dir=self._number(dir, "dir"), out=self._number(out, "out"),
            normalize_logits=normalize_logits, objective=_OBJECTIVES[objective],
        )))
        return self._vector(out)

    def outputs(self, batch: Batch, out: Vector | str, at: Vector | str = "params") -> Vector:
        """The outputs (logits) of the examples of batch, of shape (examples, classes): a view of the slot out, which
        must have room for them."""
        op = pb.OutputsOp(batch=self._batch(batch), at=self._number(at, "at"), out=self._number(out, "out"))
        n = self._one(pb.Op(outputs=op)).examples
        return self._vector(out)[:n * self.problem.classes].reshape(n, self.problem.classes)

    def vjp(
        self, batch: Batch, cotangent: Vector | str, out: Vector | str = "grad", at: Vector | str = "params", *,
        freeze_stats: bool = False,
    ) -> Vector:
        """Jᵀ·cotangent, J the Jacobian of all outputs of batch by the parameters. cotangent is a slot, laid out as
        outputs are."""
        self._one(pb.Op(vjp=pb.VJPOp(
            batch=self._batch(batch), at=self._number(at, "at"), cotangent=self._number(cotangent, "cotangent"),
            out=self._number(out, "out"), freeze_stats=freeze_stats,
        )))
        return self._vector(out)

    def input_grad(self, batch: Batch, out: Vector | str, at: Vector | str = "params") -> tuple[float, Vector]:
        """The mean loss of batch and its gradient by the inputs, stored in out: example after example."""
        op = pb.InputGradOp(batch=self._batch(batch), at=self._number(at, "at"), out=self._number(out, "out"))
        return self._one(pb.Op(input_grad=op)).loss, self._vector(out)

    def output_grad(self, batch: Batch, out: Vector | str, at: Vector | str = "params") -> tuple[float, Vector]:
        """The mean loss of batch and its gradient by the outputs, of shape (examples, classes): a view of the slot out."""
        op = pb.OutputGradOp(batch=self._batch(batch), at=self._number(at, "at"), out=self._number(out, "out"))
        result = self._one(pb.Op(output_grad=op))
        n = result.examples
        return result.loss, self._vector(out)[:n * self.problem.classes].reshape(n, self.problem.classes)

    def inputs(self, batch: Batch, out: Vector | str) -> tuple[int, Vector]:
        """How many examples there are, and their inputs as the network sees them, stored in out: example after example.
        Problem.input_mean and input_std make pixels of them."""
        op = pb.InputsOp(batch=self._batch(batch), out=self._number(out, "out"))
        return self._one(pb.Op(inputs=op)).examples, self._vector(out)

    def activations(
        self, batch: Batch, layer: int, out: Vector | str, at: Vector | str = "params",
    ) -> tuple[int, Vector]:
        """How many examples there are, and what enters the activation function behind a layer (Tensor.layer), stored
        in out: example after example."""
        op = pb.ActivationsOp(
            batch=self._batch(batch), at=self._number(at, "at"), out=self._number(out, "out"), layer=layer,
        )
        return self._one(pb.Op(activations=op)).examples, self._vector(out)

    def normal(self, stream: str, index: int, out: Vector | str, std: float = 1.0) -> Vector:
        """Fills out with independent N(0, std²) numbers, and returns it. They depend on the seed of the trial, stream
        and index alone: the same call gives the same bits again, in any language."""
        self._one(pb.Op(normal=pb.NormalOp(stream=stream, index=index, out=self._number(out, "out"), std=std)))
        return self._vector(out)

    def commit(
        self, w: Vector | str = "params", *, blob: bytes = b"", scalars: Mapping[str, float] | None = None,
    ) -> None:
        """Says: these are the parameters of this step. The host copies them, counts the step, and may evaluate and
        store a checkpoint of all slots that are not scratch. blob is a small piece of state that comes back as
        Session.blob when the run is resumed; scalars are shown as the plugin's own word, never ranked."""
        self._committed(self._call([self._commit_op(w, blob, scalars)]))

    def _commit_op(self, w: Vector | str, blob: bytes = b"", scalars: Mapping[str, float] | None = None) -> Any:
        if len(blob) > MAX_BLOB:
            raise ValueError(f"a blob of {len(blob)} bytes: expected at most {MAX_BLOB}; vectors belong in slots")
        return pb.Op(commit=pb.CommitOp(params=self._number(w, "w"), blob=bytes(blob), scalars=scalars or {}))

    def _committed(self, reply: Any) -> None:
        # The commit is the first of its list: when it succeeded the step counts, whatever came after it.
        if reply.results:
            first = reply.results[0]
            self._step += 1
            self._lr_scale = first.lr_scale
            self._stopped = self._stopped or first.stop != pb.STOP_REASON_UNSPECIFIED
        self._check(reply)

    def commit_and_grad(
        self, out: Vector | str = "grad", *, blob: bytes = b"", scalars: Mapping[str, float] | None = None,
    ) -> float | None:
        """Does what commit does with the parameters and then, in the same round trip, stores the gradient of the next
        training batch in out: what a step that begins with this gradient would ask for. Returns the loss, or None when
        the host has said stop: then there is no gradient."""
        ops = [self._commit_op("params", blob, scalars), self._grad_op(Batch("train", self._step + 1), "params", out)]
        reply = self._call(ops)
        self._committed(reply)
        return None if self._stopped else reply.results[1].loss

    def keep(self, table: str, **columns: Sequence[float]) -> None:
        """Adds a table to the measurement: columns of one length, such as one row for each class. It is kept with the
        values and never ranked. For metrics."""
        values = {name: [float(v) for v in column] for name, column in columns.items()}
        if table in self.tables or len({len(v) for v in values.values()}) > 1:
            raise ValueError(f"table {table!r}: expected a name of its own and columns of one length")
        self.tables[table] = values

    def log(self, message: str, level: str = "info", **scalars: float) -> None:
        """Writes a line to the log of the trial. It also tells the host that the plugin is alive: one that computes for
        minutes between two requests must log now and then. Levels: debug, info, warn, error."""
        self._log(level, message, scalars)

    # What the messages need.

    def _name(self, vector: Vector | str, role: str) -> str:
        if isinstance(vector, str):
            if vector not in self._numbers:
                raise ValueError(f"{role}: there is no slot {vector!r}; there are {', '.join(self._slots)}")
            return vector
        if isinstance(vector, np.ndarray) and vector.flags.c_contiguous and vector.dtype == np.float32:
            name = self._addresses.get(vector.ctypes.data)
            if name is not None and vector.size == self._slots[name].size:
                return name
        raise ValueError(
            f"{role}: the vector is not a slot; the host sees whole slots only, from session.w and session.slot(name)")

    def _number(self, vector: Vector | str, role: str) -> int:
        return self._numbers[self._name(vector, role)]

    def _vector(self, vector: Vector | str) -> Vector:
        return self._slots[vector] if isinstance(vector, str) else vector

    def _batch(self, b: Batch) -> Any:
        m = pb.Batch(stream=b.stream, index=b.index, rate=b.rate, peer=b._peer)
        if b._part:
            kind, *numbers = b._part
            if kind == "range":
                m.range.CopyFrom(pb.Range(**{"from": numbers[0], "to": numbers[1]}))
            else:
                setattr(m, kind, numbers[0])
        if b._delta is not None:
            m.input_delta = self._number(b._delta, "delta")
        return m

    def _one(self, op: Any) -> Any:
        reply = self._call([op])
        self._check(reply)
        if len(reply.results) != 1:
            raise errors.Error(f"the host answered one op with {len(reply.results)} results")
        return reply.results[0]

    def _check(self, reply: Any) -> None:
        if reply.results:
            self._last = reply.results[-1]
        if reply.HasField("error"):
            raise _CODES.get(reply.error.code, errors.BadRequest)(reply.error.message)

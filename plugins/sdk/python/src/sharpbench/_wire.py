"""Translation between the messages of the protocol and what authors see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ._proto import bench_pb2 as pb
from .declare import Param, Peer, Problem, Scalar, Tensor, Value, complete
from .plugin import Metric, Optimizer, Plugin

_TYPES = {
    "float": pb.Param.TYPE_FLOAT, "int": pb.Param.TYPE_INT, "bool": pb.Param.TYPE_BOOL, "string": pb.Param.TYPE_STRING,
}
_BETTER = {
    "lower": pb.ValueInfo.BETTER_LOWER, "higher": pb.ValueInfo.BETTER_HIGHER, "none": pb.ValueInfo.BETTER_NONE,
}
_PEERS = {
    "seeds": pb.Peers.KIND_SEEDS, "widths": pb.Peers.KIND_WIDTHS, "moments": pb.Peers.KIND_MOMENTS,
}


def to_value(v: Scalar) -> Any:
    if isinstance(v, bool):
        return pb.Value(boolean=v)
    if isinstance(v, int):
        return pb.Value(integer=v)
    if isinstance(v, float):
        return pb.Value(number=v)
    return pb.Value(text=v)


def from_values(m: Any) -> dict[str, Any]:
    out = {}
    for name, v in m.items():
        which = v.WhichOneof("value")
        out[name] = getattr(v, which) if which else None
    return out


def from_problem(p: Any) -> Problem:
    return Problem(
        dim=p.dim, classes=p.classes, examples=p.examples, batch_size=p.batch_size, steps=p.steps,
        steps_per_epoch=p.steps_per_epoch, probe_batches=p.probe_batches, probe_batch_size=p.probe_batch_size,
        input_len=p.input_len, input_mean=tuple(p.input_mean), input_std=tuple(p.input_std), auxiliary=p.auxiliary,
        tensors=_tensors(p.tensors),
        peers=tuple(Peer(dim=q.dim, tensors=_tensors(q.tensors), seed=q.seed, step=q.step) for q in p.peers),
    )


def _tensors(tensors: Any) -> tuple[Tensor, ...]:
    return tuple(
        Tensor(
            name=t.name, kind=t.kind, layer=t.layer, shape=tuple(t.shape), offset=t.offset, fan_in=t.fan_in,
            prunable=t.prunable, activation_len=t.activation_len, sgd_rate=t.sgd_rate or 1.0, adam_rate=t.adam_rate or 1.0,
        ) for t in tensors)


def _param(p: Param) -> Any:
    m = pb.Param(
        name=p.name, type=_TYPES[p.type], default=to_value(p.default), min_open=p.min_open, max_open=p.max_open,
        choices=p.choices, help=p.help,
    )
    if p.min is not None:
        m.min = p.min
    if p.max is not None:
        m.max = p.max
    if p.type in ("float", "int"):
        m.scale = pb.Param.SCALE_LOG if p.log else pb.Param.SCALE_LINEAR
    return m


def _op(name: str) -> Any:
    return pb.Op.Name.Value("NAME_" + name.upper())


def describe(plugin: Plugin) -> Any:
    m = pb.DescribeResponse(
        name=plugin.name, version=plugin.version, summary=plugin.summary, rule=plugin.rule, citation=plugin.citation,
        unverified=plugin.unverified, finding=plugin.finding, watch=plugin.watch, cost_note=plugin.cost_note,
        params=[_param(p) for p in plugin.params], needs=[_op(n) for n in plugin.needs],
    )
    if isinstance(plugin, Optimizer):
        m.kind = pb.KIND_OPTIMIZER
        m.cost, m.track, m.resumable = plugin.cost, plugin.track, plugin.resumable
        for when, equals in plugin.degenerate:
            d = m.degenerate.add(equals=equals)
            for name, v in when.items():
                d.when[name].CopyFrom(to_value(v))
    elif isinstance(plugin, Metric):
        m.kind = pb.KIND_METRIC
        m.invariances.extend(plugin.invariances)
        if plugin.peers is not None:
            m.peers.CopyFrom(pb.Peers(kind=_PEERS[plugin.peers.kind], max=plugin.peers.max))
        for info in plugin.values:
            m.values.add(name=info.name, unit=info.unit, better=_BETTER[info.better], help=info.help)
    return m


def validate(plugin: Plugin, request: Any) -> Any:
    problem = from_problem(request.problem)
    params, diagnostics = complete(plugin.params, from_values(request.params))
    if not diagnostics:
        diagnostics = list(plugin.check(problem, params))
    if diagnostics:
        return pb.ValidateResponse(diagnostics=[pb.Diagnostic(param=d.param, message=d.message) for d in diagnostics])
    return pb.ValidateResponse(slots=[
        pb.SlotRequest(name=s.name, len=s.length, scratch=s.scratch) for s in plugin.slot_list(problem, params)])


def table(name: str, columns: Mapping[str, Sequence[float]]) -> Any:
    return pb.Table(name=name, columns=[pb.Column(name=c, values=v) for c, v in columns.items()])


def metric_value(name: str, v: Value) -> Any:
    m = pb.MetricValue(name=name, reason=v.reason, warnings=v.warnings)
    if v.value is not None:
        m.value = v.value
    if v.std_err is not None:
        m.std_err = v.std_err
    return m

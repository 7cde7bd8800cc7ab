from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor
KIND_METRIC: Kind
KIND_OPTIMIZER: Kind
KIND_UNSPECIFIED: Kind
OBJECTIVE_AUX: Objective
OBJECTIVE_MAIN: Objective
OBJECTIVE_UNSPECIFIED: Objective
STOP_REASON_BUDGET: StopReason
STOP_REASON_CANCELED: StopReason
STOP_REASON_STEPS: StopReason
STOP_REASON_TARGET: StopReason
STOP_REASON_TIME: StopReason
STOP_REASON_UNSPECIFIED: StopReason

class ActivationsOp(_message.Message):
    __slots__ = ["at", "batch", "layer", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    layer: int
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., out: _Optional[int] = ..., layer: _Optional[int] = ...) -> None: ...

class Arena(_message.Message):
    __slots__ = ["bytes", "fd", "path", "slots"]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    FD_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    bytes: int
    fd: int
    path: str
    slots: _containers.RepeatedCompositeFieldContainer[Slot]
    def __init__(self, fd: _Optional[int] = ..., path: _Optional[str] = ..., bytes: _Optional[int] = ..., slots: _Optional[_Iterable[_Union[Slot, _Mapping]]] = ...) -> None: ...

class Batch(_message.Message):
    __slots__ = ["domain", "example", "index", "input_delta", "peer", "range", "rate", "stream"]
    CLASS_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    EXAMPLE_FIELD_NUMBER: _ClassVar[int]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    INPUT_DELTA_FIELD_NUMBER: _ClassVar[int]
    PEER_FIELD_NUMBER: _ClassVar[int]
    RANGE_FIELD_NUMBER: _ClassVar[int]
    RATE_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    domain: int
    example: int
    index: int
    input_delta: int
    peer: int
    range: Range
    rate: float
    stream: str
    def __init__(self, stream: _Optional[str] = ..., index: _Optional[int] = ..., rate: _Optional[float] = ..., range: _Optional[_Union[Range, _Mapping]] = ..., domain: _Optional[int] = ..., example: _Optional[int] = ..., input_delta: _Optional[int] = ..., peer: _Optional[int] = ..., **kwargs) -> None: ...

class Column(_message.Message):
    __slots__ = ["name", "values"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...

class CommitOp(_message.Message):
    __slots__ = ["blob", "params", "scalars"]
    class ScalarsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    BLOB_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    SCALARS_FIELD_NUMBER: _ClassVar[int]
    blob: bytes
    params: int
    scalars: _containers.ScalarMap[str, float]
    def __init__(self, params: _Optional[int] = ..., blob: _Optional[bytes] = ..., scalars: _Optional[_Mapping[str, float]] = ...) -> None: ...

class Degenerate(_message.Message):
    __slots__ = ["equals", "when"]
    class WhenEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    EQUALS_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    equals: str
    when: _containers.MessageMap[str, Value]
    def __init__(self, when: _Optional[_Mapping[str, Value]] = ..., equals: _Optional[str] = ...) -> None: ...

class DescribeRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class DescribeResponse(_message.Message):
    __slots__ = ["citation", "cost", "cost_note", "degenerate", "finding", "invariances", "kind", "name", "needs", "params", "peers", "privacy", "resumable", "rule", "summary", "track", "unverified", "values", "version", "watch"]
    CITATION_FIELD_NUMBER: _ClassVar[int]
    COST_FIELD_NUMBER: _ClassVar[int]
    COST_NOTE_FIELD_NUMBER: _ClassVar[int]
    DEGENERATE_FIELD_NUMBER: _ClassVar[int]
    FINDING_FIELD_NUMBER: _ClassVar[int]
    INVARIANCES_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NEEDS_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    PEERS_FIELD_NUMBER: _ClassVar[int]
    PRIVACY_FIELD_NUMBER: _ClassVar[int]
    RESUMABLE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    TRACK_FIELD_NUMBER: _ClassVar[int]
    UNVERIFIED_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    citation: str
    cost: float
    cost_note: str
    degenerate: _containers.RepeatedCompositeFieldContainer[Degenerate]
    finding: str
    invariances: _containers.RepeatedScalarFieldContainer[str]
    kind: Kind
    name: str
    needs: _containers.RepeatedScalarFieldContainer[Op.Name]
    params: _containers.RepeatedCompositeFieldContainer[Param]
    peers: Peers
    privacy: Privacy
    resumable: bool
    rule: str
    summary: str
    track: str
    unverified: str
    values: _containers.RepeatedCompositeFieldContainer[ValueInfo]
    version: int
    watch: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[_Union[Kind, str]] = ..., version: _Optional[int] = ..., summary: _Optional[str] = ..., rule: _Optional[str] = ..., citation: _Optional[str] = ..., params: _Optional[_Iterable[_Union[Param, _Mapping]]] = ..., needs: _Optional[_Iterable[_Union[Op.Name, str]]] = ..., cost: _Optional[float] = ..., track: _Optional[str] = ..., degenerate: _Optional[_Iterable[_Union[Degenerate, _Mapping]]] = ..., resumable: bool = ..., values: _Optional[_Iterable[_Union[ValueInfo, _Mapping]]] = ..., invariances: _Optional[_Iterable[str]] = ..., watch: _Optional[_Iterable[str]] = ..., unverified: _Optional[str] = ..., cost_note: _Optional[str] = ..., privacy: _Optional[_Union[Privacy, _Mapping]] = ..., peers: _Optional[_Union[Peers, _Mapping]] = ..., finding: _Optional[str] = ...) -> None: ...

class Diagnostic(_message.Message):
    __slots__ = ["message", "param"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    PARAM_FIELD_NUMBER: _ClassVar[int]
    message: str
    param: str
    def __init__(self, param: _Optional[str] = ..., message: _Optional[str] = ...) -> None: ...

class Direct(_message.Message):
    __slots__ = ["fd", "max"]
    FD_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    fd: int
    max: int
    def __init__(self, fd: _Optional[int] = ..., max: _Optional[int] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ["detail", "scalars", "status", "tables", "values"]
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    class ScalarsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    SCALARS_FIELD_NUMBER: _ClassVar[int]
    STATUS_COMPLETED: Done.Status
    STATUS_CONVERGED: Done.Status
    STATUS_DIVERGED: Done.Status
    STATUS_FAILED: Done.Status
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATUS_UNSPECIFIED: Done.Status
    TABLES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    detail: str
    scalars: _containers.ScalarMap[str, float]
    status: Done.Status
    tables: _containers.RepeatedCompositeFieldContainer[Table]
    values: _containers.RepeatedCompositeFieldContainer[MetricValue]
    def __init__(self, status: _Optional[_Union[Done.Status, str]] = ..., detail: _Optional[str] = ..., scalars: _Optional[_Mapping[str, float]] = ..., values: _Optional[_Iterable[_Union[MetricValue, _Mapping]]] = ..., tables: _Optional[_Iterable[_Union[Table, _Mapping]]] = ...) -> None: ...

class Error(_message.Message):
    __slots__ = ["code", "message", "op"]
    class Code(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    CODE_BAD_REQUEST: Error.Code
    CODE_BAD_SLOT: Error.Code
    CODE_BUDGET: Error.Code
    CODE_FIELD_NUMBER: _ClassVar[int]
    CODE_NON_FINITE: Error.Code
    CODE_UNSPECIFIED: Error.Code
    CODE_UNSUPPORTED: Error.Code
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    OP_FIELD_NUMBER: _ClassVar[int]
    code: Error.Code
    message: str
    op: int
    def __init__(self, code: _Optional[_Union[Error.Code, str]] = ..., message: _Optional[str] = ..., op: _Optional[int] = ...) -> None: ...

class GradClippedOp(_message.Message):
    __slots__ = ["at", "batch", "clip", "noise", "norms", "out", "per_coordinate"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    NOISE_FIELD_NUMBER: _ClassVar[int]
    NORMS_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    PER_COORDINATE_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    clip: float
    noise: Noise
    norms: int
    out: int
    per_coordinate: bool
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., out: _Optional[int] = ..., clip: _Optional[float] = ..., per_coordinate: bool = ..., norms: _Optional[int] = ..., noise: _Optional[_Union[Noise, _Mapping]] = ...) -> None: ...

class GradOp(_message.Message):
    __slots__ = ["at", "batch", "freeze_stats", "normalize_logits", "objective", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    FREEZE_STATS_FIELD_NUMBER: _ClassVar[int]
    NORMALIZE_LOGITS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    freeze_stats: bool
    normalize_logits: bool
    objective: Objective
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., out: _Optional[int] = ..., freeze_stats: bool = ..., normalize_logits: bool = ..., objective: _Optional[_Union[Objective, str]] = ...) -> None: ...

class GradSquaredOp(_message.Message):
    __slots__ = ["at", "batch", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., out: _Optional[int] = ...) -> None: ...

class HVPOp(_message.Message):
    __slots__ = ["at", "batch", "dir", "normalize_logits", "objective", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    DIR_FIELD_NUMBER: _ClassVar[int]
    NORMALIZE_LOGITS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    dir: int
    normalize_logits: bool
    objective: Objective
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., dir: _Optional[int] = ..., out: _Optional[int] = ..., normalize_logits: bool = ..., objective: _Optional[_Union[Objective, str]] = ...) -> None: ...

class HostMessage(_message.Message):
    __slots__ = ["processor", "reply", "start", "stop"]
    PROCESSOR_FIELD_NUMBER: _ClassVar[int]
    REPLY_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    processor: int
    reply: Reply
    start: Start
    stop: Stop
    def __init__(self, start: _Optional[_Union[Start, _Mapping]] = ..., reply: _Optional[_Union[Reply, _Mapping]] = ..., stop: _Optional[_Union[Stop, _Mapping]] = ..., processor: _Optional[int] = ...) -> None: ...

class InputGradOp(_message.Message):
    __slots__ = ["at", "batch", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., out: _Optional[int] = ...) -> None: ...

class InputsOp(_message.Message):
    __slots__ = ["batch", "out"]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    batch: Batch
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., out: _Optional[int] = ...) -> None: ...

class Log(_message.Message):
    __slots__ = ["level", "message", "scalars"]
    class ScalarsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    SCALARS_FIELD_NUMBER: _ClassVar[int]
    level: str
    message: str
    scalars: _containers.ScalarMap[str, float]
    def __init__(self, level: _Optional[str] = ..., message: _Optional[str] = ..., scalars: _Optional[_Mapping[str, float]] = ...) -> None: ...

class LossOp(_message.Message):
    __slots__ = ["at", "batch", "each", "normalize_logits", "objective"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    EACH_FIELD_NUMBER: _ClassVar[int]
    NORMALIZE_LOGITS_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    each: int
    normalize_logits: bool
    objective: Objective
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., normalize_logits: bool = ..., objective: _Optional[_Union[Objective, str]] = ..., each: _Optional[int] = ...) -> None: ...

class MetricValue(_message.Message):
    __slots__ = ["name", "reason", "std_err", "value", "warnings"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    STD_ERR_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    std_err: float
    value: float
    warnings: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., value: _Optional[float] = ..., reason: _Optional[str] = ..., std_err: _Optional[float] = ..., warnings: _Optional[_Iterable[str]] = ...) -> None: ...

class Noise(_message.Message):
    __slots__ = ["index", "std", "stream"]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    STD_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    index: int
    std: float
    stream: str
    def __init__(self, stream: _Optional[str] = ..., index: _Optional[int] = ..., std: _Optional[float] = ...) -> None: ...

class NormalOp(_message.Message):
    __slots__ = ["index", "out", "std", "stream"]
    INDEX_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    STD_FIELD_NUMBER: _ClassVar[int]
    STREAM_FIELD_NUMBER: _ClassVar[int]
    index: int
    out: int
    std: float
    stream: str
    def __init__(self, stream: _Optional[str] = ..., index: _Optional[int] = ..., out: _Optional[int] = ..., std: _Optional[float] = ...) -> None: ...

class Op(_message.Message):
    __slots__ = ["activations", "commit", "grad", "grad_clipped", "grad_squared", "hvp", "input_grad", "inputs", "loss", "normal", "output_grad", "outputs", "vjp"]
    class Name(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    ACTIVATIONS_FIELD_NUMBER: _ClassVar[int]
    COMMIT_FIELD_NUMBER: _ClassVar[int]
    GRAD_CLIPPED_FIELD_NUMBER: _ClassVar[int]
    GRAD_FIELD_NUMBER: _ClassVar[int]
    GRAD_SQUARED_FIELD_NUMBER: _ClassVar[int]
    HVP_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    INPUT_GRAD_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    NAME_ACTIVATIONS: Op.Name
    NAME_COMMIT: Op.Name
    NAME_GRAD: Op.Name
    NAME_GRAD_CLIPPED: Op.Name
    NAME_GRAD_SQUARED: Op.Name
    NAME_HVP: Op.Name
    NAME_INPUTS: Op.Name
    NAME_INPUT_GRAD: Op.Name
    NAME_LOSS: Op.Name
    NAME_NORMAL: Op.Name
    NAME_OUTPUTS: Op.Name
    NAME_OUTPUT_GRAD: Op.Name
    NAME_UNSPECIFIED: Op.Name
    NAME_VJP: Op.Name
    NORMAL_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_GRAD_FIELD_NUMBER: _ClassVar[int]
    VJP_FIELD_NUMBER: _ClassVar[int]
    activations: ActivationsOp
    commit: CommitOp
    grad: GradOp
    grad_clipped: GradClippedOp
    grad_squared: GradSquaredOp
    hvp: HVPOp
    input_grad: InputGradOp
    inputs: InputsOp
    loss: LossOp
    normal: NormalOp
    output_grad: OutputGradOp
    outputs: OutputsOp
    vjp: VJPOp
    def __init__(self, loss: _Optional[_Union[LossOp, _Mapping]] = ..., grad: _Optional[_Union[GradOp, _Mapping]] = ..., grad_clipped: _Optional[_Union[GradClippedOp, _Mapping]] = ..., hvp: _Optional[_Union[HVPOp, _Mapping]] = ..., outputs: _Optional[_Union[OutputsOp, _Mapping]] = ..., vjp: _Optional[_Union[VJPOp, _Mapping]] = ..., normal: _Optional[_Union[NormalOp, _Mapping]] = ..., commit: _Optional[_Union[CommitOp, _Mapping]] = ..., grad_squared: _Optional[_Union[GradSquaredOp, _Mapping]] = ..., input_grad: _Optional[_Union[InputGradOp, _Mapping]] = ..., activations: _Optional[_Union[ActivationsOp, _Mapping]] = ..., output_grad: _Optional[_Union[OutputGradOp, _Mapping]] = ..., inputs: _Optional[_Union[InputsOp, _Mapping]] = ...) -> None: ...

class OutputGradOp(_message.Message):
    __slots__ = ["at", "batch", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., out: _Optional[int] = ...) -> None: ...

class OutputsOp(_message.Message):
    __slots__ = ["at", "batch", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., out: _Optional[int] = ...) -> None: ...

class Param(_message.Message):
    __slots__ = ["choices", "default", "help", "max", "max_open", "min", "min_open", "name", "scale", "type"]
    class Scale(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    class Type(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    CHOICES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_FIELD_NUMBER: _ClassVar[int]
    HELP_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    MAX_OPEN_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MIN_OPEN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    SCALE_LINEAR: Param.Scale
    SCALE_LOG: Param.Scale
    SCALE_UNSPECIFIED: Param.Scale
    TYPE_BOOL: Param.Type
    TYPE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FLOAT: Param.Type
    TYPE_INT: Param.Type
    TYPE_STRING: Param.Type
    TYPE_UNSPECIFIED: Param.Type
    choices: _containers.RepeatedScalarFieldContainer[str]
    default: Value
    help: str
    max: float
    max_open: bool
    min: float
    min_open: bool
    name: str
    scale: Param.Scale
    type: Param.Type
    def __init__(self, name: _Optional[str] = ..., type: _Optional[_Union[Param.Type, str]] = ..., default: _Optional[_Union[Value, _Mapping]] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., min_open: bool = ..., max_open: bool = ..., choices: _Optional[_Iterable[str]] = ..., scale: _Optional[_Union[Param.Scale, str]] = ..., help: _Optional[str] = ...) -> None: ...

class Peer(_message.Message):
    __slots__ = ["dim", "seed", "step", "tensors"]
    DIM_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    dim: int
    seed: int
    step: int
    tensors: _containers.RepeatedCompositeFieldContainer[Tensor]
    def __init__(self, dim: _Optional[int] = ..., tensors: _Optional[_Iterable[_Union[Tensor, _Mapping]]] = ..., seed: _Optional[int] = ..., step: _Optional[int] = ...) -> None: ...

class Peers(_message.Message):
    __slots__ = ["kind", "max"]
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    KIND_FIELD_NUMBER: _ClassVar[int]
    KIND_MOMENTS: Peers.Kind
    KIND_SEEDS: Peers.Kind
    KIND_UNSPECIFIED: Peers.Kind
    KIND_WIDTHS: Peers.Kind
    MAX_FIELD_NUMBER: _ClassVar[int]
    kind: Peers.Kind
    max: int
    def __init__(self, kind: _Optional[_Union[Peers.Kind, str]] = ..., max: _Optional[int] = ...) -> None: ...

class PluginMessage(_message.Message):
    __slots__ = ["direct", "done", "log", "request"]
    DIRECT_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    LOG_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    direct: Direct
    done: Done
    log: Log
    request: Request
    def __init__(self, request: _Optional[_Union[Request, _Mapping]] = ..., log: _Optional[_Union[Log, _Mapping]] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., direct: _Optional[_Union[Direct, _Mapping]] = ...) -> None: ...

class Privacy(_message.Message):
    __slots__ = ["clip", "delta", "epsilon", "releases", "sigma"]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    DELTA_FIELD_NUMBER: _ClassVar[int]
    EPSILON_FIELD_NUMBER: _ClassVar[int]
    RELEASES_FIELD_NUMBER: _ClassVar[int]
    SIGMA_FIELD_NUMBER: _ClassVar[int]
    clip: str
    delta: str
    epsilon: str
    releases: int
    sigma: str
    def __init__(self, epsilon: _Optional[str] = ..., delta: _Optional[str] = ..., sigma: _Optional[str] = ..., clip: _Optional[str] = ..., releases: _Optional[int] = ...) -> None: ...

class Problem(_message.Message):
    __slots__ = ["auxiliary", "batch_size", "classes", "dim", "examples", "input_len", "input_mean", "input_std", "peers", "probe_batch_size", "probe_batches", "steps", "steps_per_epoch", "tensors"]
    AUXILIARY_FIELD_NUMBER: _ClassVar[int]
    BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    CLASSES_FIELD_NUMBER: _ClassVar[int]
    DIM_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    INPUT_LEN_FIELD_NUMBER: _ClassVar[int]
    INPUT_MEAN_FIELD_NUMBER: _ClassVar[int]
    INPUT_STD_FIELD_NUMBER: _ClassVar[int]
    PEERS_FIELD_NUMBER: _ClassVar[int]
    PROBE_BATCHES_FIELD_NUMBER: _ClassVar[int]
    PROBE_BATCH_SIZE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    STEPS_PER_EPOCH_FIELD_NUMBER: _ClassVar[int]
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    auxiliary: bool
    batch_size: int
    classes: int
    dim: int
    examples: int
    input_len: int
    input_mean: _containers.RepeatedScalarFieldContainer[float]
    input_std: _containers.RepeatedScalarFieldContainer[float]
    peers: _containers.RepeatedCompositeFieldContainer[Peer]
    probe_batch_size: int
    probe_batches: int
    steps: int
    steps_per_epoch: int
    tensors: _containers.RepeatedCompositeFieldContainer[Tensor]
    def __init__(self, dim: _Optional[int] = ..., tensors: _Optional[_Iterable[_Union[Tensor, _Mapping]]] = ..., classes: _Optional[int] = ..., examples: _Optional[int] = ..., batch_size: _Optional[int] = ..., steps: _Optional[int] = ..., steps_per_epoch: _Optional[int] = ..., probe_batches: _Optional[int] = ..., probe_batch_size: _Optional[int] = ..., input_len: _Optional[int] = ..., auxiliary: bool = ..., peers: _Optional[_Iterable[_Union[Peer, _Mapping]]] = ..., input_mean: _Optional[_Iterable[float]] = ..., input_std: _Optional[_Iterable[float]] = ...) -> None: ...

class Range(_message.Message):
    __slots__ = ["to"]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    to: int
    def __init__(self, to: _Optional[int] = ..., **kwargs) -> None: ...

class Reply(_message.Message):
    __slots__ = ["error", "id", "results"]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    error: Error
    id: int
    results: _containers.RepeatedCompositeFieldContainer[Result]
    def __init__(self, id: _Optional[int] = ..., results: _Optional[_Iterable[_Union[Result, _Mapping]]] = ..., error: _Optional[_Union[Error, _Mapping]] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ["id", "ops"]
    ID_FIELD_NUMBER: _ClassVar[int]
    OPS_FIELD_NUMBER: _ClassVar[int]
    id: int
    ops: _containers.RepeatedCompositeFieldContainer[Op]
    def __init__(self, id: _Optional[int] = ..., ops: _Optional[_Iterable[_Union[Op, _Mapping]]] = ...) -> None: ...

class Result(_message.Message):
    __slots__ = ["errors", "examples", "g", "loss", "lr_scale", "scalars", "stop"]
    class ScalarsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    ERRORS_FIELD_NUMBER: _ClassVar[int]
    EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    G_FIELD_NUMBER: _ClassVar[int]
    LOSS_FIELD_NUMBER: _ClassVar[int]
    LR_SCALE_FIELD_NUMBER: _ClassVar[int]
    SCALARS_FIELD_NUMBER: _ClassVar[int]
    STOP_FIELD_NUMBER: _ClassVar[int]
    errors: int
    examples: int
    g: float
    loss: float
    lr_scale: float
    scalars: _containers.ScalarMap[str, float]
    stop: StopReason
    def __init__(self, loss: _Optional[float] = ..., examples: _Optional[int] = ..., scalars: _Optional[_Mapping[str, float]] = ..., g: _Optional[float] = ..., stop: _Optional[_Union[StopReason, str]] = ..., lr_scale: _Optional[float] = ..., errors: _Optional[int] = ...) -> None: ...

class Slot(_message.Message):
    __slots__ = ["len", "name", "offset"]
    LEN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    len: int
    name: str
    offset: int
    def __init__(self, name: _Optional[str] = ..., offset: _Optional[int] = ..., len: _Optional[int] = ...) -> None: ...

class SlotRequest(_message.Message):
    __slots__ = ["len", "name", "scratch"]
    LEN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCRATCH_FIELD_NUMBER: _ClassVar[int]
    len: int
    name: str
    scratch: bool
    def __init__(self, name: _Optional[str] = ..., len: _Optional[int] = ..., scratch: bool = ...) -> None: ...

class Start(_message.Message):
    __slots__ = ["arena", "blob", "direct", "lr_scale", "params", "problem", "run_id", "seed", "step", "training"]
    class ParamsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    ARENA_FIELD_NUMBER: _ClassVar[int]
    BLOB_FIELD_NUMBER: _ClassVar[int]
    DIRECT_FIELD_NUMBER: _ClassVar[int]
    LR_SCALE_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    RUN_ID_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    arena: Arena
    blob: bytes
    direct: Direct
    lr_scale: float
    params: _containers.MessageMap[str, Value]
    problem: Problem
    run_id: str
    seed: int
    step: int
    training: Training
    def __init__(self, run_id: _Optional[str] = ..., problem: _Optional[_Union[Problem, _Mapping]] = ..., params: _Optional[_Mapping[str, Value]] = ..., seed: _Optional[int] = ..., arena: _Optional[_Union[Arena, _Mapping]] = ..., step: _Optional[int] = ..., blob: _Optional[bytes] = ..., lr_scale: _Optional[float] = ..., training: _Optional[_Union[Training, _Mapping]] = ..., direct: _Optional[_Union[Direct, _Mapping]] = ...) -> None: ...

class Stop(_message.Message):
    __slots__ = ["reason"]
    REASON_FIELD_NUMBER: _ClassVar[int]
    reason: StopReason
    def __init__(self, reason: _Optional[_Union[StopReason, str]] = ...) -> None: ...

class Table(_message.Message):
    __slots__ = ["columns", "name"]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    columns: _containers.RepeatedCompositeFieldContainer[Column]
    name: str
    def __init__(self, name: _Optional[str] = ..., columns: _Optional[_Iterable[_Union[Column, _Mapping]]] = ...) -> None: ...

class Tensor(_message.Message):
    __slots__ = ["activation_len", "adam_rate", "fan_in", "kind", "layer", "name", "offset", "prunable", "sgd_rate", "shape"]
    ACTIVATION_LEN_FIELD_NUMBER: _ClassVar[int]
    ADAM_RATE_FIELD_NUMBER: _ClassVar[int]
    FAN_IN_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    LAYER_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    PRUNABLE_FIELD_NUMBER: _ClassVar[int]
    SGD_RATE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    activation_len: int
    adam_rate: float
    fan_in: int
    kind: str
    layer: int
    name: str
    offset: int
    prunable: bool
    sgd_rate: float
    shape: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, name: _Optional[str] = ..., kind: _Optional[str] = ..., layer: _Optional[int] = ..., shape: _Optional[_Iterable[int]] = ..., offset: _Optional[int] = ..., fan_in: _Optional[int] = ..., prunable: bool = ..., activation_len: _Optional[int] = ..., sgd_rate: _Optional[float] = ..., adam_rate: _Optional[float] = ...) -> None: ...

class Training(_message.Message):
    __slots__ = ["lr_scale", "optimizer", "params"]
    class ParamsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    LR_SCALE_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    lr_scale: float
    optimizer: str
    params: _containers.MessageMap[str, Value]
    def __init__(self, optimizer: _Optional[str] = ..., params: _Optional[_Mapping[str, Value]] = ..., lr_scale: _Optional[float] = ...) -> None: ...

class VJPOp(_message.Message):
    __slots__ = ["at", "batch", "cotangent", "freeze_stats", "out"]
    AT_FIELD_NUMBER: _ClassVar[int]
    BATCH_FIELD_NUMBER: _ClassVar[int]
    COTANGENT_FIELD_NUMBER: _ClassVar[int]
    FREEZE_STATS_FIELD_NUMBER: _ClassVar[int]
    OUT_FIELD_NUMBER: _ClassVar[int]
    at: int
    batch: Batch
    cotangent: int
    freeze_stats: bool
    out: int
    def __init__(self, batch: _Optional[_Union[Batch, _Mapping]] = ..., at: _Optional[int] = ..., cotangent: _Optional[int] = ..., out: _Optional[int] = ..., freeze_stats: bool = ...) -> None: ...

class ValidateRequest(_message.Message):
    __slots__ = ["params", "problem"]
    class ParamsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Value, _Mapping]] = ...) -> None: ...
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    params: _containers.MessageMap[str, Value]
    problem: Problem
    def __init__(self, problem: _Optional[_Union[Problem, _Mapping]] = ..., params: _Optional[_Mapping[str, Value]] = ...) -> None: ...

class ValidateResponse(_message.Message):
    __slots__ = ["diagnostics", "slots"]
    DIAGNOSTICS_FIELD_NUMBER: _ClassVar[int]
    SLOTS_FIELD_NUMBER: _ClassVar[int]
    diagnostics: _containers.RepeatedCompositeFieldContainer[Diagnostic]
    slots: _containers.RepeatedCompositeFieldContainer[SlotRequest]
    def __init__(self, diagnostics: _Optional[_Iterable[_Union[Diagnostic, _Mapping]]] = ..., slots: _Optional[_Iterable[_Union[SlotRequest, _Mapping]]] = ...) -> None: ...

class Value(_message.Message):
    __slots__ = ["boolean", "integer", "number", "text"]
    BOOLEAN_FIELD_NUMBER: _ClassVar[int]
    INTEGER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    boolean: bool
    integer: int
    number: float
    text: str
    def __init__(self, number: _Optional[float] = ..., integer: _Optional[int] = ..., boolean: bool = ..., text: _Optional[str] = ...) -> None: ...

class ValueInfo(_message.Message):
    __slots__ = ["better", "help", "name", "unit"]
    class Better(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    BETTER_FIELD_NUMBER: _ClassVar[int]
    BETTER_HIGHER: ValueInfo.Better
    BETTER_LOWER: ValueInfo.Better
    BETTER_NONE: ValueInfo.Better
    BETTER_UNSPECIFIED: ValueInfo.Better
    HELP_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    better: ValueInfo.Better
    help: str
    name: str
    unit: str
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., better: _Optional[_Union[ValueInfo.Better, str]] = ..., help: _Optional[str] = ...) -> None: ...

class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class StopReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

class Objective(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = []

// bench.v1: how the bench host and a plugin program talk.
//
// A plugin is a program that holds one optimizer or one sharpness metric. The host starts it, describes a problem to
// it, and then answers its requests; the plugin drives. This file and the comments in it are the whole contract: an SDK
// in any language can be written from it.
//
// # Start-up
//
// The framing is that of HashiCorp's go-plugin with gRPC. The host starts the program in a private working directory
// that is removed afterwards, with empty standard input, in a process group of its own, and with these variables in an
// otherwise nearly empty environment (PATH, HOME, LANG, TMPDIR, GOMAXPROCS=1, OMP_NUM_THREADS=1):
//
//   BENCH_PLUGIN               the cookie, "c1f9b3a0-sharpbench-plugin". A program started without it was started by a
//                              person: print a sentence that says so and exit with status 1.
//   PLUGIN_PROTOCOL_VERSIONS   comma-separated major versions the host speaks. This file is version 1. Answer with the
//                              highest one that both sides know, or, when there is none, with the lowest one of your
//                              own: the host then names both in its error.
//   PLUGIN_UNIX_SOCKET_DIR     an empty directory, mode 0700, where the socket must be made. Its path is short enough
//                              for a socket name of 20 bytes.
//   PLUGIN_CLIENT_CERT         set unless the plugin's manifest says mtls = false: the host's one-time certificate
//                              (PEM, ECDSA on P-256). Serve TLS with a one-time certificate of your own for the name
//                              localhost, require exactly this client certificate, and send yours in the handshake
//                              line; use P-256 as well, not every TLS library takes others. Unset: serve plain text.
//
// The plugin listens on a unix socket, then prints one line to standard output and flushes it:
//
//   1|VERSION|unix|PATH|grpc            or, with TLS,
//   1|VERSION|unix|PATH|grpc|CERT       CERT: the DER of the plugin's certificate in unpadded base64
//
// Nothing may be printed before it. Afterwards whatever is printed to standard output or standard error is kept in the
// log of the trial, 16 MiB of it.
//
// The gRPC server offers the service Plugin and one of Optimizer and Metric, and also
//   grpc.health.v1.Health/Check with SERVING for the service "plugin", and
//   plugin.GRPCController/Shutdown (empty message in, empty message out), which ends the program. It is called when
//   the host is done; a program that is still there half a second later is killed, with its process group.
// Raise the receive limit of the server to at least 64 MiB: a Start may be larger than the usual 4 MiB.
//
// The program ends by itself when the stream of the session ends, whatever ends it, and when the last connection of
// the host is gone: nobody else ends it after the host was killed. Interrupts (SIGINT) never reach it.
//
// # Vectors: the arena
//
// Parameters, gradients and state never travel in messages. File descriptor 3 of the plugin is a file to be mapped
// shared, readable and writable, once Start has arrived (before that it may still be empty). Start.arena lists its
// slots. A slot is an array of float32, little-endian, whose offset is a multiple of 64; no two slots share a page. The bytes
// between the end of a slot and the next one, at least four, are guard words: writing them is an error that ends the session.
// The file never changes its size after Start.
//
//   slot 0  params   the parameters. At Start: those to begin with. Written by optimizers, never by metrics.
//   slot 1  grad     same length, scratch. For gradients, or anything else.
//   slot 2… as ValidateResponse.slots asked, in that order. For metrics these are preceded by the slots init (the
//           parameters before training) and update (the last committed step), where the host has them, and by peer1,
//           peer2, … (the parameters of Problem.peers) and peer1.update, … (their last committed steps, where the host
//           has them); a metric never writes those.
//
// Who may touch it: the two messages Request and Reply hand the arena over. From sending a Request to receiving its
// Reply it is the host's; the plugin neither reads nor writes any slot then. Otherwise it is the plugin's. During its
// turn the host writes only the slots that the ops name as out.
//
// At Start of a new run slots hold 0, scratch slots NaN. At Start of a resumed run all slots that are not scratch hold
// what they held in the Commit of step Start.step, and so does params.
//
// # A session
//
// The host opens Optimizer.Run or Metric.Measure; there is one session in the life of a process. The host sends
// Start. Then the turns are strict: the plugin sends a Request, the host answers with the Reply of the same id, and
// so on, until the plugin sends Done and the host closes the stream. At most one Request is in flight. Ids begin
// anywhere above 0 and increase. Log may be sent whenever it is the plugin's turn.
//
// Stop may arrive at any time. A Request in flight then gets no Reply: Stop takes its place, and may arrive a second
// time. After Stop, or after a Result that carries stop, the plugin sends Done within 2 seconds, and no more Requests.
//
// A plugin whose turn lasts longer than the turn timeout (60 seconds unless the suite says otherwise) without a
// message is taken for hung and killed. Log counts as a message.
//
// Ops of a Request are executed in order. The first one that fails ends the list; Reply.error says which, and
// Reply.results has the results of those before it. A Commit whose result carries stop ends the list as well, without
// an error: the ops after it are not executed and have no results. [Commit, Grad] in one list makes SGD one round trip
// a step.
//
// Errors are replies: the session goes on, and the plugin decides. What ends the session at once: ids that do not
// increase, a Request without ops, any message while a Request is being answered, two Requests after stop, damaged
// guard words, slots of a metric that are read-only and were written, and a message of more than 4 MiB or that cannot
// be parsed.
//
// # The direct socket
//
// A message on a gRPC stream passes through several threads of both programs, which costs more than a short step should.
// On Linux the host therefore offers a second way for the messages of a session: file descriptor Start.direct.fd of the
// plugin is a connected unix socket of the type SOCK_SEQPACKET, of which one packet is one message. A plugin need not use
// it; without the steps below everything stays on the stream.
//
//   - To accept, the plugin sends PluginMessage.direct on the stream, once, before anything else. From then on the messages
//     of both sides travel on the socket, in their order, while the stream stays open and silent. Whatever the host sent on
//     the stream before it saw the acceptance is ignored; a Stop that was among it comes again on the socket.
//   - The first byte of a packet says what it is. 1: the rest is a serialised HostMessage or PluginMessage. 2: the next
//     message is on the stream; so travel those that are longer than a packet may be (Start.direct.max bytes with the first
//     one). Packets that begin otherwise are ignored.
//   - When the socket is at its end the other side is gone. So it is when the stream ends: the host ends a session by
//     closing the stream and expects no answer. A plugin must not keep the socket open in processes that it starts.
//   - HostMessage.processor, when it is not 0, is 1 + the number of the processor on which the host waits for the answer. A
//     plugin whose loop is one thread binds that thread to it (sched_setaffinity), or, when it is 0, to no processor any
//     more: the parameters and the gradient are in the caches of that processor, and one that sleeps need not be woken. The
//     host names a processor only while the turns of the plugin are short. It is a hint.
//
// # Evolution
//
// Both sides ignore what they do not know: fields, values of enums, and whole HostMessages and PluginMessages of which
// no member is known. Only ops are different, as ignoring a part of the question would answer another one: an op or batch
// with an unknown field is answered with the code UNSUPPORTED. New ops are new members of Op; a plugin lists those it
// cannot do without in DescribeResponse.needs, so that a host can refuse it before a run. The major version changes
// only when a rule above changes. See CHANGES.md.

// Code generated by protoc-gen-go. DO NOT EDIT.
// versions:
// 	protoc-gen-go v1.36.12
// 	protoc        v3.21.12
// source: bench/v1/bench.proto

package benchv1

import (
	protoreflect "google.golang.org/protobuf/reflect/protoreflect"
	protoimpl "google.golang.org/protobuf/runtime/protoimpl"
	reflect "reflect"
	sync "sync"
	unsafe "unsafe"
)

const (
	// Verify that this generated code is sufficiently up-to-date.
	_ = protoimpl.EnforceVersion(20 - protoimpl.MinVersion)
	// Verify that runtime/protoimpl is sufficiently up-to-date.
	_ = protoimpl.EnforceVersion(protoimpl.MaxVersion - 20)
)

type Kind int32

const (
	Kind_KIND_UNSPECIFIED Kind = 0
	Kind_KIND_OPTIMIZER   Kind = 1
	Kind_KIND_METRIC      Kind = 2
)

// Enum value maps for Kind.
var (
	Kind_name = map[int32]string{
		0: "KIND_UNSPECIFIED",
		1: "KIND_OPTIMIZER",
		2: "KIND_METRIC",
	}
	Kind_value = map[string]int32{
		"KIND_UNSPECIFIED": 0,
		"KIND_OPTIMIZER":   1,
		"KIND_METRIC":      2,
	}
)

func (x Kind) Enum() *Kind {
	p := new(Kind)
	*p = x
	return p
}

func (x Kind) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Kind) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[0].Descriptor()
}

func (Kind) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[0]
}

func (x Kind) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Kind.Descriptor instead.
func (Kind) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{0}
}

type StopReason int32

const (
	StopReason_STOP_REASON_UNSPECIFIED StopReason = 0 // in a Result: go on
	StopReason_STOP_REASON_STEPS       StopReason = 1 // all steps are done
	StopReason_STOP_REASON_BUDGET      StopReason = 2 // the budget in G is used up
	StopReason_STOP_REASON_TIME        StopReason = 3
	StopReason_STOP_REASON_TARGET      StopReason = 4 // the target was reached
	StopReason_STOP_REASON_CANCELED    StopReason = 5
)

// Enum value maps for StopReason.
var (
	StopReason_name = map[int32]string{
		0: "STOP_REASON_UNSPECIFIED",
		1: "STOP_REASON_STEPS",
		2: "STOP_REASON_BUDGET",
		3: "STOP_REASON_TIME",
		4: "STOP_REASON_TARGET",
		5: "STOP_REASON_CANCELED",
	}
	StopReason_value = map[string]int32{
		"STOP_REASON_UNSPECIFIED": 0,
		"STOP_REASON_STEPS":       1,
		"STOP_REASON_BUDGET":      2,
		"STOP_REASON_TIME":        3,
		"STOP_REASON_TARGET":      4,
		"STOP_REASON_CANCELED":    5,
	}
)

func (x StopReason) Enum() *StopReason {
	p := new(StopReason)
	*p = x
	return p
}

func (x StopReason) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (StopReason) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[1].Descriptor()
}

func (StopReason) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[1]
}

func (x StopReason) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use StopReason.Descriptor instead.
func (StopReason) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{1}
}

type Objective int32

const (
	Objective_OBJECTIVE_UNSPECIFIED Objective = 0 // main
	Objective_OBJECTIVE_MAIN        Objective = 1 // the workload's loss
	Objective_OBJECTIVE_AUX         Objective = 2 // its auxiliary loss, where it has one
)

// Enum value maps for Objective.
var (
	Objective_name = map[int32]string{
		0: "OBJECTIVE_UNSPECIFIED",
		1: "OBJECTIVE_MAIN",
		2: "OBJECTIVE_AUX",
	}
	Objective_value = map[string]int32{
		"OBJECTIVE_UNSPECIFIED": 0,
		"OBJECTIVE_MAIN":        1,
		"OBJECTIVE_AUX":         2,
	}
)

func (x Objective) Enum() *Objective {
	p := new(Objective)
	*p = x
	return p
}

func (x Objective) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Objective) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[2].Descriptor()
}

func (Objective) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[2]
}

func (x Objective) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Objective.Descriptor instead.
func (Objective) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{2}
}

type Peers_Kind int32

const (
	Peers_KIND_UNSPECIFIED Peers_Kind = 0 // none
	// The same configuration trained from the next seeds of the suite, in its order, after the last the first again.
	Peers_KIND_SEEDS Peers_Kind = 1
	// The same optimizer, hyperparameters and seed on the workloads of the suite that differ from this one in nothing but
	// the widths of the model, in the order of the suite.
	Peers_KIND_WIDTHS Peers_Kind = 2
	// The same training at the moments before this one at which the metric is taken, the latest first.
	Peers_KIND_MOMENTS Peers_Kind = 3
)

// Enum value maps for Peers_Kind.
var (
	Peers_Kind_name = map[int32]string{
		0: "KIND_UNSPECIFIED",
		1: "KIND_SEEDS",
		2: "KIND_WIDTHS",
		3: "KIND_MOMENTS",
	}
	Peers_Kind_value = map[string]int32{
		"KIND_UNSPECIFIED": 0,
		"KIND_SEEDS":       1,
		"KIND_WIDTHS":      2,
		"KIND_MOMENTS":     3,
	}
)

func (x Peers_Kind) Enum() *Peers_Kind {
	p := new(Peers_Kind)
	*p = x
	return p
}

func (x Peers_Kind) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Peers_Kind) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[3].Descriptor()
}

func (Peers_Kind) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[3]
}

func (x Peers_Kind) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Peers_Kind.Descriptor instead.
func (Peers_Kind) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{2, 0}
}

type Param_Type int32

const (
	Param_TYPE_UNSPECIFIED Param_Type = 0
	Param_TYPE_FLOAT       Param_Type = 1
	Param_TYPE_INT         Param_Type = 2
	Param_TYPE_BOOL        Param_Type = 3
	Param_TYPE_STRING      Param_Type = 4
)

// Enum value maps for Param_Type.
var (
	Param_Type_name = map[int32]string{
		0: "TYPE_UNSPECIFIED",
		1: "TYPE_FLOAT",
		2: "TYPE_INT",
		3: "TYPE_BOOL",
		4: "TYPE_STRING",
	}
	Param_Type_value = map[string]int32{
		"TYPE_UNSPECIFIED": 0,
		"TYPE_FLOAT":       1,
		"TYPE_INT":         2,
		"TYPE_BOOL":        3,
		"TYPE_STRING":      4,
	}
)

func (x Param_Type) Enum() *Param_Type {
	p := new(Param_Type)
	*p = x
	return p
}

func (x Param_Type) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Param_Type) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[4].Descriptor()
}

func (Param_Type) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[4]
}

func (x Param_Type) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Param_Type.Descriptor instead.
func (Param_Type) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{4, 0}
}

// How to space the values of a grid.
type Param_Scale int32

const (
	Param_SCALE_UNSPECIFIED Param_Scale = 0
	Param_SCALE_LINEAR      Param_Scale = 1
	Param_SCALE_LOG         Param_Scale = 2
)

// Enum value maps for Param_Scale.
var (
	Param_Scale_name = map[int32]string{
		0: "SCALE_UNSPECIFIED",
		1: "SCALE_LINEAR",
		2: "SCALE_LOG",
	}
	Param_Scale_value = map[string]int32{
		"SCALE_UNSPECIFIED": 0,
		"SCALE_LINEAR":      1,
		"SCALE_LOG":         2,
	}
)

func (x Param_Scale) Enum() *Param_Scale {
	p := new(Param_Scale)
	*p = x
	return p
}

func (x Param_Scale) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Param_Scale) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[5].Descriptor()
}

func (Param_Scale) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[5]
}

func (x Param_Scale) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Param_Scale.Descriptor instead.
func (Param_Scale) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{4, 1}
}

type ValueInfo_Better int32

const (
	ValueInfo_BETTER_UNSPECIFIED ValueInfo_Better = 0
	ValueInfo_BETTER_LOWER       ValueInfo_Better = 1
	ValueInfo_BETTER_HIGHER      ValueInfo_Better = 2
	ValueInfo_BETTER_NONE        ValueInfo_Better = 3
)

// Enum value maps for ValueInfo_Better.
var (
	ValueInfo_Better_name = map[int32]string{
		0: "BETTER_UNSPECIFIED",
		1: "BETTER_LOWER",
		2: "BETTER_HIGHER",
		3: "BETTER_NONE",
	}
	ValueInfo_Better_value = map[string]int32{
		"BETTER_UNSPECIFIED": 0,
		"BETTER_LOWER":       1,
		"BETTER_HIGHER":      2,
		"BETTER_NONE":        3,
	}
)

func (x ValueInfo_Better) Enum() *ValueInfo_Better {
	p := new(ValueInfo_Better)
	*p = x
	return p
}

func (x ValueInfo_Better) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (ValueInfo_Better) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[6].Descriptor()
}

func (ValueInfo_Better) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[6]
}

func (x ValueInfo_Better) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use ValueInfo_Better.Descriptor instead.
func (ValueInfo_Better) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{7, 0}
}

// The ops by name, for DescribeResponse.needs. The numbers are those of the oneof.
type Op_Name int32

const (
	Op_NAME_UNSPECIFIED  Op_Name = 0
	Op_NAME_LOSS         Op_Name = 1
	Op_NAME_GRAD         Op_Name = 2
	Op_NAME_GRAD_CLIPPED Op_Name = 3
	Op_NAME_HVP          Op_Name = 4
	Op_NAME_OUTPUTS      Op_Name = 5
	Op_NAME_VJP          Op_Name = 6
	Op_NAME_NORMAL       Op_Name = 7
	Op_NAME_COMMIT       Op_Name = 8
	Op_NAME_GRAD_SQUARED Op_Name = 9
	Op_NAME_INPUT_GRAD   Op_Name = 10
	Op_NAME_ACTIVATIONS  Op_Name = 11
	Op_NAME_OUTPUT_GRAD  Op_Name = 12
	Op_NAME_INPUTS       Op_Name = 13
)

// Enum value maps for Op_Name.
var (
	Op_Name_name = map[int32]string{
		0:  "NAME_UNSPECIFIED",
		1:  "NAME_LOSS",
		2:  "NAME_GRAD",
		3:  "NAME_GRAD_CLIPPED",
		4:  "NAME_HVP",
		5:  "NAME_OUTPUTS",
		6:  "NAME_VJP",
		7:  "NAME_NORMAL",
		8:  "NAME_COMMIT",
		9:  "NAME_GRAD_SQUARED",
		10: "NAME_INPUT_GRAD",
		11: "NAME_ACTIVATIONS",
		12: "NAME_OUTPUT_GRAD",
		13: "NAME_INPUTS",
	}
	Op_Name_value = map[string]int32{
		"NAME_UNSPECIFIED":  0,
		"NAME_LOSS":         1,
		"NAME_GRAD":         2,
		"NAME_GRAD_CLIPPED": 3,
		"NAME_HVP":          4,
		"NAME_OUTPUTS":      5,
		"NAME_VJP":          6,
		"NAME_NORMAL":       7,
		"NAME_COMMIT":       8,
		"NAME_GRAD_SQUARED": 9,
		"NAME_INPUT_GRAD":   10,
		"NAME_ACTIVATIONS":  11,
		"NAME_OUTPUT_GRAD":  12,
		"NAME_INPUTS":       13,
	}
)

func (x Op_Name) Enum() *Op_Name {
	p := new(Op_Name)
	*p = x
	return p
}

func (x Op_Name) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Op_Name) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[7].Descriptor()
}

func (Op_Name) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[7]
}

func (x Op_Name) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Op_Name.Descriptor instead.
func (Op_Name) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{25, 0}
}

type Error_Code int32

const (
	Error_CODE_UNSPECIFIED Error_Code = 0
	Error_CODE_BAD_REQUEST Error_Code = 1
	Error_CODE_BAD_SLOT    Error_Code = 2 // no such slot, wrong length, forbidden to write, or in and out the same
	Error_CODE_BUDGET      Error_Code = 3 // the op would cost more than is left
	Error_CODE_NON_FINITE  Error_Code = 4 // usually answered with Done and STATUS_DIVERGED
	Error_CODE_UNSUPPORTED Error_Code = 5
)

// Enum value maps for Error_Code.
var (
	Error_Code_name = map[int32]string{
		0: "CODE_UNSPECIFIED",
		1: "CODE_BAD_REQUEST",
		2: "CODE_BAD_SLOT",
		3: "CODE_BUDGET",
		4: "CODE_NON_FINITE",
		5: "CODE_UNSUPPORTED",
	}
	Error_Code_value = map[string]int32{
		"CODE_UNSPECIFIED": 0,
		"CODE_BAD_REQUEST": 1,
		"CODE_BAD_SLOT":    2,
		"CODE_BUDGET":      3,
		"CODE_NON_FINITE":  4,
		"CODE_UNSUPPORTED": 5,
	}
)

func (x Error_Code) Enum() *Error_Code {
	p := new(Error_Code)
	*p = x
	return p
}

func (x Error_Code) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Error_Code) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[8].Descriptor()
}

func (Error_Code) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[8]
}

func (x Error_Code) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Error_Code.Descriptor instead.
func (Error_Code) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{43, 0}
}

type Done_Status int32

const (
	Done_STATUS_UNSPECIFIED Done_Status = 0
	Done_STATUS_COMPLETED   Done_Status = 1 // after stop; for metrics: measured
	Done_STATUS_CONVERGED   Done_Status = 2 // the optimizer ended by itself
	Done_STATUS_DIVERGED    Done_Status = 3
	Done_STATUS_FAILED      Done_Status = 4
)

// Enum value maps for Done_Status.
var (
	Done_Status_name = map[int32]string{
		0: "STATUS_UNSPECIFIED",
		1: "STATUS_COMPLETED",
		2: "STATUS_CONVERGED",
		3: "STATUS_DIVERGED",
		4: "STATUS_FAILED",
	}
	Done_Status_value = map[string]int32{
		"STATUS_UNSPECIFIED": 0,
		"STATUS_COMPLETED":   1,
		"STATUS_CONVERGED":   2,
		"STATUS_DIVERGED":    3,
		"STATUS_FAILED":      4,
	}
)

func (x Done_Status) Enum() *Done_Status {
	p := new(Done_Status)
	*p = x
	return p
}

func (x Done_Status) String() string {
	return protoimpl.X.EnumStringOf(x.Descriptor(), protoreflect.EnumNumber(x))
}

func (Done_Status) Descriptor() protoreflect.EnumDescriptor {
	return file_bench_v1_bench_proto_enumTypes[9].Descriptor()
}

func (Done_Status) Type() protoreflect.EnumType {
	return &file_bench_v1_bench_proto_enumTypes[9]
}

func (x Done_Status) Number() protoreflect.EnumNumber {
	return protoreflect.EnumNumber(x)
}

// Deprecated: Use Done_Status.Descriptor instead.
func (Done_Status) EnumDescriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{45, 0}
}

type DescribeRequest struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *DescribeRequest) Reset() {
	*x = DescribeRequest{}
	mi := &file_bench_v1_bench_proto_msgTypes[0]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *DescribeRequest) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*DescribeRequest) ProtoMessage() {}

func (x *DescribeRequest) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[0]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use DescribeRequest.ProtoReflect.Descriptor instead.
func (*DescribeRequest) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{0}
}

type DescribeResponse struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"` // lower case, "sam"
	Kind          Kind                   `protobuf:"varint,2,opt,name=kind,proto3,enum=bench.v1.Kind" json:"kind,omitempty"`
	Version       uint32                 `protobuf:"varint,3,opt,name=version,proto3" json:"version,omitempty"` // at least 1; raised when any number the plugin produces changes
	Summary       string                 `protobuf:"bytes,4,opt,name=summary,proto3" json:"summary,omitempty"`  // one line
	Rule          string                 `protobuf:"bytes,5,opt,name=rule,proto3" json:"rule,omitempty"`        // update rule or formula, plain text
	Citation      string                 `protobuf:"bytes,6,opt,name=citation,proto3" json:"citation,omitempty"`
	Params        []*Param               `protobuf:"bytes,7,rep,name=params,proto3" json:"params,omitempty"`
	Needs         []Op_Name              `protobuf:"varint,8,rep,packed,name=needs,proto3,enum=bench.v1.Op_Name" json:"needs,omitempty"` // ops the plugin cannot do without
	Cost          float64                `protobuf:"fixed64,9,opt,name=cost,proto3" json:"cost,omitempty"`                               // optimizers: price of a step in G (1 G: one gradient on one nominal batch)
	Track         string                 `protobuf:"bytes,10,opt,name=track,proto3" json:"track,omitempty"`                              // "": the main ranking
	Degenerate    []*Degenerate          `protobuf:"bytes,11,rep,name=degenerate,proto3" json:"degenerate,omitempty"`
	Resumable     bool                   `protobuf:"varint,12,opt,name=resumable,proto3" json:"resumable,omitempty"`              // a run can be continued from any commit: all state is in slots and in the blob
	Values        []*ValueInfo           `protobuf:"bytes,13,rep,name=values,proto3" json:"values,omitempty"`                     // metrics: each of them is in Done.values once
	Invariances   []string               `protobuf:"bytes,14,rep,name=invariances,proto3" json:"invariances,omitempty"`           // metrics: transformations of the parameters that leave the values alone
	Watch         []string               `protobuf:"bytes,15,rep,name=watch,proto3" json:"watch,omitempty"`                       // what to watch for when using it, a sentence each
	Unverified    string                 `protobuf:"bytes,16,opt,name=unverified,proto3" json:"unverified,omitempty"`             // what of the rule could not be checked against the publication; "": nothing
	CostNote      string                 `protobuf:"bytes,17,opt,name=cost_note,json=costNote,proto3" json:"cost_note,omitempty"` // how the cost depends on the parameters, in G: "1 + 1/every"
	Privacy       *Privacy               `protobuf:"bytes,18,opt,name=privacy,proto3" json:"privacy,omitempty"`                   // optimizers that are differentially private: how
	Peers         *Peers                 `protobuf:"bytes,19,opt,name=peers,proto3" json:"peers,omitempty"`                       // metrics that compare several networks: which others they want to see
	Finding       string                 `protobuf:"bytes,20,opt,name=finding,proto3" json:"finding,omitempty"`                   // what was found with it where it was published, in a sentence or two
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *DescribeResponse) Reset() {
	*x = DescribeResponse{}
	mi := &file_bench_v1_bench_proto_msgTypes[1]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *DescribeResponse) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*DescribeResponse) ProtoMessage() {}

func (x *DescribeResponse) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[1]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use DescribeResponse.ProtoReflect.Descriptor instead.
func (*DescribeResponse) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{1}
}

func (x *DescribeResponse) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *DescribeResponse) GetKind() Kind {
	if x != nil {
		return x.Kind
	}
	return Kind_KIND_UNSPECIFIED
}

func (x *DescribeResponse) GetVersion() uint32 {
	if x != nil {
		return x.Version
	}
	return 0
}

func (x *DescribeResponse) GetSummary() string {
	if x != nil {
		return x.Summary
	}
	return ""
}

func (x *DescribeResponse) GetRule() string {
	if x != nil {
		return x.Rule
	}
	return ""
}

func (x *DescribeResponse) GetCitation() string {
	if x != nil {
		return x.Citation
	}
	return ""
}

func (x *DescribeResponse) GetParams() []*Param {
	if x != nil {
		return x.Params
	}
	return nil
}

func (x *DescribeResponse) GetNeeds() []Op_Name {
	if x != nil {
		return x.Needs
	}
	return nil
}

func (x *DescribeResponse) GetCost() float64 {
	if x != nil {
		return x.Cost
	}
	return 0
}

func (x *DescribeResponse) GetTrack() string {
	if x != nil {
		return x.Track
	}
	return ""
}

func (x *DescribeResponse) GetDegenerate() []*Degenerate {
	if x != nil {
		return x.Degenerate
	}
	return nil
}

func (x *DescribeResponse) GetResumable() bool {
	if x != nil {
		return x.Resumable
	}
	return false
}

func (x *DescribeResponse) GetValues() []*ValueInfo {
	if x != nil {
		return x.Values
	}
	return nil
}

func (x *DescribeResponse) GetInvariances() []string {
	if x != nil {
		return x.Invariances
	}
	return nil
}

func (x *DescribeResponse) GetWatch() []string {
	if x != nil {
		return x.Watch
	}
	return nil
}

func (x *DescribeResponse) GetUnverified() string {
	if x != nil {
		return x.Unverified
	}
	return ""
}

func (x *DescribeResponse) GetCostNote() string {
	if x != nil {
		return x.CostNote
	}
	return ""
}

func (x *DescribeResponse) GetPrivacy() *Privacy {
	if x != nil {
		return x.Privacy
	}
	return nil
}

func (x *DescribeResponse) GetPeers() *Peers {
	if x != nil {
		return x.Peers
	}
	return nil
}

func (x *DescribeResponse) GetFinding() string {
	if x != nil {
		return x.Finding
	}
	return ""
}

// Which networks a metric wants to see beside the one that it measures. The host shows at most max of them, as
// Problem.peers, and it may be that there are none: a suite with one seed, a training that is not kept on the way. A
// metric says of itself then that it has no value, and why. A network whose training failed is nobody's peer.
type Peers struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Kind          Peers_Kind             `protobuf:"varint,1,opt,name=kind,proto3,enum=bench.v1.Peers_Kind" json:"kind,omitempty"`
	Max           uint32                 `protobuf:"varint,2,opt,name=max,proto3" json:"max,omitempty"` // at least 1
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Peers) Reset() {
	*x = Peers{}
	mi := &file_bench_v1_bench_proto_msgTypes[2]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Peers) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Peers) ProtoMessage() {}

func (x *Peers) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[2]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Peers.ProtoReflect.Descriptor instead.
func (*Peers) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{2}
}

func (x *Peers) GetKind() Peers_Kind {
	if x != nil {
		return x.Kind
	}
	return Peers_KIND_UNSPECIFIED
}

func (x *Peers) GetMax() uint32 {
	if x != nil {
		return x.Max
	}
	return 0
}

// A declaration: in every step the plugin draws one Poisson batch of the rate Problem.batch_size / Problem.examples, and
// what it learns of the data are releases: sums of gradients clipped to a norm, with Gaussian noise (GradClippedOp.noise).
// The fields below are names of float parameters of the plugin.
//
// The host's accountant does the rest. Where epsilon is greater than 0 the host sets the parameter sigma in Start to the
// smallest noise with which all steps of the run together are (epsilon, delta)-differentially private, and refuses runs
// for which there is none, or whose number of steps it does not know. Of what a run has spent the host keeps its own
// account, from the noise that it has added itself; any other request that looks at the data makes the account the
// plugin's word, and it is marked so.
type Privacy struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Epsilon       string                 `protobuf:"bytes,1,opt,name=epsilon,proto3" json:"epsilon,omitempty"`    // the target; 0: none, sigma counts
	Delta         string                 `protobuf:"bytes,2,opt,name=delta,proto3" json:"delta,omitempty"`        // 0: not given
	Sigma         string                 `protobuf:"bytes,3,opt,name=sigma,proto3" json:"sigma,omitempty"`        // standard deviation of the noise of a release over the limit of norms
	Clip          string                 `protobuf:"bytes,4,opt,name=clip,proto3" json:"clip,omitempty"`          // the limit of norms
	Releases      uint32                 `protobuf:"varint,5,opt,name=releases,proto3" json:"releases,omitempty"` // of a step, all of its draw
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Privacy) Reset() {
	*x = Privacy{}
	mi := &file_bench_v1_bench_proto_msgTypes[3]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Privacy) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Privacy) ProtoMessage() {}

func (x *Privacy) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[3]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Privacy.ProtoReflect.Descriptor instead.
func (*Privacy) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{3}
}

func (x *Privacy) GetEpsilon() string {
	if x != nil {
		return x.Epsilon
	}
	return ""
}

func (x *Privacy) GetDelta() string {
	if x != nil {
		return x.Delta
	}
	return ""
}

func (x *Privacy) GetSigma() string {
	if x != nil {
		return x.Sigma
	}
	return ""
}

func (x *Privacy) GetClip() string {
	if x != nil {
		return x.Clip
	}
	return ""
}

func (x *Privacy) GetReleases() uint32 {
	if x != nil {
		return x.Releases
	}
	return 0
}

// A hyperparameter.
type Param struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Type          Param_Type             `protobuf:"varint,2,opt,name=type,proto3,enum=bench.v1.Param_Type" json:"type,omitempty"`
	Default       *Value                 `protobuf:"bytes,3,opt,name=default,proto3" json:"default,omitempty"` // of the declared type
	Min           *float64               `protobuf:"fixed64,4,opt,name=min,proto3,oneof" json:"min,omitempty"` // numbers only; absent: no bound
	Max           *float64               `protobuf:"fixed64,5,opt,name=max,proto3,oneof" json:"max,omitempty"`
	MinOpen       bool                   `protobuf:"varint,6,opt,name=min_open,json=minOpen,proto3" json:"min_open,omitempty"` // min itself is excluded
	MaxOpen       bool                   `protobuf:"varint,7,opt,name=max_open,json=maxOpen,proto3" json:"max_open,omitempty"`
	Choices       []string               `protobuf:"bytes,8,rep,name=choices,proto3" json:"choices,omitempty"` // strings only; empty: any
	Scale         Param_Scale            `protobuf:"varint,9,opt,name=scale,proto3,enum=bench.v1.Param_Scale" json:"scale,omitempty"`
	Help          string                 `protobuf:"bytes,10,opt,name=help,proto3" json:"help,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Param) Reset() {
	*x = Param{}
	mi := &file_bench_v1_bench_proto_msgTypes[4]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Param) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Param) ProtoMessage() {}

func (x *Param) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[4]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Param.ProtoReflect.Descriptor instead.
func (*Param) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{4}
}

func (x *Param) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Param) GetType() Param_Type {
	if x != nil {
		return x.Type
	}
	return Param_TYPE_UNSPECIFIED
}

func (x *Param) GetDefault() *Value {
	if x != nil {
		return x.Default
	}
	return nil
}

func (x *Param) GetMin() float64 {
	if x != nil && x.Min != nil {
		return *x.Min
	}
	return 0
}

func (x *Param) GetMax() float64 {
	if x != nil && x.Max != nil {
		return *x.Max
	}
	return 0
}

func (x *Param) GetMinOpen() bool {
	if x != nil {
		return x.MinOpen
	}
	return false
}

func (x *Param) GetMaxOpen() bool {
	if x != nil {
		return x.MaxOpen
	}
	return false
}

func (x *Param) GetChoices() []string {
	if x != nil {
		return x.Choices
	}
	return nil
}

func (x *Param) GetScale() Param_Scale {
	if x != nil {
		return x.Scale
	}
	return Param_SCALE_UNSPECIFIED
}

func (x *Param) GetHelp() string {
	if x != nil {
		return x.Help
	}
	return ""
}

type Value struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	// Types that are valid to be assigned to Value:
	//
	//	*Value_Number
	//	*Value_Integer
	//	*Value_Boolean
	//	*Value_Text
	Value         isValue_Value `protobuf_oneof:"value"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Value) Reset() {
	*x = Value{}
	mi := &file_bench_v1_bench_proto_msgTypes[5]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Value) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Value) ProtoMessage() {}

func (x *Value) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[5]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Value.ProtoReflect.Descriptor instead.
func (*Value) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{5}
}

func (x *Value) GetValue() isValue_Value {
	if x != nil {
		return x.Value
	}
	return nil
}

func (x *Value) GetNumber() float64 {
	if x != nil {
		if x, ok := x.Value.(*Value_Number); ok {
			return x.Number
		}
	}
	return 0
}

func (x *Value) GetInteger() int64 {
	if x != nil {
		if x, ok := x.Value.(*Value_Integer); ok {
			return x.Integer
		}
	}
	return 0
}

func (x *Value) GetBoolean() bool {
	if x != nil {
		if x, ok := x.Value.(*Value_Boolean); ok {
			return x.Boolean
		}
	}
	return false
}

func (x *Value) GetText() string {
	if x != nil {
		if x, ok := x.Value.(*Value_Text); ok {
			return x.Text
		}
	}
	return ""
}

type isValue_Value interface {
	isValue_Value()
}

type Value_Number struct {
	Number float64 `protobuf:"fixed64,1,opt,name=number,proto3,oneof"`
}

type Value_Integer struct {
	Integer int64 `protobuf:"varint,2,opt,name=integer,proto3,oneof"` // also valid for a float parameter
}

type Value_Boolean struct {
	Boolean bool `protobuf:"varint,3,opt,name=boolean,proto3,oneof"`
}

type Value_Text struct {
	Text string `protobuf:"bytes,4,opt,name=text,proto3,oneof"`
}

func (*Value_Number) isValue_Value() {}

func (*Value_Integer) isValue_Value() {}

func (*Value_Boolean) isValue_Value() {}

func (*Value_Text) isValue_Value() {}

// With these parameters the plugin equals another one, bit for bit.
type Degenerate struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	When          map[string]*Value      `protobuf:"bytes,1,rep,name=when,proto3" json:"when,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"`
	Equals        string                 `protobuf:"bytes,2,opt,name=equals,proto3" json:"equals,omitempty"` // name of the other plugin
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Degenerate) Reset() {
	*x = Degenerate{}
	mi := &file_bench_v1_bench_proto_msgTypes[6]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Degenerate) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Degenerate) ProtoMessage() {}

func (x *Degenerate) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[6]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Degenerate.ProtoReflect.Descriptor instead.
func (*Degenerate) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{6}
}

func (x *Degenerate) GetWhen() map[string]*Value {
	if x != nil {
		return x.When
	}
	return nil
}

func (x *Degenerate) GetEquals() string {
	if x != nil {
		return x.Equals
	}
	return ""
}

type ValueInfo struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Unit          string                 `protobuf:"bytes,2,opt,name=unit,proto3" json:"unit,omitempty"`
	Better        ValueInfo_Better       `protobuf:"varint,3,opt,name=better,proto3,enum=bench.v1.ValueInfo_Better" json:"better,omitempty"`
	Help          string                 `protobuf:"bytes,4,opt,name=help,proto3" json:"help,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *ValueInfo) Reset() {
	*x = ValueInfo{}
	mi := &file_bench_v1_bench_proto_msgTypes[7]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *ValueInfo) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*ValueInfo) ProtoMessage() {}

func (x *ValueInfo) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[7]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use ValueInfo.ProtoReflect.Descriptor instead.
func (*ValueInfo) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{7}
}

func (x *ValueInfo) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *ValueInfo) GetUnit() string {
	if x != nil {
		return x.Unit
	}
	return ""
}

func (x *ValueInfo) GetBetter() ValueInfo_Better {
	if x != nil {
		return x.Better
	}
	return ValueInfo_BETTER_UNSPECIFIED
}

func (x *ValueInfo) GetHelp() string {
	if x != nil {
		return x.Help
	}
	return ""
}

type ValidateRequest struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Problem       *Problem               `protobuf:"bytes,1,opt,name=problem,proto3" json:"problem,omitempty"`
	Params        map[string]*Value      `protobuf:"bytes,2,rep,name=params,proto3" json:"params,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"` // those the user wrote; the plugin fills in its defaults
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *ValidateRequest) Reset() {
	*x = ValidateRequest{}
	mi := &file_bench_v1_bench_proto_msgTypes[8]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *ValidateRequest) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*ValidateRequest) ProtoMessage() {}

func (x *ValidateRequest) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[8]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use ValidateRequest.ProtoReflect.Descriptor instead.
func (*ValidateRequest) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{8}
}

func (x *ValidateRequest) GetProblem() *Problem {
	if x != nil {
		return x.Problem
	}
	return nil
}

func (x *ValidateRequest) GetParams() map[string]*Value {
	if x != nil {
		return x.Params
	}
	return nil
}

type ValidateResponse struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Diagnostics   []*Diagnostic          `protobuf:"bytes,1,rep,name=diagnostics,proto3" json:"diagnostics,omitempty"` // empty: valid
	Slots         []*SlotRequest         `protobuf:"bytes,2,rep,name=slots,proto3" json:"slots,omitempty"`             // only when valid
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *ValidateResponse) Reset() {
	*x = ValidateResponse{}
	mi := &file_bench_v1_bench_proto_msgTypes[9]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *ValidateResponse) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*ValidateResponse) ProtoMessage() {}

func (x *ValidateResponse) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[9]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use ValidateResponse.ProtoReflect.Descriptor instead.
func (*ValidateResponse) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{9}
}

func (x *ValidateResponse) GetDiagnostics() []*Diagnostic {
	if x != nil {
		return x.Diagnostics
	}
	return nil
}

func (x *ValidateResponse) GetSlots() []*SlotRequest {
	if x != nil {
		return x.Slots
	}
	return nil
}

type Diagnostic struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Param         string                 `protobuf:"bytes,1,opt,name=param,proto3" json:"param,omitempty"`     // "" when no single parameter is to blame
	Message       string                 `protobuf:"bytes,2,opt,name=message,proto3" json:"message,omitempty"` // what was expected
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Diagnostic) Reset() {
	*x = Diagnostic{}
	mi := &file_bench_v1_bench_proto_msgTypes[10]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Diagnostic) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Diagnostic) ProtoMessage() {}

func (x *Diagnostic) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[10]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Diagnostic.ProtoReflect.Descriptor instead.
func (*Diagnostic) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{10}
}

func (x *Diagnostic) GetParam() string {
	if x != nil {
		return x.Param
	}
	return ""
}

func (x *Diagnostic) GetMessage() string {
	if x != nil {
		return x.Message
	}
	return ""
}

type SlotRequest struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`        // not params, grad, init, update; each name once
	Len           uint64                 `protobuf:"varint,2,opt,name=len,proto3" json:"len,omitempty"`         // float32 elements, at least 1; 0 means Problem.dim
	Scratch       bool                   `protobuf:"varint,3,opt,name=scratch,proto3" json:"scratch,omitempty"` // holds nothing from one step to the next: not in checkpoints
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *SlotRequest) Reset() {
	*x = SlotRequest{}
	mi := &file_bench_v1_bench_proto_msgTypes[11]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *SlotRequest) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*SlotRequest) ProtoMessage() {}

func (x *SlotRequest) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[11]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use SlotRequest.ProtoReflect.Descriptor instead.
func (*SlotRequest) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{11}
}

func (x *SlotRequest) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *SlotRequest) GetLen() uint64 {
	if x != nil {
		return x.Len
	}
	return 0
}

func (x *SlotRequest) GetScratch() bool {
	if x != nil {
		return x.Scratch
	}
	return false
}

type Problem struct {
	state          protoimpl.MessageState `protogen:"open.v1"`
	Dim            uint64                 `protobuf:"varint,1,opt,name=dim,proto3" json:"dim,omitempty"`                              // number of parameters
	Tensors        []*Tensor              `protobuf:"bytes,2,rep,name=tensors,proto3" json:"tensors,omitempty"`                       // in the order of their offsets, without gaps; empty when there is no structure
	Classes        uint32                 `protobuf:"varint,3,opt,name=classes,proto3" json:"classes,omitempty"`                      // outputs of one example
	Examples       uint64                 `protobuf:"varint,4,opt,name=examples,proto3" json:"examples,omitempty"`                    // training examples; for metrics those of the example set
	BatchSize      uint32                 `protobuf:"varint,5,opt,name=batch_size,json=batchSize,proto3" json:"batch_size,omitempty"` // examples of a full minibatch
	Steps          uint64                 `protobuf:"varint,6,opt,name=steps,proto3" json:"steps,omitempty"`                          // commits after which the host stops; 0: not known
	StepsPerEpoch  uint64                 `protobuf:"varint,7,opt,name=steps_per_epoch,json=stepsPerEpoch,proto3" json:"steps_per_epoch,omitempty"`
	ProbeBatches   uint32                 `protobuf:"varint,8,opt,name=probe_batches,json=probeBatches,proto3" json:"probe_batches,omitempty"` // metrics: batches of the example set
	ProbeBatchSize uint32                 `protobuf:"varint,9,opt,name=probe_batch_size,json=probeBatchSize,proto3" json:"probe_batch_size,omitempty"`
	InputLen       uint64                 `protobuf:"varint,10,opt,name=input_len,json=inputLen,proto3" json:"input_len,omitempty"` // numbers of one example's inputs (height x width x channels); 0: it has none
	Auxiliary      bool                   `protobuf:"varint,11,opt,name=auxiliary,proto3" json:"auxiliary,omitempty"`               // LossOp, GradOp and HVPOp answer for OBJECTIVE_AUX
	// Metrics: the other networks of DescribeResponse.peers. The parameters of the first are the slot peer1. Empty in a
	// ValidateRequest that is not about to be followed by a session.
	Peers []*Peer `protobuf:"bytes,12,rep,name=peers,proto3" json:"peers,omitempty"`
	// Inputs that are images: an input as the network sees it is (pixel - mean) / std with pixels from 0 to 1, one of these
	// for each channel, and channels are the last dimension of an example. Empty: the inputs are no images.
	InputMean     []float32 `protobuf:"fixed32,13,rep,packed,name=input_mean,json=inputMean,proto3" json:"input_mean,omitempty"`
	InputStd      []float32 `protobuf:"fixed32,14,rep,packed,name=input_std,json=inputStd,proto3" json:"input_std,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Problem) Reset() {
	*x = Problem{}
	mi := &file_bench_v1_bench_proto_msgTypes[12]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Problem) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Problem) ProtoMessage() {}

func (x *Problem) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[12]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Problem.ProtoReflect.Descriptor instead.
func (*Problem) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{12}
}

func (x *Problem) GetDim() uint64 {
	if x != nil {
		return x.Dim
	}
	return 0
}

func (x *Problem) GetTensors() []*Tensor {
	if x != nil {
		return x.Tensors
	}
	return nil
}

func (x *Problem) GetClasses() uint32 {
	if x != nil {
		return x.Classes
	}
	return 0
}

func (x *Problem) GetExamples() uint64 {
	if x != nil {
		return x.Examples
	}
	return 0
}

func (x *Problem) GetBatchSize() uint32 {
	if x != nil {
		return x.BatchSize
	}
	return 0
}

func (x *Problem) GetSteps() uint64 {
	if x != nil {
		return x.Steps
	}
	return 0
}

func (x *Problem) GetStepsPerEpoch() uint64 {
	if x != nil {
		return x.StepsPerEpoch
	}
	return 0
}

func (x *Problem) GetProbeBatches() uint32 {
	if x != nil {
		return x.ProbeBatches
	}
	return 0
}

func (x *Problem) GetProbeBatchSize() uint32 {
	if x != nil {
		return x.ProbeBatchSize
	}
	return 0
}

func (x *Problem) GetInputLen() uint64 {
	if x != nil {
		return x.InputLen
	}
	return 0
}

func (x *Problem) GetAuxiliary() bool {
	if x != nil {
		return x.Auxiliary
	}
	return false
}

func (x *Problem) GetPeers() []*Peer {
	if x != nil {
		return x.Peers
	}
	return nil
}

func (x *Problem) GetInputMean() []float32 {
	if x != nil {
		return x.InputMean
	}
	return nil
}

func (x *Problem) GetInputStd() []float32 {
	if x != nil {
		return x.InputStd
	}
	return nil
}

// A network beside the one that a metric measures. It has the same classes and inputs, and is asked about the same
// examples: Batch.peer.
type Peer struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Dim           uint64                 `protobuf:"varint,1,opt,name=dim,proto3" json:"dim,omitempty"` // of its parameters
	Tensors       []*Tensor              `protobuf:"bytes,2,rep,name=tensors,proto3" json:"tensors,omitempty"`
	Seed          uint64                 `protobuf:"varint,3,opt,name=seed,proto3" json:"seed,omitempty"` // of its trial
	Step          uint64                 `protobuf:"varint,4,opt,name=step,proto3" json:"step,omitempty"` // steps committed when it was what the slot shows
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Peer) Reset() {
	*x = Peer{}
	mi := &file_bench_v1_bench_proto_msgTypes[13]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Peer) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Peer) ProtoMessage() {}

func (x *Peer) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[13]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Peer.ProtoReflect.Descriptor instead.
func (*Peer) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{13}
}

func (x *Peer) GetDim() uint64 {
	if x != nil {
		return x.Dim
	}
	return 0
}

func (x *Peer) GetTensors() []*Tensor {
	if x != nil {
		return x.Tensors
	}
	return nil
}

func (x *Peer) GetSeed() uint64 {
	if x != nil {
		return x.Seed
	}
	return 0
}

func (x *Peer) GetStep() uint64 {
	if x != nil {
		return x.Step
	}
	return 0
}

type Tensor struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Kind          string                 `protobuf:"bytes,2,opt,name=kind,proto3" json:"kind,omitempty"` // weight, bias, norm_scale, norm_shift, embed; others may follow
	Layer         uint32                 `protobuf:"varint,3,opt,name=layer,proto3" json:"layer,omitempty"`
	Shape         []uint64               `protobuf:"varint,4,rep,packed,name=shape,proto3" json:"shape,omitempty"` // convolution: height, width, in, out; linear: in, out
	Offset        uint64                 `protobuf:"varint,5,opt,name=offset,proto3" json:"offset,omitempty"`      // float32 elements into the parameter vector
	FanIn         uint64                 `protobuf:"varint,6,opt,name=fan_in,json=fanIn,proto3" json:"fan_in,omitempty"`
	Prunable      bool                   `protobuf:"varint,7,opt,name=prunable,proto3" json:"prunable,omitempty"`
	ActivationLen uint64                 `protobuf:"varint,8,opt,name=activation_len,json=activationLen,proto3" json:"activation_len,omitempty"` // of weights: how many numbers ActivationsOp stores for one example of this layer
	// Factors of the learning rate for this tensor, for parametrisations such as muP; 0 means 1.
	SgdRate       float64 `protobuf:"fixed64,9,opt,name=sgd_rate,json=sgdRate,proto3" json:"sgd_rate,omitempty"`     // for methods that step along the gradient
	AdamRate      float64 `protobuf:"fixed64,10,opt,name=adam_rate,json=adamRate,proto3" json:"adam_rate,omitempty"` // for methods whose steps do not grow with the gradient, as Adam's
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Tensor) Reset() {
	*x = Tensor{}
	mi := &file_bench_v1_bench_proto_msgTypes[14]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Tensor) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Tensor) ProtoMessage() {}

func (x *Tensor) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[14]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Tensor.ProtoReflect.Descriptor instead.
func (*Tensor) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{14}
}

func (x *Tensor) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Tensor) GetKind() string {
	if x != nil {
		return x.Kind
	}
	return ""
}

func (x *Tensor) GetLayer() uint32 {
	if x != nil {
		return x.Layer
	}
	return 0
}

func (x *Tensor) GetShape() []uint64 {
	if x != nil {
		return x.Shape
	}
	return nil
}

func (x *Tensor) GetOffset() uint64 {
	if x != nil {
		return x.Offset
	}
	return 0
}

func (x *Tensor) GetFanIn() uint64 {
	if x != nil {
		return x.FanIn
	}
	return 0
}

func (x *Tensor) GetPrunable() bool {
	if x != nil {
		return x.Prunable
	}
	return false
}

func (x *Tensor) GetActivationLen() uint64 {
	if x != nil {
		return x.ActivationLen
	}
	return 0
}

func (x *Tensor) GetSgdRate() float64 {
	if x != nil {
		return x.SgdRate
	}
	return 0
}

func (x *Tensor) GetAdamRate() float64 {
	if x != nil {
		return x.AdamRate
	}
	return 0
}

type HostMessage struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	// Types that are valid to be assigned to Msg:
	//
	//	*HostMessage_Start
	//	*HostMessage_Reply
	//	*HostMessage_Stop
	Msg           isHostMessage_Msg `protobuf_oneof:"msg"`
	Processor     uint32            `protobuf:"varint,4,opt,name=processor,proto3" json:"processor,omitempty"` // on the direct socket: 1 + the number of the one on which the host waits, 0: none
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *HostMessage) Reset() {
	*x = HostMessage{}
	mi := &file_bench_v1_bench_proto_msgTypes[15]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *HostMessage) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*HostMessage) ProtoMessage() {}

func (x *HostMessage) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[15]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use HostMessage.ProtoReflect.Descriptor instead.
func (*HostMessage) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{15}
}

func (x *HostMessage) GetMsg() isHostMessage_Msg {
	if x != nil {
		return x.Msg
	}
	return nil
}

func (x *HostMessage) GetStart() *Start {
	if x != nil {
		if x, ok := x.Msg.(*HostMessage_Start); ok {
			return x.Start
		}
	}
	return nil
}

func (x *HostMessage) GetReply() *Reply {
	if x != nil {
		if x, ok := x.Msg.(*HostMessage_Reply); ok {
			return x.Reply
		}
	}
	return nil
}

func (x *HostMessage) GetStop() *Stop {
	if x != nil {
		if x, ok := x.Msg.(*HostMessage_Stop); ok {
			return x.Stop
		}
	}
	return nil
}

func (x *HostMessage) GetProcessor() uint32 {
	if x != nil {
		return x.Processor
	}
	return 0
}

type isHostMessage_Msg interface {
	isHostMessage_Msg()
}

type HostMessage_Start struct {
	Start *Start `protobuf:"bytes,1,opt,name=start,proto3,oneof"`
}

type HostMessage_Reply struct {
	Reply *Reply `protobuf:"bytes,2,opt,name=reply,proto3,oneof"`
}

type HostMessage_Stop struct {
	Stop *Stop `protobuf:"bytes,3,opt,name=stop,proto3,oneof"`
}

func (*HostMessage_Start) isHostMessage_Msg() {}

func (*HostMessage_Reply) isHostMessage_Msg() {}

func (*HostMessage_Stop) isHostMessage_Msg() {}

type PluginMessage struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	// Types that are valid to be assigned to Msg:
	//
	//	*PluginMessage_Request
	//	*PluginMessage_Log
	//	*PluginMessage_Done
	//	*PluginMessage_Direct
	Msg           isPluginMessage_Msg `protobuf_oneof:"msg"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *PluginMessage) Reset() {
	*x = PluginMessage{}
	mi := &file_bench_v1_bench_proto_msgTypes[16]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *PluginMessage) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*PluginMessage) ProtoMessage() {}

func (x *PluginMessage) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[16]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use PluginMessage.ProtoReflect.Descriptor instead.
func (*PluginMessage) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{16}
}

func (x *PluginMessage) GetMsg() isPluginMessage_Msg {
	if x != nil {
		return x.Msg
	}
	return nil
}

func (x *PluginMessage) GetRequest() *Request {
	if x != nil {
		if x, ok := x.Msg.(*PluginMessage_Request); ok {
			return x.Request
		}
	}
	return nil
}

func (x *PluginMessage) GetLog() *Log {
	if x != nil {
		if x, ok := x.Msg.(*PluginMessage_Log); ok {
			return x.Log
		}
	}
	return nil
}

func (x *PluginMessage) GetDone() *Done {
	if x != nil {
		if x, ok := x.Msg.(*PluginMessage_Done); ok {
			return x.Done
		}
	}
	return nil
}

func (x *PluginMessage) GetDirect() *Direct {
	if x != nil {
		if x, ok := x.Msg.(*PluginMessage_Direct); ok {
			return x.Direct
		}
	}
	return nil
}

type isPluginMessage_Msg interface {
	isPluginMessage_Msg()
}

type PluginMessage_Request struct {
	Request *Request `protobuf:"bytes,1,opt,name=request,proto3,oneof"`
}

type PluginMessage_Log struct {
	Log *Log `protobuf:"bytes,2,opt,name=log,proto3,oneof"`
}

type PluginMessage_Done struct {
	Done *Done `protobuf:"bytes,3,opt,name=done,proto3,oneof"`
}

type PluginMessage_Direct struct {
	Direct *Direct `protobuf:"bytes,4,opt,name=direct,proto3,oneof"` // accepts the direct socket
}

func (*PluginMessage_Request) isPluginMessage_Msg() {}

func (*PluginMessage_Log) isPluginMessage_Msg() {}

func (*PluginMessage_Done) isPluginMessage_Msg() {}

func (*PluginMessage_Direct) isPluginMessage_Msg() {}

// In Start: an offer. In a PluginMessage, where it is empty: its acceptance.
type Direct struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Fd            uint32                 `protobuf:"varint,1,opt,name=fd,proto3" json:"fd,omitempty"`   // inherited file descriptor
	Max           uint32                 `protobuf:"varint,2,opt,name=max,proto3" json:"max,omitempty"` // largest packet in bytes, either way
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Direct) Reset() {
	*x = Direct{}
	mi := &file_bench_v1_bench_proto_msgTypes[17]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Direct) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Direct) ProtoMessage() {}

func (x *Direct) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[17]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Direct.ProtoReflect.Descriptor instead.
func (*Direct) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{17}
}

func (x *Direct) GetFd() uint32 {
	if x != nil {
		return x.Fd
	}
	return 0
}

func (x *Direct) GetMax() uint32 {
	if x != nil {
		return x.Max
	}
	return 0
}

type Start struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	RunId         string                 `protobuf:"bytes,1,opt,name=run_id,json=runId,proto3" json:"run_id,omitempty"`
	Problem       *Problem               `protobuf:"bytes,2,opt,name=problem,proto3" json:"problem,omitempty"`
	Params        map[string]*Value      `protobuf:"bytes,3,rep,name=params,proto3" json:"params,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"` // complete: the host has written the defaults in
	Seed          uint64                 `protobuf:"varint,4,opt,name=seed,proto3" json:"seed,omitempty"`                                                                              // of the trial; noise streams already depend on it
	Arena         *Arena                 `protobuf:"bytes,5,opt,name=arena,proto3" json:"arena,omitempty"`
	Step          uint64                 `protobuf:"varint,6,opt,name=step,proto3" json:"step,omitempty"`                       // 0, or the last committed step when the run is resumed
	Blob          []byte                 `protobuf:"bytes,7,opt,name=blob,proto3" json:"blob,omitempty"`                        // CommitOp.blob of that step
	LrScale       float64                `protobuf:"fixed64,8,opt,name=lr_scale,json=lrScale,proto3" json:"lr_scale,omitempty"` // factor of the host's schedule for the first step to come (step + 1)
	Training      *Training              `protobuf:"bytes,9,opt,name=training,proto3" json:"training,omitempty"`                // metrics: how the parameters were trained, where the host knows
	Direct        *Direct                `protobuf:"bytes,10,opt,name=direct,proto3" json:"direct,omitempty"`                   // absent: there is only the stream
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Start) Reset() {
	*x = Start{}
	mi := &file_bench_v1_bench_proto_msgTypes[18]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Start) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Start) ProtoMessage() {}

func (x *Start) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[18]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Start.ProtoReflect.Descriptor instead.
func (*Start) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{18}
}

func (x *Start) GetRunId() string {
	if x != nil {
		return x.RunId
	}
	return ""
}

func (x *Start) GetProblem() *Problem {
	if x != nil {
		return x.Problem
	}
	return nil
}

func (x *Start) GetParams() map[string]*Value {
	if x != nil {
		return x.Params
	}
	return nil
}

func (x *Start) GetSeed() uint64 {
	if x != nil {
		return x.Seed
	}
	return 0
}

func (x *Start) GetArena() *Arena {
	if x != nil {
		return x.Arena
	}
	return nil
}

func (x *Start) GetStep() uint64 {
	if x != nil {
		return x.Step
	}
	return 0
}

func (x *Start) GetBlob() []byte {
	if x != nil {
		return x.Blob
	}
	return nil
}

func (x *Start) GetLrScale() float64 {
	if x != nil {
		return x.LrScale
	}
	return 0
}

func (x *Start) GetTraining() *Training {
	if x != nil {
		return x.Training
	}
	return nil
}

func (x *Start) GetDirect() *Direct {
	if x != nil {
		return x.Direct
	}
	return nil
}

// How measured parameters were trained.
type Training struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Optimizer     string                 `protobuf:"bytes,1,opt,name=optimizer,proto3" json:"optimizer,omitempty"`                                                                     // name of the plugin
	Params        map[string]*Value      `protobuf:"bytes,2,rep,name=params,proto3" json:"params,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"` // complete
	LrScale       float64                `protobuf:"fixed64,3,opt,name=lr_scale,json=lrScale,proto3" json:"lr_scale,omitempty"`                                                        // factor of the schedule in the last committed step
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Training) Reset() {
	*x = Training{}
	mi := &file_bench_v1_bench_proto_msgTypes[19]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Training) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Training) ProtoMessage() {}

func (x *Training) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[19]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Training.ProtoReflect.Descriptor instead.
func (*Training) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{19}
}

func (x *Training) GetOptimizer() string {
	if x != nil {
		return x.Optimizer
	}
	return ""
}

func (x *Training) GetParams() map[string]*Value {
	if x != nil {
		return x.Params
	}
	return nil
}

func (x *Training) GetLrScale() float64 {
	if x != nil {
		return x.LrScale
	}
	return 0
}

type Arena struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	// Types that are valid to be assigned to Where:
	//
	//	*Arena_Fd
	//	*Arena_Path
	Where         isArena_Where `protobuf_oneof:"where"`
	Bytes         uint64        `protobuf:"varint,3,opt,name=bytes,proto3" json:"bytes,omitempty"` // size of the file
	Slots         []*Slot       `protobuf:"bytes,4,rep,name=slots,proto3" json:"slots,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Arena) Reset() {
	*x = Arena{}
	mi := &file_bench_v1_bench_proto_msgTypes[20]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Arena) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Arena) ProtoMessage() {}

func (x *Arena) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[20]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Arena.ProtoReflect.Descriptor instead.
func (*Arena) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{20}
}

func (x *Arena) GetWhere() isArena_Where {
	if x != nil {
		return x.Where
	}
	return nil
}

func (x *Arena) GetFd() uint32 {
	if x != nil {
		if x, ok := x.Where.(*Arena_Fd); ok {
			return x.Fd
		}
	}
	return 0
}

func (x *Arena) GetPath() string {
	if x != nil {
		if x, ok := x.Where.(*Arena_Path); ok {
			return x.Path
		}
	}
	return ""
}

func (x *Arena) GetBytes() uint64 {
	if x != nil {
		return x.Bytes
	}
	return 0
}

func (x *Arena) GetSlots() []*Slot {
	if x != nil {
		return x.Slots
	}
	return nil
}

type isArena_Where interface {
	isArena_Where()
}

type Arena_Fd struct {
	Fd uint32 `protobuf:"varint,1,opt,name=fd,proto3,oneof"` // inherited file descriptor
}

type Arena_Path struct {
	Path string `protobuf:"bytes,2,opt,name=path,proto3,oneof"` // a file to open instead, for wrappers that close descriptors
}

func (*Arena_Fd) isArena_Where() {}

func (*Arena_Path) isArena_Where() {}

// A slot's number is its place in the list, from 0.
type Slot struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Offset        uint64                 `protobuf:"varint,2,opt,name=offset,proto3" json:"offset,omitempty"` // bytes
	Len           uint64                 `protobuf:"varint,3,opt,name=len,proto3" json:"len,omitempty"`       // float32 elements
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Slot) Reset() {
	*x = Slot{}
	mi := &file_bench_v1_bench_proto_msgTypes[21]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Slot) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Slot) ProtoMessage() {}

func (x *Slot) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[21]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Slot.ProtoReflect.Descriptor instead.
func (*Slot) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{21}
}

func (x *Slot) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Slot) GetOffset() uint64 {
	if x != nil {
		return x.Offset
	}
	return 0
}

func (x *Slot) GetLen() uint64 {
	if x != nil {
		return x.Len
	}
	return 0
}

type Stop struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Reason        StopReason             `protobuf:"varint,1,opt,name=reason,proto3,enum=bench.v1.StopReason" json:"reason,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Stop) Reset() {
	*x = Stop{}
	mi := &file_bench_v1_bench_proto_msgTypes[22]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Stop) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Stop) ProtoMessage() {}

func (x *Stop) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[22]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Stop.ProtoReflect.Descriptor instead.
func (*Stop) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{22}
}

func (x *Stop) GetReason() StopReason {
	if x != nil {
		return x.Reason
	}
	return StopReason_STOP_REASON_UNSPECIFIED
}

type Request struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Id            uint64                 `protobuf:"varint,1,opt,name=id,proto3" json:"id,omitempty"` // greater than that of the request before
	Ops           []*Op                  `protobuf:"bytes,2,rep,name=ops,proto3" json:"ops,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Request) Reset() {
	*x = Request{}
	mi := &file_bench_v1_bench_proto_msgTypes[23]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Request) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Request) ProtoMessage() {}

func (x *Request) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[23]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Request.ProtoReflect.Descriptor instead.
func (*Request) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{23}
}

func (x *Request) GetId() uint64 {
	if x != nil {
		return x.Id
	}
	return 0
}

func (x *Request) GetOps() []*Op {
	if x != nil {
		return x.Ops
	}
	return nil
}

type Reply struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Id            uint64                 `protobuf:"varint,1,opt,name=id,proto3" json:"id,omitempty"`
	Results       []*Result              `protobuf:"bytes,2,rep,name=results,proto3" json:"results,omitempty"` // one for each op that succeeded
	Error         *Error                 `protobuf:"bytes,3,opt,name=error,proto3" json:"error,omitempty"`     // of the first op that did not
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Reply) Reset() {
	*x = Reply{}
	mi := &file_bench_v1_bench_proto_msgTypes[24]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Reply) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Reply) ProtoMessage() {}

func (x *Reply) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[24]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Reply.ProtoReflect.Descriptor instead.
func (*Reply) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{24}
}

func (x *Reply) GetId() uint64 {
	if x != nil {
		return x.Id
	}
	return 0
}

func (x *Reply) GetResults() []*Result {
	if x != nil {
		return x.Results
	}
	return nil
}

func (x *Reply) GetError() *Error {
	if x != nil {
		return x.Error
	}
	return nil
}

type Op struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	// Types that are valid to be assigned to Op:
	//
	//	*Op_Loss
	//	*Op_Grad
	//	*Op_GradClipped
	//	*Op_Hvp
	//	*Op_Outputs
	//	*Op_Vjp
	//	*Op_Normal
	//	*Op_Commit
	//	*Op_GradSquared
	//	*Op_InputGrad
	//	*Op_Activations
	//	*Op_OutputGrad
	//	*Op_Inputs
	Op            isOp_Op `protobuf_oneof:"op"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Op) Reset() {
	*x = Op{}
	mi := &file_bench_v1_bench_proto_msgTypes[25]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Op) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Op) ProtoMessage() {}

func (x *Op) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[25]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Op.ProtoReflect.Descriptor instead.
func (*Op) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{25}
}

func (x *Op) GetOp() isOp_Op {
	if x != nil {
		return x.Op
	}
	return nil
}

func (x *Op) GetLoss() *LossOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Loss); ok {
			return x.Loss
		}
	}
	return nil
}

func (x *Op) GetGrad() *GradOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Grad); ok {
			return x.Grad
		}
	}
	return nil
}

func (x *Op) GetGradClipped() *GradClippedOp {
	if x != nil {
		if x, ok := x.Op.(*Op_GradClipped); ok {
			return x.GradClipped
		}
	}
	return nil
}

func (x *Op) GetHvp() *HVPOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Hvp); ok {
			return x.Hvp
		}
	}
	return nil
}

func (x *Op) GetOutputs() *OutputsOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Outputs); ok {
			return x.Outputs
		}
	}
	return nil
}

func (x *Op) GetVjp() *VJPOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Vjp); ok {
			return x.Vjp
		}
	}
	return nil
}

func (x *Op) GetNormal() *NormalOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Normal); ok {
			return x.Normal
		}
	}
	return nil
}

func (x *Op) GetCommit() *CommitOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Commit); ok {
			return x.Commit
		}
	}
	return nil
}

func (x *Op) GetGradSquared() *GradSquaredOp {
	if x != nil {
		if x, ok := x.Op.(*Op_GradSquared); ok {
			return x.GradSquared
		}
	}
	return nil
}

func (x *Op) GetInputGrad() *InputGradOp {
	if x != nil {
		if x, ok := x.Op.(*Op_InputGrad); ok {
			return x.InputGrad
		}
	}
	return nil
}

func (x *Op) GetActivations() *ActivationsOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Activations); ok {
			return x.Activations
		}
	}
	return nil
}

func (x *Op) GetOutputGrad() *OutputGradOp {
	if x != nil {
		if x, ok := x.Op.(*Op_OutputGrad); ok {
			return x.OutputGrad
		}
	}
	return nil
}

func (x *Op) GetInputs() *InputsOp {
	if x != nil {
		if x, ok := x.Op.(*Op_Inputs); ok {
			return x.Inputs
		}
	}
	return nil
}

type isOp_Op interface {
	isOp_Op()
}

type Op_Loss struct {
	Loss *LossOp `protobuf:"bytes,1,opt,name=loss,proto3,oneof"`
}

type Op_Grad struct {
	Grad *GradOp `protobuf:"bytes,2,opt,name=grad,proto3,oneof"`
}

type Op_GradClipped struct {
	GradClipped *GradClippedOp `protobuf:"bytes,3,opt,name=grad_clipped,json=gradClipped,proto3,oneof"`
}

type Op_Hvp struct {
	Hvp *HVPOp `protobuf:"bytes,4,opt,name=hvp,proto3,oneof"`
}

type Op_Outputs struct {
	Outputs *OutputsOp `protobuf:"bytes,5,opt,name=outputs,proto3,oneof"`
}

type Op_Vjp struct {
	Vjp *VJPOp `protobuf:"bytes,6,opt,name=vjp,proto3,oneof"`
}

type Op_Normal struct {
	Normal *NormalOp `protobuf:"bytes,7,opt,name=normal,proto3,oneof"`
}

type Op_Commit struct {
	Commit *CommitOp `protobuf:"bytes,8,opt,name=commit,proto3,oneof"`
}

type Op_GradSquared struct {
	GradSquared *GradSquaredOp `protobuf:"bytes,9,opt,name=grad_squared,json=gradSquared,proto3,oneof"`
}

type Op_InputGrad struct {
	InputGrad *InputGradOp `protobuf:"bytes,10,opt,name=input_grad,json=inputGrad,proto3,oneof"`
}

type Op_Activations struct {
	Activations *ActivationsOp `protobuf:"bytes,11,opt,name=activations,proto3,oneof"`
}

type Op_OutputGrad struct {
	OutputGrad *OutputGradOp `protobuf:"bytes,12,opt,name=output_grad,json=outputGrad,proto3,oneof"`
}

type Op_Inputs struct {
	Inputs *InputsOp `protobuf:"bytes,13,opt,name=inputs,proto3,oneof"`
}

func (*Op_Loss) isOp_Op() {}

func (*Op_Grad) isOp_Op() {}

func (*Op_GradClipped) isOp_Op() {}

func (*Op_Hvp) isOp_Op() {}

func (*Op_Outputs) isOp_Op() {}

func (*Op_Vjp) isOp_Op() {}

func (*Op_Normal) isOp_Op() {}

func (*Op_Commit) isOp_Op() {}

func (*Op_GradSquared) isOp_Op() {}

func (*Op_InputGrad) isOp_Op() {}

func (*Op_Activations) isOp_Op() {}

func (*Op_OutputGrad) isOp_Op() {}

func (*Op_Inputs) isOp_Op() {}

// A batch is a name, never a list of examples. The same name means the same examples, with the same augmentation
// and dropout mask, every time it is used in a trial.
type Batch struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	// "train"    minibatch number index of the trial's fixed order (optimizers)
	// "poisson"  each training example independently with probability rate; draw number index, below 2^32 (optimizers).
	//
	//	A draw may be empty: sums over it are 0 (GradClippedOp, GradSquaredOp, VJPOp), asking for a mean is
	//	BAD_REQUEST. Draws of a larger rate contain those of a smaller one with the same index.
	//
	// "full"     all training examples, or the metric's whole example set; never augmented; index is 0
	// "probe"    batch number index of the metric's example set (metrics)
	// There is no stream of validation or test examples.
	Stream string  `protobuf:"bytes,1,opt,name=stream,proto3" json:"stream,omitempty"`
	Index  uint64  `protobuf:"varint,2,opt,name=index,proto3" json:"index,omitempty"`
	Rate   float64 `protobuf:"fixed64,3,opt,name=rate,proto3" json:"rate,omitempty"` // poisson only, 0 < rate <= 1
	// A part of the batch. Absent: all of it. A part without examples is BAD_REQUEST.
	//
	// Types that are valid to be assigned to Part:
	//
	//	*Batch_Range
	//	*Batch_Class
	//	*Batch_Domain
	//	*Batch_Example
	Part isBatch_Part `protobuf_oneof:"part"`
	// Slot whose elements are added to the inputs as the network sees them (normalised, augmented): Problem.input_len
	// numbers for one example of the part after the other; the slot may be longer. Absent: the inputs as they are.
	InputDelta *uint32 `protobuf:"varint,8,opt,name=input_delta,json=inputDelta,proto3,oneof" json:"input_delta,omitempty"`
	// Metrics: number 1, 2, … of Problem.peers answers about these examples, with its own architecture and its own running
	// statistics; at, dir and out then have the length of its parameters. 0: the network that is measured.
	Peer          uint32 `protobuf:"varint,9,opt,name=peer,proto3" json:"peer,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Batch) Reset() {
	*x = Batch{}
	mi := &file_bench_v1_bench_proto_msgTypes[26]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Batch) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Batch) ProtoMessage() {}

func (x *Batch) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[26]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Batch.ProtoReflect.Descriptor instead.
func (*Batch) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{26}
}

func (x *Batch) GetStream() string {
	if x != nil {
		return x.Stream
	}
	return ""
}

func (x *Batch) GetIndex() uint64 {
	if x != nil {
		return x.Index
	}
	return 0
}

func (x *Batch) GetRate() float64 {
	if x != nil {
		return x.Rate
	}
	return 0
}

func (x *Batch) GetPart() isBatch_Part {
	if x != nil {
		return x.Part
	}
	return nil
}

func (x *Batch) GetRange() *Range {
	if x != nil {
		if x, ok := x.Part.(*Batch_Range); ok {
			return x.Range
		}
	}
	return nil
}

func (x *Batch) GetClass() uint32 {
	if x != nil {
		if x, ok := x.Part.(*Batch_Class); ok {
			return x.Class
		}
	}
	return 0
}

func (x *Batch) GetDomain() uint32 {
	if x != nil {
		if x, ok := x.Part.(*Batch_Domain); ok {
			return x.Domain
		}
	}
	return 0
}

func (x *Batch) GetExample() uint32 {
	if x != nil {
		if x, ok := x.Part.(*Batch_Example); ok {
			return x.Example
		}
	}
	return 0
}

func (x *Batch) GetInputDelta() uint32 {
	if x != nil && x.InputDelta != nil {
		return *x.InputDelta
	}
	return 0
}

func (x *Batch) GetPeer() uint32 {
	if x != nil {
		return x.Peer
	}
	return 0
}

type isBatch_Part interface {
	isBatch_Part()
}

type Batch_Range struct {
	Range *Range `protobuf:"bytes,4,opt,name=range,proto3,oneof"`
}

type Batch_Class struct {
	Class uint32 `protobuf:"varint,5,opt,name=class,proto3,oneof"` // the examples with this label
}

type Batch_Domain struct {
	Domain uint32 `protobuf:"varint,6,opt,name=domain,proto3,oneof"` // the examples of this domain
}

type Batch_Example struct {
	Example uint32 `protobuf:"varint,7,opt,name=example,proto3,oneof"` // one example, counted within the batch
}

func (*Batch_Range) isBatch_Part() {}

func (*Batch_Class) isBatch_Part() {}

func (*Batch_Domain) isBatch_Part() {}

func (*Batch_Example) isBatch_Part() {}

// Examples from to to (exclusive), counted within the batch.
type Range struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	From          uint32                 `protobuf:"varint,1,opt,name=from,proto3" json:"from,omitempty"`
	To            uint32                 `protobuf:"varint,2,opt,name=to,proto3" json:"to,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Range) Reset() {
	*x = Range{}
	mi := &file_bench_v1_bench_proto_msgTypes[27]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Range) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Range) ProtoMessage() {}

func (x *Range) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[27]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Range.ProtoReflect.Descriptor instead.
func (*Range) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{27}
}

func (x *Range) GetFrom() uint32 {
	if x != nil {
		return x.From
	}
	return 0
}

func (x *Range) GetTo() uint32 {
	if x != nil {
		return x.To
	}
	return 0
}

// Result.loss: the mean loss at the point at.
type LossOp struct {
	state           protoimpl.MessageState `protogen:"open.v1"`
	Batch           *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At              uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	NormalizeLogits bool                   `protobuf:"varint,3,opt,name=normalize_logits,json=normalizeLogits,proto3" json:"normalize_logits,omitempty"` // centre each example's logits and scale them to norm 1 before the loss
	Objective       Objective              `protobuf:"varint,4,opt,name=objective,proto3,enum=bench.v1.Objective" json:"objective,omitempty"`
	Each            *uint32                `protobuf:"varint,5,opt,name=each,proto3,oneof" json:"each,omitempty"` // slot for the losses of the single examples
	unknownFields   protoimpl.UnknownFields
	sizeCache       protoimpl.SizeCache
}

func (x *LossOp) Reset() {
	*x = LossOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[28]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *LossOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*LossOp) ProtoMessage() {}

func (x *LossOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[28]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use LossOp.ProtoReflect.Descriptor instead.
func (*LossOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{28}
}

func (x *LossOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *LossOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *LossOp) GetNormalizeLogits() bool {
	if x != nil {
		return x.NormalizeLogits
	}
	return false
}

func (x *LossOp) GetObjective() Objective {
	if x != nil {
		return x.Objective
	}
	return Objective_OBJECTIVE_UNSPECIFIED
}

func (x *LossOp) GetEach() uint32 {
	if x != nil && x.Each != nil {
		return *x.Each
	}
	return 0
}

// out = gradient of the mean loss at the point at. Result.loss: that loss.
type GradOp struct {
	state protoimpl.MessageState `protogen:"open.v1"`
	Batch *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At    uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Out   uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	// Keep the running statistics of batch normalisation as they are. Without it they follow this evaluation; only
	// gradients of optimizers move them.
	FreezeStats     bool      `protobuf:"varint,4,opt,name=freeze_stats,json=freezeStats,proto3" json:"freeze_stats,omitempty"`
	NormalizeLogits bool      `protobuf:"varint,5,opt,name=normalize_logits,json=normalizeLogits,proto3" json:"normalize_logits,omitempty"`
	Objective       Objective `protobuf:"varint,6,opt,name=objective,proto3,enum=bench.v1.Objective" json:"objective,omitempty"`
	unknownFields   protoimpl.UnknownFields
	sizeCache       protoimpl.SizeCache
}

func (x *GradOp) Reset() {
	*x = GradOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[29]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *GradOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*GradOp) ProtoMessage() {}

func (x *GradOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[29]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use GradOp.ProtoReflect.Descriptor instead.
func (*GradOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{29}
}

func (x *GradOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *GradOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *GradOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

func (x *GradOp) GetFreezeStats() bool {
	if x != nil {
		return x.FreezeStats
	}
	return false
}

func (x *GradOp) GetNormalizeLogits() bool {
	if x != nil {
		return x.NormalizeLogits
	}
	return false
}

func (x *GradOp) GetObjective() Objective {
	if x != nil {
		return x.Objective
	}
	return Objective_OBJECTIVE_UNSPECIFIED
}

// out = sum over the examples of their gradients, each first scaled to norm at most clip, or, with per_coordinate,
// each coordinate clamped to [-clip, clip]. Result.examples: how many were summed. With noise, independent
// N(0, std^2) numbers are added to the sum, those that NormalOp gives for the same stream and index: the plugin never sees
// the sum itself, the result says nothing else of the batch, and the host can vouch for the privacy of it.
type GradClippedOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At            uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Out           uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	Clip          float64                `protobuf:"fixed64,4,opt,name=clip,proto3" json:"clip,omitempty"` // greater than 0; infinity: no clipping
	PerCoordinate bool                   `protobuf:"varint,5,opt,name=per_coordinate,json=perCoordinate,proto3" json:"per_coordinate,omitempty"`
	Norms         *uint32                `protobuf:"varint,6,opt,name=norms,proto3,oneof" json:"norms,omitempty"` // slot for the gradient norms of the examples before clipping
	Noise         *Noise                 `protobuf:"bytes,7,opt,name=noise,proto3" json:"noise,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *GradClippedOp) Reset() {
	*x = GradClippedOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[30]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *GradClippedOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*GradClippedOp) ProtoMessage() {}

func (x *GradClippedOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[30]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use GradClippedOp.ProtoReflect.Descriptor instead.
func (*GradClippedOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{30}
}

func (x *GradClippedOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *GradClippedOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *GradClippedOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

func (x *GradClippedOp) GetClip() float64 {
	if x != nil {
		return x.Clip
	}
	return 0
}

func (x *GradClippedOp) GetPerCoordinate() bool {
	if x != nil {
		return x.PerCoordinate
	}
	return false
}

func (x *GradClippedOp) GetNorms() uint32 {
	if x != nil && x.Norms != nil {
		return *x.Norms
	}
	return 0
}

func (x *GradClippedOp) GetNoise() *Noise {
	if x != nil {
		return x.Noise
	}
	return nil
}

type Noise struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Stream        string                 `protobuf:"bytes,1,opt,name=stream,proto3" json:"stream,omitempty"`
	Index         uint64                 `protobuf:"varint,2,opt,name=index,proto3" json:"index,omitempty"`
	Std           float64                `protobuf:"fixed64,3,opt,name=std,proto3" json:"std,omitempty"` // finite, at least 0
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Noise) Reset() {
	*x = Noise{}
	mi := &file_bench_v1_bench_proto_msgTypes[31]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Noise) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Noise) ProtoMessage() {}

func (x *Noise) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[31]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Noise.ProtoReflect.Descriptor instead.
func (*Noise) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{31}
}

func (x *Noise) GetStream() string {
	if x != nil {
		return x.Stream
	}
	return ""
}

func (x *Noise) GetIndex() uint64 {
	if x != nil {
		return x.Index
	}
	return 0
}

func (x *Noise) GetStd() float64 {
	if x != nil {
		return x.Std
	}
	return 0
}

// out = sum over the examples of the squares of their gradients, coordinate by coordinate.
type GradSquaredOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At            uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Out           uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *GradSquaredOp) Reset() {
	*x = GradSquaredOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[32]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *GradSquaredOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*GradSquaredOp) ProtoMessage() {}

func (x *GradSquaredOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[32]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use GradSquaredOp.ProtoReflect.Descriptor instead.
func (*GradSquaredOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{32}
}

func (x *GradSquaredOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *GradSquaredOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *GradSquaredOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

// out = H dir, H the Hessian of the mean loss at the point at.
type HVPOp struct {
	state           protoimpl.MessageState `protogen:"open.v1"`
	Batch           *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At              uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Dir             uint32                 `protobuf:"varint,3,opt,name=dir,proto3" json:"dir,omitempty"`
	Out             uint32                 `protobuf:"varint,4,opt,name=out,proto3" json:"out,omitempty"`
	NormalizeLogits bool                   `protobuf:"varint,5,opt,name=normalize_logits,json=normalizeLogits,proto3" json:"normalize_logits,omitempty"`
	Objective       Objective              `protobuf:"varint,6,opt,name=objective,proto3,enum=bench.v1.Objective" json:"objective,omitempty"`
	unknownFields   protoimpl.UnknownFields
	sizeCache       protoimpl.SizeCache
}

func (x *HVPOp) Reset() {
	*x = HVPOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[33]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *HVPOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*HVPOp) ProtoMessage() {}

func (x *HVPOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[33]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use HVPOp.ProtoReflect.Descriptor instead.
func (*HVPOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{33}
}

func (x *HVPOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *HVPOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *HVPOp) GetDir() uint32 {
	if x != nil {
		return x.Dir
	}
	return 0
}

func (x *HVPOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

func (x *HVPOp) GetNormalizeLogits() bool {
	if x != nil {
		return x.NormalizeLogits
	}
	return false
}

func (x *HVPOp) GetObjective() Objective {
	if x != nil {
		return x.Objective
	}
	return Objective_OBJECTIVE_UNSPECIFIED
}

// out = outputs (logits) of the examples, Problem.classes numbers for one example after the other; the slot has room
// for all of them and the rest of it is left alone. Result.examples: how many examples.
type OutputsOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At            uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Out           uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *OutputsOp) Reset() {
	*x = OutputsOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[34]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *OutputsOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*OutputsOp) ProtoMessage() {}

func (x *OutputsOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[34]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use OutputsOp.ProtoReflect.Descriptor instead.
func (*OutputsOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{34}
}

func (x *OutputsOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *OutputsOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *OutputsOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

// out = J^T cotangent, J the Jacobian of the outputs of all examples by the parameters. cotangent is laid out as the
// outputs are.
type VJPOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At            uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Cotangent     uint32                 `protobuf:"varint,3,opt,name=cotangent,proto3" json:"cotangent,omitempty"`
	Out           uint32                 `protobuf:"varint,4,opt,name=out,proto3" json:"out,omitempty"`
	FreezeStats   bool                   `protobuf:"varint,5,opt,name=freeze_stats,json=freezeStats,proto3" json:"freeze_stats,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *VJPOp) Reset() {
	*x = VJPOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[35]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *VJPOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*VJPOp) ProtoMessage() {}

func (x *VJPOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[35]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use VJPOp.ProtoReflect.Descriptor instead.
func (*VJPOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{35}
}

func (x *VJPOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *VJPOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *VJPOp) GetCotangent() uint32 {
	if x != nil {
		return x.Cotangent
	}
	return 0
}

func (x *VJPOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

func (x *VJPOp) GetFreezeStats() bool {
	if x != nil {
		return x.FreezeStats
	}
	return false
}

// out = gradient of the mean loss by the inputs, laid out as Batch.input_delta is.
type InputGradOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At            uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Out           uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *InputGradOp) Reset() {
	*x = InputGradOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[36]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *InputGradOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*InputGradOp) ProtoMessage() {}

func (x *InputGradOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[36]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use InputGradOp.ProtoReflect.Descriptor instead.
func (*InputGradOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{36}
}

func (x *InputGradOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *InputGradOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *InputGradOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

// out = gradient of the mean loss by the outputs, laid out as they are: what VJPOp turns into the gradient by the
// parameters. Refused where the loss has a part that is no function of the outputs (UNSUPPORTED).
type OutputGradOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At            uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Out           uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *OutputGradOp) Reset() {
	*x = OutputGradOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[37]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *OutputGradOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*OutputGradOp) ProtoMessage() {}

func (x *OutputGradOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[37]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use OutputGradOp.ProtoReflect.Descriptor instead.
func (*OutputGradOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{37}
}

func (x *OutputGradOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *OutputGradOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *OutputGradOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

// out = the inputs as the network sees them, laid out as Batch.input_delta is. Result.examples: how many examples.
type InputsOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	Out           uint32                 `protobuf:"varint,2,opt,name=out,proto3" json:"out,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *InputsOp) Reset() {
	*x = InputsOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[38]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *InputsOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*InputsOp) ProtoMessage() {}

func (x *InputsOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[38]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use InputsOp.ProtoReflect.Descriptor instead.
func (*InputsOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{38}
}

func (x *InputsOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *InputsOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

// out = the pre-activations of one layer, example after example. Result.examples: how many examples.
type ActivationsOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Batch         *Batch                 `protobuf:"bytes,1,opt,name=batch,proto3" json:"batch,omitempty"`
	At            uint32                 `protobuf:"varint,2,opt,name=at,proto3" json:"at,omitempty"`
	Out           uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	Layer         uint32                 `protobuf:"varint,4,opt,name=layer,proto3" json:"layer,omitempty"` // Tensor.layer
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *ActivationsOp) Reset() {
	*x = ActivationsOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[39]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *ActivationsOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*ActivationsOp) ProtoMessage() {}

func (x *ActivationsOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[39]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use ActivationsOp.ProtoReflect.Descriptor instead.
func (*ActivationsOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{39}
}

func (x *ActivationsOp) GetBatch() *Batch {
	if x != nil {
		return x.Batch
	}
	return nil
}

func (x *ActivationsOp) GetAt() uint32 {
	if x != nil {
		return x.At
	}
	return 0
}

func (x *ActivationsOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

func (x *ActivationsOp) GetLayer() uint32 {
	if x != nil {
		return x.Layer
	}
	return 0
}

// out, any slot but the ones a metric must not write, = independent N(0, std^2) numbers. They depend on the trial's
// seed, the stream and the index, and number i on i alone.
type NormalOp struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Stream        string                 `protobuf:"bytes,1,opt,name=stream,proto3" json:"stream,omitempty"`
	Index         uint64                 `protobuf:"varint,2,opt,name=index,proto3" json:"index,omitempty"`
	Out           uint32                 `protobuf:"varint,3,opt,name=out,proto3" json:"out,omitempty"`
	Std           float64                `protobuf:"fixed64,4,opt,name=std,proto3" json:"std,omitempty"` // finite, at least 0
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *NormalOp) Reset() {
	*x = NormalOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[40]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *NormalOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*NormalOp) ProtoMessage() {}

func (x *NormalOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[40]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use NormalOp.ProtoReflect.Descriptor instead.
func (*NormalOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{40}
}

func (x *NormalOp) GetStream() string {
	if x != nil {
		return x.Stream
	}
	return ""
}

func (x *NormalOp) GetIndex() uint64 {
	if x != nil {
		return x.Index
	}
	return 0
}

func (x *NormalOp) GetOut() uint32 {
	if x != nil {
		return x.Out
	}
	return 0
}

func (x *NormalOp) GetStd() float64 {
	if x != nil {
		return x.Std
	}
	return 0
}

// The slot params holds the parameters of the next step. The host checks the guard words, refuses values that are
// not finite (NON_FINITE; the step does not count), copies the slot, and may evaluate and store a checkpoint of all
// slots that are not scratch. Result.stop and Result.lr_scale say how to go on.
type CommitOp struct {
	state  protoimpl.MessageState `protogen:"open.v1"`
	Params uint32                 `protobuf:"varint,1,opt,name=params,proto3" json:"params,omitempty"` // slot number, of length Problem.dim; 0 but for methods that commit an average
	Blob   []byte                 `protobuf:"bytes,2,opt,name=blob,proto3" json:"blob,omitempty"`      // at most 65536 bytes
	// Shown as the plugin's own word, never ranked. Those that are not finite are left out.
	Scalars       map[string]float64 `protobuf:"bytes,3,rep,name=scalars,proto3" json:"scalars,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *CommitOp) Reset() {
	*x = CommitOp{}
	mi := &file_bench_v1_bench_proto_msgTypes[41]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *CommitOp) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*CommitOp) ProtoMessage() {}

func (x *CommitOp) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[41]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use CommitOp.ProtoReflect.Descriptor instead.
func (*CommitOp) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{41}
}

func (x *CommitOp) GetParams() uint32 {
	if x != nil {
		return x.Params
	}
	return 0
}

func (x *CommitOp) GetBlob() []byte {
	if x != nil {
		return x.Blob
	}
	return nil
}

func (x *CommitOp) GetScalars() map[string]float64 {
	if x != nil {
		return x.Scalars
	}
	return nil
}

type Result struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Loss          float64                `protobuf:"fixed64,1,opt,name=loss,proto3" json:"loss,omitempty"`
	Examples      uint64                 `protobuf:"varint,2,opt,name=examples,proto3" json:"examples,omitempty"`
	Scalars       map[string]float64     `protobuf:"bytes,3,rep,name=scalars,proto3" json:"scalars,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"`
	G             float64                `protobuf:"fixed64,4,opt,name=g,proto3" json:"g,omitempty"`                               // what the host has billed for the op
	Stop          StopReason             `protobuf:"varint,5,opt,name=stop,proto3,enum=bench.v1.StopReason" json:"stop,omitempty"` // of a Commit: unspecified means go on
	LrScale       float64                `protobuf:"fixed64,6,opt,name=lr_scale,json=lrScale,proto3" json:"lr_scale,omitempty"`    // of a Commit: factor of the schedule for the step that follows
	Errors        uint64                 `protobuf:"varint,7,opt,name=errors,proto3" json:"errors,omitempty"`                      // examples whose largest output is not their label
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Result) Reset() {
	*x = Result{}
	mi := &file_bench_v1_bench_proto_msgTypes[42]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Result) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Result) ProtoMessage() {}

func (x *Result) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[42]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Result.ProtoReflect.Descriptor instead.
func (*Result) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{42}
}

func (x *Result) GetLoss() float64 {
	if x != nil {
		return x.Loss
	}
	return 0
}

func (x *Result) GetExamples() uint64 {
	if x != nil {
		return x.Examples
	}
	return 0
}

func (x *Result) GetScalars() map[string]float64 {
	if x != nil {
		return x.Scalars
	}
	return nil
}

func (x *Result) GetG() float64 {
	if x != nil {
		return x.G
	}
	return 0
}

func (x *Result) GetStop() StopReason {
	if x != nil {
		return x.Stop
	}
	return StopReason_STOP_REASON_UNSPECIFIED
}

func (x *Result) GetLrScale() float64 {
	if x != nil {
		return x.LrScale
	}
	return 0
}

func (x *Result) GetErrors() uint64 {
	if x != nil {
		return x.Errors
	}
	return 0
}

type Error struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Code          Error_Code             `protobuf:"varint,1,opt,name=code,proto3,enum=bench.v1.Error_Code" json:"code,omitempty"`
	Message       string                 `protobuf:"bytes,2,opt,name=message,proto3" json:"message,omitempty"`
	Op            uint32                 `protobuf:"varint,3,opt,name=op,proto3" json:"op,omitempty"` // place in Request.ops, from 0
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Error) Reset() {
	*x = Error{}
	mi := &file_bench_v1_bench_proto_msgTypes[43]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Error) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Error) ProtoMessage() {}

func (x *Error) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[43]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Error.ProtoReflect.Descriptor instead.
func (*Error) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{43}
}

func (x *Error) GetCode() Error_Code {
	if x != nil {
		return x.Code
	}
	return Error_CODE_UNSPECIFIED
}

func (x *Error) GetMessage() string {
	if x != nil {
		return x.Message
	}
	return ""
}

func (x *Error) GetOp() uint32 {
	if x != nil {
		return x.Op
	}
	return 0
}

type Log struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Level         string                 `protobuf:"bytes,1,opt,name=level,proto3" json:"level,omitempty"` // debug, info, warn, error
	Message       string                 `protobuf:"bytes,2,opt,name=message,proto3" json:"message,omitempty"`
	Scalars       map[string]float64     `protobuf:"bytes,3,rep,name=scalars,proto3" json:"scalars,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Log) Reset() {
	*x = Log{}
	mi := &file_bench_v1_bench_proto_msgTypes[44]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Log) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Log) ProtoMessage() {}

func (x *Log) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[44]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Log.ProtoReflect.Descriptor instead.
func (*Log) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{44}
}

func (x *Log) GetLevel() string {
	if x != nil {
		return x.Level
	}
	return ""
}

func (x *Log) GetMessage() string {
	if x != nil {
		return x.Message
	}
	return ""
}

func (x *Log) GetScalars() map[string]float64 {
	if x != nil {
		return x.Scalars
	}
	return nil
}

type Done struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Status        Done_Status            `protobuf:"varint,1,opt,name=status,proto3,enum=bench.v1.Done_Status" json:"status,omitempty"`
	Detail        string                 `protobuf:"bytes,2,opt,name=detail,proto3" json:"detail,omitempty"` // a sentence for people
	Scalars       map[string]float64     `protobuf:"bytes,3,rep,name=scalars,proto3" json:"scalars,omitempty" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"fixed64,2,opt,name=value"`
	Values        []*MetricValue         `protobuf:"bytes,4,rep,name=values,proto3" json:"values,omitempty"` // metrics
	Tables        []*Table               `protobuf:"bytes,5,rep,name=tables,proto3" json:"tables,omitempty"` // metrics: numbers behind the values, such as one row for each class
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Done) Reset() {
	*x = Done{}
	mi := &file_bench_v1_bench_proto_msgTypes[45]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Done) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Done) ProtoMessage() {}

func (x *Done) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[45]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Done.ProtoReflect.Descriptor instead.
func (*Done) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{45}
}

func (x *Done) GetStatus() Done_Status {
	if x != nil {
		return x.Status
	}
	return Done_STATUS_UNSPECIFIED
}

func (x *Done) GetDetail() string {
	if x != nil {
		return x.Detail
	}
	return ""
}

func (x *Done) GetScalars() map[string]float64 {
	if x != nil {
		return x.Scalars
	}
	return nil
}

func (x *Done) GetValues() []*MetricValue {
	if x != nil {
		return x.Values
	}
	return nil
}

func (x *Done) GetTables() []*Table {
	if x != nil {
		return x.Tables
	}
	return nil
}

type MetricValue struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`           // one of DescribeResponse.values
	Value         *float64               `protobuf:"fixed64,2,opt,name=value,proto3,oneof" json:"value,omitempty"` // absent: there is none, reason says why
	Reason        string                 `protobuf:"bytes,3,opt,name=reason,proto3" json:"reason,omitempty"`
	StdErr        *float64               `protobuf:"fixed64,4,opt,name=std_err,json=stdErr,proto3,oneof" json:"std_err,omitempty"` // when the value was estimated by sampling
	Warnings      []string               `protobuf:"bytes,5,rep,name=warnings,proto3" json:"warnings,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *MetricValue) Reset() {
	*x = MetricValue{}
	mi := &file_bench_v1_bench_proto_msgTypes[46]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *MetricValue) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*MetricValue) ProtoMessage() {}

func (x *MetricValue) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[46]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use MetricValue.ProtoReflect.Descriptor instead.
func (*MetricValue) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{46}
}

func (x *MetricValue) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *MetricValue) GetValue() float64 {
	if x != nil && x.Value != nil {
		return *x.Value
	}
	return 0
}

func (x *MetricValue) GetReason() string {
	if x != nil {
		return x.Reason
	}
	return ""
}

func (x *MetricValue) GetStdErr() float64 {
	if x != nil && x.StdErr != nil {
		return *x.StdErr
	}
	return 0
}

func (x *MetricValue) GetWarnings() []string {
	if x != nil {
		return x.Warnings
	}
	return nil
}

// Columns of one length, kept with the measurement and never ranked. At most 65536 numbers in all tables together.
type Table struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"` // each name once
	Columns       []*Column              `protobuf:"bytes,2,rep,name=columns,proto3" json:"columns,omitempty"`
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Table) Reset() {
	*x = Table{}
	mi := &file_bench_v1_bench_proto_msgTypes[47]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Table) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Table) ProtoMessage() {}

func (x *Table) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[47]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Table.ProtoReflect.Descriptor instead.
func (*Table) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{47}
}

func (x *Table) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Table) GetColumns() []*Column {
	if x != nil {
		return x.Columns
	}
	return nil
}

type Column struct {
	state         protoimpl.MessageState `protogen:"open.v1"`
	Name          string                 `protobuf:"bytes,1,opt,name=name,proto3" json:"name,omitempty"`
	Values        []float64              `protobuf:"fixed64,2,rep,packed,name=values,proto3" json:"values,omitempty"` // finite
	unknownFields protoimpl.UnknownFields
	sizeCache     protoimpl.SizeCache
}

func (x *Column) Reset() {
	*x = Column{}
	mi := &file_bench_v1_bench_proto_msgTypes[48]
	ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
	ms.StoreMessageInfo(mi)
}

func (x *Column) String() string {
	return protoimpl.X.MessageStringOf(x)
}

func (*Column) ProtoMessage() {}

func (x *Column) ProtoReflect() protoreflect.Message {
	mi := &file_bench_v1_bench_proto_msgTypes[48]
	if x != nil {
		ms := protoimpl.X.MessageStateOf(protoimpl.Pointer(x))
		if ms.LoadMessageInfo() == nil {
			ms.StoreMessageInfo(mi)
		}
		return ms
	}
	return mi.MessageOf(x)
}

// Deprecated: Use Column.ProtoReflect.Descriptor instead.
func (*Column) Descriptor() ([]byte, []int) {
	return file_bench_v1_bench_proto_rawDescGZIP(), []int{48}
}

func (x *Column) GetName() string {
	if x != nil {
		return x.Name
	}
	return ""
}

func (x *Column) GetValues() []float64 {
	if x != nil {
		return x.Values
	}
	return nil
}

var File_bench_v1_bench_proto protoreflect.FileDescriptor

const file_bench_v1_bench_proto_rawDesc = "" +
	"\n" +
	"\x14bench/v1/bench.proto\x12\bbench.v1\"\x11\n" +
	"\x0fDescribeRequest\"\x8e\x05\n" +
	"\x10DescribeResponse\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\"\n" +
	"\x04kind\x18\x02 \x01(\x0e2\x0e.bench.v1.KindR\x04kind\x12\x18\n" +
	"\aversion\x18\x03 \x01(\rR\aversion\x12\x18\n" +
	"\asummary\x18\x04 \x01(\tR\asummary\x12\x12\n" +
	"\x04rule\x18\x05 \x01(\tR\x04rule\x12\x1a\n" +
	"\bcitation\x18\x06 \x01(\tR\bcitation\x12'\n" +
	"\x06params\x18\a \x03(\v2\x0f.bench.v1.ParamR\x06params\x12'\n" +
	"\x05needs\x18\b \x03(\x0e2\x11.bench.v1.Op.NameR\x05needs\x12\x12\n" +
	"\x04cost\x18\t \x01(\x01R\x04cost\x12\x14\n" +
	"\x05track\x18\n" +
	" \x01(\tR\x05track\x124\n" +
	"\n" +
	"degenerate\x18\v \x03(\v2\x14.bench.v1.DegenerateR\n" +
	"degenerate\x12\x1c\n" +
	"\tresumable\x18\f \x01(\bR\tresumable\x12+\n" +
	"\x06values\x18\r \x03(\v2\x13.bench.v1.ValueInfoR\x06values\x12 \n" +
	"\vinvariances\x18\x0e \x03(\tR\vinvariances\x12\x14\n" +
	"\x05watch\x18\x0f \x03(\tR\x05watch\x12\x1e\n" +
	"\n" +
	"unverified\x18\x10 \x01(\tR\n" +
	"unverified\x12\x1b\n" +
	"\tcost_note\x18\x11 \x01(\tR\bcostNote\x12+\n" +
	"\aprivacy\x18\x12 \x01(\v2\x11.bench.v1.PrivacyR\aprivacy\x12%\n" +
	"\x05peers\x18\x13 \x01(\v2\x0f.bench.v1.PeersR\x05peers\x12\x18\n" +
	"\afinding\x18\x14 \x01(\tR\afinding\"\x94\x01\n" +
	"\x05Peers\x12(\n" +
	"\x04kind\x18\x01 \x01(\x0e2\x14.bench.v1.Peers.KindR\x04kind\x12\x10\n" +
	"\x03max\x18\x02 \x01(\rR\x03max\"O\n" +
	"\x04Kind\x12\x14\n" +
	"\x10KIND_UNSPECIFIED\x10\x00\x12\x0e\n" +
	"\n" +
	"KIND_SEEDS\x10\x01\x12\x0f\n" +
	"\vKIND_WIDTHS\x10\x02\x12\x10\n" +
	"\fKIND_MOMENTS\x10\x03\"\x7f\n" +
	"\aPrivacy\x12\x18\n" +
	"\aepsilon\x18\x01 \x01(\tR\aepsilon\x12\x14\n" +
	"\x05delta\x18\x02 \x01(\tR\x05delta\x12\x14\n" +
	"\x05sigma\x18\x03 \x01(\tR\x05sigma\x12\x12\n" +
	"\x04clip\x18\x04 \x01(\tR\x04clip\x12\x1a\n" +
	"\breleases\x18\x05 \x01(\rR\breleases\"\xdc\x03\n" +
	"\x05Param\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12(\n" +
	"\x04type\x18\x02 \x01(\x0e2\x14.bench.v1.Param.TypeR\x04type\x12)\n" +
	"\adefault\x18\x03 \x01(\v2\x0f.bench.v1.ValueR\adefault\x12\x15\n" +
	"\x03min\x18\x04 \x01(\x01H\x00R\x03min\x88\x01\x01\x12\x15\n" +
	"\x03max\x18\x05 \x01(\x01H\x01R\x03max\x88\x01\x01\x12\x19\n" +
	"\bmin_open\x18\x06 \x01(\bR\aminOpen\x12\x19\n" +
	"\bmax_open\x18\a \x01(\bR\amaxOpen\x12\x18\n" +
	"\achoices\x18\b \x03(\tR\achoices\x12+\n" +
	"\x05scale\x18\t \x01(\x0e2\x15.bench.v1.Param.ScaleR\x05scale\x12\x12\n" +
	"\x04help\x18\n" +
	" \x01(\tR\x04help\"Z\n" +
	"\x04Type\x12\x14\n" +
	"\x10TYPE_UNSPECIFIED\x10\x00\x12\x0e\n" +
	"\n" +
	"TYPE_FLOAT\x10\x01\x12\f\n" +
	"\bTYPE_INT\x10\x02\x12\r\n" +
	"\tTYPE_BOOL\x10\x03\x12\x0f\n" +
	"\vTYPE_STRING\x10\x04\"?\n" +
	"\x05Scale\x12\x15\n" +
	"\x11SCALE_UNSPECIFIED\x10\x00\x12\x10\n" +
	"\fSCALE_LINEAR\x10\x01\x12\r\n" +
	"\tSCALE_LOG\x10\x02B\x06\n" +
	"\x04_minB\x06\n" +
	"\x04_max\"x\n" +
	"\x05Value\x12\x18\n" +
	"\x06number\x18\x01 \x01(\x01H\x00R\x06number\x12\x1a\n" +
	"\ainteger\x18\x02 \x01(\x03H\x00R\ainteger\x12\x1a\n" +
	"\aboolean\x18\x03 \x01(\bH\x00R\aboolean\x12\x14\n" +
	"\x04text\x18\x04 \x01(\tH\x00R\x04textB\a\n" +
	"\x05value\"\xa2\x01\n" +
	"\n" +
	"Degenerate\x122\n" +
	"\x04when\x18\x01 \x03(\v2\x1e.bench.v1.Degenerate.WhenEntryR\x04when\x12\x16\n" +
	"\x06equals\x18\x02 \x01(\tR\x06equals\x1aH\n" +
	"\tWhenEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12%\n" +
	"\x05value\x18\x02 \x01(\v2\x0f.bench.v1.ValueR\x05value:\x028\x01\"\xd3\x01\n" +
	"\tValueInfo\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x12\n" +
	"\x04unit\x18\x02 \x01(\tR\x04unit\x122\n" +
	"\x06better\x18\x03 \x01(\x0e2\x1a.bench.v1.ValueInfo.BetterR\x06better\x12\x12\n" +
	"\x04help\x18\x04 \x01(\tR\x04help\"V\n" +
	"\x06Better\x12\x16\n" +
	"\x12BETTER_UNSPECIFIED\x10\x00\x12\x10\n" +
	"\fBETTER_LOWER\x10\x01\x12\x11\n" +
	"\rBETTER_HIGHER\x10\x02\x12\x0f\n" +
	"\vBETTER_NONE\x10\x03\"\xc9\x01\n" +
	"\x0fValidateRequest\x12+\n" +
	"\aproblem\x18\x01 \x01(\v2\x11.bench.v1.ProblemR\aproblem\x12=\n" +
	"\x06params\x18\x02 \x03(\v2%.bench.v1.ValidateRequest.ParamsEntryR\x06params\x1aJ\n" +
	"\vParamsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12%\n" +
	"\x05value\x18\x02 \x01(\v2\x0f.bench.v1.ValueR\x05value:\x028\x01\"w\n" +
	"\x10ValidateResponse\x126\n" +
	"\vdiagnostics\x18\x01 \x03(\v2\x14.bench.v1.DiagnosticR\vdiagnostics\x12+\n" +
	"\x05slots\x18\x02 \x03(\v2\x15.bench.v1.SlotRequestR\x05slots\"<\n" +
	"\n" +
	"Diagnostic\x12\x14\n" +
	"\x05param\x18\x01 \x01(\tR\x05param\x12\x18\n" +
	"\amessage\x18\x02 \x01(\tR\amessage\"M\n" +
	"\vSlotRequest\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x10\n" +
	"\x03len\x18\x02 \x01(\x04R\x03len\x12\x18\n" +
	"\ascratch\x18\x03 \x01(\bR\ascratch\"\xc6\x03\n" +
	"\aProblem\x12\x10\n" +
	"\x03dim\x18\x01 \x01(\x04R\x03dim\x12*\n" +
	"\atensors\x18\x02 \x03(\v2\x10.bench.v1.TensorR\atensors\x12\x18\n" +
	"\aclasses\x18\x03 \x01(\rR\aclasses\x12\x1a\n" +
	"\bexamples\x18\x04 \x01(\x04R\bexamples\x12\x1d\n" +
	"\n" +
	"batch_size\x18\x05 \x01(\rR\tbatchSize\x12\x14\n" +
	"\x05steps\x18\x06 \x01(\x04R\x05steps\x12&\n" +
	"\x0fsteps_per_epoch\x18\a \x01(\x04R\rstepsPerEpoch\x12#\n" +
	"\rprobe_batches\x18\b \x01(\rR\fprobeBatches\x12(\n" +
	"\x10probe_batch_size\x18\t \x01(\rR\x0eprobeBatchSize\x12\x1b\n" +
	"\tinput_len\x18\n" +
	" \x01(\x04R\binputLen\x12\x1c\n" +
	"\tauxiliary\x18\v \x01(\bR\tauxiliary\x12$\n" +
	"\x05peers\x18\f \x03(\v2\x0e.bench.v1.PeerR\x05peers\x12\x1d\n" +
	"\n" +
	"input_mean\x18\r \x03(\x02R\tinputMean\x12\x1b\n" +
	"\tinput_std\x18\x0e \x03(\x02R\binputStd\"l\n" +
	"\x04Peer\x12\x10\n" +
	"\x03dim\x18\x01 \x01(\x04R\x03dim\x12*\n" +
	"\atensors\x18\x02 \x03(\v2\x10.bench.v1.TensorR\atensors\x12\x12\n" +
	"\x04seed\x18\x03 \x01(\x04R\x04seed\x12\x12\n" +
	"\x04step\x18\x04 \x01(\x04R\x04step\"\x86\x02\n" +
	"\x06Tensor\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x12\n" +
	"\x04kind\x18\x02 \x01(\tR\x04kind\x12\x14\n" +
	"\x05layer\x18\x03 \x01(\rR\x05layer\x12\x14\n" +
	"\x05shape\x18\x04 \x03(\x04R\x05shape\x12\x16\n" +
	"\x06offset\x18\x05 \x01(\x04R\x06offset\x12\x15\n" +
	"\x06fan_in\x18\x06 \x01(\x04R\x05fanIn\x12\x1a\n" +
	"\bprunable\x18\a \x01(\bR\bprunable\x12%\n" +
	"\x0eactivation_len\x18\b \x01(\x04R\ractivationLen\x12\x19\n" +
	"\bsgd_rate\x18\t \x01(\x01R\asgdRate\x12\x1b\n" +
	"\tadam_rate\x18\n" +
	" \x01(\x01R\badamRate\"\xaa\x01\n" +
	"\vHostMessage\x12'\n" +
	"\x05start\x18\x01 \x01(\v2\x0f.bench.v1.StartH\x00R\x05start\x12'\n" +
	"\x05reply\x18\x02 \x01(\v2\x0f.bench.v1.ReplyH\x00R\x05reply\x12$\n" +
	"\x04stop\x18\x03 \x01(\v2\x0e.bench.v1.StopH\x00R\x04stop\x12\x1c\n" +
	"\tprocessor\x18\x04 \x01(\rR\tprocessorB\x05\n" +
	"\x03msg\"\xba\x01\n" +
	"\rPluginMessage\x12-\n" +
	"\arequest\x18\x01 \x01(\v2\x11.bench.v1.RequestH\x00R\arequest\x12!\n" +
	"\x03log\x18\x02 \x01(\v2\r.bench.v1.LogH\x00R\x03log\x12$\n" +
	"\x04done\x18\x03 \x01(\v2\x0e.bench.v1.DoneH\x00R\x04done\x12*\n" +
	"\x06direct\x18\x04 \x01(\v2\x10.bench.v1.DirectH\x00R\x06directB\x05\n" +
	"\x03msg\"*\n" +
	"\x06Direct\x12\x0e\n" +
	"\x02fd\x18\x01 \x01(\rR\x02fd\x12\x10\n" +
	"\x03max\x18\x02 \x01(\rR\x03max\"\xa4\x03\n" +
	"\x05Start\x12\x15\n" +
	"\x06run_id\x18\x01 \x01(\tR\x05runId\x12+\n" +
	"\aproblem\x18\x02 \x01(\v2\x11.bench.v1.ProblemR\aproblem\x123\n" +
	"\x06params\x18\x03 \x03(\v2\x1b.bench.v1.Start.ParamsEntryR\x06params\x12\x12\n" +
	"\x04seed\x18\x04 \x01(\x04R\x04seed\x12%\n" +
	"\x05arena\x18\x05 \x01(\v2\x0f.bench.v1.ArenaR\x05arena\x12\x12\n" +
	"\x04step\x18\x06 \x01(\x04R\x04step\x12\x12\n" +
	"\x04blob\x18\a \x01(\fR\x04blob\x12\x19\n" +
	"\blr_scale\x18\b \x01(\x01R\alrScale\x12.\n" +
	"\btraining\x18\t \x01(\v2\x12.bench.v1.TrainingR\btraining\x12(\n" +
	"\x06direct\x18\n" +
	" \x01(\v2\x10.bench.v1.DirectR\x06direct\x1aJ\n" +
	"\vParamsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12%\n" +
	"\x05value\x18\x02 \x01(\v2\x0f.bench.v1.ValueR\x05value:\x028\x01\"\xc7\x01\n" +
	"\bTraining\x12\x1c\n" +
	"\toptimizer\x18\x01 \x01(\tR\toptimizer\x126\n" +
	"\x06params\x18\x02 \x03(\v2\x1e.bench.v1.Training.ParamsEntryR\x06params\x12\x19\n" +
	"\blr_scale\x18\x03 \x01(\x01R\alrScale\x1aJ\n" +
	"\vParamsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12%\n" +
	"\x05value\x18\x02 \x01(\v2\x0f.bench.v1.ValueR\x05value:\x028\x01\"t\n" +
	"\x05Arena\x12\x10\n" +
	"\x02fd\x18\x01 \x01(\rH\x00R\x02fd\x12\x14\n" +
	"\x04path\x18\x02 \x01(\tH\x00R\x04path\x12\x14\n" +
	"\x05bytes\x18\x03 \x01(\x04R\x05bytes\x12$\n" +
	"\x05slots\x18\x04 \x03(\v2\x0e.bench.v1.SlotR\x05slotsB\a\n" +
	"\x05where\"D\n" +
	"\x04Slot\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x16\n" +
	"\x06offset\x18\x02 \x01(\x04R\x06offset\x12\x10\n" +
	"\x03len\x18\x03 \x01(\x04R\x03len\"4\n" +
	"\x04Stop\x12,\n" +
	"\x06reason\x18\x01 \x01(\x0e2\x14.bench.v1.StopReasonR\x06reason\"9\n" +
	"\aRequest\x12\x0e\n" +
	"\x02id\x18\x01 \x01(\x04R\x02id\x12\x1e\n" +
	"\x03ops\x18\x02 \x03(\v2\f.bench.v1.OpR\x03ops\"j\n" +
	"\x05Reply\x12\x0e\n" +
	"\x02id\x18\x01 \x01(\x04R\x02id\x12*\n" +
	"\aresults\x18\x02 \x03(\v2\x10.bench.v1.ResultR\aresults\x12%\n" +
	"\x05error\x18\x03 \x01(\v2\x0f.bench.v1.ErrorR\x05error\"\x98\a\n" +
	"\x02Op\x12&\n" +
	"\x04loss\x18\x01 \x01(\v2\x10.bench.v1.LossOpH\x00R\x04loss\x12&\n" +
	"\x04grad\x18\x02 \x01(\v2\x10.bench.v1.GradOpH\x00R\x04grad\x12<\n" +
	"\fgrad_clipped\x18\x03 \x01(\v2\x17.bench.v1.GradClippedOpH\x00R\vgradClipped\x12#\n" +
	"\x03hvp\x18\x04 \x01(\v2\x0f.bench.v1.HVPOpH\x00R\x03hvp\x12/\n" +
	"\aoutputs\x18\x05 \x01(\v2\x13.bench.v1.OutputsOpH\x00R\aoutputs\x12#\n" +
	"\x03vjp\x18\x06 \x01(\v2\x0f.bench.v1.VJPOpH\x00R\x03vjp\x12,\n" +
	"\x06normal\x18\a \x01(\v2\x12.bench.v1.NormalOpH\x00R\x06normal\x12,\n" +
	"\x06commit\x18\b \x01(\v2\x12.bench.v1.CommitOpH\x00R\x06commit\x12<\n" +
	"\fgrad_squared\x18\t \x01(\v2\x17.bench.v1.GradSquaredOpH\x00R\vgradSquared\x126\n" +
	"\n" +
	"input_grad\x18\n" +
	" \x01(\v2\x15.bench.v1.InputGradOpH\x00R\tinputGrad\x12;\n" +
	"\vactivations\x18\v \x01(\v2\x17.bench.v1.ActivationsOpH\x00R\vactivations\x129\n" +
	"\voutput_grad\x18\f \x01(\v2\x16.bench.v1.OutputGradOpH\x00R\n" +
	"outputGrad\x12,\n" +
	"\x06inputs\x18\r \x01(\v2\x12.bench.v1.InputsOpH\x00R\x06inputs\"\x8a\x02\n" +
	"\x04Name\x12\x14\n" +
	"\x10NAME_UNSPECIFIED\x10\x00\x12\r\n" +
	"\tNAME_LOSS\x10\x01\x12\r\n" +
	"\tNAME_GRAD\x10\x02\x12\x15\n" +
	"\x11NAME_GRAD_CLIPPED\x10\x03\x12\f\n" +
	"\bNAME_HVP\x10\x04\x12\x10\n" +
	"\fNAME_OUTPUTS\x10\x05\x12\f\n" +
	"\bNAME_VJP\x10\x06\x12\x0f\n" +
	"\vNAME_NORMAL\x10\a\x12\x0f\n" +
	"\vNAME_COMMIT\x10\b\x12\x15\n" +
	"\x11NAME_GRAD_SQUARED\x10\t\x12\x13\n" +
	"\x0fNAME_INPUT_GRAD\x10\n" +
	"\x12\x14\n" +
	"\x10NAME_ACTIVATIONS\x10\v\x12\x14\n" +
	"\x10NAME_OUTPUT_GRAD\x10\f\x12\x0f\n" +
	"\vNAME_INPUTS\x10\rB\x04\n" +
	"\x02op\"\x92\x02\n" +
	"\x05Batch\x12\x16\n" +
	"\x06stream\x18\x01 \x01(\tR\x06stream\x12\x14\n" +
	"\x05index\x18\x02 \x01(\x04R\x05index\x12\x12\n" +
	"\x04rate\x18\x03 \x01(\x01R\x04rate\x12'\n" +
	"\x05range\x18\x04 \x01(\v2\x0f.bench.v1.RangeH\x00R\x05range\x12\x16\n" +
	"\x05class\x18\x05 \x01(\rH\x00R\x05class\x12\x18\n" +
	"\x06domain\x18\x06 \x01(\rH\x00R\x06domain\x12\x1a\n" +
	"\aexample\x18\a \x01(\rH\x00R\aexample\x12$\n" +
	"\vinput_delta\x18\b \x01(\rH\x01R\n" +
	"inputDelta\x88\x01\x01\x12\x12\n" +
	"\x04peer\x18\t \x01(\rR\x04peerB\x06\n" +
	"\x04partB\x0e\n" +
	"\f_input_delta\"+\n" +
	"\x05Range\x12\x12\n" +
	"\x04from\x18\x01 \x01(\rR\x04from\x12\x0e\n" +
	"\x02to\x18\x02 \x01(\rR\x02to\"\xbf\x01\n" +
	"\x06LossOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12)\n" +
	"\x10normalize_logits\x18\x03 \x01(\bR\x0fnormalizeLogits\x121\n" +
	"\tobjective\x18\x04 \x01(\x0e2\x13.bench.v1.ObjectiveR\tobjective\x12\x17\n" +
	"\x04each\x18\x05 \x01(\rH\x00R\x04each\x88\x01\x01B\a\n" +
	"\x05_each\"\xd2\x01\n" +
	"\x06GradOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\x12!\n" +
	"\ffreeze_stats\x18\x04 \x01(\bR\vfreezeStats\x12)\n" +
	"\x10normalize_logits\x18\x05 \x01(\bR\x0fnormalizeLogits\x121\n" +
	"\tobjective\x18\x06 \x01(\x0e2\x13.bench.v1.ObjectiveR\tobjective\"\xdf\x01\n" +
	"\rGradClippedOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\x12\x12\n" +
	"\x04clip\x18\x04 \x01(\x01R\x04clip\x12%\n" +
	"\x0eper_coordinate\x18\x05 \x01(\bR\rperCoordinate\x12\x19\n" +
	"\x05norms\x18\x06 \x01(\rH\x00R\x05norms\x88\x01\x01\x12%\n" +
	"\x05noise\x18\a \x01(\v2\x0f.bench.v1.NoiseR\x05noiseB\b\n" +
	"\x06_norms\"G\n" +
	"\x05Noise\x12\x16\n" +
	"\x06stream\x18\x01 \x01(\tR\x06stream\x12\x14\n" +
	"\x05index\x18\x02 \x01(\x04R\x05index\x12\x10\n" +
	"\x03std\x18\x03 \x01(\x01R\x03std\"X\n" +
	"\rGradSquaredOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\"\xc0\x01\n" +
	"\x05HVPOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03dir\x18\x03 \x01(\rR\x03dir\x12\x10\n" +
	"\x03out\x18\x04 \x01(\rR\x03out\x12)\n" +
	"\x10normalize_logits\x18\x05 \x01(\bR\x0fnormalizeLogits\x121\n" +
	"\tobjective\x18\x06 \x01(\x0e2\x13.bench.v1.ObjectiveR\tobjective\"T\n" +
	"\tOutputsOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\"\x91\x01\n" +
	"\x05VJPOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x1c\n" +
	"\tcotangent\x18\x03 \x01(\rR\tcotangent\x12\x10\n" +
	"\x03out\x18\x04 \x01(\rR\x03out\x12!\n" +
	"\ffreeze_stats\x18\x05 \x01(\bR\vfreezeStats\"V\n" +
	"\vInputGradOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\"W\n" +
	"\fOutputGradOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\"C\n" +
	"\bInputsOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x10\n" +
	"\x03out\x18\x02 \x01(\rR\x03out\"n\n" +
	"\rActivationsOp\x12%\n" +
	"\x05batch\x18\x01 \x01(\v2\x0f.bench.v1.BatchR\x05batch\x12\x0e\n" +
	"\x02at\x18\x02 \x01(\rR\x02at\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\x12\x14\n" +
	"\x05layer\x18\x04 \x01(\rR\x05layer\"\\\n" +
	"\bNormalOp\x12\x16\n" +
	"\x06stream\x18\x01 \x01(\tR\x06stream\x12\x14\n" +
	"\x05index\x18\x02 \x01(\x04R\x05index\x12\x10\n" +
	"\x03out\x18\x03 \x01(\rR\x03out\x12\x10\n" +
	"\x03std\x18\x04 \x01(\x01R\x03std\"\xad\x01\n" +
	"\bCommitOp\x12\x16\n" +
	"\x06params\x18\x01 \x01(\rR\x06params\x12\x12\n" +
	"\x04blob\x18\x02 \x01(\fR\x04blob\x129\n" +
	"\ascalars\x18\x03 \x03(\v2\x1f.bench.v1.CommitOp.ScalarsEntryR\ascalars\x1a:\n" +
	"\fScalarsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01\"\x98\x02\n" +
	"\x06Result\x12\x12\n" +
	"\x04loss\x18\x01 \x01(\x01R\x04loss\x12\x1a\n" +
	"\bexamples\x18\x02 \x01(\x04R\bexamples\x127\n" +
	"\ascalars\x18\x03 \x03(\v2\x1d.bench.v1.Result.ScalarsEntryR\ascalars\x12\f\n" +
	"\x01g\x18\x04 \x01(\x01R\x01g\x12(\n" +
	"\x04stop\x18\x05 \x01(\x0e2\x14.bench.v1.StopReasonR\x04stop\x12\x19\n" +
	"\blr_scale\x18\x06 \x01(\x01R\alrScale\x12\x16\n" +
	"\x06errors\x18\a \x01(\x04R\x06errors\x1a:\n" +
	"\fScalarsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01\"\xdf\x01\n" +
	"\x05Error\x12(\n" +
	"\x04code\x18\x01 \x01(\x0e2\x14.bench.v1.Error.CodeR\x04code\x12\x18\n" +
	"\amessage\x18\x02 \x01(\tR\amessage\x12\x0e\n" +
	"\x02op\x18\x03 \x01(\rR\x02op\"\x81\x01\n" +
	"\x04Code\x12\x14\n" +
	"\x10CODE_UNSPECIFIED\x10\x00\x12\x14\n" +
	"\x10CODE_BAD_REQUEST\x10\x01\x12\x11\n" +
	"\rCODE_BAD_SLOT\x10\x02\x12\x0f\n" +
	"\vCODE_BUDGET\x10\x03\x12\x13\n" +
	"\x0fCODE_NON_FINITE\x10\x04\x12\x14\n" +
	"\x10CODE_UNSUPPORTED\x10\x05\"\xa7\x01\n" +
	"\x03Log\x12\x14\n" +
	"\x05level\x18\x01 \x01(\tR\x05level\x12\x18\n" +
	"\amessage\x18\x02 \x01(\tR\amessage\x124\n" +
	"\ascalars\x18\x03 \x03(\v2\x1a.bench.v1.Log.ScalarsEntryR\ascalars\x1a:\n" +
	"\fScalarsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01\"\x8e\x03\n" +
	"\x04Done\x12-\n" +
	"\x06status\x18\x01 \x01(\x0e2\x15.bench.v1.Done.StatusR\x06status\x12\x16\n" +
	"\x06detail\x18\x02 \x01(\tR\x06detail\x125\n" +
	"\ascalars\x18\x03 \x03(\v2\x1b.bench.v1.Done.ScalarsEntryR\ascalars\x12-\n" +
	"\x06values\x18\x04 \x03(\v2\x15.bench.v1.MetricValueR\x06values\x12'\n" +
	"\x06tables\x18\x05 \x03(\v2\x0f.bench.v1.TableR\x06tables\x1a:\n" +
	"\fScalarsEntry\x12\x10\n" +
	"\x03key\x18\x01 \x01(\tR\x03key\x12\x14\n" +
	"\x05value\x18\x02 \x01(\x01R\x05value:\x028\x01\"t\n" +
	"\x06Status\x12\x16\n" +
	"\x12STATUS_UNSPECIFIED\x10\x00\x12\x14\n" +
	"\x10STATUS_COMPLETED\x10\x01\x12\x14\n" +
	"\x10STATUS_CONVERGED\x10\x02\x12\x13\n" +
	"\x0fSTATUS_DIVERGED\x10\x03\x12\x11\n" +
	"\rSTATUS_FAILED\x10\x04\"\xa4\x01\n" +
	"\vMetricValue\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x19\n" +
	"\x05value\x18\x02 \x01(\x01H\x00R\x05value\x88\x01\x01\x12\x16\n" +
	"\x06reason\x18\x03 \x01(\tR\x06reason\x12\x1c\n" +
	"\astd_err\x18\x04 \x01(\x01H\x01R\x06stdErr\x88\x01\x01\x12\x1a\n" +
	"\bwarnings\x18\x05 \x03(\tR\bwarningsB\b\n" +
	"\x06_valueB\n" +
	"\n" +
	"\b_std_err\"G\n" +
	"\x05Table\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12*\n" +
	"\acolumns\x18\x02 \x03(\v2\x10.bench.v1.ColumnR\acolumns\"4\n" +
	"\x06Column\x12\x12\n" +
	"\x04name\x18\x01 \x01(\tR\x04name\x12\x16\n" +
	"\x06values\x18\x02 \x03(\x01R\x06values*A\n" +
	"\x04Kind\x12\x14\n" +
	"\x10KIND_UNSPECIFIED\x10\x00\x12\x12\n" +
	"\x0eKIND_OPTIMIZER\x10\x01\x12\x0f\n" +
	"\vKIND_METRIC\x10\x02*\xa0\x01\n" +
	"\n" +
	"StopReason\x12\x1b\n" +
	"\x17STOP_REASON_UNSPECIFIED\x10\x00\x12\x15\n" +
	"\x11STOP_REASON_STEPS\x10\x01\x12\x16\n" +
	"\x12STOP_REASON_BUDGET\x10\x02\x12\x14\n" +
	"\x10STOP_REASON_TIME\x10\x03\x12\x16\n" +
	"\x12STOP_REASON_TARGET\x10\x04\x12\x18\n" +
	"\x14STOP_REASON_CANCELED\x10\x05*M\n" +
	"\tObjective\x12\x19\n" +
	"\x15OBJECTIVE_UNSPECIFIED\x10\x00\x12\x12\n" +
	"\x0eOBJECTIVE_MAIN\x10\x01\x12\x11\n" +
	"\rOBJECTIVE_AUX\x10\x022\x8e\x01\n" +
	"\x06Plugin\x12A\n" +
	"\bDescribe\x12\x19.bench.v1.DescribeRequest\x1a\x1a.bench.v1.DescribeResponse\x12A\n" +
	"\bValidate\x12\x19.bench.v1.ValidateRequest\x1a\x1a.bench.v1.ValidateResponse2F\n" +
	"\tOptimizer\x129\n" +
	"\x03Run\x12\x15.bench.v1.HostMessage\x1a\x17.bench.v1.PluginMessage(\x010\x012G\n" +
	"\x06Metric\x12=\n" +
	"\aMeasure\x12\x15.bench.v1.HostMessage\x1a\x17.bench.v1.PluginMessage(\x010\x01BAZ?github.com/sharpbench/sharpbench/harness/proto/bench/v1;benchv1b\x06proto3"

var (
	file_bench_v1_bench_proto_rawDescOnce sync.Once
	file_bench_v1_bench_proto_rawDescData []byte
)

func file_bench_v1_bench_proto_rawDescGZIP() []byte {
	file_bench_v1_bench_proto_rawDescOnce.Do(func() {
		file_bench_v1_bench_proto_rawDescData = protoimpl.X.CompressGZIP(unsafe.Slice(unsafe.StringData(file_bench_v1_bench_proto_rawDesc), len(file_bench_v1_bench_proto_rawDesc)))
	})
	return file_bench_v1_bench_proto_rawDescData
}

var file_bench_v1_bench_proto_enumTypes = make([]protoimpl.EnumInfo, 10)
var file_bench_v1_bench_proto_msgTypes = make([]protoimpl.MessageInfo, 57)
var file_bench_v1_bench_proto_goTypes = []any{
	(Kind)(0),                // 0: bench.v1.Kind
	(StopReason)(0),          // 1: bench.v1.StopReason
	(Objective)(0),           // 2: bench.v1.Objective
	(Peers_Kind)(0),          // 3: bench.v1.Peers.Kind
	(Param_Type)(0),          // 4: bench.v1.Param.Type
	(Param_Scale)(0),         // 5: bench.v1.Param.Scale
	(ValueInfo_Better)(0),    // 6: bench.v1.ValueInfo.Better
	(Op_Name)(0),             // 7: bench.v1.Op.Name
	(Error_Code)(0),          // 8: bench.v1.Error.Code
	(Done_Status)(0),         // 9: bench.v1.Done.Status
	(*DescribeRequest)(nil),  // 10: bench.v1.DescribeRequest
	(*DescribeResponse)(nil), // 11: bench.v1.DescribeResponse
	(*Peers)(nil),            // 12: bench.v1.Peers
	(*Privacy)(nil),          // 13: bench.v1.Privacy
	(*Param)(nil),            // 14: bench.v1.Param
	(*Value)(nil),            // 15: bench.v1.Value
	(*Degenerate)(nil),       // 16: bench.v1.Degenerate
	(*ValueInfo)(nil),        // 17: bench.v1.ValueInfo
	(*ValidateRequest)(nil),  // 18: bench.v1.ValidateRequest
	(*ValidateResponse)(nil), // 19: bench.v1.ValidateResponse
	(*Diagnostic)(nil),       // 20: bench.v1.Diagnostic
	(*SlotRequest)(nil),      // 21: bench.v1.SlotRequest
	(*Problem)(nil),          // 22: bench.v1.Problem
	(*Peer)(nil),             // 23: bench.v1.Peer
	(*Tensor)(nil),           // 24: bench.v1.Tensor
	(*HostMessage)(nil),      // 25: bench.v1.HostMessage
	(*PluginMessage)(nil),    // 26: bench.v1.PluginMessage
	(*Direct)(nil),           // 27: bench.v1.Direct
	(*Start)(nil),            // 28: bench.v1.Start
	(*Training)(nil),         // 29: bench.v1.Training
	(*Arena)(nil),            // 30: bench.v1.Arena
	(*Slot)(nil),             // 31: bench.v1.Slot
	(*Stop)(nil),             // 32: bench.v1.Stop
	(*Request)(nil),          // 33: bench.v1.Request
	(*Reply)(nil),            // 34: bench.v1.Reply
	(*Op)(nil),               // 35: bench.v1.Op
	(*Batch)(nil),            // 36: bench.v1.Batch
	(*Range)(nil),            // 37: bench.v1.Range
	(*LossOp)(nil),           // 38: bench.v1.LossOp
	(*GradOp)(nil),           // 39: bench.v1.GradOp
	(*GradClippedOp)(nil),    // 40: bench.v1.GradClippedOp
	(*Noise)(nil),            // 41: bench.v1.Noise
	(*GradSquaredOp)(nil),    // 42: bench.v1.GradSquaredOp
	(*HVPOp)(nil),            // 43: bench.v1.HVPOp
	(*OutputsOp)(nil),        // 44: bench.v1.OutputsOp
	(*VJPOp)(nil),            // 45: bench.v1.VJPOp
	(*InputGradOp)(nil),      // 46: bench.v1.InputGradOp
	(*OutputGradOp)(nil),     // 47: bench.v1.OutputGradOp
	(*InputsOp)(nil),         // 48: bench.v1.InputsOp
	(*ActivationsOp)(nil),    // 49: bench.v1.ActivationsOp
	(*NormalOp)(nil),         // 50: bench.v1.NormalOp
	(*CommitOp)(nil),         // 51: bench.v1.CommitOp
	(*Result)(nil),           // 52: bench.v1.Result
	(*Error)(nil),            // 53: bench.v1.Error
	(*Log)(nil),              // 54: bench.v1.Log
	(*Done)(nil),             // 55: bench.v1.Done
	(*MetricValue)(nil),      // 56: bench.v1.MetricValue
	(*Table)(nil),            // 57: bench.v1.Table
	(*Column)(nil),           // 58: bench.v1.Column
	nil,                      // 59: bench.v1.Degenerate.WhenEntry
	nil,                      // 60: bench.v1.ValidateRequest.ParamsEntry
	nil,                      // 61: bench.v1.Start.ParamsEntry
	nil,                      // 62: bench.v1.Training.ParamsEntry
	nil,                      // 63: bench.v1.CommitOp.ScalarsEntry
	nil,                      // 64: bench.v1.Result.ScalarsEntry
	nil,                      // 65: bench.v1.Log.ScalarsEntry
	nil,                      // 66: bench.v1.Done.ScalarsEntry
}
var file_bench_v1_bench_proto_depIdxs = []int32{
	0,  // 0: bench.v1.DescribeResponse.kind:type_name -> bench.v1.Kind
	14, // 1: bench.v1.DescribeResponse.params:type_name -> bench.v1.Param
	7,  // 2: bench.v1.DescribeResponse.needs:type_name -> bench.v1.Op.Name
	16, // 3: bench.v1.DescribeResponse.degenerate:type_name -> bench.v1.Degenerate
	17, // 4: bench.v1.DescribeResponse.values:type_name -> bench.v1.ValueInfo
	13, // 5: bench.v1.DescribeResponse.privacy:type_name -> bench.v1.Privacy
	12, // 6: bench.v1.DescribeResponse.peers:type_name -> bench.v1.Peers
	3,  // 7: bench.v1.Peers.kind:type_name -> bench.v1.Peers.Kind
	4,  // 8: bench.v1.Param.type:type_name -> bench.v1.Param.Type
	15, // 9: bench.v1.Param.default:type_name -> bench.v1.Value
	5,  // 10: bench.v1.Param.scale:type_name -> bench.v1.Param.Scale
	59, // 11: bench.v1.Degenerate.when:type_name -> bench.v1.Degenerate.WhenEntry
	6,  // 12: bench.v1.ValueInfo.better:type_name -> bench.v1.ValueInfo.Better
	22, // 13: bench.v1.ValidateRequest.problem:type_name -> bench.v1.Problem
	60, // 14: bench.v1.ValidateRequest.params:type_name -> bench.v1.ValidateRequest.ParamsEntry
	20, // 15: bench.v1.ValidateResponse.diagnostics:type_name -> bench.v1.Diagnostic
	21, // 16: bench.v1.ValidateResponse.slots:type_name -> bench.v1.SlotRequest
	24, // 17: bench.v1.Problem.tensors:type_name -> bench.v1.Tensor
	23, // 18: bench.v1.Problem.peers:type_name -> bench.v1.Peer
	24, // 19: bench.v1.Peer.tensors:type_name -> bench.v1.Tensor
	28, // 20: bench.v1.HostMessage.start:type_name -> bench.v1.Start
	34, // 21: bench.v1.HostMessage.reply:type_name -> bench.v1.Reply
	32, // 22: bench.v1.HostMessage.stop:type_name -> bench.v1.Stop
	33, // 23: bench.v1.PluginMessage.request:type_name -> bench.v1.Request
	54, // 24: bench.v1.PluginMessage.log:type_name -> bench.v1.Log
	55, // 25: bench.v1.PluginMessage.done:type_name -> bench.v1.Done
	27, // 26: bench.v1.PluginMessage.direct:type_name -> bench.v1.Direct
	22, // 27: bench.v1.Start.problem:type_name -> bench.v1.Problem
	61, // 28: bench.v1.Start.params:type_name -> bench.v1.Start.ParamsEntry
	30, // 29: bench.v1.Start.arena:type_name -> bench.v1.Arena
	29, // 30: bench.v1.Start.training:type_name -> bench.v1.Training
	27, // 31: bench.v1.Start.direct:type_name -> bench.v1.Direct
	62, // 32: bench.v1.Training.params:type_name -> bench.v1.Training.ParamsEntry
	31, // 33: bench.v1.Arena.slots:type_name -> bench.v1.Slot
	1,  // 34: bench.v1.Stop.reason:type_name -> bench.v1.StopReason
	35, // 35: bench.v1.Request.ops:type_name -> bench.v1.Op
	52, // 36: bench.v1.Reply.results:type_name -> bench.v1.Result
	53, // 37: bench.v1.Reply.error:type_name -> bench.v1.Error
	38, // 38: bench.v1.Op.loss:type_name -> bench.v1.LossOp
	39, // 39: bench.v1.Op.grad:type_name -> bench.v1.GradOp
	40, // 40: bench.v1.Op.grad_clipped:type_name -> bench.v1.GradClippedOp
	43, // 41: bench.v1.Op.hvp:type_name -> bench.v1.HVPOp
	44, // 42: bench.v1.Op.outputs:type_name -> bench.v1.OutputsOp
	45, // 43: bench.v1.Op.vjp:type_name -> bench.v1.VJPOp
	50, // 44: bench.v1.Op.normal:type_name -> bench.v1.NormalOp
	51, // 45: bench.v1.Op.commit:type_name -> bench.v1.CommitOp
	42, // 46: bench.v1.Op.grad_squared:type_name -> bench.v1.GradSquaredOp
	46, // 47: bench.v1.Op.input_grad:type_name -> bench.v1.InputGradOp
	49, // 48: bench.v1.Op.activations:type_name -> bench.v1.ActivationsOp
	47, // 49: bench.v1.Op.output_grad:type_name -> bench.v1.OutputGradOp
	48, // 50: bench.v1.Op.inputs:type_name -> bench.v1.InputsOp
	37, // 51: bench.v1.Batch.range:type_name -> bench.v1.Range
	36, // 52: bench.v1.LossOp.batch:type_name -> bench.v1.Batch
	2,  // 53: bench.v1.LossOp.objective:type_name -> bench.v1.Objective
	36, // 54: bench.v1.GradOp.batch:type_name -> bench.v1.Batch
	2,  // 55: bench.v1.GradOp.objective:type_name -> bench.v1.Objective
	36, // 56: bench.v1.GradClippedOp.batch:type_name -> bench.v1.Batch
	41, // 57: bench.v1.GradClippedOp.noise:type_name -> bench.v1.Noise
	36, // 58: bench.v1.GradSquaredOp.batch:type_name -> bench.v1.Batch
	36, // 59: bench.v1.HVPOp.batch:type_name -> bench.v1.Batch
	2,  // 60: bench.v1.HVPOp.objective:type_name -> bench.v1.Objective
	36, // 61: bench.v1.OutputsOp.batch:type_name -> bench.v1.Batch
	36, // 62: bench.v1.VJPOp.batch:type_name -> bench.v1.Batch
	36, // 63: bench.v1.InputGradOp.batch:type_name -> bench.v1.Batch
	36, // 64: bench.v1.OutputGradOp.batch:type_name -> bench.v1.Batch
	36, // 65: bench.v1.InputsOp.batch:type_name -> bench.v1.Batch
	36, // 66: bench.v1.ActivationsOp.batch:type_name -> bench.v1.Batch
	63, // 67: bench.v1.CommitOp.scalars:type_name -> bench.v1.CommitOp.ScalarsEntry
	64, // 68: bench.v1.Result.scalars:type_name -> bench.v1.Result.ScalarsEntry
	1,  // 69: bench.v1.Result.stop:type_name -> bench.v1.StopReason
	8,  // 70: bench.v1.Error.code:type_name -> bench.v1.Error.Code
	65, // 71: bench.v1.Log.scalars:type_name -> bench.v1.Log.ScalarsEntry
	9,  // 72: bench.v1.Done.status:type_name -> bench.v1.Done.Status
	66, // 73: bench.v1.Done.scalars:type_name -> bench.v1.Done.ScalarsEntry
	56, // 74: bench.v1.Done.values:type_name -> bench.v1.MetricValue
	57, // 75: bench.v1.Done.tables:type_name -> bench.v1.Table
	58, // 76: bench.v1.Table.columns:type_name -> bench.v1.Column
	15, // 77: bench.v1.Degenerate.WhenEntry.value:type_name -> bench.v1.Value
	15, // 78: bench.v1.ValidateRequest.ParamsEntry.value:type_name -> bench.v1.Value
	15, // 79: bench.v1.Start.ParamsEntry.value:type_name -> bench.v1.Value
	15, // 80: bench.v1.Training.ParamsEntry.value:type_name -> bench.v1.Value
	10, // 81: bench.v1.Plugin.Describe:input_type -> bench.v1.DescribeRequest
	18, // 82: bench.v1.Plugin.Validate:input_type -> bench.v1.ValidateRequest
	25, // 83: bench.v1.Optimizer.Run:input_type -> bench.v1.HostMessage
	25, // 84: bench.v1.Metric.Measure:input_type -> bench.v1.HostMessage
	11, // 85: bench.v1.Plugin.Describe:output_type -> bench.v1.DescribeResponse
	19, // 86: bench.v1.Plugin.Validate:output_type -> bench.v1.ValidateResponse
	26, // 87: bench.v1.Optimizer.Run:output_type -> bench.v1.PluginMessage
	26, // 88: bench.v1.Metric.Measure:output_type -> bench.v1.PluginMessage
	85, // [85:89] is the sub-list for method output_type
	81, // [81:85] is the sub-list for method input_type
	81, // [81:81] is the sub-list for extension type_name
	81, // [81:81] is the sub-list for extension extendee
	0,  // [0:81] is the sub-list for field type_name
}

func init() { file_bench_v1_bench_proto_init() }
func file_bench_v1_bench_proto_init() {
	if File_bench_v1_bench_proto != nil {
		return
	}
	file_bench_v1_bench_proto_msgTypes[4].OneofWrappers = []any{}
	file_bench_v1_bench_proto_msgTypes[5].OneofWrappers = []any{
		(*Value_Number)(nil),
		(*Value_Integer)(nil),
		(*Value_Boolean)(nil),
		(*Value_Text)(nil),
	}
	file_bench_v1_bench_proto_msgTypes[15].OneofWrappers = []any{
		(*HostMessage_Start)(nil),
		(*HostMessage_Reply)(nil),
		(*HostMessage_Stop)(nil),
	}
	file_bench_v1_bench_proto_msgTypes[16].OneofWrappers = []any{
		(*PluginMessage_Request)(nil),
		(*PluginMessage_Log)(nil),
		(*PluginMessage_Done)(nil),
		(*PluginMessage_Direct)(nil),
	}
	file_bench_v1_bench_proto_msgTypes[20].OneofWrappers = []any{
		(*Arena_Fd)(nil),
		(*Arena_Path)(nil),
	}
	file_bench_v1_bench_proto_msgTypes[25].OneofWrappers = []any{
		(*Op_Loss)(nil),
		(*Op_Grad)(nil),
		(*Op_GradClipped)(nil),
		(*Op_Hvp)(nil),
		(*Op_Outputs)(nil),
		(*Op_Vjp)(nil),
		(*Op_Normal)(nil),
		(*Op_Commit)(nil),
		(*Op_GradSquared)(nil),
		(*Op_InputGrad)(nil),
		(*Op_Activations)(nil),
		(*Op_OutputGrad)(nil),
		(*Op_Inputs)(nil),
	}
	file_bench_v1_bench_proto_msgTypes[26].OneofWrappers = []any{
		(*Batch_Range)(nil),
		(*Batch_Class)(nil),
		(*Batch_Domain)(nil),
		(*Batch_Example)(nil),
	}
	file_bench_v1_bench_proto_msgTypes[28].OneofWrappers = []any{}
	file_bench_v1_bench_proto_msgTypes[30].OneofWrappers = []any{}
	file_bench_v1_bench_proto_msgTypes[46].OneofWrappers = []any{}
	type x struct{}
	out := protoimpl.TypeBuilder{
		File: protoimpl.DescBuilder{
			GoPackagePath: reflect.TypeOf(x{}).PkgPath(),
			RawDescriptor: unsafe.Slice(unsafe.StringData(file_bench_v1_bench_proto_rawDesc), len(file_bench_v1_bench_proto_rawDesc)),
			NumEnums:      10,
			NumMessages:   57,
			NumExtensions: 0,
			NumServices:   3,
		},
		GoTypes:           file_bench_v1_bench_proto_goTypes,
		DependencyIndexes: file_bench_v1_bench_proto_depIdxs,
		EnumInfos:         file_bench_v1_bench_proto_enumTypes,
		MessageInfos:      file_bench_v1_bench_proto_msgTypes,
	}.Build()
	File_bench_v1_bench_proto = out.File
	file_bench_v1_bench_proto_goTypes = nil
	file_bench_v1_bench_proto_depIdxs = nil
}

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

// Code generated by protoc-gen-go-grpc. DO NOT EDIT.
// versions:
// - protoc-gen-go-grpc v1.6.2
// - protoc             v3.21.12
// source: bench/v1/bench.proto

package benchv1

import (
	context "context"
	grpc "google.golang.org/grpc"
	codes "google.golang.org/grpc/codes"
	status "google.golang.org/grpc/status"
)

// This is a compile-time assertion to ensure that this generated file
// is compatible with the grpc package it is being compiled against.
// Requires gRPC-Go v1.64.0 or later.
const _ = grpc.SupportPackageIsVersion9

const (
	Plugin_Describe_FullMethodName = "/bench.v1.Plugin/Describe"
	Plugin_Validate_FullMethodName = "/bench.v1.Plugin/Validate"
)

// PluginClient is the client API for Plugin service.
//
// For semantics around ctx use and closing/ending streaming RPCs, please refer to https://pkg.go.dev/google.golang.org/grpc/?tab=doc#ClientConn.NewStream.
//
// Every plugin serves this one. Neither call needs the arena. Both are answered within 10 seconds.
type PluginClient interface {
	// Says what the plugin is. The same answer every time.
	Describe(ctx context.Context, in *DescribeRequest, opts ...grpc.CallOption) (*DescribeResponse, error)
	// Judges hyperparameters for a problem, all of them at once, and says which slots a run needs. The slots depend on
	// the request alone.
	Validate(ctx context.Context, in *ValidateRequest, opts ...grpc.CallOption) (*ValidateResponse, error)
}

type pluginClient struct {
	cc grpc.ClientConnInterface
}

func NewPluginClient(cc grpc.ClientConnInterface) PluginClient {
	return &pluginClient{cc}
}

func (c *pluginClient) Describe(ctx context.Context, in *DescribeRequest, opts ...grpc.CallOption) (*DescribeResponse, error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	out := new(DescribeResponse)
	err := c.cc.Invoke(ctx, Plugin_Describe_FullMethodName, in, out, cOpts...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (c *pluginClient) Validate(ctx context.Context, in *ValidateRequest, opts ...grpc.CallOption) (*ValidateResponse, error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	out := new(ValidateResponse)
	err := c.cc.Invoke(ctx, Plugin_Validate_FullMethodName, in, out, cOpts...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// PluginServer is the server API for Plugin service.
// All implementations must embed UnimplementedPluginServer
// for forward compatibility.
//
// Every plugin serves this one. Neither call needs the arena. Both are answered within 10 seconds.
type PluginServer interface {
	// Says what the plugin is. The same answer every time.
	Describe(context.Context, *DescribeRequest) (*DescribeResponse, error)
	// Judges hyperparameters for a problem, all of them at once, and says which slots a run needs. The slots depend on
	// the request alone.
	Validate(context.Context, *ValidateRequest) (*ValidateResponse, error)
	mustEmbedUnimplementedPluginServer()
}

// UnimplementedPluginServer must be embedded to have
// forward compatible implementations.
//
// NOTE: this should be embedded by value instead of pointer to avoid a nil
// pointer dereference when methods are called.
type UnimplementedPluginServer struct{}

func (UnimplementedPluginServer) Describe(context.Context, *DescribeRequest) (*DescribeResponse, error) {
	return nil, status.Error(codes.Unimplemented, "method Describe not implemented")
}
func (UnimplementedPluginServer) Validate(context.Context, *ValidateRequest) (*ValidateResponse, error) {
	return nil, status.Error(codes.Unimplemented, "method Validate not implemented")
}
func (UnimplementedPluginServer) mustEmbedUnimplementedPluginServer() {}
func (UnimplementedPluginServer) testEmbeddedByValue()                {}

// UnsafePluginServer may be embedded to opt out of forward compatibility for this service.
// Use of this interface is not recommended, as added methods to PluginServer will
// result in compilation errors.
type UnsafePluginServer interface {
	mustEmbedUnimplementedPluginServer()
}

func RegisterPluginServer(s grpc.ServiceRegistrar, srv PluginServer) {
	// If the following call panics, it indicates UnimplementedPluginServer was
	// embedded by pointer and is nil.  This will cause panics if an
	// unimplemented method is ever invoked, so we test this at initialization
	// time to prevent it from happening at runtime later due to I/O.
	if t, ok := srv.(interface{ testEmbeddedByValue() }); ok {
		t.testEmbeddedByValue()
	}
	s.RegisterService(&Plugin_ServiceDesc, srv)
}

func _Plugin_Describe_Handler(srv interface{}, ctx context.Context, dec func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
	in := new(DescribeRequest)
	if err := dec(in); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return srv.(PluginServer).Describe(ctx, in)
	}
	info := &grpc.UnaryServerInfo{
		Server:     srv,
		FullMethod: Plugin_Describe_FullMethodName,
	}
	handler := func(ctx context.Context, req interface{}) (interface{}, error) {
		return srv.(PluginServer).Describe(ctx, req.(*DescribeRequest))
	}
	return interceptor(ctx, in, info, handler)
}

func _Plugin_Validate_Handler(srv interface{}, ctx context.Context, dec func(interface{}) error, interceptor grpc.UnaryServerInterceptor) (interface{}, error) {
	in := new(ValidateRequest)
	if err := dec(in); err != nil {
		return nil, err
	}
	if interceptor == nil {
		return srv.(PluginServer).Validate(ctx, in)
	}
	info := &grpc.UnaryServerInfo{
		Server:     srv,
		FullMethod: Plugin_Validate_FullMethodName,
	}
	handler := func(ctx context.Context, req interface{}) (interface{}, error) {
		return srv.(PluginServer).Validate(ctx, req.(*ValidateRequest))
	}
	return interceptor(ctx, in, info, handler)
}

// Plugin_ServiceDesc is the grpc.ServiceDesc for Plugin service.
// It's only intended for direct use with grpc.RegisterService,
// and not to be introspected or modified (even as a copy)
var Plugin_ServiceDesc = grpc.ServiceDesc{
	ServiceName: "bench.v1.Plugin",
	HandlerType: (*PluginServer)(nil),
	Methods: []grpc.MethodDesc{
		{
			MethodName: "Describe",
			Handler:    _Plugin_Describe_Handler,
		},
		{
			MethodName: "Validate",
			Handler:    _Plugin_Validate_Handler,
		},
	},
	Streams:  []grpc.StreamDesc{},
	Metadata: "bench/v1/bench.proto",
}

const (
	Optimizer_Run_FullMethodName = "/bench.v1.Optimizer/Run"
)

// OptimizerClient is the client API for Optimizer service.
//
// For semantics around ctx use and closing/ending streaming RPCs, please refer to https://pkg.go.dev/google.golang.org/grpc/?tab=doc#ClientConn.NewStream.
type OptimizerClient interface {
	Run(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[HostMessage, PluginMessage], error)
}

type optimizerClient struct {
	cc grpc.ClientConnInterface
}

func NewOptimizerClient(cc grpc.ClientConnInterface) OptimizerClient {
	return &optimizerClient{cc}
}

func (c *optimizerClient) Run(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[HostMessage, PluginMessage], error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	stream, err := c.cc.NewStream(ctx, &Optimizer_ServiceDesc.Streams[0], Optimizer_Run_FullMethodName, cOpts...)
	if err != nil {
		return nil, err
	}
	x := &grpc.GenericClientStream[HostMessage, PluginMessage]{ClientStream: stream}
	return x, nil
}

// This type alias is provided for backwards compatibility with existing code that references the prior non-generic stream type by name.
type Optimizer_RunClient = grpc.BidiStreamingClient[HostMessage, PluginMessage]

// OptimizerServer is the server API for Optimizer service.
// All implementations must embed UnimplementedOptimizerServer
// for forward compatibility.
type OptimizerServer interface {
	Run(grpc.BidiStreamingServer[HostMessage, PluginMessage]) error
	mustEmbedUnimplementedOptimizerServer()
}

// UnimplementedOptimizerServer must be embedded to have
// forward compatible implementations.
//
// NOTE: this should be embedded by value instead of pointer to avoid a nil
// pointer dereference when methods are called.
type UnimplementedOptimizerServer struct{}

func (UnimplementedOptimizerServer) Run(grpc.BidiStreamingServer[HostMessage, PluginMessage]) error {
	return status.Error(codes.Unimplemented, "method Run not implemented")
}
func (UnimplementedOptimizerServer) mustEmbedUnimplementedOptimizerServer() {}
func (UnimplementedOptimizerServer) testEmbeddedByValue()                   {}

// UnsafeOptimizerServer may be embedded to opt out of forward compatibility for this service.
// Use of this interface is not recommended, as added methods to OptimizerServer will
// result in compilation errors.
type UnsafeOptimizerServer interface {
	mustEmbedUnimplementedOptimizerServer()
}

func RegisterOptimizerServer(s grpc.ServiceRegistrar, srv OptimizerServer) {
	// If the following call panics, it indicates UnimplementedOptimizerServer was
	// embedded by pointer and is nil.  This will cause panics if an
	// unimplemented method is ever invoked, so we test this at initialization
	// time to prevent it from happening at runtime later due to I/O.
	if t, ok := srv.(interface{ testEmbeddedByValue() }); ok {
		t.testEmbeddedByValue()
	}
	s.RegisterService(&Optimizer_ServiceDesc, srv)
}

func _Optimizer_Run_Handler(srv interface{}, stream grpc.ServerStream) error {
	return srv.(OptimizerServer).Run(&grpc.GenericServerStream[HostMessage, PluginMessage]{ServerStream: stream})
}

// This type alias is provided for backwards compatibility with existing code that references the prior non-generic stream type by name.
type Optimizer_RunServer = grpc.BidiStreamingServer[HostMessage, PluginMessage]

// Optimizer_ServiceDesc is the grpc.ServiceDesc for Optimizer service.
// It's only intended for direct use with grpc.RegisterService,
// and not to be introspected or modified (even as a copy)
var Optimizer_ServiceDesc = grpc.ServiceDesc{
	ServiceName: "bench.v1.Optimizer",
	HandlerType: (*OptimizerServer)(nil),
	Methods:     []grpc.MethodDesc{},
	Streams: []grpc.StreamDesc{
		{
			StreamName:    "Run",
			Handler:       _Optimizer_Run_Handler,
			ServerStreams: true,
			ClientStreams: true,
		},
	},
	Metadata: "bench/v1/bench.proto",
}

const (
	Metric_Measure_FullMethodName = "/bench.v1.Metric/Measure"
)

// MetricClient is the client API for Metric service.
//
// For semantics around ctx use and closing/ending streaming RPCs, please refer to https://pkg.go.dev/google.golang.org/grpc/?tab=doc#ClientConn.NewStream.
//
// The same messages as Optimizer, but CommitOp is refused.
type MetricClient interface {
	Measure(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[HostMessage, PluginMessage], error)
}

type metricClient struct {
	cc grpc.ClientConnInterface
}

func NewMetricClient(cc grpc.ClientConnInterface) MetricClient {
	return &metricClient{cc}
}

func (c *metricClient) Measure(ctx context.Context, opts ...grpc.CallOption) (grpc.BidiStreamingClient[HostMessage, PluginMessage], error) {
	cOpts := append([]grpc.CallOption{grpc.StaticMethod()}, opts...)
	stream, err := c.cc.NewStream(ctx, &Metric_ServiceDesc.Streams[0], Metric_Measure_FullMethodName, cOpts...)
	if err != nil {
		return nil, err
	}
	x := &grpc.GenericClientStream[HostMessage, PluginMessage]{ClientStream: stream}
	return x, nil
}

// This type alias is provided for backwards compatibility with existing code that references the prior non-generic stream type by name.
type Metric_MeasureClient = grpc.BidiStreamingClient[HostMessage, PluginMessage]

// MetricServer is the server API for Metric service.
// All implementations must embed UnimplementedMetricServer
// for forward compatibility.
//
// The same messages as Optimizer, but CommitOp is refused.
type MetricServer interface {
	Measure(grpc.BidiStreamingServer[HostMessage, PluginMessage]) error
	mustEmbedUnimplementedMetricServer()
}

// UnimplementedMetricServer must be embedded to have
// forward compatible implementations.
//
// NOTE: this should be embedded by value instead of pointer to avoid a nil
// pointer dereference when methods are called.
type UnimplementedMetricServer struct{}

func (UnimplementedMetricServer) Measure(grpc.BidiStreamingServer[HostMessage, PluginMessage]) error {
	return status.Error(codes.Unimplemented, "method Measure not implemented")
}
func (UnimplementedMetricServer) mustEmbedUnimplementedMetricServer() {}
func (UnimplementedMetricServer) testEmbeddedByValue()                {}

// UnsafeMetricServer may be embedded to opt out of forward compatibility for this service.
// Use of this interface is not recommended, as added methods to MetricServer will
// result in compilation errors.
type UnsafeMetricServer interface {
	mustEmbedUnimplementedMetricServer()
}

func RegisterMetricServer(s grpc.ServiceRegistrar, srv MetricServer) {
	// If the following call panics, it indicates UnimplementedMetricServer was
	// embedded by pointer and is nil.  This will cause panics if an
	// unimplemented method is ever invoked, so we test this at initialization
	// time to prevent it from happening at runtime later due to I/O.
	if t, ok := srv.(interface{ testEmbeddedByValue() }); ok {
		t.testEmbeddedByValue()
	}
	s.RegisterService(&Metric_ServiceDesc, srv)
}

func _Metric_Measure_Handler(srv interface{}, stream grpc.ServerStream) error {
	return srv.(MetricServer).Measure(&grpc.GenericServerStream[HostMessage, PluginMessage]{ServerStream: stream})
}

// This type alias is provided for backwards compatibility with existing code that references the prior non-generic stream type by name.
type Metric_MeasureServer = grpc.BidiStreamingServer[HostMessage, PluginMessage]

// Metric_ServiceDesc is the grpc.ServiceDesc for Metric service.
// It's only intended for direct use with grpc.RegisterService,
// and not to be introspected or modified (even as a copy)
var Metric_ServiceDesc = grpc.ServiceDesc{
	ServiceName: "bench.v1.Metric",
	HandlerType: (*MetricServer)(nil),
	Methods:     []grpc.MethodDesc{},
	Streams: []grpc.StreamDesc{
		{
			StreamName:    "Measure",
			Handler:       _Metric_Measure_Handler,
			ServerStreams: true,
			ClientStreams: true,
		},
	},
	Metadata: "bench/v1/bench.proto",
}

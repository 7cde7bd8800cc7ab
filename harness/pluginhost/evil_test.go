//go:build unix

package pluginhost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	protobuf "google.golang.org/protobuf/proto"

	"github.com/sharpbench/sharpbench/harness/arena"
	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
	"github.com/sharpbench/sharpbench/harness/proto/direct"
)

// The plugins of these tests are in the test binary: started again with TestServe and a name, it is that plugin. They
// speak the protocol without the SDK, which would not let them misbehave.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == TestServe {
		serveEvil(os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func serveEvil(name string) {
	versions := map[int]plugin.PluginSet{proto.Version: {proto.ServiceSet: evilSet{name: name}}}
	switch name {
	case "exits":
		fmt.Fprintln(os.Stderr, "no licence found")
		os.Exit(7)
	case "silent":
		for {
			time.Sleep(time.Hour) // not an empty select: the runtime would call that a deadlock
		}
	case "banner":
		fmt.Println("Welcome to the banner plugin")
	case "certificate nobody asked for":
		_, text, err := clientTLS()
		if err != nil {
			panic(err)
		}
		os.Setenv("PLUGIN_CLIENT_CERT", text)
	case "version 2":
		versions = map[int]plugin.PluginSet{2: versions[proto.Version]}
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: proto.CookieKey, MagicCookieValue: proto.CookieValue},
		VersionedPlugins: versions,
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Off}),
		GRPCServer:       plugin.DefaultGRPCServer,
	})
}

type evilSet struct {
	plugin.NetRPCUnsupportedPlugin
	name string
}

func (e evilSet) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	p := &evilPlugin{name: e.name, stderr: os.Stderr, stdout: os.Stdout}
	pb.RegisterPluginServer(s, p)
	pb.RegisterOptimizerServer(s, p)
	return nil
}

func (evilSet) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("unused")
}

type evilPlugin struct {
	pb.UnimplementedPluginServer
	pb.UnimplementedOptimizerServer
	name           string
	stdout, stderr *os.File // the process's own; go-plugin exchanges those of package os
}

func (p *evilPlugin) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	r := &pb.DescribeResponse{Name: "evil", Version: 1, Kind: pb.Kind_KIND_OPTIMIZER, Cost: 1}
	switch p.name {
	case "kindless":
		r.Kind = 77
	case "needs ops of the future":
		r.Needs = []pb.Op_Name{pb.Op_NAME_GRAD, 98, 99}
	case "panics in Describe":
		panic("nothing to describe")
	}
	return r, nil
}

func (p *evilPlugin) Validate(context.Context, *pb.ValidateRequest) (*pb.ValidateResponse, error) {
	r := &pb.ValidateResponse{Slots: []*pb.SlotRequest{{Name: "state"}, {Name: "short", Len: 1, Scratch: true}}}
	switch p.name {
	case "huge slot":
		r.Slots[0].Len = math.MaxUint64
	case "slot params":
		r.Slots[0].Name = "params"
	}
	return r, nil
}

// Slots of an evil plugin.
const (
	slotParams, slotGrad, slotState, slotShort = 0, 1, 2, 3
)

type evilRun struct {
	wire  grpc.BidiStreamingServer[pb.HostMessage, pb.PluginMessage]
	p     *evilPlugin
	start *pb.Start
	arena *arena.Arena
	file  *os.File // of the arena, when the plugin wants it
	id    uint64

	socket *direct.Conn // nil: messages are on the stream
}

// evilDirect is the variable that lets an evil plugin use the direct socket.
const evilDirect = "EVIL_DIRECT"

// accept goes over to the direct socket, if the host offers one.
func (r *evilRun) accept() error {
	offer := r.start.GetDirect()
	if offer == nil {
		return nil
	}
	socket, err := direct.Open(int(offer.GetFd()))
	if err != nil {
		return err
	}
	r.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Direct{Direct: &pb.Direct{}}})
	r.socket = socket
	return nil
}

func (p *evilPlugin) Run(wire grpc.BidiStreamingServer[pb.HostMessage, pb.PluginMessage]) error {
	m, err := wire.Recv()
	if err != nil {
		return err
	}
	r := &evilRun{wire: wire, p: p, start: m.GetStart()}
	if os.Getenv(evilDirect) != "" {
		if err := r.accept(); err != nil {
			return err
		}
	}
	var slots []arena.Slot
	for _, s := range r.start.GetArena().GetSlots() {
		slots = append(slots, arena.Slot{Name: s.GetName(), Offset: s.GetOffset(), Len: s.GetLen()})
	}
	if p.name == "truncates" {
		err := os.NewFile(proto.ArenaFD, "arena").Truncate(0)
		r.log("truncate: %v", err)
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, "")
	}
	if p.name == "writes into its neighbour" {
		fd, err := syscall.Dup(proto.ArenaFD)
		if err != nil {
			return err
		}
		r.file = os.NewFile(uintptr(fd), "arena")
	}
	if r.arena, err = arena.Open(os.NewFile(proto.ArenaFD, "arena"), r.start.GetArena().GetBytes(), slots); err != nil {
		return err
	}
	if f := evilSocket[p.name]; f != nil {
		if p.name != "accepts late" && p.name != "accepts twice" {
			if err := r.accept(); err != nil {
				return err
			}
		}
		return f(r)
	}
	return evil[p.name](r)
}

func (r *evilRun) send(m *pb.PluginMessage) {
	if r.socket == nil {
		if err := r.wire.Send(m); err != nil {
			os.Exit(4)
		}
		return
	}
	body, err := protobuf.Marshal(m)
	if err != nil {
		os.Exit(4)
	}
	packet := append([]byte{direct.Message}, body...)
	if len(packet) > direct.MaxPacket {
		if err := r.wire.Send(m); err != nil {
			os.Exit(4)
		}
		packet = []byte{direct.OnStream}
	}
	r.packet(packet)
}

func (r *evilRun) packet(b []byte) {
	if err := r.socket.Send(b); err != nil {
		os.Exit(4)
	}
}

func (r *evilRun) receive() (*pb.HostMessage, error) {
	if r.socket == nil {
		return r.wire.Recv()
	}
	buf := make([]byte, direct.MaxPacket)
	for {
		n, err := r.socket.Receive(buf, -1)
		if err != nil {
			return nil, err
		}
		if buf[0] == direct.OnStream {
			return r.wire.Recv()
		}
		m := &pb.HostMessage{}
		return m, protobuf.Unmarshal(buf[1:n], m)
	}
}

func (r *evilRun) log(format string, args ...any) {
	r.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Log{Log: &pb.Log{Level: "info", Message: fmt.Sprintf(format, args...)}}})
}

func (r *evilRun) done(s pb.Done_Status, detail string) error {
	r.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Done{Done: &pb.Done{Status: s, Detail: detail}}})
	return nil
}

func (r *evilRun) request(ops ...*pb.Op) {
	r.id++
	r.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Request{Request: &pb.Request{Id: r.id, Ops: ops}}})
}

// call returns nil when the answer is Stop.
func (r *evilRun) call(ops ...*pb.Op) *pb.Reply {
	r.request(ops...)
	m, err := r.receive()
	if err != nil {
		os.Exit(5)
	}
	return m.GetReply()
}

func gradOp(at, out uint32) *pb.Op {
	return &pb.Op{Op: &pb.Op_Grad{Grad: &pb.GradOp{Batch: &pb.Batch{Stream: "train"}, At: at, Out: out}}}
}

func commitOp() *pb.Op { return &pb.Op{Op: &pb.Op_Commit{Commit: &pb.CommitOp{Params: slotParams}}} }

func (r *evilRun) steps(n int) {
	for range n {
		r.call(gradOp(slotParams, slotGrad))
		r.call(commitOp())
	}
}

// tell ends the run with what the host has answered.
func (r *evilRun) tell(replies ...*pb.Reply) error {
	var lines []string
	for _, reply := range replies {
		lines = append(lines, fmt.Sprintf("%s after %d results: %s", reply.GetError().GetCode(), len(reply.GetResults()), reply.GetError().GetMessage()))
	}
	return r.done(pb.Done_STATUS_FAILED, strings.Join(lines, "\n"))
}

// unknown is the field 1000 with the number 7, which no message has.
func unknown() []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, 1000, protowire.VarintType), 7)
}

// evil says what each plugin does in its session. All runs have 3 steps.
var evil = map[string]func(*evilRun) error{
	"panics": func(r *evilRun) error {
		r.steps(2)
		panic("at step 3")
	},
	"stops itself": func(r *evilRun) error {
		r.steps(1)
		err := syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		time.Sleep(time.Minute)
		return err
	},
	"loops for ever": func(r *evilRun) error {
		r.steps(1)
		for n := 0; ; n++ {
			_ = n
		}
	},
	"leaves a child behind": func(r *evilRun) error {
		child := exec.Command("sleep", "60")
		child.Stdout, child.Stderr = r.p.stderr, r.p.stderr
		if err := child.Start(); err != nil {
			return err
		}
		r.steps(1)
		os.Exit(3)
		return nil
	},
	"leaves a child in another session": func(r *evilRun) error {
		child := exec.Command("sleep", "60")
		child.Stdout, child.Stderr = r.p.stderr, r.p.stderr
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		if err := child.Start(); err != nil {
			return err
		}
		r.log("child %d.", child.Process.Pid)
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"prints bad JSON": func(r *evilRun) error {
		fmt.Fprintln(r.p.stderr, `{"@level": "info", "@message": 3, "@timestamp": "x"}`)
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"prints long lines": func(r *evilRun) error {
		fmt.Fprintln(r.p.stderr, strings.Repeat("e", 1<<20))
		fmt.Fprintln(r.p.stdout, strings.Repeat("o", 1<<20))
		fmt.Fprintln(r.p.stdout, "the end")
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"prints without end": func(r *evilRun) error {
		chunk := []byte(strings.Repeat(strings.Repeat("x", 99)+"\n", 10_000))
		for range 20 {
			if _, err := r.p.stderr.Write(chunk); err != nil {
				return err
			}
		}
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"names bad slots": func(r *evilRun) error {
		return r.tell(
			r.call(gradOp(slotParams, 99)), r.call(gradOp(99, slotGrad)), r.call(gradOp(slotParams, slotParams)),
			r.call(gradOp(slotParams, slotShort)), r.call(commitOp(), gradOp(slotParams, math.MaxUint32)),
		)
	},
	"asks nonsense": func(r *evilRun) error {
		batch := func(b *pb.Batch) *pb.Op {
			return &pb.Op{Op: &pb.Op_Loss{Loss: &pb.LossOp{Batch: b, At: slotParams}}}
		}
		return r.tell(
			r.call(batch(nil)),
			r.call(batch(&pb.Batch{Stream: "train", Part: &pb.Batch_Range{Range: &pb.Range{From: 3, To: 3}}})),
			r.call(batch(&pb.Batch{Stream: "train", Rate: 0.5})),
			r.call(&pb.Op{Op: &pb.Op_Normal{Normal: &pb.NormalOp{Out: slotGrad, Std: math.NaN()}}}),
			r.call(&pb.Op{Op: &pb.Op_Commit{Commit: &pb.CommitOp{Blob: make([]byte, proto.MaxBlob+1)}}}),
		)
	},
	"asks for more than there is": func(r *evilRun) error {
		b := &pb.Batch{Stream: "train"}
		strange := gradOp(slotParams, slotGrad)
		strange.GetGrad().ProtoReflect().SetUnknown(unknown())
		empty := &pb.Op{}
		empty.ProtoReflect().SetUnknown(unknown())
		newBatch := &pb.Batch{Stream: "train"}
		newBatch.ProtoReflect().SetUnknown(unknown())
		loss := func(l *pb.LossOp) *pb.Op { return &pb.Op{Op: &pb.Op_Loss{Loss: l}} }
		var replies []*pb.Reply
		for _, op := range []*pb.Op{
			{Op: &pb.Op_Hvp{Hvp: &pb.HVPOp{Batch: b, Dir: slotGrad, Out: slotState}}},
			{Op: &pb.Op_Vjp{Vjp: &pb.VJPOp{Batch: b, Cotangent: slotGrad, Out: slotState}}},
			{Op: &pb.Op_InputGrad{InputGrad: &pb.InputGradOp{Batch: b, Out: slotGrad}}},
			{Op: &pb.Op_OutputGrad{OutputGrad: &pb.OutputGradOp{Batch: b, Out: slotGrad}}},
			{Op: &pb.Op_Activations{Activations: &pb.ActivationsOp{Batch: b, Out: slotGrad}}},
			strange, empty, loss(&pb.LossOp{Batch: newBatch}), loss(&pb.LossOp{Batch: b, Objective: pb.Objective_OBJECTIVE_AUX}),
		} {
			replies = append(replies, r.call(op))
		}
		return r.tell(replies...)
	},
	"sends greetings nobody knows": func(r *evilRun) error {
		m := &pb.PluginMessage{}
		m.ProtoReflect().SetUnknown(unknown())
		r.send(m)
		r.send(&pb.PluginMessage{})
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"uses an id twice": func(r *evilRun) error {
		r.steps(1)
		r.id--
		r.call(gradOp(slotParams, slotGrad))
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"asks for nothing": func(r *evilRun) error {
		r.call()
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"asks twice at once": func(r *evilRun) error {
		r.request(gradOp(slotParams, slotGrad))
		r.request(gradOp(slotParams, slotGrad))
		time.Sleep(time.Minute)
		return nil
	},
	"writes into its neighbour": func(r *evilRun) error {
		r.steps(1)
		s := r.start.GetArena().GetSlots()[slotState]
		// What a C program with an index too large would do.
		_, err := r.file.WriteAt([]byte{0, 0, 128, 63}, int64(s.GetOffset()+4*s.GetLen()))
		if err != nil {
			return err
		}
		r.call(gradOp(slotParams, slotGrad))
		r.call(commitOp())
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"commits NaN": func(r *evilRun) error {
		r.steps(2)
		r.arena.Slot(slotParams)[1] = float32(math.NaN())
		reply := r.call(commitOp())
		return r.done(pb.Done_STATUS_DIVERGED, reply.GetError().GetCode().String())
	},
	"exits":                      nil, // before the session
	"exits in the middle":        func(r *evilRun) error { r.steps(1); os.Exit(0); return nil },
	"closes without Done":        func(r *evilRun) error { r.steps(1); return nil },
	"ends with an error":         func(r *evilRun) error { r.steps(1); return errors.New("I have had enough") },
	"is done too early":          func(r *evilRun) error { r.steps(1); return r.done(pb.Done_STATUS_COMPLETED, "good enough") },
	"is done with an odd status": func(r *evilRun) error { r.steps(3); return r.done(55, "") },
	"sends 5 MB":                 func(r *evilRun) error { r.log("%s", strings.Repeat("x", 5<<20)); time.Sleep(time.Minute); return nil },
	"goes on after stop":         func(r *evilRun) error { r.steps(100); return nil },
	"falls silent after stop":    func(r *evilRun) error { r.steps(3); time.Sleep(time.Minute); return nil },
	"chatters after stop": func(r *evilRun) error {
		r.steps(3)
		for {
			r.log("still here")
			time.Sleep(50 * time.Millisecond)
		}
	},
	"computes and logs": func(r *evilRun) error {
		for range 12 {
			time.Sleep(testTurn / 8) // far below the limit, as machines are busy at times
			r.log("computing")
		}
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"trains until told": func(r *evilRun) error {
		for r.call(gradOp(slotParams, slotGrad)) != nil {
			r.log("a step")
		}
		return r.done(pb.Done_STATUS_COMPLETED, "told to stop")
	},
	"tells its surroundings": func(r *evilRun) error {
		in, err := io.ReadAll(os.Stdin)
		if err != nil {
			return err
		}
		dir, _ := os.Getwd()
		text, _ := json.Marshal(surroundings{
			Env: os.Environ(), Dir: dir, Stdin: string(in), Group: syscall.Getpgrp() == os.Getpid(),
			Params: r.start.GetParams()["x"].GetText(),
		})
		r.steps(3)
		return r.done(pb.Done_STATUS_COMPLETED, string(text))
	},
}

// evilSocket has the plugins that misuse the direct socket. All of them have accepted it.
var evilSocket = map[string]func(*evilRun) error{
	"closes the socket": func(r *evilRun) error {
		r.steps(1)
		r.socket.Close()
		time.Sleep(time.Minute)
		return nil
	},
	"sends garbage": func(r *evilRun) error {
		r.steps(1)
		r.packet([]byte{direct.Message, 255, 255, 255})
		time.Sleep(time.Minute)
		return nil
	},
	"announces what does not come": func(r *evilRun) error {
		r.steps(1)
		r.packet([]byte{direct.OnStream})
		time.Sleep(time.Minute)
		return nil
	},
	"speaks on the stream": func(r *evilRun) error {
		r.steps(1)
		r.socket = nil
		r.log("hello")
		time.Sleep(time.Minute)
		return nil
	},
	"accepts late": func(r *evilRun) error {
		r.steps(1)
		return r.accept()
	},
	"accepts twice": func(r *evilRun) error {
		if err := r.accept(); err != nil {
			return err
		}
		r.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Direct{Direct: &pb.Direct{}}})
		time.Sleep(time.Minute)
		return nil
	},
	"floods": func(r *evilRun) error {
		r.steps(1)
		for {
			r.packet([]byte{77, 1, 2, 3}) // a kind that nobody knows
		}
	},
	"packets of other kinds": func(r *evilRun) error {
		for range 3 {
			r.packet([]byte{99})
			r.steps(1)
		}
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
	"leaves a child with the socket": func(r *evilRun) error {
		child := exec.Command("sleep", "60")
		child.ExtraFiles = []*os.File{os.NewFile(uintptr(r.start.GetDirect().GetFd()), "socket")}
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		child.Env = []string{}
		if err := child.Start(); err != nil {
			return err
		}
		r.log("child %d.", child.Process.Pid)
		r.steps(1)
		os.Exit(3)
		return nil
	},
	"long messages": func(r *evilRun) error {
		for i := range 3 {
			r.log("%d%s", i, strings.Repeat("x", direct.MaxPacket))
			r.log("short")
			commit := commitOp()
			commit.GetCommit().Blob = make([]byte, proto.MaxBlob)
			r.call(gradOp(slotParams, slotGrad))
			r.call(commit)
		}
		return r.done(pb.Done_STATUS_COMPLETED, "")
	},
}

type surroundings struct {
	Env                []string
	Dir, Stdin, Params string
	Group              bool
}

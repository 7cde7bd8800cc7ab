// Package pluginhost starts plugin programs, talks to them and ends them. It assumes the worst of them: whatever a
// plugin does, the host lives on, the trial gets a reason people understand, and nothing is left behind.
//
// The protocol is described in harness/proto/bench/v1/bench.proto. A process serves one session, an optimization or a
// measurement, and ends with it.
package pluginhost

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/sharpbench/sharpbench/harness/arena"
	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
	"github.com/sharpbench/sharpbench/harness/proto/direct"
)

const (
	startTimeout = 60 * time.Second
	callTimeout  = 10 * time.Second // Describe and Validate
	exitGrace    = 500 * time.Millisecond
	drainGrace   = 300 * time.Millisecond
)

// environment lists the variables of the host that plugins see. Anything else could make a result depend on who runs
// it.
var environment = []string{"PATH", "HOME", "LANG", "TMPDIR"}

// StreamOnlyVariable is the environment variable that turns the direct socket off, to tell its faults from others.
const StreamOnlyVariable = "BENCH_STREAM_ONLY"

// LaunchOptions are the circumstances of a launch.
type LaunchOptions struct {
	// Log receives everything the program prints, and its log messages. It is written by one goroutine at a time, until
	// Stop returns. May be nil.
	Log io.Writer
	// RunDir is where the program's private directory is made; "" means the system's temporary directory. Short paths
	// only: a unix socket lives there.
	RunDir string
	// Env is added to the program's environment.
	Env []string
	// StreamOnly keeps the messages of a session on the stream, as with a system or a plugin without the direct socket. So
	// does the variable StreamOnlyVariable of the environment when it is not empty.
	StreamOnly bool
	// Watch looks on, for conformance checks. May be nil.
	Watch *Watch
	// Foreground lets the program share the terminal of the host, so that a debugger inside it can read the keyboard:
	// its standard input is the host's, and it stays in the host's process group, where Ctrl-C reaches both.
	Foreground bool
}

// Process is a running plugin. Its methods must be called by one goroutine at a time, but Stop may be called by any.
type Process struct {
	program Program
	command *command
	client  *plugin.Client
	conn    *grpc.ClientConn
	arena   *arena.Arena
	socket  *direct.Conn // offered for the messages of the session; nil: none
	out     *output
	dir     string
	watch   Watch
	left    bool // ended by itself when told to

	info   *Info
	stop   sync.Once
	cancel context.CancelFunc // ends the streams
	ctx    context.Context

	busy sync.Mutex // held during a session: its memory must stay
	used bool       // a session has begun, or can no longer begin
}

// Launch starts a program and waits until it answers. Canceling ctx ends the wait, not a program that has been
// launched. The caller must Stop it. A program that does not get so far is a *Failure.
func Launch(ctx context.Context, p Program, o LaunchOptions) (*Process, error) {
	if len(p.Command) == 0 {
		return nil, errors.New("a plugin without a command")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	dir, err := privateDir(o.RunDir)
	if err != nil {
		return nil, err
	}
	shared, err := arena.Create()
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	x := &Process{program: p, arena: shared, out: &output{log: o.Log}, dir: dir}
	inherit := []*os.File{shared.File()}
	if !o.StreamOnly && os.Getenv(StreamOnlyVariable) == "" {
		socket, theirs, err := direct.Pair()
		if err != nil {
			x.closeMemory()
			os.RemoveAll(dir)
			return nil, err
		}
		if socket != nil {
			// The program has it once it is started; until then it must not be collected.
			defer theirs.Close()
			x.socket, inherit = socket, append(inherit, theirs)
		}
	}
	if o.Watch != nil {
		x.watch = *o.Watch
	}
	x.ctx, x.cancel = context.WithCancel(context.Background())
	env := hostEnv()
	var encrypted *tls.Config
	if p.MTLS {
		config, text, err := clientTLS()
		if err != nil {
			x.closeMemory()
			os.RemoveAll(dir)
			return nil, fmt.Errorf("certificate for the connection to the plugin: %w", err)
		}
		encrypted, env = config, append(env, "PLUGIN_CLIENT_CERT="+text)
	}
	commands := make(chan *command, 1)
	services := plugin.PluginSet{proto.ServiceSet: connection{}}
	x.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  plugin.HandshakeConfig{MagicCookieKey: proto.CookieKey, MagicCookieValue: proto.CookieValue},
		VersionedPlugins: map[int]plugin.PluginSet{proto.Version: services},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		TLSConfig:        encrypted,
		SkipHostEnv:      true,
		StartTimeout:     startTimeout,
		// Level Off is what keeps go-plugin from parsing the lines the program prints, which can panic.
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Off, Output: io.Discard}),
		// Raw output is copied by the command. This is for programs whose go-plugin sends it through the connection.
		SyncStdout: x.out, SyncStderr: x.out,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: dir},
		RunnerFunc: func(_ hclog.Logger, spec *exec.Cmd, _ string) (runner.Runner, error) {
			// The program's working directory is the private one: what it leaves there goes with it.
			x.command = newCommand(p.Command, dir, slices.Concat(env, o.Env, spec.Env), inherit, x.out)
			if o.Foreground {
				x.command.foreground()
			}
			commands <- x.command
			return x.command, nil
		},
	})
	started := make(chan error, 1)
	go func() { started <- x.connect() }()
	select {
	case err = <-started:
	case <-ctx.Done():
		// go-plugin holds a lock while it waits for the handshake; killing the program is what ends that.
		select {
		case c := <-commands:
			c.kill()
			<-started
		case <-started:
		}
		x.Stop()
		return nil, ctx.Err()
	}
	if err != nil {
		x.client.Kill()
		f := x.startFailure(err)
		x.Stop()
		return nil, f
	}
	return x, nil
}

func hostEnv() []string {
	env := []string{"GOMAXPROCS=1", "OMP_NUM_THREADS=1"}
	for _, name := range environment {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// maxSocketDir leaves room for go-plugin's own directory and the name of the socket within the 104 bytes that the
// shortest of the systems allows for the path of a unix socket.
const maxSocketDir = 50

// privateDir makes a directory only this user can enter.
func privateDir(parent string) (string, error) {
	if parent == "" {
		parent = os.TempDir()
		// A long TMPDIR is not the user's fault.
		if len(parent) > maxSocketDir-len("/bench-0123456789") {
			parent = "/tmp"
		}
	}
	dir, err := os.MkdirTemp(parent, "bench-")
	if err != nil {
		return "", fmt.Errorf("directory for the plugin's socket: %w", err)
	}
	if len(dir) > maxSocketDir {
		os.Remove(dir)
		return "", fmt.Errorf("directory for the plugin's socket: %s is too long, expected at most %d bytes", dir, maxSocketDir)
	}
	return dir, nil
}

// connection is the only thing this side wants of go-plugin: the connection.
type connection struct{ plugin.NetRPCUnsupportedPlugin }

func (connection) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("this is the side of the host")
}

func (connection) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

func (x *Process) connect() (err error) {
	// A handshake line with a certificate nobody asked for makes go-plugin use a configuration that is not there.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the handshake line is not what was expected: %v", p)
		}
	}()
	protocol, err := x.client.Client()
	if err != nil {
		return err
	}
	conn, err := protocol.Dispense(proto.ServiceSet)
	if err != nil {
		return err
	}
	x.conn = conn.(*grpc.ClientConn)
	return nil
}

// startFailure translates what go-plugin says about a launch.
func (x *Process) startFailure(err error) error {
	text := err.Error()
	f := &Failure{Kind: Handshake}
	if x.command == nil || x.command.cmd.Process == nil {
		f.Reason = fmt.Sprintf("cannot start %s: %s", x.program.Command[0], text)
		return f
	}
	exited := x.command.waitExit(exitGrace)
	x.command.waitDrained(drainGrace)
	f.Detail = x.out.tail()
	switch {
	case strings.Contains(text, "incompatible API version"):
		// "… Plugin version: 2, Client versions: [1]"
		f.Kind = Version
		f.Reason = fmt.Sprintf("wrong protocol version: the plugin speaks version %s, this bench speaks %d; a newer bench or a rebuilt plugin is needed",
			between(text, "Plugin version: ", ","), proto.Version)
	case strings.Contains(text, "timeout while waiting"):
		f.Reason = fmt.Sprintf("handshake failed: nothing heard within %v", startTimeout)
	case strings.HasPrefix(text, "Unrecognized remote plugin message: "):
		line := between(text, "message: ", "\n")
		if line == "" && exited {
			state, _ := x.command.state()
			f.Reason = fmt.Sprintf("handshake failed: the program ended at once (%s)", state)
			break
		}
		f.Reason = fmt.Sprintf("handshake failed: the program printed %q where the handshake line was expected; nothing may be printed to standard output", line)
	default:
		f.Reason = "handshake failed: " + text
	}
	return f
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// Stop ends the program and everything it has started, and removes its directory and its memory. It gives the program
// a moment to leave by itself. Vectors of the session must not be used afterwards. It can be called more than once,
// and takes well under three seconds whatever the program does.
func (x *Process) Stop() {
	x.end()
	// A session that was running ends now, as its process is gone.
	x.busy.Lock()
	defer x.busy.Unlock()
	x.used = true
	x.closeMemory()
}

// closeMemory closes what the host shares with the program.
func (x *Process) closeMemory() {
	x.arena.Close()
	if x.socket != nil {
		x.socket.Close()
	}
}

// end does all of Stop but for the memory.
func (x *Process) end() {
	x.stop.Do(func() {
		// The order matters: go-plugin's own Kill waits for ever for a program that is frozen, and for whoever holds the
		// program's pipes. It comes last, when there is nothing left to wait for.
		deadline := time.Now().Add(exitGrace)
		x.cancel()
		if x.conn != nil {
			// Both ways to leave: some programs know only the one, some only the other.
			ctx, cancel := context.WithDeadline(context.Background(), deadline)
			_ = x.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
			cancel()
			x.conn.Close()
		}
		if x.command != nil && x.command.cmd.Process != nil {
			x.left = x.command.waitExit(time.Until(deadline))
			if !x.left {
				x.command.kill()
				x.command.waitExit(time.Second)
			}
			killKin(x.dir)
			x.command.waitDrained(drainGrace)
			x.command.closePipes()
		}
		x.client.Kill()
		os.RemoveAll(x.dir)
	})
}

// Pid is the number of the process.
func (x *Process) Pid() int { return x.command.cmd.Process.Pid }

// Kill ends the program without asking it, as a crash would. Stop is still needed.
func (x *Process) Kill() { x.command.kill() }

// HangUp cuts off the session, as a host does that has given up, and reports whether the program ends by itself within d.
// Stop is still needed.
func (x *Process) HangUp(d time.Duration) bool {
	x.cancel()
	return x.command.waitExit(d)
}

// Left says, after Stop, whether the program ended by itself when it was told to.
func (x *Process) Left() bool { return x.left }

// Usage says, after Stop, how much processor time the program took and how much memory it had at most; 0 where the
// system does not tell.
func (x *Process) Usage() (cpu time.Duration, peak int64) {
	if x.command == nil || x.command.cmd.ProcessState == nil {
		return 0, 0
	}
	state := x.command.cmd.ProcessState
	return state.UserTime() + state.SystemTime(), peakMemory(state)
}

// Ping asks the program's health service whether it is serving.
func (x *Process) Ping() error {
	protocol, err := x.client.Client()
	if err != nil {
		return err
	}
	return protocol.Ping()
}

// Describe asks the plugin what it is. The answer is asked for once.
func (x *Process) Describe(ctx context.Context) (Info, error) {
	if x.info != nil {
		return *x.info, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := pb.NewPluginClient(x.conn).Describe(ctx, &pb.DescribeRequest{}, grpc.MaxCallRecvMsgSize(maxMessage))
	if err != nil {
		return Info{}, x.callFailure(ctx, "Describe", err)
	}
	info, bad := fromDescribe(r)
	if bad != nil {
		return Info{}, bad
	}
	x.info = &info
	return info, nil
}

// Validate asks the plugin to judge parameters for a problem. Parameters that are left out get the plugin's defaults.
// Either there are diagnostics, all of them, or the slots a run would need.
func (x *Process) Validate(ctx context.Context, problem Problem, params map[string]any) ([]Diagnostic, []Slot, error) {
	wire, diagnostics := values(params)
	if len(diagnostics) > 0 {
		return diagnostics, nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r, err := pb.NewPluginClient(x.conn).Validate(ctx, &pb.ValidateRequest{Problem: problem.message(), Params: wire},
		grpc.MaxCallRecvMsgSize(maxMessage))
	if err != nil {
		return nil, nil, x.callFailure(ctx, "Validate", err)
	}
	for _, d := range r.GetDiagnostics() {
		diagnostics = append(diagnostics, Diagnostic{Param: d.GetParam(), Message: d.GetMessage()})
	}
	if len(diagnostics) > 0 {
		return diagnostics, nil, nil
	}
	seen := map[string]bool{proto.SlotParams: true, proto.SlotGrad: true, proto.SlotInit: true, proto.SlotUpdate: true}
	var slots []Slot
	for _, s := range r.GetSlots() {
		n := s.GetLen()
		if n == 0 {
			n = uint64(problem.Dim)
		}
		if s.GetName() == "" || seen[s.GetName()] || proto.IsPeerSlot(s.GetName()) || len(slots) == maxSlots || n > maxSlotLen {
			return nil, nil, violation("Validate asks for slot %q of %d elements: expected a name used once that is none of params, grad, init, update, peer1, …, at most %d elements, and at most %d slots",
				s.GetName(), n, maxSlotLen, maxSlots)
		}
		seen[s.GetName()] = true
		slots = append(slots, Slot{Name: s.GetName(), Len: int(n), Scratch: s.GetScratch()})
	}
	return nil, slots, nil
}

const (
	maxSlots   = 1000
	maxSlotLen = 1 << 32
	maxMessage = 4 << 20 // of what a plugin sends; vectors never travel in messages
)

// callFailure says what went wrong with a call.
func (x *Process) callFailure(ctx context.Context, call string, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	switch status.Code(err) {
	case codes.DeadlineExceeded:
		return &Failure{Kind: TimedOut, Reason: fmt.Sprintf("timed out: %s was not answered within %v", call, callTimeout), Detail: x.out.tail()}
	case codes.Unimplemented:
		return violation("the plugin does not serve bench.v%d.Plugin/%s", proto.Version, call)
	}
	if f := x.crash(); f != nil {
		return f
	}
	return &Failure{Kind: Refused, Reason: fmt.Sprintf("%s failed: %s", call, status.Convert(err).Message()), Detail: x.out.tail()}
}

// crash describes the end of the program, when there is one. It waits a moment for it: the connection breaks first.
func (x *Process) crash() *Failure {
	if !x.command.waitExit(exitGrace) {
		return nil
	}
	x.command.waitDrained(drainGrace)
	state, success := x.command.state()
	if success {
		return &Failure{Kind: NoDone, Reason: "ended without Done: the program exited in the middle of the session", Detail: x.out.tail()}
	}
	return &Failure{Kind: Crashed, Reason: fmt.Sprintf("crashed (%s)", state), Detail: x.out.tail()}
}

// Cookie is the environment variable, NAME=VALUE, that tells a program that it is started as a plugin.
const Cookie = proto.CookieKey + "=" + proto.CookieValue

// TestServe is the argument with which a test binary that contains a plugin is started as that plugin.
const TestServe = proto.TestServe

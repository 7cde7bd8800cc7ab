package sdk

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// Serve is the main function of a plugin program: it serves p, an Optimizer, a Stepper or a Metric, to the host that
// started the program, and ends the program when the host is done with it or gone. When a person started the program
// it says so and exits with status 1.
//
// From the first call of the host on, os.Stdout is the same as os.Stderr: the real standard output belongs to the
// protocol. Both end in the log of the trial.
func Serve(p any) {
	s, err := newServer(p)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if os.Getenv(proto.CookieKey) != proto.CookieValue {
		fmt.Fprintf(os.Stderr, "This is %q, a plugin of bench. It cannot be run by itself: name it in a suite and use bench run.\n", s.info.Name)
		os.Exit(1)
	}
	// The plugin's loop and the gRPC goroutines take turns anyway; on one thread a turn takes half the time. The host
	// sets the variable; this is for those that do not.
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
	s.stderr = os.Stderr
	conns := &connections{}
	conns.exitUnlessUsed(time.Minute)
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: plugin.HandshakeConfig{
			MagicCookieKey: proto.CookieKey, MagicCookieValue: proto.CookieValue,
		},
		VersionedPlugins: map[int]plugin.PluginSet{proto.Version: {proto.ServiceSet: registrar{s: s}}},
		// Errors of go-plugin itself only: it logs the text of the protocol otherwise.
		Logger: hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: os.Stderr}),
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(o, grpc.MaxRecvMsgSize(proto.MaxMessage), grpc.StatsHandler(conns))...)
		},
	})
	leave(0)
}

// leave ends the process and takes the socket with it. The host removes its directories itself, unless it was killed.
func leave(code int) {
	if dir := os.Getenv(plugin.EnvUnixSocketDir); strings.HasPrefix(filepath.Base(filepath.Dir(dir)), "bench-") {
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if e.Type()&os.ModeSocket != 0 {
				os.Remove(filepath.Join(dir, e.Name()))
			}
		}
		// These two succeed only when nothing else is left there.
		os.Remove(dir)
		os.Remove(filepath.Dir(dir))
	}
	os.Exit(code)
}

// kind says what p is, as an Optimizer or a Metric.
func kind(p any) (Optimizer, Metric, error) {
	o, isOptimizer := p.(Optimizer)
	s, isStepper := p.(Stepper)
	m, isMetric := p.(Metric)
	switch {
	case isMetric && (isOptimizer || isStepper):
		return nil, nil, fmt.Errorf("%T is both an optimizer and a metric: a plugin is one of them", p)
	case isOptimizer && isStepper:
		return nil, nil, fmt.Errorf("%T has both Run and New: an optimizer is either a loop or a step", p)
	case isOptimizer:
		return o, nil, nil
	case isStepper:
		return FromStepper(s), nil, nil
	case isMetric:
		return nil, m, nil
	}
	return nil, nil, fmt.Errorf("%T is neither an sdk.Optimizer nor an sdk.Stepper nor an sdk.Metric", p)
}

// registrar puts a server's services on go-plugin's gRPC server.
type registrar struct {
	plugin.NetRPCUnsupportedPlugin
	s *server
}

func (r registrar) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	pb.RegisterPluginServer(g, r.s)
	if r.s.optimizer != nil {
		pb.RegisterOptimizerServer(g, r.s)
	} else {
		pb.RegisterMetricServer(g, r.s)
	}
	return nil
}

func (registrar) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("this is the side of the plugin")
}

// connections ends the process when its last connection is gone. That is how a plugin learns that its host was killed:
// nobody else would end it.
type connections struct{ open, ever atomic.Int64 }

// exitUnlessUsed ends the process when no host has connected after d.
func (c *connections) exitUnlessUsed(d time.Duration) {
	time.AfterFunc(d, func() {
		if c.ever.Load() == 0 {
			leave(1)
		}
	})
}

func (c *connections) HandleConn(_ context.Context, e stats.ConnStats) {
	switch e.(type) {
	case *stats.ConnBegin:
		c.ever.Add(1)
		c.open.Add(1)
	case *stats.ConnEnd:
		if c.open.Add(-1) == 0 {
			leave(0)
		}
	}
}

func (*connections) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (*connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (*connections) HandleRPC(context.Context, stats.RPCStats)                         {}

// server answers the host. Its stream methods run the plugin.
type server struct {
	pb.UnimplementedPluginServer
	pb.UnimplementedOptimizerServer
	pb.UnimplementedMetricServer

	optimizer Optimizer // or
	metric    Metric
	info      Info

	stderr  *os.File // the process's real one
	restore sync.Once
	begun   atomic.Bool
}

func newServer(p any) (*server, error) {
	o, m, err := kind(p)
	if err != nil {
		return nil, err
	}
	s := &server{optimizer: o, metric: m}
	if o != nil {
		s.info = o.Info()
	} else {
		s.info = m.Info()
	}
	if err := s.info.check(o != nil); err != nil {
		return nil, err
	}
	return s, nil
}

// ownOutput gives os.Stdout and os.Stderr back to the plugin. go-plugin has replaced both by pipes that are read
// through the connection: what is in them when a program crashes is lost, and that is when it matters.
func (s *server) ownOutput() {
	s.restore.Do(func() {
		os.Stdout, os.Stderr = s.stderr, s.stderr
		protectStdout()
	})
}

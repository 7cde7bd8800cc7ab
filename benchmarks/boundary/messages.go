package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/vec"
)

// serveMessages is the argument with which this program becomes the process that is sent vectors.
const serveMessages = "serve-messages"

// maxVector is far above the vectors that are sent.
const maxVector = 1 << 30

// bytesCodec sends byte slices as they are: there is no encoding cheaper than none.
type bytesCodec struct{}

func (bytesCodec) Name() string                  { return "bytes" }
func (bytesCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (bytesCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append((*v.(*[]byte))[:0], data...)
	return nil
}

var stream = grpc.ServiceDesc{
	ServiceName: "boundary.Messages", HandlerType: (*any)(nil),
	Streams: []grpc.StreamDesc{{StreamName: "Run", Handler: handle, ServerStreams: true, ClientStreams: true}},
}

// serve answers, on a unix socket, each gradient by the parameters after a step of SGD with momentum.
func serve(socket string) error {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	s := grpc.NewServer(grpc.ForceServerCodec(bytesCodec{}), grpc.MaxRecvMsgSize(maxVector), grpc.MaxSendMsgSize(maxVector))
	s.RegisterService(&stream, nil)
	return s.Serve(l)
}

// handle is the plugin's side: the first message is the parameters, every other one a gradient.
func handle(_ any, s grpc.ServerStream) error {
	var in []byte
	if err := s.RecvMsg(&in); err != nil {
		return err
	}
	w := make([]float32, len(in)/4)
	decode(w, in)
	momentum, g, out := make([]float32, len(w)), make([]float32, len(w)), make([]byte, len(in))
	for {
		if err := s.RecvMsg(&in); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		decode(g, in)
		vec.Momentum(w, momentum, g, vec.SGDStep{Rate: 1e-3, Momentum: 0.9})
		encode(out, w)
		if err := s.SendMsg(&out); err != nil {
			return err
		}
	}
}

func decode(dst []float32, src []byte) {
	for i := range dst {
		dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(src[4*i:]))
	}
}

func encode(dst []byte, src []float32) {
	for i, x := range src {
		binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(x))
	}
}

// messages trains with a process that gets gradients and returns parameters in messages.
func messages(_ options, t task, _ string) ([]step, error) {
	_, training, w, err := prepare(t)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "boundary-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "s")
	cmd := exec.Command(exe, serveMessages, socket)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	for range 200 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(bytesCodec{}), grpc.MaxCallRecvMsgSize(maxVector), grpc.MaxCallSendMsgSize(maxVector)))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := conn.NewStream(ctx, &stream.Streams[0], "/boundary.Messages/Run")
	if err != nil {
		return nil, err
	}
	buf, in := make([]byte, 4*len(w)), []byte(nil)
	encode(buf, w)
	if err := s.SendMsg(&buf); err != nil {
		return nil, err
	}
	g := make([]float32, len(w))
	c, spent := &clock{}, 0.0
	for k := range t.steps {
		begin := time.Now()
		if _, err := training.Grad(oracle.Batch{Stream: oracle.Train, Index: uint64(k)}, w, g, oracle.Options{}); err != nil {
			return nil, err
		}
		spent += time.Since(begin).Seconds()
		encode(buf, g)
		if err := s.SendMsg(&buf); err != nil {
			return nil, err
		}
		if err := s.RecvMsg(&in); err != nil {
			return nil, err
		}
		if len(in) != len(buf) {
			return nil, fmt.Errorf("%d bytes came back for %d", len(in), len(buf))
		}
		decode(w, in)
		if i := oracle.FirstNonFinite(w); i >= 0 {
			return nil, fmt.Errorf("parameter %d is %v", i, w[i])
		}
		c.tick(spent, 0)
	}
	return c.steps, nil
}

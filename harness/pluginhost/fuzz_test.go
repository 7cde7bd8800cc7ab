//go:build unix

package pluginhost

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/sharpbench/sharpbench/harness/arena"
	"github.com/sharpbench/sharpbench/harness/oracle"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// script is a stream on which a plugin says what is written down, whatever it is answered. It keeps its turns, unless
// it is hasty.
type script struct {
	says  []*pb.PluginMessage
	heard []*pb.HostMessage

	hasty bool
	mine  bool          // it is the plugin's turn
	turn  chan struct{} // a token for each message heard
	over  chan struct{} // closed when nobody listens any more
}

func (s *script) Send(m *pb.HostMessage) error {
	s.heard = append(s.heard, m)
	s.turn <- struct{}{}
	return nil
}

func (s *script) Recv() (*pb.PluginMessage, error) {
	if !s.mine && !s.hasty {
		select {
		case <-s.turn:
		case <-s.over:
			return nil, io.EOF
		}
	}
	if len(s.says) == 0 {
		return nil, io.EOF
	}
	m := s.says[0]
	s.says = s.says[1:]
	s.mine = m.GetRequest() == nil
	return m, nil
}

func (s *script) Header() (metadata.MD, error) { return nil, nil }
func (s *script) Trailer() metadata.MD         { return nil }
func (s *script) CloseSend() error             { return nil }
func (s *script) Context() context.Context     { return context.Background() }
func (s *script) SendMsg(any) error            { return nil }
func (s *script) RecvMsg(any) error            { return nil }

// exact is ½‖w‖², at once.
type exact struct{ slowly }

func (e exact) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	copy(out, w)
	return e.Loss(b, w, o)
}

// FuzzSession feeds the host whatever messages, in whatever order. It must end with Done or with a failure that blames
// the plugin, never by crashing, never having written a slot the plugin may not have written, and never having counted
// parameters that are not finite.
func FuzzSession(f *testing.F) {
	encode := func(messages ...*pb.PluginMessage) (out []byte) {
		for _, m := range messages {
			b, err := proto.Marshal(m)
			if err != nil {
				f.Fatal(err)
			}
			out = append(binary.AppendUvarint(out, uint64(len(b))), b...)
		}
		return out
	}
	request := func(id uint64, ops ...*pb.Op) *pb.PluginMessage {
		return &pb.PluginMessage{Msg: &pb.PluginMessage_Request{Request: &pb.Request{Id: id, Ops: ops}}}
	}
	done := &pb.PluginMessage{Msg: &pb.PluginMessage_Done{Done: &pb.Done{Status: 1}}}
	noise := &pb.Op{Op: &pb.Op_Normal{Normal: &pb.NormalOp{Stream: "a", Out: slotState, Std: 1e300}}}
	f.Add(encode(request(1, gradOp(0, 1)), request(2, commitOp(), gradOp(0, 1)), done), true, false)
	f.Add(encode(request(1, gradOp(0, 1)), request(1, commitOp()), done), false, false)
	f.Add(encode(request(3, noise, commitOp(), &pb.Op{}), &pb.PluginMessage{}, request(4, gradOp(9, 9)), request(5)), true, true)
	f.Add(encode(request(1, noise, &pb.Op{Op: &pb.Op_Commit{Commit: &pb.CommitOp{Params: slotState}}}), done), true, false)
	f.Add([]byte{1, 2, 3}, false, true)

	f.Fuzz(func(t *testing.T, data []byte, optimizer, hasty bool) {
		shared, err := arena.Create()
		if err != nil {
			t.Fatal(err)
		}
		defer shared.Close()
		if err := shared.Layout([]arena.Request{{Name: "params", Len: 2}, {Name: "grad", Len: 2}, {Name: "state", Len: 2}, {Name: "short", Len: 1}}); err != nil {
			t.Fatal(err)
		}
		copy(shared.Slot(0), []float32{1, 2})
		command := newCommand([]string{"none"}, "", nil, nil, &output{})
		close(command.exited)
		close(command.drained)
		x := &Process{arena: shared, out: &output{}, command: command}
		stream := &script{hasty: hasty, turn: make(chan struct{}, 1+len(data)), over: make(chan struct{})}
		defer close(stream.over)
		for len(data) > 0 {
			n, skip := binary.Uvarint(data)
			if skip <= 0 || n > uint64(len(data)-skip) {
				break
			}
			m := &pb.PluginMessage{}
			if proto.Unmarshal(data[skip:skip+int(n)], m) != nil {
				break
			}
			stream.says = append(stream.says, m)
			data = data[skip+int(n):]
		}
		s := &session{x: x, link: newLink(stream, nil), problem: Problem{Dim: 2}, oracle: oracle.New(exact{}, 1), readOnly: make([]bool, 4)}
		commits := 0
		if optimizer {
			s.commit = func(_ *pb.CommitOp, params []float32) (*pb.Result, error) {
				if oracle.FirstNonFinite(params) >= 0 {
					return nil, oracle.Errorf(oracle.NonFinite, "no")
				}
				if commits++; commits == 3 {
					return &pb.Result{Stop: pb.StopReason_STOP_REASON_STEPS}, nil
				}
				return &pb.Result{}, nil
			}
		} else {
			s.readOnly[0] = true
		}
		end, err := s.run(context.Background(), &pb.Start{})
		var blame *Failure
		if (end == nil) == (err == nil) || err != nil && !errors.As(err, &blame) {
			t.Errorf("ended with %v, %v", end, err)
		}
		if w := shared.Slot(0); !optimizer && (w[0] != 1 || w[1] != 2) {
			t.Errorf("the parameters are %v", w)
		}
		if commits > 3 {
			t.Errorf("%d commits, the host said stop after 3", commits)
		}
		if err := shared.CheckGuards(); err != nil {
			t.Error(err)
		}
		replies := 0
		for _, m := range stream.heard {
			if r := m.GetReply(); r != nil {
				replies++
				for _, x := range r.GetResults() {
					if math.IsNaN(x.GetLoss()) {
						t.Error("a loss that is not a number")
					}
				}
			}
		}
		if s.lastID == 0 && replies > 0 {
			t.Error("a reply without a request")
		}
	})
}

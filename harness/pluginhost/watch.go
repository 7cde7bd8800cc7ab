package pluginhost

import (
	"errors"
	"io"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sharpbench/sharpbench/harness/oracle"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// Watch lets conformance checks see and disturb a session. The zero value does neither.
type Watch struct {
	// Request sees every request before it is answered: its ops by name, and how long the plugin took for it.
	Request func(ops []string, took time.Duration)
	// Refused sees every error that a request is answered with.
	Refused func(*oracle.Error)
	// Direct is told when the plugin has accepted the direct socket.
	Direct func()
	// Strict makes it a violation when a slot that an op does not write changes while the host has the turn.
	Strict bool
	// Grease sends messages that no plugin knows before each reply. They must be ignored.
	Grease bool
	// Scratch is what scratch slots are filled with at the start; 0 means NaN. No result may depend on it.
	Scratch float32
}

// see tells Request about a request.
func (w *Watch) see(r *pb.Request, took time.Duration) {
	if w.Request == nil {
		return
	}
	var ops []string
	for _, op := range r.GetOps() {
		name := "unknown"
		m := op.ProtoReflect()
		if f := m.WhichOneof(m.Descriptor().Oneofs().ByName("op")); f != nil {
			name = string(f.Name())
		}
		ops = append(ops, name)
	}
	w.Request(ops, took)
}

// direct tells Direct.
func (w *Watch) direct() {
	if w.Direct != nil {
		w.Direct()
	}
}

// grease sends messages from the future: one without a known member, one that is all unknown fields, and, on the direct
// socket, a packet of an unknown kind and a message that takes the stream although it is short.
func (s *session) grease() error {
	unknown := &pb.HostMessage{}
	field := protowire.AppendTag(nil, 1000, protowire.BytesType)
	unknown.ProtoReflect().SetUnknown(protowire.AppendString(field, "from a newer host"))
	for _, m := range []*pb.HostMessage{{}, unknown} {
		if err := s.send(m); err != nil {
			return err
		}
	}
	if !s.link.accepted {
		return nil
	}
	if err := s.link.socket.SendNow([]byte{255, 1, 2, 3}); err != nil && !errors.Is(err, io.EOF) {
		return hostError{err}
	}
	if err := s.link.long(unknown); err != nil && !errors.Is(err, io.EOF) {
		return s.broken(err)
	}
	return nil
}

// fill prepares a scratch slot.
func (x *Process) fill(slot int) {
	if x.watch.Scratch == 0 {
		x.arena.Poison(slot)
		return
	}
	v := x.arena.Slot(slot)
	for i := range v {
		v[i] = x.watch.Scratch
	}
}

// snapshot copies all slots.
func (s *session) snapshot() [][]float32 {
	all := make([][]float32, len(s.x.arena.Slots()))
	for i := range all {
		all[i] = slices.Clone(s.x.arena.Slot(i))
	}
	return all
}

// unchanged compares the slots that no op has written with what they held when the turn began.
func (s *session) unchanged(before [][]float32) error {
	for i, slot := range s.x.arena.Slots() {
		if s.written[i] {
			continue
		}
		for j, v := range s.x.arena.Slot(i) {
			if math.Float32bits(v) != math.Float32bits(before[i][j]) {
				return violation("element %d of slot %q changed while the host had the turn", j, slot.Name)
			}
		}
	}
	return nil
}

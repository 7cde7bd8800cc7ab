package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sharpbench/sharpbench/harness/oracle"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// DefaultTurnTimeout is how long a plugin may compute without a message when the suite does not say.
const DefaultTurnTimeout = 60 * time.Second

// doneGrace is how long a plugin may take to say Done after it was told to stop.
const doneGrace = 2 * time.Second

// session is the host's side of one stream. It keeps the turns, and answers requests through an oracle.
type session struct {
	x       *Process
	link    *link
	problem Problem
	oracle  *oracle.Oracle
	peers   []Peer // metrics: the other networks it may ask

	readOnly []bool // by slot: the plugin may not have it written
	written  []bool // by slot: an op of this turn has written it
	commit   func(*pb.CommitOp, []float32) (*pb.Result, error)

	turn    time.Duration // timeout
	lastID  uint64
	stopped pb.StopReason // what the plugin has been told, in either way
	late    int           // requests after that

	host, plugin, last time.Duration // last: the plugin's last turn
}

// run sends start, answers until the plugin is done, and returns its Done. Canceling ctx stops the plugin. Any error but a
// *Failure is the host's own.
func (s *session) run(ctx context.Context, start *pb.Start) (*pb.Done, error) {
	defer s.link.close()
	s.written = make([]bool, len(s.readOnly))
	if err := s.send(&pb.HostMessage{Msg: &pb.HostMessage_Start{Start: start}}); err != nil {
		return nil, err
	}
	if s.turn <= 0 {
		s.turn = DefaultTurnTimeout
	}
	limit := s.turn
	canceled := ctx.Done()
	begin := time.Now()
	deadline := begin.Add(limit)
	for {
		message, err := s.link.wait(canceled, deadline)
		switch err {
		case nil:
		case errSilent:
			f := &Failure{Kind: TimedOut, Reason: fmt.Sprintf("timed out after %v silent", limit), Detail: s.x.out.tail()}
			if s.stopped != 0 {
				f.Reason = fmt.Sprintf("timed out: told to stop (%s), it did not say Done within %v", stopNames[s.stopped], limit)
			}
			return nil, f
		case errCanceled:
			canceled = nil
			if s.stopped == 0 {
				if err := s.send(s.stop(pb.StopReason_STOP_REASON_CANCELED)); err != nil {
					return nil, err
				}
				limit = doneGrace
				deadline = time.Now().Add(limit)
			}
			continue
		default:
			s.plugin += time.Since(begin)
			return nil, s.broken(err)
		}
		switch m := message.GetMsg().(type) {
		case *pb.PluginMessage_Log:
			s.log(m.Log)
			// Once told to stop a plugin cannot buy time with words.
			if s.stopped == 0 {
				deadline = time.Now().Add(limit)
			}
		case *pb.PluginMessage_Done:
			s.plugin += time.Since(begin)
			return m.Done, nil
		case *pb.PluginMessage_Direct:
			if err := s.accepted(ctx); err != nil {
				return nil, err
			}
		case *pb.PluginMessage_Request:
			s.last = time.Since(begin)
			s.plugin += s.last
			s.link.leave()
			s.x.watch.see(m.Request, s.last)
			if begin, err = s.answer(ctx, m.Request); err != nil {
				return nil, err
			}
			if s.stopped != 0 {
				limit = doneGrace
			}
			deadline = time.Now().Add(limit)
		}
		// Anything else is from a newer plugin; unknown messages are ignored.
	}
}

// accepted goes over to the direct socket.
func (s *session) accepted(ctx context.Context) error {
	if s.link.socket == nil || s.link.accepted || s.lastID != 0 {
		return violation("the plugin accepts a direct socket that is not offered, or too late")
	}
	s.link.accept(ctx)
	s.x.watch.direct()
	// What was sent on the stream meanwhile is not received any more.
	if s.stopped != 0 {
		return s.send(s.stop(s.stopped))
	}
	return nil
}

// send sends a message. When the plugin has ended the session meanwhile that is no error: what it said last, or why it
// could not, is still to be received.
func (s *session) send(m *pb.HostMessage) error {
	if err := s.link.send(m); err != nil && !errors.Is(err, io.EOF) {
		return s.broken(err)
	}
	return nil
}

// stop makes the message that tells the plugin to stop.
func (s *session) stop(r pb.StopReason) *pb.HostMessage {
	s.stopped = r
	return &pb.HostMessage{Msg: &pb.HostMessage_Stop{Stop: &pb.Stop{Reason: r}}}
}

// broken says why the stream ended before Done.
func (s *session) broken(err error) error {
	var f *Failure
	var own hostError
	switch code := status.Code(err); {
	case errors.As(err, &f), errors.As(err, &own):
		return err
	case errors.Is(err, io.EOF):
		if f = s.x.crash(); f == nil {
			f = &Failure{Kind: NoDone, Reason: "ended without Done: the plugin closed the session", Detail: s.x.out.tail()}
		}
	case code == codes.ResourceExhausted:
		f = violation("a message of more than %d MiB; vectors belong in slots", maxMessage>>20)
	case code == codes.Unimplemented:
		f = violation("the plugin serves no sessions of its kind")
	default:
		if f = s.x.crash(); f == nil {
			f = &Failure{Kind: Crashed, Reason: "crashed: " + status.Convert(err).Message(), Detail: s.x.out.tail()}
		}
	}
	return f
}

func (s *session) log(l *pb.Log) {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s] %s", l.GetLevel(), l.GetMessage())
	names := make([]string, 0, len(l.GetScalars()))
	for name := range l.GetScalars() {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, " %s=%g", name, l.GetScalars()[name])
	}
	b.WriteByte('\n')
	_, _ = s.x.out.Write([]byte(b.String()))
}

// strictTurn is how long the host keeps a turn at least when it watches for writes out of turn.
const strictTurn = 20 * time.Millisecond

// answer executes a request and replies. Between Request and Reply the arena is the host's. It returns when the plugin's turn
// began: when the answer was ready. On one processor the plugin runs before its being sent returns.
func (s *session) answer(ctx context.Context, r *pb.Request) (time.Time, error) {
	begin := time.Now()
	m, err := s.reply(ctx, r)
	ready := time.Now()
	s.host += ready.Sub(begin)
	if err != nil {
		return ready, err
	}
	if m.GetReply() != nil {
		m.Processor = s.link.stay(s.last)
	}
	return ready, s.send(m)
}

// reply makes the answer to a request.
func (s *session) reply(ctx context.Context, r *pb.Request) (*pb.HostMessage, error) {
	if r.GetId() <= s.lastID {
		return nil, violation("request %d after request %d: ids must increase", r.GetId(), s.lastID)
	}
	s.lastID = r.GetId()
	if len(r.GetOps()) == 0 {
		return nil, violation("request %d without an op", r.GetId())
	}
	if s.stopped != 0 {
		if s.late++; s.late > 1 {
			return nil, violation("requests after the host had said stop (%s)", stopNames[s.stopped])
		}
		return s.stop(s.stopped), nil
	}
	var before [][]float32
	clear(s.written)
	if s.x.watch.Strict {
		before = s.snapshot()
	}
	reply := &pb.Reply{Id: r.GetId()}
	for i, op := range r.GetOps() {
		if ctx.Err() != nil {
			return s.stop(pb.StopReason_STOP_REASON_CANCELED), nil
		}
		result, err := s.do(op)
		var refused *oracle.Error
		if err != nil && errors.As(err, &refused) {
			if s.x.watch.Refused != nil {
				s.x.watch.Refused(refused)
			}
			reply.Error = &pb.Error{Code: codeOf(refused.Code), Message: refused.Message, Op: uint32(i)}
			break
		}
		if err != nil {
			return nil, err
		}
		reply.Results = append(reply.Results, result)
		if s.stopped = result.GetStop(); s.stopped != 0 {
			break
		}
	}
	if before != nil {
		// Toy problems are answered before another thread of the plugin is given a processor.
		time.Sleep(strictTurn)
		if err := s.unchanged(before); err != nil {
			return nil, err
		}
	}
	if s.x.watch.Grease {
		if err := s.grease(); err != nil {
			return nil, err
		}
	}
	// Turns are strict: whatever has arrived meanwhile was sent out of turn.
	switch early, err := s.link.early(); {
	case err != nil:
		return nil, s.broken(err)
	case early:
		return nil, violation("a message while request %d was being answered", r.GetId())
	}
	return &pb.HostMessage{Msg: &pb.HostMessage_Reply{Reply: reply}}, nil
}

func codeOf(c oracle.Code) pb.Error_Code {
	switch c {
	case oracle.BadSlot:
		return pb.Error_CODE_BAD_SLOT
	case oracle.Budget:
		return pb.Error_CODE_BUDGET
	case oracle.NonFinite:
		return pb.Error_CODE_NON_FINITE
	case oracle.Unsupported:
		return pb.Error_CODE_UNSUPPORTED
	}
	return pb.Error_CODE_BAD_REQUEST
}

// do executes one op. An *oracle.Error is for the plugin, a *Failure ends the session, any other error is the host's.
func (s *session) do(op *pb.Op) (*pb.Result, error) {
	if len(op.ProtoReflect().GetUnknown()) > 0 {
		return nil, oracle.Errorf(oracle.Unsupported, "this version of bench does not know the op, or something in it")
	}
	switch o := op.GetOp().(type) {
	case *pb.Op_Loss:
		return known(o.Loss, s.loss)
	case *pb.Op_Grad:
		return known(o.Grad, s.grad)
	case *pb.Op_GradClipped:
		return known(o.GradClipped, s.gradClipped)
	case *pb.Op_GradSquared:
		return known(o.GradSquared, s.gradSquared)
	case *pb.Op_Hvp:
		return known(o.Hvp, s.hvp)
	case *pb.Op_Outputs:
		return known(o.Outputs, s.outputs)
	case *pb.Op_Vjp:
		return known(o.Vjp, s.vjp)
	case *pb.Op_InputGrad:
		return known(o.InputGrad, s.inputGrad)
	case *pb.Op_OutputGrad:
		return known(o.OutputGrad, s.outputGrad)
	case *pb.Op_Inputs:
		return known(o.Inputs, s.inputs)
	case *pb.Op_Activations:
		return known(o.Activations, s.activations)
	case *pb.Op_Normal:
		return known(o.Normal, s.normal)
	case *pb.Op_Commit:
		return known(o.Commit, s.committed)
	}
	return nil, oracle.Errorf(oracle.Unsupported, "this version of bench does not know the op")
}

// known executes an op, unless something in it is from a newer plugin.
func known[M proto.Message](m M, do func(M) (*pb.Result, error)) (*pb.Result, error) {
	if len(m.ProtoReflect().GetUnknown()) > 0 {
		return nil, oracle.Errorf(oracle.Unsupported, "the op has fields that this version of bench does not know")
	}
	return do(m)
}

func (s *session) committed(m *pb.CommitOp) (*pb.Result, error) {
	if s.commit == nil {
		return nil, oracle.Errorf(oracle.BadRequest, "a metric cannot commit")
	}
	params, err := s.vector("params", m.GetParams(), s.problem.Dim, false)
	if err != nil {
		return nil, err
	}
	return s.commit(m, params)
}

type operand struct {
	role string
	slot uint32
}

// operands collects what an op names, and remembers the first thing that is wrong with it.
type operands struct {
	s     *session
	named []operand // the slots the op names
	delta []float32 // changes of the inputs
	// auxiliary: the op is about the auxiliary objective.
	auxiliary bool
	oracle    *oracle.Oracle // of the network that is asked, and the number of its parameters
	dim       int
	err       error
}

// read is a slot that the op reads, of length want, 0 for any.
func (o *operands) read(role string, n uint32, want int) []float32 {
	if o.err != nil {
		return nil
	}
	o.named = append(o.named, operand{role, n})
	var v []float32
	v, o.err = o.s.vector(role, n, want, false)
	return v
}

// write is a slot that the op writes: none that it reads, or writes elsewhere.
func (o *operands) write(role string, n uint32, want int) []float32 {
	if o.err != nil {
		return nil
	}
	for _, other := range o.named {
		if other.slot == n {
			o.err = oracle.Errorf(oracle.BadSlot, "%s is the same slot as %s", role, other.role)
			return nil
		}
	}
	o.named = append(o.named, operand{role, n})
	var v []float32
	v, o.err = o.s.vector(role, n, want, true)
	return v
}

// optional is write for a slot that need not be there.
func (o *operands) optional(role string, n *uint32) []float32 {
	if n == nil {
		return nil
	}
	return o.write(role, *n, 0)
}

// point is the parameters an op is about.
func (o *operands) point(n uint32) []float32 { return o.read("at", n, o.dim) }

func (s *session) loss(m *pb.LossOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), m.GetObjective())
	at := o.point(m.GetAt())
	each := o.optional("each", m.Each)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.Loss(b, at, oracle.Options{
		Delta: o.delta, NormalizeLogits: m.GetNormalizeLogits(), Each: each, Auxiliary: o.auxiliary,
	}))
}

func (s *session) grad(m *pb.GradOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), m.GetObjective())
	at := o.point(m.GetAt())
	out := o.write("out", m.GetOut(), o.dim)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.Grad(b, at, out, oracle.Options{
		Delta: o.delta, FreezeStats: m.GetFreezeStats(), NormalizeLogits: m.GetNormalizeLogits(), Auxiliary: o.auxiliary,
	}))
}

func (s *session) gradClipped(m *pb.GradClippedOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	at := o.point(m.GetAt())
	out := o.write("out", m.GetOut(), o.dim)
	norms := o.optional("norms", m.Norms)
	if o.err != nil {
		return nil, o.err
	}
	clip := oracle.Clip{Limit: m.GetClip(), PerCoordinate: m.GetPerCoordinate(), Norms: norms}
	if n := m.GetNoise(); n != nil {
		if len(n.ProtoReflect().GetUnknown()) > 0 {
			return nil, oracle.Errorf(oracle.Unsupported, "the noise has fields that this version of bench does not know")
		}
		clip.Noise = &oracle.Noise{Stream: n.GetStream(), Index: n.GetIndex(), Std: n.GetStd()}
	}
	r, err := evaluated(o.oracle.GradClipped(b, at, out, clip, oracle.Options{Delta: o.delta}))
	if err == nil && clip.Noise != nil {
		r = &pb.Result{} // loss, number and price would tell of the draw what the noise hides
	}
	return r, err
}

func (s *session) gradSquared(m *pb.GradSquaredOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	at := o.point(m.GetAt())
	out := o.write("out", m.GetOut(), o.dim)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.GradSquared(b, at, out, oracle.Options{Delta: o.delta}))
}

func (s *session) hvp(m *pb.HVPOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), m.GetObjective())
	at := o.point(m.GetAt())
	dir := o.read("dir", m.GetDir(), o.dim)
	out := o.write("out", m.GetOut(), o.dim)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.HVP(b, at, dir, out, oracle.Options{
		Delta: o.delta, NormalizeLogits: m.GetNormalizeLogits(), Auxiliary: o.auxiliary,
	}))
}

// How long the slots below must be, only the workload knows.

func (s *session) outputs(m *pb.OutputsOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	at := o.point(m.GetAt())
	out := o.write("out", m.GetOut(), 0)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.Outputs(b, at, out, oracle.Options{Delta: o.delta}))
}

func (s *session) vjp(m *pb.VJPOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	at := o.point(m.GetAt())
	cotangent := o.read("cotangent", m.GetCotangent(), 0)
	out := o.write("out", m.GetOut(), o.dim)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.VJP(b, at, cotangent, out, oracle.Options{Delta: o.delta, FreezeStats: m.GetFreezeStats()}))
}

func (s *session) inputGrad(m *pb.InputGradOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	at := o.point(m.GetAt())
	out := o.write("out", m.GetOut(), 0)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.InputGrad(b, at, out, oracle.Options{Delta: o.delta}))
}

func (s *session) outputGrad(m *pb.OutputGradOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	at := o.point(m.GetAt())
	out := o.write("out", m.GetOut(), 0)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.OutputGrad(b, at, out, oracle.Options{Delta: o.delta}))
}

func (s *session) inputs(m *pb.InputsOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	out := o.write("out", m.GetOut(), 0)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.Inputs(b, out, oracle.Options{Delta: o.delta}))
}

func (s *session) activations(m *pb.ActivationsOp) (*pb.Result, error) {
	o := operands{s: s}
	b := o.batch(m.GetBatch(), pb.Objective_OBJECTIVE_MAIN)
	at := o.point(m.GetAt())
	out := o.write("out", m.GetOut(), 0)
	if o.err != nil {
		return nil, o.err
	}
	return evaluated(o.oracle.Activations(b, at, out, int(m.GetLayer()), oracle.Options{Delta: o.delta}))
}

func (s *session) normal(o *pb.NormalOp) (*pb.Result, error) {
	out, err := s.vector("out", o.GetOut(), 0, true)
	if err != nil {
		return nil, err
	}
	if err := s.oracle.Normal(o.GetStream(), o.GetIndex(), out, o.GetStd()); err != nil {
		return nil, err
	}
	return &pb.Result{}, nil
}

func evaluated(e oracle.Eval, err error) (*pb.Result, error) {
	if err != nil {
		return nil, err
	}
	return &pb.Result{Loss: e.Loss, Examples: uint64(e.Examples), Errors: uint64(e.Errors), G: e.G}, nil
}

// vector returns slot n. want is its length, 0 for any.
func (s *session) vector(role string, n uint32, want int, write bool) ([]float32, error) {
	slots := s.x.arena.Slots()
	if int64(n) >= int64(len(slots)) {
		return nil, oracle.Errorf(oracle.BadSlot, "%s: there is no slot %d, the last is %d", role, n, len(slots)-1)
	}
	v := s.x.arena.Slot(int(n))
	if want > 0 && len(v) != want {
		return nil, oracle.Errorf(oracle.BadSlot, "%s: slot %q has %d elements, expected %d", role, slots[n].Name, len(v), want)
	}
	if write && s.readOnly[n] {
		return nil, oracle.Errorf(oracle.BadSlot, "%s: slot %q is read-only for a metric", role, slots[n].Name)
	}
	if write {
		s.written[n] = true
	}
	return v, nil
}

// batch translates the name of a batch. Which streams there are is the workload's business.
func (o *operands) batch(b *pb.Batch, objective pb.Objective) oracle.Batch {
	out := oracle.Batch{Stream: b.GetStream(), Index: b.GetIndex(), Rate: b.GetRate()}
	o.auxiliary = objective == pb.Objective_OBJECTIVE_AUX
	fail := func(code oracle.Code, format string, args ...any) oracle.Batch {
		o.err = oracle.Errorf(code, format, args...)
		return out
	}
	switch {
	case b == nil:
		return fail(oracle.BadRequest, "the op names no batch")
	case len(b.ProtoReflect().GetUnknown()) > 0:
		return fail(oracle.Unsupported, "the batch has fields that this version of bench does not know")
	case objective > pb.Objective_OBJECTIVE_AUX:
		return fail(oracle.Unsupported, "the op has an objective that this version of bench does not know")
	case b.GetRate() != 0 && b.GetStream() != oracle.Poisson:
		return fail(oracle.BadRequest, "the stream %q has no rate", b.GetStream())
	case int(b.GetPeer()) > len(o.s.peers):
		return fail(oracle.BadRequest, "the batch names peer %d; there are %d", b.GetPeer(), len(o.s.peers))
	}
	o.oracle, o.dim = o.s.oracle, o.s.problem.Dim
	if k := b.GetPeer(); k > 0 {
		o.oracle, o.dim = o.s.peers[k-1].Oracle, o.s.peers[k-1].Dim
	}
	switch part := b.GetPart().(type) {
	case *pb.Batch_Range:
		out.Part, out.From, out.To = oracle.Range, part.Range.GetFrom(), part.Range.GetTo()
		if out.From >= out.To {
			return fail(oracle.BadRequest, "range %d to %d of a batch is empty", out.From, out.To)
		}
	case *pb.Batch_Class:
		out.Part, out.Number = oracle.Class, part.Class
	case *pb.Batch_Domain:
		out.Part, out.Number = oracle.Domain, part.Domain
	case *pb.Batch_Example:
		out.Part, out.Number = oracle.Example, part.Example
	}
	if b.InputDelta != nil {
		o.delta = o.read("input_delta", b.GetInputDelta(), 0)
	}
	return out
}

var stopNames = map[pb.StopReason]string{
	pb.StopReason_STOP_REASON_STEPS: "steps", pb.StopReason_STOP_REASON_BUDGET: "budget", pb.StopReason_STOP_REASON_TIME: "time",
	pb.StopReason_STOP_REASON_TARGET: "target", pb.StopReason_STOP_REASON_CANCELED: "canceled",
}

func stopReason(name string) (pb.StopReason, error) {
	if name == "" {
		return pb.StopReason_STOP_REASON_UNSPECIFIED, nil
	}
	for r, n := range stopNames {
		if n == name {
			return r, nil
		}
	}
	return 0, fmt.Errorf("pluginhost: unknown reason to stop %q", name)
}

// finite leaves out scalars that are not numbers; nobody could store them.
func finite(m map[string]float64) map[string]float64 {
	var out map[string]float64
	for name, v := range m {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		if out == nil {
			out = make(map[string]float64, len(m))
		}
		out[name] = v
	}
	return out
}

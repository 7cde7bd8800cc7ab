package sdk

import (
	"errors"
	"fmt"

	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// client is the Session of a plugin process.
type client struct {
	link    *link
	start   *pb.Start
	problem Problem
	params  Params
	slots   map[string]Vec
	numbers map[*float32]uint32 // a slot's number by the address of its first element

	id      uint64
	step    uint64
	lrScale float64
	stopped bool
	tables  []Table
}

var _ Session = (*client)(nil)

func (c *client) Problem() Problem { return c.problem }
func (c *client) Params() Params   { return c.params }
func (c *client) Seed() uint64     { return c.start.GetSeed() }
func (c *client) Step() uint64     { return c.step }
func (c *client) LRScale() float64 { return c.lrScale }
func (c *client) Blob() []byte     { return c.start.GetBlob() }
func (c *client) W() Vec           { return c.slots[proto.SlotParams] }
func (c *client) Next() bool       { return !c.stopped }

func (c *client) Slot(name string) Vec {
	v, ok := c.slots[name]
	if !ok && name != proto.SlotInit && name != proto.SlotUpdate && !proto.IsPeerSlot(name) {
		panic(fmt.Sprintf("sdk: slot %q was not asked for in Slots", name))
	}
	return v
}

func (c *client) TrainBatch() Batch { return Batch{Stream: StreamTrain, Index: c.step} }
func (c *client) PoissonBatch(rate float64) Batch {
	return Batch{Stream: StreamPoisson, Index: c.step, Rate: rate}
}
func (c *client) FullBatch() Batch       { return Batch{Stream: StreamFull} }
func (c *client) ProbeBatch(j int) Batch { return Batch{Stream: StreamProbe, Index: uint64(j)} }

// number finds the slot that v is.
func (c *client) number(v Vec, role string) uint32 {
	if len(v) > 0 {
		if n, ok := c.numbers[&v[0]]; ok && len(v) == int(c.start.GetArena().GetSlots()[n].GetLen()) {
			return n
		}
	}
	panic(fmt.Sprintf("sdk: the vector passed as %q (%d elements) is not a slot; the host sees only whole slots, from Session.W and Session.Slot", role, len(v)))
}

func (c *client) batch(b Batch) *pb.Batch {
	m := &pb.Batch{Stream: b.Stream, Index: b.Index, Rate: b.Rate, Peer: uint32(b.Peer)}
	switch b.Part {
	case PartAll:
	case PartRange:
		m.Part = &pb.Batch_Range{Range: &pb.Range{From: b.From, To: b.To}}
	case PartClass:
		m.Part = &pb.Batch_Class{Class: b.Number}
	case PartDomain:
		m.Part = &pb.Batch_Domain{Domain: b.Number}
	case PartExample:
		m.Part = &pb.Batch_Example{Example: b.Number}
	default:
		panic(fmt.Sprintf("sdk: unknown part %q of a batch", b.Part))
	}
	if b.Delta != "" {
		m.InputDelta = c.optional(c.Slot(b.Delta), "delta")
	}
	return m
}

// optional is the number of a slot that need not be there.
func (c *client) optional(v Vec, role string) *uint32 {
	if v == nil {
		return nil
	}
	n := c.number(v, role)
	return &n
}

func join(opts []Option) (all Option) {
	for _, o := range opts {
		all |= o
	}
	return all
}

func (c *client) Loss(b Batch, at Vec, opts ...Option) (float64, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_Loss{Loss: &pb.LossOp{
		Batch: c.batch(b), At: c.number(at, "at"), NormalizeLogits: join(opts)&NormalizeLogits != 0, Objective: objective(join(opts)),
	}}})
	return r.GetLoss(), err
}

// objective is the one that the options ask for.
func objective(o Option) pb.Objective {
	if o&Auxiliary != 0 {
		return pb.Objective_OBJECTIVE_AUX
	}
	return pb.Objective_OBJECTIVE_UNSPECIFIED
}

func (c *client) Grad(b Batch, at, out Vec, opts ...Option) (float64, error) {
	r, err := c.one(c.grad(b, at, out, join(opts)))
	return r.GetLoss(), err
}

func (c *client) grad(b Batch, at, out Vec, o Option) *pb.Op {
	return &pb.Op{Op: &pb.Op_Grad{Grad: &pb.GradOp{
		Batch: c.batch(b), At: c.number(at, "at"), Out: c.number(out, "out"),
		FreezeStats: o&FreezeStats != 0, NormalizeLogits: o&NormalizeLogits != 0, Objective: objective(o),
	}}}
}

func (c *client) Outputs(b Batch, at, out Vec, opts ...Option) (int, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_Outputs{Outputs: &pb.OutputsOp{
		Batch: c.batch(b), At: c.number(at, "at"), Out: c.number(out, "out"),
	}}})
	return int(r.GetExamples()), err
}

func (c *client) Losses(b Batch, at, each Vec, opts ...Option) (float64, error) {
	slot := c.number(each, "each")
	r, err := c.one(&pb.Op{Op: &pb.Op_Loss{Loss: &pb.LossOp{
		Batch: c.batch(b), At: c.number(at, "at"), NormalizeLogits: join(opts)&NormalizeLogits != 0, Each: &slot,
		Objective: objective(join(opts)),
	}}})
	return r.GetLoss(), err
}

func (c *client) Errors(b Batch, at Vec) (errors, examples int, err error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_Loss{Loss: &pb.LossOp{Batch: c.batch(b), At: c.number(at, "at")}}})
	return int(r.GetErrors()), int(r.GetExamples()), err
}

func (c *client) HVP(b Batch, at, dir, out Vec, opts ...Option) (float64, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_Hvp{Hvp: &pb.HVPOp{
		Batch: c.batch(b), At: c.number(at, "at"), Dir: c.number(dir, "dir"), Out: c.number(out, "out"),
		NormalizeLogits: join(opts)&NormalizeLogits != 0, Objective: objective(join(opts)),
	}}})
	return r.GetLoss(), err
}

func (c *client) GradClipped(b Batch, at, out Vec, clip Clip) (int, error) {
	op := &pb.GradClippedOp{
		Batch: c.batch(b), At: c.number(at, "at"), Out: c.number(out, "out"),
		Clip: clip.Limit, PerCoordinate: clip.PerCoordinate, Norms: c.optional(clip.Norms, "norms"),
	}
	if n := clip.Noise; n != nil {
		op.Noise = &pb.Noise{Stream: n.Stream, Index: n.Index, Std: n.Std}
	}
	r, err := c.one(&pb.Op{Op: &pb.Op_GradClipped{GradClipped: op}})
	return int(r.GetExamples()), err
}

func (c *client) GradSquared(b Batch, at, out Vec) (int, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_GradSquared{GradSquared: &pb.GradSquaredOp{
		Batch: c.batch(b), At: c.number(at, "at"), Out: c.number(out, "out"),
	}}})
	return int(r.GetExamples()), err
}

func (c *client) VJP(b Batch, at, cotangent, out Vec, opts ...Option) (int, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_Vjp{Vjp: &pb.VJPOp{
		Batch: c.batch(b), At: c.number(at, "at"), Cotangent: c.number(cotangent, "cotangent"), Out: c.number(out, "out"),
		FreezeStats: join(opts)&FreezeStats != 0,
	}}})
	return int(r.GetExamples()), err
}

func (c *client) InputGrad(b Batch, at, out Vec) (float64, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_InputGrad{InputGrad: &pb.InputGradOp{
		Batch: c.batch(b), At: c.number(at, "at"), Out: c.number(out, "out"),
	}}})
	return r.GetLoss(), err
}

func (c *client) OutputGrad(b Batch, at, out Vec) (float64, int, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_OutputGrad{OutputGrad: &pb.OutputGradOp{
		Batch: c.batch(b), At: c.number(at, "at"), Out: c.number(out, "out"),
	}}})
	return r.GetLoss(), int(r.GetExamples()), err
}

func (c *client) Inputs(b Batch, out Vec) (int, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_Inputs{Inputs: &pb.InputsOp{Batch: c.batch(b), Out: c.number(out, "out")}}})
	return int(r.GetExamples()), err
}

func (c *client) Activations(b Batch, at, out Vec, layer int) (int, error) {
	r, err := c.one(&pb.Op{Op: &pb.Op_Activations{Activations: &pb.ActivationsOp{
		Batch: c.batch(b), At: c.number(at, "at"), Out: c.number(out, "out"), Layer: uint32(layer),
	}}})
	return int(r.GetExamples()), err
}

func (c *client) Normal(stream string, index uint64, out Vec, std float64) error {
	_, err := c.one(&pb.Op{Op: &pb.Op_Normal{Normal: &pb.NormalOp{
		Stream: stream, Index: index, Out: c.number(out, "out"), Std: std,
	}}})
	return err
}

func (c *client) Commit(w Vec, opts ...CommitOption) error {
	results, err := c.call(c.commit(w, opts))
	c.committed(results)
	return err
}

func (c *client) commit(w Vec, opts []CommitOption) *pb.Op {
	var extra commitExtra
	for _, o := range opts {
		o(&extra)
	}
	return &pb.Op{Op: &pb.Op_Commit{Commit: &pb.CommitOp{
		Params: c.number(w, "w"), Blob: extra.blob, Scalars: extra.scalars,
	}}}
}

func (c *client) CommitAndGrad(w, out Vec, opts ...CommitOption) (float64, error) {
	next := c.TrainBatch()
	next.Index++
	results, err := c.call(c.commit(w, opts), c.grad(next, w, out, 0))
	c.committed(results)
	if len(results) < 2 {
		return 0, err
	}
	return results[1].GetLoss(), err
}

// committed takes in the result of a commit, the first of a list, when there is one.
func (c *client) committed(results []*pb.Result) {
	if len(results) == 0 {
		return
	}
	c.step++
	c.lrScale = results[0].GetLrScale()
	c.stopped = c.stopped || results[0].GetStop() != pb.StopReason_STOP_REASON_UNSPECIFIED
}

func (c *client) Training() Training {
	t := c.start.GetTraining()
	return Training{Optimizer: t.GetOptimizer(), Params: proto.FromValues(t.GetParams()), LRScale: t.GetLrScale()}
}

func (c *client) Keep(t Table) { c.tables = append(c.tables, t) }

func (c *client) Log(level, msg string) {
	// When the connection is broken the next request finds out.
	_ = c.link.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Log{Log: &pb.Log{Level: level, Message: msg}}})
}

func (c *client) one(op *pb.Op) (*pb.Result, error) {
	results, err := c.call(op)
	if err != nil {
		return nil, err
	}
	if len(results) != 1 {
		return nil, fmt.Errorf("the host answered one request with %d results", len(results))
	}
	return results[0], nil
}

// call makes a request and waits for the answer. Results of the ops before a failed one come with its error.
func (c *client) call(ops ...*pb.Op) ([]*pb.Result, error) {
	if c.stopped {
		return nil, ErrStopped
	}
	c.id++
	err := c.link.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Request{Request: &pb.Request{Id: c.id, Ops: ops}}})
	if err != nil {
		return nil, fmt.Errorf("the connection to the host is broken: %w", err)
	}
	for {
		m, err := c.link.receive()
		if err != nil {
			return nil, fmt.Errorf("the connection to the host is broken: %w", err)
		}
		switch m := m.GetMsg().(type) {
		case *pb.HostMessage_Stop:
			c.stopped = true
			return nil, ErrStopped
		case *pb.HostMessage_Reply:
			if m.Reply.GetId() != c.id {
				return nil, fmt.Errorf("the host answered request %d with the reply to %d", c.id, m.Reply.GetId())
			}
			if e := m.Reply.GetError(); e != nil {
				return m.Reply.GetResults(), &Error{Code: codeOf(e.GetCode()), Message: e.GetMessage()}
			}
			return m.Reply.GetResults(), nil
		}
		// Anything else is from a newer host and not for us.
	}
}

func codeOf(c pb.Error_Code) Code {
	switch c {
	case pb.Error_CODE_BAD_SLOT:
		return BadSlot
	case pb.Error_CODE_BUDGET:
		return Budget
	case pb.Error_CODE_NON_FINITE:
		return NonFinite
	case pb.Error_CODE_UNSUPPORTED:
		return Unsupported
	}
	return BadRequest
}

// IsNonFinite reports whether err is the host's answer to a loss, gradient or commit with NaN or infinity in it.
func IsNonFinite(err error) bool { return errors.Is(err, NonFinite) }

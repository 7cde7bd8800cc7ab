package sdktest

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/sharpbench/sharpbench/harness/arena"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Case is a run inside the test's own process. The zero value of a field is a sensible default unless it says
// otherwise.
type Case struct {
	// Workload answers the plugin; harness/plugintest has some with known answers. Needed.
	Workload oracle.Workload
	// Params are the hyperparameters that differ from their defaults.
	Params map[string]any
	// Init is where an optimizer begins, and the point a metric measures at. Needed.
	Init []float32
	// Steps is the number of commits after which Next is false. Needed for optimizers.
	Steps int
	Seed  uint64
	// Problem is what the plugin is told; Dim, Steps and Auxiliary are filled in, and what counts examples and batches is 1 where
	// it is 0.
	Problem sdk.Problem
	// Peers are the networks that a metric sees beside the one it measures.
	Peers []Peer
	// LRScale is the schedule: the factor of step k, counted from 0. nil means 1 throughout.
	LRScale func(k uint64) float64
	// Given are read-only slots of metrics: "init", "update"; Training is how the net was trained.
	Given    map[string][]float32
	Training sdk.Training
	// OnCommit, if set, sees the parameters of each commit, which it must not keep; Commits then has empty entries.
	OnCommit func(w []float32)
}

// Peer is a network beside the one that is measured.
type Peer struct {
	Workload oracle.Workload // needed: answers about the same examples
	At       []float32       // needed
	Update   []float32       // nil: there is none
	Problem  sdk.Peer        // what the plugin is told; Dim is filled in
}

// Train runs an Optimizer or a Stepper in this process, where a debugger sees it, and returns the parameters of every
// commit. It answers like the host, but lacks what makes a process of it: Optimize of harness/plugintest has that.
func Train(plugin any, c Case) ([][]float32, error) {
	o, ok := plugin.(sdk.Optimizer)
	if s, stepper := plugin.(sdk.Stepper); stepper {
		o, ok = sdk.FromStepper(s), true
	}
	if !ok {
		return nil, fmt.Errorf("sdktest: %T is neither an Optimizer nor a Stepper", plugin)
	}
	s, err := NewSession(o.Info(), o.Slots, c)
	if err != nil {
		return nil, err
	}
	err = o.Run(s)
	if errors.Is(err, sdk.ErrStopped) && s.stopped {
		err = nil
	}
	return s.Commits, err
}

// Measure runs a Metric in this process.
func Measure(m sdk.Metric, c Case) ([]sdk.Value, error) {
	s, err := NewSession(m.Info(), m.Slots, c)
	if err != nil {
		return nil, err
	}
	return m.Measure(s)
}

// Session is a host inside the test's process. The vectors it hands out are plain memory.
type Session struct {
	Commits [][]float32 // copies of the parameters of every commit
	Logged  []string    // "level: message"
	Tables  []sdk.Table // of a metric

	c       Case
	oracle  *oracle.Oracle
	peers   []*oracle.Oracle
	given   map[string]bool // slots that are read-only
	problem sdk.Problem
	params  sdk.Params
	slots   map[string]sdk.Vec
	stopped bool
}

var _ sdk.Session = (*Session)(nil)

// NewSession prepares a session for a plugin with this Info and these slots. Its error names what is wrong with the
// parameters.
func NewSession(info sdk.Info, slots func(sdk.Problem, sdk.Params) []sdk.Slot, c Case) (*Session, error) {
	dim := c.Workload.Dim()
	if len(c.Init) != dim {
		return nil, fmt.Errorf("sdktest: Init has %d elements, the workload %d parameters", len(c.Init), dim)
	}
	s := &Session{c: c, oracle: oracle.New(c.Workload, c.Seed), problem: c.Problem, slots: map[string]sdk.Vec{}}
	p := &s.problem
	p.Dim, p.Auxiliary = dim, s.oracle.HasAuxiliary()
	if c.Steps > 0 {
		p.Steps = c.Steps
	}
	s.given = map[string]bool{}
	for name, v := range c.Given {
		s.slots[name], s.given[name] = append(sdk.Vec(nil), v...), true
	}
	for k, q := range c.Peers {
		q.Problem.Dim = q.Workload.Dim()
		p.Peers = append(p.Peers, q.Problem)
		s.peers = append(s.peers, oracle.New(q.Workload, c.Seed))
		for name, v := range map[string][]float32{"": q.At, ".update": q.Update} {
			if v != nil {
				name = fmt.Sprintf("peer%d%s", k+1, name)
				s.slots[name], s.given[name] = append(sdk.Vec(nil), v...), true
			}
		}
	}
	for _, n := range []*int{&p.Examples, &p.BatchSize, &p.StepsPerEpoch, &p.ProbeBatches, &p.ProbeBatchSize} {
		*n = max(*n, 1)
	}
	var problems []sdk.Diagnostic
	s.params, problems = sdk.NewParams(info.Params, c.Params)
	if len(problems) == 0 && info.Check != nil {
		problems = info.Check(*p, s.params)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("sdktest: %v", problems)
	}
	s.slots["params"] = s.filled(dim, 0)
	copy(s.slots["params"], c.Init)
	s.slots["grad"] = s.filled(dim, float32(math.NaN()))
	for _, slot := range slots(*p, s.params) {
		n, value := slot.Len, float32(0)
		if n == 0 {
			n = dim
		}
		if slot.Scratch {
			value = float32(math.NaN())
		}
		s.slots[slot.Name] = s.filled(n, value)
	}
	return s, nil
}

// filled makes a slot. It begins where that of a process would within its page: what is timed here is timed alike.
func (s *Session) filled(n int, value float32) sdk.Vec {
	at := arena.Stagger(len(s.slots)) / 4
	v := make(sdk.Vec, at+n)[at:]
	for i := range v {
		v[i] = value
	}
	return v
}

// Problem, Params, Seed, Step, LRScale, Blob, W, Slot and Next are those of sdk.Session.

func (s *Session) Problem() sdk.Problem { return s.problem }
func (s *Session) Params() sdk.Params   { return s.params }
func (s *Session) Seed() uint64         { return s.c.Seed }
func (s *Session) Step() uint64         { return uint64(len(s.Commits)) }
func (s *Session) Blob() []byte         { return nil }
func (s *Session) W() sdk.Vec           { return s.slots["params"] }
func (s *Session) Next() bool           { return !s.stopped }

func (s *Session) LRScale() float64 {
	if s.c.LRScale == nil {
		return 1
	}
	return s.c.LRScale(s.Step())
}

func (s *Session) Slot(name string) sdk.Vec {
	v, ok := s.slots[name]
	if !ok && name != "init" && name != "update" && !strings.HasPrefix(name, "peer") {
		panic(fmt.Sprintf("sdktest: slot %q was not asked for in Slots", name))
	}
	return v
}

func (s *Session) TrainBatch() sdk.Batch { return sdk.Batch{Stream: sdk.StreamTrain, Index: s.Step()} }

func (s *Session) PoissonBatch(rate float64) sdk.Batch {
	return sdk.Batch{Stream: sdk.StreamPoisson, Index: s.Step(), Rate: rate}
}

func (s *Session) ProbeBatch(j int) sdk.Batch {
	return sdk.Batch{Stream: sdk.StreamProbe, Index: uint64(j)}
}

func (s *Session) FullBatch() sdk.Batch { return sdk.Batch{Stream: sdk.StreamFull} }

// Bill is what has been asked for so far, of all networks.
func (s *Session) Bill() oracle.Bill {
	b := s.oracle.Bill()
	for _, p := range s.peers {
		b = b.Add(p.Bill())
	}
	return b
}

// of is the network that a batch asks.
func (s *Session) of(b sdk.Batch) *oracle.Oracle {
	if b.Peer == 0 {
		return s.oracle
	}
	if b.Peer > len(s.peers) {
		panic(fmt.Sprintf("sdktest: the batch names peer %d; there are %d", b.Peer, len(s.peers)))
	}
	return s.peers[b.Peer-1]
}

// request is what an op needs besides its vectors.
func (s *Session) request(b sdk.Batch, opts []sdk.Option) (oracle.Batch, oracle.Options) {
	var all sdk.Option
	for _, o := range opts {
		all |= o
	}
	o := oracle.Options{
		FreezeStats: all&sdk.FreezeStats != 0, NormalizeLogits: all&sdk.NormalizeLogits != 0, Auxiliary: all&sdk.Auxiliary != 0,
	}
	if b.Delta != "" {
		o.Delta = s.Slot(b.Delta)
	}
	return oracle.Batch{
		Stream: b.Stream, Index: b.Index, Rate: b.Rate, Part: oracle.Part(b.Part), From: b.From, To: b.To, Number: b.Number,
	}, o
}

// answer checks that out is a slot of its own before do writes it, and turns the oracle's errors into the SDK's.
func (s *Session) answer(do func() (oracle.Eval, error), out sdk.Vec, in ...sdk.Vec) (oracle.Eval, error) {
	if s.stopped {
		return oracle.Eval{}, sdk.ErrStopped
	}
	for _, v := range append(in, out) {
		s.isSlot(v)
	}
	for name := range s.given {
		if len(out) > 0 && &s.slots[name][0] == &out[0] {
			return oracle.Eval{}, &sdk.Error{Code: sdk.BadSlot, Message: fmt.Sprintf("out: slot %q is read-only for a metric", name)}
		}
	}
	for _, v := range in {
		if out != nil && &v[0] == &out[0] {
			return oracle.Eval{}, &sdk.Error{Code: sdk.BadSlot, Message: "out is the same slot as another one of the request"}
		}
	}
	e, err := do()
	var refused *oracle.Error
	if errors.As(err, &refused) {
		err = &sdk.Error{Code: sdk.Code(refused.Code), Message: refused.Message}
	}
	return e, err
}

func (s *Session) isSlot(v sdk.Vec) {
	if v == nil {
		return
	}
	for _, slot := range s.slots {
		if len(v) == len(slot) && &v[0] == &slot[0] {
			return
		}
	}
	panic("sdktest: a vector that is not a slot; a host sees only whole slots, from Session.W and Session.Slot")
}

// The requests of sdk.Session.

func (s *Session) Loss(b sdk.Batch, at sdk.Vec, opts ...sdk.Option) (float64, error) {
	batch, o := s.request(b, opts)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).Loss(batch, at, o) }, nil, at)
	return e.Loss, err
}

func (s *Session) Losses(b sdk.Batch, at, each sdk.Vec, opts ...sdk.Option) (float64, error) {
	batch, o := s.request(b, opts)
	o.Each = each
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).Loss(batch, at, o) }, each, at)
	return e.Loss, err
}

func (s *Session) Errors(b sdk.Batch, at sdk.Vec) (errors, examples int, err error) {
	batch, o := s.request(b, nil)
	e, err := s.answer(func() (oracle.Eval, error) { return s.oracle.Loss(batch, at, o) }, nil, at)
	return e.Errors, e.Examples, err
}

func (s *Session) Grad(b sdk.Batch, at, out sdk.Vec, opts ...sdk.Option) (float64, error) {
	batch, o := s.request(b, opts)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).Grad(batch, at, out, o) }, out, at)
	return e.Loss, err
}

func (s *Session) HVP(b sdk.Batch, at, dir, out sdk.Vec, opts ...sdk.Option) (float64, error) {
	batch, o := s.request(b, opts)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).HVP(batch, at, dir, out, o) }, out, at, dir)
	return e.Loss, err
}

func (s *Session) GradClipped(b sdk.Batch, at, out sdk.Vec, c sdk.Clip) (int, error) {
	batch, o := s.request(b, nil)
	clip := oracle.Clip{Limit: c.Limit, PerCoordinate: c.PerCoordinate, Norms: c.Norms}
	s.isSlot(c.Norms)
	if n := c.Noise; n != nil {
		clip.Noise = &oracle.Noise{Stream: n.Stream, Index: n.Index, Std: n.Std}
	}
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).GradClipped(batch, at, out, clip, o) }, out, at)
	if clip.Noise != nil {
		return 0, err // as from the host: the number would tell of the draw
	}
	return e.Examples, err
}

func (s *Session) GradSquared(b sdk.Batch, at, out sdk.Vec) (int, error) {
	batch, o := s.request(b, nil)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).GradSquared(batch, at, out, o) }, out, at)
	return e.Examples, err
}

func (s *Session) VJP(b sdk.Batch, at, cotangent, out sdk.Vec, opts ...sdk.Option) (int, error) {
	batch, o := s.request(b, opts)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).VJP(batch, at, cotangent, out, o) }, out, at, cotangent)
	return e.Examples, err
}

func (s *Session) InputGrad(b sdk.Batch, at, out sdk.Vec) (float64, error) {
	batch, o := s.request(b, nil)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).InputGrad(batch, at, out, o) }, out, at)
	return e.Loss, err
}

func (s *Session) OutputGrad(b sdk.Batch, at, out sdk.Vec) (float64, int, error) {
	batch, o := s.request(b, nil)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).OutputGrad(batch, at, out, o) }, out, at)
	return e.Loss, e.Examples, err
}

func (s *Session) Inputs(b sdk.Batch, out sdk.Vec) (int, error) {
	batch, o := s.request(b, nil)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).Inputs(batch, out, o) }, out)
	return e.Examples, err
}

func (s *Session) Activations(b sdk.Batch, at, out sdk.Vec, layer int) (int, error) {
	batch, o := s.request(b, nil)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).Activations(batch, at, out, layer, o) }, out, at)
	return e.Examples, err
}

func (s *Session) Outputs(b sdk.Batch, at, out sdk.Vec, opts ...sdk.Option) (int, error) {
	batch, o := s.request(b, opts)
	e, err := s.answer(func() (oracle.Eval, error) { return s.of(b).Outputs(batch, at, out, o) }, out, at)
	return e.Examples, err
}

func (s *Session) Normal(stream string, index uint64, out sdk.Vec, std float64) error {
	_, err := s.answer(func() (oracle.Eval, error) { return oracle.Eval{}, s.oracle.Normal(stream, index, out, std) }, out)
	return err
}

// CommitAndGrad is Commit and, unless that was the last step, the gradient of the next training batch.
func (s *Session) CommitAndGrad(w, out sdk.Vec, opts ...sdk.CommitOption) (float64, error) {
	if err := s.Commit(w, opts...); err != nil || !s.Next() {
		return 0, err
	}
	return s.Grad(s.TrainBatch(), w, out)
}

// Commit counts a step and copies w. What the options add has nowhere to go: nothing is resumed here.
func (s *Session) Commit(w sdk.Vec, _ ...sdk.CommitOption) error {
	if s.c.Steps == 0 {
		return &sdk.Error{Code: sdk.BadRequest, Message: "a metric cannot commit"}
	}
	_, err := s.answer(func() (oracle.Eval, error) {
		if i := oracle.FirstNonFinite(w); i >= 0 {
			return oracle.Eval{}, oracle.Errorf(oracle.NonFinite, "parameter %d is %v", i, w[i])
		}
		var kept []float32
		if s.c.OnCommit != nil {
			s.c.OnCommit(w)
		} else {
			kept = append(kept, w...)
		}
		s.Commits = append(s.Commits, kept)
		s.stopped = len(s.Commits) >= s.c.Steps
		return oracle.Eval{}, nil
	}, nil, w)
	return err
}

// Training and Keep are those of sdk.Session.

func (s *Session) Training() sdk.Training { return s.c.Training }
func (s *Session) Keep(t sdk.Table)       { s.Tables = append(s.Tables, t) }

// Log keeps the line in Logged.
func (s *Session) Log(level, msg string) { s.Logged = append(s.Logged, level+": "+msg) }

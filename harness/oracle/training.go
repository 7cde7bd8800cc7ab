package oracle

import (
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// Problem is a net, its loss and the examples it is evaluated on.
type Problem struct {
	Net       *engine.Net
	Objective engine.Loss
	Images    *dataset.Images
	Normalize dataset.Normalizer
	Examples  []int // indices into Images
	BatchSize int   // examples of a batch
	Nominal   int   // examples of a batch that 1 G stands for
	Augment   string
	Seed      uint64
}

// Training is the workload an optimizer sees: batch norm uses batch statistics, the train stream is augmented.
type Training struct {
	evaluator
	order *dataset.Order
}

// NewTraining starts a workload whose batch statistics are those of a new net. It is not safe for concurrent use.
func NewTraining(p Problem) *Training {
	t := &Training{order: dataset.NewOrder(p.Seed, len(p.Examples), p.BatchSize)}
	t.evaluator = newEvaluator(p, engine.Train, t.pick)
	p.Net.InitBuffers(t.buffers)
	return t
}

// StepsPerEpoch is the number of minibatches that show each training example once.
func (t *Training) StepsPerEpoch() int { return t.order.Steps() }

// Buffers is the vector of running statistics of batch norm, not a copy. Whoever resumes a trial writes it, nobody
// else does.
func (t *Training) Buffers() []float32 { return t.buffers }

func (t *Training) pick(b Batch) ([]int, dataset.Augment, error) {
	switch b.Stream {
	case Train:
		epoch, positions := t.order.At(b.Index)
		t.index = t.index[:0]
		for _, p := range positions {
			t.index = append(t.index, t.Examples[p])
		}
		return t.index, dataset.Augment{Kind: t.Augment, Seed: t.Seed, Epoch: epoch}, nil
	case Poisson:
		if !(b.Rate > 0 && b.Rate <= 1) {
			return nil, dataset.Augment{}, Errorf(BadRequest, "rate %v of a Poisson draw: expected above 0 and at most 1", b.Rate)
		}
		if b.Index >= 1<<32 {
			return nil, dataset.Augment{}, Errorf(BadRequest, "Poisson draw %d: there are 2³² of them", b.Index)
		}
		// Example i takes number i of the stream, so that the draws of a larger rate contain those of a smaller one.
		r := rng.New(t.Seed, "poisson", b.Index)
		t.index = t.index[:0]
		for _, i := range t.Examples {
			if r.Float64() < b.Rate {
				t.index = append(t.index, i)
			}
		}
		// A draw is its own epoch: each time an example is drawn it is augmented anew.
		return t.index, dataset.Augment{Kind: t.Augment, Seed: t.Seed, Epoch: b.Index}, nil
	case Full:
		return t.Examples, dataset.Augment{}, nil
	}
	return nil, dataset.Augment{}, Errorf(BadRequest, "batch stream %q: an optimizer may use %q, %q and %q", b.Stream, Train, Poisson, Full)
}

// Can says why the network cannot answer op while it is being trained.
func (t *Training) Can(op string) error {
	if op == "grad_clipped" || op == "grad_squared" {
		return t.Net.PerExample()
	}
	return nil
}

// Measuring is the workload a metric sees: a fixed list of examples, never augmented, batch norm with the running
// statistics of the trained net.
type Measuring struct{ evaluator }

// NewMeasuring starts a workload over p.Examples in their order, cut into batches of p.BatchSize, which must divide
// their number. buffers are the trained net's running statistics; they are copied.
func NewMeasuring(p Problem, buffers []float32) (*Measuring, error) {
	if len(p.Examples) == 0 || len(p.Examples)%p.BatchSize != 0 {
		return nil, fmt.Errorf("%d examples are not a whole number of batches of %d", len(p.Examples), p.BatchSize)
	}
	m := &Measuring{}
	m.evaluator = newEvaluator(p, engine.Eval, m.pick)
	copy(m.buffers, buffers)
	return m, nil
}

// ProbeBatches is the number of batches of the probe stream.
func (m *Measuring) ProbeBatches() int { return len(m.Examples) / m.BatchSize }

func (m *Measuring) pick(b Batch) ([]int, dataset.Augment, error) {
	switch b.Stream {
	case Probe:
		if n := uint64(m.ProbeBatches()); b.Index >= n {
			return nil, dataset.Augment{}, Errorf(BadRequest, "probe batch %d: there are %d", b.Index, n)
		}
		from := int(b.Index) * m.BatchSize
		return m.Examples[from : from+m.BatchSize], dataset.Augment{}, nil
	case Full:
		return m.Examples, dataset.Augment{}, nil
	}
	return nil, dataset.Augment{}, Errorf(BadRequest, "batch stream %q: a metric may use %q and %q", b.Stream, Probe, Full)
}

// Evaluation evaluates a trained net on sets of examples, in evaluation mode.
type Evaluation struct{ evaluator }

// NewEvaluation prepares evaluations with the running statistics of a trained net, which are copied. p.Images and
// p.Examples may be nil.
func NewEvaluation(p Problem, buffers []float32) *Evaluation {
	e := &Evaluation{}
	if p.Images == nil {
		in := p.Net.Inputs()
		p.Images = &dataset.Images{H: in.H, W: in.W, C: in.C}
	}
	e.evaluator = newEvaluator(p, engine.Eval, func(Batch) ([]int, dataset.Augment, error) {
		return e.Examples, dataset.Augment{}, nil
	})
	copy(e.buffers, buffers)
	return e
}

// On evaluates the parameters w on the named examples of images, which have the shape the net was built for.
func (e *Evaluation) On(images *dataset.Images, examples []int, w []float32) (Eval, error) {
	e.Images, e.Examples, e.chunk = images, examples, nil
	return e.Loss(Batch{Stream: Full}, w, Options{})
}

// Prices of one nominal batch in G: a convention in proportion to forward and backward passes.
const (
	lossG = 1.0 / 3
	gradG = 1.0
	hvpG  = 2.0
)

// evaluator is what Training and Measuring share: it turns names of batches into the engine's input, a chunk of at
// most BatchSize examples at a time.
type evaluator struct {
	Problem
	mode    engine.Mode
	pick    func(Batch) ([]int, dataset.Augment, error) // the examples a name stands for
	machine *engine.Machine
	buffers []float32
	index   []int
	chunk   []int // the examples now in x, and how they were augmented: SAM's second gradient finds its batch made
	augment dataset.Augment
	x       []float32
	y       []int32
	picked  []int     // the part of a batch that is wanted
	part    []float32 // result of one chunk, when there are several
	sum     []float64
}

func newEvaluator(p Problem, mode engine.Mode, pick func(Batch) ([]int, dataset.Augment, error)) evaluator {
	return evaluator{
		Problem: p, mode: mode, pick: pick,
		machine: engine.NewMachine(p.Net, p.BatchSize),
		buffers: make([]float32, p.Net.BufferDim()),
		x:       make([]float32, p.BatchSize*p.Images.H*p.Images.W*p.Images.C),
		y:       make([]int32, p.BatchSize),
	}
}

// Dim is the number of parameters.
func (e *evaluator) Dim() int { return e.Net.Dim() }

// Loss answers the mean loss. It never touches the running statistics.
func (e *evaluator) Loss(b Batch, w []float32, o Options) (Eval, error) {
	return e.mean(b, o, lossG, "losses", o.Each, 1, func(in engine.Batch, from, to int) engine.Result {
		var each []float32
		if o.Each != nil {
			each = o.Each[from:to]
		}
		_ = each
		return e.machine.Loss(w, e.buffers, in, e.loss(o), e.mode)
	})
}

// Grad answers the gradient of the mean loss. In training the gradient of a whole minibatch folds its statistics into the
// running ones unless o.FreezeStats is set; other streams, parts and changed inputs never do.
func (e *evaluator) Grad(b Batch, w, out []float32, o Options) (Eval, error) {
	return e.combine(b, o, gradG, out, true, func(in engine.Batch, whole bool, out []float32) engine.Result {
		return e.machine.Grad(w, e.buffers, in, e.loss(o), e.mode, whole && e.moves(b, o), out)
	})
}

// HVP answers the Hessian's product with v, batch norm in the same mode as for gradients.
func (e *evaluator) HVP(b Batch, w, v, out []float32, o Options) (Eval, error) {
	return e.combine(b, o, hvpG, out, true, func(in engine.Batch, _ bool, out []float32) engine.Result {
		return e.machine.HVP(w, e.buffers, in, e.loss(o), e.mode, v, out)
	})
}

// GradClipped answers the sum of the examples' clipped gradients.
func (e *evaluator) GradClipped(b Batch, w, out []float32, c Clip, o Options) (Eval, error) {
	if err := e.coupled("grad_clipped"); err != nil {
		return Eval{}, err
	}
	done := 0
	if c.Norms != nil {
		idx, _, err := e.examples(b, o)
		if err != nil {
			return Eval{}, err
		}
		if err := room("norms", c.Norms, len(idx), 1); err != nil {
			return Eval{}, err
		}
	}
	return e.combine(b, o, gradG, out, false, func(in engine.Batch, _ bool, out []float32) engine.Result {
		var norms []float32
		if c.Norms != nil {
			norms = c.Norms[done : done+in.Len()]
		}
		done += in.Len()
		return e.machine.GradClipped(w, e.buffers, in, e.loss(o), c.Limit, c.PerCoordinate, norms, out)
	})
}

// GradSquared answers the sum of the examples' squared gradients.
func (e *evaluator) GradSquared(b Batch, w, out []float32, o Options) (Eval, error) {
	if err := e.coupled("grad_squared"); err != nil {
		return Eval{}, err
	}
	return e.combine(b, o, gradG, out, false, func(in engine.Batch, _ bool, out []float32) engine.Result {
		return e.machine.GradSquared(w, e.buffers, in, e.loss(o), out)
	})
}

// coupled refuses ops for which the examples of a batch must not depend on each other.
func (e *evaluator) coupled(op string) error {
	if e.mode == engine.Train {
		if err := e.Net.PerExample(); err != nil {
			return Errorf(Unsupported, "%s: %v", op, err)
		}
	}
	return nil
}

// VJP answers the product of the outputs' Jacobian, transposed, with the cotangent. It moves the running statistics as
// Grad does.
func (e *evaluator) VJP(b Batch, w, cotangent, out []float32, o Options) (Eval, error) {
	idx, _, err := e.examples(b, o)
	if err != nil {
		return Eval{}, err
	}
	k := e.Net.Classes()
	if err := room("cotangent", cotangent, len(idx), k); err != nil {
		return Eval{}, err
	}
	done := 0
	return e.combine(b, o, gradG, out, false, func(in engine.Batch, whole bool, out []float32) engine.Result {
		c := cotangent[done*k : (done+in.Len())*k]
		done += in.Len()
		e.machine.VJP(w, e.buffers, in, e.mode, whole && e.moves(b, o), c, out)
		return engine.Result{Examples: in.Len()}
	})
}

// Outputs stores the logits, one example after the other.
func (e *evaluator) Outputs(b Batch, w, out []float32, o Options) (Eval, error) {
	k := e.Net.Classes()
	return e.mean(b, o, lossG, "outputs", out, k, func(in engine.Batch, from, to int) engine.Result {
		e.machine.Outputs(w, e.buffers, in, e.mode, out[from*k:to*k])
		return engine.Result{Examples: in.Len()}
	})
}

// InputGrad stores the gradient of the mean loss by the inputs, one example after the other.
func (e *evaluator) InputGrad(b Batch, w, out []float32, o Options) (Eval, error) {
	size := e.Net.Inputs().Len()
	total, err := e.mean(b, o, gradG, "input gradients", out, size, func(in engine.Batch, from, to int) engine.Result {
		return e.machine.InputGrad(w, e.buffers, in, e.loss(o), e.mode, out[from*size:to*size])
	})
	if err != nil || total.Examples <= e.BatchSize {
		return total, err
	}
	// Each chunk has the gradient of its own mean.
	for from := 0; from < total.Examples; from += e.BatchSize {
		to := min(from+e.BatchSize, total.Examples)
		share := float64(to-from) / float64(total.Examples)
		for i, v := range out[from*size : to*size] {
			out[from*size+i] = float32(float64(v) * share)
		}
	}
	return total, nil
}

// Activations stores what enters the activation function of a layer, one example after the other.
func (e *evaluator) Activations(b Batch, w, out []float32, layer int, o Options) (Eval, error) {
	size, err := e.Net.ActivationLen(layer)
	if err != nil {
		return Eval{}, Errorf(BadRequest, "%v", err)
	}
	return e.mean(b, o, lossG, "activations", out, size, func(in engine.Batch, from, to int) engine.Result {
		e.machine.Activations(w, e.buffers, in, e.mode, layer, out[from*size:to*size])
		return engine.Result{Examples: in.Len()}
	})
}

// moves says whether a gradient of the whole batch b moves the running statistics.
func (e *evaluator) moves(b Batch, o Options) bool {
	return e.mode == engine.Train && b.Stream == Train && b.Part == All && o.Delta == nil && !o.FreezeStats
}

// room checks that a buffer, if there is one, holds per numbers for each of n examples.
func room(what string, x []float32, n, per int) error {
	if need := n * per; x != nil && len(x) < need {
		return Errorf(BadSlot, "the %s of %d examples × %d need %d elements, the slot has %d", what, n, per, need, len(x))
	}
	return nil
}

// mean evaluates b chunk by chunk; out gets per numbers an example. The examples of a chunk are from to to of the batch.
func (e *evaluator) mean(b Batch, o Options, price float64, what string, out []float32, per int, each func(in engine.Batch, from, to int) engine.Result) (Eval, error) {
	idx, aug, err := e.nonEmpty(b, o)
	if err != nil {
		return Eval{}, err
	}
	if err := room(what, out, len(idx), per); err != nil {
		return Eval{}, err
	}
	var total Eval
	for at := 0; at < len(idx); at += e.BatchSize {
		to := min(at+e.BatchSize, len(idx))
		total.add(each(e.fill(o, idx, at, to, aug), at, to))
	}
	return e.bill(total, price), nil
}

// combine evaluates b chunk by chunk and stores the mean over the examples of the chunks' results, or their sum, in out.
// whole is true when the batch is one chunk. An empty batch has a sum, zero, but no mean.
func (e *evaluator) combine(b Batch, o Options, price float64, out []float32, mean bool, each func(in engine.Batch, whole bool, out []float32) engine.Result) (Eval, error) {
	find := e.examples
	if mean {
		find = e.nonEmpty
	}
	idx, aug, err := find(b, o)
	if err != nil {
		return Eval{}, err
	}
	var total Eval
	switch {
	case len(idx) == 0:
		clear(out)
	case len(idx) <= e.BatchSize:
		total.add(each(e.fill(o, idx, 0, len(idx), aug), true, out))
	default:
		if e.part == nil {
			e.part, e.sum = make([]float32, e.Dim()), make([]float64, e.Dim())
		}
		clear(e.sum)
		for at := 0; at < len(idx); at += e.BatchSize {
			r := each(e.fill(o, idx, at, min(at+e.BatchSize, len(idx)), aug), false, e.part)
			weight := 1.0
			if mean {
				weight = float64(r.Examples)
			}
			for i, g := range e.part {
				e.sum[i] += float64(float64(g) * weight)
			}
			total.add(r)
		}
		over := 1.0
		if mean {
			over = float64(total.Examples)
		}
		for i, s := range e.sum {
			out[i] = float32(s / over)
		}
	}
	return e.bill(total, price), nil
}

// nonEmpty is examples for ops that divide by their number.
func (e *evaluator) nonEmpty(b Batch, o Options) ([]int, dataset.Augment, error) {
	idx, aug, err := e.examples(b, o)
	if err == nil && len(idx) == 0 {
		err = Errorf(BadRequest, "Poisson draw %d has no examples and therefore no mean; sums of gradients of single examples exist", b.Index)
	}
	return idx, aug, err
}

// examples are those that b names.
func (e *evaluator) examples(b Batch, o Options) ([]int, dataset.Augment, error) {
	idx, aug, err := e.pick(b)
	if err != nil {
		return nil, aug, err
	}
	switch b.Part {
	case All:
	case Range:
		if b.From >= b.To || uint64(b.To) > uint64(len(idx)) {
			return nil, aug, Errorf(BadRequest, "range %d to %d of a batch of %d examples", b.From, b.To, len(idx))
		}
		idx = idx[b.From:b.To]
	case Example:
		if uint64(b.Number) >= uint64(len(idx)) {
			return nil, aug, Errorf(BadRequest, "example %d of a batch of %d examples, counted from 0", b.Number, len(idx))
		}
		idx = idx[b.Number : b.Number+1]
	case Class:
		e.picked = e.picked[:0]
		for _, i := range idx {
			if uint32(e.Images.Labels[i]) == b.Number {
				e.picked = append(e.picked, i)
			}
		}
		if idx = e.picked; len(idx) == 0 {
			return nil, aug, Errorf(BadRequest, "the batch has no example of class %d", b.Number)
		}
	case Domain:
		return nil, aug, Errorf(BadRequest, "the examples of this workload belong to no domains")
	default:
		return nil, aug, Errorf(BadRequest, "unknown part %q of a batch", b.Part)
	}
	if size := e.Net.Inputs().Len(); o.Delta != nil && len(o.Delta) < len(idx)*size {
		return nil, aug, Errorf(BadSlot, "changes of the inputs of %d examples × %d need %d elements, the slot has %d", len(idx), size, len(idx)*size, len(o.Delta))
	}
	return idx, aug, nil
}

// fill makes the engine's input of the examples from to to of idx.
func (e *evaluator) fill(o Options, idx []int, from, to int, aug dataset.Augment) engine.Batch {
	idx = idx[from:to]
	n, size := len(idx), e.Net.Inputs().Len()
	in := engine.Batch{X: e.x[:n*size], Y: e.y[:n]}
	if !slices.Equal(e.chunk, idx) || e.augment != aug {
		e.Normalize.Fill(in.X, in.Y, e.Images, idx, aug)
		e.chunk, e.augment = append(e.chunk[:0], idx...), aug
	}
	if o.Delta != nil {
		for i, d := range o.Delta[from*size : to*size] {
			in.X[i] += d
		}
		e.chunk = e.chunk[:0] // x is that of no batch now
	}
	return in
}

func (e *evaluator) loss(o Options) engine.Loss {
	l := e.Objective
	l.NormalizeLogits = l.NormalizeLogits || o.NormalizeLogits
	return l
}

func (e *evaluator) bill(total Eval, price float64) Eval {
	total.G = price * float64(total.Examples) / float64(e.Nominal)
	return total
}

// add folds one chunk into a mean over examples.
func (e *Eval) add(r engine.Result) {
	if n := e.Examples + r.Examples; e.Examples == 0 {
		e.Loss = r.Loss // not through a product: one chunk's mean is kept to the bit
	} else {
		e.Loss = (e.Loss*float64(e.Examples) + r.Loss*float64(r.Examples)) / float64(n)
	}
	e.Examples += r.Examples
	e.Errors += r.Errors
}

package oracle

import (
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
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
	case Full:
		return t.Examples, dataset.Augment{}, nil
	}
	return nil, dataset.Augment{}, Errorf(BadRequest, "batch stream %q: an optimizer may use %q and %q", b.Stream, Train, Full)
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
	part    []float32 // gradient of one chunk, when there are several
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
	idx, aug, err := e.examples(b)
	if err != nil {
		return Eval{}, err
	}
	l, err := e.loss(o)
	if err != nil {
		return Eval{}, err
	}
	var total Eval
	for at := 0; at < len(idx); at += e.BatchSize {
		r := e.machine.Loss(w, e.buffers, e.fill(idx[at:min(at+e.BatchSize, len(idx))], aug), l, e.mode, nil)
		total.add(r)
	}
	return e.bill(total, lossG), nil
}

// Grad answers the gradient of the mean loss. In training the gradient of a minibatch folds its statistics into the
// running ones unless o.FreezeStats is set; the full stream and ranges of a minibatch never do.
func (e *evaluator) Grad(b Batch, w, out []float32, o Options) (Eval, error) {
	idx, aug, err := e.examples(b)
	if err != nil {
		return Eval{}, err
	}
	l, err := e.loss(o)
	if err != nil {
		return Eval{}, err
	}
	var total Eval
	if len(idx) <= e.BatchSize {
		update := e.mode == engine.Train && b.Stream == Train && b.From == b.To && !o.FreezeStats
		total.add(e.machine.Grad(w, e.buffers, e.fill(idx, aug), l, e.mode, update, out))
		return e.bill(total, gradG), nil
	}
	if e.part == nil {
		e.part, e.sum = make([]float32, e.Dim()), make([]float64, e.Dim())
	}
	clear(e.sum)
	for at := 0; at < len(idx); at += e.BatchSize {
		r := e.machine.Grad(w, e.buffers, e.fill(idx[at:min(at+e.BatchSize, len(idx))], aug), l, e.mode, false, e.part)
		for i, g := range e.part {
			e.sum[i] += float64(g) * float64(r.Examples)
		}
		total.add(r)
	}
	for i, s := range e.sum {
		out[i] = float32(s / float64(total.Examples))
	}
	return e.bill(total, gradG), nil
}

// Outputs stores the logits, one example after the other.
func (e *evaluator) Outputs(b Batch, w, out []float32, _ Options) (Eval, error) {
	idx, aug, err := e.examples(b)
	if err != nil {
		return Eval{}, err
	}
	classes := e.Net.Classes()
	if need := len(idx) * classes; len(out) < need {
		return Eval{}, Errorf(BadSlot, "the outputs of %d examples × %d classes need %d elements, the slot has %d", len(idx), classes, need, len(out))
	}
	total := Eval{Examples: len(idx)}
	for at := 0; at < len(idx); at += e.BatchSize {
		to := min(at+e.BatchSize, len(idx))
		e.machine.Outputs(w, e.buffers, e.fill(idx[at:to], aug), e.mode, out[at*classes:to*classes])
	}
	return e.bill(total, lossG), nil
}

func (e *evaluator) examples(b Batch) ([]int, dataset.Augment, error) {
	idx, aug, err := e.pick(b)
	if err != nil || b.From == b.To {
		return idx, aug, err
	}
	if b.From > b.To || int(b.To) > len(idx) {
		return nil, aug, Errorf(BadRequest, "range %d to %d of a batch of %d examples", b.From, b.To, len(idx))
	}
	return idx[b.From:b.To], aug, nil
}

func (e *evaluator) fill(idx []int, aug dataset.Augment) engine.Batch {
	n := len(idx)
	in := engine.Batch{X: e.x[:n*e.Images.H*e.Images.W*e.Images.C], Y: e.y[:n]}
	if !slices.Equal(e.chunk, idx) || e.augment != aug {
		e.Normalize.Fill(in.X, in.Y, e.Images, idx, aug)
		e.chunk, e.augment = append(e.chunk[:0], idx...), aug
	}
	return in
}

func (e *evaluator) loss(o Options) (engine.Loss, error) {
	l := e.Objective
	l.NormalizeLogits = l.NormalizeLogits || o.NormalizeLogits
	if l.NormalizeLogits && l.Kind != "" && l.Kind != engine.CrossEntropy {
		return l, Errorf(BadRequest, "normalised logits belong to the loss %s, the workload's is %s", engine.CrossEntropy, l.Kind)
	}
	return l, nil
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

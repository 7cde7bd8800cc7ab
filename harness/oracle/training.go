package oracle

import (
	"fmt"

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
	Auxiliary Auxiliary // of a Training
}

// Training is the workload an optimizer sees: batch norm uses batch statistics, the train stream is augmented.
type Training struct {
	evaluator
	order     *dataset.Order
	auxiliary *second // nil until it is asked for
}

// NewTraining starts a workload whose batch statistics are those of a new net. It is not safe for concurrent use.
func NewTraining(p Problem) *Training {
	t := &Training{order: dataset.NewOrder(p.Seed, len(p.Examples), p.BatchSize)}
	t.evaluator = newEvaluator(p, engine.Train, t.pick)
	p.Net.InitBuffers(t.buffers)
	return t
}

// SetObjective changes the loss from the next request on: the classes of a long tail may get weights late. The statistics
// and the order of the examples stay.
func (t *Training) SetObjective(l engine.Loss) {
	t.Objective = l
	if t.auxiliary != nil {
		t.auxiliary.Objective = l
	}
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

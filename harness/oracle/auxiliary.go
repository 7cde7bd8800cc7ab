package oracle

import (
	"github.com/sharpbench/sharpbench/harness/dataset"
)

// Kinds of auxiliary objectives.
const (
	// AuxiliaryL2 is ½‖w‖² over all parameters. It needs no examples and costs nothing.
	AuxiliaryL2 = "l2"
	// AuxiliaryExamples is the workload's loss on examples of its own, in minibatches of its own order, at the price of
	// the loss.
	AuxiliaryExamples = "examples"
)

// Auxiliary is a second objective beside the loss of a workload: what bilevel methods make small as far as the loss does
// not mind. The zero value is none.
type Auxiliary struct {
	Kind     string
	Examples []int // indices into Problem.Images, for AuxiliaryExamples
}

// Bilevel is a workload that may have an auxiliary objective. Its Loss, Grad and HVP then answer Options.Auxiliary.
type Bilevel interface {
	HasAuxiliary() bool
}

// second answers for an auxiliary objective with examples: an evaluator of its own on the machine and the running
// statistics of the training, which it never moves.
type second struct {
	evaluator
	order *dataset.Order
}

func newSecond(t *Training) *second {
	p := t.Problem
	p.Examples = p.Auxiliary.Examples
	s := &second{order: dataset.NewOrder(p.Seed, len(p.Examples), p.BatchSize)}
	s.evaluator = evaluator{
		Problem: p, mode: t.mode, pick: s.pick, machine: t.machine, buffers: t.buffers,
		x: make([]float32, len(t.x)), y: make([]int32, len(t.y)),
	}
	return s
}

func (s *second) pick(b Batch) ([]int, dataset.Augment, error) {
	switch b.Stream {
	case Train:
		epoch, positions := s.order.At(b.Index)
		s.index = s.index[:0]
		for _, p := range positions {
			s.index = append(s.index, s.Examples[p])
		}
		return s.index, dataset.Augment{Kind: s.Augment, Seed: s.Seed, Epoch: epoch}, nil
	case Full:
		return s.Examples, dataset.Augment{}, nil
	}
	return nil, dataset.Augment{}, Errorf(BadRequest, "batch stream %q: the auxiliary objective has the streams %q and %q", b.Stream, Train, Full)
}

// HasAuxiliary says whether the training has an auxiliary objective.
func (t *Training) HasAuxiliary() bool { return t.Auxiliary.Kind != "" }

// Loss answers the mean loss, or that of the auxiliary objective.
func (t *Training) Loss(b Batch, w []float32, o Options) (Eval, error) {
	if !o.Auxiliary {
		return t.evaluator.Loss(b, w, o)
	}
	if t.Auxiliary.Kind == AuxiliaryExamples {
		return t.second().Loss(b, w, o)
	}
	if o.Each != nil {
		return Eval{}, Errorf(BadRequest, "the auxiliary objective ½‖w‖² has no losses of single examples")
	}
	return penalty(w), nil
}

// Grad answers the gradient of the mean loss, or of the auxiliary objective, which never moves the running statistics.
func (t *Training) Grad(b Batch, w, out []float32, o Options) (Eval, error) {
	if !o.Auxiliary {
		return t.evaluator.Grad(b, w, out, o)
	}
	if t.Auxiliary.Kind == AuxiliaryExamples {
		o.FreezeStats = true
		return t.second().Grad(b, w, out, o)
	}
	copy(out, w)
	return penalty(w), nil
}

// HVP answers the product of the Hessian of the mean loss, or of the auxiliary objective, with v.
func (t *Training) HVP(b Batch, w, v, out []float32, o Options) (Eval, error) {
	if !o.Auxiliary {
		return t.evaluator.HVP(b, w, v, out, o)
	}
	if t.Auxiliary.Kind == AuxiliaryExamples {
		return t.second().HVP(b, w, v, out, o)
	}
	copy(out, v)
	return penalty(w), nil
}

// second is made when it is first asked.
func (t *Training) second() *second {
	if t.auxiliary == nil {
		t.auxiliary = newSecond(t)
	}
	return t.auxiliary
}

func penalty(w []float32) Eval {
	sum := 0.0
	for _, v := range w {
		sum += float64(float64(v) * float64(v))
	}
	return Eval{Loss: sum / 2}
}

package oracle

import (
	"slices"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
)

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
	t       []float32 // targets, where numbers are predicted
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
	return e.mean(b, o, lossG, "losses", o.Each, 1, func(in engine.Batch, l engine.Loss, from, to int) engine.Result {
		var each []float32
		if o.Each != nil {
			each = o.Each[from:to]
		}
		_ = each
		return e.machine.Loss(w, e.buffers, in, l, e.mode, each)
	})
}

// Grad answers the gradient of the mean loss. In training the gradient of a minibatch, or of a range of one (a
// micro-batch), folds its statistics into the running ones unless o.FreezeStats is set; other streams and parts and
// changed inputs never do.
func (e *evaluator) Grad(b Batch, w, out []float32, o Options) (Eval, error) {
	return e.combine(b, o, gradG, out, true, func(in engine.Batch, l engine.Loss, whole bool, out []float32) engine.Result {
		return e.machine.Grad(w, e.buffers, in, l, e.mode, whole && e.moves(b, o), out)
	})
}

// Outputs stores the logits, one example after the other.
func (e *evaluator) Outputs(b Batch, w, out []float32, o Options) (Eval, error) {
	k := e.Net.Classes()
	return e.mean(b, o, lossG, "outputs", out, k, func(in engine.Batch, l engine.Loss, from, to int) engine.Result {
		e.machine.Outputs(w, e.buffers, in, e.mode, out[from*k:to*k])
		return engine.Result{Examples: in.Len()}
	})
}

// moves says whether a gradient of b moves the running statistics.
func (e *evaluator) moves(b Batch, o Options) bool {
	return e.mode == engine.Train && b.Stream == Train && (b.Part == All || b.Part == Range) && o.Delta == nil && !o.FreezeStats
}

// room checks that a buffer, if there is one, holds per numbers for each of n examples.
func room(what string, x []float32, n, per int) error {
	if need := n * per; x != nil && len(x) < need {
		return Errorf(BadSlot, "the %s of %d examples × %d need %d elements, the slot has %d", what, n, per, need, len(x))
	}
	return nil
}

// mean evaluates b chunk by chunk; out gets per numbers an example. The examples of a chunk are from to to of the batch.
func (e *evaluator) mean(b Batch, o Options, price float64, what string, out []float32, per int, each func(in engine.Batch, l engine.Loss, from, to int) engine.Result) (Eval, error) {
	idx, aug, err := e.nonEmpty(b, o)
	if err != nil {
		return Eval{}, err
	}
	if err := room(what, out, len(idx), per); err != nil {
		return Eval{}, err
	}
	l, err := e.loss(o)
	if err != nil {
		return Eval{}, err
	}
	var total Eval
	for at := 0; at < len(idx); at += e.BatchSize {
		to := min(at+e.BatchSize, len(idx))
		total.add(each(e.fill(o, idx, at, to, aug), l, at, to))
	}
	return e.bill(total, price), nil
}

// combine evaluates b chunk by chunk and stores the mean over the examples of the chunks' results, or their sum, in out.
// whole is true when the batch is one chunk. An empty batch has a sum, zero, but no mean.
func (e *evaluator) combine(b Batch, o Options, price float64, out []float32, mean bool, each func(in engine.Batch, l engine.Loss, whole bool, out []float32) engine.Result) (Eval, error) {
	find := e.examples
	if mean {
		find = e.nonEmpty
	}
	idx, aug, err := find(b, o)
	if err != nil {
		return Eval{}, err
	}
	l, err := e.loss(o)
	if err != nil {
		return Eval{}, err
	}
	var total Eval
	switch {
	case len(idx) == 0:
		clear(out)
	case len(idx) <= e.BatchSize:
		total.add(each(e.fill(o, idx, 0, len(idx), aug), l, true, out))
	default:
		if e.part == nil {
			e.part, e.sum = make([]float32, e.Dim()), make([]float64, e.Dim())
		}
		clear(e.sum)
		for at := 0; at < len(idx); at += e.BatchSize {
			r := each(e.fill(o, idx, at, min(at+e.BatchSize, len(idx)), aug), l, false, e.part)
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
		if e.Images.Groups == nil {
			return nil, aug, Errorf(BadRequest, "the examples of this workload belong to no domains")
		}
		e.picked = e.picked[:0]
		for _, i := range idx {
			if uint32(e.Images.Groups[i]) == b.Number {
				e.picked = append(e.picked, i)
			}
		}
		if idx = e.picked; len(idx) == 0 {
			return nil, aug, Errorf(BadRequest, "the batch has no example of domain %d", b.Number)
		}
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
	outputs := e.Images.Outputs
	if outputs > 0 {
		if need := e.BatchSize * outputs; len(e.t) < need {
			e.t, e.chunk = make([]float32, need), e.chunk[:0]
		}
		in.T = e.t[:n*outputs]
	}
	if !slices.Equal(e.chunk, idx) || e.augment != aug {
		e.Normalize.Fill(in.X, in.Y, e.Images, idx, aug)
		for k, i := range idx {
			copy(in.T[k*outputs:(k+1)*outputs], e.Images.Target(i)) // none where there are classes
		}
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

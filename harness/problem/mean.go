package problem

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// Prices of one nominal batch in G, as those of networks.
const (
	lossG = 1.0 / 3
	gradG = 1.0
	hvpG  = 2.0
)

// terms is what a problem consists of. Its objective is the mean of the terms.
type terms interface {
	dim() int
	size() int // number of terms
	// start writes the starting point.
	start(w []float32)
	loss(i int, w []float64) float64
	// exact is the objective at w as evaluations see it, and, where the problem has a natural measure of error, how many
	// of of things are wrong; of is 0 where it has none.
	exact(w []float64) (loss float64, wrong, of int)
}

// smooth terms have gradients, or subgradients.
type smooth interface {
	// grad stores the gradient of term i at w in g, overwriting it, and returns the loss.
	grad(i int, w, g []float64) float64
}

// curved terms have second derivatives.
type curved interface {
	// hvp stores the product of the Hessian of term i at w with v in out, overwriting it.
	hvp(i int, w, v, out []float64)
}

// predicted terms depend on w through one linear prediction.
type predicted interface {
	// predict returns the prediction for term i; its gradient is features(i).
	predict(i int, w []float64) float64
	features(i int) []float64
}

// Problem is an instance of a problem as an optimizer sees it. It is not safe for concurrent use.
type Problem struct {
	spec  Spec
	t     terms
	seed  uint64
	batch int
	order *dataset.Order

	w, v, g, sum []float64
	index        []int
	one          [1]int
	all          []int
}

var (
	_ oracle.Workload   = (*Problem)(nil)
	_ oracle.Curved     = (*Problem)(nil)
	_ oracle.PerExample = (*Problem)(nil)
	_ oracle.Inspected  = (*Problem)(nil)
	_ oracle.Restricted = (*Problem)(nil)
)

// New draws the instance of a seed. batch is the number of examples of a minibatch, what 1 G stands for; it may be larger than
// the number of examples. It panics on a spec that has Problems.
func New(s Spec, batch int, seed uint64) *Problem {
	if issues := s.Problems(); len(issues) > 0 {
		panic("problem: " + issues[0].Message)
	}
	full := s.full()
	t := table[s.Name].make(full, seed)
	p := &Problem{spec: full, t: t, seed: seed, batch: min(batch, t.size()), all: make([]int, t.size())}
	p.order = dataset.NewOrder(seed, t.size(), p.batch)
	for i := range p.all {
		p.all[i] = i
	}
	d := t.dim()
	p.w, p.v, p.g, p.sum = make([]float64, d), make([]float64, d), make([]float64, d), make([]float64, d)
	return p
}

// Dim is the number of parameters.
func (p *Problem) Dim() int { return p.t.dim() }

// Examples is the number of terms.
func (p *Problem) Examples() int { return p.t.size() }

// BatchSize is the number of examples of a minibatch.
func (p *Problem) BatchSize() int { return p.batch }

// Classes is the number of outputs of an example, 0 when there are none.
func (p *Problem) Classes() int {
	if _, ok := p.t.(predicted); ok {
		return 1
	}
	return 0
}

// StepsPerEpoch is the number of minibatches that show each example once.
func (p *Problem) StepsPerEpoch() int { return p.order.Steps() }

// Buffers is empty: there are no running statistics.
func (p *Problem) Buffers() []float32 { return nil }

// HasAuxiliary says that there is no auxiliary objective.
func (p *Problem) HasAuxiliary() bool { return false }

// Layout is one tensor, a weight of one output.
func (p *Problem) Layout() []engine.Tensor {
	return []engine.Tensor{{Name: "w", Kind: engine.Weight, Shape: []int{p.Dim(), 1}, FanIn: p.Dim(), Prunable: true}}
}

// Init writes the starting point of the instance.
func (p *Problem) Init(w []float32) { p.t.start(w) }

// Exact is the objective that trained parameters are judged by. Errors of Examples things are wrong where the problem has such a
// measure; else Examples is the number of terms and Errors is 0.
func (p *Problem) Exact(w []float32) oracle.Eval {
	widen(p.w, w)
	loss, wrong, of := p.t.exact(p.w)
	if of == 0 {
		of = p.t.size()
	}
	return oracle.Eval{Loss: loss, Errors: wrong, Examples: of}
}

// Can says which requests the problem does not answer.
func (p *Problem) Can(op string) error {
	able := true
	switch op {
	case "grad", "grad_clipped", "grad_squared":
		_, able = p.t.(smooth)
	case "hvp":
		_, able = p.t.(curved)
	case "outputs", "vjp":
		_, able = p.t.(predicted)
	case "input_grad", "output_grad", "activations":
		able = false
	}
	if !able {
		return oracle.Errorf(oracle.Unsupported, "the problem %s does not answer %s", p.spec.Name, op)
	}
	return nil
}

// Loss answers the mean loss.
func (p *Problem) Loss(b oracle.Batch, w []float32, o oracle.Options) (oracle.Eval, error) {
	index, err := p.nonEmpty(b, o)
	if err != nil {
		return oracle.Eval{}, err
	}
	if o.Each != nil && len(o.Each) < len(index) {
		return oracle.Eval{}, oracle.Errorf(oracle.BadSlot, "the losses of %d examples need as many elements, the slot has %d", len(index), len(o.Each))
	}
	widen(p.w, w)
	e := p.eval(len(index), lossG)
	for k, i := range index {
		l := p.t.loss(i, p.w)
		e.Loss += l
		if o.Each != nil {
			o.Each[k] = float32(l)
		}
	}
	e.Loss /= float64(len(index))
	return e, nil
}

// Grad answers the gradient of the mean loss, or what the problem has in its place: a subgradient, the operator of a game.
func (p *Problem) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	return p.gather("grad", b, w, out, o, true, func(_, i int) float64 {
		l := p.t.(smooth).grad(i, p.w, p.g)
		for j, g := range p.g {
			p.sum[j] += g
		}
		return l
	})
}

// HVP answers the product of the Hessian of the mean loss with v.
func (p *Problem) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	widen(p.v, v)
	e, err := p.gather("hvp", b, w, out, o, true, func(_, i int) float64 {
		p.t.(curved).hvp(i, p.w, p.v, p.g)
		for j, g := range p.g {
			p.sum[j] += g
		}
		return p.t.loss(i, p.w)
	})
	e.G *= hvpG
	return e, err
}

// GradClipped answers the sum of the examples' clipped gradients.
func (p *Problem) GradClipped(b oracle.Batch, w, out []float32, c oracle.Clip, o oracle.Options) (oracle.Eval, error) {
	return p.gather("grad_clipped", b, w, out, o, false, func(k, i int) float64 {
		l := p.t.(smooth).grad(i, p.w, p.g)
		square := 0.0
		for _, g := range p.g {
			square += float64(g * g)
		}
		norm, scale := math.Sqrt(square), 1.0
		if c.Norms != nil {
			c.Norms[k] = float32(norm)
		}
		if !c.PerCoordinate && norm > c.Limit {
			scale = c.Limit / norm
		}
		for j, g := range p.g {
			if c.PerCoordinate {
				g = max(-c.Limit, min(g, c.Limit))
			}
			p.sum[j] += float64(scale * g)
		}
		return l
	})
}

// GradSquared answers the sum of the examples' squared gradients.
func (p *Problem) GradSquared(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	return p.gather("grad_squared", b, w, out, o, false, func(_, i int) float64 {
		l := p.t.(smooth).grad(i, p.w, p.g)
		for j, g := range p.g {
			p.sum[j] += float64(g * g)
		}
		return l
	})
}

// Outputs stores the examples' predictions.
func (p *Problem) Outputs(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	if err := p.Can("outputs"); err != nil {
		return oracle.Eval{}, err
	}
	index, err := p.pick(b, o)
	if err != nil {
		return oracle.Eval{}, err
	}
	if len(out) < len(index) {
		return oracle.Eval{}, oracle.Errorf(oracle.BadSlot, "the outputs of %d examples need as many elements, the slot has %d", len(index), len(out))
	}
	widen(p.w, w)
	for k, i := range index {
		out[k] = float32(p.t.(predicted).predict(i, p.w))
	}
	return p.eval(len(index), lossG), nil
}

// VJP answers the gradient of the sum of the predictions, each times its cotangent.
func (p *Problem) VJP(b oracle.Batch, w, cotangent, out []float32, o oracle.Options) (oracle.Eval, error) {
	return p.gather("vjp", b, w, out, o, false, func(k, i int) float64 {
		for j, x := range p.t.(predicted).features(i) {
			p.sum[j] += float64(float64(cotangent[k]) * x)
		}
		return 0
	})
}

// InputGrad is refused: the examples have no inputs.
func (p *Problem) InputGrad(oracle.Batch, []float32, []float32, oracle.Options) (oracle.Eval, error) {
	return oracle.Eval{}, p.Can("input_grad")
}

// OutputGrad is refused: the losses are no functions of the predictions alone.
func (p *Problem) OutputGrad(oracle.Batch, []float32, []float32, oracle.Options) (oracle.Eval, error) {
	return oracle.Eval{}, p.Can("output_grad")
}

// Activations is refused: there are no layers.
func (p *Problem) Activations(oracle.Batch, []float32, []float32, int, oracle.Options) (oracle.Eval, error) {
	return oracle.Eval{}, p.Can("activations")
}

// gather stores the sum, or mean, of what each adds for the examples of b. k counts within the batch.
func (p *Problem) gather(op string, b oracle.Batch, w, out []float32, o oracle.Options, mean bool, each func(k, i int) float64) (oracle.Eval, error) {
	if err := p.Can(op); err != nil {
		return oracle.Eval{}, err
	}
	find := p.pick
	if mean {
		find = p.nonEmpty
	}
	index, err := find(b, o)
	if err != nil {
		return oracle.Eval{}, err
	}
	widen(p.w, w)
	clear(p.sum)
	e := p.eval(len(index), gradG)
	for k, i := range index {
		e.Loss += each(k, i)
	}
	over := 1.0
	if mean {
		over = float64(len(index))
	}
	for j, s := range p.sum {
		out[j] = float32(s / over)
	}
	if len(index) > 0 {
		e.Loss /= float64(len(index))
	}
	return e, nil
}

func (p *Problem) eval(n int, price float64) oracle.Eval {
	return oracle.Eval{Examples: n, G: price * float64(n) / float64(p.batch)}
}

// pick returns the examples that b names. Domain i of the whole problem is its term i, for methods that spread a problem over
// workers; other parts are counted within the batch.
func (p *Problem) pick(b oracle.Batch, o oracle.Options) ([]int, error) {
	if o.Delta != nil || o.NormalizeLogits || o.Auxiliary {
		return nil, oracle.Errorf(oracle.Unsupported, "the problem %s has no inputs, no logits and no auxiliary objective", p.spec.Name)
	}
	var index []int
	switch b.Stream {
	case oracle.Train:
		_, index = p.order.At(b.Index)
	case oracle.Poisson:
		if !(b.Rate > 0 && b.Rate <= 1) {
			return nil, oracle.Errorf(oracle.BadRequest, "rate %v of a Poisson draw: expected above 0 and at most 1", b.Rate)
		}
		r := rng.New(p.seed, "poisson", b.Index)
		p.index = p.index[:0]
		for _, i := range p.all {
			if r.Float64() < b.Rate {
				p.index = append(p.index, i)
			}
		}
		index = p.index
	case oracle.Full:
		index = p.all
	default:
		return nil, oracle.Errorf(oracle.BadRequest, "batch stream %q: an optimizer may use %q, %q and %q", b.Stream, oracle.Train, oracle.Poisson, oracle.Full)
	}
	switch b.Part {
	case oracle.All:
	case oracle.Range:
		if b.From >= b.To || uint64(b.To) > uint64(len(index)) {
			return nil, oracle.Errorf(oracle.BadRequest, "range %d to %d of a batch of %d examples", b.From, b.To, len(index))
		}
		index = index[b.From:b.To]
	case oracle.Example:
		if uint64(b.Number) >= uint64(len(index)) {
			return nil, oracle.Errorf(oracle.BadRequest, "example %d of a batch of %d examples, counted from 0", b.Number, len(index))
		}
		index = index[b.Number : b.Number+1]
	case oracle.Domain:
		if uint64(b.Number) >= uint64(len(p.all)) {
			return nil, oracle.Errorf(oracle.BadRequest, "domain %d: the problem %s has %d, counted from 0", b.Number, p.spec.Name, len(p.all))
		}
		p.one[0] = int(b.Number)
		index = p.one[:]
	default:
		return nil, oracle.Errorf(oracle.BadRequest, "the examples of the problem %s have no %s", p.spec.Name, b.Part)
	}
	return index, nil
}

// nonEmpty is pick for what divides by the number of examples.
func (p *Problem) nonEmpty(b oracle.Batch, o oracle.Options) ([]int, error) {
	index, err := p.pick(b, o)
	if err == nil && len(index) == 0 {
		err = oracle.Errorf(oracle.BadRequest, "Poisson draw %d has no examples and therefore no mean; sums of gradients of single examples exist", b.Index)
	}
	return index, err
}

func widen(dst []float64, w []float32) {
	for i, x := range w {
		dst[i] = float64(x)
	}
}

// dot is the inner product.
func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += float64(x * b[i])
	}
	return sum
}

// normals draws independent standard normal numbers.
func normals(n int, seed uint64, stream string, index uint64) []float64 {
	r := rng.New(seed, "problem/"+stream, index)
	out := make([]float64, n)
	for i := range out {
		out[i] = r.Norm()
	}
	return out
}

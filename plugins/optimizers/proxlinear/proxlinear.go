// Package proxlinear is stochastic model-based minimisation: each step minimises a model of the minibatch's loss around w
// and a quadratic that keeps it close,
//
//	w_{t+1} = argmin_x  m_t(x) + ‖x − w_t‖² / (2·α_t)
//
// with α_t the learning rate times the host's schedule. With ℓ the loss of the minibatch at w_t and g its gradient, the
// models and their steps are
//
//	subgradient      m = ℓ + ⟨g, x − w⟩                     w − α·g
//	truncated        m = max(ℓ + ⟨g, x − w⟩, lower_bound)   w − α·y·g,  y = min(1, (ℓ − lower_bound) / (α‖g‖²))
//	prox_linear      m = |c + ⟨∇c, x − w⟩|, ℓ = |c|         the same with lower_bound 0
//	proximal_point   m = the loss itself                    the best point of the line through w along g
//
// prox_linear is for losses of one example that are the absolute value of a smooth function c, as in robust phase
// retrieval: g is then sign(c)·∇c, and clipping |c|/(α‖g‖²) to [0, 1] is clipping c/(α‖∇c‖²) to [−1, 1]. proximal_point is
// exact for losses of one example that depend on w through one linear function, whose minimiser lies on that line. It
// cannot be farther than √(2α(ℓ − lower_bound)) away. The lowest of 2·points + 1 losses is found first, at w and, in both
// directions, at that distance, half of it, a quarter and so on; then the interval between its neighbours is searched by
// golden section.
package proxlinear

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Values of the parameters model and scaling.
const (
	Subgradient   = "subgradient"
	Truncated     = "truncated"
	ProxLinear    = "prox_linear"
	ProximalPoint = "proximal_point"

	None    = "none"
	Horizon = "horizon"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "proxlinear",
		Version: 2,
		Summary: "stochastic model-based minimisation: subgradient, truncated, prox-linear and proximal point steps",
		Rule: "w = argmin_x m(x) + |x - w|^2/(2*lr), m a model of the minibatch's loss: linear; linear but not below lower_bound; " +
			"the absolute value of a linearised function; the loss itself along its gradient",
		Citation: "Davis & Drusvyatskiy 2019, Stochastic Model-Based Minimization of Weakly Convex Functions, SIAM Journal on Optimization 29(1), arXiv:1803.06523",
		Unverified: "The step size alpha0/sqrt(K+1) of scaling = horizon, K the number of steps, is the form of the paper's theorems; its constants were not checked. " +
			"The theory's output is a random iterate; here it is the last.",
		Watch: []string{
			"The models are of single examples: with larger batches the subproblem is solved for the mean, and prox_linear and proximal_point are no longer what their names say.",
			"truncated and prox_linear need a loss that reaches lower_bound: with regularisation or label smoothing it does not.",
			"The subgradient model diverges at learning rates at which the others do not.",
		},
		Params: []sdk.Param{
			sdk.Float("lr", 0.1, "alpha, the weight of the step against the model").Min(0).Log(),
			sdk.Choice("model", Truncated, []string{Subgradient, Truncated, ProxLinear, ProximalPoint}, "what stands for the loss around w"),
			sdk.Float("lower_bound", 0, "what the loss is known not to fall below; used by truncated and proximal_point"),
			sdk.Choice("scaling", None, []string{None, Horizon}, "horizon divides lr by the square root of the number of steps plus one"),
			sdk.Int("points", 16, "proximal_point: losses on either side of w that find the interval, each half as far away as the one before").Min(1).Max(60),
			sdk.Int("refinements", 20, "proximal_point: losses that narrow the interval").Min(0).Max(100),
		},
		Cost:     1,
		CostNote: "1; proximal_point: 1 + (2·points + refinements + 2)/3",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"model": Subgradient, "lr": 0.1}, Equals: "sgd"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpLoss, sdk.OpCommit},
		Resumable: true,
		Check: func(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
			if p.String("scaling") == Horizon && problem.Steps == 0 {
				return []sdk.Diagnostic{{Param: "scaling", Message: `expected "none": the number of steps of this run is not known beforehand`}}
			}
			return nil
		},
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(_ sdk.Problem, p sdk.Params) []sdk.Slot {
	if p.String("model") != ProximalPoint {
		return nil
	}
	return []sdk.Slot{{Name: "point", Scratch: true}}
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, w, g := s.Params(), s.W(), s.Slot("grad")
	rate, bound := p.Float("lr"), p.Float("lower_bound")
	if p.String("scaling") == Horizon {
		rate /= math.Sqrt(float64(s.Problem().Steps + 1))
	}
	model := p.String("model")
	if model == ProxLinear {
		bound = 0
	}
	for s.Next() {
		batch := s.TrainBatch()
		loss, err := s.Grad(batch, w, g)
		if err != nil {
			return err
		}
		alpha := rate * s.LRScale()
		switch square := vec.Dot(g, g); {
		case square == 0 || alpha == 0:
		case model == Subgradient:
			vec.Axpy(w, float32(-alpha), g)
		case model == ProximalPoint:
			if err := proximal(s, batch, alpha, loss-bound); err != nil {
				return err
			}
		default:
			vec.Axpy(w, float32(-min(alpha, max(0, loss-bound)/square)), g)
		}
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// section is the share of an interval that golden section keeps.
var section = (math.Sqrt(5) - 1) / 2

// proximal moves w to the point of the line along the gradient where the loss plus the squared distance over 2·alpha is
// lowest. above is how far the loss at w lies above its bound.
func proximal(s sdk.Session, batch sdk.Batch, alpha, above float64) error {
	p, w, g, x := s.Params(), s.W(), s.Slot("grad"), s.Slot("point")
	norm := vec.Norm2(g)
	reach := math.Sqrt(2 * alpha * max(0, above))
	best, lowest := 0.0, math.Inf(1)
	at := func(t float64) (float64, error) {
		vec.AddScaled(x, w, float32(-t/norm), g)
		loss, err := s.Loss(batch, x, sdk.FreezeStats)
		value := loss + t*t/(2*alpha)
		if value < lowest {
			best, lowest = t, value
		}
		return value, err
	}
	n := p.Int("points")
	if _, err := at(0); err != nil {
		return err
	}
	for k := range n {
		far := math.Ldexp(reach, -k)
		for _, t := range []float64{far, -far} {
			if _, err := at(t); err != nil {
				return err
			}
		}
	}
	lo, hi := best/2, 2*best
	if best == 0 {
		hi = math.Ldexp(reach, 1-n)
		lo = -hi
	}
	a, b := hi-section*(hi-lo), lo+section*(hi-lo)
	var fa, fb float64
	var err error
	for k := range p.Int("refinements") {
		switch {
		case k == 0:
			if fa, err = at(a); err == nil {
				fb, err = at(b)
			}
		case fa < fb:
			hi, b, fb = b, a, fa
			a = hi - section*(hi-lo)
			fa, err = at(a)
		default:
			lo, a, fa = a, b, fb
			b = lo + section*(hi-lo)
			fb, err = at(b)
		}
		if err != nil {
			return err
		}
	}
	vec.Axpy(w, float32(-best/norm), g)
	return nil
}

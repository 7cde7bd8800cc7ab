package base

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// AdamW is Adam (Kingma & Ba 2014) with decoupled weight decay (Loshchilov & Hutter 2017). In step t = 1, 2, …:
//
//	m = beta1·m + (1−beta1)·u
//	v = beta2·v + (1−beta2)·u²
//	w = w − lr·weight_decay·w − lr · m/(1−beta1^t) / (√(v/(1−beta2^t)) + eps)
//
// With decay = "l2" it is the original Adam: u becomes u + weight_decay·w, and nothing is subtracted beside the step. With
// clip_norm > 0, u is replaced by u·min(1, clip_norm/‖u‖) before all of this.
type AdamW struct {
	rate         float64
	beta1, beta2 float64
	eps          float64
	decay        decay
	limit        limit
	taken        uint64  // steps taken, those before a resumption included
	m, v         sdk.Vec // the slots "m" and "v"
	whole        sdk.Vec // the gradient that Direction takes in, where it needs a copy; made when it does
}

// AdamWParams declares the parameters of AdamW.
func AdamWParams() []sdk.Param {
	return append([]sdk.Param{
		rate(0.001, "learning rate, times the schedule"),
		weightDecay(0.01),
		decayParam(DecayDecoupled),
		noDecay(),
		clipNorm(),
	}, adamParams()...)
}

// AdamParams declares the parameters of Adam with coupled weight decay.
func AdamParams() []sdk.Param {
	return append([]sdk.Param{
		rate(0.001, "learning rate, times the schedule"),
		weightDecay(0),
		noDecay(),
		clipNorm(),
	}, adamParams()...)
}

func adamParams() []sdk.Param {
	return []sdk.Param{
		sdk.Float("beta1", 0.9, "decay of the average of gradients").Min(0).Below(1),
		sdk.Float("beta2", 0.999, "decay of the average of squared gradients").Min(0).Below(1),
		sdk.Float("eps", 1e-8, "added to the root of the second moment, after it is taken").Min(1e-30).Log(),
	}
}

// CheckAdamW finds what is wrong with the parameters of AdamWParams or AdamParams beyond their ranges.
func CheckAdamW(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic { return checkNoDecay(problem, p) }

// NewAdamW returns the rule for p, which has the parameters of AdamWParams or Params. Where decay is auto it is decoupled.
func NewAdamW(p sdk.Params) *AdamW { return newAdam(p, newDecay(p, DecayDecoupled)) }

// NewAdam returns the rule for p, which has the parameters of AdamParams: weight decay is coupled.
func NewAdam(p sdk.Params) *AdamW { return newAdam(p, decayOf(p, DecayL2)) }

func newAdam(p sdk.Params, d decay) *AdamW {
	return &AdamW{
		rate:  p.Float("lr"),
		beta1: p.Float("beta1"),
		beta2: p.Float("beta2"),
		eps:   p.Float("eps"),
		decay: d,
		limit: limit{norm: p.Float("clip_norm")},
	}
}

// Slots asks for the two moments.
func (r *AdamW) Slots(int) []sdk.Slot { return []sdk.Slot{{Name: "m"}, {Name: "v"}} }

// Init implements Rule. The moments start as zeros; t follows from the number of committed steps.
func (r *AdamW) Init(start sdk.Start) error {
	r.m, r.v, r.taken = start.Slot("m"), start.Slot("v"), start.Step
	return r.decay.init(start.Problem)
}

// Step implements Rule.
func (r *AdamW) Step(w, u sdk.Vec, lrScale float64) {
	u = r.limit.of(u)
	r.step(w, u, u, lrScale, true)
}

// StepMoments is Step for methods that transform the gradient of one moment only: g feeds the first moment, h the
// second. Coupled weight decay is not added; call AddL2 before the transformation. clip_norm limits the norm of g, and
// scales h by the same factor. Neither is modified.
func (r *AdamW) StepMoments(w, g, h sdk.Vec, lrScale float64) {
	g, h = r.limit.both(g, h)
	r.step(w, g, h, lrScale, false)
}

// AddL2 adds coupled weight decay to the gradient g at w, where there is any.
func (r *AdamW) AddL2(g, w sdk.Vec) {
	l2, _ := r.decay.amounts(r.rate)
	if l2 == 0 {
		return
	}
	for _, s := range r.decay.zones {
		vec.Axpy(s.Of(g), l2, s.Of(w))
	}
}

func (r *AdamW) step(w, g, h sdk.Vec, lrScale float64, addL2 bool) {
	r.taken++
	run := func(zones []zone, decays bool) {
		for _, s := range zones {
			rate := r.rate * lrScale * s.rates.Adam
			step := vec.NewAdamStep(rate, r.beta1, r.beta2, r.eps, r.taken)
			if decays {
				step.L2, step.Decay = r.decay.amounts(rate)
			}
			if !addL2 {
				step.L2 = 0
			}
			vec.Adam(s.Of(w), s.Of(r.m), s.Of(r.v), s.Of(g), s.Of(h), step)
		}
	}
	run(r.decay.rest, false)
	run(r.decay.zones, true)
}

// Direction is the first half of Step, for methods that transform the final update: it advances the moments and stores the
// quotient m/(√v + eps) in dst, of the corrected moments if correct is set and else of the moments as they are (as LAMB
// has it). Coupled weight decay has gone into the moments. w and u are not modified; dst may be u.
func (r *AdamW) Direction(dst, w, u sdk.Vec, correct bool) {
	r.taken++
	u = r.limit.of(u)
	if l2, _ := r.decay.amounts(0); l2 != 0 || len(u) > 0 && &dst[0] == &u[0] {
		if r.whole == nil {
			r.whole = make(sdk.Vec, len(u))
		}
		copy(r.whole, u)
		r.AddL2(r.whole, w)
		u = r.whole
	}
	step := vec.NewAdamStep(1, r.beta1, r.beta2, r.eps, r.taken)
	if !correct {
		step.Rate, step.RootBias = 1, 1
	}
	// A step of rate −1 from 0 is the direction.
	step.Rate = -step.Rate
	clear(dst)
	vec.Adam(dst, r.m, r.v, u, u, step)
}

// Descend is the second half of Step: w loses lr·d and what decoupled weight decay takes. d is not modified.
func (r *AdamW) Descend(w, d sdk.Vec, lrScale float64) {
	r.decay.descend(w, d, r.rate*lrScale, func(f sdk.Rates) float64 { return f.Adam })
}

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
// With decay = "l2" it is the original Adam: u becomes u + weight_decay·w, and nothing is subtracted beside the step.
type AdamW struct {
	rate         float64
	beta1, beta2 float64
	eps          float64
	decay        decay
	taken        uint64  // steps taken, those before a resumption included
	m, v         sdk.Vec // the slots "m" and "v"
}

// AdamWParams declares the parameters of AdamW.
func AdamWParams() []sdk.Param {
	return append([]sdk.Param{
		rate(0.001, "learning rate, times the schedule"),
		weightDecay(0.01),
		decayParam(DecayDecoupled),
		noDecay(),
	}, adamParams()...)
}

func adamParams() []sdk.Param {
	return []sdk.Param{
		sdk.Float("beta1", 0.9, "decay of the average of gradients").Min(0).Below(1),
		sdk.Float("beta2", 0.999, "decay of the average of squared gradients").Min(0).Below(1),
		sdk.Float("eps", 1e-8, "added to the root of the second moment, after it is taken").Min(1e-30).Log(),
	}
}

// CheckAdamW finds what is wrong with the parameters of AdamWParams beyond their ranges.
func CheckAdamW(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic { return checkNoDecay(problem, p) }

// NewAdamW returns the rule for p, which has the parameters of AdamWParams or Params.
func NewAdamW(p sdk.Params) *AdamW {
	return &AdamW{
		rate:  p.Float("lr"),
		beta1: p.Float("beta1"),
		beta2: p.Float("beta2"),
		eps:   p.Float("eps"),
		decay: newDecay(p, DecayDecoupled),
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
func (r *AdamW) Step(w, u sdk.Vec, lrScale float64) { r.step(w, u, u, lrScale, true) }

// StepMoments is Step for methods that transform the gradient of one moment only: g feeds the first moment, h the
// second. Coupled weight decay is not added; call AddL2 before the transformation. Neither is modified.
func (r *AdamW) StepMoments(w, g, h sdk.Vec, lrScale float64) { r.step(w, g, h, lrScale, false) }

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

package base

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// SGD is stochastic gradient descent (Robbins & Monro 1951) with heavy-ball (Polyak 1964) or Nesterov momentum, without
// dampening, as PyTorch has it:
//
//	d = u + weight_decay·w           (decay = "l2")
//	b = momentum·b + d               (b = d in the first step)
//	w = w − lr·b                     (nesterov: w − lr·(d + momentum·b))
//
// with decay = "decoupled", lr·weight_decay·w is subtracted from w beside the step instead. Where the workload's
// parametrisation gives a tensor a rate of its own (muP), lr is multiplied by it.
type SGD struct {
	rate     float64
	momentum float64
	nesterov bool
	decay    decay
	buffer   sdk.Vec // the slot "momentum"; nil when momentum is 0
}

// SGDParams declares the parameters of SGD.
func SGDParams() []sdk.Param {
	return append([]sdk.Param{
		rate(0.1, "learning rate, times the schedule"),
		weightDecay(0),
		decayParam(DecayL2),
		noDecay(),
	}, momentumParams()...)
}

func momentumParams() []sdk.Param {
	return []sdk.Param{
		sdk.Float("momentum", 0, "share of the previous step that is kept").Min(0).Below(1),
		sdk.Bool("nesterov", false, "Nesterov's momentum: look one step ahead"),
	}
}

// CheckSGD finds what is wrong with the parameters of SGDParams beyond their ranges.
func CheckSGD(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	return append(checkMomentum(p), checkNoDecay(problem, p)...)
}

func checkMomentum(p sdk.Params) []sdk.Diagnostic {
	if p.Bool("nesterov") && p.Float("momentum") == 0 {
		return []sdk.Diagnostic{{Param: "nesterov", Message: "needs momentum greater than 0"}}
	}
	return nil
}

// NewSGD returns the rule for p, which has the parameters of SGDParams or Params.
func NewSGD(p sdk.Params) *SGD {
	return &SGD{
		rate:     p.Float("lr"),
		momentum: p.Float("momentum"),
		nesterov: p.Bool("nesterov"),
		decay:    newDecay(p, DecayL2),
	}
}

// Slots asks for the momentum buffer, if there is one.
func (r *SGD) Slots(int) []sdk.Slot {
	if r.momentum == 0 {
		return nil
	}
	return []sdk.Slot{{Name: "momentum"}}
}

// Init implements Rule. The buffer starts as zeros, which makes the first one d.
func (r *SGD) Init(start sdk.Start) error {
	if r.momentum != 0 {
		r.buffer = start.Slot("momentum")
	}
	return r.decay.init(start.Problem)
}

// Step implements Rule.
func (r *SGD) Step(w, u sdk.Vec, lrScale float64) {
	rate := r.rate * lrScale
	r.step(r.decay.rest, w, u, rate, false)
	r.step(r.decay.zones, w, u, rate, true)
}

func (r *SGD) step(zones []zone, w, u sdk.Vec, rate float64, decays bool) {
	for _, s := range zones {
		rate := rate * s.rates.SGD
		step := vec.SGDStep{Rate: float32(rate), Momentum: float32(r.momentum), Nesterov: r.nesterov}
		if decays {
			step.L2, step.Decay = r.decay.amounts(rate)
		}
		if r.momentum == 0 {
			vec.SGD(s.Of(w), s.Of(u), step)
		} else {
			vec.Momentum(s.Of(w), s.Of(r.buffer), s.Of(u), step)
		}
	}
}

package base

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// SGD is stochastic gradient descent (Robbins & Monro 1951) with heavy-ball (Polyak 1964) or Nesterov momentum, as PyTorch
// has it:
//
//	d = u + weight_decay·w                     (decay = "l2")
//	b = momentum·b + (1 − dampening)·d         (b = d in the first step)
//	w = w − lr·b                               (nesterov: w − lr·(d + momentum·b))
//
// with decay = "decoupled", lr·weight_decay·w is subtracted from w beside the step instead. Where the workload's
// parametrisation gives a tensor a rate of its own (muP), lr is multiplied by it. With clip_norm > 0, u is replaced by
// u·min(1, clip_norm/‖u‖) before all of this.
type SGD struct {
	rate      float64
	momentum  float64
	dampening float64
	nesterov  bool
	decay     decay
	limit     limit
	taken     uint64  // steps taken, those before a resumption included
	buffer    sdk.Vec // the slot "momentum"; nil when momentum is 0
}

// SGDParams declares the parameters of SGD.
func SGDParams() []sdk.Param {
	return append([]sdk.Param{
		rate(0.1, "learning rate, times the schedule"),
		weightDecay(0),
		decayParam(DecayL2),
		noDecay(),
		clipNorm(),
	}, momentumParams()...)
}

func momentumParams() []sdk.Param {
	return []sdk.Param{
		sdk.Float("momentum", 0, "share of the previous step that is kept").Min(0).Below(1),
		sdk.Float("dampening", 0, "share of the gradient that the momentum leaves out, from the second step on").Min(0).Below(1),
		sdk.Bool("nesterov", false, "Nesterov's momentum: look one step ahead"),
	}
}

// CheckSGD finds what is wrong with the parameters of SGDParams beyond their ranges.
func CheckSGD(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	return append(checkMomentum(p), checkNoDecay(problem, p)...)
}

func checkMomentum(p sdk.Params) []sdk.Diagnostic {
	out := CheckMomentum(p)
	switch d := p.Float("dampening"); {
	case d > 0 && p.Float("momentum") == 0:
		out = append(out, sdk.Diagnostic{Param: "dampening", Message: "needs momentum greater than 0"})
	case d > 0 && p.Bool("nesterov"):
		out = append(out, sdk.Diagnostic{Param: "nesterov", Message: "needs dampening = 0"})
	}
	return out
}

// NewSGD returns the rule for p, which has the parameters of SGDParams or Params.
func NewSGD(p sdk.Params) *SGD {
	return &SGD{
		rate:      p.Float("lr"),
		momentum:  p.Float("momentum"),
		dampening: p.Float("dampening"),
		nesterov:  p.Bool("nesterov"),
		decay:     newDecay(p, DecayL2),
		limit:     limit{norm: p.Float("clip_norm")},
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
	r.taken = start.Step
	if r.momentum != 0 {
		r.buffer = start.Slot("momentum")
	}
	return r.decay.init(start.Problem)
}

// Step implements Rule.
func (r *SGD) Step(w, u sdk.Vec, lrScale float64) {
	if r.damped() {
		// The vector kernels of a whole step have no dampening.
		r.advance(w, r.limit.of(u), nil)
		r.Descend(w, r.buffer, lrScale)
		return
	}
	r.taken++
	u = r.limit.of(u)
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

// damped says whether the next step takes in less than the whole gradient: the first one does not.
func (r *SGD) damped() bool { return r.momentum != 0 && r.dampening != 0 && r.taken > 0 }

// Direction is the first half of Step, for methods that transform the final update: it advances the momentum and stores
// the direction that Step would follow, b or d + momentum·b above, in dst. Coupled weight decay is part of it. w and u
// are not modified; dst may be u.
func (r *SGD) Direction(dst, w, u sdk.Vec) { r.advance(w, r.limit.of(u), dst) }

// Descend is the second half of Step: w loses lr·d and what decoupled weight decay takes. d is not modified.
func (r *SGD) Descend(w, d sdk.Vec, lrScale float64) {
	r.decay.descend(w, d, r.rate*lrScale, func(f sdk.Rates) float64 { return f.SGD })
}

// advance takes u into the momentum and stores the direction in dst. dst may be nil when there is dampening.
func (r *SGD) advance(w, u, dst sdk.Vec) {
	damped := r.damped()
	r.taken++
	each := func(zones []zone, l2 float32) {
		for _, s := range zones {
			if damped {
				b, share := s.Of(r.buffer), float32(1-r.dampening)
				vec.Combine(b, float32(r.momentum), b, share, s.Of(u))
				if l2 != 0 {
					vec.Axpy(b, share*l2, s.Of(w))
				}
				if dst != nil {
					copy(s.Of(dst), b)
				}
				continue
			}
			d := s.Of(dst)
			if l2 != 0 {
				vec.AddScaled(d, s.Of(u), l2, s.Of(w))
			} else {
				copy(d, s.Of(u))
			}
			if r.momentum == 0 {
				continue
			}
			b := s.Of(r.buffer)
			vec.ScaleAdd(b, float32(r.momentum), d)
			if r.nesterov {
				vec.AddScaled(d, d, float32(r.momentum), b)
			} else {
				copy(d, b)
			}
		}
	}
	l2, _ := r.decay.amounts(0)
	each(r.decay.rest, 0)
	each(r.decay.zones, l2)
}

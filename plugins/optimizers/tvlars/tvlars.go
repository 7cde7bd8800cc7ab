// Package tvlars is LARS with a share that falls over time in place of a warm-up. In step t = 1, 2, …, for each tensor w
// with gradient g, ‖·‖c the Euclidean norm limited to clamp:
//
//	gamma = 1/(alpha + exp(lambda·(t − delay))) + floor
//	d = g + weight_decay·w
//	q = trust·gamma·‖w‖c/‖d‖c          (1 when either norm is 0)
//	b = momentum·b + q·d               (b = q·d in the first step)
//	w = w − lr·b
//
// With delay = 0 and floor = 0, the defaults, this is the published code; alpha = 0 and clamp = 0 (no limit) are its
// first version. Delay and floor stand in the paper only. Biases and normalisation layers take neither weight decay nor
// the ratio q unless no_decay and no_adapt say otherwise. Where the workload's parametrisation gives a tensor a rate of
// its own, lr is multiplied by it.
package tvlars

import (
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Stepper = Optimizer{}

// Info implements sdk.Stepper.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "tvlars",
		Version: 1,
		Summary: "time-varying LARS: the share of its norm by which a tensor moves falls exponentially, without a warm-up",
		Rule: "gamma = 1/(alpha + exp(lambda*(t - delay))) + floor; for each tensor: d = g + weight_decay*w; q = trust*gamma*min(|w|, clamp)/min(|d|, clamp) (1 when either is 0); " +
			"b = momentum*b + q*d; w = w - lr*b; biases and normalisation layers: q = 1, d = g",
		Citation: "Revisiting LARS for Large Batch Training Generalization of Neural Networks, 2023, and the code published with it",
		Unverified: "delay and floor, which the paper has and the published code has not, were not checked against the paper; nor were its authors' names and its number on arXiv. " +
			"The defaults are those of the published code.",
		Watch: []string{
			"Without a floor the share falls to 0 exponentially: with lambda 1e-3 it is below 1e-4 of its start after some 9200 steps, and only exempt tensors move on.",
			"The limit applies to the norm of the direction as well: a gradient longer than clamp is not normalised, and the step is then proportional to it.",
			"The factor counts steps of this trial, whatever the host's schedule does; use a constant schedule to have the published method.",
		},
		Params: append([]sdk.Param{
			sdk.Float("lr", 1, "learning rate, times the schedule").Min(0).Log(),
			sdk.Float("trust", 0.001, "trust coefficient: share of its norm by which a tensor moves at lr 1 and gamma 1").Above(0).Log(),
			sdk.Float("lambda", 0.001, "rate of decay of gamma, per step; published grid: 1e-6 to 1e-2").Min(0).Log(),
			sdk.Float("alpha", 0.1, "added to the exponential; 1/(alpha + 1) is gamma at t = delay").Min(0),
			sdk.Float("clamp", 10, "limit of both norms, 0 for none").Min(0),
			sdk.Float("delay", 0, "step at which the exponential is 1 (unverified; 0 in the published code)").Min(0),
			sdk.Float("floor", 0, "least value of gamma (unverified; 0 in the published code)").Min(0),
			sdk.Float("momentum", 0.9, "share of the previous step that is kept").Min(0).Below(1),
			sdk.Bool("nesterov", false, "Nesterov's momentum: look one step ahead"),
		}, base.TensorwiseParams(5e-4)...),
		Cost: 1,
		Degenerate: []sdk.Degenerate{
			// The learning rate is sgd's own default.
			{When: map[string]any{"no_adapt": base.NoAdaptAll, "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0}, Equals: "sgd"},
			// gamma is 1 throughout.
			{When: map[string]any{"lambda": 0.0, "alpha": 0.0, "clamp": 0.0}, Equals: "lars"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     func(_ sdk.Problem, p sdk.Params) []sdk.Diagnostic { return base.CheckMomentum(p) },
	}
}

// Slots implements sdk.Stepper.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return base.NewMomentum(p).Slots(problem.Dim)
}

// New implements sdk.Stepper.
func (Optimizer) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	p := start.Params
	rule := base.NewMomentum(p)
	if err := rule.Init(start); err != nil {
		return nil, err
	}
	tensors := base.NewTensorwise(start.Problem, p)
	trust, lambda, alpha := p.Float("trust"), p.Float("lambda"), p.Float("alpha")
	delay, floor := p.Float("delay"), p.Float("floor")
	limit := p.Float("clamp")
	if limit == 0 {
		limit = math.Inf(1)
	}
	taken, factor := start.Step, 0.0
	ratio := func(n base.Norms) float64 {
		above, below := min(n.W, limit), min(n.D, limit)
		if above == 0 || below == 0 {
			return 1
		}
		return factor * above / below
	}
	return func(w, g sdk.Vec, lrScale float64) error {
		taken++
		gamma := 1/(alpha+math.Exp(lambda*(float64(taken)-delay))) + floor
		factor = trust * gamma
		tensors.Apply(g, w, ratio)
		rule.Step(w, g, lrScale)
		return nil
	}, nil
}

// Package lars is layer-wise adaptive rate scaling: each tensor moves by a fixed share of its own norm. In every step,
// for each tensor w with gradient g:
//
//	d = g + weight_decay·w
//	q = trust·‖w‖/‖d‖                  (1 when either norm is 0)
//	b = momentum·b + q·d               (b = q·d in the first step)
//	w = w − lr·b
//
// The denominator of q exists in three forms: denom = "dir" is the one above, of the implementations in use; "sum" is
// ‖g‖ + weight_decay·‖w‖, that of the paper; "grad" is ‖g‖ alone. Biases and normalisation layers take neither weight
// decay nor the ratio q unless no_decay and no_adapt say otherwise. Where the workload's parametrisation gives a tensor
// a rate of its own, lr is multiplied by it.
package lars

import (
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Stepper = Optimizer{}

// The denominators of the ratio.
const (
	denomDir  = "dir"
	denomSum  = "sum"
	denomGrad = "grad"
)

// Info implements sdk.Stepper.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "lars",
		Version: 1,
		Summary: "layer-wise adaptive rate scaling: each tensor moves by a share of its own norm",
		Rule: "for each tensor: d = g + weight_decay*w; q = trust*|w|/|d| (1 when either is 0); b = momentum*b + q*d; w = w - lr*b; " +
			`denom = "sum": q = trust*|w|/(|g| + weight_decay*|w|); denom = "grad": q = trust*|w|/|g|; biases and normalisation layers: q = 1, d = g`,
		Citation: "You, Gitman & Ginsburg 2017, Large Batch Training of Convolutional Networks, arXiv:1708.03888",
		Watch: []string{
			"The step of a tensor is lr·trust·‖w‖ whatever the gradient, so lr is of another order than that of sgd: with the default trust, lr 1 moves a tensor by a thousandth of its norm.",
			"Tensors that are exempt from the ratio take lr itself; a large lr that suits the weights may be too large for them.",
			"Published runs warm the learning rate up; without a warm-up the first steps are as long as any other.",
		},
		Params: append([]sdk.Param{
			sdk.Float("lr", 1, "learning rate, times the schedule").Min(0).Log(),
			sdk.Float("trust", 0.001, "trust coefficient: share of its norm by which a tensor moves at lr 1").Above(0).Log(),
			sdk.Choice("denom", denomDir, []string{denomDir, denomSum, denomGrad},
				"what the norm of a tensor is divided by: the norm of the gradient with weight decay, the sum of the norms of both, or the norm of the gradient"),
			sdk.Float("momentum", 0.9, "share of the previous step that is kept").Min(0).Below(1),
			sdk.Bool("nesterov", false, "Nesterov's momentum: look one step ahead"),
		}, base.TensorwiseParams(5e-4)...),
		Cost: 1,
		Degenerate: []sdk.Degenerate{
			// The learning rate is sgd's own default.
			{When: map[string]any{"no_adapt": base.NoAdaptAll, "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0}, Equals: "sgd"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(_ sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.CheckMomentum(p)
	if p.String("no_adapt") == base.NoAdaptAll && p.String("denom") != denomDir {
		out = append(out, sdk.Diagnostic{Param: "denom", Message: `has no effect with no_adapt = "all": leave one of them out`})
	}
	return out
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
	trust := p.Float("trust")
	var denominator func(base.Norms) float64
	switch p.String("denom") {
	case denomSum:
		denominator = func(n base.Norms) float64 { return n.U + float64(n.Decay*n.W) }
	case denomGrad:
		denominator = func(n base.Norms) float64 { return n.U }
	default:
		denominator = func(n base.Norms) float64 { return n.D }
	}
	ratio := func(n base.Norms) float64 {
		below := denominator(n)
		if n.W == 0 || below == 0 {
			return 1
		}
		return trust * n.W / below
	}
	return func(w, g sdk.Vec, lrScale float64) error {
		tensors.Apply(g, w, ratio)
		rule.Step(w, g, lrScale)
		return nil
	}, nil
}

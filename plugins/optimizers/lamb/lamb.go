// Package lamb is layer-wise adaptation for Adam: each tensor's step has the length of the tensor. In every step, for each
// tensor w with gradient g:
//
//	m = beta1·m + (1−beta1)·g
//	v = beta2·v + (1−beta2)·g²
//	r = m/(√v + eps) + weight_decay·w
//	q = min(‖w‖, clamp)/‖r‖            (1 when either norm is 0)
//	w = w − lr·q·r
//
// The moments are not corrected for their start at zero, as in the last version of the paper, unless bias_correction is
// set. decay = "direction" is the weight decay above; with "decoupled", lr·weight_decay·w is subtracted from w beside the
// step and is no part of r; with "l2", weight_decay·w is added to g. Biases and normalisation layers take neither weight
// decay nor the ratio q unless no_decay and no_adapt say otherwise. Where the workload's parametrisation gives a tensor a
// rate of its own, lr is multiplied by it.
package lamb

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Stepper = Optimizer{}

// decayDirection makes weight decay a part of the direction whose norm the step size divides by.
const decayDirection = "direction"

// Info implements sdk.Stepper.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "lamb",
		Version: 1,
		Summary: "layer-wise adaptive moments: Adam's direction, each tensor moving by a share of its own norm",
		Rule: "m = beta1*m + (1-beta1)*g; v = beta2*v + (1-beta2)*g^2; for each tensor: r = m/(sqrt(v) + eps) + weight_decay*w; q = min(|w|, clamp)/|r| (1 when either is 0); " +
			"w = w - lr*q*r; biases and normalisation layers: q = 1, no weight decay",
		Citation: "You et al. 2019, Large Batch Optimization for Deep Learning: Training BERT in 76 minutes, arXiv:1904.00962",
		Watch: []string{
			"A tensor moves by lr·‖w‖ in each step, however small its gradient: with a constant schedule the training does not come to rest.",
			"Without bias correction the first direction is far longer than later ones; tensors that are exempt from the ratio feel it.",
		},
		Params: append([]sdk.Param{
			sdk.Float("lr", 0.001, "learning rate, times the schedule: the share of its norm by which a tensor moves").Min(0).Log(),
			sdk.Float("beta1", 0.9, "decay of the average of gradients").Min(0).Below(1),
			sdk.Float("beta2", 0.999, "decay of the average of squared gradients").Min(0).Below(1),
			sdk.Float("eps", 1e-6, "added to the root of the second moment, after it is taken").Min(1e-30).Log(),
			sdk.Bool("bias_correction", false, "correct the moments for their start at zero, as Adam does"),
			sdk.Float("clamp", 10, "limit of the norm of a tensor in its ratio, 0 for none").Min(0),
			sdk.Choice("decay", decayDirection, []string{decayDirection, base.DecayDecoupled, base.DecayL2},
				"where weight decay acts: direction adds it to Adam's direction before the ratio, decoupled shrinks the parameters beside the step, l2 adds it to the gradient"),
		}, base.TensorwiseParams(0.01)...),
		Cost:      1,
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
	}
}

// moments returns the rule for the moments, and what goes on tensor by tensor; weight decay is in one of them.
func moments(problem sdk.Problem, p sdk.Params) (*base.AdamW, *base.Tensorwise) {
	adam := map[string]any{
		"lr": p.Float("lr"), "beta1": p.Float("beta1"), "beta2": p.Float("beta2"), "eps": p.Float("eps"), "weight_decay": 0.0,
	}
	tensors := map[string]any{"weight_decay": 0.0, "no_decay": p.String("no_decay"), "no_adapt": p.String("no_adapt")}
	if decay := p.String("decay"); decay == decayDirection {
		tensors["weight_decay"] = p.Float("weight_decay")
	} else {
		adam["decay"], adam["weight_decay"] = decay, p.Float("weight_decay")
		if len(problem.Tensors) > 0 {
			adam["no_decay"] = p.String("no_decay")
		}
	}
	return base.NewAdamW(values(base.AdamWParams(), adam)), base.NewTensorwise(problem, values(base.TensorwiseParams(0), tensors))
}

func values(declared []sdk.Param, given map[string]any) sdk.Params {
	out, problems := sdk.NewParams(declared, given)
	if len(problems) > 0 {
		panic(fmt.Sprintf("lamb: %v", problems))
	}
	return out
}

// Slots implements sdk.Stepper.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	rule, _ := moments(problem, p)
	return rule.Slots(problem.Dim)
}

// New implements sdk.Stepper.
func (Optimizer) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	p := start.Params
	rule, tensors := moments(start.Problem, p)
	if err := rule.Init(start); err != nil {
		return nil, err
	}
	correct, limit := p.Bool("bias_correction"), p.Float("clamp")
	if limit == 0 {
		limit = math.Inf(1)
	}
	ratio := func(n base.Norms) float64 {
		if n.W == 0 || n.D == 0 {
			return 1
		}
		return min(n.W, limit) / n.D
	}
	direction := make(sdk.Vec, start.Problem.Dim)
	return func(w, g sdk.Vec, lrScale float64) error {
		rule.Direction(direction, w, g, correct)
		tensors.Apply(direction, w, ratio)
		rule.Descend(w, direction, lrScale)
		return nil
	}, nil
}

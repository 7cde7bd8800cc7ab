// Package adam is the original Adam, whose weight decay is added to the gradient. In step t = 1, 2, …:
//
//	d_t = g(w_t) + weight_decay·w_t
//	m_t = beta1·m_{t−1} + (1−beta1)·d_t
//	v_t = beta2·v_{t−1} + (1−beta2)·d_t²
//	w_{t+1} = w_t − lr_t · m_t/(1−beta1^t) / (√(v_t/(1−beta2^t)) + eps)
//
// The learning rate lr_t is lr times the schedule. eps is added after the root and after the correction of its bias, as
// in PyTorch. With clip_norm > 0 a gradient with a larger norm is scaled down to it first. The folder adamw has the
// decay beside the step.
package adam

import (
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Stepper = Optimizer{}

// Info implements sdk.Stepper.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "adam",
		Version: 1,
		Summary: "Adam, with weight decay as a part of the gradient",
		Rule: "d = g + weight_decay*w; m = beta1*m + (1-beta1)*d; v = beta2*v + (1-beta2)*d^2; " +
			"w = w - lr * m/(1-beta1^t) / (sqrt(v/(1-beta2^t)) + eps); clip_norm > 0: g = g * min(1, clip_norm/|g|) first",
		Citation: "Kingma & Ba 2014, Adam: A Method for Stochastic Optimization, arXiv:1412.6980",
		Watch: []string{
			"Weight decay is divided by the root of the second moment like the rest of the gradient, so the same number is not the same amount as in adamw.",
		},
		Params:     base.AdamParams(),
		Cost:       1,
		Degenerate: []sdk.Degenerate{{When: map[string]any{"weight_decay": 0.0}, Equals: "adamw"}},
		Needs:      []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable:  true,
		Check:      base.CheckAdamW,
	}
}

// Slots implements sdk.Stepper.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return base.NewAdam(p).Slots(problem.Dim)
}

// New implements sdk.Stepper.
func (Optimizer) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	rule := base.NewAdam(start.Params)
	if err := rule.Init(start); err != nil {
		return nil, err
	}
	return func(w, g sdk.Vec, lrScale float64) error {
		rule.Step(w, g, lrScale)
		return nil
	}, nil
}

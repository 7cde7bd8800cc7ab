// Package adamw is Adam with decoupled weight decay, and with decay = "l2" the original Adam. In step t = 1, 2, …:
//
//	m_t = beta1·m_{t−1} + (1−beta1)·g(w_t)
//	v_t = beta2·v_{t−1} + (1−beta2)·g(w_t)²
//	w_{t+1} = w_t − lr_t·weight_decay·w_t − lr_t · m_t/(1−beta1^t) / (√(v_t/(1−beta2^t)) + eps)
//
// The learning rate lr_t is lr times the schedule. eps is added after the root and after the correction of its bias, as
// in PyTorch. With decay = "l2", g + weight_decay·w replaces g and the first term is absent. With clip_norm > 0 a gradient
// with a larger norm is scaled down to it first.
package adamw

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
		Name:    "adamw",
		Version: 1,
		Summary: "Adam with decoupled weight decay",
		Rule: "m = beta1*m + (1-beta1)*g; v = beta2*v + (1-beta2)*g^2; w = w - lr*weight_decay*w - lr * m/(1-beta1^t) / (sqrt(v/(1-beta2^t)) + eps); " +
			`decay = "l2": g = g + weight_decay*w instead of the decay beside the step (the original Adam); clip_norm > 0: g = g * min(1, clip_norm/|g|) first`,
		Citation:  "Kingma & Ba 2014, Adam: A Method for Stochastic Optimization, arXiv:1412.6980; Loshchilov & Hutter 2017, Decoupled Weight Decay Regularization, arXiv:1711.05101",
		Params:    base.AdamWParams(),
		Cost:      1,
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     base.CheckAdamW,
	}
}

// Slots implements sdk.Stepper.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return base.NewAdamW(p).Slots(problem.Dim)
}

// New implements sdk.Stepper.
func (Optimizer) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	rule := base.NewAdamW(start.Params)
	if err := rule.Init(start); err != nil {
		return nil, err
	}
	return func(w, g sdk.Vec, lrScale float64) error {
		rule.Step(w, g, lrScale)
		return nil
	}, nil
}

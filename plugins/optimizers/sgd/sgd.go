// Package sgd is stochastic gradient descent, plain or with momentum:
//
//	d_t = g(w_t) + weight_decay·w_t
//	b_t = momentum·b_{t−1} + (1 − dampening)·d_t   (b_0 = d_0)
//	w_{t+1} = w_t − lr_t·b_t                       (nesterov: w_t − lr_t·(d_t + momentum·b_t))
//
// The learning rate lr_t is lr times the schedule. With decay = "decoupled", d_t = g(w_t) and lr_t·weight_decay·w_t is
// subtracted beside the step. With clip_norm > 0 a gradient with a larger norm is scaled down to it first. The same
// numbers as PyTorch's SGD.
//
// This folder is the model for a new optimizer: copy it. An update rule with one gradient a step is an sdk.Stepper; see
// the folder sam for a method that needs more.
package sgd

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
		Name:    "sgd",
		Version: 1, // raise it when a trajectory changes; the test of the golden trajectory says so
		Summary: "stochastic gradient descent with heavy-ball or Nesterov momentum",
		Rule: "d = g + weight_decay*w; b = momentum*b + (1-dampening)*d (first step: b = d); w = w - lr*b, with nesterov w = w - lr*(d + momentum*b); " +
			`decay = "decoupled": d = g and w = w - lr*weight_decay*w beside the step; clip_norm > 0: g = g * min(1, clip_norm/|g|) first`,
		Citation: "Robbins & Monro 1951, A Stochastic Approximation Method; Sutskever et al. 2013, On the importance of initialization and momentum in deep learning",
		Watch: []string{
			"The first momentum buffer is the gradient itself: with dampening the first step is longer than those that follow.",
		},
		Params:    base.SGDParams(),
		Cost:      1,
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     base.CheckSGD,
	}
}

// Slots implements sdk.Stepper.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return base.NewSGD(p).Slots(problem.Dim)
}

// New implements sdk.Stepper.
func (Optimizer) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	rule := base.NewSGD(start.Params)
	if err := rule.Init(start); err != nil {
		return nil, err
	}
	return func(w, g sdk.Vec, lrScale float64) error {
		rule.Step(w, g, lrScale)
		return nil
	}, nil
}

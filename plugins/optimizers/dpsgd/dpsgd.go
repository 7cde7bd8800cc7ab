// Package dpsgd is differentially private stochastic gradient descent:
//
//	B_t ~ each example with probability q = batch size / examples
//	S_t = Σ_{i∈B_t} g_i(w_t)·min(1, C/‖g_i(w_t)‖)
//	p_t = (S_t + N(0, σ²C²I)) / (q·examples)
//	w_{t+1} = base step from w_t along p_t
//
// With σ = 0 and no limit it is SGD on Poisson batches, the mean gradient scaled by |B_t| over its expectation.
package dpsgd

import (
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
	"github.com/sharpbench/sharpbench/plugins/sdk/private"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:      "dpsgd",
		Version:   1,
		Summary:   "differentially private SGD: gradients of single examples are clipped, added up and hidden in Gaussian noise",
		Rule:      "B: each example with probability batch size / examples; p = (sum over B of g_i*min(1, clip/|g_i|) + N(0, (sigma*clip)^2)) / batch size; base step along p",
		Citation:  "Abadi et al. 2016, Deep Learning with Differential Privacy, CCS, arXiv:1607.00133",
		Watch:     private.Watch(),
		Params:    private.Params(),
		Cost:      1,
		Track:     private.Track,
		Privacy:   private.Declare(1),
		Needs:     private.Needs,
		Resumable: true,
		Check:     private.Check,
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return base.New(p).Slots(problem.Dim)
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	rule, m := base.New(s.Params()), private.New(s)
	if err := rule.Init(private.Start(s)); err != nil {
		return err
	}
	w, g := s.W(), s.Slot("grad")
	for s.Next() {
		if err := m.Release(w, g, "noise"); err != nil {
			return err
		}
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

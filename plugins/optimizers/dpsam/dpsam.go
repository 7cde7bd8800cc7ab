// Package dpsam is sharpness-aware minimization under differential privacy, with two releases a step on the same draw:
//
//	p'_t = release at w_t
//	p_t = release at w_t + rho·p'_t/(‖p'_t‖ + 1e-12)
//	w_{t+1} = base step from w_t along p_t
//
// where a release is that of dpsgd, with noise of its own. Two Gaussian releases with noise multiplier σ on one draw reveal
// as much as one with σ/√2: for the privacy of dpsgd in as many steps, σ is √2 times as large.
package dpsam

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
	"github.com/sharpbench/sharpbench/plugins/sdk/private"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// tiny keeps a zero release from being divided by its norm.
const tiny = 1e-12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "dpsam",
		Version: 1,
		Summary: "differentially private SAM: both gradients of a step are released with noise",
		Rule: "release(v) = (sum over B of g_i(v)*min(1, clip/|g_i(v)|) + N(0, (sigma*clip)^2)) / batch size, B: each example with probability batch size / examples; " +
			"q = release(w); p = release(w + rho*q/(|q| + 1e-12)) on the same B with other noise; base step from w along p",
		Citation:   "Foret et al. 2020, arXiv:2010.01412, with Abadi et al. 2016, arXiv:1607.00133; compared with DP-SAT in Park, Kim, Choi & Lee 2023, Differentially Private Sharpness-Aware Training, ICML, arXiv:2306.05651",
		Unverified: "There is no published code; that both releases use the same draw and the same limit is what follows from SAM and the description of DP-SAT's paper.",
		Watch: append([]string{
			"Two releases a step: at the same epsilon, sigma is about 1.4 times that of dpsgd. epsilon takes this into account, a sigma given by hand does not.",
		}, private.Watch()...),
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.01, "distance of the perturbed point").Min(0).Log(),
		}, private.Params()...),
		Cost:    2,
		Track:   private.Track,
		Privacy: private.Declare(2),
		// The second release is of the same draw, with the noise that dpsgd has.
		Degenerate: []sdk.Degenerate{{When: map[string]any{"rho": 0.0}, Equals: "dpsgd"}},
		Needs:      private.Needs,
		Resumable:  true,
		Check:      private.Check,
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return append(base.New(p).Slots(problem.Dim), sdk.Slot{Name: "perturbed", Scratch: true})
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	rule, m, rho := base.New(s.Params()), private.New(s), s.Params().Float("rho")
	if err := rule.Init(private.Start(s)); err != nil {
		return err
	}
	w, g, perturbed := s.W(), s.Slot("grad"), s.Slot("perturbed")
	for s.Next() {
		if err := m.Release(w, g, "ascent"); err != nil {
			return err
		}
		vec.AddScaled(perturbed, w, float32(rho/(vec.Norm2(g)+tiny)), g)
		if err := m.Release(perturbed, g, "noise"); err != nil {
			return err
		}
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

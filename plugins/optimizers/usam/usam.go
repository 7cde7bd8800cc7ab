// Package usam is SAM without the normalisation of the ascent: the perturbation is as long as the gradient is.
//
//	g_t = g(w_t)
//	u_t = g(w_t + rho·g_t)              same minibatch, same augmentation
//	w_{t+1} = base step from w_t along u_t
//
// With ascent_clip > 0 the perturbation is at most that long. Scope, window, weight decay and batch statistics are as in
// the folder sam.
package usam

import (
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "usam",
		Version: 1,
		Summary: "SAM without normalisation: the ascent is as long as the gradient",
		Rule: "g = grad(w); u = grad(w + rho*g) on the same batch; base step from w along u; " +
			"ascent_clip > 0: the perturbation is min(rho, ascent_clip/|g|)*g",
		Citation: "Monzio Compagnoni, Biggio, Orvieto, Proske, Kersting & Lucchi 2023, An SDE for Modeling SAM: Theory and Insights, arXiv:2301.08203; " +
			"unnormalised SAM: Andriushchenko & Flammarion 2022, Towards Understanding Sharpness-Aware Minimization, arXiv:2206.06232",
		Unverified: "no default of rho was found in a publication; ascent_clip is an option of this implementation",
		Watch: []string{
			"rho is not a length here: it multiplies the gradient, so a value for sam means nothing for usam. Try 0.001 to 0.1.",
			"Where rho times the gradient is long the second gradient can be huge, and training diverges; ascent_clip limits the length.",
		},
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.01, "multiplies the gradient, which gives the perturbation").Min(0).Log(),
			sdk.Float("ascent_clip", 0, "largest length of the perturbation, 0 for no limit").Min(0).Log(),
		}, ascent.Params()...),
		Cost:     2,
		CostNote: "1 + (window_end - window_start)",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"rho": 0.0}, Equals: "sgd"},
			// The learning rate and the decay are adamw's own defaults.
			{When: map[string]any{"rho": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     ascent.Check,
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot { return ascent.Slots(problem, p) }

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	loop, err := ascent.NewLoop(s)
	if err != nil {
		return err
	}
	rho, clip := s.Params().Float("rho"), s.Params().Float("ascent_clip")
	return loop.Run(s, func(dst, w, g sdk.Vec) error {
		scale := rho
		if clip > 0 {
			// Of a zero gradient the quotient is infinite, and rho the smaller.
			scale = math.Min(rho, clip/loop.Set.Norm(g))
		}
		loop.Set.Shift(dst, w, float32(scale), g)
		return nil
	})
}

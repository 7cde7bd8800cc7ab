// Package sam is sharpness-aware minimization. Each step climbs to the edge of a ball around w, to first order, and
// takes the gradient found there back to w:
//
//	g_t = g(w_t)
//	e_t = rho · g_t / (‖g_t‖ + 1e-12)
//	u_t = g(w_t + e_t)                  same minibatch, same augmentation
//	w_{t+1} = base step from w_t along u_t
//
// The norm runs over all perturbed parameters together; scope says which kinds are perturbed. Weight decay belongs to the
// base and acts on w_t, unless l2_in_loss makes it a term of the loss. Running statistics of batch normalisation follow
// the first gradient only, unless bn_update says otherwise. Outside the window the step is the base's own along g_t. w is
// never modified in between: the perturbed point has a vector of its own, so nothing has to be undone.
package sam

import (
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// tiny keeps a zero gradient from being divided by zero; the value of the most used implementation.
const tiny = 1e-12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "sam",
		Version: 1,
		Summary: "sharpness-aware minimization: the gradient at the worst nearby point, to first order",
		Rule:    "g = grad(w); u = grad(w + rho*g/(|g| + 1e-12)) on the same batch; base step from w along u",
		Citation: "Foret, Kleiner, Mobahi & Neyshabur 2020, Sharpness-Aware Minimization for Efficiently Improving Generalization, arXiv:2010.01412; " +
			"scope: Müller, Vlaar, Rolnick & Hein 2023, Normalization Layers Are All That Sharpness-Aware Minimization Needs, arXiv:2306.04226",
		Watch: []string{
			"A step costs two gradients: at an equal number of G, SAM takes half the steps of its base.",
			"A large rho stops training loss from reaching zero, and then sharpness is no longer comparable: compare at matched training loss.",
			"Implementations differ in whether the second gradient moves the running statistics of batch normalisation (bn_update) and whether weight decay is part of the loss (l2_in_loss).",
			"The window is a share of the steps of the run; outside it a step costs 1 G, so a run with a window costs less than one of the same number of steps without.",
		},
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.05, "distance of the perturbed point, in the Euclidean norm over all perturbed parameters").Min(0).Log(),
		}, ascent.Params()...),
		Cost:     2,
		CostNote: "1 + (window_end - window_start)",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"rho": 0.0}, Equals: "sgd"},
			// The learning rates and the decay are the defaults of adam and adamw.
			{When: map[string]any{"rho": 0.0, "base": base.NameAdam, "lr": 0.001}, Equals: "adam"},
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
	ball := ascent.Ball{Set: loop.Set, Rho: s.Params().Float("rho"), Tiny: tiny}
	return loop.Run(s, func(dst, w, g sdk.Vec) error {
		ball.Perturb(dst, w, g)
		return nil
	})
}

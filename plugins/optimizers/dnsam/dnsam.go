// Package dnsam is SAM with a deterministic normalisation: the gradient of the minibatch is divided by the norm of the
// gradient of all training examples.
//
//	g_t = g(w_t; minibatch)
//	n_t = ‖g(w_t; all training examples)‖
//	u_t = g(w_t + rho·g_t/(n_t + 1e-12); minibatch)
//	w_{t+1} = base step from w_t along u_t
//
// With full batches it is SAM. The full gradient makes a step cost as much as an epoch; norm_every > 1, an extension of
// this implementation, computes n_t in every norm_every-th step only and keeps it in between. Scope, window, weight decay
// and batch statistics are as in the folder sam.
package dnsam

import (
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// tiny keeps a zero gradient from being divided by zero, as in the folder sam.
const tiny = 1e-12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "dnsam",
		Version: 1,
		Summary: "SAM whose ascent is normalised by the gradient over all training examples",
		Rule: "g = grad(w) on the minibatch; n = |grad(w)| over all training examples; u = grad(w + rho*g/(n + 1e-12)) on the minibatch; base step from w along u; " +
			"norm_every > 1 (an extension): n is computed in every norm_every-th step",
		Citation:   "Monzio Compagnoni, Biggio, Orvieto, Proske, Kersting & Lucchi 2023, An SDE for Modeling SAM: Theory and Insights, arXiv:2301.08203",
		Unverified: "the formula, the meaning of the name and a default of rho were not checked against the paper; norm_every is an extension of this implementation",
		Watch: []string{
			"The full gradient of every step is not in the nominal cost of 2 G: with norm_every = 1 a step costs a whole epoch of gradients. Compare by the G that were billed.",
			"The perturbation is not rho long: it is rho times the ratio of the two norms, and the gradient of a small batch is usually much longer than the full one.",
			"Norms that were kept (norm_every > 1) are stale when the gradient shrinks quickly.",
			"With batch normalisation the full gradient is the mean over parts of the size of a minibatch, each with its own statistics.",
		},
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.05, "distance of the perturbed point if the minibatch's gradient were as long as the full one").Min(0).Log(),
			sdk.Int("norm_every", 1, "steps from one full gradient to the next; above 1 the norm is kept in between, which is not in the paper").Min(1),
		}, ascent.Params()...),
		Cost:     2,
		CostNote: "2 + N/(B*norm_every) for N training examples in batches of B, inside the window",
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
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := ascent.Slots(problem, p)
	if p.Int("norm_every") > 1 {
		slots = append(slots, sdk.Slot{Name: "norm", Len: 1})
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	loop, err := ascent.NewLoop(s)
	if err != nil {
		return err
	}
	rho, every := s.Params().Float("rho"), uint64(s.Params().Int("norm_every"))
	var kept sdk.Vec // the norm last computed; 0 until there is one
	if every > 1 {
		kept = s.Slot("norm")
	}
	return loop.Run(s, func(dst, w, g sdk.Vec) error {
		var norm float64
		if kept != nil && kept[0] != 0 && s.Step()%every != 0 {
			norm = float64(kept[0])
		} else {
			// The full gradient takes the place that the perturbed point will have.
			if err := loop.GradLater(s, s.FullBatch(), w, dst); err != nil {
				return err
			}
			if norm = loop.Set.Norm(dst); kept != nil {
				// A resumed run reads it from the slot, so this one uses it as the slot holds it.
				kept[0] = float32(norm)
				norm = float64(kept[0])
			}
		}
		loop.Set.Shift(dst, w, float32(rho/(norm+tiny)), g)
		return nil
	})
}

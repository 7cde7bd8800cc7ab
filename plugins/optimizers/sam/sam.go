// Package sam is sharpness-aware minimization. Each step climbs to the edge of a ball around w, to first order, and
// takes the gradient found there back to w:
//
//	g_t = g(w_t)
//	e_t = rho · g_t / (‖g_t‖ + 1e-12)
//	u_t = g(w_t + e_t)                  same minibatch, same augmentation
//	w_{t+1} = base step from w_t along u_t
//
// The norm runs over all perturbed parameters together. Weight decay belongs to the base and acts on w_t. Running
// statistics of batch normalisation follow the first gradient only. w is never modified in between: the perturbed point
// has a vector of its own, so nothing has to be undone.
package sam

import (
	"errors"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// tiny keeps a zero gradient from being divided by zero; the value of the most used implementation.
const tiny = 1e-12

// Values of the parameter scope.
const (
	scopeAll    = "all"
	scopeNorm   = "norm"
	scopeNoNorm = "no-norm"
)

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "sam",
		Version: 1,
		Summary: "sharpness-aware minimization: the gradient at the worst nearby point, to first order",
		Rule:    "g = grad(w); u = grad(w + rho*g/(|g| + 1e-12)) on the same batch; base step from w along u",
		Citation: "Foret, Kleiner, Mobahi & Neyshabur 2020, Sharpness-Aware Minimization for Efficiently Improving Generalization, arXiv:2010.01412; " +
			"scope: Müller, Vlaar, Rolnick & Hein 2023, Normalization Layers Are All That Sharpness-Aware Minimization Needs, arXiv:2306.04226",
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.05, "distance of the perturbed point, in the Euclidean norm over all perturbed parameters").Min(0).Log(),
			sdk.Choice("scope", scopeAll, []string{scopeAll, scopeNorm, scopeNoNorm},
				"parameters that are perturbed: all, the scales and shifts of normalisation layers only, or all but those"),
		}, base.Params()...),
		Cost: 2,
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"rho": 0.0}, Equals: "sgd"},
			// The learning rate and the decay are adamw's own defaults.
			{When: map[string]any{"rho": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	if problem.Dim > 0 && len(scope(problem, p)) == 0 {
		out = append(out, sdk.Diagnostic{Param: "scope", Message: "no parameter of this workload is in it: " + emptyScope})
	}
	return out
}

const emptyScope = `the model has no (or nothing but) normalisation layers; use "all"`

// scope returns the stretches of the parameters that are perturbed.
func scope(problem sdk.Problem, p sdk.Params) []base.Span {
	which := p.String("scope")
	if which == scopeAll {
		return []base.Span{{From: 0, To: problem.Dim}}
	}
	return base.Spans(problem, func(t sdk.Tensor) bool {
		norm := t.Kind == sdk.KindNormScale || t.Kind == sdk.KindNormShift
		return norm == (which == scopeNorm)
	})
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return append(base.New(p).Slots(problem.Dim), sdk.Slot{Name: "perturbed", Scratch: true})
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p := s.Params()
	rule := base.New(p)
	err := rule.Init(sdk.Start{
		Problem: s.Problem(), Params: p, Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob(),
	})
	if err != nil {
		return err
	}
	rho := p.Float("rho")
	in := scope(s.Problem(), p)
	if len(in) == 0 {
		return errors.New("scope: " + emptyScope)
	}
	w, g, perturbed := s.W(), s.Slot("grad"), s.Slot("perturbed")
	for s.Next() {
		batch := s.TrainBatch()
		if _, err := s.Grad(batch, w, g); err != nil {
			return err
		}
		perturb(perturbed, w, g, rho, in)
		if _, err := s.Grad(batch, perturbed, g, sdk.FreezeStats); err != nil {
			return err
		}
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// perturb stores w + rho·g/(‖g‖+tiny) in dst on the stretches in, and w elsewhere. The norm is over the stretches.
func perturb(dst, w, g sdk.Vec, rho float64, in []base.Span) {
	sq := 0.0
	for _, s := range in {
		sq += vec.Dot(s.Of(g), s.Of(g))
	}
	scale := float32(rho / (math.Sqrt(sq) + tiny))
	at := 0
	for _, s := range in {
		copy(dst[at:s.From], w[at:s.From])
		vec.AddScaled(s.Of(dst), s.Of(w), scale, s.Of(g))
		at = s.To
	}
	copy(dst[at:], w[at:])
}

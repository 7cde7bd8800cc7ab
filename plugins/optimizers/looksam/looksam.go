// Package looksam takes SAM's step every so often and in between uses what it changed last: the part of SAM's gradient that
// is orthogonal to the plain one.
//
//	in every step number 0, every, 2·every, …, with g = g(w):
//	    s = g(w + rho·g/(‖g‖ + 1e-12))
//	    v = s − ⟨s, g⟩/‖g‖² · g
//	    u = s
//	in the steps between:
//	    u = g + alpha·‖g‖/(‖v‖ + 1e-8) · v
//	w = base step from w along u
//
// Products and norms run over all parameters together. A v that is smaller than the rounding of s, 1e-6 of its norm, counts
// as 0: it would be noise, and the rule above would stretch it to the length of g. Scope, window, weight decay and batch
// statistics are as in the folder sam; steps are counted from the beginning of the window.
package looksam

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

const (
	tiny     = 1e-12 // of SAM's ascent
	guard    = 1e-8  // beside the norm of v
	rounding = 1e-6  // a v smaller than this share of s is noise
)

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "looksam",
		Version: 1,
		Summary: "SAM every few steps; in between its last change of the gradient is used again",
		Rule: "every k-th step: g = grad(w); s = grad(w + rho*g/(|g| + 1e-12)); v = s - <s,g>/|g|^2*g; base step along s; " +
			"other steps: base step along g + alpha*|g|/(|v| + 1e-8)*v",
		Citation: "Liu, Mai, Chen, Hsieh & You 2022, Towards Efficient and Scalable Sharpness-Aware Minimization, arXiv:2203.02714",
		Unverified: "the rule and the defaults every = 5 and alpha = 0.7 were not checked against the paper; norms over all parameters together are this implementation's reading, " +
			"as is that a v within rounding of 0 counts as 0",
		Watch: []string{
			"v is from up to every - 1 steps ago and another minibatch, and is followed with alpha times the length of the gradient: on a small perceptron with noisy labels the published 0.7 kept the training loss from falling, 0.1 did not. Tune alpha.",
			"Its cost depends on every while the nominal cost is that of the default: compare by the G that were billed.",
		},
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.1, "distance of the perturbed point, in the Euclidean norm over all perturbed parameters").Min(0).Log(),
			sdk.Int("every", 5, "steps from one step of SAM to the next; 1 is SAM").Min(1),
			sdk.Float("alpha", 0.7, "length of the kept part relative to the gradient").Min(0),
		}, ascent.Params()...),
		Cost:     1.2,
		CostNote: "1 + 1/every inside the window",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"rho": 0.0}, Equals: "sgd"},
			// The radius is sam's own default.
			{When: map[string]any{"every": 1, "rho": 0.05}, Equals: "sam"},
			{When: map[string]any{"rho": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     ascent.Check,
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return append(ascent.Slots(problem, p), sdk.Slot{Name: "kept"}, sdk.Slot{Name: "climbed", Scratch: true})
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	loop, err := ascent.NewLoop(s)
	if err != nil {
		return err
	}
	p := s.Params()
	rho, alpha, every := p.Float("rho"), p.Float("alpha"), uint64(p.Int("every"))
	ball := ascent.Ball{Set: loop.Set, Rho: rho, Tiny: tiny}
	w, g, perturbed := s.W(), s.Slot("grad"), s.Slot(ascent.Slot)
	v, climbed := s.Slot("kept"), s.Slot("climbed")
	for s.Next() {
		batch, u := s.TrainBatch(), g
		if err := loop.Grad(s, batch, w, g); err != nil {
			return err
		}
		step, inside := loop.Window.Since(s.Step())
		switch {
		case !inside || rho == 0:
		case step%every == 0:
			ball.Perturb(perturbed, w, g)
			if err := loop.GradLater(s, batch, perturbed, climbed); err != nil {
				return err
			}
			orthogonal(v, climbed, g)
			u = climbed
		default:
			if norm := vec.Norm2(v); norm > 0 {
				vec.Axpy(g, float32(alpha*vec.Norm2(g)/(norm+guard)), v)
			}
		}
		if err := loop.FinishAndGrad(s, w, u, g); err != nil {
			return err
		}
	}
	return nil
}

// orthogonal stores the part of x that is orthogonal to g in dst, or 0 where it is not more than rounding.
func orthogonal(dst, x, g sdk.Vec) {
	square := vec.Dot(g, g)
	if square == 0 {
		copy(dst, x)
		return
	}
	vec.AddScaled(dst, x, float32(-vec.Dot(x, g)/square), g)
	if vec.Dot(dst, dst) <= rounding*rounding*vec.Dot(x, x) {
		clear(dst)
	}
}

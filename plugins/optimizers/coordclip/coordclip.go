// Package coordclip clips the coordinates of the gradient that are among the largest before a base rule takes the step:
//
//	tau = element ⌊k·d⌋ (from 0) of |g| sorted in descending order, over all d parameters jointly
//	c_i = g_i limited to ±threshold_scale·tau
//
// base = "sgd": c takes the place of g, before weight decay and momentum. base = "adamw": c feeds the first moment, the
// second moment stays that of g; coupled weight decay (decay = "l2") is added before the clipping. k = 0 means no
// clipping at all. k = 1 makes tau 0 and the gradient vanish (it is not the sign method). base = "adam" is as "adamw", with
// coupled weight decay.
//
// clip_update > 0 clips the direction of the base instead, in the same way: with base = "adam" the quotient m/(√v + eps) of
// the corrected moments, with base = "sgd" the momentum. Learning rate and decoupled weight decay come after it. It needs
// k = 0.
//
// The published code clips on a path that its default settings never reach; this is the method as described.
package coordclip

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Stepper = Optimizer{}

// Info implements sdk.Stepper.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "coordclip",
		Version: 1,
		Summary: "coordinate-wise clipping: the largest coordinates of the gradient are cut to a quantile",
		Rule: "tau = element floor(k*d) of |g| sorted descending; c = clip(g, -threshold_scale*tau, threshold_scale*tau); base step along c; " +
			`base = "adam" or "adamw": first moment from c, second from g; clip_update > 0: the direction of the base is clipped in this way instead, k = 0`,
		Citation:   "Pan & Li 2023, Toward Understanding Why Adam Converges Faster Than SGD for Transformers, arXiv:2306.00204",
		Unverified: "The rule is that of the published code, read; the numbers of the paper were not compared.",
		Watch: []string{
			"The published code clips on a path that its default settings never reach: runs of it as released do not clip.",
			"With momentum 0.9 the lower loss of clipped SGD did not show on a small problem, only the lower sharpness along the step.",
			"k = 1 is no step at all, not the sign method.",
		},
		Params: append([]sdk.Param{
			sdk.Float("k", 0.1, "fraction of the coordinates that are clipped, 0 for none; published: 0.1 for sgd, 0.5 for Adam").Min(0).Max(1),
			sdk.Float("clip_update", 0, "fraction of the coordinates of the base's direction that are clipped, 0 for none; published: 0.5, for Adam; needs k = 0").Min(0).Max(1),
			sdk.Float("threshold_scale", 1, "multiplies the threshold").Above(0),
		}, base.Params()...),
		Cost: 1,
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"k": 0.0}, Equals: "sgd"},
			// The learning rate and the decay are adamw's own defaults.
			{When: map[string]any{"k": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	if p.Float("clip_update") > 0 && p.Float("k") > 0 {
		out = append(out, sdk.Diagnostic{Param: "clip_update", Message: "needs k = 0: either the gradient or the direction is clipped"})
	}
	return out
}

// Slots implements sdk.Stepper.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return base.New(p).Slots(problem.Dim)
}

// New implements sdk.Stepper.
func (Optimizer) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	rule := base.New(start.Params)
	if err := rule.Init(start); err != nil {
		return nil, err
	}
	k, scale := start.Params.Float("k"), start.Params.Float("threshold_scale")
	cut := func(dst, x sdk.Vec, k float64) {
		bound := float32(scale * float64(vec.AbsTopKThreshold(x, k)))
		vec.Clip(dst, x, -bound, bound)
	}
	if share := start.Params.Float("clip_update"); share > 0 {
		return func(w, g sdk.Vec, lrScale float64) error {
			switch rule := rule.(type) {
			case *base.AdamW:
				rule.Direction(g, w, g, true)
				cut(g, g, share)
				rule.Descend(w, g, lrScale)
			case *base.SGD:
				rule.Direction(g, w, g)
				cut(g, g, share)
				rule.Descend(w, g, lrScale)
			default:
				return fmt.Errorf("base = %q has no direction of its own", start.Params.String("base"))
			}
			return nil
		}, nil
	}
	if k == 0 {
		return func(w, g sdk.Vec, lrScale float64) error {
			rule.Step(w, g, lrScale)
			return nil
		}, nil
	}
	clip := func(dst, g sdk.Vec) { cut(dst, g, k) }
	if adam, ok := rule.(*base.AdamW); ok {
		clipped := make(sdk.Vec, start.Problem.Dim)
		return func(w, g sdk.Vec, lrScale float64) error {
			adam.AddL2(g, w)
			clip(clipped, g)
			adam.StepMoments(w, clipped, g, lrScale)
			return nil
		}, nil
	}
	return func(w, g sdk.Vec, lrScale float64) error {
		clip(g, g)
		rule.Step(w, g, lrScale)
		return nil
	}, nil
}

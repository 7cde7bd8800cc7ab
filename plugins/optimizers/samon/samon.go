// Package samon is SAM-ON: sharpness-aware minimization that perturbs only the scales and shifts of normalisation layers,
// in the geometry of SAM or of ASAM. In every step, with the minibatch gradient g at w, on the perturbed parameters
//
//	e = rho·T²g/(‖Tg‖ + 1e-12)         (p = "2")
//	e = rho·T·sign(g)                  (p = "inf": no norm)
//
// and e = 0 elsewhere; the norm is over the perturbed parameters. T depends on scaling:
//
//	none           1, which is SAM
//	elementwise    |w| + eta, which is ASAM
//	layerwise      ‖w‖·(1 + eta), the norm that of the tensor
//
// on scales (and, where scope has them, on weights and embeddings) and, with normalize_bias, on shifts and biases; 1 on
// others. The step of the base follows the gradient at w + e on the same minibatch; all parameters take part in it.
package samon

import (
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Values of the parameter scaling.
const (
	scalingNone    = "none"
	scalingElement = "elementwise"
	scalingLayer   = "layerwise"
)

// tiny keeps a zero gradient from being divided by its norm.
const tiny = 1e-12

// etaDefault is that of ASAM.
const etaDefault = 0.01

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	params := []sdk.Param{
		sdk.Float("rho", 0.5, "size of the perturbation, in units of the scaling; larger than where all parameters are perturbed").Min(0).Log(),
		sdk.Choice("scaling", scalingElement, []string{scalingElement, scalingLayer, scalingNone},
			"geometry of the perturbation: parameters move in proportion to their size, tensors in proportion to their norm, or all alike (SAM)"),
		sdk.Float("eta", etaDefault, "added to the size of a parameter; layerwise: a share of the norm; 0 in the published command line").Min(0),
		sdk.Bool("normalize_bias", false, "scale the perturbation of shifts and biases too"),
		sdk.Choice("p", "2", []string{"2", "inf"}, "norm of the ball: Euclidean over all perturbed parameters, or the maximum, where every parameter moves"),
	}
	for _, p := range ascent.Params() {
		if p.Name == "scope" {
			p.Default = ascent.ScopeNorm
		}
		params = append(params, p)
	}
	return sdk.Info{
		Name:    "samon",
		Version: 1,
		Summary: "SAM-ON: only the scales and shifts of normalisation layers are perturbed, in the geometry of ASAM or SAM",
		Rule: "g = grad(w); on the scope: e = rho*T^2*g/(|T*g| + 1e-12), with p = inf e = rho*T*sign(g); u = grad(w + e) on the same batch; base step from w along u; " +
			"T = |w| + eta elementwise, |w|*(1 + eta) of the tensor layerwise, or 1",
		Citation: "Müller, Vlaar, Rolnick & Hein 2023, Normalization Layers Are All That Sharpness-Aware Minimization Needs, NeurIPS, arXiv:2306.04226; " +
			"elementwise: Kwon, Kim, Park & Choi 2021, ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant Learning of Deep Neural Networks, arXiv:2102.11600",
		Unverified: "The rule was taken from the published code, not from the paper: which radius is best in each geometry was not checked.",
		Watch: []string{
			"The set is a small part of the parameters, so that rho has to be larger than for sam: published runs use 0.5 to 10.",
			"Better test accuracy with SAM-ON was published together with sharper, not flatter, minima: sharpness over all parameters is not what it lowers.",
			"The set comes from the kinds of the tensors, not from names: no normalisation layer is missed, and a model without any is refused.",
		},
		Params:   params,
		Cost:     2,
		CostNote: "1 + (window_end - window_start)",
		Degenerate: []sdk.Degenerate{
			// The radius is sam's own default.
			{When: map[string]any{"scaling": scalingNone, "scope": ascent.ScopeAll, "rho": 0.05}, Equals: "sam"},
			{When: map[string]any{"rho": 0.0}, Equals: "sgd"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := ascent.Check(problem, p)
	if p.String("scaling") == scalingNone {
		if p.Float("eta") != etaDefault {
			out = append(out, sdk.Diagnostic{Param: "eta", Message: `has no effect with scaling = "none"`})
		}
		if p.Bool("normalize_bias") {
			out = append(out, sdk.Diagnostic{Param: "normalize_bias", Message: `has no effect with scaling = "none"`})
		}
	}
	if problem.Dim > 0 && len(problem.Tensors) == 0 && p.String("scaling") == scalingLayer {
		out = append(out, sdk.Diagnostic{Param: "scaling", Message: "this workload does not say what its tensors are"})
	}
	return out
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot { return ascent.Slots(problem, p) }

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	loop, err := ascent.NewLoop(s)
	if err != nil {
		return err
	}
	ball := newBall(s.Problem(), s.Params(), loop.Set)
	return loop.Run(s, func(dst, w, g sdk.Vec) error {
		ball.Perturb(dst, w, g)
		return nil
	})
}

func newBall(problem sdk.Problem, p sdk.Params, set ascent.Set) *ascent.Ball {
	ball := &ascent.Ball{Set: set, Rho: p.Float("rho"), Tiny: tiny, Max: p.String("p") == "inf"}
	biases := p.Bool("normalize_bias")
	scaled := func(t sdk.Tensor) bool {
		small := t.Kind == sdk.KindBias || t.Kind == sdk.KindNormShift
		return (!small || biases) && within(set, t)
	}
	switch p.String("scaling") {
	case scalingElement:
		if len(problem.Tensors) == 0 {
			ball.Scale(set, p.Float("eta"))
		} else {
			ball.Scale(ascent.Of(problem, scaled), p.Float("eta"))
		}
	case scalingLayer:
		ball.ScaleTensors(problem, scaled, p.Float("eta"))
	}
	return ball
}

// within says whether a tensor belongs to the set.
func within(set ascent.Set, t sdk.Tensor) bool {
	for _, s := range set.Spans() {
		if in := (base.Span{From: t.Offset, To: t.Offset + t.Size()}); s.From <= in.From && in.To <= s.To {
			return true
		}
	}
	return false
}

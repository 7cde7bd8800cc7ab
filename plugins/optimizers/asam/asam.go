// Package asam is adaptive SAM: the ball around w is scaled by the size of the parameters, so that rescaling the weights of
// a network without changing its function does not change what is near.
//
//	g_t = g(w_t)
//	T_t = |w_t| + eta                   for weights, scales of normalisation layers and embeddings, and 1 for the rest
//	e_t = rho · T_t² g_t / (‖T_t g_t‖ + 1e-16)
//	u_t = g(w_t + e_t)                  same minibatch, same augmentation
//	w_{t+1} = base step from w_t along u_t
//
// That is variant = "samsung", of the authors' code, whose test for the names of weights takes the scales of normalisation
// layers in and leaves all biases and shifts out. variant = "elementwise" is that of the most used implementation of SAM
// (adaptive = True there): T = |w| for all parameters, without eta, and 1e-12 in the denominator. norm = "max" takes the
// maximum norm, e = rho·T·sign(g). Scope, window, weight decay and batch statistics are as in the folder sam.
package asam

import (
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Values of the parameters variant and norm.
const (
	variantSamsung     = "samsung"
	variantElementwise = "elementwise"
	normEuclidean      = "euclidean"
	normMax            = "max"
)

const defaultEta = 0.01

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "asam",
		Version: 1,
		Summary: "adaptive SAM: the perturbation of a parameter is scaled by its size",
		Rule: "g = grad(w); T = |w| + eta for weights, norm scales and embeddings, 1 for the rest; u = grad(w + rho*T^2*g/(|T*g| + 1e-16)) on the same batch; base step from w along u; " +
			`variant = "elementwise": T = |w| for all, 1e-12 for 1e-16; norm = "max": the perturbation is rho*T*sign(g)`,
		Citation: "Kwon, Kim, Park & Choi 2021, ASAM: Adaptive Sharpness-Aware Minimization for Scale-Invariant Learning of Deep Neural Networks, arXiv:2102.11600; " +
			"maximum norm: Müller, Vlaar, Rolnick & Hein 2023, arXiv:2306.04226",
		Unverified: "the rule is that of the authors' code, not checked against the text of the paper; there the class has eta 0.01 and the example script 0",
		Watch: []string{
			"rho is relative to the size of the parameters: about ten times that of sam is usual (0.5 and more).",
			"eta > 0 breaks the scale invariance that the method is named for, a little; parameters that are 0 are not perturbed with eta = 0.",
			`The two variants treat biases and shifts differently: "samsung" perturbs them as SAM does, "elementwise" in proportion to their size.`,
			`With norm = "max" every parameter moves by rho times its size, and rho must be much smaller.`,
		},
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.5, "size of the neighbourhood, relative to the parameters").Min(0).Log(),
			sdk.Float("eta", defaultEta, "added to the size of a parameter; variant samsung only").Min(0).Log(),
			sdk.Choice("variant", variantSamsung, []string{variantSamsung, variantElementwise},
				"what is scaled: weights, norm scales and embeddings by |w| + eta, or all parameters by |w|"),
			sdk.Choice("norm", normEuclidean, []string{normEuclidean, normMax}, "norm of the neighbourhood: Euclidean, or the maximum, which perturbs by signs"),
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
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := ascent.Check(problem, p)
	if p.String("variant") == variantElementwise && p.Float("eta") != defaultEta {
		out = append(out, sdk.Diagnostic{Param: "eta", Message: `has no effect with variant = "elementwise": leave it out`})
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
	p, problem := s.Params(), s.Problem()
	ball := ascent.Ball{Set: loop.Set, Rho: p.Float("rho"), Tiny: 1e-16, Max: p.String("norm") == normMax}
	switch {
	case p.String("variant") == variantElementwise:
		ball.Tiny = 1e-12
		ball.Scale(ascent.Whole(problem.Dim), 0)
	case len(problem.Tensors) == 0:
		// A problem without a layout is one weight.
		ball.Scale(ascent.Whole(problem.Dim), p.Float("eta"))
	default:
		ball.Scale(ascent.Of(problem, func(t sdk.Tensor) bool {
			return t.Kind != sdk.KindBias && t.Kind != sdk.KindNormShift
		}), p.Float("eta"))
	}
	return loop.Run(s, func(dst, w, g sdk.Vec) error {
		ball.Perturb(dst, w, g)
		return nil
	})
}

// Package fsam is sharpness-aware minimization that perturbs only the parameters with the largest Fisher information. In
// every step, with the minibatch gradient g at w:
//
//	e = rho·M⊙g/(‖g‖ + 1e-12)        (the norm is that of all of g: ‖e‖ ≤ rho)
//	u = g(w + e), the gradient on the same minibatch
//	base step from w along u
//
// Every refresh-th step, from the first on, the mask M is made anew: 1 for the ⌊keep_ratio·n⌋ parameters of the pool
// largest in F (of equal ones the first) and 0 for the others of the pool, which are the weights. What is not in the
// pool – biases, embeddings, the scales and shifts of normalisation layers – is always perturbed. F depends on fisher:
//
//	batch         the square of the minibatch gradient (FSAM as published in code)
//	per-example   the sum of the squared gradients of the first samples examples of the minibatch, the empirical Fisher
//	              information (SSAM-F)
//	random        noise: a control, with masks of the same size
//
// Outside the scope nothing is perturbed and the norm does not count. Momentum, weight decay and all else that the base
// does happen at w.
package fsam

import (
	"errors"
	"slices"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// What the mask is made from.
const (
	fisherBatch   = "batch"
	fisherExample = "per-example"
	fisherRandom  = "random"
)

// tiny keeps a zero gradient from being divided by its norm.
const tiny = 1e-12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "fsam",
		Version: 1,
		Summary: "Fisher SAM: only the weights with the largest Fisher information are perturbed",
		Rule: "g = grad(w); M = mask of the keep_ratio of the weights largest in F, made anew every refresh steps, 1 for all other parameters; u = grad(w + rho*M*g/(|g| + 1e-12)) on the same batch; base step from w along u; " +
			`fisher = "batch": F = g^2; fisher = "per-example": F = sum of g_i^2 over the examples i`,
		Citation: "Zhong et al. 2022, Improving Sharpness-Aware Minimization with Fisher Mask for Better Generalization on Language Models, Findings of EMNLP, arXiv:2210.05497; " +
			"per-example: Mi et al. 2022, Make Sharpness-Aware Minimization Stronger: A Sparsified Perturbation Approach, NeurIPS",
		Unverified: "The rule was taken from the published code, not from the papers. That code adds 1e-7 to the norm, not 1e-12, and loses the perturbation in steps that make the mask anew; here such steps are like any other.",
		Watch: []string{
			"The norm that is divided by is that of the whole gradient, so the perturbation is shorter than rho, the more so the smaller keep_ratio is.",
			"A mask that is old by refresh steps belongs to an old gradient; the published runs use 100.",
			`fisher = "random" with the same keep_ratio tells what the Fisher information contributes.`,
			"Networks with batch normalisation have no gradients of single examples: per-example does not run on them.",
		},
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.05, "length of the perturbation with keep_ratio 1").Min(0).Log(),
			sdk.Float("keep_ratio", 0.1, "share of the weights that is perturbed").Min(0).Max(1),
			sdk.Int("refresh", 100, "steps from one mask to the next").Min(1),
			sdk.Choice("fisher", fisherBatch, []string{fisherBatch, fisherExample, fisherRandom}, "what the mask is made from: the squared gradient of the minibatch, the squared gradients of its examples, or noise"),
			sdk.Int("samples", 0, "examples of the minibatch that per-example adds up, 0 for all").Min(0),
		}, ascent.Params()...),
		Cost:     2,
		CostNote: `1 + (window_end - window_start); with fisher = "per-example" and n = samples of B examples, n/(B*refresh) more`,
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"keep_ratio": 1.0}, Equals: "sam"},
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
	n := p.Int("samples")
	switch {
	case n > 0 && p.String("fisher") != fisherExample:
		out = append(out, sdk.Diagnostic{Param: "samples", Message: `has no effect unless fisher = "per-example"`})
	case n > 0 && problem.BatchSize > 0 && n > problem.BatchSize:
		out = append(out, sdk.Diagnostic{Param: "samples", Message: "is more than the examples of a minibatch"})
	}
	if set := ascent.ScopeOf(problem, p); problem.Dim > 0 && !set.Empty() && len(pool(problem, set)) == 0 {
		out = append(out, sdk.Diagnostic{Param: "keep_ratio", Message: "there are no weights in the scope to choose from"})
	}
	return out
}

// pool returns the stretches among which the mask chooses: the weights that are in the set. Without a layout all
// parameters are weights.
func pool(problem sdk.Problem, set ascent.Set) []base.Span {
	if len(problem.Tensors) == 0 {
		return set.Spans()
	}
	return base.Spans(problem, func(t sdk.Tensor) bool {
		return t.Kind == sdk.KindWeight && slices.ContainsFunc(set.Spans(), func(s base.Span) bool {
			return s.From <= t.Offset && t.Offset+t.Size() <= s.To
		})
	})
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return append(ascent.Slots(problem, p), sdk.Slot{Name: "mask"})
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	loop, err := ascent.NewLoop(s)
	if err != nil {
		return err
	}
	p := s.Params()
	weights := base.NewPool(pool(s.Problem(), loop.Set))
	if weights.Len() == 0 {
		return errors.New("there are no weights in the scope to choose from")
	}
	rho, refresh := p.Float("rho"), uint64(p.Int("refresh"))
	kept := int(p.Float("keep_ratio")*float64(weights.Len()) + 1e-9)
	mask := s.Slot("mask")
	made := false // in this process, or by the one that this one continues
	return loop.Run(s, func(dst, w, g sdk.Vec) error {
		if made = made || vec.NormInf(mask) > 0; !made || s.Step()%refresh == 0 {
			score, err := fisher(s, g, dst)
			if err != nil {
				return err
			}
			for i := range mask {
				mask[i] = 1
			}
			weights.KeepLargest(mask, score, kept)
			made = true
		}
		vec.Mul(dst, g, mask)
		loop.Set.Shift(dst, w, float32(rho/(loop.Set.Norm(g)+tiny)), dst)
		return nil
	})
}

// fisher returns a vector whose absolute values have the order of F: the gradient g itself, or what it stores in room.
func fisher(s sdk.Session, g, room sdk.Vec) (sdk.Vec, error) {
	switch p := s.Params(); p.String("fisher") {
	case fisherExample:
		batch := s.TrainBatch()
		if n := p.Int("samples"); n > 0 {
			// The last batch of an epoch may have fewer.
			if left := s.Problem().Examples % s.Problem().BatchSize; left > 0 && n > left && lastOfEpoch(s) {
				n = left
			}
			batch = batch.Range(0, n)
		}
		_, err := s.GradSquared(batch, s.W(), room)
		return room, err
	case fisherRandom:
		return room, s.Normal("fsam", s.Step(), room, 1)
	}
	return g, nil
}

func lastOfEpoch(s sdk.Session) bool {
	per := uint64(max(1, s.Problem().StepsPerEpoch))
	return s.Step()%per == per-1
}

// Package msam is m-SAM: the minibatch is cut into micro-batches of m examples, and each climbs by itself.
//
//	for each micro-batch b_j of the minibatch:
//	    g_j = g(w; b_j),  e_j = rho · g_j / (‖g_j‖ + 1e-12),  u_j = g(w + e_j; b_j)
//	u = the mean of the u_j over the examples of the minibatch
//	w = base step from w along u
//
// m = 0 is the whole minibatch, which is SAM. It is what SAM does on several accelerators that do not synchronise their
// perturbations, m being the batch of one of them. A last micro-batch, or a last minibatch of an epoch, that is smaller
// counts by its examples. Scope, window, weight decay and batch statistics are as in the folder sam; with batch
// normalisation each micro-batch has statistics of its own, and the running ones follow all of them in turn.
package msam

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// tiny keeps a zero gradient from being divided by zero, as in the folder sam.
const tiny = 1e-12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "msam",
		Version: 1,
		Summary: "SAM with a perturbation for each micro-batch of m examples",
		Rule:    "for each micro-batch b of m examples: g = grad(w; b), u_b = grad(w + rho*g/(|g| + 1e-12); b); u = mean of the u_b over all examples; base step from w along u",
		Citation: "Foret, Kleiner, Mobahi & Neyshabur 2020, Sharpness-Aware Minimization for Efficiently Improving Generalization (section 4.1), arXiv:2010.01412; " +
			"Andriushchenko & Flammarion 2022, arXiv:2206.06232",
		Unverified: "published values of m are the batch of one accelerator; there is no default that does not depend on the machine",
		Watch: []string{
			"Small micro-batches are many small evaluations: the G are those of sam, the wall time is longer.",
			"With batch normalisation every micro-batch is normalised by its own few examples, which is another change beside the perturbation: prefer models without it.",
		},
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.05, "distance of the perturbed points, in the Euclidean norm over all perturbed parameters").Min(0).Log(),
			sdk.Int("m", 0, "examples of a micro-batch; 0 for the whole minibatch, which is sam").Min(0),
		}, ascent.Params()...),
		Cost:     2,
		CostNote: "1 + (window_end - window_start), whatever m is",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"rho": 0.0}, Equals: "sgd"},
			{When: map[string]any{"m": 0}, Equals: "sam"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := ascent.Check(problem, p)
	if m := p.Int("m"); problem.Dim > 0 && m > problem.BatchSize {
		out = append(out, sdk.Diagnostic{Param: "m", Message: "is more than the examples of a minibatch; 0 stands for all of them"})
	}
	return out
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := ascent.Slots(problem, p)
	if p.Int("m") > 0 {
		slots = append(slots, sdk.Slot{Name: "mean", Scratch: true})
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	loop, err := ascent.NewLoop(s)
	if err != nil {
		return err
	}
	m := s.Params().Int("m")
	ball := ascent.Ball{Set: loop.Set, Rho: s.Params().Float("rho"), Tiny: tiny}
	if m == 0 {
		return loop.Run(s, func(dst, w, g sdk.Vec) error {
			ball.Perturb(dst, w, g)
			return nil
		})
	}
	w, g, perturbed, mean := s.W(), s.Slot("grad"), s.Slot(ascent.Slot), s.Slot("mean")
	for s.Next() {
		batch, n := s.TrainBatch(), size(s.Problem(), s.Step())
		if n <= m || !loop.Window.Holds(s.Step()) {
			// One micro-batch is the minibatch.
			if err := loop.Grad(s, batch, w, mean); err != nil {
				return err
			}
			if loop.Window.Holds(s.Step()) {
				ball.Perturb(perturbed, w, mean)
				if err := loop.GradLater(s, batch, perturbed, mean); err != nil {
					return err
				}
			}
		} else {
			clear(mean)
			for from := 0; from < n; from += m {
				part := batch.Range(from, min(from+m, n))
				if err := loop.Grad(s, part, w, g); err != nil {
					return err
				}
				ball.Perturb(perturbed, w, g)
				if err := loop.GradLater(s, part, perturbed, g); err != nil {
					return err
				}
				vec.Axpy(mean, float32(float64(min(m, n-from))/float64(n)), g)
			}
		}
		if err := loop.Finish(s, w, mean); err != nil {
			return err
		}
	}
	return nil
}

// size is the number of examples of a step's minibatch: the last one of an epoch has what is left.
func size(p sdk.Problem, step uint64) int {
	if int(step%uint64(p.StepsPerEpoch)) == p.StepsPerEpoch-1 {
		return p.Examples - (p.StepsPerEpoch-1)*p.BatchSize
	}
	return p.BatchSize
}

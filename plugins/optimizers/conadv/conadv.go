// Package conadv trains on adversarial examples made with stale parameters, so that making them need not wait for the
// step before. In step t, with the minibatch x and the parameters w_t:
//
//	x' = x + omega·sign(∂ℓ/∂x at w_{t−1})       (stale = false: at w_t)
//	u  = (1 − mix)·g(w_t; x) + mix·g(w_t; x')
//	base step from w_t along u
//
// In the first step the stale parameters are those the training starts from. The running statistics of batch normalisation
// follow the clean minibatch only.
package conadv

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "conadv",
		Version: 1,
		Summary: "concurrent adversarial training: adversarial examples are made with the parameters of the step before",
		Rule:    "x' = x + omega*sign(grad of the loss by x at the parameters of the step before); u = (1 - mix)*grad(w; x) + mix*grad(w; x'); base step along u",
		Citation: "Liu, Chen, Cheng, Hsieh & You 2022, Concurrent Adversarial Learning for Large-Batch Training, ICLR, " +
			"arXiv:2106.00221",
		Unverified: "Only the idea was verified: adversarial examples from stale parameters, made concurrently with the step. The sign step, its length, the equal mixture, a staleness of one step and all defaults are this program's, " +
			"and so is that both minibatches use one set of batch-normalisation statistics.",
		Watch: []string{
			"omega is in units of the inputs as the network sees them, after normalisation.",
			"The work is three gradients a step; where adversarial examples are made concurrently only two are waited for. G counts the work.",
			"The published method steps by LARS with very large batches; this one has the bases sgd, adam and adamw.",
		},
		Params: append([]sdk.Param{
			sdk.Float("omega", 0.05, "size of the change of every input").Min(0).Log(),
			sdk.Float("mix", 0.5, "share of the adversarial gradient").Min(0).Max(1),
			sdk.Bool("stale", true, "make adversarial examples with the parameters of the step before; false: with the current ones"),
		}, base.Params()...),
		Cost: 3,
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"mix": 0.0}, Equals: "sgd"},
			{When: map[string]any{"omega": 0.0}, Equals: "sgd"},
			// The learning rate and the decay are adamw's own defaults.
			{When: map[string]any{"mix": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpInputGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	if problem.Dim > 0 && problem.InputLen == 0 {
		out = append(out, sdk.Diagnostic{Message: "this workload has no inputs that could be changed"})
	}
	return out
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := append(base.New(p).Slots(problem.Dim),
		sdk.Slot{Name: "adversarial_grad", Scratch: true},
		sdk.Slot{Name: "delta", Len: max(1, problem.BatchSize*problem.InputLen), Scratch: true})
	if p.Bool("stale") {
		slots = append(slots, sdk.Slot{Name: "stale"})
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, problem := s.Params(), s.Problem()
	rule := base.New(p)
	err := rule.Init(sdk.Start{Problem: problem, Params: p, Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob()})
	if err != nil {
		return err
	}
	omega, mix := float32(p.Float("omega")), p.Float("mix")
	w, g, h, delta := s.W(), s.Slot("grad"), s.Slot("adversarial_grad"), s.Slot("delta")
	at := w
	if p.Bool("stale") {
		at = s.Slot("stale")
		if s.Step() == 0 {
			copy(at, w)
		}
	}
	for s.Next() {
		batch := s.TrainBatch()
		// A minibatch may have fewer examples than there is room for.
		clear(delta)
		if _, err := s.InputGrad(batch, at, delta); err != nil {
			return err
		}
		vec.Sign(delta, delta)
		vec.Scale(delta, omega, delta)
		if _, err := s.Grad(batch, w, g); err != nil {
			return err
		}
		if _, err := s.Grad(batch.Perturbed("delta"), w, h, sdk.FreezeStats); err != nil {
			return err
		}
		vec.Combine(g, float32(1-mix), g, float32(mix), h)
		if p.Bool("stale") {
			copy(at, w)
		}
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

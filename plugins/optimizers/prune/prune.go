// Package prune trains a network and sets its smallest weights to zero on the way: magnitude pruning, at once or in
// rounds. Before step from·T, and with several rounds before rounds−1 further steps up to to·T, evenly spaced (T the
// number of steps of the training), the weights smallest in |w| are pruned so that after round k of K a share
//
//	s_k = 1 − (1 − sparsity)^(k/K)
//
// of the pool is zero, counted over all its tensors together. Each round removes the same share of the weights that are
// left. Between rounds and after the last one, training goes on with what is left:
//
//	g = mask ⊙ grad(w)
//	u = mask ⊙ grad(w + rho·g/(‖g‖+1e-12)) on the same batch      (rho = 0: u = g)
//	base step from w along u
//
// Pruned weights stay zero, and so do their momentum and their moments; perturbations leave them alone. rounds = 1 is
// one-shot pruning at step from·T. The total number of steps is the same either way.
package prune

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

// The choices of the parameter pool.
const (
	poolWeights = "weights"
	poolAll     = "all"
)

// tiny keeps a zero gradient from being divided by its norm.
const tiny = 1e-12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "prune",
		Version: 1,
		Summary: "magnitude pruning, one-shot or gradual, with training before, between and after",
		Rule: "round k of K sets the weights smallest in |w| to 0 until a share 1 - (1 - sparsity)^(k/K) of them is; mask = 1 on the others; g = mask*grad(w); " +
			"u = mask*grad(w + rho*g/(|g| + 1e-12)), with rho = 0 u = g; base step along u",
		Citation:   "Tartaglione, Bragagnolo & Grangetto 2020, Pruning artificial neural networks: a way to find well-generalizing, high-entropy sharp minima, ICANN, arXiv:2004.14765",
		Unverified: "The geometric schedule of the rounds and their spacing are this program's; the paper's own thresholds and its regulariser were not checked and are not here.",
		Watch: []string{
			"Sharpness of pruned networks: in a small trial the sharper minima of gradual pruning that the paper reports did not appear, only the lower loss.",
			"A network with most weights gone needs many steps after the last round; compare one-shot and gradual pruning at equal numbers of steps, not of steps after pruning.",
			"Weights that reach exactly 0 by themselves count as the smallest.",
		},
		Params: append([]sdk.Param{
			sdk.Float("sparsity", 0.9, "share of the pool that is zero in the end").Min(0).Below(1),
			sdk.Int("rounds", 10, "number of rounds of pruning; 1 is one-shot").Min(1),
			sdk.Float("from", 1.0/3, "first round, as a fraction of the steps").Min(0).Below(1),
			sdk.Float("to", 2.0/3, "last round, as a fraction of the steps; no meaning with one round").Min(0).Below(1),
			sdk.Choice("pool", poolWeights, []string{poolWeights, poolAll}, "what is pruned: the tensors that the model calls prunable, or all parameters"),
			sdk.Float("rho", 0, "distance of the perturbed point of SAM, over the parameters that are left; 0 for one gradient a step").Min(0),
		}, base.Params()...),
		Cost:     1,
		CostNote: "1; 2 with rho > 0",
		Track:    "sparse",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"sparsity": 0.0}, Equals: "sgd"},
			// The learning rate and the decay are adamw's own defaults.
			{When: map[string]any{"sparsity": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
			{When: map[string]any{"sparsity": 0.0, "rho": 0.05}, Equals: "sam"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	if p.Int("rounds") > 1 && p.Float("to") < p.Float("from") {
		out = append(out, sdk.Diagnostic{Param: "to", Message: "the last round is before the first: expected at least the value of from"})
	}
	if problem.Dim > 0 && p.Float("sparsity") > 0 && len(pool(problem, p)) == 0 {
		out = append(out, sdk.Diagnostic{Param: "pool", Message: `this workload has no prunable tensors: use "all"`})
	}
	return out
}

// pool returns the stretches of the parameters among which the smallest are pruned.
func pool(problem sdk.Problem, p sdk.Params) []base.Span {
	if p.String("pool") == poolAll {
		return []base.Span{{From: 0, To: problem.Dim}}
	}
	return base.Spans(problem, func(t sdk.Tensor) bool { return t.Prunable })
}

// Slots implements sdk.Optimizer. The slot mask has 1 for parameters that are left once the first round is over.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := base.New(p).Slots(problem.Dim)
	if p.Float("sparsity") > 0 {
		slots = append(slots, sdk.Slot{Name: "mask"})
	}
	if p.Float("rho") > 0 {
		slots = append(slots, sdk.Slot{Name: "perturbed", Scratch: true})
	}
	return slots
}

// plan says when which share is pruned.
type plan struct {
	sparsity float64
	rounds   int
	at       []uint64 // the step before which each round is, counted from 0
}

func newPlan(p sdk.Params, steps int) plan {
	out := plan{sparsity: p.Float("sparsity"), rounds: p.Int("rounds")}
	if out.sparsity == 0 {
		return out
	}
	from, to := p.Float("from"), p.Float("to")
	for k := range out.rounds {
		at := from
		if out.rounds > 1 {
			at += float64((to - from) * float64(k) / float64(out.rounds-1))
		}
		out.at = append(out.at, uint64(at*float64(steps)))
	}
	return out
}

// done is the number of rounds over when step is taken.
func (l plan) done(step uint64) int {
	n := 0
	for n < len(l.at) && l.at[n] <= step {
		n++
	}
	return n
}

// kept is how many of n weights are left after round k.
func (l plan) kept(k, n int) int {
	share := 1 - math.Pow(1-l.sparsity, float64(k)/float64(l.rounds))
	return n - int(share*float64(n)+1e-9)
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, problem := s.Params(), s.Problem()
	rule := base.New(p)
	err := rule.Init(sdk.Start{Problem: problem, Params: p, Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob()})
	if err != nil {
		return err
	}
	schedule := newPlan(p, problem.Steps)
	var mask sdk.Vec
	var weights *base.Pool
	// What must be zero where the mask is: the parameters and the state of the base.
	var masked []sdk.Vec
	if schedule.sparsity > 0 {
		if problem.Steps == 0 {
			return errors.New("prune needs to know the number of steps of the training")
		}
		weights, mask = base.NewPool(pool(problem, p)), s.Slot("mask")
		if weights.Len() == 0 {
			return errors.New("pool: this workload has no prunable tensors")
		}
		masked = append(masked, s.W())
		for _, slot := range rule.Slots(problem.Dim) {
			masked = append(masked, s.Slot(slot.Name))
		}
	}
	rho := p.Float("rho")
	w, g := s.W(), s.Slot("grad")
	var perturbed sdk.Vec
	if rho > 0 {
		perturbed = s.Slot("perturbed")
	}
	for s.Next() {
		rounds := schedule.done(s.Step())
		if rounds > 0 && schedule.at[rounds-1] == s.Step() {
			for i := range mask {
				mask[i] = 1
			}
			weights.KeepLargest(mask, w, schedule.kept(rounds, weights.Len()))
			for _, x := range masked {
				vec.Mul(x, x, mask)
			}
		}
		batch := s.TrainBatch()
		if _, err := s.Grad(batch, w, g); err != nil {
			return err
		}
		if rounds > 0 {
			vec.Mul(g, g, mask)
		}
		if rho > 0 {
			vec.AddScaled(perturbed, w, float32(rho/(vec.Norm2(g)+tiny)), g)
			if _, err := s.Grad(batch, perturbed, g, sdk.FreezeStats); err != nil {
				return err
			}
			if rounds > 0 {
				vec.Mul(g, g, mask)
			}
		}
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// Package bloop lowers an auxiliary objective as far as the loss does not mind: a bilevel method for two objectives that
// are not equals. In every step, with the gradient g of the loss and a of the auxiliary objective on the minibatch, and the
// average e of the gradients of the loss (e = g in the first step):
//
//	e = e + ema·(g − e)
//	r = <e, a>/(‖e‖² + 1e-7)
//	u = g + lambda·(a − r·e)
//	base step from w along u
//
// The part of a along the average is left out, so that in the long run the auxiliary objective does not work against the
// loss. Three other ways to combine the two are modes, for comparison:
//
//	mixed      u = g + lambda·a
//	barrier    as above where r ≤ 1/lambda, otherwise u = lambda·a: a alone lowers the loss enough (dynamic barrier)
//	pcgrad     as mixed, but where <e, a> ≤ 0 without the part of a along e, and where <f, g> ≤ 0 without the part of g
//	           along f, f being the average of the gradients a
//
// ema = 1 takes the gradients of the minibatch in place of the averages.
package bloop

import (
	"errors"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// The ways to combine the gradients.
const (
	modeBloop   = "bloop"
	modeMixed   = "mixed"
	modeBarrier = "barrier"
	modePCGrad  = "pcgrad"
)

// tiny keeps the projection on a zero average from dividing by zero; the value of the published code.
const tiny = 1e-7

const emaDefault = 0.1

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "bloop",
		Version: 1,
		Summary: "bilevel: an auxiliary objective is lowered along directions that do not change the loss",
		Rule: "g = grad of the loss, a = grad of the auxiliary objective; e = e + ema*(g - e) (first step: e = g); u = g + lambda*(a - <e, a>/(|e|^2 + 1e-7)*e); base step along u; " +
			`mode = "mixed": u = g + lambda*a; mode = "barrier": u = lambda*a where <e, a>/|e|^2 > 1/lambda; mode = "pcgrad": parts are left out only where they conflict`,
		Citation: "Hsieh, Thornton, Ndiaye, Klein, Cuturi & Ablin 2024, Careful with that Scalpel: Improving Gradient Surgery with an EMA, ICML, arXiv:2402.02998",
		Unverified: "The rule of bloop and its defaults are those of the published code. The modes barrier and pcgrad follow a description of that code: whether its barrier uses the average, and which products its " +
			"PCGrad tests, was not checked; with ema = 1 they are the methods of Gong et al. 2021 and Yu et al. 2020.",
		Watch: []string{
			"The workload needs an auxiliary objective; one without is refused.",
			"ema decides how well the direction of the loss is known: on a noisy toy 0.01 is ten times better than no average, and 0.1 between them.",
			"lambda scales the auxiliary gradient only; a large one needs a smaller learning rate.",
			"Tables rank by the loss and the error: what bloop gains on the auxiliary objective shows in its scalar, aux_loss.",
		},
		Params: append([]sdk.Param{
			sdk.Choice("mode", modeBloop, []string{modeBloop, modeMixed, modeBarrier, modePCGrad}, "how the two gradients become one direction"),
			sdk.Float("lambda", 1, "weight of the auxiliary gradient").Min(0).Log(),
			sdk.Float("ema", emaDefault, "share of the new gradient in the average, 1 for no average").Above(0).Max(1).Log(),
		}, base.Params()...),
		Cost:     2,
		CostNote: "2; 1 where the auxiliary objective needs no examples",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"lambda": 0.0}, Equals: "sgd"},
			// The learning rate and the decay are adamw's own defaults.
			{When: map[string]any{"lambda": 0.0, "base": base.NameAdamW, "lr": 0.001, "weight_decay": 0.01}, Equals: "adamw"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

const noObjective = `this workload has no auxiliary objective; give it one, as in auxiliary = { kind = "l2" }`

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	if problem.Dim > 0 && !problem.Auxiliary {
		out = append(out, sdk.Diagnostic{Message: noObjective})
	}
	if p.String("mode") == modeMixed && p.Float("ema") != emaDefault {
		out = append(out, sdk.Diagnostic{Param: "ema", Message: `has no effect with mode = "mixed"`})
	}
	return out
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := append(base.New(p).Slots(problem.Dim), sdk.Slot{Name: "aux_grad", Scratch: true})
	switch p.String("mode") {
	case modeMixed:
		return slots
	case modePCGrad:
		slots = append(slots, sdk.Slot{Name: "aux_average"})
	}
	return append(slots, sdk.Slot{Name: "average"})
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, problem := s.Params(), s.Problem()
	if !problem.Auxiliary {
		return errors.New(noObjective)
	}
	rule := base.New(p)
	err := rule.Init(sdk.Start{Problem: problem, Params: p, Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob()})
	if err != nil {
		return err
	}
	mode, lambda, ema := p.String("mode"), p.Float("lambda"), p.Float("ema")
	w, g, a := s.W(), s.Slot("grad"), s.Slot("aux_grad")
	var e, f sdk.Vec
	if mode != modeMixed {
		e = s.Slot("average")
	}
	if mode == modePCGrad {
		f = s.Slot("aux_average")
	}
	for s.Next() {
		batch := s.TrainBatch()
		if _, err := s.Grad(batch, w, g); err != nil {
			return err
		}
		loss, err := s.Grad(batch, w, a, sdk.Auxiliary)
		if err != nil {
			return err
		}
		first := s.Step() == 0
		if e != nil {
			average(e, g, ema, first)
		}
		switch mode {
		case modeBloop, modeBarrier:
			r := along(e, a)
			if mode == modeBarrier && lambda*r > 1 {
				clear(g)
				break
			}
			vec.Axpy(g, float32(-lambda*r), e)
		case modePCGrad:
			average(f, a, ema, first)
			r, q := along(e, a), along(f, g)
			if q <= 0 {
				vec.Axpy(g, float32(-q), f)
			}
			if r <= 0 {
				vec.Axpy(g, float32(-lambda*r), e)
			}
		}
		vec.Axpy(g, float32(lambda), a)
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w, sdk.WithScalar("aux_loss", loss)); err != nil {
			return err
		}
	}
	return nil
}

// average takes x into the average e.
func average(e, x sdk.Vec, share float64, first bool) {
	if first {
		copy(e, x)
		return
	}
	vec.Combine(e, float32(1-share), e, float32(share), x)
}

// along is the coefficient of e in the projection of x on it.
func along(e, x sdk.Vec) float64 { return vec.Dot(e, x) / (vec.Dot(e, e) + tiny) }

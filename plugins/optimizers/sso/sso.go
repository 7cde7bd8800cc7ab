// Package sso is surrogate optimization in target space: the loss is linearised in the outputs of the network instead of
// its parameters, so that one gradient of the loss pays for several steps of the parameters. With the outputs Z of a
// minibatch of n examples at w_t and U the gradient of its mean loss by them, in every step:
//
//	S(w) = ⟨U, f(w) − Z⟩ + ‖f(w) − Z‖²/(2·n·η)
//	inner times, from w_t: w = w − α·∇S(w),  ∇S(w) = J(w)ᵀ(U + (f(w) − Z)/(n·η))
//
// η is eta times the host's schedule: S is smallest where every example's outputs have moved by η against the gradient of
// its own loss. Of the first inner step the gradient is that of the minibatch's loss. The inner step size α is
//
//	armijo   the last one times expand^(1/steps per epoch), then times backtrack until S(w − α∇S) ≤ S(w) − armijo·α·‖∇S‖²
//	none     lr times the host's schedule
//
// The search begins at lr in the first step. It costs outputs, not losses or gradients. A minibatch whose search finds
// nothing in trials attempts, or whose ∇S is shorter than 1e-6, has no further inner steps; the next search goes on from
// where this one ended.
package sso

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Values of the parameter search.
const (
	Armijo = "armijo"
	None   = "none"
)

// still is the norm of ∇S below which a search has nothing to find.
const still = 1e-6

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "sso",
		Version: 1,
		Summary: "target-based surrogates: several steps of the parameters towards what one gradient by the outputs asks of them",
		Rule: "Z = outputs at w_t, U = gradient of the mean loss by them; inner times: w = w - a*J(w)'(U + (f(w) - Z)/(n*eta)), n examples; " +
			"a by Armijo's rule on S(w) = <U, f(w) - Z> + |f(w) - Z|^2/(2*n*eta), or lr",
		Citation: "Lavington, Vaswani, Babanezhad, Schmidt & Le Roux 2023, Target-based Surrogates for Stochastic Optimization, ICML, arXiv:2302.02607",
		Unverified: "The defaults of eta and lr are this program's. The official code's eta is the inverse of a step, 1/(2*eta) here, it divides by the number of outputs too, " +
			"and its searches fall back to a step of 1e-6 where they find nothing.",
		Watch: []string{
			"A step is worth one gradient of the loss, which is what the method means to save; G counts every product with a Jacobian like a gradient, so that boards by G show what it costs where losses are cheap.",
			"The schedule acts on eta, and on lr without a search: with one, step sizes find themselves.",
			"eta is in units of outputs: of cross-entropy, whose curvature by the logits is at most 1/2, up to 2 is safe.",
			"There is no weight decay: a penalty on the parameters is no function of the outputs. Workloads whose loss has an l2 are refused.",
		},
		Params: []sdk.Param{
			sdk.Float("lr", 1, "inner step size: the first one that the search tries, or the one of all inner steps, times the schedule").Above(0).Log(),
			sdk.Float("eta", 1, "step in the space of outputs, times the schedule").Above(0).Log(),
			sdk.Int("inner", 5, "inner steps for each minibatch").Min(1).Max(1000),
			sdk.Choice("search", Armijo, []string{Armijo, None}, "how inner step sizes are found"),
			sdk.Float("armijo", 0.1, "share of the predicted decrease of S that a step must reach").Above(0).Below(1),
			sdk.Float("backtrack", 0.9, "factor of a step size that was too large").Above(0).Below(1),
			sdk.Float("expand", 2, "growth of the step size over an epoch before it is searched again").Min(1),
			sdk.Int("trials", 100, "step sizes that a search tries at most").Min(1).Max(1000),
		},
		Cost:     9,
		CostNote: "2/3 + inner·(1 + trials made/3), two trials for each as a rule; without a search: 1/3 + inner, and inner/3 more for inner above 1",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"search": None, "inner": 1, "lr": 0.1}, Equals: "sgd"},
		},
		Needs:     []sdk.Op{sdk.OpOutputs, sdk.OpOutputGrad, sdk.OpVJP, sdk.OpCommit},
		Resumable: true,
		Check: func(problem sdk.Problem, _ sdk.Params) []sdk.Diagnostic {
			if problem.Dim > 0 && problem.Classes == 0 {
				return []sdk.Diagnostic{{Message: "this workload has no outputs that a target could be set for"}}
			}
			return nil
		},
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	n := max(1, problem.BatchSize*problem.Classes)
	slots := []sdk.Slot{{Name: "slopes", Len: n, Scratch: true}}
	if p.Int("inner") > 1 || p.String("search") == Armijo {
		slots = append(slots, sdk.Slot{Name: "start", Len: n, Scratch: true}, sdk.Slot{Name: "outputs", Len: n, Scratch: true}, sdk.Slot{Name: "cotangent", Len: n, Scratch: true})
	}
	if p.String("search") == Armijo {
		slots = append(slots, sdk.Slot{Name: "point", Scratch: true}, sdk.Slot{Name: "size", Len: 1})
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, w, g, slopes := s.Params(), s.W(), s.Slot("grad"), s.Slot("slopes")
	searching, inner := p.String("search") == Armijo, p.Int("inner")
	if searching && s.Step() == 0 {
		s.Slot("size")[0] = float32(p.Float("lr"))
	}
	for s.Next() {
		eta := p.Float("eta") * s.LRScale()
		if eta == 0 { // nothing may move
			if err := s.Commit(w); err != nil {
				return err
			}
			continue
		}
		batch := s.TrainBatch()
		_, n, err := s.OutputGrad(batch, w, slopes)
		if err != nil {
			return err
		}
		t := &surrogate{s: s, batch: batch, n: n * s.Problem().Classes, pull: 1 / (float64(n) * eta)}
		if inner > 1 || searching {
			if err := t.begin(); err != nil {
				return err
			}
		}
		for k := range inner {
			if err := t.grad(k); err != nil {
				return err
			}
			if searching {
				found, err := t.search()
				if err != nil {
					return err
				}
				if !found {
					break
				}
				continue
			}
			vec.Axpy(w, float32(-p.Float("lr")*s.LRScale()), g)
			if k+1 < inner {
				if _, err := s.Outputs(batch, w, t.outputs); err != nil {
					return err
				}
			}
		}
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// surrogate is S of one minibatch. The slot outputs holds f(w) wherever w is.
type surrogate struct {
	s     sdk.Session
	batch sdk.Batch
	n     int     // outputs of the minibatch; slots may be longer
	pull  float64 // 1/(n·η), n examples
	value float64 // S(w)

	start, outputs, cotangent sdk.Vec
}

func (t *surrogate) begin() error {
	t.start, t.outputs, t.cotangent = t.s.Slot("start"), t.s.Slot("outputs"), t.s.Slot("cotangent")
	_, err := t.s.Outputs(t.batch, t.s.W(), t.start)
	copy(t.outputs, t.start)
	return err
}

// grad stores the gradient of S at w in the slot grad. At the start it is that of the loss, and moves the running statistics
// as that does.
func (t *surrogate) grad(k int) error {
	s, slopes := t.s, t.s.Slot("slopes")
	if k == 0 {
		_, err := s.VJP(t.batch, s.W(), slopes, s.Slot("grad"))
		return err
	}
	c := t.cotangent[:t.n]
	vec.Sub(c, t.outputs[:t.n], t.start[:t.n])
	vec.Combine(c, 1, slopes[:t.n], float32(t.pull), c)
	_, err := s.VJP(t.batch, s.W(), t.cotangent, s.Slot("grad"), sdk.FreezeStats)
	return err
}

// at is S of the outputs.
func (t *surrogate) at(outputs sdk.Vec) float64 {
	c := t.cotangent[:t.n]
	vec.Sub(c, outputs[:t.n], t.start[:t.n])
	return vec.Dot(t.s.Slot("slopes")[:t.n], c) + vec.Dot(c, c)*t.pull/2
}

// search moves w along the gradient of S by a step size that Armijo's rule accepts, and says whether there was one.
func (t *surrogate) search() (bool, error) {
	s, p, w, g := t.s, t.s.Params(), t.s.W(), t.s.Slot("grad")
	point, size := s.Slot("point"), s.Slot("size")
	square := vec.Dot(g, g)
	if square < still*still {
		return false, nil
	}
	a := float64(size[0]) * math.Pow(p.Float("expand"), 1/float64(max(1, s.Problem().StepsPerEpoch)))
	for range p.Int("trials") {
		vec.AddScaled(point, w, float32(-a), g)
		if _, err := s.Outputs(t.batch, point, t.outputs); err != nil {
			return false, err
		}
		if value := t.at(t.outputs); value <= t.value-p.Float("armijo")*a*square {
			t.value, size[0] = value, float32(a)
			copy(w, point)
			return true, nil
		}
		a *= p.Float("backtrack")
	}
	size[0] = float32(a)
	return false, nil
}

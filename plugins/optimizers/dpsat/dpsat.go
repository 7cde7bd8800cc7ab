// Package dpsat is differentially private sharpness-aware training: SAM whose ascent direction is the release of the step
// before, so that it costs neither a second gradient nor privacy:
//
//	e_t = rho · d_{t−1} / (‖d_{t−1}‖ + 1e-12)      (d_0 = 0: e_1 = 0)
//	p_t = release at w_t + e_t
//	w_{t+1} = base step from w_t along p_t
//
// A release is that of dpsgd. ascent = "gradient": d_t = p_t, before the momentum of the base. ascent = "momentum":
// d_t = w_t − w_{t+1}, what the whole base step has subtracted. Either is computed from earlier releases only.
//
// quirk = "official_virtual" repeats what the published code does when a draw is larger than its physical batch: it moves
// to the perturbed point before each physical batch of the draw, and back only once. The k-th of K parts is evaluated at
// w_t + k·e_t, and the base step starts from w_t + (K−1)·e_t. It is for comparison with published numbers. Its account is
// the plugin's word, as the sums of the parts are added up here, before the noise.
package dpsat

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
	"github.com/sharpbench/sharpbench/plugins/sdk/private"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// tiny keeps a zero direction from being divided by its norm.
const tiny = 1e-12

// Values of the parameters ascent and quirk.
const (
	ascentGradient = "gradient"
	ascentMomentum = "momentum"
	quirkNone      = "none"
	quirkVirtual   = "official_virtual"
)

// defaultPhysical is the physical batch of the published runs.
const defaultPhysical = 1024

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "dpsat",
		Version: 1,
		Summary: "differentially private sharpness-aware training: SAM along the previous release, at the price of DP-SGD",
		Rule: "e = rho*d/(|d| + 1e-12), 0 in the first step; p = (sum over B of g_i(w+e)*min(1, clip/|g_i(w+e)|) + N(0, (sigma*clip)^2)) / batch size, " +
			`B: each example with probability batch size / examples; base step from w along p; d = p, with ascent = "momentum" d = w before the step - w after it`,
		Citation:   "Park, Kim, Choi & Lee 2023, Differentially Private Sharpness-Aware Training, ICML, arXiv:2306.05651",
		Unverified: "The results that the paper reports for single data sets were not compared. The rule and both variants are those of the published code; quirk is by reading it, not by running it.",
		Watch: append([]string{
			"Do not expect a gain in accuracy over dpsgd on small problems: in a small trial there was none.",
			`quirk = "official_virtual" is the published code's behaviour with draws larger than physical_batch, where parameters drift along the perturbation. Use it to compare with published numbers only.`,
		}, private.Watch()...),
		Params: append([]sdk.Param{
			sdk.Float("rho", 0.01, "distance of the perturbed point").Min(0).Log(),
			sdk.Choice("ascent", ascentGradient, []string{ascentGradient, ascentMomentum},
				"direction of the perturbation: the previous release, or the previous step of the base"),
			sdk.Choice("quirk", quirkNone, []string{quirkNone, quirkVirtual},
				"official_virtual: move on by the perturbation before each physical batch of a draw and back only once, as the published code does"),
			sdk.Int("physical_batch", defaultPhysical, "with quirk official_virtual, the largest part of a draw that is evaluated at once").Min(1),
		}, private.Params()...),
		Cost:       1,
		CostNote:   "1; with quirk = official_virtual 2 for draws larger than physical_batch",
		Track:      private.Track,
		Privacy:    private.Declare(1),
		Degenerate: []sdk.Degenerate{{When: map[string]any{"rho": 0.0}, Equals: "dpsgd"}},
		Needs:      append([]sdk.Op{sdk.OpNormal}, private.Needs...),
		Resumable:  true,
		Check: func(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
			out := private.Check(problem, p)
			if p.String("quirk") == quirkNone && p.Int("physical_batch") != defaultPhysical {
				out = append(out, sdk.Diagnostic{Param: "physical_batch", Message: `has no effect without quirk = "official_virtual"`})
			}
			return out
		},
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := append(base.New(p).Slots(problem.Dim), sdk.Slot{Name: "ascent"}, sdk.Slot{Name: "perturbed", Scratch: true})
	if p.String("quirk") == quirkVirtual {
		slots = append(slots, sdk.Slot{Name: "part", Scratch: true})
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p := s.Params()
	rule, m, rho := base.New(p), private.New(s), p.Float("rho")
	if err := rule.Init(private.Start(s)); err != nil {
		return err
	}
	momentum := p.String("ascent") == ascentMomentum
	w, g, perturbed, ascent := s.W(), s.Slot("grad"), s.Slot("perturbed"), s.Slot("ascent")
	for s.Next() {
		// ascent holds zeros before the first step.
		scale := float32(rho / (vec.Norm2(ascent) + tiny))
		vec.AddScaled(perturbed, w, scale, ascent)
		var err error
		if p.String("quirk") == quirkVirtual {
			err = virtual(s, m, w, perturbed, ascent, g, scale)
		} else {
			err = m.Release(perturbed, g, "noise")
		}
		if err != nil {
			return err
		}
		if momentum {
			copy(perturbed, w)
		}
		rule.Step(w, g, s.LRScale())
		if momentum {
			vec.Sub(ascent, perturbed, w)
		} else {
			copy(ascent, g)
		}
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// virtual is the release of the published code: perturbed is w + e on entry, and w ends at w + (K−1)·e, for K parts of the
// draw as even as possible, the larger ones first.
func virtual(s sdk.Session, m *private.Mechanism, w, perturbed, ascent, sum sdk.Vec, scale float32) error {
	batch, clip := m.Batch(), sdk.Clip{Limit: m.Clip()}
	// The host tells the size of a draw with its sum; it is that of one part when the draw is small enough.
	n, err := s.GradClipped(batch, perturbed, sum, clip)
	if err != nil {
		return err
	}
	part, limit := s.Slot("part"), int(s.Params().Int("physical_batch"))
	if parts := (n + limit - 1) / limit; parts > 1 {
		clear(sum)
		from := 0
		for k := range parts {
			to := from + n/parts
			if k < n%parts {
				to++
			}
			if _, err := s.GradClipped(batch.Range(from, to), perturbed, part, clip); err != nil {
				return err
			}
			vec.Add(sum, sum, part)
			from = to
			if k < parts-1 {
				vec.Axpy(w, scale, ascent)
				vec.Axpy(perturbed, scale, ascent)
			}
		}
	}
	if noise := m.Noise("noise"); noise != nil {
		if err := s.Normal(noise.Stream, noise.Index, part, noise.Std); err != nil {
			return err
		}
		vec.Add(sum, sum, part)
	}
	m.Average(sum)
	return nil
}

// Package private is what differentially private optimizers share: their parameters, and the release, which is all that
// they learn of the data:
//
//	B ~ each training example with probability q = batch size / examples, anew in every step
//	S = Σ_{i∈B} g_i·min(1, C/‖g_i‖)
//	p = (S + N(0, σ²C²I)) / (q·examples)
//
// The noise is added to the sum, and the division is by the expected number of examples, not by that of the draw, which is
// private itself. A draw may be empty: the release is noise then. The host draws, clips, adds the noise and keeps the
// account; the plugin never sees a sum without noise.
//
// (Abadi et al. 2016, Deep Learning with Differential Privacy, arXiv:1607.00133)
package private

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Track is the ranking of differentially private optimizers.
const Track = "dp"

// Needs are the ops of an optimizer that learns of the data through releases only.
var Needs = []sdk.Op{sdk.OpGradClipped, sdk.OpCommit}

// defaultSigma is the noise multiplier when neither it nor a target is given.
const defaultSigma = 1

// Params declares the parameters of the mechanism and those of the bases. The limit of the norms has the default of the runs
// published with DP-SAT. The learning rate of those, 2 with momentum 0.9 on batches of 2048, is too large for small batches.
func Params() []sdk.Param {
	bases := base.Params()
	for i := range bases {
		if bases[i].Name == "lr" {
			bases[i].Default = 1.0
			bases[i].Help = "learning rate, times the schedule; to be tuned together with clip, as the direction without noise is no longer than about clip; with base adam or adamw 0.001 is customary"
		}
	}
	return append([]sdk.Param{
		sdk.Float("clip", 0.1, "limit C of the norm of each example's gradient; 0 for none, which only sigma = 0 allows").Min(0).Log(),
		sdk.Float("epsilon", 0, "target: all steps together are (epsilon, delta)-differentially private, with the smallest sigma that makes them so; 0 for none, sigma counts then").Min(0).Log(),
		sdk.Float("delta", 0, "delta of the guarantee, for which the epsilon that was spent is reported, too; it should be well below 1 over the number of training examples; 0: not given").Min(0).Below(1).Log(),
		sdk.Float("sigma", defaultSigma, "noise multiplier: the standard deviation of the noise is sigma times clip; 0 for no noise and no privacy").Min(0).Log(),
	}, bases...)
}

// Declare is the declaration of an optimizer with the parameters of Params.
func Declare(releases int) *sdk.Privacy {
	return &sdk.Privacy{Epsilon: "epsilon", Delta: "delta", Sigma: "sigma", Clip: "clip", Releases: releases}
}

// Check finds what is wrong with the parameters of Params beyond their ranges.
func Check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	bad := func(param, message string) { out = append(out, sdk.Diagnostic{Param: param, Message: message}) }
	if p.Float("epsilon") > 0 && p.Float("delta") == 0 {
		bad("epsilon", "needs a delta: a guarantee is a pair, for example delta = 1e-5")
	}
	if p.Float("clip") == 0 && p.Float("sigma") != 0 {
		bad("clip", "0 (no limit) needs sigma = 0: there is no noise that hides gradients of any size")
	}
	return out
}

// Mechanism makes releases.
type Mechanism struct {
	s           sdk.Session
	rate        float64
	expected    float64 // number of examples of a draw
	clip, sigma float64
}

// New prepares the mechanism for the session's problem and parameters.
func New(s sdk.Session) *Mechanism {
	problem, p := s.Problem(), s.Params()
	m := &Mechanism{s: s, rate: 1, expected: 1, clip: p.Float("clip"), sigma: p.Float("sigma")}
	if problem.Examples > 0 && problem.BatchSize > 0 {
		m.rate = min(1, float64(problem.BatchSize)/float64(problem.Examples))
		m.expected = m.rate * float64(problem.Examples)
	}
	if m.clip == 0 {
		m.clip = math.Inf(1)
	}
	return m
}

// Batch names the draw of the current step.
func (m *Mechanism) Batch() sdk.Batch { return m.s.PoissonBatch(m.rate) }

// Clip is the limit of the norms, infinity for none.
func (m *Mechanism) Clip() float64 { return m.clip }

// Noise is that of the current step, nil for none. Releases of one step need streams of their own.
func (m *Mechanism) Noise(stream string) *sdk.Noise {
	if m.sigma == 0 {
		return nil
	}
	return &sdk.Noise{Stream: stream, Index: m.s.Step(), Std: m.sigma * m.clip}
}

// Release stores the release p of the current draw at the point at in out, a slot other than at.
func (m *Mechanism) Release(at, out sdk.Vec, stream string) error {
	if _, err := m.s.GradClipped(m.Batch(), at, out, sdk.Clip{Limit: m.clip, Noise: m.Noise(stream)}); err != nil {
		return err
	}
	m.Average(out)
	return nil
}

// Average divides a sum by the expected number of examples.
func (m *Mechanism) Average(sum sdk.Vec) { vec.Scale(sum, float32(1/m.expected), sum) }

// Start is what a base needs to be initialised in the session.
func Start(s sdk.Session) sdk.Start {
	return sdk.Start{Problem: s.Problem(), Params: s.Params(), Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob()}
}

// Watch is what to watch for with every optimizer of this kind.
func Watch() []string {
	return []string{
		"Networks with batch normalisation are refused: an example has no gradient of its own there. Use model.norm = \"group\" or \"none\".",
		"The runs published with DP-SAT have lr = 2, momentum = 0.9, clip = 0.1, epsilon = 3, delta = 1e-5 and batches of 2048.",
		"The budget counts expected draws: a step costs 1 G for each release on average, more or less for each draw.",
		"Tuning on the same data costs privacy, too; the epsilon of a board is that of one training.",
	}
}

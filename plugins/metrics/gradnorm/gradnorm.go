// Package gradnorm measures the Euclidean norm of the gradient of the mean loss over the metric's whole example set:
//
//	‖ (1/n) Σ_i ∇ℓ_i(w) ‖₂
//
// It is no sharpness by itself: it vanishes at every critical point, flat or sharp. It says how close to one the model
// is, which every statement about curvature at a minimum depends on.
//
// This folder is the model for a new metric: copy it. A metric reads the parameters, asks for losses and gradients
// at points of its own making, and returns the values that Info declares.
package gradnorm

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:     "gradnorm",
		Version:  1, // raise it when a value changes
		Summary:  "Euclidean norm of the gradient of the training loss",
		Rule:     "|grad L(w)|_2 over all examples of the metric's set, evaluation mode",
		Citation: "a validity check for the other metrics; as a predictor: Zhao, Zhang & Hu 2022, Penalizing Gradient Norm for Efficiently Improving Generalization in Deep Learning, arXiv:2202.03599",
		Finding:  "penalising it during the training improves generalisation; as a predictor it says little near minima",
		Watch:    []string{"It is 0 at every critical point, flat or sharp: use it to judge whether the curvature of other metrics is that of a minimum."},
		CostNote: "1 G for each nominal batch of the set",
		Needs:    []sdk.Op{sdk.OpGrad},
		Values: []sdk.ValueInfo{{
			Name: "gradnorm", Unit: "loss", Better: sdk.BetterLower,
			Help: "0 at a critical point; not comparable between models that are parameterised differently",
		}},
	}
}

// Slots implements sdk.Metric. The mean is private to the plugin, and the slot of gradients is always there.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return nil }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	g, mean := s.Slot("grad"), make(sdk.Vec, p.Dim)
	for j := range p.ProbeBatches {
		if _, err := s.Grad(s.ProbeBatch(j), s.W(), g); err != nil {
			return nil, err
		}
		vec.Axpy(mean, float32(share(p, j)), g)
	}
	return []sdk.Value{{Name: "gradnorm", Value: vec.Norm2(mean)}}, nil
}

// share is the fraction of the examples that is in batch j. Only the last batch may be smaller than the others.
func share(p sdk.Problem, j int) float64 {
	return float64(min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize)) / float64(p.Examples)
}

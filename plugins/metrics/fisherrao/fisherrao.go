// Package fisherrao measures the squared Fisher–Rao norm of the parameters with the labels as observed:
//
//	wᵀ F w = (1/n) Σ_i ⟨w, ∇ℓ_i(w)⟩²
//
// It takes one gradient for each example, so that biases and batch normalisation need no assumption of homogeneity. For
// networks without biases the value does not change when a unit is rescaled; it does change with the scale of the outputs.
//
// Definition: Liang, Poggio, Rakhlin & Stokes 2019, "Fisher-Rao Metric, Geometry, and Complexity of Neural Networks",
// arXiv:1711.01530.
package fisherrao

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "fisherrao",
		Version:    1,
		Summary:    "squared Fisher-Rao norm of the parameters, labels as observed",
		Rule:       "mean over examples of <w, grad l_i(w)>^2, evaluation mode",
		Citation:   "Liang, Poggio, Rakhlin & Stokes 2019, Fisher-Rao Metric, Geometry, and Complexity of Neural Networks, arXiv:1711.01530",
		Unverified: "the definition was not compared with the text of the paper",
		Finding:    "it bounds other norm-based capacities from below for networks that are homogeneous, and follows generalisation where parameters are rescaled",
		Watch: []string{
			"It uses the observed labels (the empirical Fisher matrix), which differs from the Fisher matrix of the model's own distribution.",
			"It falls towards 0 as the training loss does, so compare models at equal loss.",
			"It depends on the scale of the outputs. Rescaling the units of a ReLU network leaves it alone where there are no biases.",
		},
		CostNote: "one gradient for each example, each on that example alone",
		Needs:    []sdk.Op{sdk.OpGrad},
		Values: []sdk.ValueInfo{{
			Name: "fisherrao", Unit: "loss^2", Better: sdk.BetterLower,
			Help: "never negative; the standard error is that of the mean over the examples",
		}},
		Invariances: []string{"nodewise_rescaling"},
	}
}

// Slots implements sdk.Metric. The slot of gradients is always there.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return nil }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	if p.Examples == 0 {
		return nil, fmt.Errorf("the metric's example set is empty")
	}
	g, n := s.Slot("grad"), float64(p.Examples)
	// The mean and the squared deviations are updated example by example.
	mean, sq, seen := 0.0, 0.0, 0
	for j := range p.ProbeBatches {
		for i := range min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize) {
			if _, err := s.Grad(s.ProbeBatch(j).Example(i), s.W(), g); err != nil {
				return nil, fmt.Errorf("batch %d, example %d: %w", j, i, err)
			}
			a := vec.Dot(s.W(), g)
			seen++
			d := float64(a*a) - mean
			mean += d / float64(seen)
			sq += float64(d * (float64(a*a) - mean))
		}
	}
	v := sdk.Value{Name: "fisherrao", Value: mean}
	if seen > 1 {
		v.StdErr, v.HasStdErr = math.Sqrt(sq/(n-1)/n), true
	}
	return []sdk.Value{v}, nil
}

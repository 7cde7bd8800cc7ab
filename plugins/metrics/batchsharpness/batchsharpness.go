// Package batchsharpness measures the curvature of minibatch losses along their own gradients:
//
//	mean over batches B of  g_Bᵀ H_B g_B / ‖g_B‖²      (and the ratio of the two means)
//
// The batches are the metric's own, in evaluation mode. Under SGD it is reported to hover at 2/learning rate.
package batchsharpness

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "batchsharpness",
		Version:    1,
		Summary:    "curvature of minibatch losses along their own gradients",
		Rule:       "mean over batches of g'Hg/|g|^2 with the batch's own gradient and Hessian; ratio: mean g'Hg over mean |g|^2; evaluation mode",
		Citation:   "Andreyev & Beneventano 2024, Edge of Stochastic Stability, arXiv:2412.20553",
		Unverified: "which of the two averages is the published one: both are values",
		Finding:    "under SGD it rises to 2/learning rate and stays there, while the largest eigenvalue of the full loss stays below",
		Watch:      []string{"It depends on the batch size, here that of the metric's batches: compare with 2/learning rate at the size used in training."},
		CostNote:   "3 G for each nominal batch of the set",
		Needs:      []sdk.Op{sdk.OpGrad, sdk.OpHVP},
		Values: []sdk.ValueInfo{
			{Name: "batchsharpness", Unit: "loss", Better: sdk.BetterLower, Help: "mean over batches of the curvature along the batch's gradient"},
			{Name: "ratio", Unit: "loss", Better: sdk.BetterLower, Help: "the same with the means taken first: batches with large gradients weigh more"},
		},
		Invariances: []string{"orthogonal_basis"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return curvature.Slots() }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	n := s.Problem().ProbeBatches
	g := s.Slot("grad")
	v, y := make(sdk.Vec, len(g)), make(sdk.Vec, len(g))
	var ratios []float64
	var bends, squares, loss float64
	for j := range n {
		b := s.ProbeBatch(j)
		l, err := s.Grad(b, s.W(), g)
		if err != nil {
			return nil, fmt.Errorf("batch %d: %w", j, err)
		}
		loss += l / float64(n)
		norm := vec.Norm2(g)
		if norm == 0 {
			continue
		}
		vec.Scale(v, float32(1/norm), g)
		if err := curvature.New(s, b, nil).Apply(v, y); err != nil {
			return nil, fmt.Errorf("batch %d: %w", j, err)
		}
		ratio := vec.Dot(v, y) / vec.Dot(v, v)
		ratios = append(ratios, ratio)
		squares += norm * norm
		bends += ratio * norm * norm
	}
	if len(ratios) == 0 {
		const why = "the gradient of every batch is zero"
		return []sdk.Value{{Name: "batchsharpness", Null: true, Reason: why}, {Name: "ratio", Null: true, Reason: why}}, nil
	}
	mean, se := curvature.Mean(ratios)
	value := curvature.Estimate("batchsharpness", mean, se)
	value.Warnings = curvature.Saturated(loss)
	if zero := n - len(ratios); zero > 0 {
		value.Warnings = append(value.Warnings, fmt.Sprintf("%d of %d batches have a zero gradient and are left out", zero, n))
	}
	return []sdk.Value{value, {Name: "ratio", Value: bends / squares, Warnings: value.Warnings}}, nil
}

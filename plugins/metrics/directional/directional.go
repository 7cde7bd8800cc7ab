// Package directional measures the curvature of the mean loss along the last committed update v of the optimizer:
//
//	vᵀHv / ‖v‖²
//
// over the metric's whole example set, in evaluation mode. It is at most the largest eigenvalue of the Hessian.
package directional

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
		Name:       "directional",
		Version:    1,
		Summary:    "curvature of the loss along the optimizer's last update",
		Rule:       "v'Hv / |v|^2, v the last committed step, H of the mean loss over the metric's set, evaluation mode",
		Citation:   "Pan & Li 2023, Toward Understanding Why Adam Converges Faster Than SGD for Transformers, arXiv:2306.00204",
		Unverified: "the publication compares the proposals of several optimizers at one point of one trajectory; here each optimizer's own last update is measured, at its own point",
		Watch:      []string{"At the end of a schedule the update is that of a small step; its direction is what counts, and mostly noise of the last batch."},
		CostNote:   "2 G for each nominal batch of the set",
		Needs:      []sdk.Op{sdk.OpHVP},
		Values: []sdk.ValueInfo{
			{Name: "directional", Unit: "loss", Better: sdk.BetterLower, Help: "second derivative of the loss along the update, per squared length"},
			{Name: "update_norm", Unit: "1", Better: sdk.BetterNone, Help: "length of the update"},
		},
		Invariances: []string{"orthogonal_basis"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return curvature.Slots() }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	update := s.Slot("update")
	if update == nil {
		return nil, fmt.Errorf("the last update of the optimizer is not known")
	}
	norm := vec.Norm2(update)
	length := sdk.Value{Name: "update_norm", Value: norm}
	if norm == 0 {
		return []sdk.Value{{Name: "directional", Null: true, Reason: "the last update is zero"}, length}, nil
	}
	// The product is taken of the direction, not of the update: a tiny step would lose digits in float32.
	v, y := make(sdk.Vec, len(update)), make(sdk.Vec, len(update))
	vec.Scale(v, float32(1/norm), update)
	h := curvature.New(s, s.FullBatch(), nil)
	if err := h.Apply(v, y); err != nil {
		return nil, err
	}
	return []sdk.Value{{Name: "directional", Value: vec.Dot(v, y) / vec.Dot(v, v), Warnings: curvature.Saturated(h.Loss())}, length}, nil
}

// Package samgap measures how much the loss rises on the step that SAM looks ahead:
//
//	L(w + δ) − L(w),  δ = rho·g/‖g‖,  or with adaptive  δ = rho·c²⊙g/‖c⊙g‖, c = |w|
//
// with g the gradient of the mean loss over the metric's whole example set, in evaluation mode. It is the cheapest measure
// of sharpness there is, one gradient and one loss, and a lower bound of the worst case over the ball.
package samgap

import (
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
		Name:    "samgap",
		Version: 1,
		Summary: "rise of the loss on SAM's ascent step",
		Rule:    "L(w+d) - L(w), d = rho*g/|g|, or rho*c^2*g/|c*g| with c = |w| if adaptive; g over the metric's whole set, evaluation mode",
		Citation: "Foret, Kleiner, Mobahi & Neyshabur 2021, Sharpness-Aware Minimization for Efficiently Improving Generalization, arXiv:2010.01412; " +
			"adaptive: Kwon, Kim, Park & Choi 2021, ASAM, arXiv:2102.11600",
		Finding: "the term that SAM adds to the loss; as a measure it is a baseline, not a published predictor",
		Watch: []string{
			"One step is a lower bound of the worst case in the ball: msharpness climbs further.",
			"Away from a critical point it is rho times the norm of the gradient and says little about curvature.",
		},
		CostNote: "4/3 G for each nominal batch of the set",
		Params: []sdk.Param{
			sdk.Float("rho", 0.05, "length of the step, in units of c").Above(0).Log(),
			sdk.Bool("adaptive", false, "scale every coordinate by the size of its parameter, c = |w|"),
		},
		Needs: []sdk.Op{sdk.OpGrad, sdk.OpLoss},
		Values: []sdk.ValueInfo{
			{Name: "gap", Unit: "loss", Better: sdk.BetterLower, Help: "rise of the loss; negative only where the loss bends down along its own gradient"},
			{Name: "slope", Unit: "loss", Better: sdk.BetterNone, Help: "rho·‖c⊙g‖, what the rise is to first order"},
		},
		Invariances: []string{"orthogonal_basis", "elementwise_rescaling (adaptive)"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "point", Scratch: true}}
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	rho, w, g, point := s.Params().Float("rho"), s.W(), s.Slot("grad"), s.Slot("point")
	base, err := s.Grad(s.FullBatch(), w, g)
	if err != nil {
		return nil, err
	}
	var c sdk.Vec
	if s.Params().Bool("adaptive") {
		c, _ = curvature.Sizes(w)
		vec.Mul(g, c, g)
	}
	norm := vec.Norm2(g)
	slope := sdk.Value{Name: "slope", Value: rho * norm}
	if norm == 0 {
		return []sdk.Value{{Name: "gap", Null: true, Reason: "the gradient is zero: there is no direction to step in"}, slope}, nil
	}
	if c != nil {
		vec.Mul(g, c, g)
	}
	vec.AddScaled(point, w, float32(rho/norm), g)
	top, err := s.Loss(s.FullBatch(), point)
	if err != nil {
		return nil, err
	}
	return []sdk.Value{{Name: "gap", Value: top - base, Warnings: curvature.Saturated(base)}, slope}, nil
}

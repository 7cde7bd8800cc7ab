// Plugin my-plugin is a sharpness metric for bench: the curvature along the gradient, to be replaced by your own.
package main

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

func main() { sdk.Serve(metric{}) }

type metric struct{}

var _ sdk.Metric = metric{}

// Info says what the plugin is. Suites, tables and `bench plugin info` take everything from here.
func (metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "my-plugin",
		Version: 1, // raise it when any number changes
		Summary: "curvature of the loss along its gradient",
		Rule:    "g'Hg / g'g, g the gradient and H the Hessian of the loss on the metric's examples",
		Needs:   []sdk.Op{sdk.OpGrad, sdk.OpHVP},
		Values: []sdk.ValueInfo{{
			Name: "my-plugin", Unit: "loss", Better: sdk.BetterLower, Help: "at most the largest eigenvalue of the Hessian",
		}},
	}
}

// Slots asks for vectors to work with. A scratch slot holds nothing from one measurement to the next.
func (metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "product", Scratch: true}}
}

// Measure returns the values that Info declares. The parameters W are read-only.
func (metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	g, hg := s.Slot("grad"), s.Slot("product")
	if _, err := s.Grad(s.FullBatch(), s.W(), g); err != nil {
		return nil, err
	}
	norm := vec.Dot(g, g)
	if norm == 0 {
		return []sdk.Value{{Name: "my-plugin", Null: true, Reason: "the gradient is zero"}}, nil
	}
	if _, err := s.HVP(s.FullBatch(), s.W(), g, hg); err != nil {
		return nil, err
	}
	return []sdk.Value{{Name: "my-plugin", Value: vec.Dot(g, hg) / norm}}, nil
}

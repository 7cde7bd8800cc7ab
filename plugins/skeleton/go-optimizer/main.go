// Plugin my-plugin is an optimizer for bench: gradient descent with momentum, to be replaced by your own rule.
package main

import "github.com/sharpbench/sharpbench/plugins/sdk"

func main() { sdk.Serve(optimizer{}) }

// optimizer has one gradient a step. A method that needs several, or Hessian-vector products, implements
// sdk.Optimizer instead of sdk.Stepper: Run in place of New, a loop of its own.
type optimizer struct{}

var _ sdk.Stepper = optimizer{}

// Info says what the plugin is. Suites, tables and `bench plugin info` take everything from here.
func (optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "my-plugin",
		Version: 1, // raise it when any number changes
		Summary: "gradient descent with momentum",
		Rule:    "v = momentum*v + g; w = w - lr*v",
		Params: []sdk.Param{
			sdk.Float("lr", 0.05, "learning rate").Min(0).Log(),
			sdk.Float("momentum", 0.9, "share of the last step in the next").Min(0).Below(1),
		},
		Cost:      1, // gradients a step
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true, // all state is in slots
	}
}

// Slots asks for the vectors that the rule keeps. The host checkpoints them; they hold 0 when a run starts.
func (optimizer) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return []sdk.Slot{{Name: "velocity"}} }

// New prepares a run and returns its step: w is updated in place, g is the gradient at w, and lrScale is the factor
// of the suite's schedule.
func (optimizer) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	lr, momentum := start.Params.Float("lr"), float32(start.Params.Float("momentum"))
	velocity := start.Slot("velocity")
	return func(w, g sdk.Vec, lrScale float64) error {
		rate := float32(lr * lrScale)
		for i := range w {
			velocity[i] = float32(momentum*velocity[i]) + g[i]
			w[i] -= float32(rate * velocity[i])
		}
		return nil
	}, nil
}

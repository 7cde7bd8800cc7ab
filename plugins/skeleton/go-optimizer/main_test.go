package main

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// In every test the plugin runs as a process of its own: this test binary, started again.
func TestMain(m *testing.M) { sdktest.TestMain(m, optimizer{}) }

// On ½ Σ h w², without momentum, the parameters after t steps are (1 − lr·h)^t times the first ones.
func TestClosedForm(t *testing.T) {
	const lr = 0.05
	h, start := []float64{10, 1, 0.1}, []float32{1, -2, 3}
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(h...), Init: start, Steps: 20,
		Params: map[string]any{"lr": lr, "momentum": 0.0},
	})
	for step, w := range path {
		for i := range w {
			want := math.Pow(1-lr*h[i], float64(step+1)) * float64(start[i])
			if math.Abs(float64(w[i])-want) > 1e-6*math.Abs(float64(start[i])) {
				t.Fatalf("step %d, parameter %d: %v, want %v", step+1, i, w[i], want)
			}
		}
	}
}

// The rules that every plugin has to keep, those of `bench plugin test`.
func TestConformance(t *testing.T) { plugintest.Run(t, nil, plugintest.Options{}) }

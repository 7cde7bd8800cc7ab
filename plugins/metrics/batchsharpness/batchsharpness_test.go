package batchsharpness

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// H = diag(100, 1) with the gradient (100, 1).
func TestQuadratic(t *testing.T) {
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(100, 1), At: []float32{1, 1}})
	for _, name := range []string{"batchsharpness", "ratio"} {
		if got := v[name]; math.Abs(got.Value/99.990101-1) > 1e-6 || got.HasStdErr {
			t.Errorf("%s: %+v", name, got)
		}
	}
	v = plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(100, 1), At: []float32{0, 0}})
	if !v["batchsharpness"].Null || !v["ratio"].Null {
		t.Errorf("at the minimum: %+v", v)
	}
}

// Logistic regression in batches of one: the gradient is along x, and the curvature along it p(1−p)·‖x‖².
func TestBatches(t *testing.T) {
	x, y := [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}}, []int{1, -1, -1, 1}
	at := []float32{0.5, -0.25}
	mean, top, bottom := 0.0, 0.0, 0.0
	for i, row := range x {
		p := 1 / (1 + math.Exp(float64(y[i])*(0.5*row[0]-0.25*row[1])))
		norm := row[0]*row[0] + row[1]*row[1]
		mean += p * (1 - p) * norm / 4
		top += p * (1 - p) * norm * p * p * norm
		bottom += p * p * norm
	}
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Logistic(x, y, 1), At: at, Probe: plugintest.Probe{Batches: 4, Size: 1}})
	if got := v["batchsharpness"]; math.Abs(got.Value/mean-1) > 1e-6 || !got.HasStdErr {
		t.Errorf("%+v, want %v", got, mean)
	}
	if got := v["ratio"]; math.Abs(got.Value*bottom/top-1) > 1e-6 {
		t.Errorf("%+v, want %v", got, top/bottom)
	}
}

package directional

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

func TestKnownDirections(t *testing.T) {
	for _, c := range []struct {
		update []float32
		want   float64
	}{
		{[]float32{-100, -1}, 99.990101}, // gradient descent
		{[]float32{1, 1}, 50.5},          // its signs
		{[]float32{1e-9, 0}, 100},        // an eigenvector, and a tiny step
		{[]float32{0, -3}, 1},
	} {
		v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(100, 1), At: []float32{1, 1}, Update: c.update})
		if got := v["directional"]; math.Abs(got.Value/c.want-1) > 1e-6 {
			t.Errorf("along %v: %+v, want %v", c.update, got, c.want)
		}
	}
}

func TestNoUpdate(t *testing.T) {
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(1, 1), At: []float32{1, 1}, Update: []float32{0, 0}})
	if !v["directional"].Null || v["update_norm"].Value != 0 {
		t.Errorf("%+v", v)
	}
	if v, err := plugintest.TryMeasure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(1, 1), At: []float32{1, 1}}); err == nil {
		t.Errorf("without an update: %+v", v)
	}
}

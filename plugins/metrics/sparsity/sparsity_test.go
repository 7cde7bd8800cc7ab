package sparsity

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// measure is about one unit whose pre-activations on the examples are z.
func measure(t *testing.T, z []float64, params map[string]any) map[string]pluginhost.Value {
	t.Helper()
	x, y := make([][]float64, len(z)), make([]int, len(z))
	for i, v := range z {
		x[i], y[i] = []float64{v}, 1
	}
	return plugintest.Measure(t, plugintest.MeasureCase{
		Workload: plugintest.Logistic(x, y, len(z)/2), At: []float32{1}, Params: params, Classes: 2,
		Probe:   plugintest.Probe{Batches: 2, Size: len(z) / 2},
		Tensors: []engine.Tensor{{Name: "w", Kind: engine.Weight, Shape: []int{1, 1}}}, ActivationLen: []int{1},
	})
}

// The quantiles of N(bias, 1) in the middle of n equal parts.
func normal(n int, bias float64) []float64 {
	z := make([]float64, n)
	for i := range z {
		z[i] = bias + distuv.UnitNormal.Quantile((float64(i)+0.5)/float64(n))
	}
	return z
}

func TestNormalPreActivations(t *testing.T) {
	const n = 20000
	for _, c := range []struct{ bias, want float64 }{{0, 0.5}, {-1, 0.158655}, {1, 1 - 0.158655}} {
		got := measure(t, normal(n, c.bias), nil)
		for _, name := range []string{"active", "first_third"} {
			if v := got[name].Value; math.Abs(v-c.want) > 1.0/n {
				t.Errorf("bias %v: %s = %v, want %v", c.bias, name, v, c.want)
			}
		}
	}
	// A unit that is exactly 0 is not active, and neither is one that gelu leaves next to nothing of.
	if v := measure(t, []float64{0, 0, 2, -2}, nil)["active"].Value; v != 0.25 {
		t.Errorf("%v of (0, 0, 2, -2) are active, want 0.25", v)
	}
	if v := measure(t, []float64{-9, 0, 2, -2}, map[string]any{"activation": "gelu"})["active"].Value; v != 0.5 {
		t.Errorf("gelu: %v of (-9, 0, 2, -2) are active, want 0.5", v)
	}
}

// The scale of a unit, as long as it is positive, does not matter.
func TestPositiveScaling(t *testing.T) {
	z := normal(1000, 0.3)
	want := measure(t, z, nil)["active"].Value
	for i := range z {
		z[i] *= 17
	}
	if got := measure(t, z, nil)["active"].Value; got != want {
		t.Errorf("scaled by 17: %v, want %v", got, want)
	}
}

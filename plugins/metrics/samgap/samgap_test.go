package samgap

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// On ½ Σ h w² the rise is ρ‖c⊙g‖ + ½ρ² Σ h d², d = c²⊙g/‖c⊙g‖: exactly two terms. (The point is rounded to float32.)
func TestQuadratic(t *testing.T) {
	h, w := []float64{4, 1, 0.25}, []float32{0.5, -1, 2}
	for _, adaptive := range []bool{false, true} {
		for _, rho := range []float64{0.05, 0.1, 1} {
			norm, bend := 0.0, 0.0
			for i := range h {
				c := 1.0
				if adaptive {
					c = math.Abs(float64(w[i]))
				}
				g := h[i] * float64(w[i])
				norm += c * g * c * g
				bend += h[i] * c * c * g * c * c * g
			}
			want := rho*math.Sqrt(norm) + rho*rho/2*bend/norm
			v := plugintest.Measure(t, plugintest.MeasureCase{
				Workload: plugintest.Quadratic(h...), At: w, Params: map[string]any{"rho": rho, "adaptive": adaptive},
			})
			if got := v["gap"]; math.Abs(got.Value/want-1) > 3e-6 {
				t.Errorf("adaptive %v, rho %v: %+v, want %v", adaptive, rho, got, want)
			}
			if got := v["slope"].Value; math.Abs(got/(rho*math.Sqrt(norm))-1) > 1e-6 {
				t.Errorf("adaptive %v, rho %v: slope %v", adaptive, rho, got)
			}
		}
	}
}

// Linear logistic regression, one example: the loss along the step is known, and it is the worst case of the ball.
func TestLogistic(t *testing.T) {
	v := plugintest.Measure(t, plugintest.MeasureCase{
		Workload: plugintest.Logistic([][]float64{{1, 0}}, []int{1}, 1), At: []float32{1, -1}, Params: map[string]any{"rho": 0.5},
	})
	if want := math.Log1p(math.Exp(-0.5)) - math.Log1p(math.Exp(-1)); math.Abs(v["gap"].Value/want-1) > 1e-6 {
		t.Errorf("%+v, want %v", v["gap"], want)
	}
}

func TestCriticalPoint(t *testing.T) {
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(4, 1), At: []float32{0, 0}})
	if !v["gap"].Null || v["slope"].Value != 0 {
		t.Errorf("%+v", v)
	}
}

// Twice the loss has twice the gap, bit for bit.
func TestLossScale(t *testing.T) {
	one := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(4, 1), At: []float32{1, 3}})["gap"].Value
	two := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(8, 2), At: []float32{1, 3}})["gap"].Value
	if 2*one != two {
		t.Errorf("%v and %v", one, two)
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want = 1, 0.25365
	got := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(4, 1), At: []float32{1, 3}})["gap"].Value
	if v := (Metric{}).Info().Version; v != version || math.Abs(got/want-1) > 3e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", v, got, version, want)
	}
}

package firstorder

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

func measure(t *testing.T, w oracle.Workload, at []float32, params map[string]any) (r1, r0 float64) {
	t.Helper()
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: w, At: at, Params: params, Seed: 2})
	return v["r1"].Value, v["r0"].Value
}

// At the minimum of a quadratic R¹ = ρ²λ_max and R⁰ = ½ρ²λ_max.
func TestMinimum(t *testing.T) {
	r1, r0 := measure(t, plugintest.Quadratic(4, 1, 0.25), make([]float32, 3), map[string]any{"rho": 0.1})
	if math.Abs(r1/0.04-1) > 1e-6 || math.Abs(r0/0.02-1) > 1e-6 {
		t.Errorf("%v and %v, want 0.04 and 0.02", r1, r0)
	}
}

// largest is the maximum of ‖a⊙(x+u)‖ over ‖u‖ ≤ ρ: (μ − a²)u = a²x with the largest μ for which ‖u‖ = ρ, by bisection.
func largest(a, x []float64, rho float64) float64 {
	top := 0.0
	for _, v := range a {
		top = math.Max(top, v*v)
	}
	at := func(mu float64) (length, value float64) {
		for i := range a {
			u := a[i] * a[i] * x[i] / (mu - a[i]*a[i])
			length += u * u
			value += a[i] * a[i] * (x[i] + u) * (x[i] + u)
		}
		return math.Sqrt(length), math.Sqrt(value)
	}
	lo, hi := top, top+1e6
	for range 200 {
		if mid := (lo + hi) / 2; mid == lo || mid == hi {
			break
		} else if l, _ := at(mid); l > rho {
			lo = mid
		} else {
			hi = mid
		}
	}
	_, v := at(hi)
	return v
}

func TestQuadratic(t *testing.T) {
	h, w := []float64{4, 1, 0.25}, []float32{0.5, -1, 2}
	for _, adaptive := range []bool{false, true} {
		// The scaled gradient at w + c⊙u is c⊙h⊙(w + c⊙u) = (hc²)⊙(w/c + u).
		a, x := make([]float64, 3), make([]float64, 3)
		for i := range h {
			c := 1.0
			if adaptive {
				c = math.Abs(float64(w[i]))
			}
			a[i], x[i] = h[i]*c*c, float64(w[i])/c
		}
		want := 0.1 * largest(a, x, 0.1)
		r1, r0 := measure(t, plugintest.Quadratic(h...), w, map[string]any{"rho": 0.1, "adaptive": adaptive, "steps": 40})
		if math.Abs(r1/want-1) > 1e-4 || r1 > want*(1+1e-6) {
			t.Errorf("adaptive %v: %v, want %v", adaptive, r1, want)
		}
		if !(0 <= r0 && r0 <= r1) {
			t.Errorf("adaptive %v: the rise %v is not between 0 and %v", adaptive, r0, r1)
		}
	}
}

// The rise is an integral of the gradient along a segment of the ball: R⁰ ≤ R¹, also where the loss has hills.
func TestRiseIsBounded(t *testing.T) {
	hills := plugintest.Curved(2, func(w []float64) (float64, []float64) {
		return 2 + math.Sin(3*w[0])*math.Cos(w[1]), []float64{3 * math.Cos(3*w[0]) * math.Cos(w[1]), -math.Sin(3*w[0]) * math.Sin(w[1])}
	}, func(w []float64) [][]float64 {
		s, c := math.Sincos(3 * w[0])
		x := -3 * c * math.Sin(w[1])
		return [][]float64{{-9 * s * math.Cos(w[1]), x}, {x, -s * math.Cos(w[1])}}
	})
	last := 0.0
	for _, rho := range []float64{0.05, 0.1, 0.2, 0.4, 0.8} {
		r1, r0 := measure(t, hills, []float32{0.3, -0.2}, map[string]any{"rho": rho})
		if r0 > r1*(1+1e-6) || r1 < last {
			t.Errorf("rho %v: R0 = %v, R1 = %v, before %v", rho, r0, r1, last)
		}
		last = r1
	}
}

// Two minima in one dimension with the same R⁰ and other R¹: ½ax² everywhere, and a loss that is flat first and then steep,
// b|x|³ with bρ³ = ½aρ²: R¹ is aρ² and 3bρ³ = 1.5·aρ².
func TestClaimSeparatesWhatRiseDoesNot(t *testing.T) {
	const a, rho = 2.0, 0.5
	b := a / (2 * rho)
	steep := plugintest.Curved(1, func(w []float64) (float64, []float64) {
		x := math.Abs(w[0])
		return b * x * x * x, []float64{3 * b * w[0] * x}
	}, func(w []float64) [][]float64 { return [][]float64{{6 * b * math.Abs(w[0])}} })
	even1, even0 := measure(t, plugintest.Quadratic(a), []float32{0}, map[string]any{"rho": rho})
	steep1, steep0 := measure(t, steep, []float32{0}, map[string]any{"rho": rho})
	t.Logf("R0: %v and %v; R1: %v and %v: reproduced", even0, steep0, even1, steep1)
	if math.Abs(even0/steep0-1) > 1e-6 || math.Abs(steep1/even1/1.5-1) > 1e-6 {
		t.Errorf("R0: %v and %v; R1: %v and %v, want equal ones and a ratio of 1.5", even0, steep0, even1, steep1)
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want = 1, 0.04
	got, _ := measure(t, plugintest.Quadratic(4, 1, 0.25), make([]float32, 3), map[string]any{"rho": 0.1})
	if v := (Metric{}).Info().Version; v != version || math.Abs(got/want-1) > 1e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", v, got, version, want)
	}
}

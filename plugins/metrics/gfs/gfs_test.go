package gfs

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// product is L = ½(Πw − y)².
func product(n int, y float64) oracle.Workload {
	rest := func(w []float64, skip ...int) float64 {
		p := 1.0
		for i, x := range w {
			if i != skip[0] && i != skip[len(skip)-1] {
				p *= x
			}
		}
		return p
	}
	return plugintest.Curved(n, func(w []float64) (float64, []float64) {
		r, g := rest(w, -1)-y, make([]float64, n)
		for i := range g {
			g[i] = r * rest(w, i)
		}
		return r * r / 2, g
	}, func(w []float64) [][]float64 {
		r, h := rest(w, -1)-y, make([][]float64, n)
		for i := range h {
			h[i] = make([]float64, n)
			for j := range h[i] {
				h[i][j] = rest(w, i) * rest(w, j)
				if i != j {
					h[i][j] += r * rest(w, i, j)
				}
			}
		}
		return h
	})
}

func measure(t *testing.T, w []float32, y float64, params map[string]any) map[string]pluginhost.Value {
	t.Helper()
	var tensors []engine.Tensor
	for i := range w {
		tensors = append(tensors, engine.Tensor{Name: "w" + string(rune('1'+i)), Kind: engine.Weight, Shape: []int{1, 1}, Offset: i})
	}
	return plugintest.Measure(t, plugintest.MeasureCase{Workload: product(len(w), y), At: w, Tensors: tensors, Params: params, Seed: 1})
}

// Depth 2 with y = 1 has √((u²−v²)² + 4). The flow finds the same as the formula, to the loss at which it ends.
func TestKnownSolutions(t *testing.T) {
	for _, c := range []struct {
		w    []float32
		y    float64
		want float64
	}{
		{[]float32{2, 1}, 1, 3.60555128},
		{[]float32{1, 1, 1}, 1, 3},
		{[]float32{3, 0.5, 1}, 1, 9.04857959},
		{[]float32{-2, 1}, 1, 3.60555128}, // the sign of the product does not matter
		{[]float32{1.5, 0.25}, 2, math.Sqrt(math.Pow(2.25-0.0625, 2) + 16)},
	} {
		if v := measure(t, c.w, c.y, nil)["gfs"]; math.Abs(v.Value/c.want-1) > 1e-6 {
			t.Errorf("%v: %+v, want %v", c.w, v, c.want)
		}
		v := measure(t, c.w, c.y, map[string]any{"method": "flow", "target": 1e-9})
		exact := measure(t, c.w, c.y, nil)
		if math.Abs(v["gfs"].Value/c.want-1) > 1e-3 || math.Abs(v["distance"].Value-exact["distance"].Value) > 1e-3 || v["loss"].Value > 1e-9 {
			t.Errorf("%v by the flow: %+v, want %v and %v", c.w, v, c.want, exact)
		}
	}
}

// Gradient descent from (3, 0.1) with η = 0.2 makes the solution flatter in every step, down to ‖w‖² where it ends, which
// is below 2/η = 10.
func TestGradientDescent(t *testing.T) {
	want := []float64{9.20978, 9.03786, 8.92726, 8.85111}
	w, last := []float64{3, 0.1}, math.Inf(1)
	for k := range 300 {
		got, _, _ := solution(w, 1)
		if k < len(want) && math.Abs(got-want[k]) > 1e-5 {
			t.Errorf("step %d: %v, want %v", k, got, want[k])
		}
		if got > last+1e-12 {
			t.Errorf("step %d: from %v up to %v", k, last, got)
		}
		last = got
		r := w[0]*w[1] - 1
		w[0], w[1] = w[0]-0.2*r*w[1], w[1]-0.2*r*w[0]
	}
	if math.Abs(last-8.74478) > 1e-5 || math.Abs(last-w[0]*w[0]-w[1]*w[1]) > 1e-6 {
		t.Errorf("it ends at %v, |w|² = %v", last, w[0]*w[0]+w[1]*w[1])
	}
	if v := measure(t, []float32{3, 0.1}, 1, nil)["gfs"]; math.Abs(v.Value/9.20978-1) > 1e-6 {
		t.Errorf("the metric itself: %+v", v)
	}
}

// One step changes b = u² − v² to b(1 − η²r²), r = uv − 1.
func TestBalance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		u, v, eta := r.NormFloat64(), r.NormFloat64(), r.Float64()
		e := u*v - 1
		a, b := u-eta*e*v, v-eta*e*u
		if got, want := a*a-b*b, (u*u-v*v)*(1-eta*eta*e*e); math.Abs(got-want) > 1e-9*(1+math.Abs(want)) {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// Depth 4, 1000 starts near solutions whose sharpness is up to the edge of stability, 2/η: does gradient descent make the
// solution of the flow sharper in any step?
func TestClaimMonotone(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	const eta, starts = 0.2, 1000
	violations, steps, worst, unstable := 0, 0, 0.0, 0
	for n := 0; n < starts; {
		w := make([]float64, 4)
		for i := range w {
			w[i] = math.Exp(0.5 * r.NormFloat64())
		}
		p := w[0] * w[1] * w[2] * w[3]
		last, _, _ := solution(w, 1)
		if last > 2/eta || math.Abs(p-1) > 0.5 {
			continue // sharper than what gradient descent can stay at, or far from solutions
		}
		n++
		if last > 0.9*2/eta {
			unstable++
		}
		for range 100 {
			p, g := w[0]*w[1]*w[2]*w[3], make([]float64, 4)
			for i := range w {
				g[i] = (p - 1) * p / w[i]
			}
			for i := range w {
				w[i] -= eta * g[i]
			}
			now, _, ok := solution(w, 1)
			if !ok || math.IsNaN(now) {
				t.Fatalf("no solution from %v", w)
			}
			steps++
			if now > last+1e-9 {
				violations++
				worst = math.Max(worst, now-last)
			}
			last = now
		}
	}
	verdict := "reproduced"
	if violations > 0 {
		verdict = "not reproduced"
	}
	t.Logf("seed 7, %d starts (%d of them within a tenth of the edge), %d steps: %d steps made it sharper, by %.2g at most: %s", starts, unstable, steps, violations, worst, verdict)
	if steps != starts*100 || unstable == 0 {
		t.Errorf("%d steps, %d starts near the edge", steps, unstable)
	}
}

func TestNoValue(t *testing.T) {
	v := measure(t, []float32{2, 1}, 1, map[string]any{"method": "flow", "gradients": 8, "target": 1e-12})
	if !v["gfs"].Null || !strings.Contains(v["gfs"].Reason, "has not arrived") {
		t.Errorf("%+v", v["gfs"])
	}
	at := measure(t, []float32{2, 0.5}, 1, map[string]any{"method": "flow"})["gfs"]
	if math.Abs(at.Value/4.25-1) > 1e-6 || len(at.Warnings) != 1 {
		t.Errorf("at a solution: %+v", at)
	}
	if _, err := plugintest.TryMeasure(t, plugintest.MeasureCase{
		Workload: plugintest.Quadratic(1, 2), At: []float32{1, 1}, Params: map[string]any{"method": "scalar"},
	}); err == nil || !strings.Contains(err.Error(), "not that of a scalar network") {
		t.Errorf("a quadratic: %v", err)
	}
}

// On a quadratic the flow ends where the Hessian is what it was.
func TestQuadratic(t *testing.T) {
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(4, 1, 0.25), At: []float32{0.5, -1, 2}, Params: map[string]any{"gradients": 2000}})
	if math.Abs(v["gfs"].Value/4-1) > 1e-5 || math.Abs(v["distance"].Value-math.Sqrt(5.25)) > 0.01 {
		t.Errorf("%+v", v)
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want = 1, 3.605551275463989
	got := measure(t, []float32{2, 1}, 1, nil)["gfs"].Value
	if v := (Metric{}).Info().Version; v != version || math.Abs(got/want-1) > 1e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", v, got, version, want)
	}
}

package msharpness

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

type params = map[string]any

// The quadratic of the known answers: ½ Σ h_i w_i² at w.
var (
	h = []float64{4, 1, 0.25}
	w = []float32{0.5, -1, 2}
)

const rho = 0.1

// tolerance is for worst cases: the points w+δ are rounded to float32, which moves a loss of about 1.5 by some 1e-7.
const tolerance = 3e-6

func measure(t *testing.T, problem oracle.Workload, at []float32, p params) pluginhost.Value {
	t.Helper()
	return measureBatches(t, problem, at, p, plugintest.Probe{})
}

func measureBatches(t *testing.T, problem oracle.Workload, at []float32, p params, probe plugintest.Probe) pluginhost.Value {
	t.Helper()
	v, ok := plugintest.Measure(t, plugintest.MeasureCase{Workload: problem, At: at, Params: p, Probe: probe, Seed: 7})["sharpness"]
	if !ok || v.Null {
		t.Fatalf("%+v", v)
	}
	return v
}

// secular is the maximum of ½ Σ h_i (w_i+c_i·u_i)² − ½ Σ h_i w_i² over ‖u‖₂ ≤ rho: with b = h·c² and a = h·c·w it is
// reached at (μ−b)u = a, ‖u‖ = rho, for the root μ above the largest b.
func secular(h []float64, w, c []float64, rho float64) float64 {
	at := func(mu float64) (norm, rise float64) {
		for i := range h {
			b, a := h[i]*c[i]*c[i], h[i]*c[i]*w[i]
			u := a / (mu - b)
			norm += u * u
			rise += a*u + b*u*u/2
		}
		return math.Sqrt(norm), rise
	}
	lo, hi := 0.0, 1e6
	for i := range h {
		lo = math.Max(lo, h[i]*c[i]*c[i])
	}
	for range 200 {
		mid := (lo + hi) / 2
		if norm, _ := at(mid); norm > rho {
			lo = mid
		} else {
			hi = mid
		}
	}
	_, rise := at(hi)
	return rise
}

func scales(w []float32, adaptive bool) (w64, c []float64) {
	for _, x := range w {
		w64 = append(w64, float64(x))
		if adaptive {
			c = append(c, math.Abs(float64(x)))
		} else {
			c = append(c, 1)
		}
	}
	return w64, c
}

func TestWorstCaseOnQuadratic(t *testing.T) {
	for _, c := range []struct {
		norm     string
		adaptive bool
		known    float64 // to eight digits
	}{
		{"linf", false, 0.37625},
		{"linf", true, 0.315},
		{"l2", false, 0.24574722},
		{"l2", true, 0.17820508},
	} {
		w64, scale := scales(w, c.adaptive)
		exact := 0.0
		if c.norm == "l2" {
			exact = secular(h, w64, scale, rho)
		} else {
			for i := range h {
				exact += h[i] * (rho*scale[i]*math.Abs(w64[i]) + rho*rho*scale[i]*scale[i]/2)
			}
		}
		if math.Abs(exact-c.known) > 1e-8 {
			t.Fatalf("%+v: the formula gives %.9f", c, exact)
		}
		for _, p := range []params{{"restarts": 0}, {"steps": 20}, {"steps": 100, "restarts": 1}} {
			p["norm"], p["adaptive"], p["rho"] = c.norm, c.adaptive, rho
			v := measure(t, plugintest.Quadratic(h...), w, p)
			if math.Abs(v.Value/exact-1) > tolerance {
				t.Errorf("%v: %.8f, want %.8f", p, v.Value, exact)
			}
			if len(v.Warnings) > 0 || v.HasStdErr {
				t.Errorf("%v: %+v", p, v)
			}
		}
	}
}

func TestAverageOnQuadratic(t *testing.T) {
	const draws = 4000
	for _, c := range []struct {
		norm     string
		adaptive bool
		exact    float64
	}{
		{"l2", false, 0.02625},
		{"l2", true, 0.015},
		{"linf", false, 0.00875},
		{"linf", true, 0.005},
	} {
		p := params{"kind": "average", "norm": c.norm, "adaptive": c.adaptive, "rho": rho, "draws": draws}
		v := measure(t, plugintest.Quadratic(h...), w, p)
		// Within a pair of ±δ the first order cancels, so a pair is ½Σ h_i δ_i². The variance of δ_i² is 2ρ⁴c⁴ for
		// normal and (4/45)ρ⁴c⁴ for uniform δ_i.
		_, scale := scales(w, c.adaptive)
		variance := 0.0
		for i := range h {
			b := h[i] * scale[i] * scale[i]
			variance += b * b / 4 * math.Pow(rho, 4) * map[string]float64{"l2": 2, "linf": 4.0 / 45}[c.norm]
		}
		se := math.Sqrt(variance / (draws / 2))
		if math.Abs(v.Value-c.exact) > 4*se {
			t.Errorf("%v: %.6f, want %.6f ± %.6f", p, v.Value, c.exact, se)
		}
		if !v.HasStdErr || math.Abs(v.StdErr/se-1) > 0.15 {
			t.Errorf("%v: standard error %v, want about %v", p, v.StdErr, se)
		}
	}
}

// At a critical point the gradient shows no direction: only random starts find the rise ½ρ²·λ_max.
func TestCriticalPoint(t *testing.T) {
	zero := []float32{0, 0, 0}
	v := measure(t, plugintest.Quadratic(h...), zero, params{"norm": "l2", "rho": rho})
	if math.Abs(v.Value/0.02-1) > 1e-4 {
		t.Errorf("with restarts: %v, want 0.02", v.Value)
	}
	if v := measure(t, plugintest.Quadratic(h...), zero, params{"norm": "linf", "rho": rho}); math.Abs(v.Value/(rho*rho/2*5.25)-1) > 1e-6 {
		t.Errorf("linf: %v, want %v", v.Value, rho*rho/2*5.25)
	}
	if v := measure(t, plugintest.Quadratic(h...), zero, params{"norm": "l2", "rho": rho, "restarts": 0}); v.Value != 0 {
		t.Errorf("without restarts: %v, want 0", v.Value)
	}
}

func TestFlatAndMaximum(t *testing.T) {
	for _, norm := range []string{"l2", "linf"} {
		for name, problem := range map[string]oracle.Workload{"flat": plugintest.Quadratic(0, 0), "maximum": plugintest.Quadratic(-1, -2)} {
			if v := measure(t, problem, []float32{0, 0}, params{"norm": norm, "rho": rho}); v.Value != 0 {
				t.Errorf("%s, %s: %v, want 0", name, norm, v.Value)
			}
		}
	}
	v := measure(t, plugintest.Quadratic(-1, -2), []float32{0, 0}, params{"kind": "average", "rho": rho, "draws": 2000})
	if exact := -0.5 * rho * rho * 3; math.Abs(v.Value-exact) > 4*v.StdErr {
		t.Errorf("average at a maximum: %v, want %v", v.Value, exact)
	}
}

// Linear logistic regression, one example a batch: the maximum is known for both norms, and here it is the same for all
// four, as |w| = 1 and the examples lie on the axes.
func TestLogistic(t *testing.T) {
	problem := plugintest.Logistic([][]float64{{1, 0}, {0, 2}}, []int{1, -1}, 1)
	soft := func(m float64) float64 { return math.Log1p(math.Exp(-m)) }
	first, second := soft(1-0.5)-soft(1), soft(2-0.5*2)-soft(2)
	exact := (first + second) / 2
	if math.Abs(exact-0.17357449) > 1e-8 {
		t.Fatalf("the formula gives %.9f", exact)
	}
	for _, norm := range []string{"l2", "linf"} {
		for _, adaptive := range []bool{false, true} {
			p := params{"norm": norm, "adaptive": adaptive, "rho": 0.5}
			v := measureBatches(t, problem, []float32{1, -1}, p, plugintest.Probe{Batches: 2, Size: 1})
			if math.Abs(v.Value/exact-1) > tolerance {
				t.Errorf("%v: %.8f, want %.8f", p, v.Value, exact)
			}
			// The standard error is that of the mean over the two batches.
			if se := math.Abs(first-second) / 2; !v.HasStdErr || math.Abs(v.StdErr/se-1) > 1e-5 {
				t.Errorf("%v: standard error %v, want %v", p, v.StdErr, se)
			}
		}
	}
}

// The mean of maxima over small batches is at least that over batches that contain them.
func TestSmallerBatchesAreSharper(t *testing.T) {
	x := [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-2, 1}, {0, 1}, {1, -1}, {0.5, 0.5}}
	y := []int{1, -1, -1, 1, 1, -1, 1, -1}
	for _, norm := range []string{"l2", "linf"} {
		last := math.Inf(1)
		for _, m := range []int{1, 2, 4, 8} {
			v := measureBatches(t, plugintest.Logistic(x, y, m), []float32{0.7, -0.4}, params{"norm": norm, "rho": 0.3},
				plugintest.Probe{Batches: 8 / m, Size: m})
			if v.Value <= 0 || v.Value >= last {
				t.Errorf("%s, m = %d: %v, with half of m %v", norm, m, v.Value, last)
			}
			last = v.Value
		}
	}
}

// L = ½(uv−1)² on its minima uv = 1. In relative coordinates it is the same function everywhere, with the maximum
// ρ²(1+ρ/√8)² at equal growth of both; in plain ones it is the sharper the more unequal u and v are.
func TestProductOfTwo(t *testing.T) {
	problem := plugintest.Func(2, func(w []float64) (float64, []float64) {
		r := w[0]*w[1] - 1
		return r * r / 2, []float64{r * w[1], r * w[0]}
	})
	exact := rho * rho * math.Pow(1+rho/math.Sqrt(8), 2)
	for _, u := range []float32{1, 2, 8} {
		at := []float32{u, 1 / u}
		v := measure(t, problem, at, params{"norm": "l2", "adaptive": true, "rho": rho})
		if math.Abs(v.Value/exact-1) > 1e-5 {
			t.Errorf("u = %v, adaptive: %v, want %v", u, v.Value, exact)
		}
		const small = 0.002
		v = measure(t, problem, at, params{"norm": "l2", "rho": small})
		lambda := float64(u*u) + 1/float64(u*u)
		// Third order: a relative error of about ρ·|∇³L|/λ.
		if want := small * small / 2 * lambda; math.Abs(v.Value/want-1) > 0.01 {
			t.Errorf("u = %v, standard: %v, want %v", u, v.Value, want)
		}
	}
}

// Adaptive values do not change when a parameter is measured in other units: h → h/a², w → a·w. For powers of two not
// one bit changes.
func TestAdaptiveInvariance(t *testing.T) {
	for _, p := range []params{
		{"norm": "l2"}, {"norm": "linf"}, {"kind": "average", "norm": "l2"}, {"kind": "average", "norm": "linf"},
	} {
		p["adaptive"], p["rho"] = true, rho
		want := measure(t, plugintest.Quadratic(h...), w, p).Value
		for _, a := range [][]float64{{8, 0.25, 2}, {10, 0.1, 3}} {
			hs, ws := slices.Clone(h), slices.Clone(w)
			for i := range a {
				hs[i] /= a[i] * a[i]
				ws[i] = float32(float64(ws[i]) * a[i])
			}
			got := measure(t, plugintest.Quadratic(hs...), ws, p).Value
			allowed := 0.0
			if a[0] == 10 {
				allowed = 2e-5
			}
			if math.Abs(got/want-1) > allowed {
				t.Errorf("%v, scaled by %v: %v, want %v", p, a, got, want)
			}
		}
	}
	// The standard form is not invariant.
	p := params{"norm": "l2", "rho": rho}
	if a, b := measure(t, plugintest.Quadratic(4, 1), []float32{1, 1}, p), measure(t, plugintest.Quadratic(1, 1), []float32{2, 1}, p); math.Abs(a.Value/b.Value-1) < 0.1 {
		t.Errorf("standard: %v and %v", a.Value, b.Value)
	}
}

// Never negative, and not falling when rho is doubled, also where the loss has peaks inside the neighbourhood. (Among
// very many peaks a search of 20 steps is bound to miss some: hills ends where it has a few dozen.)
func TestGrowsWithRho(t *testing.T) {
	hills := plugintest.Func(3, hills)
	for _, c := range []struct {
		name    string
		problem oracle.Workload
		largest float64
	}{{"hills", hills, 2}, {"quadratic", plugintest.Quadratic(h...), 8}} {
		for _, norm := range []string{"l2", "linf"} {
			last := 0.0
			for rho := 0.0625; rho <= c.largest; rho *= 2 {
				v := measure(t, c.problem, []float32{0.1, -0.3, 0.2}, params{"norm": norm, "rho": rho}).Value
				if v < last {
					t.Errorf("%s, %s: %v at rho = %v, %v at half of it", c.name, norm, v, rho, last)
				}
				last = v
			}
		}
	}
}

// Parameters that are exactly 0 have no neighbourhood in the adaptive form; they are left out and counted.
func TestZeroParameters(t *testing.T) {
	at := []float32{0.5, 0, 2}
	for _, norm := range []string{"l2", "linf"} {
		p := params{"norm": norm, "adaptive": true, "rho": rho}
		got := measure(t, plugintest.Quadratic(h...), at, p)
		want := measure(t, plugintest.Quadratic(h[0], h[2]), []float32{0.5, 2}, p)
		if math.Abs(got.Value/want.Value-1) > tolerance {
			t.Errorf("%s: %v, without the parameter %v", norm, got.Value, want.Value)
		}
		if len(got.Warnings) != 1 || !strings.HasPrefix(got.Warnings[0], "1 of 3 parameters are 0") {
			t.Errorf("%s: warnings %q", norm, got.Warnings)
		}
		if v := measure(t, plugintest.Quadratic(h...), []float32{0, 0, 0}, p); v.Value != 0 || len(v.Warnings) != 1 {
			t.Errorf("%s, all zero: %+v", norm, v)
		}
	}
}

// A loss that is not finite somewhere in the neighbourhood is an error, never left out of a mean.
func TestNonFinite(t *testing.T) {
	cliff := plugintest.Func(1, func(w []float64) (float64, []float64) {
		if w[0] > 1.05 {
			return math.Inf(1), []float64{1}
		}
		return w[0], []float64{1}
	})
	for _, p := range []params{{"rho": rho}, {"rho": rho, "kind": "average"}} {
		v, err := plugintest.TryMeasure(t, plugintest.MeasureCase{Workload: cliff, At: []float32{1}, Params: p})
		if err == nil {
			t.Errorf("%v: got %+v", p, v)
		} else if !strings.Contains(err.Error(), "loss is +Inf") || !strings.Contains(err.Error(), "batch 0") {
			t.Errorf("%v: the error does not say where: %v", p, err)
		}
	}
}

// requests counts what is asked of a workload and checks its options.
type requests struct {
	oracle.Workload
	want         oracle.Options
	loss, grad   int
	wrongOptions int
}

func (r *requests) Loss(b oracle.Batch, w []float32, o oracle.Options) (oracle.Eval, error) {
	r.loss++
	if !reflect.DeepEqual(o, r.want) {
		r.wrongOptions++
	}
	return r.Workload.Loss(b, w, o)
}

func (r *requests) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	r.grad++
	if !reflect.DeepEqual(o, r.want) {
		r.wrongOptions++
	}
	return r.Workload.Grad(b, w, out, o)
}

// Every evaluation has the logits normalised, or none; and the price is the documented one.
func TestOptionsAndPrice(t *testing.T) {
	for _, normalize := range []bool{false, true} {
		for _, c := range []struct {
			params     params
			grad, loss int // at most
		}{
			{params{"kind": "worst", "steps": 10, "restarts": 1}, 2 * 4 * 10, 2 * 4},
			{params{"kind": "average", "draws": 6}, 0, 2 * 7},
		} {
			c.params["rho"], c.params["normalize_logits"] = 0.3, normalize
			r := &requests{Workload: plugintest.Quadratic(h...), want: oracle.Options{NormalizeLogits: normalize}}
			measureBatches(t, r, w, c.params, plugintest.Probe{Batches: 2, Size: 2})
			if r.wrongOptions > 0 {
				t.Errorf("%v: %d evaluations with other options", c.params, r.wrongOptions)
			}
			if r.grad > c.grad || r.loss > c.loss || r.loss == 0 {
				t.Errorf("%v: %d gradients and %d losses, want at most %d and %d", c.params, r.grad, r.loss, c.grad, c.loss)
			}
		}
	}
}

// Noise belongs to the seed: the same one gives the same bits, another one another estimate.
func TestSeeds(t *testing.T) {
	run := func(seed uint64) float64 {
		return plugintest.Measure(t, plugintest.MeasureCase{
			Workload: plugintest.Quadratic(h...), At: w, Seed: seed, Params: params{"kind": "average", "rho": rho},
		})["sharpness"].Value
	}
	if a, b := run(1), run(1); a != b {
		t.Errorf("the same seed gave %v and %v", a, b)
	}
	if a, b := run(1), run(2); a == b {
		t.Errorf("two seeds gave %v", a)
	}
}

func TestNoiseWarning(t *testing.T) {
	p := params{"kind": "average", "rho": rho, "draws": 20}
	v := measure(t, plugintest.Quadratic(100, 100, 100, -100, -100, -100.01), make([]float32, 6), p)
	if math.Abs(v.Value) > v.StdErr {
		t.Fatalf("the example is badly chosen: %+v", v)
	}
	if len(v.Warnings) != 1 || !strings.Contains(v.Warnings[0], "larger than the value") {
		t.Errorf("warnings %q", v.Warnings)
	}
	if v := measure(t, plugintest.Quadratic(h...), w, p); len(v.Warnings) > 0 {
		t.Errorf("warnings %q", v.Warnings)
	}
}

// hills has a few peaks in every direction, the higher ones further out.
func hills(w []float64) (float64, []float64) {
	l, g := 0.0, make([]float64, 3)
	for i, x := range w {
		k := float64(i + 2)
		l += math.Exp(-x*x/8) * (1 - math.Cos(k*x))
		g[i] = math.Exp(-x*x/8) * (k*math.Sin(k*x) - x/4*(1-math.Cos(k*x)))
	}
	return l, g
}

// climb is one ascent written down from its description, in float64 and without saving evaluations. It returns the
// highest point and its loss.
func climb(f func([]float64) (float64, []float64), w, c, start []float64, linf bool, radius float64, steps int) ([]float64, float64) {
	at := func(u []float64) (float64, []float64) {
		x := make([]float64, len(u))
		for i := range u {
			x[i] = w[i] + c[i]*u[i]
		}
		l, g := f(x)
		for i := range g {
			g[i] *= c[i]
		}
		return l, g
	}
	norm := func(u []float64) (n float64) {
		for _, x := range u {
			n += x * x
		}
		return math.Sqrt(n)
	}
	marks := checkpoints(steps) // has a test of its own
	u, before, best := slices.Clone(start), slices.Clone(start), slices.Clone(start)
	top, _ := at(u)
	size, ups, mark, topAtMark, sizeAtMark := 2*radius, 0, 0, top, 2*radius
	for i := range steps {
		_, g := at(u)
		next := slices.Clone(u)
		for k := range next {
			if linf {
				next[k] += size * math.Copysign(1, g[k])
				next[k] = math.Max(-radius, math.Min(radius, next[k]))
			} else {
				next[k] += size * g[k] / norm(g)
			}
		}
		if n := norm(next); !linf && n > radius {
			for k := range next {
				next[k] *= radius / n
			}
		}
		for k := range next {
			next[k] = 0.75*next[k] + 0.25*before[k]
		}
		before, u = u, next
		if l, _ := at(u); l > top {
			top, best, ups = l, slices.Clone(u), ups+1
		}
		if slices.Contains(marks, i) {
			few := float64(ups) < 0.75*float64(i-mark)
			same := size == sizeAtMark && top == topAtMark
			sizeAtMark = size
			if few || same {
				size /= 2
				u, before = slices.Clone(best), slices.Clone(best)
			}
			ups, mark, topAtMark = 0, i, top
		}
	}
	return best, top
}

func TestAscentAgainstReference(t *testing.T) {
	at := []float32{0.4, -0.3, 0.2}
	for _, norm := range []string{"l2", "linf"} {
		for _, adaptive := range []bool{false, true} {
			for _, steps := range []int{7, 20} {
				for _, rho := range []float64{0.3, 1.7} {
					w64, c := scales(at, adaptive)
					base, _ := hills(w64)
					zero := make([]float64, len(at))
					linf := norm == "linf"
					half, _ := climb(hills, w64, c, zero, linf, rho/2, steps)
					_, a := climb(hills, w64, c, zero, linf, rho, steps)
					_, b := climb(hills, w64, c, half, linf, rho, steps)
					p := params{"norm": norm, "adaptive": adaptive, "steps": steps, "rho": rho, "restarts": 0}
					v := measure(t, plugintest.Func(3, hills), at, p)
					if want := math.Max(a, b) - base; math.Abs(v.Value/want-1) > 1e-5 {
						t.Errorf("%v: %.8f, want %.8f", p, v.Value, want)
					}
				}
			}
		}
	}
}

// The fractions of the published schedule, computed in float64 as published: 15, not 14, for 20 steps.
func TestCheckpoints(t *testing.T) {
	for steps, want := range map[int]string{
		20:  "[5 9 12 15 16 18 19 20]",
		50:  "[11 21 29 35 40 44 47 50]",
		100: "[22 41 58 70 80 87 93 99 105]",
		1:   "[1]",
	} {
		if got := fmt.Sprint(checkpoints(steps)); got != want {
			t.Errorf("%d steps: %s, want %s", steps, got, want)
		}
	}
}

// See the test of the same name in the folder gradnorm.
func TestGoldenValues(t *testing.T) {
	const version = 1
	problem := plugintest.Logistic([][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}}, []int{1, -1, -1, 1}, 2)
	for _, c := range []struct {
		params params
		want   float64
	}{
		{params{"norm": "l2", "adaptive": true}, 0.07331742852142342},
		{params{"norm": "linf"}, 0.3407362306670297},
		{params{"kind": "average", "norm": "l2"}, 0.043486159983799816},
		{params{"kind": "average", "norm": "linf", "adaptive": true}, 0.002169246680034981},
	} {
		c.params["rho"] = 0.3
		got := measureBatches(t, problem, []float32{0.5, -0.25}, c.params, plugintest.Probe{Batches: 2, Size: 2}).Value
		if v := (Metric{}).Info().Version; v != version || math.Abs(got-c.want) > 1e-7*c.want {
			t.Errorf("%v: version %d gives %v; version %d is recorded to give %v", c.params, v, got, version, c.want)
		}
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"rho": 0.0, "kind": "best", "norm": "l1", "steps": 0}, []string{"kind", "norm", "rho", "steps"}},
		{params{"kind": "average", "draws": 7}, []string{"draws: expected an even number, got 7"}},
		{params{"kind": "average", "restarts": 0, "steps": 100}, []string{"steps: has no effect", "restarts: has no effect"}},
		{params{"kind": "worst", "draws": 40}, []string{"draws: has no effect"}},
		{params{"algorithm": "official-2024"}, []string{"algorithm"}},
	} {
		got := plugintest.Validate(t, nil, 3, c.given)
		ok := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%v: got %q, want %q", c.given, got, c.want)
		}
	}
}

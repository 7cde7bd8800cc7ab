package hessian

import (
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

type params = map[string]any

func measure(t *testing.T, w oracle.Workload, at []float32, p params) map[string]pluginhost.Value {
	t.Helper()
	return plugintest.Measure(t, plugintest.MeasureCase{Workload: w, At: at, Params: p, Seed: 3})
}

// product is L = ½(uv−1)².
func product() oracle.Workload {
	return plugintest.Curved(2, func(w []float64) (float64, []float64) {
		r := w[0]*w[1] - 1
		return r * r / 2, []float64{r * w[1], r * w[0]}
	}, func(w []float64) [][]float64 {
		x := 2*w[0]*w[1] - 1
		return [][]float64{{w[1] * w[1], x}, {x, w[0] * w[0]}}
	})
}

// ridge is L = ½·mean(Xw−y)² with X = ((1,0),(0,2),(1,1)).
func ridge() oracle.Workload {
	x, y := [][2]float64{{1, 0}, {0, 2}, {1, 1}}, []float64{1, 2, 2}
	return plugintest.Curved(2, func(w []float64) (float64, []float64) {
		l, g := 0.0, make([]float64, 2)
		for i, row := range x {
			r := row[0]*w[0] + row[1]*w[1] - y[i]
			l += r * r / 6
			g[0] += r * row[0] / 3
			g[1] += r * row[1] / 3
		}
		return l, g
	}, func([]float64) [][]float64 { return [][]float64{{2. / 3, 1. / 3}, {1. / 3, 5. / 3}} })
}

// deep is L = ½(Πw−y)².
func deep(n int, y float64) oracle.Workload {
	return plugintest.Curved(n, func(w []float64) (float64, []float64) {
		p := 1.0
		for _, x := range w {
			p *= x
		}
		g := make([]float64, n)
		for i := range g {
			g[i] = (p - y) * p / w[i]
		}
		return (p - y) * (p - y) / 2, g
	}, func(w []float64) [][]float64 {
		p := 1.0
		for _, x := range w {
			p *= x
		}
		h := make([][]float64, n)
		for i := range h {
			h[i] = make([]float64, n)
			for j := range h[i] {
				h[i][j] = p * p / (w[i] * w[j])
				if i != j {
					h[i][j] += (p - y) * p / (w[i] * w[j])
				}
			}
		}
		return h
	})
}

func TestKnownEigenvalues(t *testing.T) {
	for name, c := range map[string]struct {
		problem  oracle.Workload
		at       []float32
		params   params
		min, max float64
	}{
		"ridge":             {ridge(), []float32{0.3, -2}, nil, 0.56574145, 1.76759188},
		"product 2":         {product(), []float32{2, 0.5}, nil, 0, 4.25},
		"product 8":         {product(), []float32{8, 0.125}, nil, 0, 64.015625},
		"product adaptive":  {product(), []float32{2, 0.5}, params{"adaptive": true}, 0, 2},
		"product adaptive8": {product(), []float32{-8, -0.125}, params{"adaptive": true}, 0, 2},
		"deep":              {deep(3, 1), []float32{2, 0.25, 2}, nil, 0, 16.5},
		"diagonal":          {plugintest.Quadratic(4, 1, 0.25), []float32{1, 1, 1}, nil, 0.25, 4},
		"saddle":            {plugintest.Quadratic(-5, 4), []float32{0, 0}, nil, -5, 4},
	} {
		v := measure(t, c.problem, c.at, c.params)
		for key, want := range map[string]float64{"lambda_max": c.max, "lambda_min": c.min, "lambda_abs_max": math.Max(c.max, -c.min)} {
			if got := v[key]; got.Null || math.Abs(got.Value-want) > 1e-6*c.max {
				t.Errorf("%s: %s is %+v, want %v", name, key, got, want)
			}
		}
	}
	// (10, 0.1) is not on uv = 1 in float32: the rounding of 0.1 moves the eigenvalue.
	if v := measure(t, product(), []float32{10, 0.1}, nil)["lambda_max"]; math.Abs(v.Value/100.01-1) > 1e-6 {
		t.Errorf("product 10: %+v", v)
	}
}

// Without the smallest eigenvalue the iteration is shorter: the lower end of this spectrum is dense, the upper one is not.
func TestLargestAlone(t *testing.T) {
	h := make([]float64, 300)
	for i := range h {
		h[i] = float64(i) / 300
	}
	h[100] = 30
	at := make([]float32, len(h))
	v := measure(t, plugintest.Quadratic(h...), at, params{"smallest": false, "steps": 12})
	if got := v["lambda_max"]; got.Null || math.Abs(got.Value/30-1) > 1e-5 {
		t.Errorf("lambda_max: %+v, want 30", got)
	}
	long := plugintest.MeasureCase{Workload: plugintest.Quadratic(h...), At: at, Params: params{"steps": 60}, Seed: 3}
	short := long
	short.Params = params{"steps": 60, "smallest": false}
	count := func(c plugintest.MeasureCase) int {
		products := &counting{Workload: c.Workload}
		c.Workload = products
		plugintest.Measure(t, c)
		return products.n
	}
	if a, b := count(long), count(short); b >= a || b > 5 {
		t.Errorf("%d products for both ends, %d for the largest alone", a, b)
	}
}

// counting counts Hessian-vector products.
type counting struct {
	oracle.Workload
	n int
}

func (c *counting) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	c.n++
	return c.Workload.(oracle.Curved).HVP(b, w, v, out, o)
}

func TestTop(t *testing.T) {
	h := make([]float64, 300)
	for i := range h {
		h[i] = float64(i) / 300
	}
	h[3], h[50], h[100], h[7], h[8] = 30, 20, 12, 8, 6
	v := measure(t, plugintest.Quadratic(h...), make([]float32, len(h)), params{"top": 4, "steps": 60})
	for name, want := range map[string]float64{"lambda_max": 30, "lambda_2": 20, "lambda_3": 12, "lambda_4": 8} {
		if got := v[name]; got.Null || math.Abs(got.Value/want-1) > 1e-4 {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
	if v["lambda_5"].Reason != "top is 4" {
		t.Errorf("%+v", v["lambda_5"])
	}
}

// Without convergence there is no number, and the reason says how far it came.
func TestNotConverged(t *testing.T) {
	h := make([]float64, 300)
	for i := range h {
		h[i] = float64(i) / 300
	}
	v := measure(t, plugintest.Quadratic(h...), make([]float32, len(h)), params{"steps": 4})
	for _, name := range []string{"lambda_max", "lambda_min", "lambda_abs_max"} {
		if got := v[name]; !got.Null || !strings.Contains(got.Reason, "not converged in 4 steps") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if v["residual"].Null || v["residual"].Value <= 0 {
		t.Errorf("residual: %+v", v["residual"])
	}
}

func TestWarnings(t *testing.T) {
	away := measure(t, plugintest.Quadratic(4, 1), []float32{3, 2}, nil)["lambda_max"]
	if len(away.Warnings) != 1 || !strings.Contains(away.Warnings[0], "not at a critical point") {
		t.Errorf("%q", away.Warnings)
	}
	at := measure(t, plugintest.Quadratic(4, 1), []float32{0, 0}, nil)["lambda_max"]
	if len(at.Warnings) != 1 || !strings.Contains(at.Warnings[0], "saturated") {
		t.Errorf("%q", at.Warnings)
	}
}

// Twice the loss has twice the eigenvalues, bit for bit, and adaptive values do not depend on the units of parameters.
func TestScaling(t *testing.T) {
	at := []float32{0.5, -1, 2}
	one, two := measure(t, plugintest.Quadratic(4, 1, 0.25), at, nil), measure(t, plugintest.Quadratic(8, 2, 0.5), at, nil)
	if one["lambda_max"].Value*2 != two["lambda_max"].Value {
		t.Errorf("%v and %v", one["lambda_max"].Value, two["lambda_max"].Value)
	}
	p := params{"adaptive": true}
	a := measure(t, plugintest.Quadratic(4, 1, 0.25), at, p)
	b := measure(t, plugintest.Quadratic(4./9, 100, 1), []float32{1.5, -0.1, 1}, p)
	for _, name := range []string{"lambda_max", "lambda_min"} {
		if math.Abs(a[name].Value/b[name].Value-1) > 1e-5 {
			t.Errorf("%s: %v and %v", name, a[name].Value, b[name].Value)
		}
	}
}

const goldenVersion, golden = 1, 1.7675918792439826

func TestGoldenValue(t *testing.T) {
	got := measure(t, ridge(), []float32{0, 0}, nil)["lambda_max"].Value
	if v := (Metric{}).Info().Version; v != goldenVersion || math.Abs(got/golden-1) > 1e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", v, got, goldenVersion, golden)
	}
}

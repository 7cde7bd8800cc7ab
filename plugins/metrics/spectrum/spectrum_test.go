package spectrum

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// A sign vector weighs the eigenvalues of a diagonal Hessian equally, so that every average is exact.
func TestDiagonal(t *testing.T) {
	h := []float64{4, 1, 0.25, -0.5, 0, 3, 2, -1}
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(h...), At: make([]float32, len(h)), Params: map[string]any{"alpha": 0.5}})
	want := map[string]float64{"trace": 0, "second_moment": 0, "negative_mass": 2. / 8, "effective_dim": 0, "node_max": 4, "node_min": -1}
	for _, x := range h {
		want["trace"] += x
		want["second_moment"] += x * x / 8
		if x > 0 {
			want["effective_dim"] += x / (x + 0.5)
		}
	}
	for name, x := range want {
		if got := v[name]; math.Abs(got.Value-x) > 1e-5 || got.StdErr > 1e-5 {
			t.Errorf("%s: %+v, want %v", name, got, x)
		}
	}
}

// A symmetric Gaussian matrix of dimension 300, scaled: the eigenvalues fill the semicircle on [−2, 2].
func TestSemicircle(t *testing.T) {
	const n = 300
	r := rand.New(rand.NewPCG(1, 1))
	h := make([][]float64, n)
	trace, square := 0.0, 0.0
	for i := range h {
		h[i] = make([]float64, n)
	}
	for i := range h {
		for j := range i {
			h[i][j] = r.NormFloat64() / math.Sqrt(n)
			h[j][i] = h[i][j]
			square += 2 * h[i][j] * h[i][j] / n
		}
		h[i][i] = r.NormFloat64() * math.Sqrt2 / math.Sqrt(n)
		trace += h[i][i]
		square += h[i][i] * h[i][i] / n
	}
	problem := plugintest.Curved(n, func([]float64) (float64, []float64) { return 1, make([]float64, n) }, func([]float64) [][]float64 { return h })
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: problem, At: make([]float32, n), Params: map[string]any{"starts": 10, "steps": 40}})
	for name, want := range map[string]float64{"trace": trace, "second_moment": square, "negative_mass": 0.5} {
		if got := v[name]; math.Abs(got.Value-want) > 4*got.StdErr+0.01 {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
	if math.Abs(square-1) > 0.05 || math.Abs(v["node_max"].Value-2) > 0.1 || math.Abs(v["node_min"].Value+2) > 0.1 {
		t.Errorf("edges %v and %v, second moment %v", v["node_min"].Value, v["node_max"].Value, square)
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want = 2, 4.5
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(4, 0.5), At: []float32{1, 1}})["trace"]
	if is := (Metric{}).Info().Version; is != version || math.Abs(v.Value/want-1) > 1e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", is, v.Value, version, want)
	}
}

// The table has the quadrature rule of each start: its weights add up to 1, and it integrates polynomials of degree below
// twice the number of nodes exactly, here the moments vᵀHᵏv of a start v of signs, which weigh a diagonal equally.
func TestNodes(t *testing.T) {
	h := []float64{4, 1, 0.25, -0.5, 0, 3, 2, -1}
	var tables []pluginhost.Table
	plugintest.Measure(t, plugintest.MeasureCase{
		Workload: plugintest.Quadratic(h...), At: make([]float32, len(h)), Params: map[string]any{"steps": 3, "starts": 2}, Tables: &tables,
	})
	if len(tables) != 1 || tables[0].Name != "spectrum" || len(tables[0].Columns) != 3 || len(tables[0].Columns[0].Values) != 6 {
		t.Fatalf("%+v", tables)
	}
	start, node, weight := tables[0].Columns[0].Values, tables[0].Columns[1].Values, tables[0].Columns[2].Values
	for _, of := range []float64{0, 1} {
		for k := range 6 {
			got, want := 0.0, 0.0
			for i := range node {
				if start[i] == of {
					got += weight[i] * math.Pow(node[i], float64(k))
				}
			}
			for _, x := range h {
				want += math.Pow(x, float64(k)) / float64(len(h))
			}
			if math.Abs(got-want) > 1e-5*math.Max(1, math.Abs(want)) {
				t.Errorf("start %v, moment %d: %v, want %v", of, k, got, want)
			}
		}
	}
}

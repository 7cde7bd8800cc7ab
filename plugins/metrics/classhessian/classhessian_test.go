package classhessian

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

// classes is a workload whose class c has n[c] examples and the loss ½ Σ h[c] w²; n[c] = 0 is a class without examples.
type classes struct {
	oracle.Workload
	h [][]float64
	n []int
}

func (q *classes) of(b oracle.Batch) (h []float64, n int, err error) {
	if b.Part == oracle.Class {
		if c := int(b.Number); c < len(q.n) && q.n[c] > 0 {
			return q.h[c], q.n[c], nil
		}
		return nil, 0, oracle.Errorf(oracle.BadRequest, "the class of the batch is empty")
	}
	h = make([]float64, q.Dim())
	for c := range q.n {
		n += q.n[c]
	}
	for c := range q.n {
		for i, v := range q.h[c] {
			h[i] += v * float64(q.n[c]) / float64(n)
		}
	}
	return h, n, nil
}

func (q *classes) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	return q.HVP(b, w, w, out, o)
}

func (q *classes) HVP(b oracle.Batch, w, v, out []float32, _ oracle.Options) (oracle.Eval, error) {
	h, n, err := q.of(b)
	e := oracle.Eval{Examples: n, G: 1, Loss: 1}
	for i := range h {
		out[i] = float32(h[i] * float64(v[i]))
	}
	return e, err
}

func (q *classes) Outputs(b oracle.Batch, _, _ []float32, _ oracle.Options) (oracle.Eval, error) {
	_, n, err := q.of(b)
	return oracle.Eval{Examples: n}, err
}

func measure(t *testing.T, q *classes, at []float32, params map[string]any) (map[string]pluginhost.Value, pluginhost.Table) {
	t.Helper()
	q.Workload = plugintest.Quadratic(make([]float64, len(at))...)
	var tables []pluginhost.Table
	total := 0
	for _, n := range q.n {
		total += n
	}
	v := plugintest.Measure(t, plugintest.MeasureCase{
		Workload: q, At: at, Classes: len(q.n), Probe: plugintest.Probe{Batches: 1, Size: total}, Tables: &tables, Params: params, Seed: 1,
	})
	if len(tables) != 1 || tables[0].Name != "classes" {
		t.Fatalf("%+v", tables)
	}
	return v, tables[0]
}

func column(t pluginhost.Table, name string) []float64 {
	for _, c := range t.Columns {
		if c.Name == name {
			return c.Values
		}
	}
	return nil
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-5*math.Max(1, math.Abs(want)) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// H_1 = diag(2, −1) is a saddle of index ½, H_2 = diag(1, 3) is none; their mean is diag(1.5, 1).
func TestTwoClasses(t *testing.T) {
	v, table := measure(t, &classes{h: [][]float64{{2, -1}, {1, 3}}, n: []int{4, 4}}, []float32{1, 2}, nil)
	for name, want := range map[string][]float64{
		"class": {0, 1}, "examples": {4, 4}, "lambda_max": {2, 3}, "lambda_min": {-1, 1}, "trace": {1, 4},
		"negative_mass": {0.5, 0}, "saddle": {0.5, 0}, "gradnorm": {math.Hypot(2, 2), math.Hypot(1, 6)},
	} {
		for c := range want {
			near(t, name, column(table, name)[c], want[c])
		}
	}
	for name, want := range map[string]float64{"lambda_max": 2.5, "lambda_max_worst": 3, "trace": 2.5, "saddle": 0.25, "saddle_worst": 0.5} {
		near(t, name, v[name].Value, want)
	}
	if !v["saddle_tail"].Null || !strings.Contains(v["saddle_tail"].Reason, "no head and no tail") {
		t.Errorf("%+v", v["saddle_tail"])
	}
}

// Classes of different sizes, and one without examples. The weighted mean of the traces is that of the mean Hessian.
func TestLongTail(t *testing.T) {
	q := &classes{h: [][]float64{{2, 1}, {9, 9}, {1, -0.75}}, n: []int{90, 0, 10}}
	v, table := measure(t, q, []float32{1, 2}, nil)
	near(t, "tail", v["saddle_tail"].Value, 0.75)
	near(t, "head", v["saddle_head"].Value, 0)
	near(t, "trace", v["trace"].Value, 0.9*3+0.1*0.25)
	if got := column(table, "class"); len(got) != 2 || got[1] != 2 {
		t.Errorf("classes %v", got)
	}
}

// What has not converged has no value, in no class and in no mean, but the table still has the bounds.
func TestNotConverged(t *testing.T) {
	h := make([]float64, 300)
	for i := range h {
		h[i] = float64(i+1) / 300
	}
	v, table := measure(t, &classes{h: [][]float64{h}, n: []int{3}}, make([]float32, 300), map[string]any{"steps": 4})
	for _, name := range []string{"lambda_max", "saddle"} {
		if !v[name].Null || !strings.Contains(v[name].Reason, "not converged") {
			t.Errorf("%s: %+v", name, v[name])
		}
	}
	if b := column(table, "lambda_min_bound"); len(b) != 1 || b[0] <= 0 {
		t.Errorf("bound %v", b)
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want = 1, 0.25
	v, _ := measure(t, &classes{h: [][]float64{{2, -1}, {1, 3}}, n: []int{4, 4}}, []float32{1, 2}, nil)
	if is := (Metric{}).Info().Version; is != version || math.Abs(v["saddle"].Value/want-1) > 1e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", is, v["saddle"], version, want)
	}
}

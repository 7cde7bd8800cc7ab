package gradnorm

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The plugin runs as a process of its own in every test: this binary, started again.
func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

func measure(t *testing.T, w oracle.Workload, at []float32, probe plugintest.Probe) float64 {
	t.Helper()
	v, ok := plugintest.Measure(t, plugintest.MeasureCase{Workload: w, At: at, Probe: probe})["gradnorm"]
	if !ok || v.Null || v.HasStdErr || len(v.Warnings) > 0 {
		t.Fatalf("%+v", v)
	}
	return v.Value
}

func TestQuadratic(t *testing.T) {
	// The gradient is (3, 4): norm 5. It is 0 at the minimum, exactly.
	if got := measure(t, plugintest.Quadratic(1, 2), []float32{3, 2}, plugintest.Probe{}); got != 5 {
		t.Errorf("got %v, want 5", got)
	}
	if got := measure(t, plugintest.Quadratic(1, 2), []float32{0, 0}, plugintest.Probe{}); got != 0 {
		t.Errorf("at the minimum: %v", got)
	}
}

// Training loss ½·mean(Xw−y)² at ridge solutions w = (XᵀX/n + βI)⁻¹Xᵀy/n.
func TestRidge(t *testing.T) {
	x, y := [][2]float64{{1, 0}, {0, 2}, {1, 1}}, []float64{1, 2, 2}
	loss := plugintest.Func(2, func(w []float64) (float64, []float64) {
		l, g := 0.0, make([]float64, 2)
		for i, row := range x {
			r := row[0]*w[0] + row[1]*w[1] - y[i]
			l += r * r / 6
			g[0] += r * row[0] / 3
			g[1] += r * row[1] / 3
		}
		return l, g
	})
	for beta, want := range map[float64]float64{0.1: 0.13092885, 1: 0.83205029} {
		// XᵀX/3 = ((2,1),(1,5))/3 and Xᵀy/3 = (3,6)/3.
		a, b, d := 2.0/3+beta, 1.0/3, 5.0/3+beta
		det := a*d - b*b
		w := []float32{float32((d*1 - b*2) / det), float32((a*2 - b*1) / det)}
		if got := measure(t, loss, w, plugintest.Probe{}); math.Abs(got/want-1) > 1e-6 {
			t.Errorf("β = %v: %v, want %v", beta, got, want)
		}
	}
}

// It is the norm of the mean over all batches, not the mean of the batches' norms.
func TestMeanOverBatches(t *testing.T) {
	x := [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-2, 1}, {0, 1}}
	y := []int{1, -1, -1, 1, 1, -1}
	w := []float32{0.5, -0.25}
	var g [2]float64
	for i, row := range x {
		m := float64(y[i]) * (row[0]*0.5 - row[1]*0.25)
		for j := range g {
			g[j] -= float64(y[i]) * row[j] / (1 + math.Exp(m)) / 6
		}
	}
	want := math.Hypot(g[0], g[1])
	for _, probe := range []plugintest.Probe{{Batches: 1, Size: 6}, {Batches: 2, Size: 3}, {Batches: 6, Size: 1}} {
		if got := measure(t, plugintest.Logistic(x, y, probe.Size), w, probe); math.Abs(got/want-1) > 1e-6 {
			t.Errorf("%+v: %v, want %v", probe, got, want)
		}
	}
}

func TestShares(t *testing.T) {
	p := sdk.Problem{Examples: 10, ProbeBatches: 3, ProbeBatchSize: 4}
	for j, want := range []float64{0.4, 0.4, 0.2} {
		if got := share(p, j); got != want {
			t.Errorf("batch %d of 10 examples in fours has the share %v, want %v", j, got, want)
		}
	}
}

// Stored values of this version are used again: when this test fails for a good reason, raise Version and record the
// new number. The exponential function may differ in the last bit between machines, hence the tolerance.
func TestGoldenValue(t *testing.T) {
	const version, want = 1, 0.6508698591131608
	got := measure(t, plugintest.Logistic([][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}}, []int{1, -1, -1, 1}, 2),
		[]float32{0.5, -0.25}, plugintest.Probe{Batches: 2, Size: 2})
	if v := (Metric{}).Info().Version; v != version || math.Abs(got/want-1) > 1e-7 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", v, got, version, want)
	}
}

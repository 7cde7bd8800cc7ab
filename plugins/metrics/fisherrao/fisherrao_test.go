package fisherrao

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// With the margin m_i = y_i⟨w, x_i⟩ of a logistic model, ⟨w, ∇ℓ_i⟩ = −m_i/(1+exp(m_i)).
func TestLogistic(t *testing.T) {
	x := [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-2, 1}, {0, 1}}
	y := []int{1, -1, -1, 1, 1, -1}
	want, square := 0.0, 0.0
	for i, row := range x {
		m := float64(y[i]) * (row[0]*0.5 - row[1]*0.25)
		a := m / (1 + math.Exp(m))
		want += a * a / 6
		square += a * a * a * a / 6
	}
	stderr := math.Sqrt((square - want*want) / 5)
	for _, probe := range []plugintest.Probe{{Batches: 1, Size: 6}, {Batches: 2, Size: 3}, {Batches: 6, Size: 1}} {
		v := plugintest.Measure(t, plugintest.MeasureCase{
			Workload: plugintest.Logistic(x, y, probe.Size), At: []float32{0.5, -0.25}, Probe: probe,
		})["fisherrao"]
		if math.Abs(v.Value/want-1) > 1e-6 || !v.HasStdErr || math.Abs(v.StdErr/stderr-1) > 1e-5 {
			t.Errorf("%+v: %+v, want %v ± %v", probe, v, want, stderr)
		}
	}
}

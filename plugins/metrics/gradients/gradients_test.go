package gradients

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// Against the sums written out, in float64.
func TestLogistic(t *testing.T) {
	x := [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-2, 1}, {0, 1}}
	y := []int{1, -1, -1, 1, 1, -1}
	w := [2]float64{0.5, -0.25}
	for _, size := range []int{6, 3, 1} {
		var g [2]float64
		var loss, squares, batch float64
		for from := 0; from < 6; from += size {
			var gb [2]float64
			for i := from; i < from+size; i++ {
				m := float64(y[i]) * (x[i][0]*w[0] + x[i][1]*w[1])
				loss += math.Log1p(math.Exp(-m)) / 6
				for j := range g {
					gi := -float64(y[i]) * x[i][j] / (1 + math.Exp(m))
					g[j] += gi / 6
					gb[j] += gi / float64(size)
					squares += gi * gi / 6
				}
			}
			batch += (gb[0]*gb[0] + gb[1]*gb[1]) * float64(size) / 6
		}
		got := plugintest.Measure(t, plugintest.MeasureCase{
			Workload: plugintest.Logistic(x, y, size), At: []float32{0.5, -0.25}, Probe: plugintest.Probe{Batches: 6 / size, Size: size},
		})
		for name, want := range map[string]float64{
			"loss": loss, "l1": math.Abs(g[0]) + math.Abs(g[1]), "adaptive": math.Hypot(w[0]*g[0], w[1]*g[1]), "batch": batch,
			"variance": squares - g[0]*g[0] - g[1]*g[1],
		} {
			if v := got[name]; v.Null || math.Abs(v.Value/want-1) > 1e-6 {
				t.Errorf("batches of %d: %s is %+v, want %v", size, name, v, want)
			}
		}
	}
}

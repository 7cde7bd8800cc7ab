package coherence

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// quadratics is least squares with H_i = h·x_ix_iᵀ: all along one axis, or each along its own.
func quadratics(n int, h float64, aligned bool) [][]float64 {
	x := make([][]float64, n)
	for i := range x {
		x[i] = make([]float64, n)
		if aligned {
			x[i][0] = math.Sqrt(h)
		} else {
			x[i][i] = math.Sqrt(h)
		}
	}
	return x
}

func measure(t *testing.T, x [][]float64, batch int) map[string]pluginhost.Value {
	t.Helper()
	return plugintest.Measure(t, plugintest.MeasureCase{
		Workload: plugintest.Regression(x, make([]float64, len(x)), len(x)/2), At: make([]float32, len(x[0])), Classes: 1, BatchSize: batch,
		Probe: plugintest.Probe{Batches: 2, Size: len(x) / 2}, Params: map[string]any{"loss": "mse", "n": int64(len(x))},
	})
}

// Rank-one curvatures h = 4 of n = 8 examples in batches of B = 2.
func TestKnownValues(t *testing.T) {
	const n, b, h = 8, 2, 4.0
	for _, c := range []struct {
		aligned                  bool
		sigma, top, exact, bound float64
	}{
		{true, n, h, 1.4545455 / h, n / h / math.Sqrt(3)},
		{false, 1, h / n, 4 / h, n / h / math.Sqrt(3)},
	} {
		got := measure(t, quadratics(n, h, c.aligned), b)
		for name, want := range map[string]float64{
			"coherence": c.sigma, "lambda_max": c.top, "exact": c.exact, "sufficient": math.Min(2/c.top, c.bound),
		} {
			if v := got[name]; v.Null || math.Abs(v.Value/want-1) > 1e-6 {
				t.Errorf("aligned %v: %s is %+v, want %v", c.aligned, name, v, want)
			}
		}
		if got["exact"].Value > got["sufficient"].Value*(1+1e-9) {
			t.Errorf("aligned %v: SGD is said to diverge from %v on, and only to begin at %v", c.aligned, got["sufficient"].Value, got["exact"].Value)
		}
		// With the whole set in each batch there is no noise, and gradient descent has the threshold 2/λ₁.
		if v := measure(t, quadratics(n, h, c.aligned), n)["exact"].Value; math.Abs(v*c.top/2-1) > 1e-6 {
			t.Errorf("aligned %v, full batches: %v, want %v", c.aligned, v, 2/c.top)
		}
	}
}

// What is sufficient for divergence is never below the exact threshold, whatever the examples.
func TestSufficient(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for range 5 {
		x := make([][]float64, 10)
		for i := range x {
			x[i] = make([]float64, 4)
			for j := range x[i] {
				x[i][j] = r.NormFloat64() * math.Pow(3, float64(j))
			}
		}
		for _, b := range []int{1, 3, 9} {
			got := measure(t, x, b)
			if e := got["exact"]; e.Null || e.Value > got["sufficient"].Value*(1+1e-6) {
				t.Errorf("batch %d: %+v", b, got)
			}
			if s := got["coherence"].Value; s < 1 || s > 10 {
				t.Errorf("coherence %v of 10 examples", s)
			}
		}
	}
}

// TestClaim simulates SGD on both kinds of quadratics and looks for the learning rate at which the second moment of the error
// begins to grow: within 2 % of the exact threshold.
func TestClaim(t *testing.T) {
	const n, b, h, draws, seeds = 8, 2, 4.0, 200000, 3
	worst := 0.0
	for _, aligned := range []bool{true, false} {
		want := measure(t, quadratics(n, h, aligned), b)["exact"].Value
		for seed := range uint64(seeds) {
			r := rand.New(rand.NewPCG(seed, 17))
			// The curvature that one coordinate feels in each of many batches.
			felt := make([]float64, draws)
			for i := range felt {
				for e := range n {
					if (aligned || e == 0) && r.Float64() < float64(b)/n {
						felt[i] += h / b
					}
				}
			}
			grows := func(eta float64) bool {
				sum := 0.0
				for _, v := range felt {
					sum += (1 - eta*v) * (1 - eta*v)
				}
				return sum > draws
			}
			low, high := 0.01, 100.0
			for range 40 {
				if mid := math.Sqrt(low * high); grows(mid) {
					high = mid
				} else {
					low = mid
				}
			}
			off := math.Abs(low/want - 1)
			worst = math.Max(worst, off)
			t.Logf("aligned %v, seed %d: diverges from %.5f on, exact %.5f, off by %.2f %%", aligned, seed, low, want, 100*off)
		}
	}
	verdict := "reproduced"
	if worst > 0.02 {
		verdict = "not reproduced"
	}
	t.Logf("claim: the simulated boundary of divergence is within 2 %% of the exact threshold: at worst %.2f %% over %d seeds, %s", 100*worst, seeds, verdict)
}

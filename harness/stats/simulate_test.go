package stats

import (
	"fmt"
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// coverage counts how often an interval covers the truth; the simulations are the same on every machine.
func coverage(t *testing.T, what string, trials int, truth float64, estimate func(k int) Estimate) {
	t.Helper()
	covered := 0
	for k := range trials {
		if e := estimate(k); e.Interval && e.Contains(truth) {
			covered++
		}
	}
	share := float64(covered) / float64(trials)
	if t.Logf("%s: %.1f %% of %d", what, 100*share, trials); share < 0.93 || share > 0.97 {
		t.Errorf("%s: the 95 %% interval covers the truth in %.1f %% of %d simulations", what, 100*share, trials)
	}
}

// TestCoverage: the 95 % intervals of a board cover a known truth in 93 to 97 % of simulated data.
func TestCoverage(t *testing.T) {
	const seeds = 6
	draw := func(k int, what string, mean float64) []float64 {
		r := rng.New(uint64(k), "test."+what, 0)
		x := make([]float64, seeds)
		for i := range x {
			x[i] = mean + r.Norm()
		}
		return x
	}
	coverage(t, "mean over seeds", 2000, 30, func(k int) Estimate { return MeanCI(draw(k, "mean", 30), Level) })
	coverage(t, "paired difference", 2000, -2, func(k int) Estimate {
		shared, a, b := draw(k, "shared", 0), draw(k, "a", 30), draw(k, "b", 32)
		for i := range shared {
			a[i], b[i] = a[i]+5*shared[i], b[i]+5*shared[i]
		}
		return Paired(a, b, Level).Delta
	})
	coverage(t, "Wilson", 2000, .9, func(k int) Estimate {
		r := rng.New(uint64(k), "test.wilson", 0)
		right := 0
		for range 500 {
			if r.Float64() < .9 {
				right++
			}
		}
		return Wilson(right, 500, Level)
	})
	// Normal pairs of correlation .5 have τ = (2/π)·arcsin .5 = 1/3.
	for _, n := range []int{24, 48, 150} {
		group := make([]int, n)
		b := NewBootstrap(group, 500, 1)
		coverage(t, fmt.Sprintf("τ of %d", n), 1500, 1./3, func(k int) Estimate {
			r := rng.New(uint64(k), "test.tau", uint64(n))
			x, y := make([]float64, n), make([]float64, n)
			for i := range n {
				x[i] = r.Norm()
				y[i] = .5*x[i] + math.Sqrt(.75)*r.Norm()
			}
			if n > LargeSample {
				return TauJackknife(x, y, group, Level)
			}
			return b.BCa(TauStatistic(x, y), Level)
		})
	}
}

// TestWithinPIsUniform: of relations that do not exist it finds one in twenty, with ties and groups.
func TestWithinPIsUniform(t *testing.T) {
	for name, levels := range map[string]int{"no ties": 0, "ties": 6} {
		below, trials := 0, 150
		for k := range trials {
			r := rng.New(uint64(k), "test.null", 0)
			x, y, g := make([]float64, 24), make([]float64, 24), make([]int, 24)
			for i := range x {
				g[i] = i % 4
				x[i], y[i] = r.Norm()+3*float64(g[i]), r.Norm()+3*float64(g[i])
				if levels > 0 {
					y[i] = float64(r.IntN(levels) + 3*g[i])
				}
			}
			if p, _ := WithinP(x, y, g); p < .05 {
				below++
			}
		}
		if below > 15 || below < 1 {
			t.Errorf("%s: %d of %d p-values below .05", name, below, trials)
		}
	}
}

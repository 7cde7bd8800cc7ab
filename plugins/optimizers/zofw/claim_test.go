package zofw

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/problem"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func train(t *testing.T, seed uint64, steps int, p map[string]any) (*problem.Problem, [][]float32) {
	t.Helper()
	work := problem.New(problem.Spec{Name: "simplex"}, 1, seed)
	w := make([]float32, work.Dim())
	work.Init(w)
	path, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: work, Params: p, Init: w, Steps: steps, Seed: seed,
		Problem: sdk.Problem{Examples: work.Examples(), BatchSize: 1, StepsPerEpoch: work.StepsPerEpoch()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return work, path
}

// The gap of a stochastic quadratic over the simplex (50 parameters) falls like T^{−1/3}: eight times the steps leave at most
// 0.6 of it, on the mean over seeds.
func TestClaimRate(t *testing.T) {
	const seeds = 5
	early, late := 0.0, 0.0
	var ratios []float64
	for seed := range uint64(seeds) {
		work, path := train(t, seed, 4000, nil)
		a, b := work.Exact(path[499]).Loss, work.Exact(path[3999]).Loss
		early, late = early+a/seeds, late+b/seeds
		ratios = append(ratios, b/a)
	}
	t.Logf("mean gap %.4f after 500 steps, %.4f after 4000: %.2f of it; by seed %.2f to %.2f", early, late, late/early, slices.Min(ratios), slices.Max(ratios))
	if !(late <= 0.6*early) {
		t.Error("the claim does not hold")
	}
}

// Iterates stay in the set.
func TestFeasible(t *testing.T) {
	for _, set := range []string{Simplex, L1, L2, LInf} {
		_, path := train(t, 1, 300, map[string]any{"set": set, "radius": 0.5})
		for k, w := range path {
			sum, square, most, least := 0.0, 0.0, 0.0, math.Inf(1)
			for _, x := range w {
				v := float64(x)
				sum += math.Abs(v)
				square += v * v
				most, least = max(most, math.Abs(v)), min(least, v)
			}
			size := map[string]float64{Simplex: sum, L1: sum, L2: math.Sqrt(square), LInf: most}[set]
			if size > 0.5*(1+1e-5) || set == Simplex && (least < 0 || sum < 0.5*(1-1e-5)) {
				t.Fatalf("%s, step %d: size %v, smallest %v", set, k+1, size, least)
			}
		}
	}
}

// No point of the set has a smaller product with d, and it is reached from anywhere with gamma = 1.
func TestVertices(t *testing.T) {
	d := sdk.Vec{0.5, -2, 1, 0, -0.25}
	for set, want := range map[string]sdk.Vec{
		Simplex: {0, 3, 0, 0, 0},
		L1:      {0, 3, 0, 0, 0},
		L2:      {-0.5, 2, -1, 0, 0.25},
		LInf:    {-3, 3, -3, 0, 3}, // where d is 0 every value is as good
	} {
		w := sdk.Vec{1, 2, 3, 4, 5}
		constraint{set, 3}.step(w, d, make([]float32, len(w)), 1)
		if set == L2 {
			norm := float32(math.Sqrt(0.25 + 4 + 1 + 0.0625))
			for i := range want {
				want[i] *= 3 / norm
			}
		}
		for i := range w {
			if math.Abs(float64(w[i]-want[i])) > 1e-6 {
				t.Errorf("%s: %v, want %v", set, w, want)
				break
			}
		}
	}
}

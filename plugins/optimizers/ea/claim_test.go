package ea

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/problem"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func train(t *testing.T, spec problem.Spec, seed uint64, steps int, p map[string]any) (*problem.Problem, []float32, [][]float32) {
	t.Helper()
	work := problem.New(spec, 1, seed)
	w := make([]float32, work.Dim())
	work.Init(w)
	start := slices.Clone(w)
	path, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: work, Params: p, Init: w, Steps: steps, Seed: seed, Problem: sdk.Problem{Examples: 1, BatchSize: 1, StepsPerEpoch: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	return work, start, path
}

// On OneMax with rare frozen distortions (200 bits, λ = 24) comma fails to reach the target no more often than plus. That it is
// faster is an asymptotic result: the medians are printed, not judged.
func TestClaimCommaFailsNoMoreOftenThanPlus(t *testing.T) {
	const bits, lambda, seeds, limit = 200, 24, 11, 250
	spec := problem.Spec{Name: "bitstring", Options: map[string]any{
		"bits": int64(bits), "probability": 0.005, "distortion": 1.0, "target": int64(bits - 6),
	}}
	fails, evals := map[string]int{}, map[string][]int{}
	for _, mode := range []string{Comma, Plus} {
		for seed := range uint64(seeds) {
			work, _, path := train(t, spec, seed, limit, map[string]any{"mode": mode, "lambda": lambda})
			k := slices.IndexFunc(path, func(w []float32) bool { return work.Exact(w).Loss == 0 })
			if k < 0 {
				fails[mode]++
				k = limit
			}
			evals[mode] = append(evals[mode], (k+1)*lambda)
		}
		slices.Sort(evals[mode])
	}
	t.Logf("of %d runs comma fails %d times, plus %d times; median evaluations %d and %d",
		seeds, fails[Comma], fails[Plus], evals[Comma][seeds/2], evals[Plus][seeds/2])
	if fails[Comma] > fails[Plus] {
		t.Error("the claim does not hold")
	}
}

// Flips have the right frequency, plus never gets worse in what it sees, comma takes the best child though it be worse than the parent, and
// both alphabets search alike.
func TestSelection(t *testing.T) {
	spec := problem.Spec{Name: "bitstring", Options: map[string]any{"bits": int64(400)}}
	_, start, path := train(t, spec, 1, 300, map[string]any{"lambda": 1, "rate": 4.0})
	flips, before := 0, start
	for _, w := range path {
		for i := range w {
			if w[i] != before[i] {
				flips++
			}
		}
		before = w
	}
	// 300 children of 400 bits, each flipped with probability 1/100: 1200 ± 34.5.
	if math.Abs(float64(flips)-1200) > 4*34.5 {
		t.Errorf("%d flips, expected 1200 ± 35", flips)
	}

	work, start, plus := train(t, spec, 2, 100, map[string]any{"mode": Plus, "lambda": 4})
	last := work.Exact(start).Loss
	for k, w := range plus {
		now := work.Exact(w).Loss
		if now > last {
			t.Fatalf("plus: step %d goes from %v to %v", k+1, last, now)
		}
		last = now
	}
	work, start, comma := train(t, spec, 2, 300, map[string]any{"lambda": 2, "rate": 3.0})
	worse := 0
	last = work.Exact(start).Loss
	for _, w := range comma {
		now := work.Exact(w).Loss
		if now > last {
			worse++
		}
		last = now
	}
	if worse == 0 {
		t.Error("comma with two children never got worse: it has not forgotten its parents")
	}

	signed := slices.Clone(start)
	for i := range signed {
		signed[i] = 2*signed[i] - 1
	}
	signs, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: problem.New(spec, 1, 2), Init: signed, Steps: 50, Seed: 2,
		Params: map[string]any{"lambda": 2, "rate": 3.0, "alphabet": Signs},
	})
	if err != nil {
		t.Fatal(err)
	}
	for k, w := range signs {
		for i, x := range w {
			if x != 2*comma[k][i]-1 {
				t.Fatalf("step %d, bit %d: %v and %v", k+1, i, x, comma[k][i])
			}
		}
	}
}

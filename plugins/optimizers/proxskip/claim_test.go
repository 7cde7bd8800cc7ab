package proxskip

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/problem"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func train(t *testing.T, seed uint64, steps int, p map[string]any) (*problem.Problem, [][]float32) {
	t.Helper()
	work := problem.New(problem.Spec{Name: "game"}, 10, seed)
	w := make([]float32, work.Dim())
	work.Init(w)
	path, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: work, Params: p, Init: w, Steps: steps, Seed: seed,
		Problem: sdk.Problem{Examples: work.Examples(), BatchSize: work.BatchSize(), StepsPerEpoch: work.StepsPerEpoch()},
	})
	if err != nil {
		t.Fatal(err)
	}
	return work, path
}

// With 200 communications ProxSkip at the theory's step size is nearer to the equilibrium of a game of 10 workers than the
// best of a grid of local gradient descent-ascent, by three orders of magnitude: local steps end where the workers'
// drift balances.
func TestClaimCommunications(t *testing.T) {
	const communications, mu, smooth = 200, 1.0, 11.0
	gamma := 1 / smooth
	for seed := range uint64(3) {
		error := func(p map[string]any) float64 {
			p["workers"], p["split"] = 10, Domain
			steps := int(communications / p["p"].(float64))
			work, path := train(t, seed, steps, p)
			return work.Exact(path[steps-1]).Loss
		}
		skip := error(map[string]any{"lr": gamma, "p": math.Sqrt(gamma * mu)})
		local := math.Inf(1)
		var best map[string]any
		for _, lr := range []float64{0.001, 0.003, 0.01, 0.03, 0.1} {
			for _, chance := range []float64{0.1, math.Sqrt(gamma * mu)} {
				p := map[string]any{"lr": lr, "p": chance, "mode": Local}
				if e := error(p); e < local {
					local, best = e, p
				}
			}
		}
		t.Logf("seed %d: after %d communications half the squared distance is %.2g with ProxSkip, %.2g with local steps at their best (lr %v, p %.2f)",
			seed, communications, skip, local, best["lr"], best["p"])
		if !(skip < 1e-3*local) {
			t.Error("the claim does not hold")
		}
	}
}

// Communicating in every step, whatever the corrections, is gradient descent-ascent on the mean operator.
func TestAlwaysCommunicating(t *testing.T) {
	_, skip := train(t, 1, 30, map[string]any{"p": 1.0, "workers": 10, "split": Domain, "lr": 0.05})
	_, local := train(t, 1, 30, map[string]any{"p": 1.0, "workers": 10, "split": Domain, "lr": 0.05, "mode": Local})
	_, one := train(t, 1, 30, map[string]any{"p": 1.0, "workers": 1, "lr": 0.05})
	for k := range one {
		for j, x := range one[k] {
			if math.Abs(float64(skip[k][j]-x)) > 1e-4 || math.Abs(float64(local[k][j]-x)) > 1e-4 {
				t.Fatalf("step %d, element %d: %v and %v, want %v", k+1, j, skip[k][j], local[k][j], x)
			}
		}
	}
}

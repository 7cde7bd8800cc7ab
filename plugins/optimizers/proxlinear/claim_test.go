package proxlinear

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/problem"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func phase() problem.Spec { return problem.Spec{Name: "phase"} }

func train(t *testing.T, seed uint64, steps int, p map[string]any) (*problem.Problem, [][]float32) {
	t.Helper()
	work := problem.New(phase(), 1, seed)
	w := make([]float32, work.Dim())
	work.Init(w)
	path, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: work, Params: p, Init: w, Steps: steps, Seed: seed,
		Problem: sdk.Problem{Examples: work.Examples(), BatchSize: 1, StepsPerEpoch: work.StepsPerEpoch()},
	})
	if err != nil && !sdk.IsNonFinite(err) {
		t.Fatal(err)
	}
	return work, path
}

// On robust phase retrieval (20 parameters, 60 measurements) prox-linear and proximal point steps find the solution for step sizes
// over four orders of magnitude, subgradient steps for few of them or none.
func TestClaimModelsAreRobustToTheStepSize(t *testing.T) {
	const seeds, epochs, goal = 2, 400, 1e-4
	solved := map[string][]int{}
	for _, model := range []string{Subgradient, ProxLinear, ProximalPoint} {
		for seed := range uint64(seeds) {
			n := 0
			for k := range 9 {
				alpha := 0.1 * math.Pow(10, float64(k)/2)
				p := map[string]any{"model": model, "lr": alpha, "scaling": Horizon}
				if model == ProximalPoint { // with fewer losses along every line than by default, and fewer epochs where they do
					p["points"], p["refinements"] = 14, 8
				}
				for _, steps := range []int{60 * epochs / 20, 60 * epochs} {
					if work, path := train(t, seed, steps, p); len(path) == steps && work.Exact(path[steps-1]).Loss < goal {
						n++
						break
					}
					if model == Subgradient && steps < 60*epochs && k > 2 { // it has diverged
						break
					}
				}
			}
			solved[model] = append(solved[model], n)
		}
	}
	t.Logf("step sizes from 0.1 to 1000 that reach %v in %d epochs, by seed: subgradient %v of 9, prox-linear %v of 9, proximal point %v of 9",
		goal, epochs, solved[Subgradient], solved[ProxLinear], solved[ProximalPoint])
	for i := range seeds {
		if solved[ProxLinear][i] < 7 || solved[ProximalPoint][i] < 7 || solved[Subgradient][i] > 3 {
			t.Errorf("seed %d: the claim does not hold", i)
		}
	}
}

// No point of the line along the gradient is better than the proximal point step.
func TestProximalPointIsTheBestOfTheLine(t *testing.T) {
	const alpha = 0.3
	work, path := train(t, 3, 1, map[string]any{"model": ProximalPoint, "lr": alpha, "points": 12, "refinements": 40})
	w, g := make([]float32, work.Dim()), make([]float32, work.Dim())
	work.Init(w)
	b := oracle.Batch{Stream: oracle.Train}
	e, err := work.Grad(b, w, g, oracle.Options{})
	if err != nil {
		t.Fatal(err)
	}
	square, along := 0.0, make([]float32, len(w))
	for _, x := range g {
		square += float64(x) * float64(x)
	}
	value := func(x []float32) float64 {
		l, _ := work.Loss(b, x, oracle.Options{})
		d := 0.0
		for j := range x {
			d += (float64(x[j]) - float64(w[j])) * (float64(x[j]) - float64(w[j]))
		}
		return l.Loss + d/(2*alpha)
	}
	best, reach := math.Inf(1), math.Sqrt(2*alpha*e.Loss/square)
	for k := -20000; k <= 20000; k++ {
		for j := range w {
			along[j] = w[j] + float32(reach*float64(k)/20000)*g[j]
		}
		best = min(best, value(along))
	}
	if got := value(path[0]); !(got <= best+1e-6) || !(got < e.Loss-1e-3) {
		t.Errorf("the step has the value %v, a scan of the line finds %v, the start is %v", got, best, e.Loss)
	}
}

// prox_linear is truncated with the bound 0, bit for bit; and with a step size below loss over squared gradient both are
// subgradient steps.
func TestModelsAgree(t *testing.T) {
	_, a := train(t, 1, 200, map[string]any{"model": ProxLinear, "lr": 0.05})
	_, b := train(t, 1, 200, map[string]any{"model": Truncated, "lr": 0.05})
	for k := range a {
		if err := plugintest.SameBits(a[k], b[k]); err != nil {
			t.Fatalf("step %d: %v", k+1, err)
		}
	}
	_, c := train(t, 1, 1, map[string]any{"model": Truncated, "lr": 1e-6})
	_, d := train(t, 1, 1, map[string]any{"model": Subgradient, "lr": 1e-6})
	if err := plugintest.SameBits(c[0], d[0]); err != nil {
		t.Error(err)
	}
}

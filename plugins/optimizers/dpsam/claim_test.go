package dpsam

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/plugins/optimizers/dpsat"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/claims"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// Two releases a step have their price: with √2 times the noise, which makes as much privacy of them as DP-SAT's one release a
// step has, DP-SAM ends with the larger test error and twice the cost (Park et al. 2023, at the scale of a toy).
func TestClaimTwoReleasesCostAccuracy(t *testing.T) {
	const examples, batch, steps, seeds = 1024, 128, 160, 5
	data, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	all := func(n int) []int {
		out := make([]int, n)
		for i := range out {
			out[i] = i
		}
		return out
	}
	spec := model.Spec{Name: "mlp", Width: []int{32}, Norm: "none", Activation: "tanh"}
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	mistakes := func(seed uint64, plugin any, sigma float64) float64 {
		work := oracle.Problem{
			Net: net, Images: &data.Train, Normalize: data.Normalizer(), Examples: all(examples), BatchSize: batch, Nominal: batch, Seed: seed,
		}
		init := make([]float32, net.Dim())
		model.Init(spec, net, seed, init)
		path, err := sdktest.Train(plugin, sdktest.Case{
			Workload: oracle.NewTraining(work), Init: init, Steps: steps, Seed: seed,
			Problem: sdk.Problem{Examples: examples, BatchSize: batch, StepsPerEpoch: examples / batch, Classes: 10},
			Params:  params{"rho": 0.1, "clip": 0.5, "lr": 1.0, "sigma": sigma},
		})
		if err != nil {
			t.Fatal(err)
		}
		e, err := oracle.NewEvaluation(work, nil).On(&data.Test, all(data.Test.Len()), path[steps-1])
		if err != nil {
			t.Fatal(err)
		}
		return 100 * float64(e.Errors) / float64(e.Examples)
	}
	var once, twice []float64
	for seed := range uint64(seeds) {
		once = append(once, mistakes(seed, dpsat.Optimizer{}, 4))
		twice = append(twice, mistakes(seed, Optimizer{}, 4*math.Sqrt2))
	}
	claims.Less(t, "test error of DP-SAT and of DP-SAM", once, twice)
}

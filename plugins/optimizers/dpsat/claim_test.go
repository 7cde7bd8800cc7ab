package dpsat

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
)

// At equal privacy DP-SAT is no worse than DP-SGD by more than half a point of accuracy, over five seeds on digits. A gain
// is not claimed.
func TestClaimUtility(t *testing.T) {
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
	accuracy := func(seed uint64, p params) float64 {
		problem := oracle.Problem{
			Net: net, Images: &data.Train, Normalize: data.Normalizer(), Examples: all(examples), BatchSize: batch, Nominal: batch, Seed: seed,
		}
		init := make([]float32, net.Dim())
		model.Init(spec, net, seed, init)
		path := plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: oracle.NewTraining(problem), Init: init, Steps: steps, Seed: seed, Tensors: net.Layout(), Classes: 10,
			Examples: examples, BatchSize: batch, StepsPerEpoch: examples / batch, Params: p,
		})
		e, err := oracle.NewEvaluation(problem, nil).On(&data.Test, all(data.Test.Len()), path[steps-1])
		if err != nil {
			t.Fatal(err)
		}
		return 100 * (1 - float64(e.Errors)/float64(e.Examples))
	}
	// Both hide their releases in the same noise, of the same streams: the difference is that of the points.
	var gain []float64
	plain := 0.0
	for seed := range uint64(seeds) {
		p := params{"rho": 0.0, "epsilon": 3.0, "delta": 1e-4, "clip": 0.5, "lr": 1.0}
		base := accuracy(seed, p)
		p["rho"] = 0.1
		gain, plain = append(gain, accuracy(seed, p)-base), plain+base/seeds
	}
	mean, half := interval(gain)
	t.Logf("test accuracy at epsilon 3, %d seeds: rho 0 (DP-SGD) %.2f %%, rho 0.1 %+.2f points, 95 %% interval ± %.2f", seeds, plain, mean, half)
	if mean < -0.5 {
		t.Error("the claim does not hold")
	}
}

// interval is the mean of five numbers and half the width of Student's interval for it.
func interval(x []float64) (mean, half float64) {
	square := 0.0
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		square += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, 2.776 * math.Sqrt(square/float64(len(x)))
}

// Package claims holds the small trainings on which tests check what publications say of an optimizer.
package claims

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// Noisy is a small classification with wrong labels: 256 examples of 10 numbers in two classes, 15 % of the labels
// flipped, and a perceptron with two hidden layers of 32 tanh, large enough to learn them by heart.
type Noisy struct {
	problem oracle.Problem
	start   []float32
	seed    uint64
}

const (
	noisyInputs   = 10
	noisyExamples = 256
	noisyBatch    = 32
	noisyFlipped  = 0.15
)

// NewNoisy draws the data and the first parameters of a seed.
func NewNoisy(t testing.TB, seed uint64) *Noisy {
	t.Helper()
	spec := model.Spec{Name: "mlp", Width: []int{32, 32}, Norm: "none", Activation: "tanh"}
	net, err := model.New(spec, engine.Shape{H: 1, W: noisyInputs, C: 1}, 2)
	if err != nil {
		t.Fatal(err)
	}
	images := &dataset.Images{H: 1, W: noisyInputs, C: 1}
	r := rng.New(seed, "claims/noisy", 0)
	for range noisyExamples {
		// Two directions matter, one of them squared.
		var x [noisyInputs]float64
		for j := range x {
			x[j] = r.Norm()
			images.Pixels = append(images.Pixels, uint8(math.Max(0, math.Min(255, math.Round(128+32*x[j])))))
		}
		label := uint8(0)
		if x[0]+x[1]*x[1]-1 > 0 {
			label = 1
		}
		if r.Float64() < noisyFlipped {
			label = 1 - label
		}
		images.Labels = append(images.Labels, label)
	}
	n := &Noisy{start: make([]float32, net.Dim()), seed: seed}
	n.problem = oracle.Problem{
		Net: net, Images: images, Normalize: dataset.Normalizer{Mean: []float32{0.5}, Std: []float32{0.125}},
		Examples: make([]int, noisyExamples), BatchSize: noisyBatch, Nominal: noisyBatch, Seed: seed,
	}
	for i := range n.problem.Examples {
		n.problem.Examples[i] = i
	}
	model.Init(spec, net, seed, n.start)
	return n
}

// Train returns the parameters after the first of every 50 steps at which the loss over all examples is at most target:
// what is compared there is compared at matched training loss. It also says how many steps that took, and fails the test
// when limit steps do not reach it.
func (n *Noisy) Train(t testing.TB, plugin any, params map[string]any, target float64, limit int) ([]float32, int) {
	t.Helper()
	path := n.path(t, plugin, params, limit)
	for k := 49; k < len(path); k += 50 {
		if n.Loss(t, path[k]) <= target {
			return path[k], k + 1
		}
	}
	t.Fatalf("seed %d: %v does not reach a loss of %v in %d steps: %v", n.seed, params, target, limit, n.Loss(t, path[len(path)-1]))
	return nil, 0
}

// After returns the parameters after a number of steps.
func (n *Noisy) After(t testing.TB, plugin any, params map[string]any, steps int) []float32 {
	t.Helper()
	return n.path(t, plugin, params, steps)[steps-1]
}

func (n *Noisy) path(t testing.TB, plugin any, params map[string]any, steps int) [][]float32 {
	t.Helper()
	path, err := sdktest.Train(plugin, sdktest.Case{
		Workload: oracle.NewTraining(n.problem), Params: params, Init: slices.Clone(n.start), Steps: steps, Seed: n.seed,
		Problem: sdk.Problem{
			Examples: noisyExamples, BatchSize: noisyBatch, StepsPerEpoch: noisyExamples / noisyBatch, Classes: 2,
			Tensors: tensors(n.problem.Net),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func tensors(net *engine.Net) []sdk.Tensor {
	var out []sdk.Tensor
	for _, t := range net.Layout() {
		out = append(out, sdk.Tensor{
			Name: t.Name, Kind: string(t.Kind), Layer: t.Layer, Shape: t.Shape, Offset: t.Offset, FanIn: t.FanIn, Prunable: t.Prunable,
		})
	}
	return out
}

// Loss is the mean loss over all examples at w.
func (n *Noisy) Loss(t testing.TB, w []float32) float64 {
	t.Helper()
	e, err := oracle.NewTraining(n.problem).Loss(oracle.Batch{Stream: oracle.Full}, w, oracle.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e.Loss
}

// LambdaMax is the largest eigenvalue of the Hessian of the loss over all examples at w, by 60 steps of the power method.
func (n *Noisy) LambdaMax(t testing.TB, w []float32) float64 {
	t.Helper()
	work := oracle.NewTraining(n.problem)
	v, hv := make([]float32, len(w)), make([]float32, len(w))
	rng.Normal(v, n.seed, "claims/power", 0, 1)
	lambda := 0.0
	for range 60 {
		square := 0.0
		for _, x := range v {
			square += float64(x) * float64(x)
		}
		for i := range v {
			v[i] = float32(float64(v[i]) / math.Sqrt(square))
		}
		if _, err := work.HVP(oracle.Batch{Stream: oracle.Full}, w, v, hv, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		lambda = 0
		for i := range v {
			lambda += float64(v[i]) * float64(hv[i])
		}
		v, hv = hv, v
	}
	return lambda
}

// Median is the middle one of an odd number of values.
func Median(x []float64) float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	return s[len(s)/2]
}

// Less checks that x is smaller than y: in each of five seeds or more, which happens by chance in one of 2⁵ cases, and in
// the median. It prints the ratios of the pairs: with five of them their range is a confidence interval of 94 % for the
// median.
func Less(t testing.TB, what string, x, y []float64) {
	t.Helper()
	if len(x) != len(y) || len(x) < 5 {
		t.Fatalf("%s: %d and %d values, expected five pairs or more", what, len(x), len(y))
	}
	ratios, smaller := make([]float64, len(x)), 0
	for i := range x {
		ratios[i] = x[i] / y[i]
		if x[i] < y[i] {
			smaller++
		}
	}
	t.Logf("%s: median %.3g and %.3g; ratio %.3g, from %.3g to %.3g; smaller in %d of %d seeds",
		what, Median(x), Median(y), Median(ratios), slices.Min(ratios), slices.Max(ratios), smaller, len(x))
	if smaller < len(x) {
		t.Errorf("%s: the first is not always smaller: %.3g and %.3g", what, x, y)
	}
}

package o2nc

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// Without projection and randomness it is gradient descent with momentum 1, one step late:
// Δ_{n+1} = Δ_n − η·g(x_n), x_{n+1} = x_n + Δ_{n+1}.
func TestMomentumRecursion(t *testing.T) {
	h, start := []float64{3, 1, 0.2}, []float32{1, -2, 0.5}
	const eta = 0.1
	path, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: plugintest.Quadratic(h...), Init: start, Steps: 40,
		Params: map[string]any{"radius": 1e9, "lr": eta, "randomize": false, "output": Iterate},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range start {
		x, delta := float64(start[i]), 0.0
		for k := range path {
			x += delta
			delta -= eta * h[i] * x
			if math.Abs(x-float64(path[k][i])) > 1e-4 {
				t.Fatalf("step %d, element %d: %v, want %v", k+1, i, path[k][i], x)
			}
		}
	}
}

// No iterate is farther from the one before than radius, and the points of a block lie within delta of one another.
func TestStepsAreBounded(t *testing.T) {
	const steps, delta = 64, 0.5
	path, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: plugintest.Quadratic(5, 1, 0.1), Init: []float32{4, -3, 2}, Steps: steps,
		Params: map[string]any{"delta": delta, "output": Iterate},
	})
	if err != nil {
		t.Fatal(err)
	}
	block := int(math.Ceil(math.Pow(delta*steps, 2.0/3)))
	if block != 11 {
		t.Fatalf("a block of %d", block)
	}
	longest := 0.0
	for k := range path {
		for j := max(0, k-block); j < k; j++ {
			square := 0.0
			for i := range path[k] {
				d := float64(path[k][i]) - float64(path[j][i])
				square += d * d
			}
			if j == k-1 {
				longest = max(longest, math.Sqrt(square))
			}
			if math.Sqrt(square) > delta*(1+1e-5) {
				t.Fatalf("steps %d and %d are %v apart", j+1, k+1, math.Sqrt(square))
			}
		}
	}
	if d := delta / float64(block); math.Abs(longest-d) > 1e-5 {
		t.Errorf("the longest step is %v, the bound %v", longest, d)
	}
}

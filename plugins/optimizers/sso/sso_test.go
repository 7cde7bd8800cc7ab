package sso

import (
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/claims"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { golden.Main(m, Optimizer{}, sgd.Optimizer{}) }

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// One inner step without a search is SGD, bit for bit, running statistics of batch normalisation included. Of the quadratic
// there are no outputs.
func TestDeclaredDegenerates(t *testing.T) {
	for _, d := range (Optimizer{}).Info().Degenerate {
		golden.Same(t, d.When, d.Equals, nil, "mlp", "mlp-plain")
	}
}

// Whatever eta is, the first inner step goes along the gradient.
func TestFirstInnerStepIsTheGradient(t *testing.T) {
	for _, eta := range []float64{0.01, 100} {
		golden.Same(t, params{"search": None, "inner": 1, "lr": 0.3, "eta": eta}, "sgd", params{"lr": 0.3}, "mlp")
	}
}

// The step size that the search has found outlives the process.
func TestResume(t *testing.T) { golden.Resume(t, params{"inner": 3, "expand": 1.5}) }

// regression is a random logistic regression, all of it in one batch.
func regression(seed uint64, n, d int) (x [][]float64, y []int) {
	r := rng.New(seed, "sso/test", 0)
	truth := make([]float64, d)
	for j := range truth {
		truth[j] = r.Norm()
	}
	for range n {
		row, z := make([]float64, d), 0.0
		for j := range row {
			row[j] = r.Norm() * float64(j+1) // badly scaled
			z += row[j] * truth[j] / float64(j+1)
		}
		label := -1
		if r.Float64() < 1/(1+math.Exp(-2*z)) {
			label = 1
		}
		x, y = append(x, row), append(y, label)
	}
	return x, y
}

func train(t *testing.T, seed uint64, steps int, p params) (oracle.Workload, [][]float32) {
	t.Helper()
	const n, d = 60, 4
	x, y := regression(seed, n, d)
	work := plugintest.Logistic(x, y, n)
	path, err := sdktest.Train(Optimizer{}, sdktest.Case{
		Workload: work, Params: p, Init: make([]float32, d), Steps: steps, Seed: seed,
		Problem: sdk.Problem{Examples: n, BatchSize: n, StepsPerEpoch: 1, Classes: 2},
	})
	if err != nil {
		t.Fatal(err)
	}
	return work, path
}

func loss(t *testing.T, work oracle.Workload, w []float32) float64 {
	t.Helper()
	e, err := work.Loss(oracle.Batch{Stream: oracle.Full}, w, oracle.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e.Loss
}

// Of a linear model, so many inner steps that S is at its minimum are a projection: the outputs become those of the model
// that are nearest to Z − n·η·U in the sense of least squares. From w = 0 that is w = −η·(XᵀX)⁻¹·Σ_i u_i·x_i, where u_i is the
// slope of the loss of example i: −y_i/2.
func TestManyInnerStepsProject(t *testing.T) {
	const eta, n, d = 0.7, 60, 4
	x, y := regression(5, n, d)
	_, path := train(t, 5, 1, params{"eta": eta, "inner": 1000, "search": None, "lr": 0.05})
	var a [d][d + 1]float64 // XᵀX, and the right side
	for i, row := range x {
		for j := range d {
			for k := range d {
				a[j][k] += row[j] * row[k]
			}
			a[j][d] += eta * row[j] * float64(y[i]) / 2
		}
	}
	for k := range d { // Gauss and Jordan; XᵀX is positive definite
		for j := range d {
			if j == k {
				continue
			}
			f := a[j][k] / a[k][k]
			for c := k; c <= d; c++ {
				a[j][c] -= f * a[k][c]
			}
		}
	}
	for j := range d {
		if want := a[j][d] / a[j][j]; math.Abs(float64(path[0][j])-want) > 1e-4*math.Abs(want)+1e-5 {
			t.Errorf("parameter %d is %v, the projection has %v", j, path[0][j], want)
		}
	}
}

// With as many gradients by the outputs, more inner steps reach a lower loss: on logistic regression, 10 steps, with the best
// eta of a grid for each. With an eta that is too small for the problem they do not: they come closer to a target that is too
// near.
func TestClaimInnerStepsSaveGradients(t *testing.T) {
	losses := map[int][]float64{}
	for seed := range uint64(7) {
		for _, inner := range []int{10, 1} {
			best := math.Inf(1)
			for _, eta := range []float64{1, 2, 4, 8, 16} {
				work, path := train(t, seed, 10, params{"inner": inner, "eta": eta})
				best = min(best, loss(t, work, path[9]))
			}
			losses[inner] = append(losses[inner], best)
		}
	}
	claims.Less(t, "loss with 10 inner steps and with 1", losses[10], losses[1])
}

// Every step that the search accepts lowers the surrogate, and with it the loss, which lies below it for eta = 2: the
// curvature of cross-entropy by the difference of two logits is at most 1/4.
func TestSearchNeverRaisesTheLoss(t *testing.T) {
	work, path := train(t, 3, 30, params{"eta": 2.0, "inner": 4, "lr": 1000.0})
	last := math.Ln2
	for k, w := range path {
		now := loss(t, work, w)
		if now > last*(1+1e-6) {
			t.Errorf("step %d: the loss rises from %v to %v", k+1, last, now)
		}
		last = now
	}
	if last > 0.95*math.Ln2 {
		t.Errorf("the loss ends at %v: nothing was learned", last)
	}
}

// A search that finds nothing leaves the parameters alone, and the next one begins where it ended.
func TestSearchFindsNothing(t *testing.T) {
	work, path := train(t, 3, 40, params{"lr": 1e6, "trials": 20, "expand": 1.0})
	for j, v := range path[1] {
		if v != 0 {
			t.Errorf("parameter %d has moved to %v", j, v)
		}
	}
	if l := loss(t, work, path[39]); l > 0.9*math.Ln2 {
		t.Errorf("the loss is %v at the end: the step size was never found", l)
	}
}

func TestBadParameters(t *testing.T) {
	if got := plugintest.Validate(t, nil, 3, nil); len(got) != 1 || !strings.Contains(got[0], "no outputs") {
		t.Errorf("a workload without outputs: %q", got)
	}
	bad := params{"lr": 0.0, "eta": -1.0, "inner": 0, "search": "wolfe", "armijo": 1.0, "backtrack": 1.0, "expand": 0.5, "trials": 0}
	got := plugintest.Validate(t, nil, 3, bad)
	for name := range bad {
		found := false
		for _, line := range got {
			found = found || strings.HasPrefix(line, name+":")
		}
		if !found {
			t.Errorf("%s = %v is taken: %q", name, bad[name], got)
		}
	}
}

package claims

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// After a training the power method has found an eigenvalue that no other direction exceeds and that another start finds
// too; the same seed is the same problem.
func TestNoisy(t *testing.T) {
	n := NewNoisy(t, 1)
	w, steps := n.Train(t, sgd.Optimizer{}, map[string]any{"lr": 0.03, "momentum": 0.9}, 0.2, 400)
	if loss := n.Loss(t, w); loss > 0.2 || loss < 0.02 || steps%50 != 0 {
		t.Errorf("a loss of %v after %d steps", loss, steps)
	}
	if start := n.Loss(t, n.start); math.Abs(start-math.Ln2) > 0.2 {
		t.Errorf("the loss starts at %v, that of guessing is %v", start, math.Ln2)
	}
	lambda := n.LambdaMax(t, w)
	other := *n
	other.seed = 99 // draws another first direction; the problem stays
	if again := other.LambdaMax(t, w); math.Abs(again-lambda) > 0.02*lambda {
		t.Errorf("largest eigenvalue %v, and %v from another direction", lambda, again)
	}
	work := oracle.NewTraining(n.problem)
	v, hv := make([]float32, len(w)), make([]float32, len(w))
	for i := range uint64(20) {
		rng.Normal(v, 7, "claims/test", i, 1)
		if _, err := work.HVP(oracle.Batch{Stream: oracle.Full}, w, v, hv, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		along, square := 0.0, 0.0
		for j := range v {
			along += float64(v[j]) * float64(hv[j])
			square += float64(v[j]) * float64(v[j])
		}
		if along/square > lambda {
			t.Errorf("curvature %v in a random direction, more than %v", along/square, lambda)
		}
	}
	same, _ := NewNoisy(t, 1).Train(t, sgd.Optimizer{}, map[string]any{"lr": 0.03, "momentum": 0.9}, 0.2, 400)
	for i := range w {
		if w[i] != same[i] {
			t.Fatal("the same seed trains to other parameters")
		}
	}
}

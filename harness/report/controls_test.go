package report

import (
	"fmt"
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// manyConfigurations has one optimizer with n configurations on one seed, whose error follows the test loss.
func manyConfigurations(n int, f func(i int, t *Trial)) Input {
	in := example(1)
	in.Optimizers, in.Shifts = in.Optimizers[:1], nil
	in.Correlate.Y, in.Correlate.Within = []string{"error:test"}, nil
	in.Trials = nil
	for i := range n {
		r := rng.New(uint64(i), "controls", 0)
		loss := 0.5 + 0.1*r.Norm()
		t := Trial{
			ID: fmt.Sprint("trial", i), Workload: "cifar10-cnn", Optimizer: "sgd", ConfigKey: fmt.Sprint("c", i), ConfigLabel: fmt.Sprint("c", i),
			Params: map[string]any{"lr": math.Exp(r.Norm()), "weight_decay": 0.0005}, Tuning: true, Final: i == 0, Status: Done, Steps: 100, Dim: 10,
			Norm: 3 + r.Norm(), G: 100, Error: map[string]float64{"train": 0.1, "validation": 0.2 + 0.1*loss, "test": 0.2 + 0.1*loss + 0.0005*r.Norm()},
			Loss:    map[string]float64{"train": 0.3 + 0.01*r.Norm(), "test": loss},
			Metrics: map[string]Metric{"adaptive-worst-linf": {Value: r.Norm()}, "gradnorm": {Value: r.Norm()}},
		}
		if f != nil {
			f(i, &t)
		}
		in.Trials = append(in.Trials, t)
	}
	return in
}

func rows(t *testing.T, in Input) map[string]CorrelationRow {
	t.Helper()
	b, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]CorrelationRow{}
	for _, r := range b.Sections[0].Correlations[0].Rows {
		out[r.Name] = r
	}
	return out
}

// What is known to say nothing says nothing, and the oracle says nearly all.
func TestNegativeControls(t *testing.T) {
	got := rows(t, manyConfigurations(40, nil))
	noise, oracle := got["random noise"], got["test loss (oracle)"]
	if !noise.Control || !noise.Tau.Interval || noise.Tau.Lo > 0 || noise.Tau.Hi < 0 {
		t.Errorf("the interval of noise does not cover 0: %+v", noise)
	}
	if !oracle.Control || oracle.Tau.Value < 0.9 {
		t.Errorf("the oracle has τ = %+v, want above 0.9", oracle)
	}
	for _, name := range []string{"−ln lr", "‖w‖", "number of parameters", "train loss"} {
		if _, ok := got[name]; !ok {
			t.Errorf("there is no row %q", name)
		}
	}
}

// The weight decay and the steps are baselines where they vary, and nowhere else.
func TestBaselinesThatVary(t *testing.T) {
	for _, name := range []string{"weight decay", "steps"} {
		if _, ok := rows(t, manyConfigurations(10, nil))[name]; ok {
			t.Errorf("%q is the same for all, and has a row", name)
		}
		got, ok := rows(t, manyConfigurations(10, func(i int, t *Trial) {
			t.Params["weight_decay"], t.Steps = 0.001*float64(i), 100+i
		}))[name]
		if !ok || !got.Control {
			t.Errorf("%q varies, and has no row: %+v", name, got)
		}
	}
}

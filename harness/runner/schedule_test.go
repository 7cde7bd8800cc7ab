package runner

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/suite"
)

func TestCosine(t *testing.T) {
	s := Schedule{Kind: "cosine", Steps: 100}
	// Closed form: (1 + cos(πt/T))/2 is 1, 1/2 and sin²(π/2T) at the start, the middle and the last step.
	for step, want := range map[int]float64{0: 1, 50: 0.5, 25: (1 + math.Sqrt2/2) / 2, 99: math.Pow(math.Sin(math.Pi/200), 2)} {
		if got := s.At(step); math.Abs(got-want) > 1e-15 {
			t.Errorf("step %d: %v, want %v", step, got, want)
		}
	}
}

func TestWarmup(t *testing.T) {
	s := Schedule{Kind: "cosine", Steps: 100, Warmup: 4}
	for step, want := range []float64{0.2, 0.4, 0.6, 0.8, 1} {
		if got := s.At(step); math.Abs(got-want) > 1e-15 {
			t.Errorf("step %d: %v, want %v", step, got, want)
		}
	}
	if got := (Schedule{Kind: "constant", Steps: 10}).At(9); got != 1 {
		t.Errorf("constant: %v", got)
	}
	if got := warmup(suite.Budget{Warmup: 0.05}, 200); got != 10 {
		t.Errorf("5 %% of 200 steps: %d", got)
	}
	if got := warmup(suite.Budget{Warmup: 30}, 20); got != 20 {
		t.Errorf("30 of 20 steps: %d", got)
	}
}

func TestSteps(t *testing.T) {
	for _, c := range []struct {
		unit  string
		limit float64
		g     float64
		want  int
	}{
		{"epochs", 60, 1, 1440}, {"steps", 77, 2, 77}, {"G", 100, 1, 100}, {"G", 100, 2, 50}, {"G", 101, 2, 50}, {"G", 100, 1.0 / 3, 300},
	} {
		if got := steps(suite.Budget{Unit: c.unit, Limit: c.limit}, 24, c.g); got != c.want {
			t.Errorf("%g %s at %g G a step: %d steps, want %d", c.limit, c.unit, c.g, got, c.want)
		}
	}
}

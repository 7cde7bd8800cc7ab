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

// Every schedule ends exactly at the budget: its last multiplier is the one before the end, whatever the number of steps.
func TestSchedulesEndAtTheBudget(t *testing.T) {
	for _, steps := range []int{1, 2, 3, 10, 97, 100} {
		for _, kind := range suite.Schedules() {
			for _, warm := range []float64{0, 0.1, 1} {
				b := suite.Budget{Schedule: kind, Warmup: warm, Milestones: []float64{0.5, 0.75}, Factor: 0.1, Decay: 0.2}
				s := schedule(b, steps)
				for at := range steps {
					if m := s.At(at); !(m > 0 && m <= 1) {
						t.Errorf("%s of %d steps, step %d: %v", kind, steps, at, m)
					}
				}
			}
		}
	}
	close := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	line := Schedule{Kind: "linear", Steps: 100, Warmup: 20}
	close("line, first after the warm-up", line.At(20), 1)
	close("line, middle", line.At(60), 0.5)
	close("line, last", line.At(99), 1.0/80)
	step := Schedule{Kind: "step", Steps: 100, Milestones: []float64{0.5, 0.75}, Factor: 0.1}
	for at, want := range map[int]float64{0: 1, 49: 1, 50: 0.1, 74: 0.1, 75: 0.01, 99: 0.01} {
		close("step", step.At(at), want)
	}
	wsd := Schedule{Kind: "wsd", Steps: 100, Warmup: 10, Decay: 0.2}
	for at, want := range map[int]float64{9: 10.0 / 11, 10: 1, 79: 1, 80: 1, 81: 0.95, 90: 0.5, 99: 0.05} {
		close("wsd", wsd.At(at), want)
	}
	// Of time: from the first instant to the last.
	wall := schedule(suite.Budget{Schedule: "cosine", Warmup: 0.25}, wallTicks)
	if m := wall.After(0.125); math.Abs(m-0.5) > 1e-5 {
		t.Errorf("time, half of the warm-up: %v", m)
	}
	if m := wall.After(1); m > 1e-11 {
		t.Errorf("time, at the end: %v", m)
	}
	if m := wall.After(7); m != wall.After(1) {
		t.Errorf("time, past the end: %v", m)
	}
}

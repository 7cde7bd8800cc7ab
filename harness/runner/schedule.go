package runner

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/suite"
)

// Schedule is the host's learning-rate schedule: the multiplier of each step, known before the first.
type Schedule struct {
	Kind   string // "constant" or "cosine"
	Steps  int
	Warmup int // steps of linear increase at the start
}

// At returns the multiplier of step t, 0 ≤ t < Steps. The cosine goes from 1 at the end of the warm-up towards 0,
// which it would reach one step after the last (Loshchilov & Hutter, arXiv:1608.03983, without restarts).
func (s Schedule) At(t int) float64 {
	if t < s.Warmup {
		return float64(t+1) / float64(s.Warmup+1)
	}
	if s.Kind != "cosine" || s.Steps <= s.Warmup {
		return 1
	}
	return 0.5 * (1 + math.Cos(math.Pi*float64(t-s.Warmup)/float64(s.Steps-s.Warmup)))
}

// steps is how many steps a budget allows an optimizer whose step costs g G.
func steps(b suite.Budget, perEpoch int, g float64) int {
	switch b.Unit {
	case "epochs":
		return int(math.Round(b.Limit * float64(perEpoch)))
	case "G":
		// The tolerance keeps 100 G at 1/3 G a step at 300 steps, not 299.
		return int(math.Floor(b.Limit/g + 1e-9))
	default:
		return int(b.Limit)
	}
}

// warmup is the number of steps of linear increase: a fraction of all steps below 1, a number of steps otherwise.
func warmup(b suite.Budget, steps int) int {
	if b.Warmup < 1 {
		return int(math.Round(b.Warmup * float64(steps)))
	}
	return min(int(b.Warmup), steps)
}

package runner

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/suite"
)

// Schedule is the host's learning-rate schedule: the multiplier of each step. It ends exactly at the budget: of a budget of
// steps, every multiplier is known before the first; of one of time, each follows from the time that is over.
type Schedule struct {
	Kind   string // one of suite.Schedules
	Steps  int
	Warmup int // steps of linear increase at the start

	Milestones []float64 // of "step": the shares of the steps after which the multiplier changes
	Factor     float64   // of "step": by what
	Decay      float64   // of "wsd": the share of the steps at the end over which it goes to 0
}

// schedule is that of a trial with a number of steps.
func schedule(b suite.Budget, steps int) Schedule {
	return Schedule{Kind: b.Schedule, Steps: steps, Warmup: warmup(b, steps), Milestones: b.Milestones, Factor: b.Factor, Decay: b.Decay}
}

// At returns the multiplier of step t, 0 ≤ t < Steps.
//
// The cosine goes from 1 at the end of the warm-up towards 0, which it would reach one step after the last (Loshchilov &
// Hutter, arXiv:1608.03983, without restarts), and so does the line. "wsd" is constant between the warm-up and a linear decay
// (Hu et al., arXiv:2404.06395; Hägele et al., arXiv:2405.18392).
func (s Schedule) At(t int) float64 {
	if t < s.Warmup {
		return float64(t+1) / float64(s.Warmup+1)
	}
	left, all := float64(s.Steps-t), float64(s.Steps-s.Warmup)
	switch {
	case s.Steps <= s.Warmup:
		return 1
	case s.Kind == "cosine":
		return 0.5 * (1 + math.Cos(math.Pi*float64(t-s.Warmup)/all))
	case s.Kind == "linear":
		return left / all
	case s.Kind == "step":
		m := 1.0
		for _, at := range s.Milestones {
			if t >= int(math.Round(at*float64(s.Steps))) {
				m *= s.Factor
			}
		}
		return m
	case s.Kind == "wsd":
		decay := math.Min(all, math.Max(1, math.Round(s.Decay*float64(s.Steps))))
		return math.Min(1, left/decay)
	}
	return 1
}

// wallTicks is how finely a budget of time is divided: its schedule is that of so many steps.
const wallTicks = 1 << 20

// After returns the multiplier when a share of a budget of time is over, 0 ≤ share.
func (s Schedule) After(share float64) float64 {
	return s.At(int(math.Min(share, 1) * float64(s.Steps-1)))
}

// endless is the number of steps of a budget of time: nobody can say how many there will be.
const endless = 1 << 30

// steps is how many steps a budget allows an optimizer whose step costs g G.
func steps(b suite.Budget, perEpoch int, g float64) int {
	switch b.Unit {
	case "epochs", "target":
		return int(math.Round(b.Limit * float64(perEpoch)))
	case "G":
		// The tolerance keeps 100 G at 1/3 G a step at 300 steps, not 299.
		return int(math.Floor(b.Limit/g + 1e-9))
	case "wall":
		return endless
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

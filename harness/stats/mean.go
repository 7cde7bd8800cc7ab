package stats

import (
	"fmt"
	"math"
)

// Mean returns the arithmetic mean; ok is false for an empty slice or one that holds a NaN or an infinity.
func Mean(x []float64) (mean float64, ok bool) {
	if len(x) == 0 || !finite(x) {
		return 0, false
	}
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	mean = sum / float64(len(x))
	// A second pass takes back the rounding of the first.
	rest := 0.0
	for _, v := range x {
		rest += v - mean
	}
	return mean + rest/float64(len(x)), true
}

// SD returns the sample standard deviation (divisor n-1); ok is false for fewer than two numbers or a non-finite one.
func SD(x []float64) (sd float64, ok bool) {
	mean, ok := Mean(x)
	if !ok || len(x) < 2 {
		return 0, false
	}
	ss := 0.0
	for _, v := range x {
		ss += (v - mean) * (v - mean)
	}
	return math.Sqrt(ss / float64(len(x)-1)), true
}

// MeanCI returns the mean of x with Student's t interval at the given level (0 < level < 1):
// mean ± t_{(1+level)/2, n-1}·sd/√n, sd with divisor n-1. One observation has no interval.
func MeanCI(x []float64, level float64) Estimate {
	mean, ok := Mean(x)
	if !ok {
		if len(x) == 0 {
			return undefined(0, "no observation")
		}
		return undefined(len(x), "an observation is not finite")
	}
	e := Estimate{Value: mean, OK: true, N: len(x)}
	sd, ok := SD(x)
	if !ok {
		e.Warnings = []string{"one observation: no interval"}
		return e
	}
	n := float64(len(x))
	half := tQuantile((1+level)/2, n-1) * sd / math.Sqrt(n)
	e.Lo, e.Hi, e.Interval = mean-half, mean+half, true
	if sd == 0 {
		e.Warnings = []string{fmt.Sprintf("all %d observations are equal", len(x))}
	}
	return e
}

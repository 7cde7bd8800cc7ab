package stats

import "math"

// HalfWidth is the half width of the t interval of a mean of n observations, in units of their standard deviation:
// t·1/√n. It says before anything is measured how precisely n seeds will tell. It is +Inf for n < 2.
func HalfWidth(n int, level float64) float64 {
	if n < 2 {
		return math.Inf(1)
	}
	return tQuantile(0.5+level/2, float64(n-1)) / math.Sqrt(float64(n))
}

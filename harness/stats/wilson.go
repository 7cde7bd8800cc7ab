package stats

import (
	"fmt"
	"math"
)

// Wilson returns the proportion k/n with Wilson's score interval (Wilson 1927): what the finite size of a test set
// leaves open about the accuracy of one model. It panics when k is not in [0, n].
func Wilson(k, n int, level float64) Estimate {
	if k < 0 || n < 0 || k > n {
		panic(fmt.Sprintf("stats: Wilson of %d out of %d", k, n))
	}
	if n == 0 {
		return undefined(0, "no observation")
	}
	z := standardNormal.Quantile((1 + level) / 2)
	m, p := float64(n), float64(k)/float64(n)
	centre := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	e := Estimate{Value: p, OK: true, Lo: math.Max(0, centre-half), Hi: math.Min(1, centre+half), Interval: true, N: n}
	// Without a success (or a failure) the bound is exactly 0 (or 1); rounding must not say otherwise.
	if k == 0 {
		e.Lo = 0
	}
	if k == n {
		e.Hi = 1
	}
	return e
}

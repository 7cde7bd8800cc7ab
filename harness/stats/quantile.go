package stats

import (
	"math"
	"sort"
)

// Quantile returns the p-quantile (0 <= p <= 1) of x by linear interpolation between order statistics at position
// 1 + (n-1)p, type 7 of Hyndman and Fan (1996), the default of R and numpy. ok is false for an empty slice, a
// non-finite number or p outside [0,1].
func Quantile(x []float64, p float64) (q float64, ok bool) {
	if len(x) == 0 || !finite(x) || !(p >= 0 && p <= 1) {
		return 0, false
	}
	sorted := append([]float64(nil), x...)
	sort.Float64s(sorted)
	return quantileSorted(sorted, p), true
}

// quantileSorted is Quantile of an ascending, non-empty slice.
func quantileSorted(x []float64, p float64) float64 {
	at := p * float64(len(x)-1)
	i := int(math.Floor(at))
	if i >= len(x)-1 {
		return x[len(x)-1]
	}
	return x[i] + (at-float64(i))*(x[i+1]-x[i])
}

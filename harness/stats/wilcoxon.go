package stats

import "math"

// wilcoxonExact is the largest number of differences for which the null distribution of the signed ranks is counted.
const wilcoxonExact = 50

// Wilcoxon returns the two-sided p of the signed-rank test of the differences d (Wilcoxon 1945): that they are symmetric
// about 0. Differences of 0 are left out, ties share the mean of their ranks, and up to 50 differences the null
// distribution of exactly these ranks is counted; beyond that it is the normal approximation with the variance of these
// ranks. No difference gives 1. The differences must be finite.
func Wilcoxon(d []float64) (p float64, exact bool) {
	if !finite(d) {
		panic("stats: Wilcoxon of a non-finite difference")
	}
	var size []float64
	var positive []bool
	for _, v := range d {
		if v != 0 {
			size = append(size, math.Abs(v))
			positive = append(positive, v > 0)
		}
	}
	n := len(size)
	if n == 0 {
		return 1, true
	}
	ranks := MidRanks(size)
	// Doubled ranks are whole numbers.
	doubled, sum, plus := make([]int, n), 0, 0
	for i, r := range ranks {
		doubled[i] = int(2 * r)
		sum += doubled[i]
		if positive[i] {
			plus += doubled[i]
		}
	}
	few := min(plus, sum-plus)
	if n > wilcoxonExact {
		variance := 0.0
		for _, r := range ranks {
			variance += r * r / 4
		}
		return 2 * standardNormal.Survival((float64(sum)/2-float64(few))/2/math.Sqrt(variance)), false
	}
	share := make([]float64, sum+1) // of the 2^n signs that give this sum of positive ranks
	share[0] = 1
	top := 0
	for _, r := range doubled {
		top += r
		for k := top; k >= 0; k-- {
			v := share[k]
			if k >= r {
				v += share[k-r]
			}
			share[k] = v / 2
		}
	}
	for k := 0; k <= few; k++ {
		p += share[k]
	}
	return math.Min(1, 2*p), true
}

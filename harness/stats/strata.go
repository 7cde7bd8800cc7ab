package stats

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// permutedTau is the largest number of points for which ties are met by drawing permutations; beyond it the normal
// approximation is as good.
const permutedTau = 40

// tauDraws is the number of permutations.
const tauDraws = 10_000

// WithinP is the two-sided p of no association inside groups, for the statistic of WithinTau: the order of x inside each
// group is as good as any other. Without ties the distribution of Σ(C-D) is counted exactly for groups of up to 33; with ties
// 10 000 permutations within groups are drawn up to 40 points, p = (1+hits)/(1+draws); otherwise it is the normal
// approximation with the variances, corrected for ties, added up. One group gives the p of the pooled τ. ok is false where
// WithinTau is. It panics when the lengths differ.
func WithinP(x, y []float64, group []int) (p float64, ok bool) {
	_, _, ok = WithinTau(x, y, group)
	if !ok {
		return 1, false
	}
	var gx, gy [][]float64
	s, ties, largest := 0, false, 0
	for _, members := range membersOf(group) {
		if len(members) < 2 {
			continue
		}
		var a, b []float64
		for _, i := range members {
			a, b = append(a, x[i]), append(b, y[i])
		}
		gs, _, _ := pairs(a, b)
		s += gs
		ties = ties || len(tieGroups(a)) > 0 || len(tieGroups(b)) > 0
		largest = max(largest, len(a))
		gx, gy = append(gx, a), append(gy, b)
	}
	switch {
	case !ties && largest <= exactTau:
		share := []float64{1} // by the number of discordant pairs
		all := 0
		for _, a := range gx {
			next := inversions(len(a))
			sum := make([]float64, len(share)+len(next)-1)
			for i, u := range share {
				for j, v := range next {
					sum[i+j] += u * v
				}
			}
			share = sum
			all += len(next) - 1
		}
		few := (all - abs(s)) / 2
		for k := 0; k <= few; k++ {
			p += share[k]
		}
		return math.Min(1, 2*p), true
	case len(x) <= permutedTau:
		r := rng.New(0, "stats.within", 0)
		hits := 0
		for range tauDraws {
			drawn := 0
			for k := range gx {
				a := gx[k]
				for i := len(a) - 1; i > 0; i-- {
					j := r.IntN(i + 1)
					a[i], a[j] = a[j], a[i]
				}
				gs, _, _ := pairs(a, gy[k])
				drawn += gs
			}
			if abs(drawn) >= abs(s) {
				hits++
			}
		}
		return float64(1+hits) / float64(1+tauDraws), true
	}
	variance := 0.0
	for k := range gx {
		variance += kendallVariance(len(gx[k]), tieCounts(gx[k]), tieCounts(gy[k]))
	}
	if !(variance > 0) {
		return 1, true
	}
	return 2 * standardNormal.Survival(math.Abs(float64(s))/math.Sqrt(variance)), true
}

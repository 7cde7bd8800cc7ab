package stats

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Comparison is the paired comparison of two samples, a minus b.
type Comparison struct {
	// Delta is the mean of the differences with Student's t interval.
	Delta Estimate
	// T and PT are the paired t statistic and its two-sided p; they mean something only when HasT is true (at least two
	// differences that are not all equal).
	T, PT float64
	HasT  bool
	// P is the two-sided p of the sign-flip test; Exact says that all 2^n flips were counted. 1 when there is no pair.
	P     float64
	Exact bool
}

// Paired compares a with b, which hold the same seeds in the same order. It panics when the lengths differ.
func Paired(a, b []float64, level float64) Comparison {
	sameLength("Paired", len(a), len(b))
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	c := Comparison{Delta: MeanCI(d, level), P: 1}
	if !c.Delta.OK {
		return c
	}
	c.P, c.Exact = SignFlip(d, 0)
	if sd, ok := SD(d); ok && sd > 0 {
		c.T = c.Delta.Value / (sd / math.Sqrt(float64(len(d))))
		c.PT = twoSidedT(c.T, float64(len(d)-1))
		c.HasT = true
	}
	return c
}

// signFlipExact is the largest number of pairs whose sign flips are all counted (2^19 sums by symmetry).
const signFlipExact = 20

// signFlipDraws is the number of random sign flips beyond that.
const signFlipDraws = 100_000

// SignFlip returns the two-sided p of the hypothesis that the differences d are symmetric about 0: the share of all
// sign assignments whose sum is at least as far from 0 as the observed one. Up to 20 differences every assignment is
// counted; beyond that 100 000 are drawn from stream "stats.signflip" of the seed and p = (1+hits)/(1+draws).
// The differences must be finite; an empty slice gives 1.
//
// The smallest p that n pairs can reach is 2^(1-n): see SmallestSignFlipP.
func SignFlip(d []float64, seed uint64) (p float64, exact bool) {
	if !finite(d) {
		panic("stats: SignFlip of a non-finite difference")
	}
	var sum, size float64
	for _, v := range d {
		sum += v
		size += math.Abs(v)
	}
	// Sums that are equal in exact arithmetic must count as equal here.
	limit := math.Abs(sum) - 1e-11*size
	n := len(d)
	if n <= 1 || size == 0 {
		return 1, true
	}
	if n <= signFlipExact {
		// The first sign stays fixed: the other half of the assignments mirrors this one. Gray code changes one sign
		// a step; after 2^(n-1) steps every assignment has been visited once.
		signed := append([]float64(nil), d...)
		hits, total := 0, 1<<(n-1)
		at := sum
		for k := 1; ; k++ {
			if math.Abs(at) >= limit {
				hits++
			}
			if k == total {
				break
			}
			j := 1 + bits.TrailingZeros(uint(k))
			signed[j] = -signed[j]
			at += 2 * signed[j]
		}
		return float64(hits) / float64(total), true
	}
	r := rng.New(seed, "stats.signflip", 0)
	hits := 0
	for range signFlipDraws {
		at := 0.0
		var word uint64
		for i, v := range d {
			if i%64 == 0 {
				word = r.Uint64()
			}
			if word>>(i%64)&1 == 1 {
				v = -v
			}
			at += v
		}
		if math.Abs(at) >= limit {
			hits++
		}
	}
	return float64(1+hits) / float64(1+signFlipDraws), false
}

// SmallestSignFlipP returns the smallest two-sided p that a sign-flip test of n pairs can give after Holm's correction
// over a family of m comparisons, m·2^(1-n), at most 1. With 5 pairs it is 0.0625 for a single comparison: no such test
// can reach 0.05, whatever the data.
func SmallestSignFlipP(n, m int) float64 {
	if n < 1 {
		return 1
	}
	return math.Min(1, float64(max(m, 1))*math.Ldexp(1, 1-n))
}

// PairsNeeded returns the smallest number of pairs with which a sign-flip test can give p < alpha after Holm's correction
// over m comparisons. It panics unless 0 < alpha <= 1.
func PairsNeeded(m int, alpha float64) int {
	if !(alpha > 0 && alpha <= 1) {
		panic(fmt.Sprintf("stats: PairsNeeded at alpha %g", alpha))
	}
	n := 1
	for SmallestSignFlipP(n, m) >= alpha {
		n++
	}
	return n
}

package stats

import (
	"math"
)

// Tau is Kendall's rank correlation τ_b of n pairs.
type Tau struct {
	// Tau is (C-D)/√((n0-n1)(n0-n2)); C and D are the concordant and discordant pairs, n0 = n(n-1)/2, n1 and n2 the pairs
	// tied in x and in y.
	Tau float64
	// OK is false when τ is undefined: fewer than two points, a constant side, a number that is not finite.
	OK bool
	N  int
	// S = C-D.
	S int
	// P is the two-sided p of no association: exact without ties up to n = 33, otherwise the normal approximation with
	// the variance corrected for ties.
	P     float64
	Exact bool
}

// exactTau is the largest n for which the null distribution of S is counted exactly.
const exactTau = 33

// Kendall returns τ_b of x and y (Kendall 1945). It panics when the lengths differ.
func Kendall(x, y []float64) Tau {
	sameLength("Kendall", len(x), len(y))
	n := len(x)
	t := Tau{N: n, P: 1}
	if n < 2 || !finite(x, y) {
		return t
	}
	var usedX, usedY int
	t.S, usedX, usedY = pairs(x, y)
	if usedX == 0 || usedY == 0 {
		return t
	}
	t.OK = true
	t.Tau = clamp(float64(t.S) / math.Sqrt(float64(usedX)*float64(usedY)))
	if all := n * (n - 1) / 2; usedX == all && usedY == all && n <= exactTau {
		t.P, t.Exact = kendallExactP(t.S, n), true
		return t
	}
	t.P = kendallNormalP(t.S, n, tieCounts(x), tieCounts(y))
	return t
}

// manyPoints is the number of points beyond which pairs are counted by a tree rather than one by one.
const manyPoints = 100

// pairs returns C-D and the numbers of pairs that are not tied in x and in y.
func pairs(x, y []float64) (s, usedX, usedY int) {
	if len(x) > manyPoints {
		for _, v := range concordance(x, y) {
			s += v
		}
		_, usedX = untied(x)
		_, usedY = untied(y)
		return s / 2, usedX, usedY
	}
	for i := range x {
		for j := range i {
			a, b := sign(x[i]-x[j]), sign(y[i]-y[j])
			s += a * b
			usedX += a * a
			usedY += b * b
		}
	}
	return s, usedX, usedY
}

// kendallExactP returns P(|S| >= |s|) over the n! permutations without ties, from the numbers of permutations with k
// inversions (Mahonian numbers), S = n(n-1)/2 - 2k.
func kendallExactP(s, n int) float64 {
	share := inversions(n)
	// The distribution of k is symmetric: the tail with few inversions counts twice.
	few := (len(share) - 1 - abs(s)) / 2
	p := 0.0
	for k := 0; k <= few; k++ {
		p += share[k]
	}
	return math.Min(1, 2*p)
}

// inversions returns the share of the n! permutations that have k inversions, for every k.
func inversions(n int) []float64 {
	all := n * (n - 1) / 2
	share := make([]float64, all+1) // share[k] of the permutations of the first m numbers has k inversions
	share[0] = 1
	for m := 2; m <= n; m++ {
		next := make([]float64, all+1)
		window := 0.0
		for k := 0; k <= m*(m-1)/2; k++ {
			window += share[k]
			if k >= m {
				window -= share[k-m]
			}
			next[k] = window / float64(m)
		}
		share = next
	}
	return share
}

// kendallNormalP is the two-sided p of the normal approximation; ties hold the sizes of the groups of equal numbers.
func kendallNormalP(s, n int, tiesX, tiesY []float64) float64 {
	variance := kendallVariance(n, tiesX, tiesY)
	if !(variance > 0) {
		return 1
	}
	return 2 * standardNormal.Survival(math.Abs(float64(s))/math.Sqrt(variance))
}

// kendallVariance is the variance of S over permutations.
func kendallVariance(n int, tiesX, tiesY []float64) float64 {
	m := float64(n)
	v0 := m * (m - 1) * (2*m + 5)
	var vt, vu, t1, u1, t2, u2 float64
	for _, t := range tiesX {
		vt += t * (t - 1) * (2*t + 5)
		t1 += t * (t - 1)
		t2 += t * (t - 1) * (t - 2)
	}
	for _, u := range tiesY {
		vu += u * (u - 1) * (2*u + 5)
		u1 += u * (u - 1)
		u2 += u * (u - 1) * (u - 2)
	}
	variance := (v0-vt-vu)/18 + t1*u1/(2*m*(m-1))
	if n > 2 {
		variance += t2 * u2 / (9 * m * (m - 1) * (m - 2))
	}
	return variance
}

// tieCounts returns the sizes of the groups of equal numbers.
func tieCounts(x []float64) []float64 {
	var sizes []float64
	for _, g := range tieGroups(x) {
		sizes = append(sizes, float64(len(g)))
	}
	return sizes
}

// DetectableTau returns the smallest |τ| that n untied pairs distinguish from 0 at two-sided level alpha by the normal
// approximation, z·√(2(2n+5)/(9n(n-1))), at most 1. Fewer than two pairs detect nothing: 1.
func DetectableTau(n int, alpha float64) float64 {
	if n < 2 {
		return 1
	}
	m := float64(n)
	return math.Min(1, standardNormal.Quantile(1-alpha/2)*math.Sqrt(2*(2*m+5)/(9*m*(m-1))))
}

// WithinTau returns τ inside groups: Σ_g (C_g-D_g) / Σ_g √((n0-n1)(n0-n2))_g. Points are compared only with points of
// their own group, so differences between groups (Simpson's paradox) cannot enter. groups says how many groups had a
// usable pair; ok is false when none had. It panics when the lengths differ.
func WithinTau(x, y []float64, group []int) (tau float64, groups int, ok bool) {
	sameLength("WithinTau", len(x), len(y), len(group))
	if !finite(x, y) {
		return 0, 0, false
	}
	var s, d float64
	for _, members := range membersOf(group) {
		var gx, gy []float64
		for _, i := range members {
			gx, gy = append(gx, x[i]), append(gy, y[i])
		}
		gs, usedX, usedY := pairs(gx, gy)
		if usedX > 0 && usedY > 0 {
			groups++
			s += float64(gs)
			d += math.Sqrt(float64(usedX) * float64(usedY))
		}
	}
	if d == 0 {
		return 0, 0, false
	}
	return clamp(s / d), groups, true
}

// PartialTau returns Kendall's partial τ of x and y given z. ok is false when one of the three τ is undefined or z orders
// x or y completely. It has no exact null distribution. It panics when the lengths differ.
func PartialTau(x, y, z []float64) (tau float64, ok bool) {
	xy, xz, yz := Kendall(x, y), Kendall(x, z), Kendall(y, z)
	if !xy.OK || !xz.OK || !yz.OK {
		return 0, false
	}
	return Partial(xy.Tau, xz.Tau, yz.Tau)
}

func sign(v float64) int {
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

func abs(i int) int {
	if i < 0 {
		return -i
	}
	return i
}

package stats

import (
	"math"
	"sort"
)

// Pearson returns the linear correlation of x and y; ok is false when it is undefined (fewer than two points, a constant
// side, a non-finite number). It panics when the lengths differ.
func Pearson(x, y []float64) (r float64, ok bool) {
	sameLength("Pearson", len(x), len(y))
	mx, okx := Mean(x)
	my, oky := Mean(y)
	if !okx || !oky || len(x) < 2 || constant(x) || constant(y) {
		return 0, false
	}
	var sxx, syy, sxy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		sxx += dx * dx
		syy += dy * dy
		sxy += dx * dy
	}
	if sxx == 0 || syy == 0 {
		return 0, false
	}
	return clamp(sxy / math.Sqrt(sxx) / math.Sqrt(syy)), true
}

// Spearman returns Pearson's correlation of the mid-ranks, which stays right under ties.
func Spearman(x, y []float64) (rho float64, ok bool) {
	sameLength("Spearman", len(x), len(y))
	if !finite(x, y) {
		return 0, false
	}
	return Pearson(MidRanks(x), MidRanks(y))
}

// MidRanks returns the ranks 1..n of x, tied numbers sharing the mean of their ranks. The numbers must not be NaN.
func MidRanks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return x[order[i]] < x[order[j]] })
	ranks := make([]float64, len(x))
	for from := 0; from < len(x); {
		to := from + 1
		for to < len(x) && x[order[to]] == x[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+to+1) / 2
		}
		from = to
	}
	return ranks
}

// PearsonInterval is Fisher's interval tanh(atanh r ± z/√(n-3)).
func PearsonInterval(r float64, n int, level float64) (lo, hi float64, ok bool) {
	return atanhInterval(r, 1, float64(n-3), level)
}

// SpearmanInterval is the interval of Bonett and Wright (2000), standard error √((1+ρ²/2)/(n-3)) on the atanh scale.
func SpearmanInterval(rho float64, n int, level float64) (lo, hi float64, ok bool) {
	return atanhInterval(rho, 1+rho*rho/2, float64(n-3), level)
}

// KendallInterval is the interval of Fieller, Hartley and Pearson (1957), standard error √(0.437/(n-4)) on the atanh scale.
// The board prefers the bootstrap; this one is quick and needs no data.
func KendallInterval(tau float64, n int, level float64) (lo, hi float64, ok bool) {
	return atanhInterval(tau, 0.437, float64(n-4), level)
}

func atanhInterval(r, numerator, denominator, level float64) (lo, hi float64, ok bool) {
	if !(math.Abs(r) < 1) || denominator <= 0 {
		return 0, 0, false
	}
	half := standardNormal.Quantile((1+level)/2) * math.Sqrt(numerator/denominator)
	return math.Tanh(math.Atanh(r) - half), math.Tanh(math.Atanh(r) + half), true
}

// Partial returns the first-order partial correlation of x and y given z,
// (r_xy - r_xz·r_yz)/√((1-r_xz²)(1-r_yz²)), from three correlations of one kind (Pearson's, or Kendall's τ: Kendall 1942).
// ok is false when z explains one of the two completely.
func Partial(xy, xz, yz float64) (r float64, ok bool) {
	d := (1 - xz*xz) * (1 - yz*yz)
	if !(d > 1e-12) {
		return 0, false
	}
	return clamp((xy - xz*yz) / math.Sqrt(d)), true
}

func constant(x []float64) bool {
	for _, v := range x {
		if v != x[0] {
			return false
		}
	}
	return true
}

// clamp takes back the rounding that can carry a correlation past ±1.
func clamp(r float64) float64 {
	switch {
	case r > 1:
		return 1
	case r < -1:
		return -1
	}
	return r
}

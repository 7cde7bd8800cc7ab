package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// PairedPower is the chance that a two-sided paired t test of n seeds at level alpha finds a difference whose mean is
// effect standard deviations of the differences. It is 0 with fewer than two seeds.
func PairedPower(n int, effect, alpha float64) float64 {
	if n < 2 {
		return 0
	}
	df := float64(n - 1)
	delta := math.Abs(effect) * math.Sqrt(float64(n))
	t := tQuantile(1-alpha/2, df)
	return 1 - noncentralT(t, df, delta) + noncentralT(-t, df, delta)
}

// DetectableEffect is the smallest difference, in standard deviations of the paired differences, that n seeds find with the
// given power at level alpha: what a comparison that finds nothing has excluded, at best. +Inf with fewer than two seeds.
func DetectableEffect(n int, power, alpha float64) float64 {
	if n < 2 {
		return math.Inf(1)
	}
	lo, hi := 0.0, 1.0
	for PairedPower(n, hi, alpha) < power {
		hi *= 2
	}
	for range 50 {
		if mid := (lo + hi) / 2; PairedPower(n, mid, alpha) < power {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

// noncentralT is P((Z+delta)/√(V/df) <= t), Z standard normal and V χ² with df degrees of freedom: the mean of
// Φ(t·s-delta) over s = √(V/df), by Simpson's rule over the quantiles' range of s.
func noncentralT(t, df, delta float64) float64 {
	chi := distuv.ChiSquared{K: df}
	lo, hi := math.Sqrt(chi.Quantile(1e-12)/df), math.Sqrt(chi.Quantile(1-1e-12)/df)
	const steps = 2000
	h := (hi - lo) / steps
	sum := 0.0
	for i := 0; i <= steps; i++ {
		s := lo + h*float64(i)
		w := 2.0 + 2*float64(i%2)
		if i == 0 || i == steps {
			w = 1
		}
		// The density of s is that of V = df·s² times dV/ds.
		sum += w * standardNormal.CDF(t*s-delta) * chi.Prob(df*s*s) * 2 * df * s
	}
	return sum * h / 3
}

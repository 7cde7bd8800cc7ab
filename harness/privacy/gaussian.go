package privacy

import "math"

// gaussianDelta is the smallest δ with which one Gaussian release with noise multiplier sigma is (epsilon, δ)-private
// (Balle & Wang 2018, Improving the Gaussian Mechanism for Differential Privacy, arXiv:1805.06530, theorem 8):
//
//	δ = Φ(1/(2σ) − εσ) − e^ε·Φ(−1/(2σ) − εσ)
//
// It is exact, and n releases are one with σ/√n.
func gaussianDelta(epsilon, sigma float64) float64 {
	logPhi := func(x float64) float64 { return logErfc(-x/math.Sqrt2) - math.Ln2 }
	a, b := logPhi(1/(2*sigma)-epsilon*sigma), epsilon+logPhi(-1/(2*sigma)-epsilon*sigma)
	return math.Exp(a) * -math.Expm1(b-a)
}

// gaussianEpsilon inverts gaussianDelta by bisection. The result is an upper bound.
func gaussianEpsilon(sigma, delta float64) float64 {
	if gaussianDelta(0, sigma) <= delta {
		return 0
	}
	lo, hi := 0.0, 1.0
	for gaussianDelta(hi, sigma) > delta {
		lo, hi = hi, 2*hi
	}
	for hi-lo > 1e-12*hi {
		mid := (lo + hi) / 2
		if mid == lo || mid == hi {
			break
		}
		if gaussianDelta(mid, sigma) > delta {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

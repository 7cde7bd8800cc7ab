package stats

import "math"

// PartialRanks returns the partial rank correlation of x and y given several covariates: everything is replaced by its
// mid-ranks, x and y by their residuals of least squares on the covariates and a constant, and the residuals are
// correlated. With one covariate it is the partial correlation of Spearman's kind. ok is false when x or y is constant
// or determined by the covariates, or when there are fewer than three points more than covariates. Covariates that others
// determine change nothing. It panics when the lengths differ.
func PartialRanks(x, y []float64, covariates ...[]float64) (r float64, ok bool) {
	sameLength("PartialRanks", len(x), len(y))
	if len(x) < len(covariates)+3 || !finite(x, y) || !finite(covariates...) {
		return 0, false
	}
	// An orthonormal basis of the covariates' ranks, by Gram-Schmidt twice over.
	var basis [][]float64
	residual := func(v []float64) ([]float64, bool) {
		v = centred(MidRanks(v))
		size := math.Sqrt(dot(v, v))
		for range 2 {
			for _, q := range basis {
				c := dot(q, v)
				for i := range v {
					v[i] -= c * q[i]
				}
			}
		}
		return v, math.Sqrt(dot(v, v)) > 1e-9*size && size > 0
	}
	for _, z := range covariates {
		sameLength("PartialRanks", len(x), len(z))
		if v, ok := residual(z); ok {
			n := math.Sqrt(dot(v, v))
			for i := range v {
				v[i] /= n
			}
			basis = append(basis, v)
		}
	}
	rx, okx := residual(x)
	ry, oky := residual(y)
	if !okx || !oky {
		return 0, false
	}
	return clamp(dot(rx, ry) / math.Sqrt(dot(rx, rx)) / math.Sqrt(dot(ry, ry))), true
}

func centred(x []float64) []float64 {
	m, _ := Mean(x)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v - m
	}
	return out
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

package stats

import "math"

// Welch compares the means of two independent samples, a minus b, without assuming equal variances (Welch 1947): the
// difference with its t interval, and the two-sided p. It is for samples that share no seed; Paired sees more where they
// do. Samples of fewer than two numbers, or without any variation, have neither interval nor p (1).
func Welch(a, b []float64, level float64) (delta Estimate, p float64) {
	ma, oka := Mean(a)
	mb, okb := Mean(b)
	if !oka || !okb {
		return undefined(len(a)+len(b), "a sample is empty or not finite"), 1
	}
	delta = Estimate{Value: ma - mb, OK: true, N: len(a) + len(b)}
	sa, oka := SD(a)
	sb, okb := SD(b)
	if !oka || !okb {
		delta.Warnings = []string{"a sample of one: no interval"}
		return delta, 1
	}
	na, nb := float64(len(a)), float64(len(b))
	va, vb := sa*sa/na, sb*sb/nb
	if va+vb == 0 {
		delta.Warnings = []string{"neither sample varies: no interval"}
		return delta, 1
	}
	df := (va + vb) * (va + vb) / (va*va/(na-1) + vb*vb/(nb-1))
	se := math.Sqrt(va + vb)
	half := tQuantile((1+level)/2, df) * se
	delta.Lo, delta.Hi, delta.Interval = delta.Value-half, delta.Value+half, true
	return delta, twoSidedT(delta.Value/se, df)
}

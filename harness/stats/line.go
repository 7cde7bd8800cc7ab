package stats

import "math"

// Line is accuracy on the line (Miller et al. 2021): probit(OOD) = Intercept + Slope·probit(ID), fitted to baseline models.
type Line struct {
	Slope, Intercept float64
	// R2 is the squared correlation of the probits. Below 0.8 the line is none: do not read EffectiveRobustness.
	R2 float64
	OK bool
	N  int
}

// MinR2 is the R² below which effective robustness is not reported.
const MinR2 = 0.8

// Probit is Φ⁻¹ of an accuracy that was measured on n examples, cut to [1/2n, 1-1/2n]: no finite test set says 0 or 1.
func Probit(accuracy float64, n int) float64 {
	edge := 1 / (2 * float64(max(n, 1)))
	return standardNormal.Quantile(math.Min(math.Max(accuracy, edge), 1-edge))
}

// FitLine fits the line by least squares to accuracies in [0,1], measured on idExamples and oodExamples. Least squares draws the
// slope to 0 when the ID accuracies are noisy: FitLineDeming does not. Undefined with fewer than three models or
// without variation.
func FitLine(id, ood []float64, idExamples, oodExamples int) Line {
	return fitLine(id, ood, idExamples, oodExamples, func(sxx, _, sxy float64) float64 { return sxy / sxx })
}

// FitLineDeming fits the line with errors on both sides (Deming 1943); ratio is the error variance of the OOD probits over
// that of the ID probits, 1 for orthogonal regression.
func FitLineDeming(id, ood []float64, idExamples, oodExamples int, ratio float64) Line {
	return fitLine(id, ood, idExamples, oodExamples, func(sxx, syy, sxy float64) float64 {
		d := syy - ratio*sxx
		return (d + math.Sqrt(d*d+4*ratio*sxy*sxy)) / (2 * sxy)
	})
}

func fitLine(id, ood []float64, idExamples, oodExamples int, slope func(sxx, syy, sxy float64) float64) Line {
	sameLength("FitLine", len(id), len(ood))
	l := Line{N: len(id)}
	if len(id) < 3 || !finite(id, ood) {
		return l
	}
	x, y := make([]float64, len(id)), make([]float64, len(id))
	for i := range id {
		x[i], y[i] = Probit(id[i], idExamples), Probit(ood[i], oodExamples)
	}
	cx, cy := centred(x), centred(y)
	sxx, syy, sxy := dot(cx, cx), dot(cy, cy), dot(cx, cy)
	if constant(x) || constant(y) || sxx == 0 || syy == 0 || sxy == 0 {
		return l
	}
	mx, _ := Mean(x)
	my, _ := Mean(y)
	l.Slope = slope(sxx, syy, sxy)
	l.Intercept = my - l.Slope*mx
	l.R2 = sxy * sxy / sxx / syy
	l.OK = true
	return l
}

// EffectiveRobustness is the OOD accuracy beyond what the line predicts from the ID accuracy, which was measured on
// idExamples: what a model has besides being good in distribution.
func (l Line) EffectiveRobustness(id, ood float64, idExamples int) float64 {
	return ood - standardNormal.CDF(l.Intercept+l.Slope*Probit(id, idExamples))
}

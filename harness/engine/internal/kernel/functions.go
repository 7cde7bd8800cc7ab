package kernel

import "math"

// The functions below compute dst = f(x) element by element for vectors of any one length; dst may be x itself. NaN
// stays NaN and infinities give the limits. The vector routines (AVX2 with FMA, one version for all machines) differ
// from the exact value by at most 1 unit in the last place for Exp, 2 for Tanh, 4.5 for TanhGrad, 6 for TanhSecond, 6.5
// for GELU (in its tail: near 0 it is less) and 1.5e-7 for its derivatives, which pass through 0; plain Go computes in
// float64 and rounds once.

// Exp is the exponential function.
func Exp(dst, x []float32) { apply(expVector, expOf, dst, x) }

// Tanh is the hyperbolic tangent.
func Tanh(dst, x []float32) { apply(tanhVector, tanhOf, dst, x) }

// TanhGrad is the derivative of tanh at x, 1 - tanh².
func TanhGrad(dst, x []float32) { apply(tanhGradVector, tanhGradOf, dst, x) }

// TanhSecond is the second derivative of tanh at x, -2 tanh (1 - tanh²).
func TanhSecond(dst, x []float32) { apply(tanhSecondVector, tanhSecondOf, dst, x) }

// GELU is x Φ(x), Φ the distribution function of the standard normal distribution: the exact form of Hendrycks and
// Gimpel, "Gaussian Error Linear Units" (2016).
func GELU(dst, x []float32) { apply(geluVector, geluOf, dst, x) }

// GELUGrad is the derivative of GELU at x, Φ(x) + x φ(x).
func GELUGrad(dst, x []float32) { apply(geluGradVector, geluGradOf, dst, x) }

// GELUSecond is the second derivative of GELU at x, φ(x) (2 - x²).
func GELUSecond(dst, x []float32) { apply(geluSecondVector, geluSecondOf, dst, x) }

// apply does f, by vectors where there are any.
func apply(vector func(dst, x []float32) bool, f func(float64) float64, dst, x []float32) {
	if len(dst) != len(x) {
		panic("kernel: function of vectors of different lengths")
	}
	if len(x) == 0 || vector(dst, x) {
		return
	}
	for i, v := range x {
		dst[i] = float32(f(float64(v)))
	}
}

func expOf(x float64) float64 { return math.Exp(x) }

func tanhOf(x float64) float64 { return math.Tanh(x) }

func tanhGradOf(x float64) float64 {
	e := math.Exp(-2 * math.Abs(x)) // 1 - tanh² would cancel
	return 4 * e / ((1 + e) * (1 + e))
}

func tanhSecondOf(x float64) float64 { return -2 * math.Tanh(x) * tanhGradOf(x) }

func geluOf(x float64) float64 {
	if math.IsInf(x, -1) {
		return math.Copysign(0, -1)
	}
	return x * normalCDF(x)
}

func geluGradOf(x float64) float64 {
	if math.IsInf(x, 0) {
		return normalCDF(x)
	}
	return normalCDF(x) + float64(x*normalDensity(x))
}

func geluSecondOf(x float64) float64 {
	if math.IsInf(x, 0) {
		return 0
	}
	return normalDensity(x) * (2 - float64(x*x))
}

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

func normalDensity(x float64) float64 { return math.Exp(-0.5*x*x) / math.Sqrt(2*math.Pi) }

// Softmax replaces each row of cols elements of x by exp(x - max) / sum exp(x - max). The sums are float64. -Inf gives 0; a
// row with a NaN or +Inf, or of -Inf alone, becomes NaN.
func Softmax(x []float32, cols int) {
	if cols < 1 || len(x)%cols != 0 {
		panic("kernel: softmax of rows that do not fill the vector")
	}
	if len(x) == 0 || softmaxVector(x, cols) {
		return
	}
	for ; len(x) > 0; x = x[cols:] {
		row := x[:cols]
		most := math.Inf(-1)
		for _, v := range row {
			most = max(most, float64(v))
		}
		var sum float64
		for j, v := range row {
			e := math.Exp(float64(v) - most)
			row[j] = float32(e)
			sum += e
		}
		factor := float32(1 / sum)
		for j := range row {
			row[j] *= factor
		}
	}
}

// Multiply computes dst *= x, element by element, for vectors of one length.
func Multiply(dst, x []float32) {
	if len(dst) != len(x) {
		panic("kernel: product of vectors of different lengths")
	}
	for i := multiplyVector(dst, x); i < len(x); i++ {
		dst[i] *= x[i]
	}
}

// Add computes dst += x, element by element, for vectors of one length.
func Add(dst, x []float32) {
	if len(dst) != len(x) {
		panic("kernel: sum of vectors of different lengths")
	}
	for i := addVector(dst, x); i < len(x); i++ {
		dst[i] += x[i]
	}
}

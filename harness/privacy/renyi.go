package privacy

import "math"

// orders are those at which the Rényi divergence is bounded; the best one counts. Between 1 and 11 they are dense, as small
// ε of many steps and large ε of few are decided there.
var orders = func() []float64 {
	var out []float64
	for i := 1; i < 20; i++ {
		out = append(out, 1+float64(i)/20)
	}
	for i := 20; i < 110; i++ {
		out = append(out, float64(i)/10)
	}
	for a := 11; a < 64; a++ {
		out = append(out, float64(a))
	}
	for a := 64; a <= 1024; a += a / 8 {
		out = append(out, float64(a))
	}
	return out
}()

// renyi is the Rényi divergence of order alpha > 1 of one release of the Gaussian with noise multiplier sigma, subsampled at
// rate q (Mironov, Talwar & Zhang 2019, Rényi Differential Privacy of the Sampled Gaussian Mechanism, arXiv:1908.10530):
// log A/(α−1) with
//
//	A = E_{z ~ N(0,σ²)} [ (1 − q + q·exp((2z−1)/(2σ²)))^α ]
//
// The paper shows that this direction, of the two that adding and removing an example give, is the larger one.
func renyi(q, sigma, alpha float64) float64 {
	if q == 1 {
		return alpha / (2 * sigma * sigma)
	}
	if alpha == math.Trunc(alpha) {
		return logMomentWhole(q, sigma, int(alpha)) / (alpha - 1)
	}
	return logMomentFraction(q, sigma, alpha) / (alpha - 1)
}

// logMomentWhole is log A for a whole order: the binomial theorem, and E exp(k(2z−1)/(2σ²)) = exp(k(k−1)/(2σ²)).
func logMomentWhole(q, sigma float64, alpha int) float64 {
	sum, logBinomial := math.Inf(-1), 0.0
	for k := 0; k <= alpha; k++ {
		if k > 0 {
			logBinomial += math.Log(float64(alpha-k+1)) - math.Log(float64(k))
		}
		f := float64(k)
		sum = logAdd(sum, logBinomial+f*math.Log(q)+float64(alpha-k)*math.Log1p(-q)+(f*f-f)/(2*sigma*sigma))
	}
	return math.Max(0, sum)
}

// logMomentFraction is log A for an order that is not whole. The integrand is split at z0, where both terms of the binomial
// are equal, so that on either side the binomial series in the smaller over the larger term converges; its terms alternate
// in sign once i exceeds α. Each term is a Gaussian integral over a half line.
func logMomentFraction(q, sigma, alpha float64) float64 {
	z0 := sigma*sigma*math.Log(1/q-1) + 0.5
	root := math.Sqrt2 * sigma
	variance := 2 * sigma * sigma
	logQ, logP := math.Log(q), math.Log1p(-q)
	var plus, minus = math.Inf(-1), math.Inf(-1) // logarithms of the sums of positive and of negative terms
	logCoefficient, sign := 0.0, 1.0
	for i := 0; ; i++ {
		f := float64(i)
		j := alpha - f
		// i counts the power of q·exp(…) to the left of z0, and of 1−q to the right of it.
		left := logCoefficient + f*logQ + j*logP + (f*f-f)/variance + logErfc((f-z0)/root) - math.Ln2
		right := logCoefficient + j*logQ + f*logP + (j*j-j)/variance + logErfc((z0-j)/root) - math.Ln2
		if sign > 0 {
			plus = logAdd(plus, logAdd(left, right))
		} else {
			minus = logAdd(minus, logAdd(left, right))
		}
		// Terms fall from α on. A is at least 1, so that what is left out is far below the rounding.
		if f > alpha && math.Max(left, right) < -45 {
			break
		}
		next := (alpha - f) / (f + 1)
		logCoefficient += math.Log(math.Abs(next))
		if next < 0 {
			sign = -sign
		}
	}
	return math.Max(0, plus+math.Log1p(-math.Exp(minus-plus)))
}

// logAdd is log(e^a + e^b).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

// logErfc is log erfc(x), also where erfc(x) is too small for a float64: by its asymptotic series, whose terms fall below
// the rounding before they grow for x > 10.
func logErfc(x float64) float64 {
	if x < 10 {
		return math.Log(math.Erfc(x))
	}
	inverse := 1 / (2 * x * x)
	series, term := 1.0, 1.0
	for n := 1; n < 16; n++ {
		term *= -float64(2*n-1) * inverse
		series += term
	}
	return -x*x - math.Log(x*math.Sqrt(math.Pi)) + math.Log(series)
}

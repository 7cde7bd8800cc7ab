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

// logMomentFraction is log A for an order that is not whole: the integral by the trapezoidal rule, which converges
// geometrically for integrands that are analytic and vanish at both ends. All terms are positive; the paper's binomial series
// alternates and needs millions of terms where q or 1/σ is large.
//
// The nearest singularities are at z = ½ + σ²·log((1−q)/q) ± iπσ², which makes the error exp(−2π²σ²/h) for steps of h, beside
// exp(−2π²(σ/h)²) of the Gaussian. Mass is around 0 and up to α, and falls like the Gaussian outside.
func logMomentFraction(q, sigma, alpha float64) float64 {
	h := math.Min(sigma/4, sigma*sigma/2)
	lo, variance := -10*sigma, 2*sigma*sigma
	n := int(math.Ceil((alpha + 20*sigma) / h))
	logQ, logP := math.Log(q), math.Log1p(-q)
	term := func(i int) float64 {
		z := lo + float64(i)*h
		return -z*z/variance + alpha*logAdd(logP, logQ+(2*z-1)/variance)
	}
	largest := math.Inf(-1)
	for i := range n {
		largest = math.Max(largest, term(i))
	}
	sum := 0.0
	for i := range n {
		sum += math.Exp(term(i) - largest)
	}
	return math.Max(0, largest+math.Log(sum*h/(sigma*math.Sqrt(2*math.Pi))))
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

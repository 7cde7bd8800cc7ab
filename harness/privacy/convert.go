package privacy

import "math"

// convert is the ε that a Rényi divergence rho of order alpha implies together with delta:
//
//	ε = rho + log((α−1)/α) − (log δ + log α)/(α−1)
//
// Canonne, Kamath & Steinke 2020, The Discrete Gaussian for Differential Privacy, arXiv:2004.00010, proposition 12, and
// Balle, Barthe, Gaboardi, Hsu & Sato 2020, Hypothesis Testing Interpretations and Rényi Differential Privacy,
// arXiv:1905.09982, theorem 21: the conversion that Opacus and TensorFlow Privacy use.
func convert(rho, alpha, delta float64) float64 {
	return rho + math.Log1p(-1/alpha) - (math.Log(delta)+math.Log(alpha))/(alpha-1)
}

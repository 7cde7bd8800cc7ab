// Package privacy is the host's accountant of differential privacy: what training with noisy sums of clipped gradients
// reveals of a single training example.
//
// A mechanism is (ε, δ)-differentially private when for all pairs of data sets that differ by adding or removing one
// example and all events E, P(E | one) ≤ e^ε·P(E | other) + δ. The mechanism here is the subsampled Gaussian: each example
// is drawn with probability q (Poisson sampling), the gradients of those drawn are scaled to norm at most C and added up,
// and noise N(0, σ²C²) is added to each coordinate. σ is the noise multiplier. A training composes many of them.
//
// The accountant composes in Rényi differential privacy (renyi.go) and converts the result once (convert.go). The numbers
// are upper bounds of ε, a few per cent to a few tens of per cent above the truth; where all draws are the whole data set
// the exact curve of the Gaussian mechanism is used instead (gaussian.go).
package privacy

import (
	"fmt"
	"math"
	"strconv"
)

// Version is raised when an ε or a σ changes.
const Version = 1

// Mechanism is Steps draws, each of rate Rate, followed by one release with noise multiplier Sigma. Several releases on the
// same draw are one release with a smaller multiplier: see Together.
type Mechanism struct {
	Rate  float64 `json:"rate"`  // 0 < Rate ≤ 1
	Sigma float64 `json:"sigma"` // ≥ 0; 0 is no privacy at all
	Steps uint64  `json:"steps"`
}

// Together is the noise multiplier of the one Gaussian release that says as much as releases with the multipliers sigmas on
// the same draw: 1/σ² adds up. With unit noise the releases are one Gaussian vector whose mean moves by the vector of the
// 1/σ_i when an example comes or goes, and only the length of that shift matters.
func Together(sigmas ...float64) float64 {
	precision := 0.0
	for _, s := range sigmas {
		precision += 1 / (s * s)
	}
	return 1 / math.Sqrt(precision)
}

// Epsilon is the ε that the composition of the mechanisms is known to satisfy together with delta, 0 < delta < 1. It is 0
// when nothing is released and +Inf when something is released without noise.
func Epsilon(delta float64, mechanisms ...Mechanism) float64 {
	check(delta)
	var some []Mechanism
	whole, sigmas := true, 0.0 // all draws are the whole data set; Σ steps/σ²
	for _, m := range mechanisms {
		switch {
		case m.Steps == 0:
			continue
		case !(m.Rate > 0 && m.Rate <= 1) || !(m.Sigma >= 0):
			panic(fmt.Sprintf("privacy: rate %v and noise multiplier %v: expected 0 < rate ≤ 1 and a multiplier of at least 0", m.Rate, m.Sigma))
		case m.Sigma == 0:
			return math.Inf(1)
		}
		some = append(some, m)
		whole = whole && m.Rate == 1
		sigmas += float64(m.Steps) / (m.Sigma * m.Sigma)
	}
	if len(some) == 0 {
		return 0
	}
	if whole {
		return gaussianEpsilon(1/math.Sqrt(sigmas), delta)
	}
	best := math.Inf(1)
	for _, alpha := range orders {
		rho := 0.0
		for _, m := range some {
			rho += float64(m.Steps) * renyi(m.Rate, m.Sigma, alpha)
		}
		best = math.Min(best, convert(rho, alpha, delta))
	}
	return math.Max(0, best)
}

// Sigma is the smallest noise multiplier, rounded up to five digits, with which steps draws of rate rate with releases
// noisy sums each are (epsilon, delta)-differentially private. It fails where the multiplier would exceed MaxSigma.
func Sigma(epsilon, delta, rate float64, steps uint64, releases int) (float64, error) {
	check(delta)
	if !(epsilon > 0) || !(rate > 0 && rate <= 1) || steps == 0 || releases < 1 {
		return 0, fmt.Errorf("epsilon %v, rate %v, %d steps, %d releases: expected numbers above 0 and a rate of at most 1", epsilon, rate, steps, releases)
	}
	spent := func(sigma float64) float64 {
		return Epsilon(delta, Mechanism{Rate: rate, Sigma: sigma / math.Sqrt(float64(releases)), Steps: steps})
	}
	lo, hi := MinSigma, 1.0
	for spent(hi) > epsilon {
		lo, hi = hi, 2*hi
		if hi > MaxSigma {
			return 0, fmt.Errorf("no noise multiplier up to %v reaches epsilon %v with delta %v at rate %.4g over %d steps", MaxSigma, epsilon, delta, rate, steps)
		}
	}
	if spent(lo) <= epsilon {
		return lo, nil
	}
	for hi-lo > 1e-6*hi {
		if mid := (lo + hi) / 2; spent(mid) > epsilon {
			lo = mid
		} else {
			hi = mid
		}
	}
	// A rounded number is the same on machines whose exponentials differ in the last bit, and fit to be printed.
	digit := math.Pow(10, math.Floor(math.Log10(hi))-4)
	for n := math.Ceil(hi / digit); ; n++ {
		up, err := strconv.ParseFloat(strconv.FormatFloat(n*digit, 'g', 5, 64), 64)
		if err != nil || spent(up) <= epsilon {
			return up, err
		}
	}
}

// MinSigma and MaxSigma are the smallest and the largest noise multiplier that Sigma answers.
const (
	MinSigma = 0.05
	MaxSigma = 1 << 20
)

func check(delta float64) {
	if !(delta > 0 && delta < 1) {
		panic(fmt.Sprintf("privacy: delta %v: expected a number between 0 and 1", delta))
	}
}

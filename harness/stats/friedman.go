package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Friedman is the comparison of k entrants over N workloads by their mean ranks (Friedman 1937, Demšar 2006). N counts
// workloads: seeds of one workload are not independent.
type Friedman struct {
	// Ranks is the mean rank of each entrant, 1 being the smallest score.
	Ranks []float64
	// Chi2 is Friedman's statistic, corrected for ties; F is Iman and Davenport's, with the degrees of freedom k-1 and
	// (k-1)(N-1), and P its p. F is +Inf when all workloads agree.
	Chi2, F, P float64
	N          int
	OK         bool
}

// FriedmanTest ranks the entrants on every workload: score[w][i] is entrant i on workload w, smaller is better. It is
// undefined with fewer than two workloads or entrants, or when every workload ties all entrants. It panics when rows differ in
// length or hold what is not finite.
func FriedmanTest(score [][]float64) Friedman {
	f := Friedman{N: len(score), P: 1}
	if len(score) < 2 || len(score[0]) < 2 {
		return f
	}
	k, n := float64(len(score[0])), float64(len(score))
	f.Ranks = make([]float64, len(score[0]))
	ties := 0.0
	for _, row := range score {
		sameLength("FriedmanTest", len(f.Ranks), len(row))
		if !finite(row) {
			panic("stats: FriedmanTest of scores that are not finite")
		}
		for i, r := range MidRanks(row) {
			f.Ranks[i] += r / n
		}
		for _, t := range tieCounts(row) {
			ties += t*t*t - t
		}
	}
	correction := 1 - ties/(n*(k*k*k-k))
	if correction <= 1e-12 {
		return f
	}
	f.Chi2 = FriedmanChi2(f.Ranks, len(score)) / correction
	f.OK = true
	if rest := n*(k-1) - f.Chi2; rest > 1e-9 {
		f.F = (n - 1) * f.Chi2 / rest
		f.P = distuv.F{D1: k - 1, D2: (k - 1) * (n - 1)}.Survival(f.F)
	} else {
		f.F, f.P = math.Inf(1), 0
	}
	return f
}

// FriedmanChi2 is 12N/(k(k+1))·(ΣR² − k(k+1)²/4) of mean ranks over n workloads, without ties.
func FriedmanChi2(ranks []float64, n int) float64 {
	k, squares := float64(len(ranks)), 0.0
	for _, r := range ranks {
		squares += r * r
	}
	return 12 * float64(n) / (k * (k + 1)) * (squares - k*(k+1)*(k+1)/4)
}

// CriticalDifference is Nemenyi's: mean ranks of k entrants over n workloads that lie further apart differ at the
// family-wise level alpha, q_α·√(k(k+1)/6n).
func CriticalDifference(k, n int, alpha float64) float64 {
	return StudentizedRange(1-alpha, k) / math.Sqrt2 * math.Sqrt(float64(k*(k+1))/float64(6*n))
}

// StudentizedRange is the p-quantile of the range of k independent standard normal numbers (infinite degrees of freedom).
func StudentizedRange(p float64, k int) float64 {
	cdf := func(q float64) float64 {
		const steps = 400
		const h = 16.0 / steps
		sum := 0.0
		for i := 0; i <= steps; i++ {
			z := -8 + h*float64(i)
			w := 2.0 + 2*float64(i%2)
			if i == 0 || i == steps {
				w = 1
			}
			sum += w * standardNormal.Prob(z) * math.Pow(standardNormal.CDF(z)-standardNormal.CDF(z-q), float64(k-1))
		}
		return float64(k) * sum * h / 3
	}
	lo, hi := 0.0, 20.0
	for range 60 {
		if mid := (lo + hi) / 2; cdf(mid) < p {
			lo = mid
		} else {
			hi = mid
		}
	}
	return (lo + hi) / 2
}

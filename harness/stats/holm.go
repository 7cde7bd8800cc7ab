package stats

import (
	"math"
	"sort"
)

// Holm returns the p-values adjusted by Holm's step-down method (Holm 1979), in the order given: comparing each with
// alpha keeps the chance of any false claim in the family below alpha, whatever the dependence.
func Holm(p []float64) []float64 {
	order := ascending(p)
	adjusted := make([]float64, len(p))
	worst := 0.0
	for rank, i := range order {
		worst = math.Max(worst, math.Min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = worst
	}
	return adjusted
}

// BenjaminiHochberg returns the p-values adjusted for the false discovery rate (Benjamini and Hochberg 1995), in the order
// given: of those below alpha no more than a share of alpha is expected to be false, for independent or positively
// dependent tests. It is for screening many metrics; what a board marks is adjusted by Holm.
func BenjaminiHochberg(p []float64) []float64 {
	order := ascending(p)
	adjusted := make([]float64, len(p))
	best := 1.0
	for rank := len(p) - 1; rank >= 0; rank-- {
		best = math.Min(best, p[order[rank]]*float64(len(p))/float64(rank+1))
		adjusted[order[rank]] = best
	}
	return adjusted
}

// ascending lists the places of p from the smallest number to the largest.
func ascending(p []float64) []int {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return p[order[i]] < p[order[j]] })
	return order
}

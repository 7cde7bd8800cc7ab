package stats

import (
	"math"
	"sort"
)

// Holm returns the p-values adjusted by Holm's step-down method (Holm 1979), in the order given: comparing each with
// alpha keeps the chance of any false claim in the family below alpha, whatever the dependence.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return p[order[i]] < p[order[j]] })
	adjusted := make([]float64, len(p))
	worst := 0.0
	for rank, i := range order {
		worst = math.Max(worst, math.Min(1, float64(len(p)-rank)*p[i]))
		adjusted[i] = worst
	}
	return adjusted
}

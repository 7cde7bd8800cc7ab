package stats

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Permutation returns the two-sided p of no association between x and y inside strata: x is permuted within each stratum
// (points with equal numbers), and p = (1+hits)/(1+draws), a hit being a permutation whose statistic is at least as far from
// 0 as the observed one. stat sees permuted copies of x and must not keep them. A permutation for which it is undefined
// counts as a hit. ok is false when it is undefined for the data, and when every stratum has one point: there is nothing
// to permute. The draws come from stream "stats.permutation" of the seed. It panics when the lengths differ.
func Permutation(x, y []float64, stratum []int, stat func(x, y []float64) (float64, bool), draws int, seed uint64) (p float64, ok bool) {
	sameLength("Permutation", len(x), len(y), len(stratum))
	observed, ok := stat(x, y)
	if !ok {
		return 1, false
	}
	groups := membersOf(stratum)
	movable := false
	for _, g := range groups {
		movable = movable || len(g) > 1
	}
	if !movable {
		return 1, false
	}
	limit := math.Abs(observed) - 1e-12
	permuted := append([]float64(nil), x...)
	r := rng.New(seed, "stats.permutation", 0)
	hits := 0
	for range draws {
		for _, g := range groups {
			for k := len(g) - 1; k > 0; k-- {
				j := r.IntN(k + 1)
				permuted[g[k]], permuted[g[j]] = permuted[g[j]], permuted[g[k]]
			}
		}
		if v, ok := stat(permuted, y); !ok || math.Abs(v) >= limit {
			hits++
		}
	}
	return float64(1+hits) / float64(1+draws), true
}

// membersOf lists the positions of each stratum, strata in the order of their first point.
func membersOf(stratum []int) [][]int {
	at := map[int]int{}
	var groups [][]int
	for i, s := range stratum {
		k, ok := at[s]
		if !ok {
			k = len(groups)
			at[s] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}

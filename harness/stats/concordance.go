package stats

import "sort"

// concordance returns for each point the sum over all others of sign(Δx)·sign(Δy), in time n·log n: points are visited in
// the order of x, a Fenwick tree counts those before by the rank of y. Summed over all points it is 2(C-D).
func concordance(x, y []float64) []int {
	n := len(x)
	byX := ascending(x)
	rank := make([]int, n) // dense ranks of y, from 1
	levels := 0
	sorted := append([]float64(nil), y...)
	sort.Float64s(sorted)
	for i, v := range sorted {
		if i == 0 || v != sorted[levels-1] {
			sorted[levels] = v
			levels++
		}
	}
	for i, v := range y {
		rank[i] = 1 + sort.SearchFloat64s(sorted[:levels], v)
	}
	s := make([]int, n)
	tree := make([]int, levels+1)
	pass := func(order []int, direction int) {
		clear(tree)
		seen := 0
		upTo := func(r int) (c int) {
			for ; r > 0; r -= r & -r {
				c += tree[r]
			}
			return c
		}
		for from := 0; from < n; {
			to := from
			for to < n && x[order[to]] == x[order[from]] {
				r := rank[order[to]]
				// Those before with a smaller y agree, those with a larger one do not; equal ones count for neither.
				s[order[to]] += direction * (upTo(r-1) - (seen - upTo(r)))
				to++
			}
			for _, i := range order[from:to] {
				for r := rank[i]; r <= levels; r += r & -r {
					tree[r]++
				}
			}
			seen += to - from
			from = to
		}
	}
	pass(byX, 1)
	for i, j := 0, n-1; i < j; i, j = i+1, j-1 {
		byX[i], byX[j] = byX[j], byX[i]
	}
	pass(byX, -1)
	return s
}

// untied returns for each point the number of others with another value, and half their sum: the pairs that are not tied.
func untied(x []float64) (each []int, pairs int) {
	n := len(x)
	each = make([]int, n)
	for i := range each {
		each[i] = n - 1
	}
	for _, g := range tieGroups(x) {
		for _, i := range g {
			each[i] -= len(g) - 1
		}
	}
	for _, u := range each {
		pairs += u
	}
	return each, pairs / 2
}

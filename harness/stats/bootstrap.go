package stats

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// MinClusters is the smallest number of clusters for which BCa gives an interval.
const MinClusters = 8

// Statistic is a number computed from clusters with weights. w has one non-negative whole weight a cluster: how often the
// cluster was drawn. All ones is the data as observed, a zero leaves the cluster out. w must not be modified or kept.
// Pairs made of a cluster and its own copy must not enter: they are ties that the data do not have.
// ok is false when the statistic is undefined for w. A Statistic is safe for concurrent use.
type Statistic func(w []float64) (value float64, ok bool)

// Bootstrap holds resamples of n clusters, drawn once and shared by every statistic of the same clusters. A cluster is
// what was sampled independently: a configuration with all its seeds, never a single seed. It is immutable and safe for
// concurrent use.
type Bootstrap struct {
	n       int
	weights []float64 // resamples × n
}

// NewBootstrap draws resamples of len(strata) clusters with replacement inside each stratum (clusters with equal numbers).
// Strata of one cluster would never vary: they are pooled into one. The draws come from stream "stats.bootstrap" of seed.
func NewBootstrap(strata []int, resamples int, seed uint64) *Bootstrap {
	groups := strataOf(strata)
	b := &Bootstrap{n: len(strata), weights: make([]float64, resamples*len(strata))}
	r := rng.New(seed, "stats.bootstrap", 0)
	for k := range resamples {
		w := b.weights[k*b.n : (k+1)*b.n]
		for _, g := range groups {
			for range g {
				w[g[r.IntN(len(g))]]++
			}
		}
	}
	return b
}

// BCa returns the statistic of the data with its bias-corrected and accelerated bootstrap interval (Efron 1987). Ties
// between resamples and the observed value count half in the bias correction, because rank statistics are discrete. There
// is no interval for fewer than MinClusters clusters, nor when the statistic does not vary over the resamples.
func (b *Bootstrap) BCa(stat Statistic, level float64) Estimate {
	ones := make([]float64, b.n)
	for i := range ones {
		ones[i] = 1
	}
	value, ok := stat(ones)
	if !ok {
		return undefined(b.n, "undefined for these data")
	}
	e := Estimate{Value: value, OK: true, N: b.n}
	if b.n < MinClusters {
		e.Warnings = []string{fmt.Sprintf("fewer than %d clusters: no interval", MinClusters)}
		return e
	}
	resamples := 0
	if b.n > 0 {
		resamples = len(b.weights) / b.n
	}
	draws := make([]float64, 0, resamples)
	for k := range resamples {
		if v, ok := stat(b.weights[k*b.n : (k+1)*b.n]); ok {
			draws = append(draws, v)
		}
	}
	if lost := resamples - len(draws); lost*20 > resamples {
		e.Warnings = append(e.Warnings, fmt.Sprintf("undefined in %d of %d resamples: no interval", lost, resamples))
		return e
	}
	if len(draws) == 0 {
		e.Warnings = append(e.Warnings, "no resample: no interval")
		return e
	}
	sort.Float64s(draws)
	if draws[0] == draws[len(draws)-1] {
		e.Warnings = append(e.Warnings, "every resample gives the same value: no interval")
		return e
	}
	below := sort.SearchFloat64s(draws, value-1e-12)
	notAbove := sort.SearchFloat64s(draws, value+1e-12)
	share := (float64(below) + float64(notAbove-below)/2) / float64(len(draws))
	if share == 0 || share == 1 {
		e.Warnings = append(e.Warnings, "every resample lies on one side of the value: no interval")
		return e
	}
	z0 := standardNormal.Quantile(share)
	a := Acceleration(Jackknife(stat, b.n))
	at := func(p float64) float64 {
		z := z0 + standardNormal.Quantile(p)
		return quantileSorted(draws, standardNormal.CDF(z0+z/math.Max(1-a*z, 1e-6)))
	}
	e.Lo, e.Hi, e.Interval = at((1-level)/2), at((1+level)/2), true
	return e
}

// Jackknife returns the statistic without each of the n clusters in turn, leaving out those for which it is undefined.
func Jackknife(stat Statistic, n int) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	var values []float64
	for i := range w {
		w[i] = 0
		if v, ok := stat(w); ok {
			values = append(values, v)
		}
		w[i] = 1
	}
	return values
}

// Acceleration returns the constant a of BCa from jackknife values, Σd³ / (6(Σd²)^{3/2}) with d the mean of the values
// minus each; 0 when they do not vary.
func Acceleration(jackknife []float64) float64 {
	mean, ok := Mean(jackknife)
	if !ok {
		return 0
	}
	var square, cube float64
	for _, v := range jackknife {
		d := mean - v
		square += d * d
		cube += d * d * d
	}
	if square == 0 {
		return 0
	}
	return cube / (6 * math.Pow(square, 1.5))
}

// TauStatistic returns Kendall's τ_b as a statistic of weighted clusters: cluster i is the point (x[i], y[i]). x and y
// must be finite; they are not kept. It panics when the lengths differ.
func TauStatistic(x, y []float64) Statistic {
	t := newTauTable(x, y)
	return func(w []float64) (float64, bool) { return t.tau(w, nil) }
}

// WithinTauStatistic is WithinTau as a statistic of weighted clusters.
func WithinTauStatistic(x, y []float64, group []int) Statistic {
	sameLength("WithinTauStatistic", len(x), len(y), len(group))
	var tables []*tauTable
	var index [][]int
	for _, members := range membersOf(group) {
		if len(members) < 2 {
			continue
		}
		var gx, gy []float64
		for _, i := range members {
			gx, gy = append(gx, x[i]), append(gy, y[i])
		}
		tables = append(tables, newTauTable(gx, gy))
		index = append(index, members)
	}
	return func(w []float64) (float64, bool) {
		var s, d float64
		for k, t := range tables {
			gs, usedX, usedY := t.count(w, index[k])
			s += gs
			d += math.Sqrt(usedX * usedY)
		}
		if d == 0 {
			return 0, false
		}
		return clamp(s / d), true
	}
}

// PartialTauStatistic is PartialTau as a statistic of weighted clusters.
func PartialTauStatistic(x, y, z []float64) Statistic {
	xy, xz, yz := newTauTable(x, y), newTauTable(x, z), newTauTable(y, z)
	return func(w []float64) (float64, bool) {
		a, oka := xy.tau(w, nil)
		b, okb := xz.tau(w, nil)
		c, okc := yz.tau(w, nil)
		if !oka || !okb || !okc {
			return 0, false
		}
		return Partial(a, b, c)
	}
}

// tauTable holds the order of every pair of points once, so that a resample costs one pass over the pairs.
type tauTable struct {
	n            int
	concord      []float64 // row i: the sign of pair (i,j) for j < i, at i(i-1)/2+j
	tiesX, tiesY [][]int   // groups of two or more points with equal numbers
}

func newTauTable(x, y []float64) *tauTable {
	sameLength("Kendall", len(x), len(y))
	if !finite(x, y) {
		panic("stats: a statistic of numbers that are not finite")
	}
	t := &tauTable{n: len(x), concord: make([]float64, 0, len(x)*(len(x)-1)/2), tiesX: tieGroups(x), tiesY: tieGroups(y)}
	for i := range x {
		for j := range i {
			t.concord = append(t.concord, float64(sign(x[i]-x[j])*sign(y[i]-y[j])))
		}
	}
	return t
}

// tieGroups lists the positions of equal numbers, groups of one left out, in order of first appearance.
func tieGroups(x []float64) [][]int {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(x[i], x[j]) })
	var groups [][]int
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && x[order[to]] == x[order[from]] {
			to++
		}
		if to-from > 1 {
			groups = append(groups, order[from:to:to])
		}
		from = to
	}
	slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return groups
}

// count returns C-D and the untied pairs of both sides. index maps the points of the table to weights; nil means that
// they are numbered alike. All sums are sums of whole numbers, hence exact.
func (t *tauTable) count(w []float64, index []int) (s, usedX, usedY float64) {
	var sum, square float64
	row := 0
	for i := range t.n {
		k := i
		if index != nil {
			k = index[i]
		}
		if wi := w[k]; wi != 0 {
			sum += wi
			square += wi * wi
			signs := t.concord[row : row+i]
			part := 0.0
			if index == nil {
				for j, v := range signs {
					part += v * w[j]
				}
			} else {
				for j, v := range signs {
					part += v * w[index[j]]
				}
			}
			s += wi * part
		}
		row += i
	}
	all := (sum*sum - square) / 2
	return s, all - tied(t.tiesX, w, index), all - tied(t.tiesY, w, index)
}

// tied sums the weights of the pairs inside groups.
func tied(groups [][]int, w []float64, index []int) float64 {
	pairs := 0.0
	for _, g := range groups {
		var sum, square float64
		for _, i := range g {
			if index != nil {
				i = index[i]
			}
			sum += w[i]
			square += w[i] * w[i]
		}
		pairs += (sum*sum - square) / 2
	}
	return pairs
}

func (t *tauTable) tau(w []float64, index []int) (float64, bool) {
	s, usedX, usedY := t.count(w, index)
	if usedX <= 0 || usedY <= 0 {
		return 0, false
	}
	return clamp(s / math.Sqrt(usedX*usedY)), true
}

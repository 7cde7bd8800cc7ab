package stats

import (
	"fmt"
	"math"
	"sort"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Rank is the place of one entrant, 1 being the smallest mean.
type Rank struct {
	// Point is the rank of the mean: one more than the number of entrants with a smaller one.
	Point int
	// Lo and Hi bound the rank; they mean something only when Interval is true.
	Lo, Hi   int
	Interval bool
	Warnings []string
}

// String prints the rank as boards do: "1", "2–3".
func (r Rank) String() string {
	if !r.Interval || r.Lo == r.Hi {
		return fmt.Sprint(r.Point)
	}
	return fmt.Sprintf("%d–%d", r.Lo, r.Hi)
}

// Ranks ranks the rows of x by their mean, smallest first, with the interval that the seeds leave open. x[i][s] is entrant
// i at seed s; every row has the same seeds in the same order and finite numbers. The seeds are drawn with replacement,
// the same draw for every entrant, because entrants share what a seed fixes.
//
// A plain bootstrap of few seeds is too narrow: it has variance (n-1)/n·s²/n and normal tails where Student's t is due.
// Deviations of a resampled mean from the mean are therefore stretched by √(n/(n-1))·t/z, t and z the quantiles of
// Student's t and of the normal at the level. The bounds are the smallest and largest rank after cutting (1-level)/2 off each
// end; the point rank always lies inside. One seed gives no interval.
func Ranks(x [][]float64, level float64, resamples int, seed uint64) []Rank {
	ranks := make([]Rank, len(x))
	if len(x) == 0 {
		return ranks
	}
	n := len(x[0])
	means := make([]float64, len(x))
	for i, row := range x {
		sameLength("Ranks", n, len(row))
		mean, ok := Mean(row)
		if !ok {
			panic("stats: Ranks of an empty row or of numbers that are not finite")
		}
		means[i] = mean
	}
	place := func(m []float64, out []int) {
		for i := range m {
			out[i] = 1
			for j := range m {
				if m[j] < m[i] {
					out[i]++
				}
			}
		}
	}
	at := make([]int, len(x))
	place(means, at)
	for i := range ranks {
		ranks[i].Point = at[i]
	}
	if n < 2 {
		for i := range ranks {
			ranks[i].Warnings = []string{"one seed: no rank interval"}
		}
		return ranks
	}
	m := float64(n)
	stretch := math.Sqrt(m/(m-1)) * tQuantile((1+level)/2, m-1) / standardNormal.Quantile((1+level)/2)
	r := rng.New(seed, "stats.ranks", 0)
	drawn := make([][]int, len(x))
	for i := range drawn {
		drawn[i] = make([]int, resamples)
	}
	pick := make([]int, n)
	star := make([]float64, len(x))
	for k := range resamples {
		for s := range pick {
			pick[s] = r.IntN(n)
		}
		for i, row := range x {
			d := 0.0
			for _, s := range pick {
				d += row[s] - means[i]
			}
			star[i] = means[i] + stretch*d/m
		}
		place(star, at)
		for i := range at {
			drawn[i][k] = at[i]
		}
	}
	for i := range ranks {
		sort.Ints(drawn[i])
		cut := int(math.Floor((1 - level) / 2 * float64(resamples)))
		lo, hi := ranks[i].Point, ranks[i].Point
		if resamples > 0 {
			lo, hi = min(lo, drawn[i][cut]), max(hi, drawn[i][resamples-1-cut])
		}
		ranks[i].Lo, ranks[i].Hi, ranks[i].Interval = lo, hi, true
	}
	return ranks
}

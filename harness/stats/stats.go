// Package stats holds the statistics of the leaderboards: intervals, paired comparisons, rank correlation, ranks.
//
// It knows nothing of optimizers: it sees slices of float64. Three habits run through it.
//
//   - A number that is undefined is marked undefined, never 0: the correlation with a constant does not exist.
//   - Warnings travel with the number they belong to (Estimate.Warnings), so that a table can print them below itself.
//   - Too few observations give no interval rather than a made-up one.
//
// Slices passed in are never modified and never kept. A length mismatch between paired slices is a caller's bug and
// panics; data that cannot carry the statistic (a constant, a NaN, too few points) gives an undefined result.
//
// Everything random is drawn from harness/rng with a seed the caller names, so the same data give the same digits.
package stats

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Level is the confidence level of every interval on a board.
const Level = 0.95

// Estimate is a number with what is known about it.
type Estimate struct {
	Value float64
	// OK says that Value is defined. Value is 0 and must not be printed otherwise.
	OK bool
	// Lo and Hi bound the confidence interval; they mean something only when Interval is true.
	Lo, Hi   float64
	Interval bool
	// N is the number of observations (seeds, configurations) behind Value.
	N int
	// Warnings are sentences for the reader, e.g. why there is no interval.
	Warnings []string
}

// Half returns half the width of the interval, 0 when there is none.
func (e Estimate) Half() float64 {
	if !e.Interval {
		return 0
	}
	return (e.Hi - e.Lo) / 2
}

// Contains says whether the interval covers v. Without an interval nothing is excluded, so the answer is true.
func (e Estimate) Contains(v float64) bool {
	return !e.Interval || (e.Lo <= v && v <= e.Hi)
}

// undefined is an estimate without a value.
func undefined(n int, format string, args ...any) Estimate {
	return Estimate{N: n, Warnings: []string{fmt.Sprintf(format, args...)}}
}

var standardNormal = distuv.UnitNormal

// tQuantile returns the p-quantile of Student's t with df degrees of freedom.
func tQuantile(p, df float64) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Quantile(p)
}

// twoSidedT returns P(|T| >= |t|) for Student's t with df degrees of freedom.
func twoSidedT(t, df float64) float64 {
	return 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: df}.Survival(math.Abs(t))
}

// finite says whether every number of every slice is neither NaN nor infinite.
func finite(xs ...[]float64) bool {
	for _, x := range xs {
		for _, v := range x {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return false
			}
		}
	}
	return true
}

func sameLength(what string, n int, others ...int) {
	for _, m := range others {
		if m != n {
			panic(fmt.Sprintf("stats: %s of slices of lengths %d and %d", what, n, m))
		}
	}
}

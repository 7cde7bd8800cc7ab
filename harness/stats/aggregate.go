package stats

import (
	"math"
	"sort"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// IQM is the interquartile mean: the mean without the smallest and largest ⌊n/4⌋ numbers (Agarwal et al. 2021). It resists
// outliers, and is blind to the hardest tasks for the same reason: WorstQuartile shows them. ok is false without a
// finite number.
func IQM(x []float64) (v float64, ok bool) {
	if !finite(x) {
		return 0, false
	}
	s := append([]float64(nil), x...)
	sort.Float64s(s)
	cut := len(s) / 4
	return Mean(s[cut : len(s)-cut])
}

// WorstQuartile is the mean of the largest ⌈n/4⌉ numbers, for errors.
func WorstQuartile(x []float64) (v float64, ok bool) {
	if !finite(x) {
		return 0, false
	}
	s := append([]float64(nil), x...)
	sort.Float64s(s)
	return Mean(s[len(s)-(len(s)+3)/4:])
}

// OptimalityGap is the mean of max(0, target-score): how far scores stay below a target.
func OptimalityGap(score []float64, target float64) (v float64, ok bool) {
	gaps := make([]float64, len(score))
	for i, s := range score {
		gaps[i] = math.Max(0, target-s)
		if math.IsNaN(s) {
			gaps[i] = s
		}
	}
	return Mean(gaps)
}

// ProbabilityLower is the chance that a number drawn from a lies below one drawn from b, ties counting half:
// Mann and Whitney's U over n·m. ok is false when a side is empty or not finite.
func ProbabilityLower(a, b []float64) (p float64, ok bool) {
	if len(a) == 0 || len(b) == 0 || !finite(a, b) {
		return 0, false
	}
	for _, x := range a {
		for _, y := range b {
			switch {
			case x < y:
				p++
			case x == y:
				p += 0.5
			}
		}
	}
	return p / float64(len(a)) / float64(len(b)), true
}

// Percentile returns a statistic of tasks × seeds with its percentile bootstrap interval: the seeds are drawn with replacement
// within each task, from stream "stats.stratified" of the seed. stat sees one slice a task, of the task's own length, and
// must not keep it. Fewer than two seeds everywhere give no interval.
func Percentile(tasks [][]float64, stat func([][]float64) (float64, bool), level float64, resamples int, seed uint64) Estimate {
	n, varies := 0, false
	drawn := make([][]float64, len(tasks))
	for i, t := range tasks {
		n += len(t)
		varies = varies || len(t) > 1
		drawn[i] = make([]float64, len(t))
	}
	value, ok := stat(tasks)
	if !ok {
		return undefined(n, "undefined for these data")
	}
	e := Estimate{Value: value, OK: true, N: n}
	if !varies || resamples < 1 {
		e.Warnings = []string{"one seed: no interval"}
		return e
	}
	r := rng.New(seed, "stats.stratified", 0)
	var values []float64
	for range resamples {
		for i, t := range tasks {
			for k := range t {
				drawn[i][k] = t[r.IntN(len(t))]
			}
		}
		if v, ok := stat(drawn); ok {
			values = append(values, v)
		}
	}
	if lost := resamples - len(values); lost*20 > resamples {
		e.Warnings = []string{"undefined in more than one of twenty resamples: no interval"}
		return e
	}
	sort.Float64s(values)
	e.Lo, e.Hi, e.Interval = quantileSorted(values, (1-level)/2), quantileSorted(values, (1+level)/2), true
	return e
}

// MeanCorruptionError is the mean over corruptions of Σ_s error / Σ_s reference (Hendrycks and Dietterich 2019):
// err[c][s] and ref[c][s] by corruption and severity. With clean errors (of the model and of the reference) above 0 it is
// the relative one, which subtracts them first. ok is false without corruptions and when a reference sums to 0 or less.
func MeanCorruptionError(err, ref [][]float64, clean, cleanRef float64) (v float64, ok bool) {
	sameLength("MeanCorruptionError", len(err), len(ref))
	var ratios []float64
	for c := range err {
		sameLength("MeanCorruptionError", len(err[c]), len(ref[c]))
		var e, r float64
		for s := range err[c] {
			e += err[c][s] - clean
			r += ref[c][s] - cleanRef
		}
		if !(r > 0) {
			return 0, false
		}
		ratios = append(ratios, e/r)
	}
	return Mean(ratios)
}

// Worst returns the largest error and where it is. Of many small groups the largest is biased upwards: say how large the group is.
// ok is false without a group.
func Worst(err []float64) (v float64, at int, ok bool) {
	if len(err) == 0 || !finite(err) {
		return 0, 0, false
	}
	for i, e := range err {
		if e > err[at] {
			at = i
		}
	}
	return err[at], at, true
}

// Shots are the mean errors of the classes with many (over 100), medium (20 to 100) and few (under 20) training examples;
// with ten classes or fewer, where those bounds leave buckets empty, of the first third, the middle and the last third of
// classes by their number of examples. A bucket without a class is undefined, never 0.
type Shots struct{ Many, Medium, Few Estimate }

// ByShots sorts the classes into buckets: err[c] and examples[c] are class c's error and its number of training examples.
func ByShots(err []float64, examples []int) Shots {
	sameLength("ByShots", len(err), len(examples))
	var many, medium, few []float64
	if len(err) <= 10 {
		sizes := make([]float64, len(err))
		for c, n := range examples {
			sizes[c] = -float64(n)
		}
		third := len(err) / 3
		for rank, c := range ascending(sizes) {
			switch {
			case rank < third:
				many = append(many, err[c])
			case rank < len(err)-third:
				medium = append(medium, err[c])
			default:
				few = append(few, err[c])
			}
		}
	} else {
		for c, n := range examples {
			switch {
			case n > 100:
				many = append(many, err[c])
			case n >= 20:
				medium = append(medium, err[c])
			default:
				few = append(few, err[c])
			}
		}
	}
	bucket := func(x []float64) Estimate {
		m, ok := Mean(x)
		if !ok {
			return undefined(0, "no class in this bucket")
		}
		return Estimate{Value: m, OK: true, N: len(x)}
	}
	return Shots{bucket(many), bucket(medium), bucket(few)}
}

// ExpectedBest is the expected smallest of n draws with replacement from the values that a search has found (Dodge et al.
// 2019), E_n = Σ v_(i)[(i/N)^n − ((i−1)/N)^n] for the largest, mirrored here for errors. NaN and +Inf stand for trials that
// diverged and count as the worst, never as absent: as soon as one can be the best of n, the expectation is not finite and ok is
// false; so it is without a value or with n < 1.
func ExpectedBest(err []float64, n int) (v float64, ok bool) {
	N := len(err)
	if N == 0 || n < 1 {
		return 0, false
	}
	s := append([]float64(nil), err...)
	for i, e := range s {
		if math.IsNaN(e) {
			s[i] = math.Inf(1)
		}
	}
	sort.Float64s(s)
	tail := func(i int) float64 { return math.Pow(float64(N-i)/float64(N), float64(n)) } // all draws at or above place i
	for i, e := range s {
		v += e * (tail(i) - tail(i+1))
	}
	return v, finite([]float64{v})
}

package stats

import "math"

// Reliability says how much of what tells configurations apart is more than the luck of seeds.
type Reliability struct {
	// Single is the intraclass correlation of one seed, ICC(1,1); Mean that of the mean over the seeds at hand, ICC(1,k), k their
	// mean number (Shrout and Fleiss 1979). They can be negative: seeds differ more than configurations do.
	Single, Mean float64
	OK           bool
	// Configurations and Seeds (in total) behind it: only configurations with two seeds or more tell anything.
	Configurations, Seeds int
}

// ICC computes the reliability from the values of configurations over their seeds, which may differ in number. It is undefined
// with fewer than two configurations of two finite seeds, and when nothing varies.
func ICC(values [][]float64) Reliability {
	var r Reliability
	var groups [][]float64
	total, squares, grand := 0.0, 0.0, 0.0
	for _, v := range values {
		if len(v) < 2 || !finite(v) {
			continue
		}
		groups = append(groups, v)
		n := float64(len(v))
		total += n
		squares += n * n
		for _, x := range v {
			grand += x
		}
	}
	r.Configurations, r.Seeds = len(groups), int(total)
	if len(groups) < 2 {
		return r
	}
	grand /= total
	var between, within float64
	for _, g := range groups {
		m, _ := Mean(g)
		between += float64(len(g)) * (m - grand) * (m - grand)
		for _, x := range g {
			within += (x - m) * (x - m)
		}
	}
	a := float64(len(groups))
	between /= a - 1
	within /= total - a
	if between == 0 && within == 0 || between == 0 {
		return r
	}
	k := (total - squares/total) / (a - 1)
	r.Single = (between - within) / (between + (k-1)*within)
	r.Mean = (between - within) / between
	r.OK = true
	return r
}

// Ceiling is the largest correlation that two quantities of these reliabilities can show although what is behind them is
// perfectly correlated, √(r_x·r_y) (Spearman 1904). ok is false when a reliability is undefined or not positive: then
// the seeds drown every relation.
func Ceiling(x, y Reliability) (c float64, ok bool) {
	if !x.OK || !y.OK || x.Mean <= 0 || y.Mean <= 0 {
		return 0, false
	}
	return math.Sqrt(x.Mean * y.Mean), true
}

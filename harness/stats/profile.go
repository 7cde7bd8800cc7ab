package stats

import "math"

// MaxRatio is the largest ratio to the fastest entrant that still scores (Dahl et al. 2023).
const MaxRatio = 4

// Profile is the performance profile of entrants by the cost at which they reach a target (Dolan and Moré 2002, as AlgoPerf
// scores it). Every number depends on who else takes part.
type Profile struct {
	// Ratio[i][w] is entrant i's cost over the smallest on workload w, +Inf when it did not reach the target.
	Ratio [][]float64
	// Score is the mean over workloads of max(0, (MaxRatio-r)/(MaxRatio-1)), the area under the profile up to MaxRatio.
	Score []float64
	// Dropped says for each workload that nobody reached its target; it counts for no one.
	Dropped []bool
	// OK says that a workload is left.
	OK bool
}

// NewProfile compares costs: cost[i][w] is what entrant i needed on workload w, +Inf when it did not get there. It panics
// when rows differ in length or a cost is not positive.
func NewProfile(cost [][]float64) Profile {
	var p Profile
	if len(cost) == 0 {
		return p
	}
	workloads := len(cost[0])
	best := make([]float64, workloads)
	p.Dropped = make([]bool, workloads)
	left := 0
	for w := range workloads {
		best[w] = math.Inf(1)
		for i := range cost {
			sameLength("NewProfile", workloads, len(cost[i]))
			if !(cost[i][w] > 0) {
				panic("stats: NewProfile of a cost that is not positive")
			}
			best[w] = math.Min(best[w], cost[i][w])
		}
		if p.Dropped[w] = math.IsInf(best[w], 1); !p.Dropped[w] {
			left++
		}
	}
	p.OK = left > 0
	for i := range cost {
		row, score := make([]float64, workloads), 0.0
		for w, c := range cost[i] {
			row[w] = math.Inf(1)
			if !p.Dropped[w] {
				row[w] = c / best[w]
				score += math.Max(0, (MaxRatio-row[w])/(MaxRatio-1))
			}
		}
		p.Ratio = append(p.Ratio, row)
		if p.OK {
			score /= float64(left)
		}
		p.Score = append(p.Score, score)
	}
	return p
}

// Share is the profile itself: the share of workloads on which entrant i's ratio is at most tau.
func (p Profile) Share(i int, tau float64) float64 {
	in, left := 0, 0
	for w, r := range p.Ratio[i] {
		if p.Dropped[w] {
			continue
		}
		left++
		if r <= tau {
			in++
		}
	}
	if left == 0 {
		return 0
	}
	return float64(in) / float64(left)
}

// SpeedUp is the geometric mean over workloads of reference/cost: how many times faster than a frozen reference, whoever else
// takes part. ok is false when one of the two did not reach a target, or there is no workload.
func SpeedUp(cost, reference []float64) (ratio float64, ok bool) {
	sameLength("SpeedUp", len(cost), len(reference))
	sum := 0.0
	for w := range cost {
		if !(cost[w] > 0 && reference[w] > 0) || math.IsInf(cost[w], 0) || math.IsInf(reference[w], 0) {
			return 0, false
		}
		sum += math.Log(reference[w] / cost[w])
	}
	if len(cost) == 0 {
		return 0, false
	}
	return math.Exp(sum / float64(len(cost))), true
}

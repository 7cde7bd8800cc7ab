package stats

import "math"

// Moment is a value that was measured after a number of steps.
type Moment struct {
	Step  int
	Value float64
}

// The functions below sum up a quantity along a training: moments in ascending order of their steps, all finite. Where
// they weigh time they weigh its logarithm, because trainings change fastest at their start; the moments before step 1
// have none and do not count there. Between two moments the quantity is taken to be linear in the logarithm of the step.

// Peak is the largest value; false without moments.
func Peak(m []Moment) (float64, bool) {
	if len(m) == 0 {
		return 0, false
	}
	best := m[0].Value
	for _, p := range m {
		best = math.Max(best, p.Value)
	}
	return best, true
}

// LogMean is the mean over the logarithm of the step, by the trapezoid rule; false with fewer than two moments from step
// 1 on.
func LogMean(m []Moment) (float64, bool) {
	m = from1(m)
	if len(m) < 2 {
		return 0, false
	}
	area := 0.0
	for i := 1; i < len(m); i++ {
		area += (m[i].Value + m[i-1].Value) / 2 * logSteps(m[i-1], m[i])
	}
	return area / logSteps(m[0], m[len(m)-1]), true
}

// Early is the value at the last moment from step 1 to step last; false when there is none.
func Early(m []Moment, last int) (float64, bool) {
	for i := len(m) - 1; i >= 0; i-- {
		if m[i].Step >= 1 && m[i].Step <= last {
			return m[i].Value, true
		}
	}
	return 0, false
}

// Reach is the step of the first moment at which the value is at least threshold; false when there is none.
func Reach(m []Moment, threshold float64) (int, bool) {
	for _, p := range m {
		if p.Value >= threshold {
			return p.Step, true
		}
	}
	return 0, false
}

// Dwell is the share of the logarithm of the step during which the value is at least threshold; false with fewer than two
// moments from step 1 on.
func Dwell(m []Moment, threshold float64) (float64, bool) {
	m = from1(m)
	if len(m) < 2 {
		return 0, false
	}
	above := 0.0
	for i := 1; i < len(m); i++ {
		a, b := m[i-1].Value-threshold, m[i].Value-threshold
		share := 0.0
		switch {
		case a >= 0 && b >= 0:
			share = 1
		case a < 0 && b < 0:
		default:
			// The line crosses the threshold once; the larger end is above it.
			share = math.Max(a, b) / math.Abs(a-b)
		}
		above += share * logSteps(m[i-1], m[i])
	}
	return above / logSteps(m[0], m[len(m)-1]), true
}

// Catapult is the largest value before step within over the value at step 0, of a quantity such as the loss that a training
// throws up before it brings it down; false without a moment at step 0, without another before step within, or when the
// value at step 0 is not positive.
func Catapult(m []Moment, within int) (float64, bool) {
	if len(m) == 0 || m[0].Step != 0 || !(m[0].Value > 0) {
		return 0, false
	}
	best, others := m[0].Value, 0
	for _, p := range m[1:] {
		if p.Step < within {
			best = math.Max(best, p.Value)
			others++
		}
	}
	return best / m[0].Value, others > 0
}

// Rise is how fast a quantity grows before it reaches threshold: the slope of its logarithm on the logarithm of the step, by
// least squares over the moments from step 1 to the first at threshold or above, or to the last. It is false with fewer than
// two such moments, and when one of the values has no logarithm.
func Rise(m []Moment, threshold float64) (float64, bool) {
	var x, y []float64
	for _, p := range from1(m) {
		if !(p.Value > 0) {
			return 0, false
		}
		x, y = append(x, math.Log(float64(p.Step))), append(y, math.Log(p.Value))
		if p.Value >= threshold {
			break
		}
	}
	if len(x) < 2 {
		return 0, false
	}
	var mx, my, xx, xy float64
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(x))
	}
	for i := range x {
		xx += float64((x[i] - mx) * (x[i] - mx))
		xy += float64((x[i] - mx) * (y[i] - my))
	}
	return xy / xx, true
}

func from1(m []Moment) []Moment {
	for len(m) > 0 && m[0].Step < 1 {
		m = m[1:]
	}
	return m
}

func logSteps(a, b Moment) float64 { return math.Log(float64(b.Step) / float64(a.Step)) }

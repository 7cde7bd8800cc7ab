package stats

import (
	"math"
)

// LargeSample is the number of clusters beyond which the intervals of τ come from the jackknife: the bootstrap would take
// minutes there and say the same.
const LargeSample = 100

// TauJackknife is τ_b with the interval of the jackknife over points, stratified by group and symmetric on the scale of atanh.
// It takes time n·log n. It panics when the lengths differ or a number is not finite.
func TauJackknife(x, y []float64, group []int, level float64) Estimate {
	sameLength("TauJackknife", len(x), len(y), len(group))
	all := make([]int, len(x))
	return fromJackknife(newParts(x, y, all).tau, group, level)
}

// WithinTauJackknife is the same for WithinTau.
func WithinTauJackknife(x, y []float64, group []int, level float64) Estimate {
	sameLength("WithinTauJackknife", len(x), len(y), len(group))
	return fromJackknife(newParts(x, y, group).tau, group, level)
}

// PartialTauJackknife is the same for PartialTau.
func PartialTauJackknife(x, y, z []float64, group []int, level float64) Estimate {
	sameLength("PartialTauJackknife", len(x), len(y), len(z), len(group))
	all := make([]int, len(x))
	xy, xz, yz := newParts(x, y, all), newParts(x, z, all), newParts(y, z, all)
	return fromJackknife(func(without int) (float64, bool) {
		a, oka := xy.tau(without)
		b, okb := xz.tau(without)
		c, okc := yz.tau(without)
		if !oka || !okb || !okc {
			return 0, false
		}
		return Partial(a, b, c)
	}, group, level)
}

// fromJackknife computes the interval of a statistic that can leave out one point; -1 leaves out none.
func fromJackknife(stat func(without int) (float64, bool), group []int, level float64) Estimate {
	n := len(group)
	value, ok := stat(-1)
	if !ok {
		return undefined(n, "undefined for these data")
	}
	e := Estimate{Value: value, OK: true, N: n}
	if n < MinClusters {
		e.Warnings = []string{"too few clusters: no interval"}
		return e
	}
	variance := 0.0
	for _, members := range strataOf(group) {
		if len(members) < 2 {
			continue
		}
		left := make([]float64, 0, len(members))
		for _, i := range members {
			v, ok := stat(i)
			if !ok {
				e.Warnings = []string{"undefined without one of the points: no interval"}
				return e
			}
			left = append(left, v)
		}
		d := centred(left)
		m := float64(len(members))
		variance += (m - 1) / m * dot(d, d)
	}
	if !(variance > 0) || math.Abs(value) >= 1 {
		e.Warnings = []string{"does not vary: no interval"}
		return e
	}
	half := standardNormal.Quantile((1+level)/2) * math.Sqrt(variance) / (1 - value*value)
	e.Lo, e.Hi, e.Interval = math.Tanh(math.Atanh(value)-half), math.Tanh(math.Atanh(value)+half), true
	return e
}

// strataOf lists the groups of a stratified resampling: those of one point are pooled, as they would never vary.
func strataOf(group []int) [][]int {
	var groups [][]int
	var alone []int
	for _, g := range membersOf(group) {
		if len(g) == 1 {
			alone = append(alone, g[0])
		} else {
			groups = append(groups, g)
		}
	}
	if len(alone) > 0 {
		groups = append(groups, alone)
	}
	return groups
}

// parts holds what each point contributes to τ inside groups.
type parts struct {
	group               []int     // number of the point's group
	s, ux, uy           []float64 // of each point: Σ sign·sign, its pairs untied in x, in y
	sumS, sumUX, sumUY  []float64 // of each group, every pair once
	totalS, denominator float64   // over groups
}

func newParts(x, y []float64, group []int) *parts {
	if !finite(x, y) {
		panic("stats: a statistic of numbers that are not finite")
	}
	n := len(x)
	p := &parts{group: make([]int, n), s: make([]float64, n), ux: make([]float64, n), uy: make([]float64, n)}
	for g, members := range membersOf(group) {
		gx, gy := make([]float64, len(members)), make([]float64, len(members))
		for a, i := range members {
			p.group[i] = g
			gx[a], gy[a] = x[i], y[i]
		}
		each := concordance(gx, gy)
		eachX, ux := untied(gx)
		eachY, uy := untied(gy)
		ts := 0
		for a, i := range members {
			p.s[i], p.ux[i], p.uy[i] = float64(each[a]), float64(eachX[a]), float64(eachY[a])
			ts += each[a]
		}
		tx, ty := float64(ux), float64(uy)
		p.sumS, p.sumUX, p.sumUY = append(p.sumS, float64(ts)/2), append(p.sumUX, tx), append(p.sumUY, ty)
		p.totalS += float64(ts) / 2
		p.denominator += math.Sqrt(tx * ty)
	}
	return p
}

// tau leaves out one point, or none (-1).
func (p *parts) tau(without int) (float64, bool) {
	s, d := p.totalS, p.denominator
	if without >= 0 {
		g := p.group[without]
		s -= p.s[without]
		d += math.Sqrt((p.sumUX[g]-p.ux[without])*(p.sumUY[g]-p.uy[without])) - math.Sqrt(p.sumUX[g]*p.sumUY[g])
	}
	if d < 0.5 {
		return 0, false
	}
	return clamp(s / d), true
}

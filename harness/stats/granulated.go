package stats

import (
	"fmt"
	"math"
	"sort"
	"strings"
)

// Granulated is the granulated rank correlation of Jiang et al. (2019): does the measure follow the target when one
// hyper-parameter alone moves?
type Granulated struct {
	// Psi is the mean of the Axes that are defined: one number that hides which axis fails. Read it with them.
	Psi float64
	OK  bool
	// Axes holds one ψ a hyper-parameter, in the order given: the mean of τ_a over the lines along that axis.
	Axes []AxisTau
}

// AxisTau is ψ of one hyper-parameter.
type AxisTau struct {
	Name string
	Psi  float64
	OK   bool
	// Lines is the number of lines behind Psi, settings of the other hyper-parameters with every level of this one. Short counts
	// the lines that lack a level: they are left out.
	Lines, Short int
	// Levels of the axis. With two, every line is +1, 0 or −1.
	Levels int
}

// Granulate computes ψ for every axis. level[k] gives the level of axis k at each point, compared for equality alone; a
// point is the mean over its seeds, and no two points have the same levels throughout. A tie counts 0, as in τ_a. It
// panics when the lengths differ.
func Granulate(x, y []float64, names []string, level [][]string) Granulated {
	sameLength("Granulate", len(x), len(y))
	sameLength("Granulate", len(names), len(level))
	g := Granulated{}
	defined := 0
	for k, name := range names {
		sameLength("Granulate", len(x), len(level[k]))
		a := AxisTau{Name: name}
		if finite(x, y) {
			lines, levels := axisLines(level, k)
			a.Levels = levels
			sum := 0.0
			for _, line := range lines {
				if levels < 2 || len(line) < levels {
					a.Short++
					continue
				}
				a.Lines++
				s := 0
				for i := range line {
					for j := range i {
						s += sign(x[line[i]]-x[line[j]]) * sign(y[line[i]]-y[line[j]])
					}
				}
				sum += float64(s) / float64(levels*(levels-1)/2)
			}
			if a.Lines > 0 {
				a.Psi, a.OK = sum/float64(a.Lines), true
				g.Psi += a.Psi
				defined++
			}
		}
		g.Axes = append(g.Axes, a)
	}
	if defined > 0 {
		g.Psi, g.OK = g.Psi/float64(defined), true
	}
	return g
}

// axisLines groups the points that agree in all axes but k, in the order of their first point, and counts the levels of k.
func axisLines(level [][]string, k int) (lines [][]int, levels int) {
	at, seen := map[string]int{}, map[string]bool{}
	for i, l := range level[k] {
		seen[l] = true
		var others strings.Builder
		for j := range level {
			if j != k {
				fmt.Fprintf(&others, "%q ", level[j][i])
			}
		}
		line, ok := at[others.String()]
		if !ok {
			line = len(lines)
			at[others.String()] = line
			lines = append(lines, nil)
		}
		lines[line] = append(lines[line], i)
	}
	return lines, len(seen)
}

// SignError is the robust sign-error of a measure (Dziugaite et al. 2020): how often it predicts the wrong sign of a
// difference in the target when exactly one hyper-parameter moves, in the worst environment rather than on average.
type SignError struct {
	// Mean, P90 and Max are over environments, 0.5 being chance; OK says that there is one.
	Mean, P90, Max float64
	OK             bool
	// Environments holds each one's weighted sign-error in ascending order: their distribution function.
	Environments []float64
	// Dropped environments had too small an effective sample, Pairs compared two points that differ in one axis.
	Dropped, Pairs int
}

// minEffective is the effective sample (Σw)²/Σw² below which an environment says too little.
const minEffective = 12

// SignErrors compares every two points that differ in exactly one axis; level is as in Granulate. examples is the size of
// the test set behind y, an error rate: a pair weighs (h-½)₊ with h = max(0, 1-2exp(-2·examples·(Δ/2)²))², so that
// differences which the test set cannot tell apart do not count. An environment is one pair of levels of one axis. It panics
// when the lengths differ.
func SignErrors(x, y []float64, level [][]string, examples int) SignError {
	sameLength("SignErrors", len(x), len(y))
	var s SignError
	if !finite(x, y) {
		return s
	}
	type sums struct{ w, w2, e float64 }
	of := map[string]*sums{}
	var order []string
	for i := range x {
		for j := range i {
			axis, different := -1, 0
			for k := range level {
				if level[k][i] != level[k][j] {
					axis = k
					different++
				}
			}
			if different != 1 {
				continue
			}
			s.Pairs++
			a, b := level[axis][i], level[axis][j]
			if b < a {
				a, b = b, a
			}
			key := fmt.Sprintf("%d %q %q", axis, a, b)
			if of[key] == nil {
				of[key] = &sums{}
				order = append(order, key)
			}
			w := math.Max(0, Resolvable(y[i]-y[j], examples)-0.5)
			e := 0.5 * (1 - float64(sign(x[i]-x[j])*sign(y[i]-y[j])))
			of[key].w += w
			of[key].w2 += w * w
			of[key].e += w * e
		}
	}
	for _, key := range order {
		v := of[key]
		if v.w == 0 || v.w*v.w/v.w2 < minEffective-1e-9 {
			s.Dropped++
			continue
		}
		s.Environments = append(s.Environments, v.e/v.w)
	}
	sort.Float64s(s.Environments)
	if s.Mean, s.OK = Mean(s.Environments); s.OK {
		s.P90 = quantileSorted(s.Environments, 0.9)
		s.Max = s.Environments[len(s.Environments)-1]
	}
	return s
}

// Resolvable is a lower bound of the probability that a test set of so many examples orders two models whose errors differ
// by delta as they are, h = max(0, 1-2exp(-2n(Δ/2)²))² (Hoeffding's inequality, once a model).
func Resolvable(delta float64, examples int) float64 {
	h := math.Max(0, 1-2*math.Exp(-2*float64(examples)*delta*delta/4))
	return h * h
}

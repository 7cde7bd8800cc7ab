package stats

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// TestCorrelationProperties: what must hold for all data. Points may come in any order; a measure read backwards has the
// opposite sign; rank correlations see order alone.
func TestCorrelationProperties(t *testing.T) {
	for k := range 200 {
		r := rng.New(uint64(k), "test.property", 0)
		n := 3 + r.IntN(15)
		x, y, group := make([]float64, n), make([]float64, n), make([]int, n)
		for i := range n {
			x[i], y[i], group[i] = float64(r.IntN(9)), float64(r.IntN(7)), r.IntN(3)
		}
		perm := r.Perm(n)
		px, py, pg, minus, exp := make([]float64, n), make([]float64, n), make([]int, n), make([]float64, n), make([]float64, n)
		for i, j := range perm {
			px[i], py[i], pg[i] = x[j], y[j], group[j]
		}
		for i := range y {
			minus[i], exp[i] = -y[i], math.Exp(x[i])
		}
		within := func(x, y []float64, g []int) (float64, bool) { v, _, ok := WithinTau(x, y, g); return v, ok }
		tau := func(x, y []float64) (float64, bool) { v := Kendall(x, y); return v.Tau, v.OK }
		same := func(what string, a float64, oka bool, b float64, okb bool, tol float64) {
			t.Helper()
			if oka != okb || math.Abs(a-b) > tol {
				t.Fatalf("%s: %g (%v) and %g (%v) of x = %v, y = %v", what, a, oka, b, okb, x, y)
			}
		}
		for name, f := range map[string]func(x, y []float64) (float64, bool){"τ_b": tau, "Spearman": Spearman, "Pearson": Pearson} {
			a, oka := f(x, y)
			b, okb := f(px, py)
			same(name+" permuted", a, oka, b, okb, 1e-12)
			b, okb = f(y, x)
			same(name+" swapped", a, oka, b, okb, 1e-12)
			b, okb = f(x, minus)
			same(name+" backwards", a, oka, -b, okb, 1e-12)
			if name != "Pearson" {
				b, okb = f(exp, y)
				same(name+" of exp x", a, oka, b, okb, 1e-12)
			}
			if a < -1 || a > 1 {
				t.Fatalf("%s = %g", name, a)
			}
		}
		a, oka := within(x, y, group)
		b, okb := within(px, py, pg)
		same("within permuted", a, oka, b, okb, 1e-12)
		b, okb = within(x, minus, group)
		same("within backwards", a, oka, -b, okb, 1e-12)
		one := make([]int, n)
		a, oka = within(x, y, one)
		b, okb = tau(x, y)
		same("one group", a, oka, b, okb, 1e-12)
		if p := Kendall(x, y).P; !(p >= 0 && p <= 1) {
			t.Fatalf("p = %g", p)
		}
	}
}

// TestRanksAreMonotone: a smaller mean never has a larger rank, and lowering an entrant never worsens it.
func TestRanksAreMonotone(t *testing.T) {
	for k := range 40 {
		r := rng.New(uint64(k), "test.monotone", 0)
		x := make([][]float64, 4)
		for i := range x {
			for range 5 {
				x[i] = append(x[i], float64(i)*.3+r.Norm())
			}
		}
		ranks := Ranks(x, .95, 300, 0)
		for i := range x {
			for j := range x {
				a, _ := Mean(x[i])
				b, _ := Mean(x[j])
				if a < b && ranks[i].Point >= ranks[j].Point {
					t.Fatalf("means %g and %g have ranks %d and %d", a, b, ranks[i].Point, ranks[j].Point)
				}
			}
			if ranks[i].Lo > ranks[i].Point || ranks[i].Hi < ranks[i].Point {
				t.Fatalf("rank %+v", ranks[i])
			}
		}
		lower := append([][]float64(nil), x...)
		lower[2] = make([]float64, 5)
		for s, v := range x[2] {
			lower[2][s] = v - 1
		}
		after := Ranks(lower, .95, 300, 0)
		if after[2].Point > ranks[2].Point || after[2].Hi > ranks[2].Hi || after[2].Lo > ranks[2].Lo {
			t.Fatalf("lowered by 1, rank %+v became %+v", ranks[2], after[2])
		}
	}
}

func TestWithinP(t *testing.T) {
	// One group is the pooled test.
	p, ok := WithinP(rankX, rankY, make([]int, 5))
	near(t, "exact p", p, .2333333, 5e-8)
	// Two groups without ties: counted, against every pair of permutations.
	x := []float64{1, 2, 3, 1, 2, 3}
	y := []float64{1, 2, 3, 1, 3, 2} // S = 3 + 1
	p, ok2 := WithinP(x, y, []int{0, 0, 0, 1, 1, 1})
	// S of three points is 3, 1, 1, -1, -1, -3: |sum| >= 4 in (3,1)x4 and (3,3), twice.
	near(t, "two groups", p, 10./36, 1e-12)
	if !ok || !ok2 {
		t.Error("undefined")
	}
	// Ties are met by permutations; the normal approximation of larger samples agrees with them.
	r := rng.New(0, "test.withinp", 0)
	var a, b []float64
	var g []int
	for i := range 40 {
		v := float64(r.IntN(12))
		a, b, g = append(a, v), append(b, v/4+float64(r.IntN(8))), append(g, i%4)
	}
	drawn, _ := WithinP(a, b, g)
	variance := 0.0
	s := 0
	for k := range 4 {
		var ga, gb []float64
		for i := range a {
			if g[i] == k {
				ga, gb = append(ga, a[i]), append(gb, b[i])
			}
		}
		gs, _, _ := pairs(ga, gb)
		s += gs
		variance += kendallVariance(len(ga), tieCounts(ga), tieCounts(gb))
	}
	near(t, "permutations and the normal", drawn, 2*standardNormal.Survival(math.Abs(float64(s))/math.Sqrt(variance)), 0.02)
	if _, ok := WithinP(x, []float64{1, 1, 1, 2, 2, 2}, []int{0, 0, 0, 1, 1, 1}); ok {
		t.Error("constant in groups, yet a p")
	}
}

// TestJackknifeIsTheDeletedStatistic compares the sums that leave out a point with the statistics of the other points, and
// the interval with the bootstrap's.
func TestJackknifeIsTheDeletedStatistic(t *testing.T) {
	r := rng.New(3, "test.jackknife", 0)
	const n = 60
	x, y, z, group := make([]float64, n), make([]float64, n), make([]float64, n), make([]int, n)
	for i := range n {
		z[i] = float64(r.IntN(10))
		x[i] = z[i] + float64(r.IntN(12))
		y[i] = .6*x[i] + float64(r.IntN(9))
		group[i] = i % 3
	}
	p := newParts(x, y, group)
	for i := range n {
		dx, dy := append(append([]float64(nil), x[:i]...), x[i+1:]...), append(append([]float64(nil), y[:i]...), y[i+1:]...)
		dg := append(append([]int(nil), group[:i]...), group[i+1:]...)
		want, _, _ := WithinTau(dx, dy, dg)
		got, _ := p.tau(i)
		near(t, "τ without a point", got, want, 1e-12)
	}
	b := NewBootstrap(group, 4000, 0)
	for name, c := range map[string][2]Estimate{
		"pooled":  {TauJackknife(x, y, group, .95), b.BCa(TauStatistic(x, y), .95)},
		"within":  {WithinTauJackknife(x, y, group, .95), b.BCa(WithinTauStatistic(x, y, group), .95)},
		"partial": {PartialTauJackknife(x, y, z, group, .95), b.BCa(PartialTauStatistic(x, y, z), .95)},
	} {
		near(t, name, c[0].Value, c[1].Value, 1e-12)
		near(t, name+" lo", c[0].Lo, c[1].Lo, .06)
		near(t, name+" hi", c[0].Hi, c[1].Hi, .06)
	}
}

// TestConcordanceCountsPairs compares the tree with every pair, with ties on both sides.
func TestConcordanceCountsPairs(t *testing.T) {
	for k := range 50 {
		r := rng.New(uint64(k), "test.concordance", 0)
		n := 1 + r.IntN(40)
		x, y := make([]float64, n), make([]float64, n)
		for i := range n {
			x[i], y[i] = float64(r.IntN(12)), float64(r.IntN(9))-4
		}
		got := concordance(x, y)
		each, all := untied(x)
		sum := 0
		for i := range n {
			want, ux := 0, 0
			for j := range n {
				want += sign(x[i]-x[j]) * sign(y[i]-y[j])
				ux += sign(x[i]-x[j]) * sign(x[i]-x[j])
			}
			sum += ux
			if got[i] != want || each[i] != ux {
				t.Fatalf("point %d: %d and %d, want %d and %d; x = %v, y = %v", i, got[i], each[i], want, ux, x, y)
			}
		}
		if all != sum/2 {
			t.Fatalf("%d untied pairs, want %d", all, sum/2)
		}
	}
}

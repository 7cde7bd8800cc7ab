package stats

import (
	"math"
	"testing"
)

var (
	tiedX = []float64{1, 2, 2, 3, 4, 5}
	tiedY = []float64{1, 3, 2, 2, 5, 4}
	rankX = []float64{1, 2, 3, 4, 5}
	rankY = []float64{1, 3, 2, 5, 4}
)

func TestCorrelations(t *testing.T) {
	r, ok := Pearson(tiedX, tiedY)
	near(t, "Pearson", r, .8153846154, 1e-10)
	rho, ok2 := Spearman(tiedX, tiedY)
	near(t, "Spearman", rho, .8088235294, 1e-10)
	rho, ok3 := Spearman(rankX, rankY)
	near(t, "Spearman", rho, .8, 1e-12)
	if !ok || !ok2 || !ok3 {
		t.Error("undefined")
	}
	for _, c := range [][2][]float64{{{1, 1, 1}, {1, 2, 3}}, {{1, 2}, {5, 5}}, {nil, nil}, {{1}, {1}}, {{1, math.NaN()}, {1, 2}}} {
		if _, ok := Pearson(c[0], c[1]); ok {
			t.Errorf("Pearson(%v) is defined", c)
		}
		if _, ok := Spearman(c[0], c[1]); ok {
			t.Errorf("Spearman(%v) is defined", c)
		}
		if k := Kendall(c[0], c[1]); k.OK || k.Tau != 0 {
			t.Errorf("Kendall(%v) = %+v, want undefined", c, k)
		}
	}
}

func TestMidRanks(t *testing.T) {
	got := MidRanks([]float64{5, 1, 5, 5, 0})
	for i, want := range []float64{4, 2, 4, 4, 1} {
		if got[i] != want {
			t.Fatalf("ranks %v", got)
		}
	}
}

func TestKendall(t *testing.T) {
	k := Kendall(tiedX, tiedY)
	near(t, "tau_b", k.Tau, .6428571429, 1e-10)
	near(t, "p with ties", k.P, .0798387, 5e-8)
	if k.S != 9 || k.Exact || !k.OK || k.N != 6 {
		t.Errorf("%+v", k)
	}
	k = Kendall(rankX, rankY)
	near(t, "tau", k.Tau, .6, 1e-12)
	near(t, "exact p", k.P, .2333333, 5e-8)
	if !k.Exact {
		t.Error("not exact")
	}
	// scipy.stats.kendalltau(method="asymptotic") prints .14164469.
	near(t, "normal p", kendallNormalP(6, 5, nil, nil), .1416447, 5e-8)
	// The sign of a tie is nothing, whichever side is constant and in whatever order it runs.
	for _, y := range [][]float64{{2, 2, 2}, {3, 2, 1}, {1, 2, 3}} {
		if k := Kendall([]float64{1, 1, 1}, y); k.OK {
			t.Errorf("constant x against %v: %+v", y, k)
		}
	}
}

// TestKendallExactP compares with a count over all permutations.
func TestKendallExactP(t *testing.T) {
	const n = 6
	counts := map[int]int{}
	perm := []float64{0, 1, 2, 3, 4, 5}
	total := 0
	var visit func(k int)
	visit = func(k int) {
		if k == n {
			s, _, _ := pairs([]float64{0, 1, 2, 3, 4, 5}, perm)
			counts[abs(s)]++
			total++
			return
		}
		for i := k; i < n; i++ {
			perm[k], perm[i] = perm[i], perm[k]
			visit(k + 1)
			perm[k], perm[i] = perm[i], perm[k]
		}
	}
	visit(0)
	for s := 1; s <= 15; s += 2 {
		tail := 0
		for size, c := range counts {
			if size >= s {
				tail += c
			}
		}
		near(t, "exact p", kendallExactP(s, n), float64(tail)/float64(total), 1e-12)
	}
}

func TestKendallNormal(t *testing.T) {
	// n = 30 without ties and τ = .5 is z = 3.88042.
	n := 30.0
	z := 3 * .5 * math.Sqrt(n*(n-1)) / math.Sqrt(2*(2*n+5))
	near(t, "z", z, 3.88042, 5e-6)
	s := .5 * n * (n - 1) / 2
	near(t, "p", kendallNormalP(217, 30, nil, nil), 2*standardNormal.Survival(3.88042*217/s), 1e-8)
	for n, want := range map[int]float64{10: .487, 20: .318, 30: .253, 50: .191, 100: .133} {
		near(t, "detectable tau", DetectableTau(n, 0.05), want, 5e-4)
	}
	if DetectableTau(1, 0.05) != 1 || DetectableTau(2, 0.05) != 1 {
		t.Error("two points detect something")
	}
}

func TestCorrelationIntervals(t *testing.T) {
	type interval func(float64, int, float64) (float64, float64, bool)
	for _, c := range []struct {
		name   string
		f      interval
		lo, hi float64
	}{
		{"Kendall", KendallInterval, .28692, .66594},
		{"Pearson", PearsonInterval, .17042, .72896},
		{"Spearman", SpearmanInterval, .14812, .73951},
	} {
		lo, hi, ok := c.f(.5, 30, .95)
		if !ok {
			t.Errorf("%s undefined", c.name)
		}
		// The expected digits come from z = 1.96; the code uses 1.959964.
		near(t, c.name+" lo", lo, c.lo, 2e-5)
		near(t, c.name+" hi", hi, c.hi, 2e-5)
		if _, _, ok := c.f(1, 30, .95); ok {
			t.Errorf("%s of 1 has an interval", c.name)
		}
		if _, _, ok := c.f(.5, 3, .95); ok {
			t.Errorf("%s of three points has an interval", c.name)
		}
	}
}

func TestSimpson(t *testing.T) {
	x := []float64{1, 2, 3, 4, 6, 7, 8, 9}
	y := []float64{4, 3, 2, 1, 9, 8, 7, 6}
	g := []int{0, 0, 0, 0, 1, 1, 1, 1}
	near(t, "pooled", Kendall(x, y).Tau, .1428571, 5e-8)
	r, _ := Pearson(x, y)
	near(t, "Pearson", r, .6666667, 5e-8)
	for _, k := range []int{0, 1} {
		one, _, ok := WithinTau(x[4*k:4*k+4], y[4*k:4*k+4], g[4*k:4*k+4])
		if !ok || one != -1 {
			t.Errorf("group %d: %g", k, one)
		}
	}
	within, groups, ok := WithinTau(x, y, g)
	if !ok || within != -1 || groups != 2 {
		t.Errorf("within %g over %d groups", within, groups)
	}
	if _, groups, ok := WithinTau(x, y, []int{0, 1, 2, 3, 4, 5, 6, 7}); ok || groups != 0 {
		t.Error("groups of one have a within-group tau")
	}
	// S = 0 in a group still counts in the denominator: (6-0)/(6+6) with group 1 at τ = 0.
	within, groups, ok = WithinTau([]float64{1, 2, 3, 4, 1, 2, 3, 4}, []float64{1, 2, 3, 4, 2, 4, 1, 3}, g)
	if !ok || within != 0.5 || groups != 2 {
		t.Errorf("within %g over %d groups, want 0.5 over 2", within, groups)
	}
}

func TestPartial(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	y := []float64{2, 1, 4, 3, 6, 5}
	z := []float64{1, 1, 2, 2, 3, 3}
	rxy, _ := Pearson(x, y)
	rxz, _ := Pearson(x, z)
	ryz, _ := Pearson(y, z)
	near(t, "r_xy", rxy, .8285714, 5e-8)
	near(t, "r_xz", rxz, .9561829, 5e-8)
	near(t, "r_yz", ryz, .9561829, 5e-8)
	r, ok := Partial(rxy, rxz, ryz)
	near(t, "partial r", r, -1, 1e-9)
	near(t, "tau_xy", Kendall(x, y).Tau, .6, 1e-12)
	near(t, "tau_xz", Kendall(x, z).Tau, .8944272, 5e-8)
	near(t, "tau_yz", Kendall(y, z).Tau, .8944272, 5e-8)
	tau, ok2 := PartialTau(x, y, z)
	near(t, "partial tau", tau, -1, 1e-9)
	if !ok || !ok2 {
		t.Error("undefined")
	}
	if _, ok := PartialTau(x, y, x); ok {
		t.Error("partial tau given x itself is defined")
	}
	if _, ok := PartialTau(x, y, []float64{1, 1, 1, 1, 1, 1}); ok {
		t.Error("partial tau given a constant is defined")
	}
}

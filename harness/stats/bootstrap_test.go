package stats

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

func TestJackknifeAndAcceleration(t *testing.T) {
	x := []float64{3, 1, 2, 4, 5}
	y := []float64{2, 1, 3, 5, 4}
	stat := TauStatistic(x, y)
	tau, ok := stat([]float64{1, 1, 1, 1, 1})
	if !ok {
		t.Fatal("undefined")
	}
	near(t, "tau", tau, .6, 1e-12)
	jack := Jackknife(stat, 5)
	for i, want := range []float64{2. / 3, 1. / 3, 2. / 3, 2. / 3, 2. / 3} {
		near(t, "jackknife", jack[i], want, 1e-12)
	}
	near(t, "acceleration", Acceleration(jack), .1118033989, 5e-11)
	e := NewBootstrap(make([]int, 5), 200, 0).BCa(stat, 0.95)
	if e.Interval || !e.OK || len(e.Warnings) != 1 {
		t.Errorf("five clusters: %+v, want the point alone", e)
	}
}

// duplicated computes τ_b from the resampled points themselves, leaving out the pairs of a point with its own copy.
func duplicated(x, y, w []float64) (float64, bool) {
	var who []int
	for i, c := range w {
		for range int(c) {
			who = append(who, i)
		}
	}
	var s, usedX, usedY float64
	for a := range who {
		for b := range a {
			i, j := who[a], who[b]
			if i == j {
				continue
			}
			sx, sy := float64(sign(x[i]-x[j])), float64(sign(y[i]-y[j]))
			s += sx * sy
			usedX += sx * sx
			usedY += sy * sy
		}
	}
	if usedX == 0 || usedY == 0 {
		return 0, false
	}
	return s / math.Sqrt(usedX*usedY), true
}

func TestWeightedStatistics(t *testing.T) {
	const n = 12
	r := rng.New(1, "test", 0)
	x, y, z := make([]float64, n), make([]float64, n), make([]float64, n)
	group := make([]int, n)
	for i := range n {
		x[i], y[i], z[i] = float64(r.IntN(7)), float64(r.IntN(6)), float64(r.IntN(4))
		group[i] = i % 3
	}
	tau, within, partial := TauStatistic(x, y), WithinTauStatistic(x, y, group), PartialTauStatistic(x, y, z)
	ones := make([]float64, n)
	for i := range ones {
		ones[i] = 1
	}
	got, _ := tau(ones)
	near(t, "tau", got, Kendall(x, y).Tau, 1e-12)
	got, _ = within(ones)
	want, _, _ := WithinTau(x, y, group)
	near(t, "within", got, want, 1e-12)
	got, _ = partial(ones)
	want, _ = PartialTau(x, y, z)
	near(t, "partial", got, want, 1e-12)
	b := NewBootstrap(make([]int, n), 50, 3)
	for k := range 50 {
		w := b.weights[k*n : (k+1)*n]
		got, ok := tau(w)
		want, ok2 := duplicated(x, y, w)
		if ok != ok2 {
			t.Fatal("defined on one side only")
		}
		near(t, "resampled tau", got, want, 1e-12)
		// Within groups, the same from the groups' own points.
		var s, d float64
		for g := range 3 {
			masked := make([]float64, n)
			for i := range w {
				if group[i] == g {
					masked[i] = w[i]
				}
			}
			if part, ok := duplicated(x, y, masked); ok {
				gs, usedX, usedY := newTauTable(x, y).count(masked, nil)
				near(t, "group tau", gs/math.Sqrt(usedX*usedY), part, 1e-12)
				s += gs
				d += math.Sqrt(usedX * usedY)
			}
		}
		if got, ok = within(w); ok != (d > 0) {
			t.Fatal("within defined on one side only")
		} else if ok {
			near(t, "resampled within", got, s/d, 1e-12)
		}
	}
}

func TestStrataKeepTheirSizes(t *testing.T) {
	strata := []int{0, 0, 0, 1, 1, 2, 3, 1, 0}
	b := NewBootstrap(strata, 300, 5)
	varied := false
	for k := range 300 {
		w := b.weights[k*9 : (k+1)*9]
		sums := map[int]float64{}
		for i, g := range strata {
			if g > 1 {
				g = 2 // the two strata of one cluster are resampled together
			}
			sums[g] += w[i]
		}
		if sums[0] != 4 || sums[1] != 3 || sums[2] != 2 {
			t.Fatalf("resample %d has %v", k, sums)
		}
		varied = varied || w[5] != 1
	}
	if !varied {
		t.Error("strata of one cluster never vary")
	}
}

// TestBCaOfAMean: for a symmetric sample the interval of the mean must be about mean ± z·√(Σd²)/n; a skewed sample must
// move both ends to the side of the long tail.
func TestBCaOfAMean(t *testing.T) {
	meanOf := func(x []float64) Statistic {
		return func(w []float64) (float64, bool) {
			var s, n float64
			for i := range x {
				s += w[i] * x[i]
				n += w[i]
			}
			return s / n, n > 0
		}
	}
	const n = 40
	x := make([]float64, n)
	ss := 0.0
	for i := range x {
		x[i] = float64(i) - (n-1)/2.0
		ss += x[i] * x[i]
	}
	e := NewBootstrap(make([]int, n), 10_000, 1).BCa(meanOf(x), 0.95)
	half := 1.959964 * math.Sqrt(ss) / n
	// The ends are themselves known to some 0.05 from 10 000 resamples, and the bias correction moves both together.
	near(t, "lo", e.Lo, -half, 0.2)
	near(t, "hi", e.Hi, half, 0.2)
	for i := range x {
		x[i] = math.Exp(float64(i) / 10)
	}
	e = NewBootstrap(make([]int, n), 10_000, 1).BCa(meanOf(x), 0.95)
	if !(e.Hi-e.Value > 1.1*(e.Value-e.Lo)) {
		t.Errorf("skewed sample: [%g, %g] around %g is not skewed", e.Lo, e.Hi, e.Value)
	}
}

func TestBCaWithoutInterval(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}
	b := NewBootstrap(make([]int, 9), 500, 0)
	if e := b.BCa(TauStatistic(x, x), 0.95); e.Interval || e.Value != 1 || len(e.Warnings) != 1 {
		t.Errorf("perfect order: %+v", e)
	}
	if e := b.BCa(TauStatistic(x, make([]float64, 9)), 0.95); e.OK || len(e.Warnings) != 1 {
		t.Errorf("constant: %+v", e)
	}
	y := make([]float64, 9)
	y[4] = 1 // a resample without cluster 4 is constant: a third of them
	if e := b.BCa(TauStatistic(x[:9], y), 0.95); e.Interval || len(e.Warnings) != 1 {
		t.Errorf("mostly undefined: %+v", e)
	}
	if e := NewBootstrap(make([]int, 9), 0, 0).BCa(TauStatistic(x, []float64{1, 2, 3, 4, 5, 6, 7, 9, 8}), 0.95); e.Interval || !e.OK {
		t.Errorf("no resample: %+v", e)
	}
}

// TestBCaCoverage: the interval of τ for independent samples must miss 0 about one time in twenty.
func TestBCaCoverage(t *testing.T) {
	const n, trials = 24, 200
	missed := 0
	b := NewBootstrap(make([]int, n), 600, 2)
	for k := range trials {
		r := rng.New(uint64(k), "test.coverage", 0)
		x, y := make([]float64, n), make([]float64, n)
		for i := range n {
			x[i], y[i] = r.Norm(), r.Norm()
		}
		if e := b.BCa(TauStatistic(x, y), 0.95); !e.Contains(0) {
			missed++
		}
	}
	// Binomial(200, .05) has mean 10, sd 3.1; BCa at n = 24 is known to miss a little more often.
	if missed > 26 || missed < 1 {
		t.Errorf("the 95 %% interval missed %d of %d times", missed, trials)
	}
}

func TestRanks(t *testing.T) {
	x := [][]float64{
		{33.5, 33.1, 33.9, 33.4, 33.6, 33.3}, // between
		{31.9, 32.1, 31.7, 32.0, 31.8, 31.9}, // clearly best
		{33.4, 33.4, 33.6, 33.7, 33.2, 33.8}, // indistinguishable from the first
	}
	r := Ranks(x, 0.95, 10_000, 0)
	for i, want := range []string{"2–3", "1", "2–3"} {
		if r[i].String() != want {
			t.Errorf("entrant %d: %s, want %s (%+v)", i, r[i], want, r[i])
		}
	}
	if r[0].Point != 2 || r[2].Point != 3 {
		t.Errorf("points %d, %d", r[0].Point, r[2].Point)
	}
	again := Ranks(x, 0.95, 10_000, 0)
	for i := range r {
		if r[i].Lo != again[i].Lo || r[i].Hi != again[i].Hi {
			t.Error("the same data gave two intervals")
		}
	}
}

// TestRanksPair: a constant difference on the same noisy seeds is certain, because the draw of seeds is shared.
func TestRanksPair(t *testing.T) {
	a := []float64{10, 20, 30, 40, 50}
	b := make([]float64, len(a))
	for i := range a {
		b[i] = a[i] + 0.5
	}
	r := Ranks([][]float64{b, a}, 0.95, 2000, 0)
	if r[0].String() != "2" || r[1].String() != "1" {
		t.Errorf("ranks %s and %s", r[0], r[1])
	}
}

func TestRanksOfFewSeeds(t *testing.T) {
	r := Ranks([][]float64{{3}, {1}, {2}, {1}}, 0.95, 100, 0)
	for i, want := range []int{4, 1, 3, 1} {
		if r[i].Point != want || r[i].Interval || len(r[i].Warnings) != 1 {
			t.Errorf("entrant %d: %+v, want rank %d without an interval", i, r[i], want)
		}
	}
	// Two seeds, t = 12.7: a difference of 0.9 with noise 0.3 is not certain, although both draws agree on it.
	r = Ranks([][]float64{{1, 1.3}, {2.2, 1.9}}, 0.95, 2000, 0)
	if r[0].String() != "1–2" {
		t.Errorf("two seeds: %s", r[0])
	}
	if len(Ranks(nil, 0.95, 10, 0)) != 0 {
		t.Error("ranks of nobody")
	}
}

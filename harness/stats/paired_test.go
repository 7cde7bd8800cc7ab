package stats

import (
	"math"
	"testing"
)

func TestPairedSeeds(t *testing.T) {
	c := Paired(seedsA, seedsB, 0.95)
	near(t, "difference", c.Delta.Value, 0.32, 1e-12)
	near(t, "t", c.T, 3.719924, 5e-7)
	near(t, "p of t", c.PT, 0.0204759, 5e-8)
	near(t, "sign-flip p", c.P, 0.0625, 1e-15)
	if !c.Exact || !c.HasT {
		t.Errorf("not exact: %+v", c)
	}
	// t_{.975,4}·sd/√5 with sd = .32√5/t.
	near(t, "half width", c.Delta.Half(), 2.7764451*0.32/3.719924, 1e-6)
}

// bruteSignFlip counts every assignment of signs one by one.
func bruteSignFlip(d []float64) float64 {
	n, hits := len(d), 0
	limit := 0.0
	for _, v := range d {
		limit += v
	}
	limit = math.Abs(limit) - 1e-9
	for k := range 1 << n {
		s := 0.0
		for i, v := range d {
			if k>>i&1 == 1 {
				v = -v
			}
			s += v
		}
		if math.Abs(s) >= limit {
			hits++
		}
	}
	return float64(hits) / float64(int(1)<<n)
}

func TestSignFlipCountsEveryAssignment(t *testing.T) {
	for _, d := range [][]float64{{1}, {1, -1}, {0, 0, 0}, {3, -1, 2, 0.5, -0.25, 4}, {0.1, 0.2, 0.3, -0.4, 0.6, 0.1, -0.1, 0.2}} {
		p, exact := SignFlip(d, 0)
		if !exact {
			t.Errorf("%v: not exact", d)
		}
		near(t, "p", p, bruteSignFlip(d), 1e-15)
	}
}

func TestSignFlipDrawsBeyondTwenty(t *testing.T) {
	d := make([]float64, 24)
	for i := range d {
		d[i] = 1
		if i >= 16 {
			d[i] = -1
		}
	}
	// Equal sizes: the p is the binomial one, P(|B-12| >= 4) for B ~ Bin(24, 1/2) = 0.1516.
	p, exact := SignFlip(d, 1)
	if exact {
		t.Error("24 pairs counted exactly")
	}
	near(t, "p", p, 0.15158, 0.005)
	if again, _ := SignFlip(d, 1); again != p {
		t.Errorf("the same seed gave %g and %g", p, again)
	}
}

func TestPairsNeeded(t *testing.T) {
	for n, want := range map[int]float64{3: 0.25, 5: 0.0625, 6: 0.03125, 8: 0.0078125} {
		if got := SmallestSignFlipP(n, 1); got != want {
			t.Errorf("%d pairs: %g, want %g", n, got, want)
		}
	}
	for m, want := range map[int]int{1: 6, 2: 7, 3: 7, 4: 8} {
		if got := PairsNeeded(m, 0.05); got != want {
			t.Errorf("%d comparisons need %d pairs, want %d", m, got, want)
		}
	}
	if p := SmallestSignFlipP(1, 3); p != 1 {
		t.Errorf("one pair: %g", p)
	}
}

func TestPairedEdges(t *testing.T) {
	if c := Paired(nil, nil, 0.95); c.Delta.OK || c.P != 1 {
		t.Errorf("no pair: %+v", c)
	}
	c := Paired([]float64{1, 2, 3}, []float64{1, 2, 3}, 0.95)
	if c.P != 1 || c.HasT || c.Delta.Value != 0 {
		t.Errorf("equal samples: %+v", c)
	}
	defer func() {
		if recover() == nil {
			t.Error("unequal lengths did not panic")
		}
	}()
	Paired([]float64{1}, nil, 0.95)
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{.01, .04, .03, .005})
	for i, want := range []float64{.03, .06, .06, .02} {
		near(t, "adjusted p", got[i], want, 1e-15)
	}
	if got := Holm([]float64{0.9, 0.8}); got[0] != 1 || got[1] != 1 {
		t.Errorf("Holm passes 1: %v", got)
	}
	if got := Holm(nil); len(got) != 0 {
		t.Errorf("Holm of nothing: %v", got)
	}
}

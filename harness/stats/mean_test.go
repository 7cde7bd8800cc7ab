package stats

import (
	"math"
	"testing"
)

// near fails unless got is within tol of want.
func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s = %.10g, want %.10g", what, got, want)
	}
}

var (
	seedsA = []float64{91.2, 91.5, 90.9, 91.8, 91.1}
	seedsB = []float64{90.8, 91.3, 90.6, 91.2, 91.0}
)

func TestMeanOfSeeds(t *testing.T) {
	e := MeanCI(seedsA, 0.95)
	sd, ok := SD(seedsA)
	if !ok || !e.OK || !e.Interval || e.N != 5 {
		t.Fatalf("undefined: %+v", e)
	}
	near(t, "mean", e.Value, 91.3, 1e-12)
	near(t, "sd", sd, 0.3535534, 5e-8)
	near(t, "standard error", sd/math.Sqrt(5), 0.1581139, 5e-8)
	near(t, "half width", e.Half(), 0.4389945, 5e-8)
	near(t, "lo", e.Lo, 91.3-0.4389945, 5e-8)
	if e.Half() < 2.7*0.1414214 {
		t.Errorf("half width %g: the population sd over √n (0.1414) is not a 95 %% interval", e.Half())
	}
}

func TestStudentQuantiles(t *testing.T) {
	for n, want := range map[int]float64{3: 4.30265, 5: 2.77645, 10: 2.26216} {
		near(t, "t quantile", tQuantile(0.975, float64(n-1)), want, 5e-6)
	}
}

func TestMeanWithoutInterval(t *testing.T) {
	for _, x := range [][]float64{nil, {math.NaN(), 1}, {math.Inf(1)}} {
		if e := MeanCI(x, 0.95); e.OK || e.Interval || len(e.Warnings) == 0 {
			t.Errorf("MeanCI(%v) = %+v, want an undefined mean with a warning", x, e)
		}
	}
	e := MeanCI([]float64{3}, 0.95)
	if !e.OK || e.Value != 3 || e.Interval || len(e.Warnings) != 1 || !e.Contains(1e9) || e.Half() != 0 {
		t.Errorf("one observation: %+v", e)
	}
	e = MeanCI([]float64{2, 2, 2}, 0.95)
	if !e.Interval || e.Lo != 2 || e.Hi != 2 || len(e.Warnings) != 1 {
		t.Errorf("equal observations: %+v", e)
	}
	// 0.1 has no exact binary form: equal numbers must still have sd 0.
	if sd, _ := SD([]float64{0.1, 0.1, 0.1}); sd != 0 {
		t.Errorf("sd of equal numbers %g", sd)
	}
}

func TestQuantileIsTypeSeven(t *testing.T) {
	for _, c := range []struct {
		x       []float64
		p, want float64
	}{
		{[]float64{4, 1, 3, 2}, 0.25, 1.75},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{4, 1, 3, 2}, 0, 1},
		{[]float64{4, 1, 3, 2}, 1, 4},
		{[]float64{7}, 0.3, 7},
		{[]float64{1, 2, 3, 4, 10}, 0.9, 7.6},
	} {
		q, ok := Quantile(c.x, c.p)
		if !ok {
			t.Fatalf("Quantile(%v, %g) undefined", c.x, c.p)
		}
		near(t, "quantile", q, c.want, 1e-12)
	}
	for _, p := range []float64{-0.1, 1.1, math.NaN()} {
		if _, ok := Quantile([]float64{1}, p); ok {
			t.Errorf("Quantile at %g is defined", p)
		}
	}
	x := []float64{2, 1}
	Quantile(x, 0.5)
	if x[0] != 2 {
		t.Error("Quantile sorted the caller's slice")
	}
}

func TestWilson(t *testing.T) {
	e := Wilson(90, 100, 0.95)
	near(t, "lo", e.Lo, 0.825634, 5e-7)
	near(t, "hi", e.Hi, 0.944771, 5e-7)
	if e := Wilson(0, 10, 0.95); e.Lo != 0 || e.Value != 0 || !(e.Hi > 0.2) {
		t.Errorf("no success: %+v", e)
	}
	if e := Wilson(0, 0, 0.95); e.OK {
		t.Errorf("no observation: %+v", e)
	}
}

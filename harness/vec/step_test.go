package vec

import (
	"math"
	"slices"
	"testing"
)

// Each update is checked against the formula in float64. One step of float32 arithmetic on numbers of size 1 has a few
// roundings of 6e-8 each; Adam's quotient is of size 1/Rest1 at most.
const stepTolerance = 1e-6

func near(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i := range got {
		if math.Abs(float64(got[i])-want[i]) > stepTolerance*math.Max(1, math.Abs(want[i])) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func TestSGDFamily(t *testing.T) {
	const n = 19
	for _, s := range []SGDStep{
		{Rate: 0.1},
		{Rate: 0.1, L2: 0.02},
		{Rate: 0.1, Decay: 0.03},
		{Rate: 0.1, Momentum: 0.9},
		{Rate: 0.1, Momentum: 0.9, L2: 0.02},
		{Rate: 0.1, Momentum: 0.9, Decay: 0.03},
		{Rate: 0.1, Momentum: 0.9, Nesterov: true},
		{Rate: 0.1, Momentum: 0.9, Nesterov: true, L2: 0.02, Decay: 0.03},
	} {
		w, b := normal(n, "w"), make([]float32, n)
		rw, rb := make([]float64, n), make([]float64, n)
		for i, v := range w {
			rw[i] = float64(v)
		}
		for step := range 5 {
			g := normal(n, "g"+string(rune('a'+step)))
			before := slices.Clone(g)
			if s.Momentum == 0 {
				SGD(w, g, s)
			} else {
				Momentum(w, b, g, s)
			}
			if !slices.Equal(g, before) {
				t.Fatalf("%+v: the gradient was modified", s)
			}
			for i := range rw {
				d := float64(g[i]) + float64(s.L2)*rw[i]
				rb[i] = float64(s.Momentum)*rb[i] + d
				u := rb[i]
				if s.Nesterov {
					u = d + float64(s.Momentum)*rb[i]
				}
				rw[i] = (1-float64(s.Decay))*rw[i] - float64(s.Rate)*u
			}
		}
		near(t, "w", w, rw)
		if s.Momentum != 0 {
			near(t, "b", b, rb)
		}
	}
}

// With μ = 0 the two kernels are the same step, and the two forms of the first buffer agree, bit for bit.
func TestMomentumDegenerates(t *testing.T) {
	const n = 33
	for _, s := range []SGDStep{{Rate: 0.3}, {Rate: 0.3, L2: 0.01}, {Rate: 0.3, Decay: 0.1}} {
		a, b, g := normal(n, "w"), make([]float32, n), normal(n, "g")
		c := slices.Clone(a)
		SGD(a, g, s)
		Momentum(c, b, g, s)
		if !slices.Equal(a, c) {
			t.Errorf("%+v: momentum 0 differs from SGD", s)
		}
	}
	b, g := make([]float32, n), normal(n, "g")
	Momentum(make([]float32, n), b, g, SGDStep{Rate: 0.3, Momentum: 0.9})
	if !slices.Equal(b, g) {
		t.Error("the first buffer is not the gradient")
	}
}

func TestAdam(t *testing.T) {
	const n, rate, beta1, beta2, eps = 19, 0.01, 0.9, 0.999, 1e-8
	for _, c := range []struct{ l2, decay float32 }{{}, {l2: 0.02}, {decay: 0.03}} {
		w, m, v := normal(n, "w"), make([]float32, n), make([]float32, n)
		rw, rm, rv := make([]float64, n), make([]float64, n), make([]float64, n)
		for i, x := range w {
			rw[i] = float64(x)
		}
		for step := range 6 {
			g, h := normal(n, "g"+string(rune('a'+step))), normal(n, "h"+string(rune('a'+step)))
			s := NewAdamStep(rate, beta1, beta2, eps, uint64(step+1))
			s.L2, s.Decay = c.l2, c.decay
			Adam(w, m, v, g, h, s)
			for i := range rw {
				a := float64(g[i]) + float64(c.l2)*rw[i]
				b := float64(h[i]) + float64(c.l2)*rw[i]
				rm[i] = beta1*rm[i] + (1-beta1)*a
				rv[i] = beta2*rv[i] + (1-beta2)*b*b
				mhat := rm[i] / (1 - math.Pow(beta1, float64(step+1)))
				vhat := rv[i] / (1 - math.Pow(beta2, float64(step+1)))
				rw[i] = (1-float64(c.decay))*rw[i] - rate*mhat/(math.Sqrt(vhat)+eps)
			}
		}
		near(t, "w", w, rw)
		near(t, "m", m, rm)
		near(t, "v", v, rv)
	}
}

// Adam's first step has size rate in every coordinate, whatever the gradient's scale.
func TestAdamFirstStepIsSign(t *testing.T) {
	g := []float32{1e-6, -3, 1e6, 0}
	w, m, v := make([]float32, 4), make([]float32, 4), make([]float32, 4)
	Adam(w, m, v, g, g, NewAdamStep(0.01, 0.9, 0.999, 1e-12, 1))
	near(t, "w", w, []float64{-0.01, 0.01, -0.01, 0})
}

func TestZeroRateKeepsBits(t *testing.T) {
	w, g := normal(100, "w"), normal(100, "g")
	a := slices.Clone(w)
	b, m, v := make([]float32, 100), make([]float32, 100), make([]float32, 100)
	SGD(a, g, SGDStep{L2: 0.1})
	Momentum(a, b, g, SGDStep{Momentum: 0.9})
	Momentum(a, b, g, SGDStep{Momentum: 0.9, Nesterov: true, L2: 0.1})
	Adam(a, m, v, g, g, NewAdamStep(0, 0.9, 0.999, 1e-8, 1))
	if !slices.Equal(a, w) {
		t.Error("a step of rate 0 changed the parameters")
	}
}

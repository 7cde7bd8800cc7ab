package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestRows compares the sums over rows with loops that follow the documentation, bit by bit, on every instruction set
// and with the rows in one call and in two. Elements around out must stay as they are.
func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for trial := range 200 {
		n, columns := 1+r.IntN(9), 1+r.IntN(100)
		stride := columns + r.IntN(5)
		stepA := trial % 2
		wild := trial%4 >= 2
		x, a := spiced(r, n*stride, wild), spiced(r, n, false)
		var e []float32
		if trial%3 == 0 {
			e = random(r, columns)
		}
		clip := []float32{0.5, 1.7, float32(math.Inf(1))}[trial%3]
		start := random(r, columns+2)

		scaled, clamped, squares := append([]float32(nil), start...), append([]float32(nil), start...), append([]float32(nil), start...)
		for j := range columns {
			for i := range n {
				scaled[1+j] += float32(a[i] * x[i*stride+j])
				v := float32(a[i*stepA] * x[i*stride+j])
				if e != nil {
					v += e[j]
				}
				squares[1+j] += float32(v * v)
				if v == v {
					v = min(max(v, -clip), clip)
				}
				clamped[1+j] += v
			}
		}
		for _, isa := range isas() {
			for _, first := range []int{0, n, r.IntN(n + 1)} {
				restore := Use(isa)
				what := fmt.Sprintf("trial %d, %v, %d of %d rows, %d columns: ", trial, isa, first, n, columns)
				rows := func(from, to int) *Rows {
					if from == to {
						return &Rows{}
					}
					return &Rows{N: to - from, A: a[from*stepA:], StepA: stepA, X: x[from*stride:], Stride: stride, E: e}
				}
				got := append([]float32(nil), start...)
				AddScaled(got[1:1+columns], a[:first], x, stride)
				AddScaled(got[1:1+columns], a[first:], x[first*stride:], stride)
				sameBits(t, what+"scaled", got, scaled)
				copy(got, start)
				rows(0, first).AddClamped(clip, got[1:1+columns])
				rows(first, n).AddClamped(clip, got[1:1+columns])
				sameBits(t, what+"clamped", got, clamped)
				copy(got, start)
				rows(0, first).AddSquares(got[1 : 1+columns])
				rows(first, n).AddSquares(got[1 : 1+columns])
				sameBits(t, what+"squares", got, squares)
				restore()
			}
		}
	}
}

// TestSquaredNorm compares it with a plain sum, and the instruction sets with each other.
func TestSquaredNorm(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for n := range 200 {
		x := random(r, n)
		var want float64
		for _, v := range x {
			want += float64(v) * float64(v)
		}
		plain := func() float64 { defer Use(Plain)(); return SquaredNorm(x) }()
		if math.Abs(plain-want) > 1e-14*want {
			t.Errorf("%d elements: %v, want %v", n, plain, want)
		}
		for _, isa := range isas() {
			restore := Use(isa)
			same64(t, fmt.Sprintf("%v, %d elements", isa, n), []float64{SquaredNorm(x)}, []float64{plain})
			restore()
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1)} {
		x := make([]float32, 40)
		x[17] = float32(v)
		if s := SquaredNorm(x); !math.IsNaN(s) && !math.IsInf(s, 1) {
			t.Errorf("squared norm with %v is %v", v, s)
		}
	}
}

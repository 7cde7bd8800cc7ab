package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// Each pass runs on every instruction set; the vectors must give the bits of plain Go, whose formulas are those of the
// documentation, checked by hand at some places below and against float64 gradients in package engine.

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && !(got[i] != got[i] && want[i] != want[i]) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func same64(t *testing.T, what string, got, want []float64) {
	t.Helper()
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// spiced has ties, zeros of both signs and, sometimes, numbers that are not finite.
func spiced(r *rand.Rand, n int, wild bool) []float32 {
	x := random(r, n)
	for i := range x {
		switch k := r.IntN(40); {
		case k < 10:
			x[i] = float32(r.IntN(3) - 1)
		case k == 10:
			x[i] = float32(math.Copysign(0, -1))
		case k == 11 && wild:
			x[i] = float32(math.NaN())
		case k == 12 && wild:
			x[i] = float32(math.Inf(1 - 2*r.IntN(2)))
		}
	}
	return x
}

func TestElementwise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for trial := range 150 {
		c, n := 1+r.IntN(75), 1+r.IntN(9)
		wild := trial%2 == 1
		x, y, dy := spiced(r, n*c, wild), spiced(r, n*c, wild), spiced(r, n*c, wild)
		line := (2*n + r.IntN(2)) * c // sometimes an odd last pixel
		top, bottom := spiced(r, line, wild), spiced(r, line, wild)
		affine := Affine{random(r, c), spiced(r, c, false), spiced(r, c, false)}
		spread := Spread{random(r, c), random(r, c), random(r, c), random(r, c)}
		mean := make([]float64, c)
		for j := range mean {
			mean[j] = r.NormFloat64()
		}
		places := make([]uint8, n*c)
		for i := range places {
			places[i] = uint8(r.IntN(4))
		}
		tame, gentle := random(r, n*c), spiced(r, n*c, false)
		pair := append(append([]float32(nil), top...), bottom...)

		type result struct {
			f32    [][]float32
			f64    [][]float64
			u8     []uint8
			pooled []uint8
		}
		run := func() (o result) {
			s := make([][]float64, 6)
			for i := range s {
				s[i] = make([]float64, c)
				for j := range s[i] {
					s[i][j] = float64(i + j)
				}
			}
			Sums(tame, c, s[0])
			SquaredDeviations(tame, c, mean, s[1])
			GradSums(dy[:0], tame[:0], c, mean, s[2], s[3]) // nothing
			GradSums(tame, random(rand.New(rand.NewPCG(1, 1)), n*c), c, mean, s[2], s[3])
			affine.ReLUGradSums(tame, gentle, mean, s[4], s[5])
			o.f64 = s
			f := make([][]float32, 12)
			for i := range f {
				f[i] = make([]float32, line)
			}
			affine.ReLU(x, f[0])
			o.u8 = make([]uint8, n*c)
			affine.ReLUPool(top, bottom, f[1], f[2], o.u8)
			MaskGrad(y, dy, f[3])
			spread.Grad(dy, x, f[4])
			spread.PoolGrad(dy, places, top, bottom, f[5], f[6])
			spread.Rest(x, f[7])
			affine.Apply(x, f[8])
			spread.ReLUGrad(&Affine{spread.Mean, affine.Scale, affine.Shift}, dy, x, f[11])
			o.pooled = make([]uint8, n*c)
			Pool(pair, append(bottom[:line:line], top...), c, f[9], f[10], o.pooled)
			o.f32 = f
			return o
		}
		restore := Use(Plain)
		want := run()
		restore()
		for _, isa := range isas()[1:] {
			restore := Use(isa)
			got := run()
			restore()
			for i := range want.f32 {
				sameBits(t, fmt.Sprintf("%v, %d channels, %d pixels, float32 result %d", isa, c, n, i), got.f32[i], want.f32[i])
			}
			for i := range want.f64 {
				same64(t, fmt.Sprintf("%v, %d channels, %d pixels, sum %d", isa, c, n, i), got.f64[i], want.f64[i])
			}
			for i := range want.u8 {
				if got.u8[i] != want.u8[i] || got.pooled[i] != want.pooled[i] {
					t.Fatalf("%v, %d channels: place %d is %d and %d, want %d and %d", isa, c, i, got.u8[i], got.pooled[i], want.u8[i], want.pooled[i])
				}
			}
		}
	}
}

// TestReLUGradMask checks the passes that compute a ReLU's mask anew against those that are given the gradient before it.
func TestReLUGradMask(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, isa := range isas() {
		defer Use(isa)()
		for _, c := range []int{3, 8, 16, 29, 64} {
			const pixels = 7
			x, dy := spiced(r, pixels*c, true), random(r, pixels*c)
			f := Affine{random(r, c), spiced(r, c, false), spiced(r, c, false)}
			s := Spread{f.Mean, random(r, c), random(r, c), random(r, c)}
			y, d, got, want := make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x)), make([]float32, len(x))
			f.ReLU(x, y)
			MaskGrad(y, dy, d)
			s.Grad(d, x, want)
			s.ReLUGrad(&f, dy, x, got)
			sameBits(t, fmt.Sprintf("%v, %d channels, gradient", isa, c), got, want)

			x = spiced(r, pixels*c, false)
			f.ReLU(x, y)
			MaskGrad(y, dy, d)
			var sums [4][]float64
			for i := range sums {
				sums[i] = make([]float64, c)
			}
			mean := make([]float64, c)
			for j, m := range f.Mean {
				mean[j] = float64(m) + 1e-9
			}
			GradSums(d, x, c, mean, sums[0], sums[1])
			f.ReLUGradSums(dy, x, mean, sums[2], sums[3])
			same64(t, fmt.Sprintf("%v, %d channels, sums", isa, c), sums[2], sums[0])
			same64(t, fmt.Sprintf("%v, %d channels, products", isa, c), sums[3], sums[1])
		}
	}
}

// TestReLUPoolChoice checks maxima, ties and NaNs by hand.
func TestReLUPoolChoice(t *testing.T) {
	nan := float32(math.NaN())
	for _, isa := range isas() {
		defer Use(isa)()
		for _, k := range []struct {
			x     [4]float32 // top left, top right, bottom left, bottom right
			scale float32
			y, at float32
			which uint8
		}{
			{[4]float32{1, 2, 3, 4}, 1, 4, 4, 3},
			{[4]float32{1, 2, 3, 4}, -1, 0, 1, 0},
			{[4]float32{-1, -2, -3, -4}, -1, 4, -4, 3},
			{[4]float32{5, 5, 5, 5}, 1, 5, 5, 0},
			{[4]float32{1, 7, 7, 2}, 2, 14, 7, 1},
			{[4]float32{1, nan, 9, 2}, 1, nan, 9, 2},
			{[4]float32{nan, 1, 9, 2}, 1, nan, nan, 0},
			{[4]float32{1, 1, 1, nan}, 1, nan, 1, 0},
		} {
			const c = 8
			f := Affine{make([]float32, c), make([]float32, c), make([]float32, c)}
			top, bottom := make([]float32, 2*c), make([]float32, 2*c)
			for j := range c {
				f.Scale[j] = k.scale
				top[j], top[c+j], bottom[j], bottom[c+j] = k.x[0], k.x[1], k.x[2], k.x[3]
			}
			y, at, which := make([]float32, c), make([]float32, c), make([]uint8, c)
			f.ReLUPool(top, bottom, y, at, which)
			for j := range c {
				sameBits(t, fmt.Sprintf("%v %v", isa, k), []float32{y[j], at[j]}, []float32{k.y, k.at})
				if which[j] != k.which {
					t.Errorf("%v %v: place %d", isa, k, which[j])
				}
			}
			if k.scale != 1 {
				continue
			}
			z := append(append([]float32(nil), top...), bottom...)
			x := make([]float32, len(z))
			for j := range x {
				x[j] = -z[j]
			}
			Pool(z, x, c, y, at, which)
			for j := range c {
				sameBits(t, fmt.Sprintf("%v Pool %v", isa, k), []float32{y[j], at[j]}, []float32{k.y, -k.at})
				if which[j] != k.which {
					t.Errorf("%v Pool %v: place %d", isa, k, which[j])
				}
			}
		}
	}
}

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestTangentBits checks that vectors give the bits of plain Go, for numbers that are not finite too.
func TestTangentBits(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for trial := range 150 {
		c, n := 1+r.IntN(75), 1+r.IntN(9)
		wild := trial%2 == 1
		x, rx, y, d, rd := spiced(r, n*c, wild), spiced(r, n*c, wild), spiced(r, n*c, wild), spiced(r, n*c, wild), spiced(r, n*c, wild)
		tame := [4][]float32{random(r, n*c), random(r, n*c), random(r, n*c), random(r, n*c)}
		line := (2*n + r.IntN(2)) * c // sometimes an odd last pixel
		top, bottom := spiced(r, line, wild), spiced(r, line, wild)
		tangent := Tangent{random(r, c), random(r, c), random(r, c), random(r, c)}
		spread := SpreadTangent{random(r, c), random(r, c), random(r, c), random(r, c), random(r, c), random(r, c)}
		mean := make([]float64, c)
		for j := range mean {
			mean[j] = r.NormFloat64()
		}
		which := make([]uint8, n*c)
		for i := range which {
			which[i] = uint8(r.IntN(4))
		}
		run := func() ([7][]float32, [2][]float64) {
			var f [7][]float32
			for i := range f {
				f[i] = make([]float32, line)
			}
			sums := [2][]float64{make([]float64, c), make([]float64, c)}
			for j := range c {
				sums[0][j], sums[1][j] = float64(j), -float64(j)
			}
			tangent.Affine(x, rx, f[0])
			tangent.ReLU(x, rx, y, f[1])
			Gather(top, bottom, which, c, f[2])
			TangentSums(tame[0], tame[1], tame[2], tame[3], c, mean, sums[0], sums[1])
			spread.Grad(d, rd, x, rx, f[3])
			spread.PoolGrad(d, rd, which, false, top, bottom, f[4])
			spread.PoolGrad(d, rd, which, true, top, bottom, f[5])
			spread.Rest(x, rx, f[6])
			return f, sums
		}
		restore := Use(Plain)
		want, wantSums := run()
		restore()
		for _, isa := range isas()[1:] {
			restore := Use(isa)
			got, sums := run()
			restore()
			for i := range want {
				sameBits(t, fmt.Sprintf("%v, %d channels, %d pixels, result %d", isa, c, n, i), got[i], want[i])
			}
			for i := range wantSums {
				same64(t, fmt.Sprintf("%v, %d channels, %d pixels, sum %d", isa, c, n, i), sums[i], wantSums[i])
			}
		}
	}
}

// TestTangentDifference compares the tangents with differences of what they are the tangents of, and their choices with
// those of Affine.ReLUPool and Spread.PoolGrad.
func TestTangentDifference(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	const c, n, step = 11, 4, 1.0 / 64
	move := func(x, v []float32, by float32) []float32 {
		y := make([]float32, len(x))
		for i := range x {
			y[i] = x[i] + by*v[i]
		}
		return y
	}
	nearly := func(what string, got, up, down []float32) {
		t.Helper()
		for i := range got {
			if want := (up[i] - down[i]) / (2 * step); math.Abs(float64(got[i]-want)) > 2e-3 {
				t.Errorf("%s: element %d is %v, difference %v", what, i, got[i], want)
			}
		}
	}
	x, rx := random(r, 2*n*c), random(r, 2*n*c)
	f, v := Affine{random(r, c), random(r, c), random(r, c)}, Affine{random(r, c), random(r, c), random(r, c)}
	// z = (x-mean)*scale + shift gives rz = rx*scale + (x-mean)*rscale + rshift - rmean*scale.
	tangent := Tangent{f.Mean, f.Scale, v.Scale, make([]float32, c)}
	for j := range c {
		tangent.Offset[j] = v.Shift[j] - v.Mean[j]*f.Scale[j]
	}
	z := func(by float32) []float32 {
		g := Affine{move(f.Mean, v.Mean, by), move(f.Scale, v.Scale, by), move(f.Shift, v.Shift, by)}
		moved := move(x, rx, by)
		for i := range moved {
			moved[i] = g.Z(moved[i], i%c)
		}
		return moved
	}
	got := make([]float32, 2*n*c)
	tangent.Affine(x, rx, got)
	nearly("affine", got, z(step), z(-step))

	y, masked := make([]float32, 2*n*c), make([]float32, 2*n*c)
	f.ReLU(x, y)
	tangent.ReLU(x, rx, y, masked)
	for i := range masked {
		want := got[i]
		if f.Z(x[i], i%c) <= 0 {
			want = 0
		}
		if masked[i] != want {
			t.Errorf("ReLU: element %d is %v, want %v", i, masked[i], want)
		}
	}

	top, bottom := x[:n*c], x[n*c:]
	at, again, which := make([]float32, n/2*c), make([]float32, n/2*c), make([]uint8, n/2*c)
	f.ReLUPool(top, bottom, make([]float32, n/2*c), at, which)
	Gather(top, bottom, which, c, again)
	sameBits(t, "gather", again, at)

	s, sv := Spread{random(r, c), random(r, c), random(r, c), random(r, c)}, Spread{random(r, c), random(r, c), random(r, c), random(r, c)}
	st := SpreadTangent{s.Mean, s.Gain, sv.Gain, s.Slope, sv.Slope, make([]float32, c)}
	for j := range c {
		st.OffsetT[j] = sv.Offset[j] - sv.Mean[j]*s.Slope[j]
	}
	d, rd := random(r, n/2*c), random(r, n/2*c)
	dx := func(by float32) (rows [2][]float32) {
		g := Spread{move(s.Mean, sv.Mean, by), move(s.Gain, sv.Gain, by), move(s.Offset, sv.Offset, by), move(s.Slope, sv.Slope, by)}
		moved := move(x, rx, by)
		rows[0], rows[1] = make([]float32, n*c), make([]float32, n*c)
		g.PoolGrad(move(d, rd, by), which, moved[:n*c], moved[n*c:], rows[0], rows[1])
		return rows
	}
	up, down := dx(step), dx(-step)
	for k := range 2 {
		st.PoolGrad(d, rd, which, k == 1, x[k*n*c:(k+1)*n*c], rx[k*n*c:(k+1)*n*c], got)
		nearly(fmt.Sprintf("gradient behind pooling, row %d", k), got[:n*c], up[k], down[k])
	}
	full := [2][]float32{random(r, 2*n*c), random(r, 2*n*c)}
	st.Grad(full[0], full[1], x, rx, got)
	plain := func(by float32) []float32 {
		g := Spread{move(s.Mean, sv.Mean, by), move(s.Gain, sv.Gain, by), move(s.Offset, sv.Offset, by), move(s.Slope, sv.Slope, by)}
		o := make([]float32, 2*n*c)
		g.Grad(move(full[0], full[1], by), move(x, rx, by), o)
		return o
	}
	nearly("gradient", got, plain(step), plain(-step))
}

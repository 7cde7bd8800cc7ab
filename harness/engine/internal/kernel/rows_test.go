package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestRowPasses compares the passes over rows with their formulas in float64, and the vectors with the bits of plain Go.
func TestRowPasses(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for trial := range 120 {
		n, c := 1+r.IntN(20), 1+r.IntN(70)
		if trial%2 == 0 {
			c = (c + 7) / 8 * 8
		}
		wide := c + r.IntN(9) // distance of rows of x where it is free
		x, a, p := random(r, n*wide), random(r, n*c), random(r, n*c)
		rows := [4][]float32{random(r, n), random(r, n), random(r, n), random(r, n)}
		cols := [2][]float32{random(r, c), random(r, c)}
		mean := make([]float64, n)
		for i := range mean {
			mean[i] = r.NormFloat64()
		}
		const scale = 0.3
		m, most := 1+r.IntN(n), n+r.IntN(5)

		run := func() (f [][]float32, s [][]float64) {
			for range 6 {
				f = append(f, make([]float32, n*c))
			}
			f = append(f, make([]float32, c*most))
			for range 3 {
				s = append(s, make([]float64, n))
			}
			RowSums(a, c, s[0])
			RowDots(x, wide, a, c, c, s[1])
			RowDeviations(a, c, mean, s[2])
			Standardise(a, c, rows[0], rows[1], f[0])
			ColumnAffine(a, cols[0], cols[1], f[1])
			RowProject(a, p, c, rows[0], rows[1], rows[2], f[2])
			copy(f[3], p)
			RowAdd(a, c, rows[3], f[3])
			RowGate(p, a, c, rows[0], scale, f[4])
			copy(f[5], a)
			RowGate(p, f[5], c, rows[0], scale, f[5]) // in place
			Transpose(x, m, c, wide, scale, f[6], most)
			return f, s
		}
		restore := Use(Plain)
		want, wantSums := run()
		restore()
		sameBits(t, "gate in place", want[5], want[4])

		check := func(what string, got float32, exact, size float64) {
			t.Helper()
			if math.Abs(float64(got)-exact) > 4e-7*size {
				t.Fatalf("%s is %v, want %v", what, got, exact)
			}
		}
		for i := range n {
			var sum, dot, square, size float64
			for j := range c {
				k := i*c + j
				v, w := float64(a[k]), float64(p[k])
				r0, r1, r2, r3 := float64(rows[0][i]), float64(rows[1][i]), float64(rows[2][i]), float64(rows[3][i])
				c0, c1 := float64(cols[0][j]), float64(cols[1][j])
				sum += v
				dot += v * float64(x[i*wide+j])
				square += (v - mean[i]) * (v - mean[i])
				size += math.Abs(v) + (v-mean[i])*(v-mean[i]) + math.Abs(v*float64(x[i*wide+j]))
				big := (1 + math.Abs(v) + math.Abs(w)) * (1 + math.Abs(r0)) * (1 + math.Abs(r1)) * (1 + math.Abs(r2))
				check("standardised element", want[0][k], (v-r0)*r1, big)
				check("scaled element", want[1][k], v*c0+c1, 1+math.Abs(v*c0)+math.Abs(c1))
				check("projected element", want[2][k], (v-r0-w*r1)*r2, big)
				check("added element", want[3][k], w+v*r3, 1+math.Abs(w)+math.Abs(v*r3))
				check("gated element", want[4][k], scale*w*(v-r0), big*(1+math.Abs(w)))
				if i < m {
					check("transposed element", want[6][j*most+i], scale*float64(x[i*wide+j]), 1)
				}
			}
			for k, exact := range []float64{sum, dot, square} {
				if math.Abs(wantSums[k][i]-exact) > 1e-14*size {
					t.Fatalf("row sum %d is %v, want %v", k, wantSums[k][i], exact)
				}
			}
		}
		for _, isa := range isas()[1:] {
			restore := Use(isa)
			got, gotSums := run()
			restore()
			for i := range want {
				sameBits(t, fmt.Sprintf("%v, %d rows of %d, result %d", isa, n, c, i), got[i], want[i])
			}
			for i := range wantSums {
				same64(t, fmt.Sprintf("%v, %d rows of %d, sum %d", isa, n, c, i), gotSums[i], wantSums[i])
			}
		}
	}
}

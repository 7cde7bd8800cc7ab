//go:build !purego

package vec

import (
	"slices"
	"testing"
)

// plainly runs f without the vector routines.
func plainly(f func()) {
	defer func(old bool) { vectorised = old }(vectorised)
	vectorised = false
	f()
}

func TestVectorsGiveTheBitsOfPlainGo(t *testing.T) {
	compare := func(n, offset int) {
		for _, f := range functions {
			var got, want, before inputs
			for i := range got {
				before[i] = special(n, uint64(i))
				got[i], want[i] = make([]float32, offset+n)[offset:], slices.Clone(before[i])
				copy(got[i], before[i])
			}
			a := f.run(got)
			var b float64
			plainly(func() { b = f.run(want) })
			if bits64(a) != bits64(b) {
				t.Fatalf("%s of %d elements gives %v, plain Go %v", f.name, n, a, b)
			}
			for i := range got {
				for j := range got[i] {
					if bits32(got[i][j]) != bits32(want[i][j]) {
						t.Fatalf("%s of %d elements at offset %d: element %d of vector %d is %v from %v, plain Go %v",
							f.name, n, offset, j, i, got[i][j], before[i][j], want[i][j])
					}
				}
			}
		}
	}
	for n := range 75 {
		compare(n, n%3)
	}
	for offset := range 8 {
		compare(1000+37*offset, offset)
	}
}

// Results of this length go past the caches when the destination begins on the boundary of a vector, as allocations of
// this size do.
func TestStreamedResults(t *testing.T) {
	const n = 1<<22 + 13
	x, y, z := normal(n, "x"), normal(n, "y"), normal(n, "z")
	got, want := make([]float32, n), make([]float32, n)
	for name, f := range map[string]func(dst []float32){
		"AddScaled": func(d []float32) { AddScaled(d, x, 0.3, y) },
		"Combine":   func(d []float32) { Combine(d, 0.3, x, -1.7, y) },
		"Scale":     func(d []float32) { Scale(d, 0.3, x) },
		"Add":       func(d []float32) { Add(d, x, y) },
		"Sub":       func(d []float32) { Sub(d, x, y) },
		"Mul":       func(d []float32) { Mul(d, x, y) },
		"AddMul":    func(d []float32) { AddMul(d, x, y, z) },
		"AddScalar": func(d []float32) { AddScalar(d, x, 0.3) },
		"Abs":       func(d []float32) { Abs(d, x) },
		"Sign":      func(d []float32) { Sign(d, x) },
		"Clip":      func(d []float32) { Clip(d, x, -0.5, 0.7) },
	} {
		f(got)
		plainly(func() { f(want) })
		if !slices.Equal(got, want) {
			t.Errorf("%s of %d elements differs from plain Go", name, n)
		}
	}
}

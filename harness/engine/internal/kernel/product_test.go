package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"
)

// isas are the instruction sets this machine can run.
func isas() []ISA {
	var all []ISA
	for i := Plain; i <= Best(); i++ {
		all = append(all, i)
	}
	return all
}

func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// reference computes p in float64, with the sum of magnitudes that bounds the rounding error.
func reference(p *Product) (want, scale []float64) {
	want, scale = make([]float64, len(p.C)), make([]float64, len(p.C))
	for i, c := range p.C {
		want[i] = float64(c)
	}
	for r := range p.Rep {
		for i := range p.M {
			for j := range p.N {
				var sum, mag float64
				for s := range p.Segs {
					for k := range p.K {
						x := float64(p.A[r*p.RepA+s*p.SegA+i*p.RowA+k*p.ColA]) * float64(p.B[s*p.SegB+k*p.RowB+j])
						sum += x
						mag += math.Abs(x)
					}
				}
				c := r*p.RepC + i*p.RowC + j
				if p.Add {
					sum += want[c]
					mag += math.Abs(want[c])
				}
				want[c], scale[c] = sum, mag
			}
		}
	}
	return want, scale
}

// shapes are the products of the tests: plain, transposed and convolutional, with every tile height and width.
func shapes(r *rand.Rand) []*Product {
	var all []*Product
	add := func(p Product, pad int) {
		p.A = random(r, (p.Rep-1)*p.RepA+(p.Segs-1)*p.SegA+(p.M-1)*p.RowA+(p.K-1)*p.ColA+1)
		p.B = random(r, (p.Segs-1)*p.SegB+(p.K-1)*p.RowB+p.N)
		p.C = random(r, (p.Rep-1)*p.RepC+(p.M-1)*p.RowC+p.N+pad)
		p.Add = r.IntN(2) == 0
		all = append(all, &p)
	}
	for m := 1; m <= 35; m++ {
		n := 1 + r.IntN(70)
		k := 1 + r.IntN(40)
		add(Product{M: m, N: n, K: k, Segs: 1, Rep: 1, RowA: k, ColA: 1, RowB: n, RowC: n}, 0)         // A B
		add(Product{M: m, N: n, K: k, Segs: 1, Rep: 1, RowA: 1, ColA: m, RowB: n + 3, RowC: n + 5}, 0) // Aᵀ B
	}
	for n := 1; n <= 66; n++ {
		m := 1 + r.IntN(20)
		k := 1 + r.IntN(20)
		add(Product{M: m, N: n, K: k, Segs: 2, Rep: 1, SegA: 2 * k, SegB: k * n, RowA: 5 * k, ColA: 1, RowB: n, RowC: n}, 3)
	}
	for range 60 { // convolution of padded images, forward
		h, w, c, co := 1+r.IntN(9), 1+r.IntN(20), 1+r.IntN(9), 1+r.IntN(40)
		add(Product{M: w, N: co, K: 3 * c, Segs: 3, Rep: h, RowA: c, ColA: 1, SegA: (w + 2) * c, RepA: (w + 2) * c,
			RowB: co, SegB: 3 * c * co, RowC: co, RepC: w * co}, 0)
		add(Product{M: 3 * c, N: co, K: w, Segs: h, Rep: 1, RowA: 1, ColA: c, SegA: (w + 2) * c,
			RowB: co, SegB: (w + 2) * co, RowC: co}, 0) // with respect to the weights
	}
	return all
}

func (p *Product) String() string {
	return fmt.Sprintf("M %d N %d K %d Segs %d Rep %d A %d %d %d %d B %d %d C %d %d add %v", p.M, p.N, p.K, p.Segs, p.Rep,
		p.RowA, p.ColA, p.SegA, p.RepA, p.RowB, p.SegB, p.RowC, p.RepC, p.Add)
}

func TestProduct(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, p := range shapes(r) {
		start := append([]float32(nil), p.C...)
		want, scale := reference(p)
		var vector []float32 // of the first vector instruction set
		for _, isa := range isas() {
			copy(p.C, start)
			// What is fetched ahead changes nothing, and is forgotten.
			if p.M%2 == 0 {
				p.Ahead = [2][]float32{p.A, p.B[:p.N%2]}
			}
			restore := Use(isa)
			p.Run()
			restore()
			if p.Ahead[0] != nil || p.Ahead[1] != nil {
				t.Fatalf("%v, %v: still to be fetched after the product", isa, p)
			}
			for i, c := range p.C {
				// n roundings of a sum of n terms.
				bound := scale[i] * float64(p.K*p.Segs+1) * 0x1p-24
				if scale[i] == 0 && c != start[i] {
					t.Fatalf("%v, %v: element %d outside the product changed", isa, p, i)
				}
				if math.Abs(float64(c)-want[i]) > bound {
					t.Fatalf("%v, %v: element %d is %v, want %v", isa, p, i, c, want[i])
				}
			}
			switch {
			case isa == Plain:
			case vector == nil:
				vector = append([]float32(nil), p.C...)
			default:
				for i := range vector {
					if math.Float32bits(vector[i]) != math.Float32bits(p.C[i]) {
						t.Fatalf("%v: element %d is %v with %v, %v with AVX2", p, i, p.C[i], isa, vector[i])
					}
				}
			}
		}
	}
}

func TestProductPanicsOnShortOperand(t *testing.T) {
	for name, cut := range map[string]func(p *Product){
		"A": func(p *Product) { p.A = p.A[:len(p.A)-1] },
		"B": func(p *Product) { p.B = p.B[:len(p.B)-1] },
		"C": func(p *Product) { p.C = p.C[:len(p.C)-1] },
	} {
		p := &Product{M: 3, N: 5, K: 2, Segs: 1, Rep: 1, RowA: 2, ColA: 1, RowB: 5, RowC: 5,
			A: make([]float32, 6), B: make([]float32, 10), C: make([]float32, 15)}
		p.Run()
		cut(p)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("short %s: no panic", name)
				}
			}()
			p.Run()
		}()
	}
}

func TestAlloc(t *testing.T) {
	if Alloc(0) != nil {
		t.Error("memory for no elements")
	}
	for _, n := range []int{1, 17, 1 << 10, hugePage/4 - 1, hugePage / 4, hugePage + 3} {
		x := Alloc(n)
		if len(x) != n || cap(x) != n {
			t.Errorf("%d elements: length %d, capacity %d", n, len(x), cap(x))
		}
		align := uintptr(64)
		if 4*n >= hugePage {
			align = hugePage
		}
		if at := uintptr(unsafe.Pointer(&x[0])); at%align != 0 {
			t.Errorf("%d elements begin at %#x", n, at)
		}
		for i, v := range x {
			if v != 0 {
				t.Fatalf("%d elements: element %d is %v", n, i, v)
			}
		}
	}
}

func BenchmarkProduct(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	conv := func(w, c, co int) (string, Product) {
		return fmt.Sprintf("conv %dx%d %d-%d", w, w, c, co), Product{M: w, N: co, K: 3 * c, Segs: 3, Rep: w, RowA: c, ColA: 1, SegA: (w + 2) * c, RepA: (w + 2) * c,
			RowB: co, SegB: 3 * c * co, RowC: co, RepC: w * co}
	}
	weight := func(w, c, co int) (string, Product) {
		return fmt.Sprintf("wgrad %dx%d %d-%d", w, w, c, co), Product{M: 3 * c, N: co, K: w, Segs: w, Rep: 1, RowA: 1, ColA: c, SegA: (w + 2) * c,
			RowB: co, SegB: (w + 2) * co, RowC: co, Add: true}
	}
	run := func(name string, p Product) {
		p.A = random(r, (p.Rep-1)*p.RepA+(p.Segs-1)*p.SegA+(p.M-1)*p.RowA+(p.K-1)*p.ColA+1)
		p.B = random(r, (p.Segs-1)*p.SegB+(p.K-1)*p.RowB+p.N)
		p.C = random(r, (p.Rep-1)*p.RepC+(p.M-1)*p.RowC+p.N)
		for _, isa := range isas()[1:] {
			b.Run(name+" "+isa.String(), func(b *testing.B) {
				defer Use(isa)()
				for b.Loop() {
					p.Run()
				}
				b.ReportMetric(2*float64(p.M*p.N*p.K*p.Segs*p.Rep*b.N)/b.Elapsed().Seconds()*1e-9, "GFLOP/s")
			})
		}
	}
	for _, s := range [][3]int{{32, 3, 16}, {16, 16, 32}, {8, 32, 64}, {16, 32, 16}, {8, 64, 32}, {32, 64, 64}} {
		run(conv(s[0], s[1], s[2]))
		run(weight(s[0], s[1], s[2]))
	}
}

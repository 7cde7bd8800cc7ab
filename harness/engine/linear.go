package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// linear is y = x W + b over flattened examples.
type linear struct {
	name         string
	in, out      int
	weight, bias int // offsets; bias -1: none
	first        bool
}

// depth is the most terms of one chain of a forward product; longer sums are cut into parts of this length, which keeps
// a panel of the weights in the cache and the rounding error down.
const depth = 384

func (l *linear) shape() Shape { return Shape{1, 1, l.out} }

func (l *linear) pads() (int, int) { return 0, 0 }

type linearScratch struct {
	product    kernel.Product
	transposed []float32
	sums       []float64
}

func (l *linear) scratch(old any, n int, backward bool) any {
	s, _ := old.(*linearScratch)
	if s == nil {
		s = &linearScratch{sums: make([]float64, l.out)}
	}
	if backward && !l.first {
		s.transposed = grow(s.transposed, l.in*l.out)
	}
	return s
}

// multiply computes C = A B for row-major A (m×k), B (k×n) in parts of depth.
func multiply(p *kernel.Product, m, n, k int, a, b, c []float32) {
	p.M, p.N, p.Segs, p.Rep = m, n, 1, 1
	p.RowA, p.ColA, p.RowB, p.RowC, p.C = k, 1, n, n, c
	for from := 0; from < k; from += depth {
		p.K = min(depth, k-from)
		p.A, p.B, p.Add = a[from:], b[from*n:], from > 0
		p.Run()
	}
}

func (l *linear) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*linearScratch)
	out := y.flat()
	multiply(&s.product, x.n, l.out, l.in, x.flat(), ws.w[l.weight:l.weight+l.in*l.out], out)
	if l.bias < 0 {
		return
	}
	b := ws.w[l.bias : l.bias+l.out]
	for i := range x.n {
		row := out[i*l.out : (i+1)*l.out]
		for j := range row {
			row[j] += b[j]
		}
	}
}

func (l *linear) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*linearScratch)
	p := &s.product
	p.M, p.N, p.K, p.Segs, p.Rep, p.Add = l.in, l.out, x.n, 1, 1, false
	p.A, p.RowA, p.ColA = x.flat(), 1, l.in
	p.B, p.RowB = dy.flat(), l.out
	p.C, p.RowC = ws.grad[l.weight:l.weight+l.in*l.out], l.out
	p.Run()
	if l.bias >= 0 {
		clear(s.sums)
		kernel.Sums(dy.flat(), l.out, s.sums)
		for j, v := range s.sums {
			ws.grad[l.bias+j] = float32(v)
		}
	}
	if dx == nil {
		return
	}
	w := ws.w[l.weight : l.weight+l.in*l.out]
	for i := range l.in {
		for j, v := range w[i*l.out : (i+1)*l.out] {
			s.transposed[j*l.in+i] = v
		}
	}
	multiply(p, x.n, l.in, l.out, dy.flat(), s.transposed, dx.flat())
}

package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// linear is y = x W + b over flattened examples.
type linear struct {
	name         string
	in, out      int
	weight, bias int // offsets; bias -1: none
}

// depth is the most terms of one chain of a product over the inputs; longer sums are cut into equal parts, which keeps a
// panel of the weights in the cache and the rounding error down.
const depth = 384

// block is how many rows of the weights' gradient are computed at a time: a multiple of the tiles' heights on AVX-512.
const block = 112

func (l *linear) shape() Shape { return Shape{1, 1, l.out} }

func (l *linear) pads() (int, int) { return 0, 0 }

type linearScratch struct {
	product    kernel.Product
	packed     []float32 // a part of the left operand, its rows close together
	transposed []float32
	sums       []float64
	outer      *outer // for gradients of single examples
}

func (l *linear) scratch(old any, n int, what need) any {
	s, _ := old.(*linearScratch)
	if s == nil {
		s = &linearScratch{sums: make([]float64, l.out)}
	}
	s.packed = grow(s.packed, n*max(depth+gap, block))
	if what&needEach != 0 {
		s.packed = grow(s.packed, outerRows*block)
		if s.outer == nil || len(s.outer.along) < n {
			s.outer = l.newOuter(n)
		}
	}
	return s
}

// gap separates packed rows, so that rows a power of two long do not share the same few places of the cache.
const gap = 16

// multiply computes C = A B for row-major A (m×k), B (k×n) and C, whose rows are rowC apart, in parts of at most depth
// terms; add adds it to C instead.
func multiply(s *linearScratch, m, n, k int, a, b, c []float32, rowC int, add bool) {
	p := &s.product
	p.M, p.N, p.Segs, p.Rep = m, n, 1, 1
	p.ColA, p.RowB, p.RowC, p.C = 1, n, rowC, c
	parts := (k + depth - 1) / depth
	for part := range parts {
		from, to := part*k/parts, (part+1)*k/parts
		p.K, p.B, p.Add = to-from, b[from*n:], add || part > 0
		if parts == 1 {
			p.A, p.RowA = a, k
		} else {
			p.A, p.RowA = s.packed, p.K+gap
			for i := range m {
				copy(s.packed[i*p.RowA:], a[i*k+from:i*k+to])
			}
		}
		p.Run()
	}
}

func (l *linear) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*linearScratch)
	l.multiply(s, ws.w, x, y, false)
	l.addBias(ws.w, y)
}

// multiply computes y = x W, or adds it, with the weights in w.
func (l *linear) multiply(s *linearScratch, w []float32, x, y *activation, add bool) {
	multiply(s, x.n, l.out, l.in, x.flat(), w[l.weight:l.weight+l.in*l.out], y.data[y.pad*(y.row()+y.C):], y.stride(), add)
}

// addBias adds the bias in w, if there is one, to the examples of y.
func (l *linear) addBias(w []float32, y *activation) {
	if l.bias < 0 {
		return
	}
	b := w[l.bias : l.bias+l.out]
	for i := range y.n {
		row := y.inner(i)[:l.out]
		for j := range row {
			row[j] += b[j]
		}
	}
}

func (l *linear) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*linearScratch)
	if ws.grad != nil {
		l.gradWeights(ws.grad, s, x.flat(), dy.flat(), x.n, false)
		l.gradBias(ws.grad, s, dy.flat())
	}
	if dx != nil {
		l.gradInput(ws.w, s, dy, dx, false)
	}
}

// gradWeights computes dW = xᵀ dy for n examples into the layer's part of grad, or adds it. The columns of x are gathered
// a block at a time, because one column's elements are a whole example apart.
func (l *linear) gradWeights(grad []float32, s *linearScratch, x, dy []float32, n int, add bool) {
	p := &s.product
	dw := grad[l.weight : l.weight+l.in*l.out]
	p.N, p.K, p.Segs, p.Rep, p.Add = l.out, n, 1, 1, add
	p.B, p.RowB, p.RowC = dy, l.out, l.out
	for from := 0; from < l.in; from += block {
		rows := min(block, l.in-from)
		for i := range n {
			copy(s.packed[i*rows:(i+1)*rows], x[i*l.in+from:])
		}
		p.M, p.A, p.RowA, p.ColA = rows, s.packed, 1, rows
		p.C = dw[from*l.out:]
		p.Run()
	}
}

// gradBias stores the gradient of the bias, if there is one, in grad.
func (l *linear) gradBias(grad []float32, s *linearScratch, dy []float32) {
	if l.bias < 0 {
		return
	}
	clear(s.sums)
	kernel.Sums(dy, l.out, s.sums)
	for j, v := range s.sums {
		grad[l.bias+j] = float32(v)
	}
}

// gradInput computes dx = dy Wᵀ, or adds it, with the weights in w.
func (l *linear) gradInput(w []float32, s *linearScratch, dy, dx *activation, add bool) {
	l.transpose(w, s)
	l.gradInputBy(s, dy, dx, add)
}

// transpose prepares the weights in w for gradInputBy.
func (l *linear) transpose(w []float32, s *linearScratch) {
	s.transposed = grow(s.transposed, l.in*l.out)
	kernel.Transpose(w[l.weight:l.weight+l.in*l.out], l.in, l.out, l.out, 1, s.transposed, l.in)
}

func (l *linear) gradInputBy(s *linearScratch, dy, dx *activation, add bool) {
	multiply(s, dy.n, l.in, l.out, dy.flat(), s.transposed, dx.flat(), l.in, add)
}

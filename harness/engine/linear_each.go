package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// outerRows is how many examples a linear layer keeps before they become one matrix product.
const outerRows = 128

// outer is what a linear layer keeps of single examples: rows of inputs and of output gradients, the examples of the
// current part behind those that wait for the product.
type outer struct {
	x, dy []float32
	wait  int
	fresh bool      // nothing has been added to the result yet
	along []float64 // of the examples of the part, for the L2 term: the product of their gradient with the parameters
	sums  []float64 // the gradient of the bias

	transposed []float32 // a block of columns of x
	panel      []float32 // a block of columns of dy
	shift      []float32 // a block of the gradient of the L2 term
}

// panelColumns is the width of a panel.
const panelColumns = 32

func (l *linear) newOuter(n int) *outer {
	rows := outerRows + n
	return &outer{
		x: kernel.Alloc(rows * l.in), dy: kernel.Alloc(rows * l.out), along: make([]float64, n), sums: make([]float64, l.out),
		transposed: kernel.Alloc(n * block), panel: kernel.Alloc(n * panelColumns), shift: kernel.Alloc(panelColumns),
	}
}

// dim is the number of parameters. The bias lies behind the weights.
func (l *linear) dim() int {
	if l.bias < 0 {
		return l.in * l.out
	}
	return (l.in + 1) * l.out
}

// backwardEach keeps the examples' inputs and output gradients.
func (l *linear) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*linearScratch)
	o := s.outer
	if !ws.each.again {
		o.wait, o.fresh = 0, true
		clear(o.sums)
	}
	d := dy.flat()
	copy(o.x[o.wait*l.in:], x.flat())
	copy(o.dy[o.wait*l.out:], d)
	if ws.each.l2 != 0 {
		for i := range x.n {
			o.along[i] = 0
			for j, v := range y.inner(i)[:l.out] {
				o.along[i] += float64(v) * float64(d[i*l.out+j])
			}
		}
	}
	ws.each.use(ws, l)
	if dx == nil {
		return
	}
	if !ws.each.again {
		l.transpose(ws.w, s)
	}
	l.gradInputBy(s, dy, dx, false)
}

// squaredNorm is that of the gradient of example i of the part: |x|² |dy|² for the weights and |dy|² for the bias. The L2
// term l2/2 |w|², where square is |w|², adds l2 w to the gradient, whose product with w is that of dy with the outputs.
func (l *linear) squaredNorm(o *outer, i int, l2, square float64) float64 {
	k := o.wait + i
	norm := kernel.SquaredNorm(o.x[k*l.in : (k+1)*l.in])
	if l.bias >= 0 {
		norm++
	}
	norm *= kernel.SquaredNorm(o.dy[k*l.out : (k+1)*l.out])
	if l2 != 0 {
		norm = max(0, norm+float64(2*l2*o.along[i])+float64(l2*l2*square))
	}
	return norm
}

// addScaled adds the gradients of the part, each times its factor and without the L2 term, to out: now or, at the latest,
// in flush. Products have the same outerRows examples whatever the parts are.
func (l *linear) addScaled(s *linearScratch, scale []float32, out []float32) {
	o := s.outer
	for i, c := range scale {
		row := o.dy[(o.wait+i)*l.out:][:l.out]
		for j := range row {
			row[j] *= c
		}
	}
	o.wait += len(scale)
	if o.wait < outerRows {
		return
	}
	all := o.wait
	o.wait = outerRows
	l.flush(s, out)
	o.wait = all - outerRows
	copy(o.x, o.x[outerRows*l.in:all*l.in])
	copy(o.dy, o.dy[outerRows*l.out:all*l.out])
}

// flush adds the examples that wait to out, or begins it with them.
func (l *linear) flush(s *linearScratch, out []float32) {
	o := s.outer
	if o.wait == 0 {
		return
	}
	l.gradWeights(out, s, o.x, o.dy, o.wait, !o.fresh)
	if l.bias >= 0 {
		kernel.Sums(o.dy[:o.wait*l.out], l.out, o.sums)
	}
	o.wait, o.fresh = 0, false
}

// finish adds what addScaled has left to out. The parameters w times ridge are the L2 terms of all examples.
func (l *linear) finish(s *linearScratch, w []float32, ridge float64, out []float32) {
	l.flush(s, out)
	if l.bias >= 0 {
		for j, v := range s.outer.sums {
			out[l.bias+j] = float32(v)
		}
	}
	if ridge != 0 {
		c := [1]float32{float32(ridge)}
		kernel.AddScaled(out[l.weight:l.weight+l.dim()], c[:], w[l.weight:], 0)
	}
}

// addRows adds the clipped or squared gradients of the n examples of the part to out: every coordinate of every one is
// computed, in blocks that stay in the cache.
func (l *linear) addRows(w []float32, o *outer, n int, how reduction, clip, l2 float32, out []float32) {
	add := func(r *kernel.Rows, offset, columns int) {
		if l2 != 0 {
			r.E = o.shift
			for j, v := range w[offset : offset+columns] {
				o.shift[j] = l2 * v
			}
		}
		if to := out[offset : offset+columns]; how == clipCoordinates {
			r.AddClamped(clip, to)
		} else {
			r.AddSquares(to)
		}
	}
	r := kernel.Rows{N: n, X: o.panel}
	for from := 0; from < l.in; from += block {
		height := min(block, l.in-from)
		kernel.Transpose(o.x[from:], n, height, l.in, 1, o.transposed, n)
		for j := 0; j < l.out; j += panelColumns {
			columns := min(panelColumns, l.out-j)
			for i := range n {
				copy(o.panel[i*columns:(i+1)*columns], o.dy[i*l.out+j:])
			}
			r.Stride, r.StepA = columns, 1
			for k := range height {
				r.A = o.transposed[k*n:]
				add(&r, l.weight+(from+k)*l.out+j, columns)
			}
			if l.bias >= 0 && from == 0 {
				r.A, r.StepA = one[:], 0
				add(&r, l.bias+j, columns)
			}
		}
	}
}

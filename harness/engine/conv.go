package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// conv is a convolution with square kernels of 1 or 3 pixels, stride 1 or 2 and zero padding of kernel/2, computed on
// padded images without copying patches. Weights are HWIO, which makes them the right-hand matrix of the forward product
// as they are.
type conv struct {
	name           string
	in, out        Shape
	kernel, stride int
	weight         int
}

// convolved is the shape of the output of a convolution.
func convolved(in Shape, stride, out int) Shape {
	return Shape{(in.H-1)/stride + 1, (in.W-1)/stride + 1, out}
}

func (c *conv) shape() Shape { return c.out }

func (c *conv) pads() (int, int) { return c.kernel / 2, 0 }

func (c *conv) addsInput() bool { return true }

// weights is the layer's part of a vector of parameters.
func (c *conv) weights(w []float32) []float32 {
	return w[c.weight : c.weight+c.kernel*c.kernel*c.in.C*c.out.C]
}

type convScratch struct {
	product kernel.Product
	turned  []float32   // see turn
	dy      *activation // one image, padded for gradInput
	rturned []float32   // the same of the tangents
	rdy     *activation
}

func (c *conv) scratch(old any, n int, what need) any {
	s, _ := old.(*convScratch)
	if s == nil {
		s = new(convScratch)
	}
	if what&needBackward != 0 {
		s.dy = fit(s.dy, c.out, c.kernel/2, 1)
		s.turned = grow(s.turned, c.kernel*c.kernel*c.in.C*c.out.C)
	}
	if what&needTangent != 0 {
		s.rdy = fit(s.rdy, c.out, c.kernel/2, 1)
		s.rturned = grow(s.rturned, c.kernel*c.kernel*c.in.C*c.out.C)
	}
	return s
}

func (c *conv) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*convScratch)
	for i := range x.n {
		c.convolve(s, c.weights(ws.w), x, i, y.inner(i), y.row(), false)
	}
}

func (c *conv) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*convScratch)
	if dx != nil {
		c.turn(c.weights(ws.w), s.turned)
	}
	for i := range x.n {
		if ws.grad != nil {
			c.gradWeights(s, x, i, dy, i, c.weights(ws.grad), i > 0)
		}
		if dx == nil {
			continue
		}
		c.pad(dy, i, s.dy)
		c.gradInput(s, s.turned, s.dy, 0, dx, i)
	}
}

// pad copies image i of the gradient dy into the padded image to.
func (c *conv) pad(dy *activation, i int, to *activation) {
	from, into, line := dy.inner(i), to.inner(0), c.out.W*c.out.C
	for h := range c.out.H {
		copy(into[h*to.row():][:line], from[h*dy.row():])
	}
}

// convolve stores the convolution of image i of x with kernels w in y, whose rows are row apart, or adds it.
//
// The inputs (kw, ci) of one kernel row lie side by side, so a row of output pixels is a product whose left rows begin
// stride pixels apart; the kernel's rows are its segments and the image's rows its repetitions.
func (c *conv) convolve(s *convScratch, w []float32, x *activation, i int, y []float32, row int, add bool) {
	ci, co := c.in.C, c.out.C
	from := x.pad - c.kernel/2
	p := &s.product
	p.M, p.N, p.K, p.Segs, p.Rep = c.out.W, co, c.kernel*ci, c.kernel, c.out.H
	p.A, p.RowA, p.ColA, p.SegA, p.RepA = x.example(i)[from*(x.row()+ci):], c.stride*ci, 1, x.row(), c.stride*x.row()
	p.B, p.RowB, p.SegB = w, co, c.kernel*ci*co
	p.C, p.RowC, p.RepC, p.Add = y, co, row, add
	join(p)
	p.Run()
}

// join makes one long product of rows or of terms that lie behind each other without gaps.
func join(p *kernel.Product) {
	if p.Segs == 1 && p.RepA == p.M*p.RowA && p.RepC == p.M*p.RowC {
		p.M, p.Rep = p.M*p.Rep, 1
	}
	if p.SegA == p.K*p.ColA && p.SegB == p.K*p.RowB {
		p.K, p.Segs = p.K*p.Segs, 1
	}
}

// gradWeights stores the gradient of the kernels by image i of x in dw, or adds it; image k of dy is the gradient of the
// output.
//
// dW[kh][kw,ci][co] = Σ over h, w of x[stride·h+kh][(stride·w+kw),ci] dy[h][w][co], one product a kernel row. With a
// product of its own for each image, the sums over a batch have two levels and a small rounding error.
func (c *conv) gradWeights(s *convScratch, x *activation, i int, dy *activation, k int, dw []float32, add bool) {
	ci, co := c.in.C, c.out.C
	from := x.example(i)[(x.pad-c.kernel/2)*(x.row()+ci):]
	p := &s.product
	p.M, p.N, p.K, p.Segs, p.Rep = c.kernel*ci, co, c.out.W, c.out.H, 1
	p.RowA, p.ColA, p.SegA = 1, c.stride*ci, c.stride*x.row()
	p.B, p.RowB, p.SegB = dy.inner(k), co, dy.row()
	p.RowC, p.Add = co, add
	join(p)
	for kh := range c.kernel {
		p.A = from[kh*x.row():]
		p.C = dw[kh*c.kernel*ci*co:]
		p.Run()
	}
}

// parities are the kernel places (kh, kw) that lead from a gradient to the input pixels of one parity where the stride is
// 2: rows of places, for gradients one pixel apart.
var parities = [4]struct {
	h, w   int // parity of the input pixel's row and column
	places []int
}{
	{0, 0, []int{4}},
	{0, 1, []int{5, 3}},
	{1, 0, []int{7, 1}},
	{1, 1, []int{8, 6, 2, 0}},
}

// turn prepares kernels w for gradInput: inputs and outputs exchanged, and the places in the order in which they meet
// the gradient.
func (c *conv) turn(w, to []float32) {
	if c.kernel == 1 {
		c.transpose(w, to)
		return
	}
	size := c.in.C * c.out.C
	if c.stride == 1 { // turned by 180°
		for k := range 9 {
			c.transpose(w[k*size:], to[(8-k)*size:])
		}
		return
	}
	for _, parity := range parities {
		for _, k := range parity.places {
			c.transpose(w[k*size:], to)
			to = to[size:]
		}
	}
}

// transpose turns one place's matrix w, inputs × outputs.
func (c *conv) transpose(w, to []float32) {
	kernel.Transpose(w, c.in.C, c.out.C, c.out.C, 1, to, c.in.C)
}

// gradInput stores the gradient of image i of the input in dx, or adds it where dx says so; image k of dy is the gradient
// of the output, with kernel/2 pixels of zeros around, and turned are the kernels as turn leaves them.
func (c *conv) gradInput(s *convScratch, turned []float32, dy *activation, k int, dx *activation, i int) {
	ci, co := c.in.C, c.out.C
	p := &s.product
	p.N, p.B, p.RowB, p.ColA, p.Add = ci, turned, ci, 1, dx.add
	if c.stride == 1 {
		p.M, p.K, p.Segs, p.Rep = c.in.W, c.kernel*co, c.kernel, c.in.H
		p.A, p.RowA, p.SegA, p.RepA = dy.example(k)[(dy.pad-c.kernel/2)*(dy.row()+co):], co, dy.row(), dy.row()
		p.SegB = c.kernel * co * ci
		p.C, p.RowC, p.RepC = dx.inner(i), ci, dx.row()
		join(p)
		p.Run()
		return
	}
	// An input pixel of one parity meets 1, 2 or 4 places of the kernel, always the same. Input (2q, 2r) meets gradient
	// (q, r) at the kernel's middle; an odd row or column meets two, the gradient q at place 2 and q+1 at place 0.
	to := dx.inner(i)
	p.A, p.RowA, p.SegA, p.RepA = dy.inner(k), co, dy.row(), dy.row()
	p.RowC, p.RepC = 2*ci, 2*dx.row()
	if c.kernel == 1 {
		if !dx.add {
			for h := range c.in.H {
				clear(to[h*dx.row():][:c.in.W*ci])
			}
		}
		p.M, p.K, p.Segs, p.Rep, p.SegB, p.C = c.out.W, co, 1, c.out.H, 0, to
		p.Run()
		return
	}
	for _, parity := range parities {
		p.M, p.Rep = (c.in.W+1-parity.w)/2, (c.in.H+1-parity.h)/2
		if p.M > 0 && p.Rep > 0 {
			p.K, p.Segs = (1+parity.w)*co, 1+parity.h
			p.SegB = p.K * ci
			p.C = to[parity.h*dx.row()+parity.w*ci:]
			p.Run()
		}
		p.B = p.B[len(parity.places)*co*ci:]
	}
}

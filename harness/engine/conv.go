package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// conv is a 3×3 convolution with stride 1 and zero padding 1, computed on padded images without copying patches.
// Weights are HWIO, which makes them the right-hand matrix of the forward product as they are.
type conv struct {
	name    string
	in, out Shape
	weight  int
}

func (c *conv) shape() Shape { return c.out }

func (c *conv) pads() (int, int) { return 1, 1 }

type convScratch struct {
	forward, wgrad, dgrad kernel.Product
	flipped               []float32 // the kernels turned by 180°, inputs and outputs exchanged
}

func (c *conv) scratch(old any, n int, what need) any {
	if old != nil {
		return old
	}
	return new(convScratch)
}

// convolve sets p to the product that convolves one padded image of ci channels with kernels w to h×wd×co.
func convolve(p *kernel.Product, h, wd, ci, co int, w []float32) {
	p.M, p.N, p.K, p.Segs, p.Rep = wd, co, 3*ci, 3, h
	p.RowA, p.ColA, p.SegA, p.RepA = ci, 1, (wd+2)*ci, (wd+2)*ci
	p.B, p.RowB, p.SegB = w, co, 3*ci*co
	p.RowC = co
}

func (c *conv) weights(w []float32) []float32 {
	return w[c.weight : c.weight+9*c.in.C*c.out.C]
}

func (c *conv) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*convScratch)
	for i := range x.n {
		c.example(ws, s, x.example(i), y.inner(i), y.row())
	}
}

// example convolves one padded image x to y, whose rows are row apart.
func (c *conv) example(ws *workspace, s *convScratch, x, y []float32, row int) {
	p := &s.forward
	convolve(p, c.out.H, c.out.W, c.in.C, c.out.C, c.weights(ws.w))
	p.A, p.C, p.RepC = x, y, row
	p.Run()
}

func (c *conv) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*convScratch)
	if dx != nil {
		c.flip(ws, s)
	}
	for i := range x.n {
		c.gradWeights(ws, s, x.example(i), dy.inner(i), i > 0)
		if dx != nil {
			c.gradInput(s, dy.example(i), dx.inner(i), dx.row())
		}
	}
}

// gradWeights adds the gradient of the weights by one image to ws.grad, or stores it, where it is wanted: x is the padded image, dy the
// first pixel of the padded gradient.
//
// dW[kh][kw,ci][co] = Σ over h, w of x[h+kh][(w+kw),ci] dy[h][w][co], one product a kernel row. With a product of its own
// for each image, the sums over a batch have two levels and a small rounding error.
func (c *conv) gradWeights(ws *workspace, s *convScratch, x, dy []float32, add bool) {
	if ws.grad == nil {
		return
	}
	ci, co := c.in.C, c.out.C
	row := (c.in.W + 2) * ci
	dw := c.weights(ws.grad)
	p := &s.wgrad
	p.M, p.N, p.K, p.Segs, p.Rep = 3*ci, co, c.out.W, c.out.H, 1
	p.RowA, p.ColA, p.SegA = 1, ci, row
	p.B, p.RowB, p.SegB = dy, co, (c.out.W+2)*co
	p.RowC, p.Add = co, add
	for kh := range 3 {
		p.A = x[kh*row:]
		p.C = dw[kh*3*ci*co:]
		p.Run()
	}
}

// flip prepares the kernels for gradInput.
func (c *conv) flip(ws *workspace, s *convScratch) {
	ci, co := c.in.C, c.out.C
	s.flipped = grow(s.flipped, 9*ci*co)
	w := c.weights(ws.w)
	for k := range 9 {
		from, to := w[k*ci*co:], s.flipped[(8-k)*ci*co:]
		for a := range ci {
			for b := range co {
				to[b*ci+a] = from[a*co+b]
			}
		}
	}
}

// gradInput convolves the padded gradient dy with the turned kernels to dx, whose rows are row apart.
func (c *conv) gradInput(s *convScratch, dy, dx []float32, row int) {
	p := &s.dgrad
	convolve(p, c.in.H, c.in.W, c.out.C, c.in.C, s.flipped)
	p.A, p.C, p.RepC = dy, dx, row
	p.Run()
}

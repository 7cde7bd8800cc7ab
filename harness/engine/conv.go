package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// conv is a 3×3 convolution with stride 1 and zero padding 1, computed on padded images without copying patches.
// Weights are HWIO, which makes them the right-hand matrix of the forward product as they are.
type conv struct {
	name    string
	in, out Shape
	weight  int
	first   bool // nobody needs the gradient of its input
}

func (c *conv) shape() Shape { return c.out }

func (c *conv) pads() (int, int) { return 1, 1 }

type convScratch struct {
	forward, wgrad, dgrad kernel.Product
	flipped               []float32 // the kernels turned by 180°, inputs and outputs exchanged
}

func (c *conv) scratch(old any, n int, backward bool) any {
	s, _ := old.(*convScratch)
	if s == nil {
		s = new(convScratch)
	}
	if backward && !c.first {
		s.flipped = grow(s.flipped, 9*c.in.C*c.out.C)
	}
	return s
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
	p := &ws.scratch.(*convScratch).forward
	convolve(p, c.out.H, c.out.W, c.in.C, c.out.C, c.weights(ws.w))
	p.RepC = y.row()
	for i := range x.n {
		p.A, p.C = x.example(i), y.inner(i)
		p.Run()
	}
}

func (c *conv) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*convScratch)

	// dW[kh][kw,ci][co] = Σ over images, h, w of x[h+kh][(w+kw),ci] dy[h][w][co]. One product a kernel row and image, so
	// that the sums have two levels.
	p := &s.wgrad
	ci, co := c.in.C, c.out.C
	dw := c.weights(ws.grad)
	p.M, p.N, p.K, p.Segs, p.Rep = 3*ci, co, c.out.W, c.out.H, 1
	p.RowA, p.ColA, p.SegA = 1, ci, x.row()
	p.RowB, p.SegB = co, dy.row()
	p.RowC = co
	for i := range x.n {
		p.B, p.Add = dy.inner(i), i > 0
		for kh := range 3 {
			p.A = x.example(i)[kh*x.row():]
			p.C = dw[kh*3*ci*co:]
			p.Run()
		}
	}
	if dx == nil {
		return
	}

	// dx is the convolution of dy with the turned kernels.
	w := c.weights(ws.w)
	for k := range 9 {
		from, to := w[k*ci*co:], s.flipped[(8-k)*ci*co:]
		for a := range ci {
			for b := range co {
				to[b*ci+a] = from[a*co+b]
			}
		}
	}
	p = &s.dgrad
	convolve(p, c.in.H, c.in.W, co, ci, s.flipped)
	p.RepC = dx.row()
	for i := range x.n {
		p.A, p.C = dy.example(i), dx.inner(i)
		p.Run()
	}
}

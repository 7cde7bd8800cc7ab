package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// patches is y = b + patch · W for the size×size squares an image is cut into. Weights are HWIO; a kernel row of a patch
// lies together in the image, so that a row of patches is a product whose segments are the kernel rows.
type patches struct {
	name         string
	in, out      Shape
	size         int
	weight, bias int // offsets of the parameters
}

// Patches cuts the image into size×size squares and maps each, with its channels, linearly to out channels: the patch
// embedding of Dosovitskiy et al., "An Image is Worth 16x16 Words" (2021), and the same as a convolution with kernels and
// stride of that size. Its parameters are name.weight (HWIO) and name.bias. Height and width must be multiples of size.
func (b *Builder) Patches(name string, size, out int) {
	in := b.Shape()
	switch {
	case size < 1:
		b.fail(name, "patches of %d pixels: expected at least 1", size)
	case in.H%size != 0 || in.W%size != 0:
		b.fail(name, "cannot cut %v into patches of %d×%d: height and width must be multiples", in, size, size)
	}
	if out < 1 {
		b.fail(name, "%d output channels: expected at least 1", out)
	}
	if size < 1 || out < 1 || in.H%size != 0 || in.W%size != 0 {
		return
	}
	fan := size * size * in.C
	l := &patches{name: name, in: in, out: Shape{in.H / size, in.W / size, out}, size: size}
	l.weight = b.tensor(name+".weight", Weight, fan, size, size, in.C, out)
	l.bias = b.tensor(name+".bias", Bias, fan, out)
	b.net.layers = append(b.net.layers, l)
	b.weight++
}

func (l *patches) shape() Shape { return l.out }

func (l *patches) pads() (int, int) { return 0, 0 }

type patchesScratch struct {
	product    kernel.Product
	transposed []float32 // each kernel row of the weights, outputs × inputs
	sums       []float64
}

func (l *patches) scratch(old any, n int, what need) any {
	s, _ := old.(*patchesScratch)
	if s == nil {
		s = &patchesScratch{sums: make([]float64, l.out.C)}
	}
	if what&needBackward != 0 {
		s.transposed = grow(s.transposed, l.size*l.line()*l.out.C)
	}
	return s
}

// line is the length of one kernel row of a patch.
func (l *patches) line() int { return l.size * l.in.C }

func (l *patches) weights(w []float32) []float32 {
	return w[l.weight : l.weight+l.size*l.line()*l.out.C]
}

// multiply computes example i of y = x · W, or adds to it.
func (l *patches) multiply(s *patchesScratch, w []float32, i int, x, y *activation, add bool) {
	p, k, c := &s.product, l.line(), l.out.C
	p.M, p.N, p.K, p.Segs, p.Rep = l.out.W, c, k, l.size, l.out.H
	p.A, p.RowA, p.ColA, p.SegA, p.RepA = x.inner(i), k, 1, x.row(), l.size*x.row()
	p.B, p.RowB, p.SegB = l.weights(w), c, k*c
	p.C, p.RowC, p.RepC, p.Add = y.inner(i), c, y.row(), add
	p.Run()
}

// addBias adds the bias in w to example i of y.
func (l *patches) addBias(w []float32, i int, y *activation) {
	bias := l.biases(w)
	to := y.inner(i)
	for h := range l.out.H {
		line := to[h*y.row():][:l.out.W*l.out.C]
		for k := 0; k < len(line); k += l.out.C {
			for j, v := range bias {
				line[k+j] += v
			}
		}
	}
}

func (l *patches) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*patchesScratch)
	for i := range x.n {
		l.multiply(s, ws.w, i, x, y, false)
		l.addBias(ws.w, i, y)
	}
}

// gradWeights stores the gradient of the weights by example i in dw, or adds it.
func (l *patches) gradWeights(dw []float32, s *patchesScratch, i int, x, dy *activation, add bool) {
	p, k, c := &s.product, l.line(), l.out.C
	p.M, p.N, p.K, p.Segs, p.Rep = k, c, l.out.W, l.out.H, 1
	p.RowA, p.ColA, p.SegA = 1, k, l.size*x.row()
	p.B, p.RowB, p.SegB = dy.inner(i), c, dy.row()
	p.RowC, p.Add = c, add
	for h := range l.size {
		p.A, p.C = x.inner(i)[h*x.row():], dw[h*k*c:]
		p.Run()
	}
}

// sumBias adds the gradient of the bias by example i to s.sums.
func (l *patches) sumBias(s *patchesScratch, i int, dy *activation) {
	for h := range l.out.H {
		kernel.Sums(dy.inner(i)[h*dy.row():][:l.out.W*l.out.C], l.out.C, s.sums)
	}
}

func (s *patchesScratch) storeBias(db []float32) {
	for j, v := range s.sums {
		db[j] = float32(v)
	}
}

// biases is the bias, or what stands in its place in a gradient.
func (l *patches) biases(w []float32) []float32 { return w[l.bias : l.bias+l.out.C] }

// transpose prepares the weights in w for gradInput.
func (l *patches) transpose(w []float32, s *patchesScratch) {
	k, c := l.line(), l.out.C
	for h := range l.size {
		kernel.Transpose(l.weights(w)[h*k*c:], k, c, c, 1, s.transposed[h*k*c:], k)
	}
}

// gradInput computes example i of dx = dy · Wᵀ, or adds to it.
func (l *patches) gradInput(s *patchesScratch, i int, dy, dx *activation, add bool) {
	p, k, c := &s.product, l.line(), l.out.C
	p.M, p.N, p.K, p.Segs, p.Rep = l.out.W, k, c, 1, l.out.H
	p.A, p.RowA, p.ColA, p.RepA = dy.inner(i), c, 1, dy.row()
	p.RowB = k
	p.RowC, p.RepC, p.Add = k, l.size*dx.row(), add
	for h := range l.size {
		p.B, p.C = s.transposed[h*k*c:], dx.inner(i)[h*dx.row():]
		p.Run()
	}
}

func (l *patches) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*patchesScratch)
	if ws.grad != nil {
		clear(s.sums)
		for i := range x.n {
			l.gradWeights(l.weights(ws.grad), s, i, x, dy, i > 0)
			l.sumBias(s, i, dy)
		}
		s.storeBias(l.biases(ws.grad))
	}
	l.gradInputs(ws, s, dy, dx)
}

func (l *patches) gradInputs(ws *workspace, s *patchesScratch, dy, dx *activation) {
	if dx == nil {
		return
	}
	l.transpose(ws.w, s)
	for i := range dy.n {
		l.gradInput(s, i, dy, dx, false)
	}
}

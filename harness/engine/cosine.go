package engine

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// cosine is y_j = ⟨x̂, ŵ_j⟩ over flattened examples, where x̂ = x/|x| and ŵ_j is column j of the weights divided by its norm.
type cosine struct {
	name    string
	in, out int
	weight  int    // offset
	product linear // x̂ Ŵ, whose parameters are Ŵ alone
}

// Cosine adds a fully connected layer over all elements of an example whose outputs are the cosines of the angles between
// the example and each column of the weights, name.weight: a classifier that knows no norms, neither of features nor of
// classes (Gidaris, Komodakis, "Dynamic Few-Shot Visual Learning without Forgetting", 2018). There is no bias, and the
// outputs lie in -1..1: a loss for them multiplies them (Loss.Multiply). Of a vector of norm below 1e-12 the cosines are 0,
// and so are the derivatives by it.
func (b *Builder) Cosine(name string, out int) {
	in := b.Shape().Len()
	if out < 1 {
		b.fail(name, "%d outputs: expected at least 1", out)
		return
	}
	l := &cosine{name: name, in: in, out: out, product: linear{name: name, in: in, out: out, bias: -1}}
	l.weight = b.tensor(name+".weight", Weight, in, in, out)
	b.net.layers = append(b.net.layers, l)
	b.weight++
}

func (l *cosine) shape() Shape { return Shape{1, 1, l.out} }

func (l *cosine) pads() (int, int) { return 0, 0 }

// units are vectors divided by their norms: the rows of a matrix.
type units struct {
	c       int       // elements of a row
	rows    []float32 // û
	inv     []float32 // 1/|u|; 0 of vectors that are too short to have a direction
	squares []float64
	// scratch, one element a row
	zero, slope []float32
	dots        []float64
}

// shortest is the norm below which a vector has no direction.
const shortest = 1e-12

func (u *units) grow(n, c int) {
	u.c = c
	if len(u.inv) >= n {
		return
	}
	u.rows, u.inv = kernel.Alloc(n*c), kernel.Alloc(n)
	u.zero, u.slope = kernel.Alloc(n), kernel.Alloc(n)
	u.squares, u.dots = make([]float64, n), make([]float64, n)
}

// set takes n vectors.
func (u *units) set(n int, x []float32) {
	kernel.RowDots(x, u.c, x, u.c, u.c, u.squares[:n])
	for i, v := range u.squares[:n] {
		u.inv[i] = 0
		if norm := math.Sqrt(v); !(norm < shortest) {
			u.inv[i] = float32(1 / norm)
		}
	}
	kernel.Standardise(x[:n*u.c], u.c, u.zero[:n], u.inv[:n], u.rows)
}

// along computes d = (a - û ⟨û, a⟩)/|u| for the n rows from row i on: the derivative of û along the direction a of u, and the
// gradient by u that belongs to the gradient a by û. It keeps ⟨û, a⟩ in u.slope[i:]. d may be a.
func (u *units) along(i, n int, a, d []float32) {
	rows, slope := u.rows[i*u.c:(i+n)*u.c], u.slope[i:i+n]
	u.project(a[:n*u.c], rows, slope)
	kernel.RowProject(a[:n*u.c], rows, u.c, u.zero[:n], slope, u.inv[i:i+n], d)
}

// project stores the inner products of the rows of a and b in to.
func (u *units) project(a, b []float32, to []float32) {
	kernel.RowDots(a, u.c, b, u.c, u.c, u.dots[:len(to)])
	for k := range to {
		to[k] = float32(u.dots[k])
	}
}

// cosineScratch holds what forward has computed for the passes after it.
type cosineScratch struct {
	product *linearScratch
	x, w    units // examples; columns of the weights as rows
	xhat    activation
	what    []float32 // Ŵ, laid out as the weights are
	rows    []float32 // a matrix like the weights, columns as rows
	like    []float32 // a matrix like the weights
	tangent *cosineTangent
}

func (l *cosine) scratch(old any, n int, what need) any {
	s, _ := old.(*cosineScratch)
	if s == nil {
		s = new(cosineScratch)
		s.what, s.rows, s.like = kernel.Alloc(l.in*l.out), kernel.Alloc(l.in*l.out), kernel.Alloc(l.in*l.out)
		s.w.grow(l.out, l.in)
	}
	var product any
	if s.product != nil {
		product = s.product
	}
	s.product = l.product.scratch(product, n, what&^needEach).(*linearScratch)
	s.x.grow(n, l.in)
	s.xhat = activation{Shape: Shape{1, 1, l.in}, data: s.x.rows}
	if what&needTangent != 0 {
		if s.tangent == nil {
			s.tangent = &cosineTangent{rw: kernel.Alloc(l.in * l.out), rwhat: kernel.Alloc(l.in * l.out), drows: kernel.Alloc(l.in * l.out)}
		}
		s.tangent.grow(n, l.in)
	}
	return s
}

func (l *cosine) weights(w []float32) []float32 { return w[l.weight : l.weight+l.in*l.out] }

// columns makes rows of the columns of a matrix like the weights; matrix is the way back.
func (l *cosine) columns(m, rows []float32) {
	kernel.Transpose(m, l.in, l.out, l.out, 1, rows, l.in)
}

func (l *cosine) matrix(rows, m []float32) {
	kernel.Transpose(rows, l.out, l.in, l.in, 1, m, l.out)
}

func (l *cosine) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*cosineScratch)
	s.x.set(x.n, x.flat())
	l.columns(l.weights(ws.w), s.rows)
	s.w.set(l.out, s.rows)
	l.matrix(s.w.rows, s.what)
	s.xhat.n = x.n
	l.product.multiply(s.product, s.what, &s.xhat, y, false)
}

func (l *cosine) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*cosineScratch)
	if ws.grad != nil {
		l.gradWeights(s, s.xhat.flat(), dy.flat(), x.n, l.weights(ws.grad))
	}
	if dx != nil {
		l.product.gradInput(s.what, s.product, dy, dx, false)
		s.x.along(0, x.n, dx.flat(), dx.flat())
	}
}

// gradWeights stores in out the gradient of the weights of n examples.
func (l *cosine) gradWeights(s *cosineScratch, xhat, dy []float32, n int, out []float32) {
	l.product.gradWeights(s.like, s.product, xhat, dy, n, false)
	l.columns(s.like, s.rows)
	s.w.along(0, l.out, s.rows, s.rows)
	l.matrix(s.rows, out)
}

package engine

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// attention is softmax(q kᵀ/√d) v for each head of each example, d channels of a key, where the rows of q, k and v are those
// of the positions and lie one behind the other in the channels of x: queries of all heads, keys of all heads, values of all
// heads.
//
// The softmax is not kept for the gradient but computed again, head by head in memory that stays in the cache: it has
// heads × positions² elements an example, and the same bits each time.
type attention struct {
	in, out Shape
	heads   int
	keys    int // channels of a query and of a key of a head
	width   int // channels of a value of a head, and of its result
}

// Attention adds scaled dot-product attention over all positions with a number of heads (Vaswani et al., "Attention Is All
// You Need", 2017). The channels of its input are the queries, keys and values of all heads, in this order, a third each;
// those of its output are the heads' results. It has no parameters: the linear maps are the layers before and behind it.
func (b *Builder) Attention(heads int) {
	in := b.Shape()
	if in.C%3 != 0 {
		b.fail("attention", "%d input channels: expected queries, keys and values of equal width", in.C)
		return
	}
	if c := in.C / 3; heads < 1 || c%heads != 0 {
		b.fail("attention", "%d heads do not divide %d channels", heads, c)
		return
	}
	b.AttentionOf(heads, in.C/3/heads)
}

// AttentionOf is Attention where the queries and keys of a head have a number of channels and the values have the rest.
func (b *Builder) AttentionOf(heads, keys int) {
	in := b.Shape()
	rest := in.C - 2*heads*keys
	if heads < 1 || keys < 1 || rest < heads || rest%heads != 0 {
		b.fail("attention", "%d input channels, %d heads with queries and keys of %d: expected the rest to be values, a multiple of the heads", in.C, heads, keys)
		return
	}
	b.net.layers = append(b.net.layers, &attention{in: in, out: Shape{in.H, in.W, rest}, heads: heads, keys: keys, width: rest / heads})
}

func (l *attention) shape() Shape { return l.out }

func (l *attention) pads() (int, int) { return 0, 0 }

type attentionScratch struct {
	product        kernel.Product
	transposed     []float32 // keys or values of a head, width × positions
	p, dp          []float32 // softmax of a head and the gradient before it, positions × positions
	dots           []float64 // one element a position
	delta          []float32
	x, y, dy, dx   dense
	rp, rdp        []float32
	rdelta         []float32
	rx, ry, rd, to dense
}

func (l *attention) scratch(old any, n int, what need) any {
	s, _ := old.(*attentionScratch)
	t := l.in.H * l.in.W
	if s == nil {
		s = &attentionScratch{transposed: kernel.Alloc(max(l.keys, l.width) * t), p: kernel.Alloc(t * t)}
	}
	if what&needBackward != 0 && s.dp == nil {
		s.dp, s.delta, s.dots = kernel.Alloc(t*t), kernel.Alloc(t), make([]float64, t)
	}
	if what&needTangent != 0 && s.rp == nil {
		s.rp, s.rdp, s.rdelta = kernel.Alloc(t*t), kernel.Alloc(t*t), kernel.Alloc(t)
	}
	return s
}

// head is the queries, keys and values of one head: rows whose distance is the input's channels. A gradient of them has
// the same form.
type head struct{ q, k, v []float32 }

func (l *attention) head(x []float32, h int) head {
	all := l.heads * l.keys
	return head{x[h*l.keys:], x[all+h*l.keys:], x[2*all+h*l.width:]}
}

// matrix is an operand of a product: rows row apart, columns col apart.
type matrix struct {
	x        []float32
	row, col int
}

func (l *attention) positions() int { return l.in.H * l.in.W }

// wide is a part of x, narrow of y, square a positions × positions matrix and turned its transpose.
func (l *attention) wide(x []float32) matrix   { return matrix{x, l.in.C, 1} }
func (l *attention) narrow(x []float32) matrix { return matrix{x, l.out.C, 1} }
func (l *attention) square(x []float32) matrix { return matrix{x, l.positions(), 1} }
func (l *attention) turned(x []float32) matrix { return matrix{x, 1, l.positions()} }

// multiply computes c = a b, or adds it, for b and c whose columns follow each other: m×k times k×n.
func (s *attentionScratch) multiply(m, n, k int, a, b, c matrix, add bool) {
	p := &s.product
	p.M, p.N, p.K, p.Segs, p.Rep = m, n, k, 1, 1
	p.A, p.RowA, p.ColA = a.x, a.row, a.col
	p.B, p.RowB = b.x, b.row
	p.C, p.RowC, p.Add = c.x, c.row, add
	p.Run()
}

// outer computes the positions × positions matrix c = scale a bᵀ of rows of width elements, or adds it. b is a part of x.
func (l *attention) outer(s *attentionScratch, width int, a matrix, b []float32, scale float32, c []float32, add bool) {
	t := l.positions()
	kernel.Transpose(b, t, width, l.in.C, scale, s.transposed, t)
	s.multiply(t, t, width, a, l.square(s.transposed), l.square(c), add)
}

// apply computes c = a b, or adds it, for a positions × positions matrix a and rows b and c of width elements.
func (l *attention) apply(s *attentionScratch, width int, a, b, c matrix, add bool) {
	t := l.positions()
	s.multiply(t, width, t, a, b, c, add)
}

// scale is 1/√d.
func (l *attention) scale() float32 { return float32(1 / math.Sqrt(float64(l.keys))) }

// weights computes the softmax of a head into s.p.
func (l *attention) weights(s *attentionScratch, h head) {
	t := l.positions()
	l.outer(s, l.keys, l.wide(h.q), h.k, l.scale(), s.p, false)
	kernel.Softmax(s.p[:t*t], t)
}

// dotRows stores the inner products of the rows of a and b, plus what to held where add is set.
func (s *attentionScratch) dotRows(a, b matrix, width int, to []float32, add bool) {
	kernel.RowDots(a.x, a.row, b.x, b.row, width, s.dots)
	for i, v := range s.dots {
		if add {
			v += float64(to[i])
		}
		to[i] = float32(v)
	}
}

func (l *attention) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*attentionScratch)
	for i := range x.n {
		in, out := s.x.load(x, i), s.y.room(y, i)
		for k := range l.heads {
			h := l.head(in, k)
			l.weights(s, h)
			l.apply(s, l.width, l.square(s.p), l.wide(h.v), l.narrow(out[k*l.width:]), false)
		}
		s.y.store(y, i, out)
	}
}

// backward: with the softmax P and the gradient dO of the head's result O, dV = Pᵀ dO, dP = dO Vᵀ, the gradient before the
// softmax dS = P (dP - δ), δ the row sums of P dP, which are those of O dO, then dQ = dS K/√d and dK = dSᵀ Q/√d.
func (l *attention) backward(ws *workspace, x, y, dy, dx *activation) {
	if dx == nil {
		return
	}
	s := ws.scratch.(*attentionScratch)
	t := l.positions()
	for i := range x.n {
		in, out, d, to := s.x.load(x, i), s.y.load(y, i), s.dy.load(dy, i), s.dx.room(dx, i)
		for k := range l.heads {
			h, g, from := l.head(in, k), l.head(to, k), k*l.width
			do := l.narrow(d[from:])
			l.weights(s, h)
			l.apply(s, l.width, l.turned(s.p), do, l.wide(g.v), false)
			l.outer(s, l.width, do, h.v, 1, s.dp, false)
			s.dotRows(do, l.narrow(out[from:]), l.width, s.delta, false)
			kernel.RowGate(s.p, s.dp, t, s.delta, l.scale(), s.dp)
			l.apply(s, l.keys, l.square(s.dp), l.wide(h.k), l.wide(g.q), false)
			l.apply(s, l.keys, l.turned(s.dp), l.wide(h.q), l.wide(g.k), false)
		}
		s.dx.store(dx, i, to)
	}
}

package engine

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// layerNorm normalises the channels of each position of each example: y = x̂ scale + shift with x̂ = (x - mean)/σ and
// σ = sqrt(variance + 1e-5), mean and variance those of the position's channels.
type layerNorm struct {
	name         string
	in           Shape
	scale, shift int // offsets of the parameters
}

// LayerNorm adds a normalisation over the channels of each position (Ba, Kiros, Hinton, "Layer Normalization", 2016) with
// a scale and a shift per channel, name.scale and name.shift. It divides by sqrt(variance + 1e-5), the variance without
// Bessel's correction.
func (b *Builder) LayerNorm(name string) {
	in := b.Shape()
	weight := b.weight
	b.weight = max(weight-1, 0) // these belong to the weights before them
	l := &layerNorm{name: name, in: in}
	l.scale = b.tensor(name+".scale", NormScale, 0, in.C)
	l.shift = b.tensor(name+".shift", NormShift, 0, in.C)
	b.weight = weight
	b.net.layers = append(b.net.layers, l)
}

func (l *layerNorm) shape() Shape { return l.in }

func (l *layerNorm) pads() (int, int) { return 0, 0 }

// layerNormScratch has one element a position in vectors called rows, one a channel in columns, and examples of values.
type layerNormScratch struct {
	mean, inv      []float32 // rows of the batch; inv is 1/σ
	sum1, sum2     []float64 // rows
	off, slope     []float32 // rows
	zeros          []float32 // columns
	zeros64        []float64
	dscale, dshift []float64
	xhat, a        []float32 // an example
	x, y, dy, dx   dense
	tangent        *layerNormTangent
}

func (l *layerNorm) scratch(old any, n int, what need) any {
	c, rows := l.in.C, l.in.H*l.in.W
	s, _ := old.(*layerNormScratch)
	if s == nil {
		s = new(layerNormScratch)
		s.sum1, s.sum2 = make([]float64, rows), make([]float64, rows)
		s.zeros, s.zeros64 = make([]float32, c), make([]float64, c)
		s.dscale, s.dshift = make([]float64, c), make([]float64, c)
		s.off, s.slope = kernel.Alloc(rows), kernel.Alloc(rows)
	}
	s.mean, s.inv = grow(s.mean, n*rows), grow(s.inv, n*rows)
	if what&needBackward != 0 {
		s.xhat, s.a = grow(s.xhat, l.in.Len()), grow(s.a, l.in.Len())
	}
	if what&needTangent != 0 && s.tangent == nil {
		s.tangent = newLayerNormTangent(l.in)
	}
	return s
}

func (l *layerNorm) params(w []float32) (scale, shift []float32) {
	return w[l.scale : l.scale+l.in.C], w[l.shift : l.shift+l.in.C]
}

// rows returns the part of a vector with one element a position that belongs to example i.
func (l *layerNorm) rows(v []float32, i int) []float32 {
	n := l.in.H * l.in.W
	return v[i*n : (i+1)*n]
}

func (l *layerNorm) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*layerNormScratch)
	c := l.in.C
	scale, shift := l.params(ws.w)
	for i := range x.n {
		in, out := s.x.load(x, i), s.y.room(y, i)
		mean, inv := l.rows(s.mean, i), l.rows(s.inv, i)
		kernel.RowSums(in, c, s.sum1)
		for k := range s.sum1 {
			s.sum1[k] /= float64(c)
			mean[k] = float32(s.sum1[k])
		}
		kernel.RowDeviations(in, c, s.sum1, s.sum2)
		for k, v := range s.sum2 {
			inv[k] = float32(1 / math.Sqrt(v/float64(c)+normEpsilon))
		}
		kernel.Standardise(in, c, mean, inv, out)
		kernel.ColumnAffine(out, scale, shift, out)
		s.y.store(y, i, out)
	}
}

// means stores in to the mean of each row of a*b, or of a where b is nil.
func (l *layerNorm) means(s *layerNormScratch, a, b, to []float32) {
	c := l.in.C
	if b == nil {
		kernel.RowSums(a, c, s.sum1)
	} else {
		kernel.RowDots(a, c, b, c, c, s.sum1)
	}
	for k, v := range s.sum1 {
		to[k] = float32(v / float64(c))
	}
}

// gradExample is the backward pass of example i: it adds to s.dscale and s.dshift and computes dx unless that is nil.
//
// With a = dy scale, dx = (a - mean(a) - x̂ mean(a x̂))/σ.
func (l *layerNorm) gradExample(ws *workspace, s *layerNormScratch, i int, x, dy, dx *activation) {
	c := l.in.C
	scale, _ := l.params(ws.w)
	d := s.dy.load(dy, i)
	inv := l.rows(s.inv, i)
	kernel.Standardise(s.x.load(x, i), c, l.rows(s.mean, i), inv, s.xhat)
	kernel.GradSums(d, s.xhat, c, s.zeros64, s.dshift, s.dscale)
	if dx == nil {
		return
	}
	kernel.ColumnAffine(d, scale, s.zeros, s.a)
	l.means(s, s.a, nil, s.off)
	l.means(s, s.a, s.xhat, s.slope)
	to := s.dx.room(dx, i)
	kernel.RowProject(s.a, s.xhat, c, s.off, s.slope, inv, to)
	s.dx.store(dx, i, to)
}

// clearSums begins the sums of the parameters' gradients.
func (s *layerNormScratch) clearSums() {
	clear(s.dscale)
	clear(s.dshift)
}

// store puts them into a part of a gradient.
func (s *layerNormScratch) store(scale, shift []float32) {
	for j := range scale {
		scale[j], shift[j] = float32(s.dscale[j]), float32(s.dshift[j])
	}
}

func (l *layerNorm) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*layerNormScratch)
	s.clearSums()
	for i := range x.n {
		l.gradExample(ws, s, i, x, dy, dx)
	}
	if ws.grad != nil {
		s.store(l.params(ws.grad))
	}
}

package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// Gradients of single examples. The batch is taken in parts; backwardEach stores the gradient of each example of a part
// in a row of eachStore, from where it is added to the result and forgotten. Linear layers are the exception: their
// gradient is the outer product of an input and an output gradient, of which the norm is known without computing it
// (Goodfellow, "Efficient Per-Example Gradient Computations", 2015), and the sum of which over examples is one matrix
// product. They have no place in the rows, and keep inputs and output gradients instead: see outer.
//
// An example's gradient has the bits that Grad would give for a batch of it alone in mode Eval, whatever the parts are.

// eachStore is where the layers leave gradients of single examples.
type eachStore struct {
	runs   []run
	stride int // elements of a row
	part   int // examples of a part
	rows   int
	data   []float32
	norms  []float64  // squared, of the examples of a part
	scale  []float32  // what their gradients are multiplied with
	again  bool       // not the first part of the call: what layers prepared for the parameters holds
	outers []outerUse // the linear layers, last first
	used   int        // of them, by the current part
	l2     float64    // factor of the L2 term
}

// run is a number of neighbouring parameters that are neighbours in a row too.
type run struct{ offset, at, n int }

// outerUse is a linear layer whose backwardEach has been called.
type outerUse struct {
	l      *linear
	s      *linearScratch
	square float64 // squared norm of its parameters, where there is an L2 term
}

// composite is a layer made of others.
type composite interface{ parts() []layer }

func (c *chain) parts() []layer { return c.layers }

func (l *stage) parts() []layer { return []layer{l.conv, l.norm} }

// walk visits all layers of l that are not made of others, in order.
func walk(l layer, visit func(layer)) {
	c, ok := l.(composite)
	if !ok {
		visit(l)
		return
	}
	for _, part := range c.parts() {
		walk(part, visit)
	}
}

// newEachStore prepares the store for a network. It has no rows yet.
func newEachStore(n *Net) *eachStore {
	var linears []*linear
	walk(&n.chain, func(l layer) {
		if l, ok := l.(*linear); ok {
			linears = append(linears, l)
		}
	})
	slices.SortFunc(linears, func(a, b *linear) int { return a.weight - b.weight })
	s := &eachStore{outers: make([]outerUse, len(linears))}
	from := 0
	until := func(to int) {
		if to > from {
			s.runs = append(s.runs, run{from, s.stride, to - from})
			s.stride += to - from
		}
	}
	for _, l := range linears {
		until(l.weight)
		from = l.weight + l.dim()
	}
	until(n.dim)
	s.part = n.eachPart(s.stride)
	return s
}

// grow makes room for n rows.
func (s *eachStore) grow(n int) {
	if n <= s.rows {
		return
	}
	s.rows = n
	s.data = kernel.Alloc(n * s.stride)
	s.norms, s.scale = make([]float64, n), make([]float32, n)
}

// begin sets out to zero, except, with rows, the parameters of linear layers.
func (s *eachStore) begin(out []float32, rows bool) {
	if !rows {
		clear(out)
		return
	}
	for _, r := range s.runs {
		clear(out[r.offset : r.offset+r.n])
	}
}

// row is the gradient of example i, without linear layers.
func (s *eachStore) row(i int) []float32 { return s.data[i*s.stride : (i+1)*s.stride] }

// of is where the gradient of example i by the n parameters from offset is stored. It is for backwardEach.
func (s *eachStore) of(i, offset, n int) []float32 {
	for _, r := range s.runs {
		if k := offset - r.offset; k >= 0 && k < r.n {
			at := i*s.stride + r.at + k
			return s.data[at : at+n]
		}
	}
	panic(fmt.Sprintf("engine: no room for gradients of single examples by parameter %d", offset))
}

// use is called by linear layers from backwardEach, last layer first. Every part of a batch brings the same.
func (s *eachStore) use(ws *workspace, l *linear) {
	u := &s.outers[s.used]
	s.used++
	if s.again {
		return
	}
	*u = outerUse{l: l, s: ws.scratch.(*linearScratch)}
	if s.l2 != 0 {
		u.square = kernel.SquaredNorm(ws.w[l.weight : l.weight+l.dim()])
	}
}

// reduction is what becomes of the gradients of single examples.
type reduction int

const (
	clipNorms reduction = iota
	clipCoordinates
	sumSquares
)

// Limits of a part. They change no result.
const (
	eachPart   = 128     // examples
	eachCache  = 1 << 20 // elements of rows and activations: what lies in the cache is faster
	eachMemory = 4 << 20 // the same where large linear layers, read for each part, are better off with larger parts
	eachLinear = 1 << 19 // parameters of large linear layers
)

// GradClipped stores in out the sum of the clipped gradients of the examples, Σ_i g_i min(1, clip/|g_i|), as DP-SGD needs
// it (Abadi et al., "Deep Learning with Differential Privacy", 2016). Each g_i is the gradient of that example's own
// loss, the L2 term included. With perCoordinate, each coordinate of each g_i is clipped to -clip..clip instead. clip is
// above 0; +Inf gives the sum of the gradients. The result is not divided by the number of examples.
//
// norms is nil or has one element an example, which becomes |g_i|, the Euclidean norm before clipping. out has length Dim
// and must not overlap w; nil means that only the norms are wanted. w, buf and b are not modified.
//
// Batch normalisation uses its running statistics, as in mode Eval: only then is a gradient of one example defined. What
// an example adds does not depend on the others, nor on the order of their arrival in memory; sums run in the order of
// the batch. There may be any number of examples, also none (then out is 0, and so is the Result) or more than the
// machine's largest batch.
//
// An example whose gradient is not finite makes the result so: the factor of a NaN norm is NaN, and infinite coordinates
// stay infinite or become NaN, except that perCoordinate clips them to ±clip.
func (m *Machine) GradClipped(w, buf []float32, b Batch, l Loss, clip float64, perCoordinate bool, norms, out []float32) Result {
	if !(clip > 0) {
		panic(fmt.Sprintf("engine: clip %v, expected above 0", clip))
	}
	if norms != nil {
		mustLen("norms", len(norms), b.Len())
	}
	how := clipNorms
	if perCoordinate {
		how = clipCoordinates
	}
	return m.eachGrad(w, buf, b, l, how, clip, norms, out)
}

// GradSquared stores in out the sum over the examples of the squared coordinates of their gradients, Σ_i g_i². Divided by
// the number of examples it is the diagonal of the empirical Fisher matrix. All else is as for GradClipped.
func (m *Machine) GradSquared(w, buf []float32, b Batch, l Loss, out []float32) Result {
	mustLen("out", len(out), m.net.dim)
	return m.eachGrad(w, buf, b, l, sumSquares, 0, nil, out)
}

func (m *Machine) eachGrad(w, buf []float32, b Batch, l Loss, how reduction, clip float64, norms, out []float32) Result {
	m.checkAny(w, buf, b)
	if m.each == nil {
		m.each = newEachStore(m.net)
	}
	s := m.each
	if out != nil {
		mustLen("out", len(out), m.net.dim)
		s.begin(out, how == clipNorms && b.Len() > 0)
	}
	s.again, s.l2 = false, l.L2
	m.ws = workspace{w: w, buf: buf, keep: true, mode: Eval, each: s}
	r := Result{Examples: b.Len()}
	var scales float64 // sum of the factors
	step := m.part
	if step == 0 {
		step = s.part
	}
	size, outputs := m.net.input.Len(), m.net.Classes()
	for from := 0; from < b.Len(); from += step {
		n := min(step, b.Len()-from)
		m.reserve(n, needBackward|needEach)
		s.grow(n)
		logits, d := m.forward(b.X[from*size:(from+n)*size], n), m.dy.flat()
		for i := range n {
			own := b.part(from+i, from+i+1, size, outputs)
			loss, errors := l.sum(m.loss, logits[i*outputs:(i+1)*outputs], own, d[i*outputs:(i+1)*outputs], nil)
			r.Loss += loss
			r.Errors += errors
		}
		s.used = 0
		m.ws.scratch = m.chain
		m.net.backwardEach(&m.ws, m.x, m.y, m.dy, nil)
		s.addRidge(w, n)
		if norms != nil || how == clipNorms {
			s.squaredNorms(n)
			for i := range n {
				norm := math.Sqrt(s.norms[i])
				if norms != nil {
					norms[from+i] = float32(norm)
				}
				scale := 1.0
				if !(norm <= clip) {
					scale = clip / norm
				}
				s.scale[i] = float32(scale)
				scales += scale
			}
		}
		if out != nil {
			s.reduce(w, n, how, float32(clip), out)
		}
		s.again = true
	}
	if b.Len() == 0 {
		return r
	}
	for _, u := range s.outers {
		if out != nil && how == clipNorms {
			u.l.finish(u.s, w, scales*s.l2, out)
		}
	}
	r.Loss = r.Loss/float64(b.Len()) + l.penalty(w, nil)
	return r
}

// addRidge adds the gradient of the L2 term to the n rows of a part.
func (s *eachStore) addRidge(w []float32, n int) {
	if s.l2 == 0 {
		return
	}
	l2 := [1]float32{float32(s.l2)}
	for _, r := range s.runs {
		for i := range n {
			kernel.AddScaled(s.row(i)[r.at:r.at+r.n], l2[:], w[r.offset:], 0)
		}
	}
}

// squaredNorms computes the squared norms of the gradients of the n examples of a part.
func (s *eachStore) squaredNorms(n int) {
	for i := range n {
		s.norms[i] = kernel.SquaredNorm(s.row(i))
		for _, u := range s.outers {
			s.norms[i] += u.l.squaredNorm(u.s.outer, i, s.l2, u.square)
		}
	}
}

// reduce adds the n rows of a part, and what linear layers keep, to out.
func (s *eachStore) reduce(w []float32, n int, how reduction, clip float32, out []float32) {
	for _, r := range s.runs {
		to, from := out[r.offset:r.offset+r.n], s.data[r.at:]
		rows := kernel.Rows{N: n, A: one[:], X: from, Stride: s.stride}
		switch how {
		case clipNorms:
			kernel.AddScaled(to, s.scale[:n], from, s.stride)
		case clipCoordinates:
			rows.AddClamped(clip, to)
		case sumSquares:
			rows.AddSquares(to)
		}
	}
	for _, u := range s.outers {
		if how == clipNorms {
			u.l.addScaled(u.s, s.scale[:n], out)
		} else {
			u.l.addRows(w, u.s.outer, n, how, clip, float32(s.l2), out)
		}
	}
}

var one = [1]float32{1}

// eachPart is how many examples a part has: the largest power of two within the limits, for rows of stride elements.
func (n *Net) eachPart(stride int) int {
	size := stride + n.input.Len()
	walk(&n.chain, func(l layer) { size += 3 * l.shape().Len() }) // output, its gradient, and as much again inside
	limit := eachCache
	if n.dim-stride >= eachLinear {
		limit = eachMemory
	}
	part := eachPart
	for part > 1 && part*size > limit {
		part /= 2
	}
	return part
}

// PerExample is nil, or an error that names the batch normalisations: the gradient of one example is not defined in a
// batch whose statistics it takes part in. It is for training; GradClipped and GradSquared use the running statistics.
func (n *Net) PerExample() error {
	var names []string
	walk(&n.chain, func(l layer) {
		if l, ok := l.(*normAct); ok && l.kind == BatchNorm {
			names = append(names, l.name)
		}
	})
	if names == nil {
		return nil
	}
	return fmt.Errorf("gradients of single examples are not defined with batch normalisation (%s); use normalisation %q or %q",
		strings.Join(names, ", "), GroupNorm, NoNorm)
}

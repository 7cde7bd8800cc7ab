package engine

import (
	"slices"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// HVP stores in out the Hessian of the mean loss of a batch times v, exactly: the derivative of the gradient that Grad
// computes at w + t·v, at t = 0 (the R-operator; Pearlmutter, "Fast Exact Multiplication by the Hessian", 1994). In mode
// Train it goes through the statistics of the batch, as that gradient does. ReLU and max-pooling have no curvature: where
// they change their choice the second derivative is a Dirac mass, which is left out.
//
// w, v and out have length Dim, and out overlaps neither; buf has length BufferDim. Only out is modified. The result is the
// batch's at w.
//
// The machine keeps what does not depend on v until it is used for something else: calls that differ in v alone cost
// about twice a gradient, the first of them about 2/3 of a gradient more.
func (m *Machine) HVP(w, buf []float32, b Batch, l Loss, mode Mode, v, out []float32) Result {
	m.check(w, buf, b)
	mustLen("v", len(v), m.net.dim)
	mustLen("out", len(out), m.net.dim)
	m.along(w, buf, b, mode, v)
	if k := &m.kept; !k.backward || !k.loss.Equal(l) || !slices.Equal(k.y, b.Y) || (k.t == nil) != (b.T == nil) || !kernel.Equal(k.t, b.T) {
		k.backward = false
		loss, errors := l.sum(m.loss, m.y.flat(), b, m.dy.flat(), nil)
		k.result = Result{Loss: loss/float64(b.Len()) + l.penalty(w, nil), Examples: b.Len(), Errors: errors}
		m.backward(nil)
		k.remember(b, l)
	}
	l.tangent(m.loss, m.y.flat(), m.ry.flat(), b, m.rdy.flat())
	m.ws.rgrad = out
	m.ws.scratch = m.chain
	m.net.jvpBackward(&m.ws, m.x, nil, m.y, m.ry, m.dy, m.rdy, nil, nil)
	l.addRidge(v, out)
	return m.kept.result
}

// JVP stores in out the derivative of the outputs of a batch at w + t·v, at t = 0, in the order of Outputs. w and v have
// length Dim, buf has length BufferDim, and out at least examples × classes elements; the rest is left as it is. Only out
// is modified. Like HVP it keeps what does not depend on v.
func (m *Machine) JVP(w, buf []float32, b Batch, mode Mode, v, out []float32) {
	m.check(w, buf, b)
	mustLen("v", len(v), m.net.dim)
	m.along(w, buf, b, mode, v)
	tangents := m.ry.flat()
	if len(out) < len(tangents) {
		mustLen("out", len(out), len(tangents))
	}
	copy(out, tangents)
}

// along computes the tangents of the outputs along v, and the forward pass before it unless it is kept.
func (m *Machine) along(w, buf []float32, b Batch, mode Mode, v []float32) {
	n := b.Len()
	m.reserve(n, needBackward|needTangent)
	m.ws = workspace{w: w, buf: buf, v: v, keep: true, mode: mode}
	if k := &m.kept; !k.forward || k.mode != mode || !kernel.Equal(k.w, w) || !kernel.Equal(k.buf, buf) || !kernel.Equal(k.x, b.X) {
		m.forward(b.X, n)
		*k = kept{
			forward: true, mode: mode, loss: k.loss, y: k.y, t: k.t,
			w: append(k.w[:0], w...), buf: append(k.buf[:0], buf...), x: append(k.x[:0], b.X...),
		}
	}
	m.ws.scratch = m.chain
	m.net.jvp(&m.ws, m.x, nil, m.y, m.ry)
}

// kept describes the passes whose results are in the machine: what they were computed from, for the next call to compare.
type kept struct {
	forward, backward bool // what is valid
	w, buf, x         []float32
	mode              Mode
	y                 []int32
	t                 []float32 // nil for classification
	loss              Loss
	result            Result
}

// remember makes copies of what the backward pass was computed from.
func (k *kept) remember(b Batch, l Loss) {
	k.backward = true
	k.y = append(k.y[:0], b.Y...)
	if b.T == nil {
		k.t = nil
	} else {
		k.t = append(k.t[:0], b.T...)
	}
	old := k.loss
	k.loss = l
	for _, x := range []struct{ to, from *[]float64 }{
		{&k.loss.ClassWeights, &old.ClassWeights}, {&k.loss.Adjust, &old.Adjust}, {&k.loss.Multiply, &old.Multiply}, {&k.loss.Margin, &old.Margin},
	} {
		if *x.to != nil {
			*x.to = append((*x.from)[:0], *x.to...)
		}
	}
}

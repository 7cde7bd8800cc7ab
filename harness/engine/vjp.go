package engine

// VJP stores in out the product of a cotangent and the Jacobian of the outputs by the parameters: the gradient of
// Σ cotangent · outputs over the examples. cotangent has examples × outputs elements, out length Dim; they must not overlap,
// nor out and w. w, buf and updateStats are as for Grad.
func (m *Machine) VJP(w, buf []float32, b Batch, mode Mode, updateStats bool, cotangent, out []float32) {
	m.check(w, buf, b)
	n := b.Len()
	mustLen("cotangent", len(cotangent), n*m.net.Classes())
	mustLen("out", len(out), m.net.dim)
	m.reserve(n, needBackward)
	m.ws = workspace{w: w, buf: buf, grad: out, keep: true, mode: mode, updateStats: updateStats && mode == Train}
	m.forward(b.X, n)
	copy(m.dy.flat(), cotangent)
	m.backward(nil)
}

// OutputGrad stores in out the gradient of the mean loss by the outputs, examples × outputs elements: the cotangent of which
// VJP makes the gradient by the parameters, but for the loss's L2 term. w has length Dim and buf BufferDim; neither is
// modified.
func (m *Machine) OutputGrad(w, buf []float32, b Batch, l Loss, mode Mode, out []float32) Result {
	m.check(w, buf, b)
	n := b.Len()
	mustLen("out", len(out), n*m.net.Classes())
	m.reserve(n, 0)
	m.ws = workspace{w: w, buf: buf, mode: mode}
	loss, errors := l.sum(m.loss, m.forward(b.X, n), b, out, nil)
	return Result{Loss: loss/float64(n) + l.penalty(w, nil), Examples: n, Errors: errors}
}

// InputGrad stores in out the gradient of the mean loss by the inputs, in the layout of b.X. In mode Train it goes through
// the statistics of the batch, too. w has length Dim and buf BufferDim; neither is modified. The examples are independent
// of each other in mode Eval: n times the gradient of an example is that of its own loss.
func (m *Machine) InputGrad(w, buf []float32, b Batch, l Loss, mode Mode, out []float32) Result {
	m.check(w, buf, b)
	n := b.Len()
	mustLen("out", len(out), len(b.X))
	m.reserve(n, needBackward)
	m.dx = fit(m.dx, m.net.input, 0, n)
	m.dx.n = n
	m.ws = workspace{w: w, buf: buf, keep: true, mode: mode}
	logits := m.forward(b.X, n)
	loss, errors := l.sum(m.loss, logits, b, m.dy.flat(), nil)
	m.backward(m.dx)
	copy(out, m.dx.flat())
	return Result{Loss: loss/float64(n) + l.penalty(w, nil), Examples: n, Errors: errors}
}

package engine

import "fmt"

// An evaluation without gradient takes some examples at a time. They do not depend on each other there, so it changes no
// result; it keeps the activations in the cache and the memory small.
const (
	evalChunk = 32      // examples
	evalCache = 1 << 17 // elements around the layer with the largest output
)

// evalPart is how many examples an evaluation takes at a time: the largest power of two within the limits. Networks with
// large linear layers take as many as may be, since every part reads their weights.
func (n *Net) evalPart() int {
	widest, linears := 0, 0
	walk(&n.chain, func(l layer) {
		widest = max(widest, l.shape().Len())
		if l, ok := l.(*linear); ok {
			linears += l.dim()
		}
	})
	part := evalChunk
	for linears < eachLinear && part > 1 && 4*part*widest > evalCache {
		part /= 2
	}
	return part
}

// Machine is the working memory of one goroutine for one network and batches up to a size. It is not safe for
// concurrent use. The memory is taken when a call first needs it and kept: after that, calls do not allocate.
type Machine struct {
	net   *Net
	max   int
	x, y  *activation // inputs and outputs of the network
	dy    *activation // gradient of y
	dx    *activation // gradient of x; only for InputGrad
	ry    *activation // tangents
	rdy   *activation
	chain any // scratch of the network's chain
	loss  lossScratch
	each  *eachStore
	probe probe
	chunk int // examples of a part of an evaluation
	part  int // examples of a part in eachGrad; 0: chosen by size. Tests set it
	ws    workspace
	kept  kept // for HVP and JVP
}

// NewMachine returns a machine for batches of 1 to maxBatch examples.
func NewMachine(n *Net, maxBatch int) *Machine {
	if maxBatch < 1 {
		panic(fmt.Sprintf("engine: machine for batches of %d examples", maxBatch))
	}
	return &Machine{net: n, max: maxBatch, chunk: n.evalPart(), loss: newLossScratch(n.Classes())}
}

// Loss evaluates a batch. w has length Dim and buf BufferDim; neither is modified. each is nil or has one element an
// example, which becomes that example's own loss; the mean of those is the loss of the batch.
func (m *Machine) Loss(w, buf []float32, b Batch, l Loss, mode Mode, each []float32) Result {
	m.check(w, buf, b)
	if each != nil {
		mustLen("each", len(each), b.Len())
	}
	r := Result{Examples: b.Len()}
	m.ws = workspace{w: w, buf: buf, mode: mode}
	size, outputs := m.net.input.Len(), m.net.Classes()
	m.chunks(b, mode, func(logits []float32, from, to int) {
		var own []float32
		if each != nil {
			own = each[from:to]
		}
		loss, errors := l.sum(m.loss, logits, b.part(from, to, size, outputs), nil, own)
		r.Loss += loss
		r.Errors += errors
	})
	r.Loss /= float64(b.Len())
	r.Loss += l.penalty(w, each)
	return r
}

// Outputs stores the logits in out, classes after classes, example after example. out has at least examples × classes
// elements; the rest is left as it is. w has length Dim and buf BufferDim; neither is modified.
func (m *Machine) Outputs(w, buf []float32, b Batch, mode Mode, out []float32) {
	m.check(w, buf, b)
	k := m.net.Classes()
	if len(out) < b.Len()*k {
		panic(fmt.Sprintf("engine: out has length %d, expected at least %d", len(out), b.Len()*k))
	}
	m.ws = workspace{w: w, buf: buf, mode: mode}
	m.chunks(b, mode, func(logits []float32, from, to int) {
		copy(out[from*k:], logits)
	})
}

// chunks runs the network forward over the batch and hands over the logits, all at once in mode Train.
func (m *Machine) chunks(b Batch, mode Mode, each func(logits []float32, from, to int)) {
	step := b.Len()
	if mode == Eval {
		step = min(step, m.chunk)
	}
	size := m.net.input.Len()
	for from := 0; from < b.Len(); from += step {
		to := min(from+step, b.Len())
		m.reserve(to-from, 0)
		each(m.forward(b.X[from*size:to*size], to-from), from, to)
	}
}

// Grad evaluates a batch and stores the gradient of its mean loss in grad, which has length Dim and must not overlap
// w. w has length Dim and buf BufferDim; they are not modified, except that updateStats folds the statistics of the
// batch into buf in mode Train: running ← 0.9 running + 0.1 batch, variances with Bessel's correction, as PyTorch does.
func (m *Machine) Grad(w, buf []float32, b Batch, l Loss, mode Mode, updateStats bool, grad []float32) Result {
	m.check(w, buf, b)
	mustLen("grad", len(grad), m.net.dim)
	n := b.Len()
	m.reserve(n, needBackward)
	m.ws = workspace{w: w, buf: buf, grad: grad, keep: true, mode: mode, updateStats: updateStats && mode == Train}
	logits := m.forward(b.X, n)
	loss, errors := l.sum(m.loss, logits, b, m.dy.flat(), nil)
	m.backward(nil)
	l.addRidge(w, grad)
	return Result{Loss: loss/float64(n) + l.penalty(w, nil), Examples: n, Errors: errors}
}

// forward returns the logits of n examples. They stay valid until the next call.
func (m *Machine) forward(x []float32, n int) []float32 {
	m.kept.forward, m.kept.backward = false, false
	m.x.n, m.y.n = n, n
	line := m.x.W * m.x.C
	for i := range n {
		to := m.x.inner(i)
		for h := range m.x.H {
			copy(to[h*m.x.row():], x[:line])
			x = x[line:]
		}
	}
	m.ws.scratch = m.chain
	m.net.forward(&m.ws, m.x, m.y)
	return m.y.flat()
}

// backward goes back from m.dy, after forward, to the parameters and, unless dx is nil, to the inputs.
func (m *Machine) backward(dx *activation) {
	m.ws.scratch = m.chain
	m.net.backward(&m.ws, m.x, m.y, m.dy, dx)
}

// reserve makes room for n examples and what is to be done with them.
func (m *Machine) reserve(n int, what need) {
	m.chain = m.net.scratch(m.chain, n, what)
	pad, gradPad := m.net.pads()
	m.x, m.y = fit(m.x, m.net.input, pad, n), fit(m.y, m.net.shape(), 0, n)
	if what&needBackward != 0 {
		m.dy = fit(m.dy, m.net.shape(), gradPad, n)
		m.dy.n = n
	}
	if what&needTangent != 0 {
		m.ry, m.rdy = fit(m.ry, m.net.shape(), 0, n), fit(m.rdy, m.net.shape(), gradPad, n)
		m.ry.n, m.rdy.n = n, n
	}
}

func (m *Machine) check(w, buf []float32, b Batch) {
	m.checkAny(w, buf, b)
	if b.Len() < 1 || b.Len() > m.max {
		panic(fmt.Sprintf("engine: batch of %d examples on a machine for 1 to %d", b.Len(), m.max))
	}
}

// checkAny is check for batches of any size.
func (m *Machine) checkAny(w, buf []float32, b Batch) {
	mustLen("w", len(w), m.net.dim)
	mustLen("buf", len(buf), m.net.buffers)
	mustLen("batch.X", len(b.X), b.Len()*m.net.input.Len())
	if b.T != nil {
		mustLen("batch.T", len(b.T), b.Len()*m.net.Classes())
	}
}

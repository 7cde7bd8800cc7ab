package engine

import "fmt"

// evalChunk is how many examples an evaluation without gradient takes at a time. Examples do not depend on each other
// there, so it changes no result; it keeps the activations in the cache and the memory small.
const evalChunk = 32

// Machine is the working memory of one goroutine for one network and batches up to a size. It is not safe for
// concurrent use. The memory is taken when a call first needs it and kept: after that, calls do not allocate.
type Machine struct {
	net         *Net
	max         int
	capForward  int // examples the memory serves
	capBackward int
	acts        []*activation // acts[0] is the input, acts[i+1] the output of layer i
	grads       []*activation // of acts; grads[0] stays nil
	scratch     []any
	loss        lossScratch
	ws          workspace
}

// NewMachine returns a machine for batches of 1 to maxBatch examples.
func NewMachine(n *Net, maxBatch int) *Machine {
	if maxBatch < 1 {
		panic(fmt.Sprintf("engine: machine for batches of %d examples", maxBatch))
	}
	return &Machine{
		net:     n,
		max:     maxBatch,
		acts:    make([]*activation, len(n.layers)+1),
		grads:   make([]*activation, len(n.layers)+1),
		scratch: make([]any, len(n.layers)),
		loss:    newLossScratch(n.Classes()),
	}
}

// Loss evaluates a batch. w has length Dim and buf BufferDim; neither is modified.
func (m *Machine) Loss(w, buf []float32, b Batch, l Loss, mode Mode) Result {
	m.check(w, buf, b)
	r := Result{Examples: b.Len()}
	m.ws = workspace{w: w, buf: buf, mode: mode}
	m.chunks(b, mode, func(logits []float32, from, to int) {
		loss, errors := l.sum(m.loss, logits, b.Y[from:to], nil)
		r.Loss += loss
		r.Errors += errors
	})
	r.Loss /= float64(b.Len())
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
		step = min(step, evalChunk)
	}
	size := m.net.input.Len()
	for from := 0; from < b.Len(); from += step {
		to := min(from+step, b.Len())
		m.reserve(to-from, false)
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
	m.reserve(n, true)
	m.ws = workspace{w: w, buf: buf, grad: grad, mode: mode, updateStats: updateStats && mode == Train}
	logits := m.forward(b.X, n)
	last := len(m.net.layers)
	loss, errors := l.sum(m.loss, logits, b.Y, m.grads[last].flat())
	for i := last - 1; i >= 0; i-- {
		m.ws.scratch = m.scratch[i]
		m.net.layers[i].backward(&m.ws, m.acts[i], m.acts[i+1], m.grads[i+1], m.grads[i])
	}
	return Result{Loss: loss / float64(n), Examples: n, Errors: errors}
}

// forward returns the logits of n examples. They stay valid until the next call.
func (m *Machine) forward(x []float32, n int) []float32 {
	for i, a := range m.acts {
		a.n = n
		if g := m.grads[i]; g != nil {
			g.n = n
		}
	}
	in := m.acts[0]
	line := in.W * in.C
	for i := range n {
		to := in.inner(i)
		for h := range in.H {
			copy(to[h*in.row():], x[:line])
			x = x[line:]
		}
	}
	for i, l := range m.net.layers {
		m.ws.scratch = m.scratch[i]
		l.forward(&m.ws, m.acts[i], m.acts[i+1])
	}
	return m.acts[len(m.acts)-1].flat()
}

// reserve makes room for n examples.
func (m *Machine) reserve(n int, backward bool) {
	grows := n > m.capForward
	if !grows && (!backward || n <= m.capBackward) {
		return
	}
	// The gradients' memory follows the activations' once there is any, so that one scratch serves both.
	size := max(n, m.capForward)
	backward = backward || m.capBackward > 0
	layers := m.net.layers
	for i := range m.acts {
		pad, gradPad := 0, 0
		if i < len(layers) {
			pad, _ = layers[i].pads()
		}
		if i > 0 {
			_, gradPad = layers[i-1].pads()
		}
		if grows {
			m.acts[i] = newActivation(m.net.out(i), pad, size)
		}
		if backward && i > 0 {
			m.grads[i] = newActivation(m.net.out(i), gradPad, size)
		}
	}
	for i, l := range layers {
		m.scratch[i] = l.scratch(m.scratch[i], size, backward)
	}
	m.capForward = size
	if backward {
		m.capBackward = size
	}
}

func (m *Machine) check(w, buf []float32, b Batch) {
	mustLen("w", len(w), m.net.dim)
	mustLen("buf", len(buf), m.net.buffers)
	if b.Len() < 1 || b.Len() > m.max {
		panic(fmt.Sprintf("engine: batch of %d examples on a machine for 1 to %d", b.Len(), m.max))
	}
	mustLen("batch.X", len(b.X), b.Len()*m.net.input.Len())
}

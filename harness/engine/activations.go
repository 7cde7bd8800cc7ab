package engine

import "fmt"

// Activations stores in out the pre-activations of a layer, example after example: what goes into the activation function
// behind the weights with a number (Tensor.Layer), after the normalisation between them if there is one. Where neither
// follows, as behind the last weights, they are what the layer itself computes, bias included. out has at least
// ActivationLen elements for each example. w has length Dim and buf BufferDim; neither is modified.
func (m *Machine) Activations(w, buf []float32, b Batch, mode Mode, number int, out []float32) {
	m.check(w, buf, b)
	size := m.net.ActivationLen(number)
	if size == 0 {
		panic(fmt.Sprintf("engine: no layer with weights has the number %d", number))
	}
	p := &m.probe
	*p = probe{weights: m.net.weightsOf(number)}
	if len(out) < b.Len()*size {
		panic(fmt.Sprintf("engine: out has length %d, expected at least %d", len(out), b.Len()*size))
	}
	m.ws = workspace{w: w, buf: buf, keep: true, mode: mode}
	m.chunks(b, mode, func(logits []float32, from, to int) {
		p.out, p.made = out[from*size:to*size], nil
		m.net.inspect(&m.ws, p, m.chain, m.x, m.y)
	})
}

// ActivationLen is how many numbers Activations stores for one example of the layer with a number, 0 when no layer with
// weights has it.
func (n *Net) ActivationLen(number int) int {
	offset := n.weightsOf(number)
	for _, l := range n.weighted {
		if l.firstWeight() == offset {
			return l.shape().Len()
		}
	}
	return 0
}

// weightsOf is the offset of the weights with a number, -1 when there are none.
func (n *Net) weightsOf(number int) int {
	for _, t := range n.layout {
		if t.Layer == number && t.Kind == Weight {
			return t.Offset
		}
	}
	return -1
}

// weighted is a layer with weights, whose outputs are as many as those of its activation function before pooling.
type weighted interface {
	layer
	firstWeight() int // their offset
}

func (c *conv) firstWeight() int { return c.weight }

func (l *linear) firstWeight() int { return l.weight }

func (l *cosine) firstWeight() int { return l.weight }

func (l *patches) firstWeight() int { return l.weight }

func (l *mixTokens) firstWeight() int { return l.weight }

func (l *mixTokens) inspect(ws *workspace, p *probe, scratch any, x, y *activation) {
	switch {
	case l.weight != p.weights:
	case l.act == Identity:
		p.copy(y)
	default:
		copy(p.out, scratch.(*mixTokensScratch).z[:y.n*l.out.Len()])
	}
}

// probe copies the pre-activations of one layer.
type probe struct {
	weights int // offset of the layer's weights
	out     []float32
	made    *activation // the layer's outputs, once they are copied
}

// inspected is a composite layer that shows a probe what its parts have computed in forward. Its scratch is handed over,
// because ws.scratch is that of the last layer called.
type inspected interface {
	inspect(ws *workspace, p *probe, scratch any, x, y *activation)
}

func (c *chain) inspect(ws *workspace, p *probe, scratch any, x, y *activation) {
	s := scratch.(*chainScratch)
	ends(s.acts, x, y, x.n)
	for i, l := range c.layers {
		x, y := s.acts[i], s.acts[i+1]
		switch l := l.(type) {
		case inspected:
			l.inspect(ws, p, s.layers[i], x, y)
		case *normAct:
			if x == p.made {
				n := s.layers[i].(*normActScratch)
				for k := range x.n {
					l.preActivations(ws, n, k, x.flat(), p.out)
				}
			}
		case weighted:
			if l.firstWeight() == p.weights {
				p.copy(y)
			}
		}
	}
}

func (l *stage) inspect(ws *workspace, p *probe, scratch any, x, y *activation) {
	if l.conv.weight != p.weights {
		return
	}
	s := scratch.(*stageScratch)
	for i := range x.n {
		l.norm.preActivations(ws, s.norm, i, s.raw, p.out)
	}
}

func (p *probe) copy(y *activation) {
	p.made = y
	line := y.W * y.C
	to := p.out
	for i := range y.n {
		from := y.inner(i)
		for h := range y.H {
			copy(to[:line], from[h*y.row():])
			to = to[line:]
		}
	}
}

// preActivations computes those of example i, where pixels and to are a batch.
func (l *normAct) preActivations(ws *workspace, s *normActScratch, i int, pixels, to []float32) {
	size := l.in.Len()
	f := l.affine(ws, s, i)
	to = to[i*size : (i+1)*size]
	for k, v := range pixels[i*size : (i+1)*size] {
		to[k] = f.Z(v, k%l.in.C)
	}
}

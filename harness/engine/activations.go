package engine

import "fmt"

// Activations stores in out the pre-activations of a layer, example after example: what goes into the activation function
// behind the weights with a number (Tensor.Layer), after the normalisation between them if there is one. Where neither
// follows, as behind the last weights, they are what the layer itself computes, bias included. It returns the number of
// elements of one example; out has at least as many for each example, or is nil when only the number is wanted. w has
// length Dim and buf BufferDim; neither is modified.
func (m *Machine) Activations(w, buf []float32, b Batch, mode Mode, number int, out []float32) int {
	m.check(w, buf, b)
	p := &m.probe
	*p = probe{weights: -1}
	for _, t := range m.net.layout {
		if t.Layer == number && t.Kind == Weight {
			p.weights = t.Offset
		}
	}
	size := 0
	for _, l := range m.net.weighted {
		if l.firstWeight() == p.weights {
			size = l.shape().Len()
		}
	}
	if size == 0 {
		panic(fmt.Sprintf("engine: no layer with weights has the number %d", number))
	}
	if out == nil {
		return size
	}
	if len(out) < b.Len()*size {
		panic(fmt.Sprintf("engine: out has length %d, expected at least %d", len(out), b.Len()*size))
	}
	m.ws = workspace{w: w, buf: buf, keep: true, mode: mode}
	m.chunks(b, mode, func(logits []float32, from, to int) {
		p.out, p.made = out[from*size:to*size], nil
		m.net.inspect(&m.ws, p, m.chain, m.x, m.y)
	})
	return size
}

// weighted is a layer with weights, whose outputs are as many as those of its activation function before pooling.
type weighted interface {
	layer
	firstWeight() int // their offset
}

func (c *conv) firstWeight() int { return c.weight }

func (l *linear) firstWeight() int { return l.weight }

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

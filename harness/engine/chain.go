package engine

// chain is layers one behind the other. It is a layer itself: a network is a chain, and so are the branches of a
// composite layer. Its first input and last output, with their gradients and tangents, belong to the caller; what lies
// between is the chain's.
type chain struct {
	input  Shape
	layers []layer
}

// out is the shape of activation i: 0 is the input, i the output of layer i-1.
func (c *chain) out(i int) Shape {
	if i == 0 {
		return c.input
	}
	return c.layers[i-1].shape()
}

func (c *chain) shape() Shape { return c.out(len(c.layers)) }

func (c *chain) pads() (x, dy int) {
	if len(c.layers) == 0 {
		return 0, 0
	}
	x, _ = c.layers[0].pads()
	_, dy = c.layers[len(c.layers)-1].pads()
	return x, dy
}

func (c *chain) initBuffers(buf []float32) {
	for _, l := range c.layers {
		if s, ok := l.(interface{ initBuffers(buf []float32) }); ok {
			s.initBuffers(buf)
		}
	}
}

// adder is a layer whose backward can add to dx.
type adder interface{ addsInput() bool }

func (c *chain) addsInput() bool {
	if len(c.layers) == 0 {
		return false
	}
	a, ok := c.layers[0].(adder)
	return ok && a.addsInput()
}

// chainScratch is the working memory of a chain. Activation 0 is the input, i the output of layer i-1; the first and the
// last of each kind are the caller's.
type chainScratch struct {
	room          int  // examples the memory serves
	have          need // and what it serves them for
	acts, grads   []*activation
	racts, rgrads []*activation // tangents of both
	layers        []any         // the layers' scratch
}

func (c *chain) scratch(old any, n int, what need) any {
	s, _ := old.(*chainScratch)
	if s == nil {
		k := len(c.layers) + 1
		s = &chainScratch{
			acts: make([]*activation, k), grads: make([]*activation, k),
			racts: make([]*activation, k), rgrads: make([]*activation, k),
			layers: make([]any, len(c.layers)),
		}
	}
	if n <= s.room && what&^s.have == 0 {
		return s
	}
	// All memory has the same room, so that one scratch of a layer serves every call.
	s.room, s.have = max(n, s.room), s.have|what
	for i := 1; i < len(c.layers); i++ {
		pad, _ := c.layers[i].pads()
		_, gradPad := c.layers[i-1].pads()
		s.acts[i] = fit(s.acts[i], c.out(i), pad, s.room)
		if s.have&needBackward != 0 {
			s.grads[i] = fit(s.grads[i], c.out(i), gradPad, s.room)
		}
		if s.have&needTangent != 0 {
			s.racts[i] = fit(s.racts[i], c.out(i), pad, s.room)
			s.rgrads[i] = fit(s.rgrads[i], c.out(i), gradPad, s.room)
		}
	}
	for i, l := range c.layers {
		s.layers[i] = l.scratch(s.layers[i], s.room, s.have)
	}
	return s
}

// ends puts the caller's activations at the ends of list and sets the number of examples of all.
func ends(list []*activation, first, last *activation, n int) {
	list[0], list[len(list)-1] = first, last
	for _, a := range list {
		if a != nil {
			a.n = n
		}
	}
}

func (c *chain) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*chainScratch)
	ends(s.acts, x, y, x.n)
	for i, l := range c.layers {
		ws.scratch = s.layers[i]
		l.forward(ws, s.acts[i], s.acts[i+1])
	}
}

func (c *chain) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*chainScratch)
	ends(s.acts, x, y, x.n)
	ends(s.grads, dx, dy, x.n)
	for i := len(c.layers) - 1; i >= 0; i-- {
		ws.scratch = s.layers[i]
		c.layers[i].backward(ws, s.acts[i], s.acts[i+1], s.grads[i+1], s.grads[i])
	}
}

func (c *chain) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*chainScratch)
	ends(s.acts, x, y, x.n)
	ends(s.racts, rx, ry, x.n)
	for i, l := range c.layers {
		ws.scratch = s.layers[i]
		l.jvp(ws, s.acts[i], s.racts[i], s.acts[i+1], s.racts[i+1])
	}
}

func (c *chain) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*chainScratch)
	ends(s.acts, x, y, x.n)
	ends(s.racts, rx, ry, x.n)
	ends(s.grads, dx, dy, x.n)
	ends(s.rgrads, rdx, rdy, x.n)
	for i := len(c.layers) - 1; i >= 0; i-- {
		ws.scratch = s.layers[i]
		c.layers[i].jvpBackward(ws, s.acts[i], s.racts[i], s.acts[i+1], s.racts[i+1],
			s.grads[i+1], s.rgrads[i+1], s.grads[i], s.rgrads[i])
	}
}

func (c *chain) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*chainScratch)
	ends(s.acts, x, y, x.n)
	ends(s.grads, dx, dy, x.n)
	for i := len(c.layers) - 1; i >= 0; i-- {
		ws.scratch = s.layers[i]
		c.layers[i].backwardEach(ws, s.acts[i], s.acts[i+1], s.grads[i+1], s.grads[i])
	}
}

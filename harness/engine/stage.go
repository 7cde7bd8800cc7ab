package engine

// stage is a convolution and what follows it, image by image: the statistics are taken and the gradient of the
// convolution's output is used while they are in the cache, and that gradient is never stored for a whole batch.
type stage struct {
	conv *conv
	norm *normAct
}

// fuse joins convolutions with the normAct behind them.
func fuse(layers []layer) []layer {
	var out []layer
	for i := 0; i < len(layers); i++ {
		if c, ok := layers[i].(*conv); ok && i+1 < len(layers) {
			if n, ok := layers[i+1].(*normAct); ok {
				out = append(out, &stage{c, n})
				i++
				continue
			}
		}
		out = append(out, layers[i])
	}
	return out
}

type stageScratch struct {
	conv *convScratch
	norm *normActScratch
	raw  []float32 // the convolutions of the batch
	rraw []float32 // their tangents
}

func (l *stage) shape() Shape { return l.norm.out }

func (l *stage) pads() (int, int) { return l.conv.pads() }

func (l *stage) addsInput() bool { return true }

func (l *stage) initBuffers(buf []float32) { l.norm.initBuffers(buf) }

func (l *stage) scratch(old any, n int, what need) any {
	s, _ := old.(*stageScratch)
	if s == nil {
		s = &stageScratch{conv: new(convScratch), norm: new(normActScratch)}
	}
	l.conv.scratch(s.conv, n, what)
	l.norm.scratch(s.norm, n, what)
	s.raw = grow(s.raw, n*l.conv.out.Len())
	if what&needTangent != 0 {
		s.rraw = grow(s.rraw, n*l.conv.out.Len())
	}
	return s
}

func (l *stage) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*stageScratch)
	size, row := l.conv.out.Len(), l.conv.out.W*l.conv.out.C
	shared := l.norm.shared(ws)
	l.norm.begin(ws, s.norm)
	for i := range x.n {
		k := i
		if !shared && !ws.keep {
			k = 0 // nobody asks for it again
		}
		raw := s.raw[k*size : (k+1)*size]
		if i+1 < x.n {
			var next []float32
			if k == i {
				next = s.raw[(k+1)*size : (k+2)*size]
			}
			s.conv.product.Ahead = [2][]float32{x.example(i + 1), next}
		}
		l.conv.convolve(s.conv, l.conv.weights(ws.w), x, i, raw, row, false)
		l.norm.observe(ws, s.norm, i, raw)
		if !shared {
			l.norm.apply(ws, s.norm, i, raw, y)
		}
	}
	if !shared {
		return
	}
	l.norm.conclude(ws, s.norm)
	for i := range x.n {
		l.norm.apply(ws, s.norm, i, s.raw[i*size:(i+1)*size], y)
	}
}

func (l *stage) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*stageScratch)
	size := l.conv.out.Len()
	if dx != nil {
		l.conv.turn(l.conv.weights(ws.w), s.conv.turned)
	}
	l.norm.gradBegin(s.norm)
	for i := range x.n {
		l.norm.gradSums(ws, s.norm, i, s.raw[i*size:(i+1)*size], y, dy)
	}
	l.norm.gradEnd(ws, s.norm, x.n)
	dRaw := s.conv.dy
	for i := range x.n {
		// The next image's share of what is read and written here is fetched meanwhile: a batch does not stay in the cache.
		more := i+1 < x.n
		l.norm.gradInput(ws, s.norm, i, s.raw[i*size:(i+1)*size], dy, dRaw.inner(0), dRaw.row())
		if ws.grad != nil {
			if more {
				s.conv.product.Ahead = [2][]float32{s.raw[(i+1)*size : (i+2)*size], dy.example(i + 1)}
			}
			l.conv.gradWeights(s.conv, x, i, dRaw, 0, l.conv.weights(ws.grad), i > 0)
		}
		if dx != nil {
			if more {
				s.conv.product.Ahead = [2][]float32{x.example(i + 1), dx.example(i + 1)}
			}
			l.conv.gradInput(s.conv, s.conv.turned, dRaw, 0, dx, i)
		}
	}
}

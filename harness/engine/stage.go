package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

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
	dRaw []float32 // the padded gradient of one image of them
}

func (l *stage) shape() Shape { return l.norm.out }

func (l *stage) pads() (int, int) { return 1, 0 }

func (l *stage) initBuffers(buf []float32) { l.norm.initBuffers(buf) }

func (l *stage) scratch(old any, n int, what need) any {
	s, _ := old.(*stageScratch)
	if s == nil {
		s = &stageScratch{conv: new(convScratch), norm: new(normActScratch)}
	}
	l.conv.scratch(s.conv, n, what)
	l.norm.scratch(s.norm, n, what)
	out := l.conv.out
	s.raw = grow(s.raw, n*out.Len())
	if what&needBackward != 0 && s.dRaw == nil {
		s.dRaw = kernel.Alloc((out.H + 2) * (out.W + 2) * out.C)
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
		l.conv.example(ws, s.conv, x.example(i), raw, row)
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
	out := l.conv.out
	size, row := out.Len(), (out.W+2)*out.C
	if dx != nil {
		l.conv.flip(ws, s.conv)
	}
	l.norm.gradBegin(s.norm)
	for i := range x.n {
		l.norm.gradSums(ws, s.norm, i, s.raw[i*size:(i+1)*size], y, dy)
	}
	l.norm.gradEnd(ws, s.norm, x.n)
	inner := s.dRaw[row+out.C:]
	for i := range x.n {
		l.norm.gradInput(s.norm, i, s.raw[i*size:(i+1)*size], inner, row)
		l.conv.gradWeights(ws, s.conv, x.example(i), inner, i > 0)
		if dx != nil {
			l.conv.gradInput(s.conv, s.dRaw, dx.inner(i), dx.row())
		}
	}
}

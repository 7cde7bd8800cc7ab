package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// positions is y = x + e, with a learned e of the size of an example.
type positions struct {
	name  string
	in    Shape
	embed int // offset
}

// Positions adds a learned embedding to each position, one number a channel, the same for all examples. Its parameter is
// name.embed (positions, row by row, × channels).
func (b *Builder) Positions(name string) {
	in := b.Shape()
	b.weight-- // it belongs to the weights before it
	l := &positions{name: name, in: in, embed: b.tensor(name+".embed", Embed, 0, in.H*in.W, in.C)}
	b.weight++
	b.net.layers = append(b.net.layers, l)
}

func (l *positions) shape() Shape { return l.in }

func (l *positions) pads() (int, int) { return 0, 0 }

type positionsScratch struct {
	sums  []float64
	x, to dense
}

func (l *positions) scratch(old any, n int, what need) any {
	if old != nil {
		return old
	}
	return &positionsScratch{sums: make([]float64, l.in.Len())}
}

func (l *positions) params(w []float32) []float32 { return w[l.embed : l.embed+l.in.Len()] }

// add computes to = x + e for all examples; x nil stands for 0.
func (l *positions) add(s *positionsScratch, x *activation, e []float32, to *activation) {
	for i := range to.n {
		out := s.to.room(to, i)
		copy(out, e)
		if x != nil {
			kernel.AddScaled(out, one[:], s.x.load(x, i), 0)
		}
		s.to.store(to, i, out)
	}
}

// pass copies from to to, unless that is nil.
func (l *positions) pass(s *positionsScratch, from, to *activation) {
	if to == nil {
		return
	}
	for i := range to.n {
		out := s.to.room(to, i)
		copy(out, s.x.load(from, i))
		s.to.store(to, i, out)
	}
}

func (l *positions) forward(ws *workspace, x, y *activation) {
	l.add(ws.scratch.(*positionsScratch), x, l.params(ws.w), y)
}

// gradSums stores the sum of dy over the examples in grad.
func (l *positions) gradSums(grad []float32, s *positionsScratch, dy *activation) {
	clear(s.sums)
	for i := range dy.n {
		kernel.Sums(s.x.load(dy, i), l.in.Len(), s.sums)
	}
	for j, v := range s.sums {
		grad[l.embed+j] = float32(v)
	}
}

func (l *positions) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*positionsScratch)
	if ws.grad != nil {
		l.gradSums(ws.grad, s, dy)
	}
	l.pass(s, dy, dx)
}

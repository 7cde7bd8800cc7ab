package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// avgPool is the mean over all positions of each channel.
type avgPool struct{ in, out Shape }

func (l *avgPool) shape() Shape { return l.out }

func (l *avgPool) pads() (int, int) { return 0, 0 }

func (l *avgPool) scratch(old any, n int, what need) any {
	if old != nil {
		return old
	}
	return make([]float64, l.in.C)
}

func (l *avgPool) forward(ws *workspace, x, y *activation) {
	sums := ws.scratch.([]float64)
	size := l.in.Len()
	in := x.flat()
	for i := range x.n {
		clear(sums)
		kernel.Sums(in[i*size:(i+1)*size], l.in.C, sums)
		out := y.inner(i)
		for c, v := range sums {
			out[c] = float32(v / float64(l.in.H*l.in.W))
		}
	}
}

func (l *avgPool) backward(ws *workspace, x, y, dy, dx *activation) {
	if dx == nil {
		return
	}
	area := float32(l.in.H * l.in.W)
	d, line := dy.flat(), l.in.W*l.in.C
	for i := range x.n {
		from, to := d[i*l.in.C:(i+1)*l.in.C], dx.inner(i)
		for j, v := range from {
			to[j] = v / area
		}
		for w := l.in.C; w < line; w += l.in.C {
			copy(to[w:w+l.in.C], to)
		}
		for h := 1; h < l.in.H; h++ {
			copy(to[h*dx.row():][:line], to)
		}
	}
}

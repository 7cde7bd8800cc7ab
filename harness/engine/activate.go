package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// activate is an elementwise activation function, without the bias that normAct has.
type activate struct {
	size Shape
	act  Activation
}

// activateScratch holds derivatives of one row.
type activateScratch struct{ slope, curve []float32 }

func (l *activate) shape() Shape { return l.size }

func (l *activate) pads() (int, int) { return 0, 0 }

func (l *activate) scratch(old any, _ int, what need) any {
	s, _ := old.(*activateScratch)
	if s == nil {
		s = new(activateScratch)
	}
	if what != 0 {
		s.slope = grow(s.slope, l.size.W*l.size.C)
	}
	if what&needTangent != 0 {
		s.curve = grow(s.curve, l.size.W*l.size.C)
	}
	return s
}

func (l *activate) forward(_ *workspace, x, y *activation) {
	for i := range x.n {
		for h := range l.size.H {
			from, to := x.line(i, h), y.line(i, h)
			switch l.act {
			case ReLU:
				for j, z := range from {
					to[j] = max(z, 0) // NaN stays NaN
				}
			case Tanh:
				kernel.Tanh(to, from)
			case GELU:
				kernel.GELU(to, from)
			default:
				copy(to, from)
			}
		}
	}
}

// slopes stores the derivatives at z in to; ReLU's is 0 at 0.
func (l *activate) slopes(to, z []float32) {
	switch l.act {
	case ReLU:
		for j, v := range z {
			to[j] = 0
			if v > 0 {
				to[j] = 1
			}
		}
	case Tanh:
		kernel.TanhGrad(to, z)
	case GELU:
		kernel.GELUGrad(to, z)
	default:
		for j := range z {
			to[j] = 1
		}
	}
}

// curves stores the second derivatives at z in to.
func (l *activate) curves(to, z []float32) {
	switch l.act {
	case Tanh:
		kernel.TanhSecond(to, z)
	case GELU:
		kernel.GELUSecond(to, z)
	default:
		clear(to[:len(z)])
	}
}

func (l *activate) backward(ws *workspace, x, _, dy, dx *activation) {
	if dx == nil {
		return
	}
	s := ws.scratch.(*activateScratch)
	for i := range x.n {
		for h := range l.size.H {
			d, to := dy.line(i, h), dx.line(i, h)
			l.slopes(s.slope, x.line(i, h))
			for j, v := range d {
				to[j] = s.slope[j] * v
			}
		}
	}
}

func (l *activate) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	l.backward(ws, x, y, dy, dx)
}

// jvp computes ry = σ'(x) rx.
func (l *activate) jvp(ws *workspace, x, rx, _, ry *activation) {
	s := ws.scratch.(*activateScratch)
	for i := range x.n {
		for h := range l.size.H {
			to := ry.line(i, h)
			if rx == nil {
				clear(to)
				continue
			}
			l.slopes(s.slope, x.line(i, h))
			for j, v := range rx.line(i, h) {
				to[j] = s.slope[j] * v
			}
		}
	}
}

// jvpBackward computes rdx = σ'(x) rdy + σ”(x) rx dy.
func (l *activate) jvpBackward(ws *workspace, x, rx, _, _, dy, rdy, _, rdx *activation) {
	if rdx == nil {
		return
	}
	s := ws.scratch.(*activateScratch)
	for i := range x.n {
		for h := range l.size.H {
			z, d, rd, to := x.line(i, h), dy.line(i, h), rdy.line(i, h), rdx.line(i, h)
			l.slopes(s.slope, z)
			for j, v := range rd {
				to[j] = s.slope[j] * v
			}
			if rx == nil {
				continue
			}
			l.curves(s.curve, z)
			for j, v := range rx.line(i, h) {
				to[j] += float32(float32(s.curve[j]*v) * d[j])
			}
		}
	}
}

// line is row h of example i, without padding.
func (a *activation) line(i, h int) []float32 {
	return a.inner(i)[h*a.row():][:a.W*a.C]
}

package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// cosineTangent is the memory of tangents: matrices like the weights, as rows and as they are, and examples.
type cosineTangent struct {
	rw, rwhat, drows     []float32 // tangents of the ŵ, as rows and as the weights are; gradients by the ŵ, as rows
	rx, dx, rdx          []float32 // tangents of the x̂, gradients by them, and their tangents
	rxhat, dxhat, rdxhat activation
	speedW, speedX       []float32 // ⟨û, v⟩ of both: how fast the norms change
	factor, other        []float32 // one element a row
	projected            []float32
}

func (t *cosineTangent) grow(n, c int) {
	t.rx, t.dx, t.rdx = grow(t.rx, n*c), grow(t.dx, n*c), grow(t.rdx, n*c)
	t.speedX = grow(t.speedX, n)
	shape := Shape{1, 1, c}
	t.rxhat, t.dxhat, t.rdxhat = activation{Shape: shape, data: t.rx}, activation{Shape: shape, data: t.dx}, activation{Shape: shape, data: t.rdx}
}

// jvp computes ry = rx̂ Ŵ + x̂ rŴ, where rû is the derivative of û along the direction of u.
func (l *cosine) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*cosineScratch)
	t := s.tangent
	l.columns(l.weights(ws.v), t.rw)
	s.w.along(0, l.out, t.rw, t.rw)
	t.speedW = append(t.speedW[:0], s.w.slope[:l.out]...)
	l.matrix(t.rw, t.rwhat)
	l.product.multiply(s.product, t.rwhat, &s.xhat, ry, false)
	t.rxhat.n = x.n
	if rx == nil {
		clear(t.rx)
		clear(t.speedX)
		return
	}
	s.x.along(0, x.n, rx.flat(), t.rx)
	copy(t.speedX, s.x.slope[:x.n])
	l.product.multiply(s.product, s.what, &t.rxhat, ry, true)
}

// jvpBackward computes the tangents of what backward computes. With dŴ = x̂ᵀ dy and dx̂ = dy Ŵᵀ these are rx̂ᵀ dy + x̂ᵀ rdy and
// rdy Ŵᵀ + dy rŴᵀ; units.turn takes them to the vectors before their division.
func (l *cosine) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*cosineScratch)
	t, p := s.tangent, s.product
	l.product.gradWeights(s.like, p, s.xhat.flat(), dy.flat(), x.n, false)
	l.columns(s.like, t.drows)
	l.product.gradWeights(s.like, p, s.xhat.flat(), rdy.flat(), x.n, false)
	l.product.gradWeights(s.like, p, t.rxhat.flat(), dy.flat(), x.n, true)
	l.columns(s.like, s.rows)
	s.w.turn(t, l.out, t.rw, t.speedW, t.drows, s.rows)
	l.matrix(s.rows, l.weights(ws.rgrad))
	if rdx == nil {
		return
	}
	t.dxhat.n, t.rdxhat.n = x.n, x.n
	l.product.gradInput(s.what, p, dy, &t.dxhat, false)
	l.product.gradInput(s.what, p, rdy, &t.rdxhat, false)
	l.product.gradInput(t.rwhat, p, dy, &t.rdxhat, true)
	s.x.turn(t, x.n, t.rx, t.speedX, t.dx, t.rdx)
	copy(rdx.flat(), t.rdxhat.flat())
}

// turn makes of the tangent rd of the gradient d by û, in place, that of the gradient by u, for n rows. ru is the tangent of û
// and speed = ⟨û, v⟩ that of |u|. With the derivative P of û by u, which along computes and which is symmetric,
//
//	P rd - (ru ⟨û, d⟩ + û ⟨ru, d⟩ + speed P d)/|u|
//
// d is overwritten.
func (u *units) turn(t *cosineTangent, n int, ru, speed, d, rd []float32) {
	t.factor, t.other, t.projected = grow(t.factor, n), grow(t.other, n), grow(t.projected, n*u.c)
	factor, other, rows := t.factor[:n], t.other[:n], u.rows[:n*u.c]
	ru, d, rd = ru[:n*u.c], d[:n*u.c], rd[:n*u.c]
	u.along(0, n, rd, rd)
	u.project(ru, d, other)
	u.along(0, n, d, t.projected)
	add := func(x, by []float32) {
		for k, v := range by[:n] {
			factor[k] = -v * u.inv[k]
		}
		kernel.RowAdd(x, u.c, factor, rd)
	}
	add(ru, u.slope)
	add(rows, other)
	add(t.projected[:n*u.c], speed)
}

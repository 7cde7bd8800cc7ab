package engine

// jvp computes ry = rx W + x V + v, where V and v are the directions of weights and bias.
func (l *linear) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*linearScratch)
	l.multiply(s, ws.v, x, ry, false)
	if rx != nil {
		l.multiply(s, ws.w, rx, ry, true)
	}
	l.addBias(ws.v, ry)
}

// jvpBackward computes the tangents of dW = xᵀ dy and dx = dy Wᵀ: xᵀ rdy + rxᵀ dy and rdy Wᵀ + dy Vᵀ.
func (l *linear) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*linearScratch)
	l.gradWeights(ws.rgrad, s, x.flat(), rdy.flat(), x.n, false)
	if rx != nil {
		l.gradWeights(ws.rgrad, s, rx.flat(), dy.flat(), x.n, true)
	}
	l.gradBias(ws.rgrad, s, rdy.flat())
	if rdx == nil {
		return
	}
	l.gradInput(ws.w, s, rdy, rdx, false)
	l.gradInput(ws.v, s, dy, rdx, true)
}

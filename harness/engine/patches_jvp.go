package engine

// jvp computes ry = rx W + x V + v, where V and v are the directions of weights and bias.
func (l *patches) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*patchesScratch)
	for i := range x.n {
		l.multiply(s, ws.v, i, x, ry, false)
		if rx != nil {
			l.multiply(s, ws.w, i, rx, ry, true)
		}
		l.addBias(ws.v, i, ry)
	}
}

// jvpBackward computes the tangents of dW = xᵀ dy and dx = dy Wᵀ: xᵀ rdy + rxᵀ dy and rdy Wᵀ + dy Vᵀ.
func (l *patches) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*patchesScratch)
	clear(s.sums)
	for i := range x.n {
		l.gradWeights(l.weights(ws.rgrad), s, i, x, rdy, i > 0)
		if rx != nil {
			l.gradWeights(l.weights(ws.rgrad), s, i, rx, dy, true)
		}
		l.sumBias(s, i, rdy)
	}
	s.storeBias(l.biases(ws.rgrad))
	if rdx == nil {
		return
	}
	l.gradInputs(ws, s, rdy, rdx)
	l.transpose(ws.v, s)
	for i := range x.n {
		l.gradInput(s, i, dy, rdx, true)
	}
}

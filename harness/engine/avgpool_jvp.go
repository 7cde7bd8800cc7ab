package engine

// The mean is linear: tangents go the way of the values.

func (l *avgPool) jvp(ws *workspace, x, rx, y, ry *activation) {
	if rx == nil {
		for i := range ry.n {
			clear(ry.inner(i)[:l.out.C])
		}
		return
	}
	l.forward(ws, rx, ry)
}

func (l *avgPool) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	l.backward(ws, rx, ry, rdy, rdx)
}

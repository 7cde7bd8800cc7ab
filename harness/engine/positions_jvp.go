package engine

// The layer is linear in inputs and parameters: tangents go the way of the values.

func (l *positions) jvp(ws *workspace, x, rx, y, ry *activation) {
	l.add(ws.scratch.(*positionsScratch), rx, l.params(ws.v), ry)
}

func (l *positions) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*positionsScratch)
	l.gradSums(ws.rgrad, s, rdy)
	l.pass(s, rdy, rdx)
}

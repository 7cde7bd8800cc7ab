package engine

// backwardEach finishes one image after the other, from the gradient of its output to that of its input.
func (l *stage) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*stageScratch)
	l.conv.turnOnce(ws, s.conv, dx)
	size, dRaw := l.conv.out.Len(), s.conv.dy
	for i := range x.n {
		raw := s.raw[i*size : (i+1)*size]
		l.norm.gradEach(ws, s.norm, i, raw, y, dy)
		l.norm.gradInput(ws, s.norm, i, raw, dy, dRaw.inner(0), dRaw.row())
		l.conv.gradWeights(s.conv, x, i, dRaw, 0, l.conv.weightsEach(ws, i), false)
		if dx != nil {
			l.conv.gradInput(s.conv, s.conv.turned, dRaw, 0, dx, i)
		}
	}
}

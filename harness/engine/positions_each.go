package engine

// backwardEach stores the example's gradient of the output.
func (l *positions) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*positionsScratch)
	for i := range dy.n {
		copy(ws.each.of(i, l.embed, l.in.Len()), s.x.load(dy, i))
	}
	l.pass(s, dy, dx)
}

package engine

func (l *layerNorm) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*layerNormScratch)
	c := l.in.C
	for i := range x.n {
		s.clearSums()
		l.gradExample(ws, s, i, x, dy, dx)
		s.store(ws.each.of(i, l.scale, c), ws.each.of(i, l.shift, c))
	}
}

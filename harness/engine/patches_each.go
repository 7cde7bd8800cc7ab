package engine

func (l *patches) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*patchesScratch)
	for i := range x.n {
		clear(s.sums)
		l.gradWeights(ws.each.of(i, l.weight, l.size*l.line()*l.out.C), s, i, x, dy, false)
		l.sumBias(s, i, dy)
		s.storeBias(ws.each.of(i, l.bias, l.out.C))
	}
	l.gradInputs(ws, s, dy, dx)
}

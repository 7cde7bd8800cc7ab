package engine

func (l *mixTokens) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*mixTokensScratch)
	for i := range x.n {
		clear(s.db)
		dz := l.gradActivation(s, i, dy)
		dw := ws.each.of(i, l.weight, l.in.H*l.in.W*l.out.H*l.out.W)
		l.gradWeights(s, s.x.load(x, i), dz, dw, false)
		l.sumBias(s, dz)
		s.storeBias(ws.each.of(i, l.bias, l.out.H*l.out.W))
		if dx != nil {
			to := s.dx.room(dx, i)
			l.gradInput(s, l.weights(ws.w), dz, to, false)
			s.dx.store(dx, i, to)
		}
	}
}

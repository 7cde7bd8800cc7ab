package engine

// backwardEach has no outer products to keep, as linear layers have: the norms of the weights are in the way.
func (l *cosine) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*cosineScratch)
	xhat, d := s.xhat.flat(), dy.flat()
	for i := range x.n {
		l.gradWeights(s, xhat[i*l.in:(i+1)*l.in], d[i*l.out:(i+1)*l.out], 1, ws.each.of(i, l.weight, l.in*l.out))
	}
	if dx != nil {
		l.product.gradInput(s.what, s.product, dy, dx, false)
		s.x.along(0, x.n, dx.flat(), dx.flat())
	}
}

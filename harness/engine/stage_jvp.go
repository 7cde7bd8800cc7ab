package engine

// jvp goes image by image like forward: the tangents of the convolution are used while they are in the cache. They are
// kept for jvpBackward, as the convolutions are.
func (l *stage) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*stageScratch)
	size, row := l.conv.out.Len(), l.conv.out.W*l.conv.out.C
	shared := l.norm.shared(ws)
	l.norm.tangentBegin(ws, s.norm, x.n)
	for i := range x.n {
		raw, rraw := s.raw[i*size:(i+1)*size], s.rraw[i*size:(i+1)*size]
		if i+1 < x.n {
			s.conv.product.Ahead = [2][]float32{s.raw[(i+1)*size : (i+2)*size], s.rraw[(i+1)*size : (i+2)*size]}
		}
		l.conv.tangent(ws, s.conv, x, rx, i, rraw, row)
		l.norm.tangentObserve(ws, s.norm, i, raw, rraw)
		if !shared {
			l.norm.tangentApply(ws, s.norm, i, raw, rraw, y, ry)
		}
	}
	if !shared {
		return
	}
	l.norm.tangentConclude(ws, s.norm)
	for i := range x.n {
		l.norm.tangentApply(ws, s.norm, i, s.raw[i*size:(i+1)*size], s.rraw[i*size:(i+1)*size], y, ry)
	}
}

// jvpBackward computes the gradient of each convolution once more, which backward has not kept.
func (l *stage) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*stageScratch)
	size := l.conv.out.Len()
	l.conv.turnTangent(ws, s.conv, rdx)
	l.norm.tangentGradBegin(s.norm)
	for i := range x.n {
		l.norm.tangentGradSums(ws, s.norm, i, s.raw[i*size:(i+1)*size], s.rraw[i*size:(i+1)*size], y, dy, rdy)
	}
	l.norm.tangentGradEnd(ws, s.norm)
	d, rd := s.conv.dy, s.conv.rdy
	for i := range x.n {
		raw, rraw := s.raw[i*size:(i+1)*size], s.rraw[i*size:(i+1)*size]
		if rx != nil || rdx != nil {
			l.norm.gradInput(ws, s.norm, i, raw, dy, d.inner(0), d.row())
		}
		l.norm.tangentGradInput(s.norm, i, raw, rraw, rd.inner(0), rd.row())
		if i+1 < x.n {
			s.conv.product.Ahead = [2][]float32{s.raw[(i+1)*size : (i+2)*size], s.rraw[(i+1)*size : (i+2)*size]}
		}
		l.conv.gradTangent(ws, s.conv, x, rx, i, rdx)
	}
}

package engine

// backwardEach treats every example as a batch of its own.
func (l *normAct) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*normActScratch)
	data, size := x.flat(), l.in.Len()
	for i := range x.n {
		pixels := data[i*size : (i+1)*size]
		l.gradEach(ws, s, i, pixels, y, dy)
		if dx != nil {
			l.gradInput(ws, s, i, pixels, dy, dx.inner(i), dx.row())
		}
	}
}

// gradEach stores the gradient of example i by the parameters and prepares gradInput for it.
func (l *normAct) gradEach(ws *workspace, s *normActScratch, i int, pixels []float32, y, dy *activation) {
	l.gradBegin(s)
	l.gradSums(ws, s, i, pixels, y, dy)
	c := l.in.C
	switch {
	case l.kind == GroupNorm:
		round(s.dscale, ws.each.of(i, l.scale, c))
		round(s.dshift, ws.each.of(i, l.shift, c))
		return
	case i == 0:
		l.settle(ws, s, 1) // constant statistics: gradInput is the same for all examples
	}
	round(s.sum1, ws.each.of(i, l.shift, c))
	if l.scale < 0 {
		return
	}
	for j, inv := range s.inv[:c] {
		s.dscale[j] = inv * s.sum2[j]
	}
	round(s.dscale, ws.each.of(i, l.scale, c))
}

// round stores x in to.
func round(x []float64, to []float32) {
	to = to[:len(x)]
	for i, v := range x {
		to[i] = float32(v)
	}
}

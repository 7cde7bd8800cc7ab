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
	if l.kind != GroupNorm {
		l.settle(ws, s, 1)
	}
	c := l.in.C
	shift := ws.each.of(i, l.shift, c)
	for j, v := range s.dshift {
		shift[j] = float32(v)
	}
	if l.scale < 0 {
		return
	}
	scale := ws.each.of(i, l.scale, c)
	for j, v := range s.dscale {
		scale[j] = float32(v)
	}
}

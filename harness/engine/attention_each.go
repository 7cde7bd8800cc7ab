package engine

// There are no parameters.
func (l *attention) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	l.backward(ws, x, y, dy, dx)
}

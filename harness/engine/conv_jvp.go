package engine

// jvp computes ry = rx∗W + x∗V, where V is the direction of the kernels W.
func (c *conv) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*convScratch)
	for i := range x.n {
		c.tangent(ws, s, x, rx, i, ry.inner(i), ry.row())
	}
}

// tangent does it for image i: ry is its first pixel, with rows row apart.
func (c *conv) tangent(ws *workspace, s *convScratch, x, rx *activation, i int, ry []float32, row int) {
	c.convolve(s, c.weights(ws.v), x, i, ry, row, false)
	if rx != nil {
		if i+1 < x.n {
			s.product.Ahead = [2][]float32{x.example(i + 1), rx.example(i + 1)}
		}
		c.convolve(s, c.weights(ws.w), rx, i, ry, row, true)
	}
}

func (c *conv) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*convScratch)
	c.turnTangent(ws, s, rdx)
	for i := range x.n {
		c.pad(dy, i, s.dy)
		c.pad(rdy, i, s.rdy)
		c.gradTangent(ws, s, x, rx, i, rdx)
	}
}

// turnTangent prepares the direction of the kernels for gradTangent; backward has prepared the kernels.
func (c *conv) turnTangent(ws *workspace, s *convScratch, rdx *activation) {
	if rdx != nil {
		c.turn(c.weights(ws.v), s.rturned)
	}
}

// gradTangent computes, for image i of x with the gradient s.dy and its tangent s.rdy, the tangents of the gradients of the
// kernels and of the image: those of xᵀ dy and dy∗Wᵀ are xᵀ rdy + rxᵀ dy and rdy∗Wᵀ + dy∗Vᵀ.
func (c *conv) gradTangent(ws *workspace, s *convScratch, x, rx *activation, i int, rdx *activation) {
	c.gradWeights(s, x, i, s.rdy, 0, c.weights(ws.rgrad), i > 0)
	if rx != nil {
		if i+1 < x.n {
			s.product.Ahead = [2][]float32{x.example(i + 1), rx.example(i + 1)}
		}
		c.gradWeights(s, rx, i, s.dy, 0, c.weights(ws.rgrad), true)
	}
	if rdx == nil {
		return
	}
	if i+1 < x.n {
		s.product.Ahead = [2][]float32{rdx.example(i + 1)}
	}
	c.gradInput(s, s.turned, s.rdy, 0, rdx, i)
	more := *rdx
	more.add = true
	c.gradInput(s, s.rturned, s.dy, 0, &more, i)
}

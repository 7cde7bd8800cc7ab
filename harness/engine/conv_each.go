package engine

// backwardEach stores the product of each image, which backward would add to those of the other images.
func (c *conv) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*convScratch)
	c.turnOnce(ws, s, dx)
	line := c.out.W * c.out.C
	for i := range x.n {
		c.gradWeights(s, x, i, dy, i, c.weightsEach(ws, i), false)
		if dx == nil {
			continue
		}
		from, to := dy.inner(i), s.dy.inner(0)
		for h := range c.out.H {
			copy(to[h*s.dy.row():][:line], from[h*dy.row():])
		}
		c.gradInput(s, s.turned, s.dy, 0, dx, i)
	}
}

// turnOnce prepares the kernels for gradInput in the first part of a batch.
func (c *conv) turnOnce(ws *workspace, s *convScratch, dx *activation) {
	if dx != nil && !ws.each.again {
		c.turn(c.weights(ws.w), s.turned)
	}
}

func (c *conv) weightsEach(ws *workspace, i int) []float32 {
	return ws.each.of(i, c.weight, c.kernel*c.kernel*c.in.C*c.out.C)
}

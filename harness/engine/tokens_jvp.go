package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// jvp computes rz = Wᵀ rx + Vᵀ x + v, where V and v are the directions of weights and bias, and ry = act'(z) rz.
func (l *mixTokens) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*mixTokensScratch)
	l.negate(s, ws.v)
	for i := range x.n {
		rz := l.example(s.rz, i)
		l.multiply(s, l.weights(ws.v), s.x.load(x, i), rz, false)
		if rx != nil {
			l.multiply(s, l.weights(ws.w), s.rx.load(rx, i), rz, true)
		}
		l.addBias(s, rz)
		out := s.ry.room(ry, i)
		if l.act == Identity {
			copy(out, rz)
		} else {
			l.act.grad(out, l.example(s.z, i))
			kernel.Multiply(out, rz)
		}
		s.ry.store(ry, i, out)
	}
}

// jvpBackward: rdz = act'(z) rdy + act”(z) rz dy; then rdW = x rdzᵀ + rx dzᵀ and rdx = W rdz + V dz.
func (l *mixTokens) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*mixTokensScratch)
	clear(s.db)
	for i := range x.n {
		dz := l.gradActivation(s, i, dy)
		rdz := s.rdy.load(rdy, i)
		if l.act != Identity {
			z, curve, size := l.example(s.z, i), s.curve[:len(dz)], len(dz)
			l.act.second(curve, z)
			kernel.Multiply(curve, l.example(s.rz, i))
			kernel.Multiply(curve, s.dy.load(dy, i))
			l.act.grad(s.rdz[:size], z)
			kernel.Multiply(s.rdz[:size], rdz)
			rdz = s.rdz[:size]
			kernel.AddScaled(rdz, one[:], curve, 0)
		}
		l.gradWeights(s, s.x.load(x, i), rdz, l.weights(ws.rgrad), i > 0)
		if rx != nil {
			l.gradWeights(s, s.rx.load(rx, i), dz, l.weights(ws.rgrad), true)
		}
		l.sumBias(s, rdz)
		if rdx != nil {
			to := s.rdx.room(rdx, i)
			l.gradInput(s, l.weights(ws.w), rdz, to, false)
			l.gradInput(s, l.weights(ws.v), dz, to, true)
			s.rdx.store(rdx, i, to)
		}
	}
	s.storeBias(l.biases(ws.rgrad))
}

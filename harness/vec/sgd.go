package vec

// SGDStep holds the numbers of one step of stochastic gradient descent, already rounded.
type SGDStep struct {
	Rate     float32 // learning rate of this step
	Momentum float32 // μ; used by Momentum only
	Nesterov bool    // used by Momentum only
	L2       float32 // coupled weight decay: the gradient becomes g + L2·w
	Decay    float32 // decoupled weight decay: w loses Decay·w beside the step; usually rate × weight decay
}

// SGD takes a step without momentum:
//
//	d = g + L2·w
//	w = (w − Decay·w) − Rate·d
//
// Terms whose coefficient is 0 are left out, not added as zeros. g is not modified.
func SGD(w, g []float32, s SGDStep) {
	sameLen("SGD", len(w), len(g))
	if s.L2 == 0 && s.Decay == 0 {
		Axpy(w, -s.Rate, g)
		return
	}
	rate, l2, decay := s.Rate, s.L2, s.Decay
	if n := filled(len(w)); n > 0 {
		sgd8(&w[0], &g[0], n, rate, l2, decay)
		w, g = w[n:], g[n:]
	}
	g = g[:len(w)]
	for i, x := range w {
		d := g[i] + float32(l2*x)
		x -= float32(decay * x)
		w[i] = x - float32(rate*d)
	}
}

// Momentum takes a step with heavy-ball or Nesterov momentum. b is the momentum buffer, zeros before the first step (so
// that the first buffer is the gradient itself, as PyTorch has it):
//
//	d = g + L2·w
//	b = μ·b + d
//	u = b, with Nesterov d + μ·b
//	w = (w − Decay·w) − Rate·u
//
// w and b are updated; g is not modified.
func Momentum(w, b, g []float32, s SGDStep) {
	sameLen3("Momentum", len(w), len(b), len(g))
	rate, mu, l2, decay := s.Rate, s.Momentum, s.L2, s.Decay
	if n := filled(len(w)); n > 0 {
		switch {
		case s.Nesterov:
			nesterov8(&w[0], &b[0], &g[0], n, rate, mu, l2, decay)
		case l2 == 0 && decay == 0:
			momentum8(&w[0], &b[0], &g[0], n, rate, mu)
		default:
			momentumDecay8(&w[0], &b[0], &g[0], n, rate, mu, l2, decay)
		}
		w, b, g = w[n:], b[n:], g[n:]
	}
	b, g = b[:len(w)], g[:len(w)]
	switch {
	case s.Nesterov:
		for i, x := range w {
			d := g[i] + float32(l2*x)
			v := float32(mu*b[i]) + d
			b[i] = v
			u := d + float32(mu*v)
			x -= float32(decay * x)
			w[i] = x - float32(rate*u)
		}
	case l2 == 0 && decay == 0:
		for i, d := range g {
			v := float32(mu*b[i]) + d
			b[i] = v
			w[i] -= float32(rate * v)
		}
	default:
		for i, x := range w {
			v := float32(mu*b[i]) + (g[i] + float32(l2*x))
			b[i] = v
			x -= float32(decay * x)
			w[i] = x - float32(rate*v)
		}
	}
}

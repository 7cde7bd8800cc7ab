package vec

import "math"

// AdamStep holds the numbers of one step of Adam or AdamW, already rounded. NewAdamStep computes all but the decay. The
// vector routines rely on the order of the fields.
type AdamStep struct {
	Rate         float32 // learning rate / (1 − β1^t)
	Beta1, Rest1 float32 // β1 and 1 − β1
	Beta2, Rest2 float32 // β2 and 1 − β2
	RootBias     float32 // 1 / √(1 − β2^t)
	Eps          float32 // added after the square root
	L2           float32 // coupled weight decay (Adam): the gradients become g + L2·w
	Decay        float32 // decoupled weight decay (AdamW): w loses Decay·w beside the step; usually learning rate × weight decay
}

// NewAdamStep returns step t (counted from 1) of Adam with bias correction and without weight decay. Everything is
// computed in float64 and rounded once.
func NewAdamStep(rate, beta1, beta2, eps float64, t uint64) AdamStep {
	return AdamStep{
		Rate:     float32(rate / (1 - math.Pow(beta1, float64(t)))),
		Beta1:    float32(beta1),
		Rest1:    float32(1 - beta1),
		Beta2:    float32(beta2),
		Rest2:    float32(1 - beta2),
		RootBias: float32(1 / math.Sqrt(1-math.Pow(beta2, float64(t)))),
		Eps:      float32(eps),
	}
}

// Adam takes a step of Adam (Kingma & Ba 2014) or AdamW (Loshchilov & Hutter 2017). g feeds the first moment and h the
// second; they are the same slice unless a method transforms one of them (coordinate clipping). m and v are the
// moments, zeros before the first step:
//
//	g = g + L2·w, h = h + L2·w
//	m = β1·m + (1−β1)·g
//	v = β2·v + ((1−β2)·h)·h
//	w = (w − Decay·w) − Rate · m / (√v·RootBias + Eps)
//
// w, m and v are updated; g and h are not modified.
func Adam(w, m, v, g, h []float32, s AdamStep) {
	sameLen3("Adam", len(w), len(m), len(v))
	sameLen3("Adam", len(w), len(g), len(h))
	if n := filled(len(w)); n > 0 {
		step := &s.Rate
		switch {
		case s.L2 == 0 && s.Decay == 0:
			adam8(&w[0], &m[0], &v[0], &g[0], &h[0], n, step)
		case s.Decay == 0:
			adamL2x8(&w[0], &m[0], &v[0], &g[0], &h[0], n, step)
		case s.L2 == 0:
			adamDecay8(&w[0], &m[0], &v[0], &g[0], &h[0], n, step)
		default:
			adamBoth8(&w[0], &m[0], &v[0], &g[0], &h[0], n, step)
		}
		w, m, v, g, h = w[n:], m[n:], v[n:], g[n:], h[n:]
	}
	m, v, g, h = m[:len(w)], v[:len(w)], g[:len(w)], h[:len(w)]
	for i, x := range w {
		a, b := g[i], h[i]
		if s.L2 != 0 {
			l := float32(s.L2 * x)
			a += l
			b += l
		}
		p := float32(s.Beta1*m[i]) + float32(s.Rest1*a)
		q := float32(s.Beta2*v[i]) + float32(float32(s.Rest2*b)*b)
		m[i], v[i] = p, q
		root := float32(math.Sqrt(float64(q)))
		step := p / (float32(root*s.RootBias) + s.Eps)
		if s.Decay != 0 {
			x -= float32(s.Decay * x)
		}
		w[i] = x - float32(s.Rate*step)
	}
}

package problem

import "math"

// Least absolute deviations: the mean of |⟨a_i, w⟩ − b_i|, a_i standard normal, b_i = ⟨a_i, x*⟩ + noise·ξ_i with a unit vector x* and
// standard normal ξ_i. Gradients are subgradients, sign(⟨a_i, w⟩ − b_i)·a_i. Without noise the optimum is 0, at x*. It starts at
// random on the unit sphere.
var absoluteKind = kind{
	summary: "least absolute deviations: nonsmooth, convex",
	options: append(plantedOptions[:2:2],
		Option{Name: "noise", Default: 0.0, Min: 0, Max: inf, Help: "standard deviation of the measurements' noise"}),
	size: func(s Spec) int { return s.int("examples") },
	make: func(s Spec, seed uint64) terms {
		p := &absolute{plant(s.int("dim"), s.int("examples"), seed)}
		noise := normals(p.n, seed, "noise", 0)
		for i := range p.b {
			p.b[i] = p.predict(i, p.solution) + float64(s.float("noise")*noise[i])
		}
		return p
	},
}

type absolute struct{ planted }

func (p *absolute) loss(i int, w []float64) float64 { return math.Abs(p.predict(i, w) - p.b[i]) }

func (p *absolute) grad(i int, w, g []float64) float64 {
	r := p.predict(i, w) - p.b[i]
	for j, a := range p.features(i) {
		g[j] = sign(r) * a
	}
	return math.Abs(r)
}

func (p *absolute) exact(w []float64) (float64, int, int) { return meanLoss(p, w), 0, 0 }

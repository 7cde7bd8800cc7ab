package problem

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Robust phase retrieval (Davis & Drusvyatskiy 2018): the mean of |⟨a_i, w⟩² − b_i| over standard normal a_i. A unit vector x* gives
// b_i = ⟨a_i, x*⟩², but the share corrupt of them is replaced by squares of other normal numbers. Gradients are
// subgradients: 2·sign(⟨a_i, w⟩² − b_i)·⟨a_i, w⟩·a_i. Without corruption the optimum is 0, at ±x*. It starts at random on the unit
// sphere.
var phaseKind = kind{
	summary: "phase retrieval with absolute values: nonsmooth, nonconvex, optimum 0",
	options: append(plantedOptions[:2:2],
		Option{Name: "corrupt", Default: 0.0, Min: 0, Max: 1, Help: "share of measurements that are wrong"}),
	size: func(s Spec) int { return s.int("examples") },
	make: func(s Spec, seed uint64) terms {
		p := &phase{plant(s.int("dim"), s.int("examples"), seed)}
		for i := range p.b {
			z := p.predict(i, p.solution)
			p.b[i] = z * z
		}
		r := rng.New(seed, "problem/corrupt", 0)
		wrong := int(math.Round(s.float("corrupt") * float64(p.n)))
		for _, i := range r.Perm(p.n)[:wrong] {
			z := r.Norm()
			p.b[i] = z * z
		}
		return p
	},
}

type phase struct{ planted }

func (p *phase) loss(i int, w []float64) float64 {
	z := p.predict(i, w)
	return math.Abs(z*z - p.b[i])
}

func (p *phase) grad(i int, w, g []float64) float64 {
	z := p.predict(i, w)
	c := z*z - p.b[i]
	for j, a := range p.features(i) {
		g[j] = 2 * sign(c) * z * a
	}
	return math.Abs(c)
}

func (p *phase) exact(w []float64) (float64, int, int) { return meanLoss(p, w), 0, 0 }

func meanLoss(t terms, w []float64) (mean float64) {
	for i := range t.size() {
		mean += t.loss(i, w)
	}
	return mean / float64(t.size())
}

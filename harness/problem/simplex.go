package problem

import (
	"math"
	"slices"
)

// A stochastic quadratic over the probability simplex: F(x; ξ) = ½ Σ q_j (x_j − c_j)² + noise·⟨ξ, x⟩ with q_j uniform between 1 and
// condition, c_j normal around 1/d so that the minimum over the simplex lies on a face, and standard normal ξ_i whose mean over
// the examples is 0. Losses and gradients are answered at any x. The exact objective is that of the point of the simplex
// nearest to x, above the minimum over the simplex, which is found from its optimality conditions: a method that
// ignores the constraint is judged at its projection. It starts at the centre.
var simplexKind = kind{
	summary: "a stochastic quadratic over the probability simplex",
	options: []Option{
		{Name: "dim", Default: int64(50), Min: 2, Max: 1 << 16, Help: "number of parameters"},
		{Name: "condition", Default: 10.0, Min: 1, Max: inf, Help: "ratio of the largest curvature and the smallest, which is 1"},
		{Name: "spread", Default: 0.1, Min: 0, Max: inf, Help: "standard deviation of the unconstrained optimum around the centre"},
		{Name: "noise", Default: 0.1, Min: 0, Max: inf, Help: "standard deviation of an example's gradient around the mean, a coordinate"},
		{Name: "examples", Default: int64(1000), Min: 1, Max: 1 << 16, Help: "number of examples"},
	},
	size: func(s Spec) int { return s.int("examples") },
	make: func(s Spec, seed uint64) terms {
		d := s.int("dim")
		p := &simplex{quadratic: quadratic{h: make([]float64, d), n: s.int("examples"), seed: seed}, c: normals(d, seed, "centre", 0), x: make([]float64, d)}
		for j := range d {
			p.c[j] = 1/float64(d) + s.float("spread")*p.c[j]
			p.h[j] = 1
			if d > 1 {
				p.h[j] += (s.float("condition") - 1) * float64(j) / float64(d-1)
			}
		}
		if noise := s.float("noise"); noise > 0 {
			p.noise = centred(p.n, d, noise, seed)
		}
		p.least = p.value(p.minimum())
		return p
	},
}

type simplex struct {
	quadratic
	c     []float64 // where the quadratic is smallest
	x     []float64 // work
	least float64   // over the simplex
}

func (p *simplex) start(w []float32) {
	for i := range w {
		w[i] = float32(1 / float64(len(w)))
	}
}

func (p *simplex) value(x []float64) (sum float64) {
	for j, h := range p.h {
		r := x[j] - p.c[j]
		sum += float64(h * r * r)
	}
	return sum / 2
}

// minimum is that over the simplex: x_j = max(0, c_j − μ/h_j) with the multiplier μ at which they sum to 1, found by
// bisection.
func (p *simplex) minimum() []float64 {
	at := func(mu float64) (sum float64) {
		for j, h := range p.h {
			p.x[j] = max(0, p.c[j]-mu/h)
			sum += p.x[j]
		}
		return sum
	}
	lo, hi := -1.0, 1.0
	for at(lo) < 1 {
		lo *= 2
	}
	for at(hi) > 1 {
		hi *= 2
	}
	for range 200 {
		if mid := (lo + hi) / 2; at(mid) > 1 {
			lo = mid
		} else {
			hi = mid
		}
	}
	at(hi)
	return p.x
}

func (p *simplex) loss(i int, w []float64) float64 {
	l := p.value(w)
	if p.noise != nil {
		l += dot(p.of(i), w)
	}
	return l
}

func (p *simplex) grad(i int, w, g []float64) float64 {
	for j, h := range p.h {
		g[j] = h * (w[j] - p.c[j])
	}
	if p.noise != nil {
		for j, x := range p.of(i) {
			g[j] += x
		}
	}
	return p.loss(i, w)
}

func (p *simplex) exact(w []float64) (float64, int, int) {
	projectSimplex(p.x, w)
	// Rounding of the minimum itself must not give a gap below 0.
	return math.Max(0, p.value(p.x)-p.least), 0, 0
}

// projectSimplex stores the point of the probability simplex nearest to w in x (Held, Wolfe & Crowder 1974).
func projectSimplex(x, w []float64) {
	sorted := slices.Clone(w)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	sum, shift := 0.0, 0.0
	for k, v := range sorted {
		sum += v
		if t := (sum - 1) / float64(k+1); v > t {
			shift = t
		}
	}
	for j, v := range w {
		x[j] = max(0, v-shift)
	}
}

package problem

import "math"

// A strongly monotone quadratic game between a player who minimises over x and one who maximises over y (Zhang, Choudhury,
// Stich & Loizou 2024), spread over workers: worker i has
//
//	f_i(x, y) = ½ xᵀA_i x + xᵀB_i y − ½ yᵀC_i y + ⟨a_i, x⟩ − ⟨c_i, y⟩
//
// with symmetric A_i and C_i whose eigenvalues lie between mu and l, and B_i whose singular values are at most coupling. The
// parameters are x followed by y, of half the length each. An example is a worker; the gradient of one is its operator
// (∇ₓf_i, −∇ᵧf_i), and that of several the mean. It is not the gradient of any loss: the loss that comes with all
// requests is half the squared distance to the equilibrium of all workers together, where the mean operator is 0, and so
// is the exact objective. It starts at independent standard normal numbers.
var gameKind = kind{
	summary: "a strongly monotone quadratic game between two players, spread over workers",
	options: []Option{
		{Name: "dim", Default: int64(20), Min: 2, Max: 512, Help: "number of parameters of both players together, an even number"},
		{Name: "workers", Default: int64(10), Min: 1, Max: 1024, Help: "number of workers, which are the examples"},
		{Name: "mu", Default: 1.0, Min: 0, Open: true, Max: inf, Help: "smallest curvature of a player's own part"},
		{Name: "l", Default: 10.0, Min: 0, Open: true, Max: inf, Help: "largest curvature of a player's own part"},
		{Name: "coupling", Default: 1.0, Min: 0, Max: inf, Help: "largest singular value of the players' common part"},
	},
	check: func(s Spec) []Issue {
		var out []Issue
		if s.int("dim")%2 != 0 {
			out = append(out, Issue{"dim", "dim: expected an even number: both players have half of the parameters"})
		}
		if s.float("l") < s.float("mu") {
			out = append(out, Issue{"l", "l: expected at least mu"})
		}
		return out
	},
	size: func(s Spec) int { return s.int("workers") },
	make: func(s Spec, seed uint64) terms {
		d, n := s.int("dim"), s.int("workers")
		g := &game{d: d, n: n, seed: seed, m: make([][]float64, n), b: make([][]float64, n), solution: make([]float64, d)}
		mean, shift := make([]float64, d*d), make([]float64, d)
		for i := range n {
			g.m[i], g.b[i] = operator(d/2, s.float("mu"), s.float("l"), s.float("coupling"), seed, uint64(i)), normals(d, seed, "shift", uint64(i))
			for j, v := range g.m[i] {
				mean[j] += v / float64(n)
			}
			for j, v := range g.b[i] {
				shift[j] -= v / float64(n)
			}
		}
		solve(mean, shift, g.solution)
		return g
	},
}

type game struct {
	d, n     int
	seed     uint64
	m        [][]float64 // the operators' matrices, row after row
	b        [][]float64
	solution []float64
}

// operator draws the matrix (A B; −Bᵀ C) of a worker.
func operator(p int, mu, l, coupling float64, seed, worker uint64) []float64 {
	d := 2 * p
	m := make([]float64, d*d)
	spectrum := func(k int) float64 {
		if p == 1 {
			return mu
		}
		return mu + (l-mu)*float64(k)/float64(p-1)
	}
	for player := range 2 {
		q := orthogonal(p, seed, 4*worker+uint64(player))
		for i := range p {
			for j := range p {
				v := 0.0
				for k := range p {
					v += float64(q[k*p+i] * spectrum(k) * q[k*p+j])
				}
				m[(player*p+i)*d+player*p+j] = v
			}
		}
	}
	u, v := orthogonal(p, seed, 4*worker+2), orthogonal(p, seed, 4*worker+3)
	for i := range p {
		for j := range p {
			b := 0.0
			for k := range p {
				b += float64(u[k*p+i] * coupling * float64(k+1) / float64(p) * v[k*p+j])
			}
			m[i*d+p+j], m[(p+j)*d+i] = b, -b
		}
	}
	return m
}

// orthogonal has orthonormal rows: Gram and Schmidt's, twice, of normal numbers.
func orthogonal(p int, seed, index uint64) []float64 {
	q := normals(p*p, seed, "rotation", index)
	for i := range p {
		row := q[i*p : (i+1)*p]
		for range 2 {
			for k := range i {
				other := q[k*p : (k+1)*p]
				along := dot(row, other)
				for j := range row {
					row[j] -= float64(along * other[j])
				}
			}
		}
		norm := math.Sqrt(dot(row, row))
		for j := range row {
			row[j] /= norm
		}
	}
	return q
}

// solve stores x with m·x = b, by elimination with pivots; it overwrites m and b. m is regular: its symmetric part is positive
// definite.
func solve(m, b, x []float64) {
	d := len(b)
	for k := range d {
		best := k
		for i := k + 1; i < d; i++ {
			if math.Abs(m[i*d+k]) > math.Abs(m[best*d+k]) {
				best = i
			}
		}
		if best != k {
			for j := range d {
				m[k*d+j], m[best*d+j] = m[best*d+j], m[k*d+j]
			}
			b[k], b[best] = b[best], b[k]
		}
		for i := k + 1; i < d; i++ {
			f := m[i*d+k] / m[k*d+k]
			for j := k; j < d; j++ {
				m[i*d+j] -= float64(f * m[k*d+j])
			}
			b[i] -= float64(f * b[k])
		}
	}
	for i := d - 1; i >= 0; i-- {
		sum := b[i]
		for j := i + 1; j < d; j++ {
			sum -= float64(m[i*d+j] * x[j])
		}
		x[i] = sum / m[i*d+i]
	}
}

func (g *game) dim() int  { return g.d }
func (g *game) size() int { return g.n }

func (g *game) start(w []float32) {
	for i, z := range normals(g.d, g.seed, "start", 0) {
		w[i] = float32(z)
	}
}

func (g *game) loss(_ int, w []float64) float64 {
	l, _, _ := g.exact(w)
	return l
}

func (g *game) grad(i int, w, out []float64) float64 {
	for r := range out {
		out[r] = dot(g.m[i][r*g.d:(r+1)*g.d], w) + g.b[i][r]
	}
	return g.loss(i, w)
}

func (g *game) exact(w []float64) (loss float64, wrong, of int) {
	for j, x := range w {
		r := x - g.solution[j]
		loss += float64(r * r)
	}
	return loss / 2, 0, 0
}

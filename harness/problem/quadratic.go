package problem

// The quadratic ½ Σ h_j w_j² with the given curvatures. Example i adds the linear term noise·⟨ξ_i, w⟩ with standard normal ξ_i
// whose mean over the examples is 0: a minibatch of B has gradients with noise of standard deviation noise/√B a coordinate, and the
// objective is the quadratic itself. It starts at independent standard normal numbers.
var quadraticKind = kind{
	summary: "a quadratic with given curvatures and noisy gradients",
	options: []Option{
		{Name: "spectrum", Default: []float64{10, 3, 1, 0.3, 0.1}, Min: -inf, Max: inf, Help: "the eigenvalues of the Hessian, one a parameter"},
		{Name: "noise", Default: 0.0, Min: 0, Max: inf, Help: "standard deviation of an example's gradient around the mean, a coordinate"},
		{Name: "examples", Default: int64(1000), Min: 1, Max: 1 << 20, Help: "number of examples"},
	},
	size: func(s Spec) int { return s.int("examples") },
	make: func(s Spec, seed uint64) terms {
		q := &quadratic{h: s.floats("spectrum"), n: s.int("examples"), seed: seed}
		noise := s.float("noise")
		if noise == 0 {
			return q
		}
		q.noise = centred(q.n, len(q.h), noise, seed)
		return q
	},
}

type quadratic struct {
	h     []float64
	noise []float64 // example after example, nil: none
	n     int
	seed  uint64
}

func (q *quadratic) dim() int  { return len(q.h) }
func (q *quadratic) size() int { return q.n }

func (q *quadratic) start(w []float32) {
	for i, z := range normals(len(w), q.seed, "start", 0) {
		w[i] = float32(z)
	}
}

func (q *quadratic) of(i int) []float64 { return q.noise[i*len(q.h) : (i+1)*len(q.h)] }

func (q *quadratic) loss(i int, w []float64) float64 {
	l, _, _ := q.exact(w)
	if q.noise != nil {
		l += dot(q.of(i), w)
	}
	return l
}

func (q *quadratic) grad(i int, w, g []float64) float64 {
	for j, h := range q.h {
		g[j] = h * w[j]
	}
	if q.noise != nil {
		for j, x := range q.of(i) {
			g[j] += x
		}
	}
	return q.loss(i, w)
}

func (q *quadratic) hvp(_ int, _, v, out []float64) {
	for j, h := range q.h {
		out[j] = h * v[j]
	}
}

func (q *quadratic) exact(w []float64) (loss float64, wrong, of int) {
	for j, h := range q.h {
		loss += float64(h * w[j] * w[j])
	}
	return loss / 2, 0, 0
}

// centred draws n vectors of d normal numbers with standard deviation std, whose mean over the vectors is 0.
func centred(n, d int, std float64, seed uint64) []float64 {
	x := normals(n*d, seed, "noise", 0)
	for j := range d {
		mean := 0.0
		for i := range n {
			mean += x[i*d+j] / float64(n)
		}
		for i := range n {
			x[i*d+j] = std * (x[i*d+j] - mean)
		}
	}
	return x
}

package problem

import "math"

// planted is what problems over linear predictions ⟨a_i, w⟩ share: standard normal a_i, and a solution on the unit
// sphere.
type planted struct {
	d, n     int
	a        []float64 // example after example
	b        []float64 // measurements
	solution []float64
	seed     uint64
}

func plant(d, n int, seed uint64) planted {
	p := planted{d: d, n: n, a: normals(n*d, seed, "features", 0), solution: normals(d, seed, "solution", 0), b: make([]float64, n), seed: seed}
	norm := math.Sqrt(dot(p.solution, p.solution))
	for j := range p.solution {
		p.solution[j] /= norm
	}
	return p
}

func (p *planted) dim() int                           { return p.d }
func (p *planted) size() int                          { return p.n }
func (p *planted) features(i int) []float64           { return p.a[i*p.d : (i+1)*p.d] }
func (p *planted) predict(i int, w []float64) float64 { return dot(p.features(i), w) }

// start is uniform on the unit sphere.
func (p *planted) start(w []float32) {
	z := normals(p.d, p.seed, "start", 0)
	norm := math.Sqrt(dot(z, z))
	for i := range w {
		w[i] = float32(z[i] / norm)
	}
}

var plantedOptions = []Option{
	{Name: "dim", Default: int64(20), Min: 1, Max: 1 << 16, Help: "number of parameters"},
	{Name: "examples", Default: int64(60), Min: 1, Max: 1 << 20, Help: "number of measurements"},
}

func sign(x float64) float64 {
	switch {
	case x > 0:
		return 1
	case x < 0:
		return -1
	}
	return 0
}

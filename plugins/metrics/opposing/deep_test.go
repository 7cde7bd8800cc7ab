package opposing

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// deep is f = u(a·x₁ + b·x₂) with the mean of ½(f−y)² over examples, in one batch; w = (u, a, b).
type deep struct {
	x [][]float64
	y []float64
}

func problem(examples int) sdk.Problem {
	return sdk.Problem{Examples: examples, ProbeBatches: 1, ProbeBatchSize: examples}
}

func minus(a, b []float32) []float32 {
	out := make([]float32, len(a))
	for i := range a {
		out[i] = a[i] - b[i]
	}
	return out
}

func (d *deep) Dim() int { return 3 }

func (d *deep) each(b oracle.Batch, w []float32, f func(i int, r float64, j [3]float64, inner []float64)) oracle.Eval {
	from, to := 0, len(d.x)
	if b.Part == oracle.Example {
		from, to = int(b.Number), int(b.Number)+1
	}
	e := oracle.Eval{Examples: to - from, G: 1}
	u, a, c := float64(w[0]), float64(w[1]), float64(w[2])
	for i := from; i < to; i++ {
		x := d.x[i]
		h := a*x[0] + c*x[1]
		r := u*h - d.y[i]
		e.Loss += r * r / 2 / float64(to-from)
		if f != nil {
			f(i-from, r, [3]float64{h, u * x[0], u * x[1]}, x)
		}
	}
	return e
}

func (d *deep) Loss(b oracle.Batch, w []float32, o oracle.Options) (oracle.Eval, error) {
	return d.each(b, w, func(i int, r float64, _ [3]float64, _ []float64) {
		if o.Each != nil {
			o.Each[i] = float32(r * r / 2)
		}
	}), nil
}

func (d *deep) Grad(b oracle.Batch, w, out []float32, _ oracle.Options) (oracle.Eval, error) {
	var g [3]float64
	e := d.each(b, w, func(_ int, r float64, j [3]float64, _ []float64) {
		for k := range g {
			g[k] += r * j[k]
		}
	})
	for k := range g {
		out[k] = float32(g[k] / float64(e.Examples))
	}
	return e, nil
}

func (d *deep) HVP(b oracle.Batch, w, v, out []float32, _ oracle.Options) (oracle.Eval, error) {
	var s [3]float64
	e := d.each(b, w, func(_ int, r float64, j [3]float64, x []float64) {
		along := 0.0
		for k := range s {
			along += j[k] * float64(v[k])
		}
		for k := range s {
			s[k] += along * j[k]
		}
		// The second derivatives of f: ∂²f/∂u∂a = x₁, ∂²f/∂u∂b = x₂.
		s[0] += r * (x[0]*float64(v[1]) + x[1]*float64(v[2]))
		s[1] += r * x[0] * float64(v[0])
		s[2] += r * x[1] * float64(v[0])
	})
	for k := range s {
		out[k] = float32(s[k] / float64(e.Examples))
	}
	return e, nil
}

func (d *deep) Outputs(oracle.Batch, []float32, []float32, oracle.Options) (oracle.Eval, error) {
	return oracle.Eval{}, oracle.Errorf(oracle.Unsupported, "no outputs")
}

// top is the largest eigenvalue of the Hessian, by power iteration.
func (d *deep) top(w []float32) float64 {
	v, hv := []float32{1, 1, 1}, make([]float32, 3)
	norm := 0.0
	for range 100 {
		_, _ = d.HVP(oracle.Batch{}, w, v, hv, oracle.Options{})
		norm = math.Sqrt(float64(hv[0]*hv[0] + hv[1]*hv[1] + hv[2]*hv[2]))
		for k := range v {
			v[k] = hv[k] / float32(norm)
		}
	}
	return norm
}

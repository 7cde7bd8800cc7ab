package eos

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
)

// tanhNet is a network with one hidden layer of tanh units that fits a Chebyshev polynomial at 20 points with ½·mean of
// the squared errors, in float64: the example on which the edge of stability is usually shown.
type tanhNet struct {
	hidden int
	x, y   []float64
}

func chebyshev(hidden, degree int) *tanhNet {
	n := &tanhNet{hidden: hidden}
	for i := range 20 {
		x := -1 + 2*float64(i)/19
		n.x, n.y = append(n.x, x), append(n.y, math.Cos(float64(degree)*math.Acos(x)))
	}
	return n
}

func (n *tanhNet) dim() int { return 3*n.hidden + 1 }

func (n *tanhNet) init(seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 11))
	w := make([]float64, n.dim())
	for j := range n.hidden {
		w[j], w[n.hidden+j], w[2*n.hidden+j] = r.NormFloat64(), r.NormFloat64()/2, r.NormFloat64()/math.Sqrt(float64(n.hidden))/2
	}
	return w
}

func (n *tanhNet) grad(w []float64) (loss float64, g []float64) {
	h := n.hidden
	g = make([]float64, len(w))
	units := make([]float64, h)
	for i, x := range n.x {
		f := w[3*h]
		for j := range h {
			units[j] = math.Tanh(w[j]*x + w[h+j])
			f += w[2*h+j] * units[j]
		}
		e := (f - n.y[i]) / float64(len(n.x))
		loss += e * (f - n.y[i]) / 2
		g[3*h] += e
		for j, u := range units {
			back := e * w[2*h+j] * (1 - u*u)
			g[j] += back * x
			g[h+j] += back
			g[2*h+j] += e * u
		}
	}
	return loss, g
}

// hessian is by central differences of the gradient, which has no kinks: nine digits.
func (n *tanhNet) hessian(w []float64) [][]float64 {
	const step = 1e-5
	out := make([][]float64, len(w))
	for i := range w {
		keep := w[i]
		w[i] = keep + step
		_, up := n.grad(w)
		w[i] = keep - step
		_, down := n.grad(w)
		w[i] = keep
		out[i] = make([]float64, len(w))
		for j := range up {
			out[i][j] = (up[j] - down[j]) / (2 * step)
		}
	}
	return out
}

func (n *tanhNet) lambda(w []float64) float64 {
	h := n.hessian(w)
	sym := mat.NewSymDense(len(w), nil)
	for i := range h {
		for j := i; j < len(h); j++ {
			sym.SetSym(i, j, (h[i][j]+h[j][i])/2)
		}
	}
	var e mat.EigenSym
	if !e.Factorize(sym, false) {
		return math.NaN()
	}
	v := e.Values(nil)
	return v[len(v)-1]
}

func (n *tanhNet) workload() oracle.Workload { return plugintest.Curved(n.dim(), n.grad, n.hessian) }

// Full-batch training with unnormalised SAM: does the sharpness rise to λ* and stay there? The theory is of a quadratic; on
// a network it is claimed that λ_max hovers at it. The last fifth of the steps counts, for three pairs of (η, ρ), and
// gradient descent beside them.
func TestClaimPlateau(t *testing.T) {
	const steps, looks = 10000, 10
	net := chebyshev(24, 4)
	for _, m := range []method{{rule: ruleGD, lr: 0.2}, {rule: ruleUSAM, lr: 0.1, rho: 0.05}, {rule: ruleUSAM, lr: 0.2, rho: 0.1}, {rule: ruleUSAM, lr: 0.1, rho: 0.3}} {
		star := m.threshold(1)
		w := net.init(1)
		var ratios []float64
		inside := 0
		first := net.lambda(w) / star
		for k := range steps {
			_, g := net.grad(w)
			if m.rho > 0 {
				ahead := make([]float64, len(w))
				for i := range w {
					ahead[i] = w[i] + m.rho*g[i]
				}
				_, g = net.grad(ahead)
			}
			for i := range w {
				w[i] -= m.lr * g[i]
			}
			if k >= steps*4/5 && k%(steps/5/looks) == 0 {
				r := net.lambda(w) / star
				ratios = append(ratios, r)
				if r > 0.9 && r < 1.1 {
					inside++
				}
			}
		}
		sort.Float64s(ratios)
		median := ratios[len(ratios)/2]
		verdict := "inconclusive: the training has not sharpened so far"
		switch {
		case math.Abs(median-1) <= 0.1:
			verdict = "reproduced"
		case median > 1.1:
			verdict = "not reproduced"
		}
		t.Logf("seed 1, η = %v, ρ = %v: λ* = %.4g; λ/λ* is %.2f at the start, in the last fifth the median %.3f, from %.3f to %.3f, %d of %d within a tenth: %s",
			m.lr, m.rho, star, first, median, ratios[0], ratios[len(ratios)-1], inside, len(ratios), verdict)
		// The metric sees the same at the end, from float32 parameters.
		at := make([]float32, len(w))
		for i := range w {
			at[i] = float32(w[i])
		}
		v := plugintest.Measure(t, plugintest.MeasureCase{Workload: net.workload(), At: at, Params: params{"rule": m.rule, "lr": m.lr, "rho": m.rho}, Seed: 1})
		if want := net.lambda(w) / star; v["ratio"].Null || math.Abs(v["ratio"].Value/want-1) > 1e-3 {
			t.Errorf("the metric gives %+v at the end, want %v", v["ratio"], want)
		}
		if math.IsNaN(median) {
			t.Errorf("the training diverged")
		}
	}
}

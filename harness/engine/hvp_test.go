package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// directional is the derivative of f at 0, a central difference extrapolated once.
func directional(f func(t float64) float64) float64 {
	const step = 2e-3
	d := func(h float64) float64 { return (f(h) - f(-h)) / (2 * h) }
	return (4*d(step/2) - d(step)) / 3
}

// along sets w to at + s·u + t·v.
func along(w, at, u, v []float64, s, t float64) {
	for i := range w {
		w[i] = at[i] + s*u[i] + t*v[i]
	}
}

// freeze fixes the choices of ReLU and pooling at w.
func (r *ref) freeze(w, buf []float64, b Batch) {
	r.frozen = false
	r.run(w, buf, b)
	r.frozen = true
}

// direction is a random vector of norm 1.
func direction(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	var norm float64
	for i := range v {
		v[i] = float32(r.NormFloat64())
		norm += float64(v[i]) * float64(v[i])
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(norm))
	}
	return v
}

func nans(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	return x
}

// product is uᵀx, and norm the root of the mean square of x.
func product(u, x []float32) (sum, norm float64) {
	for i := range u {
		sum += float64(u[i]) * float64(x[i])
		norm += float64(x[i]) * float64(x[i])
	}
	return sum, math.Sqrt(norm / float64(len(x)))
}

// checkTangents compares HVP and JVP of a network with numerical derivatives of its float64 twin, whose ReLUs and pools
// keep their choices: the derivatives of the outputs along a random direction v, and uᵀHv for random directions u, one
// within each tensor of parameters.
func checkTangents(t *testing.T, n *Net, w, buf []float32, b Batch, l Loss, mode Mode, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 77))
	v := direction(random, n.Dim())
	m := NewMachine(n, b.Len())
	out := nans(n.Dim())
	got := m.HVP(w, buf, b, l, mode, v, out)
	if want := m.Loss(w, buf, b, l, mode, nil); math.Abs(got.Loss-want.Loss) > 1e-6*math.Abs(want.Loss) || got.Errors != want.Errors || got.Examples != want.Examples {
		t.Errorf("result %+v, want %+v", got, want)
	}
	outputs := nans(b.Len() * n.Classes())
	m.JVP(w, buf, b, mode, v, outputs)

	r := &ref{net: n, loss: l, mode: mode}
	at, buf64, v64 := widen(w), widen(buf), widen(v)
	r.freeze(at, buf64, b)
	moved := make([]float64, len(at))
	none := make([]float64, len(at))
	_, size := product(outputs, outputs)
	for i := range b.Len() {
		j := random.IntN(n.Classes())
		want := directional(func(h float64) float64 {
			along(moved, at, none, v64, 0, h)
			_, logits := r.run(moved, buf64, b)
			return logits[i][j]
		})
		if g := float64(outputs[i*n.Classes()+j]); !(math.Abs(g-want) <= 3e-5*(size+math.Abs(want))) {
			t.Errorf("derivative of output %d of example %d is %v, want %v", j, i, g, want)
		}
	}
	for _, e := range n.Layout() {
		u := make([]float32, n.Dim())
		copy(u[e.Offset:], direction(random, e.Len()))
		u64 := widen(u)
		want := directional(func(s float64) float64 {
			return directional(func(t float64) float64 {
				along(moved, at, u64, v64, s, t)
				loss, _ := r.run(moved, buf64, b)
				return loss
			})
		})
		from, to := e.Offset, e.Offset+e.Len()
		g, norm := product(u[from:to], out[from:to])
		if !(math.Abs(g-want) <= 5e-5*(norm+math.Abs(want))+1e-7) {
			t.Errorf("%s: uᵀHv is %v, want %v (elements %v)", e.Name, g, want, norm)
		}
	}
}

// TestHVP compares HVP and JVP of every kind of layer with numerical derivatives of the float64 twin. Networks with
// tanh and GELU without pooling have no choices to freeze: for them the numerical derivative is that of the plain twin.
func TestHVP(t *testing.T) {
	for k, p := range networks(t) {
		losses := []Loss{{}, {LabelSmoothing: 0.1, L2: 0.3}, {NormalizeLogits: true, LabelSmoothing: 0.2}, {Kind: MSE}}
		for _, mode := range []Mode{Train, Eval} {
			l := losses[k%len(losses)]
			t.Run(fmt.Sprintf("%v mode %d %+v", p, mode, l), func(t *testing.T) {
				n := p.Net
				w, buf, b := example(n, 5, uint64(k))
				checkTangents(t, n, w, buf, b, l, mode, uint64(k))
			})
		}
	}
}

// TestHVPNormFirst takes a network whose first layer is a normalisation: there the tangent of the inputs is 0 and the
// statistics are constant, in mode Train too.
func TestHVPNormFirst(t *testing.T) {
	for _, kind := range []Norm{BatchNorm, GroupNorm} {
		for _, pool := range []bool{false, true} {
			b := NewBuilder(Shape{5, 4, 3})
			b.NormAct("norm", "", kind, GELU, pool)
			b.Linear("fc", 3, true)
			n, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			w, buf, batch := example(n, 4, 9)
			checkTangents(t, n, w, buf, batch, Loss{}, Train, 1)
		}
	}
}

// TestHessianSymmetric checks uᵀHv = vᵀHu and H(2u - v) = 2Hu - Hv on every plan.
func TestHessianSymmetric(t *testing.T) {
	for k, p := range networks(t) {
		n := p.Net
		w, buf, b := example(n, 33, uint64(k))
		random := rand.New(rand.NewPCG(uint64(k), 3))
		u, v := direction(random, n.Dim()), direction(random, n.Dim())
		both := make([]float32, n.Dim())
		for i := range both {
			both[i] = 2*u[i] - v[i]
		}
		for _, mode := range []Mode{Train, Eval} {
			m := NewMachine(n, 33)
			hu, hv, hb := nans(n.Dim()), nans(n.Dim()), nans(n.Dim())
			m.HVP(w, buf, b, Loss{}, mode, u, hu)
			m.HVP(w, buf, b, Loss{}, mode, v, hv)
			m.HVP(w, buf, b, Loss{}, mode, both, hb)
			uhv, _ := product(u, hv)
			vhu, _ := product(v, hu)
			_, norm := product(hu, hu)
			norm *= math.Sqrt(float64(n.Dim()))
			if !(math.Abs(uhv-vhu) <= 1e-5*norm) {
				t.Errorf("%v mode %d: uᵀHv %v, vᵀHu %v, |Hu| %v", p, mode, uhv, vhu, norm)
			}
			for i := range hb {
				if want := 2*float64(hu[i]) - float64(hv[i]); !(math.Abs(float64(hb[i])-want) <= 1e-5*norm) {
					t.Fatalf("%v mode %d: element %d of H(2u-v) is %v, want %v", p, mode, i, hb[i], want)
				}
			}
		}
	}
}

// TestHVPKept checks that what the machine keeps changes nothing: after a change of any argument, and after other calls,
// the bits are those of a fresh machine, on every instruction set with vectors.
func TestHVPKept(t *testing.T) {
	for k, p := range networks(t) {
		n := p.Net
		w, buf, b := example(n, 12, uint64(k))
		random := rand.New(rand.NewPCG(uint64(k), 4))
		v := direction(random, n.Dim())
		m := NewMachine(n, 12)
		l, mode := Loss{}, Train
		grad, outputs := make([]float32, n.Dim()), make([]float32, 12*n.Classes())
		weights := make([]float64, n.Classes())
		scales := make([]float64, n.Classes())
		for i := range weights {
			weights[i] = 1 + float64(i)
			scales[i] = 2
		}
		size := n.Inputs().Len()
		changes := []struct {
			what string
			do   func()
		}{
			{"nothing", func() {}},
			{"direction", func() { v = direction(random, n.Dim()) }},
			{"nothing but JVP", func() { m.JVP(w, buf, b, mode, direction(random, n.Dim()), outputs) }},
			{"one parameter", func() { w[len(w)-1] += 0.5 }},
			{"one input", func() { b.X[len(b.X)-1] += 0.5 }},
			{"one label", func() { b.Y[0] = 1 - b.Y[0]%2 }},
			{"mode", func() { mode = Eval }},
			{"statistics", func() {
				for i := range buf {
					buf[i] *= 1.5
				}
			}},
			{"loss", func() { l = Loss{L2: 0.5, ClassWeights: weights} }},
			{"class weight", func() { weights[0] = 3 }},
			{"scale and margin", func() { l = Loss{Multiply: scales, Margin: weights} }},
			{"scale of a class", func() { scales[0] = 5 }},
			{"gradient", func() { m.Grad(w, buf, b, Loss{}, Train, false, grad) }},
			{"loss call", func() { m.Loss(w, buf, b, l, mode, nil) }},
			{"outputs", func() { m.Outputs(w, buf, b, mode, outputs) }},
			{"fewer examples", func() { b.X, b.Y = b.X[:7*size], b.Y[:7] }},
			{"squares", func() { l = Loss{Kind: MSE} }},
			{"targets", func() { b.T = make([]float32, 7*n.Classes()) }},
			{"one target", func() { b.T[3] = 2 }},
			{"no targets", func() { b.T = nil }},
		}
		for _, change := range changes {
			change.do()
			got, want := nans(n.Dim()), nans(n.Dim())
			result := m.HVP(w, buf, b, l, mode, v, got)
			if other := NewMachine(n, 12).HVP(w, buf, b, l, mode, v, want); result != other {
				t.Fatalf("%v after %s: %+v, want %+v", p, change.what, result, other)
			}
			mustEqual(t, fmt.Sprintf("%v after %s", p, change.what), got, want)
		}
		want := nans(n.Dim())
		m.HVP(w, buf, b, l, Train, v, want)
		for isa := kernel.AVX2; isa <= kernel.Best(); isa++ {
			restore := kernel.Use(isa)
			got := nans(n.Dim())
			NewMachine(n, 12).HVP(w, buf, b, l, Train, v, got)
			restore()
			mustEqual(t, fmt.Sprintf("%v with %v", p, isa), got, want)
		}
	}
}

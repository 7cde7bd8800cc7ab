package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// TestVJP compares products of a cotangent and the Jacobian with numerical derivatives of the float64 twin.
func TestVJP(t *testing.T) {
	for k, p := range networks(t) {
		for _, mode := range []Mode{Train, Eval} {
			n := p.Net
			w, buf, b := example(n, 5, uint64(k))
			r := rand.New(rand.NewPCG(7, uint64(k)))
			cotangent := make([]float32, 5*n.Classes())
			for i := range cotangent {
				cotangent[i] = float32(r.NormFloat64())
			}
			out := make([]float32, n.Dim())
			NewMachine(n, 5).VJP(w, buf, b, mode, false, cotangent, out)

			twin := &ref{net: n, mode: mode}
			w64, buf64 := widen(w), widen(buf)
			value := func() (sum float64) {
				_, outputs := twin.run(w64, buf64, b)
				for i, row := range outputs {
					for j, v := range row {
						sum += v * float64(cotangent[i*n.Classes()+j])
					}
				}
				return sum
			}
			value()
			twin.frozen = true
			for _, e := range n.Layout() {
				part := out[e.Offset : e.Offset+e.Len()]
				var norm float64
				for _, v := range part {
					norm += float64(v) * float64(v)
				}
				norm = math.Sqrt(norm / float64(len(part)))
				for range min(3, len(part)) {
					i := e.Offset + r.IntN(len(part))
					want := slope(&w64[i], value)
					if d := math.Abs(float64(out[i]) - want); !(d <= 3e-5*(norm+math.Abs(want))+1e-8) {
						t.Errorf("%v mode %d: %s element %d: %v, want %v", p, mode, e.Name, i-e.Offset, out[i], want)
					}
				}
			}
		}
	}
}

// slope is the derivative of f by x, as in ref.gradient.
func slope(x *float64, f func() float64) float64 {
	at := *x
	defer func() { *x = at }()
	difference := func(step float64) float64 {
		*x = at + step
		up := f()
		*x = at - step
		return (up - f()) / (2 * step)
	}
	const step = 1e-3
	return (4*difference(step/2) - difference(step)) / 3
}

// TestVJPIsGrad checks that the gradient of a loss is the product with the loss's gradient by the outputs, and that the
// statistics are folded in likewise.
func TestVJPIsGrad(t *testing.T) {
	for k, p := range networks(t) {
		n := p.Net
		w, buf, b := example(n, 5, uint64(k))
		_, buf2, _ := example(n, 5, uint64(k))
		m := NewMachine(n, 5)
		want, got := make([]float32, n.Dim()), make([]float32, n.Dim())
		l := Loss{LabelSmoothing: 0.1 * float64(k%2)}
		m.Grad(w, buf, b, l, Train, true, want)
		cotangent := nans(5 * n.Classes())
		r := NewMachine(n, 5).OutputGrad(w, buf, b, l, Train, cotangent)
		if want := m.Loss(w, buf, b, l, Train, nil); r != want {
			t.Errorf("%v: result %+v, want %+v", p, r, want)
		}
		m.VJP(w, buf2, b, Train, true, cotangent, got)
		mustEqual(t, fmt.Sprintf("%v: gradient", p), got, want)
		mustEqual(t, fmt.Sprintf("%v: statistics", p), buf2, buf)
	}
}

// TestInputGrad compares it with numerical derivatives of the float64 twin, whose inputs are the float32 neighbours of a
// step.
func TestInputGrad(t *testing.T) {
	for k, p := range networks(t) {
		for _, mode := range []Mode{Train, Eval} {
			n := p.Net
			w, buf, b := example(n, 4, uint64(k))
			l := Loss{LabelSmoothing: 0.1, L2: 0.3}
			out := make([]float32, len(b.X))
			m := NewMachine(n, 4)
			got := m.InputGrad(w, buf, b, l, mode, out)
			if want := m.Loss(w, buf, b, l, mode, nil); got != want {
				t.Errorf("%v: result %+v, want %+v", p, got, want)
			}
			twin := &ref{net: n, loss: l, mode: mode}
			w64, buf64 := widen(w), widen(buf)
			twin.run(w64, buf64, b)
			twin.frozen = true
			var norm float64
			for _, v := range out {
				norm += float64(v) * float64(v)
			}
			norm = math.Sqrt(norm / float64(len(out)))
			r := rand.New(rand.NewPCG(2, uint64(k)))
			for range min(30, len(out)) {
				i := r.IntN(len(out))
				at := b.X[i]
				value := func(step float32) (x, loss float64) {
					b.X[i] = at + step
					loss, _ = twin.run(w64, buf64, b)
					return float64(b.X[i]), loss
				}
				up, high := value(1e-3)
				down, low := value(-1e-3)
				b.X[i] = at
				want := (high - low) / (up - down)
				if d := math.Abs(float64(out[i]) - want); !(d <= 1e-4*(norm+math.Abs(want))+1e-8) {
					t.Errorf("%v mode %d: input %d: %v, want %v", p, mode, i, out[i], want)
				}
			}
		}
	}
}

// TestVJPIsAdjoint checks that u·(J v) = (Jᵀ u)·v.
func TestVJPIsAdjoint(t *testing.T) {
	for k, p := range plans {
		for _, mode := range []Mode{Train, Eval} {
			n := p.build(t)
			w, buf, b := example(n, 6, uint64(k))
			r := rand.New(rand.NewPCG(12, uint64(k)))
			u, v := make([]float32, 6*n.Classes()), make([]float32, n.Dim())
			for _, x := range [][]float32{u, v} {
				for i := range x {
					x[i] = float32(r.NormFloat64())
				}
			}
			m := NewMachine(n, 6)
			jv, ju := make([]float32, len(u)), make([]float32, len(v))
			m.JVP(w, buf, b, mode, v, jv)
			m.VJP(w, buf, b, mode, false, u, ju)
			left, scale := dotNorms(u, jv)
			right, _ := dotNorms(ju, v)
			if math.Abs(left-right) > 1e-5*scale {
				t.Errorf("%v mode %d: u·(J v) = %v, (Jᵀ u)·v = %v", p, mode, left, right)
			}
		}
	}
}

// dotNorms are x·y, and |x| |y|.
func dotNorms(x, y []float32) (dot, norms float64) {
	var xx, yy float64
	for i := range x {
		a, b := float64(x[i]), float64(y[i])
		dot, xx, yy = dot+a*b, xx+a*a, yy+b*b
	}
	return dot, math.Sqrt(xx * yy)
}

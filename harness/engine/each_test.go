package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// single is example i of a batch of a network.
func single(n *Net, b Batch, i int) Batch {
	return b.part(i, i+1, n.Inputs().Len(), n.Classes())
}

// singles returns the gradient of each example by Grad, and their norms.
func singles(n *Net, w, buf []float32, b Batch, l Loss) (grads [][]float32, norms []float64) {
	m := NewMachine(n, 1)
	for i := range b.Len() {
		g := make([]float32, n.Dim())
		m.Grad(w, buf, single(n, b, i), l, Eval, false, g)
		var square float64
		for _, v := range g {
			square += float64(v) * float64(v)
		}
		grads, norms = append(grads, g), append(norms, math.Sqrt(square))
	}
	return grads, norms
}

// close compares got with want within a part of the largest magnitude.
func closeTo(t *testing.T, what string, got []float32, want []float64, tolerance float64) {
	t.Helper()
	var largest float64
	for _, v := range want {
		largest = max(largest, math.Abs(v))
	}
	for i := range want {
		if d := math.Abs(float64(got[i]) - want[i]); !(d <= tolerance*largest) {
			t.Fatalf("%s: element %d is %v, want %v (largest %v)", what, i, got[i], want[i], largest)
		}
	}
}

// TestEach compares the sums over clipped and squared gradients with those of Grad on batches of one, added in float64.
func TestEach(t *testing.T) {
	for k, p := range networks(t) {
		for _, l := range []Loss{{}, {L2: 0.3, LabelSmoothing: 0.1}} {
			n := p.Net
			examples := 9
			if k%3 == 0 {
				examples = 150 // several products of linear layers
			}
			w, buf, b := example(n, examples, uint64(k))
			grads, norms := singles(n, w, buf, b, l)
			clip := slices.Sorted(slices.Values(norms))[examples/2] * 1.01 // some below, some above
			m := NewMachine(n, 2)
			out, gotNorms := make([]float32, n.Dim()), make([]float32, examples)

			check := func(what string, tolerance float64, got Result, f func(g, norm float64) float64) {
				t.Helper()
				want := make([]float64, n.Dim())
				for i, g := range grads {
					for j, v := range g {
						want[j] += f(float64(v), norms[i])
					}
				}
				closeTo(t, fmt.Sprintf("%v %+v: %s", p, l, what), out, want, tolerance)
				if r := NewMachine(n, examples).Loss(w, buf, b, l, Eval, nil); got.Errors != r.Errors || got.Examples != examples || math.Abs(got.Loss-r.Loss) > 1e-6*r.Loss {
					t.Errorf("%v %+v: %s: result %+v, want %+v", p, l, what, got, r)
				}
			}
			r := m.GradClipped(w, buf, b, l, clip, false, gotNorms, out)
			check("clipped", 2e-6, r, func(g, norm float64) float64 { return g * math.Min(1, clip/norm) })
			closeTo(t, fmt.Sprintf("%v %+v: norms", p, l), gotNorms, norms, 1e-6)
			r = m.GradClipped(w, buf, b, l, math.Inf(1), false, nil, out)
			check("sum", 2e-6, r, func(g, norm float64) float64 { return g })
			small := clip / math.Sqrt(float64(n.Dim()))
			clear(gotNorms)
			r = m.GradClipped(w, buf, b, l, small, true, gotNorms, out)
			check("clipped by coordinate", 3e-6, r, func(g, norm float64) float64 { return math.Max(-small, math.Min(small, g)) })
			closeTo(t, fmt.Sprintf("%v %+v: norms, clipped by coordinate", p, l), gotNorms, norms, 1e-6)
			r = m.GradSquared(w, buf, b, l, out)
			check("squares", 2e-6, r, func(g, norm float64) float64 { return g * g })
			clear(gotNorms)
			m.GradClipped(w, buf, b, l, 1, false, gotNorms, nil)
			closeTo(t, fmt.Sprintf("%v %+v: norms alone", p, l), gotNorms, norms, 1e-6)
		}
	}
}

// TestEachSameBits checks that neither the parts a batch is taken in, nor the instructions, nor what the machine did
// before change a bit, and that an example's norm is the same in any company.
func TestEachSameBits(t *testing.T) {
	for k, p := range networks(t) {
		n := p.Net
		const examples = 140
		w, buf, b := example(n, examples, uint64(k))
		l := Loss{L2: float64(k%2) * 0.1}
		size := n.Inputs().Len()
		type results struct{ norms, clipped, coordinates, squares []float32 }
		run := func(m *Machine, b Batch) (r results) {
			r.norms, r.clipped = make([]float32, b.Len()), make([]float32, n.Dim())
			r.coordinates, r.squares = make([]float32, n.Dim()), make([]float32, n.Dim())
			m.GradClipped(w, buf, b, l, 0.7, false, r.norms, r.clipped)
			m.GradClipped(w, buf, b, l, 0.01, true, nil, r.coordinates)
			m.GradSquared(w, buf, b, l, r.squares)
			return r
		}
		same := func(what string, got, want results) {
			t.Helper()
			mustEqual(t, fmt.Sprintf("%v, %s: norms", p, what), got.norms, want.norms)
			mustEqual(t, fmt.Sprintf("%v, %s: clipped", p, what), got.clipped, want.clipped)
			mustEqual(t, fmt.Sprintf("%v, %s: clipped by coordinate", p, what), got.coordinates, want.coordinates)
			mustEqual(t, fmt.Sprintf("%v, %s: squares", p, what), got.squares, want.squares)
		}
		want := run(NewMachine(n, 1), b)
		used := NewMachine(n, 9)
		used.Grad(w, buf, b.part(0, 9, size, n.Classes()), l, Eval, false, make([]float32, n.Dim()))
		for _, part := range []int{1, 5, 8, 64} {
			used.part = part
			same(fmt.Sprintf("parts of %d", part), run(used, b), want)
		}
		for isa := kernel.AVX2; isa <= kernel.Best(); isa++ {
			restore := kernel.Use(isa)
			same(isa.String(), run(NewMachine(n, 1), b), want)
			restore()
		}
		for i := 0; i < examples; i += 23 {
			mustEqual(t, fmt.Sprintf("%v: norm of example %d alone", p, i), run(used, single(n, b, i)).norms, want.norms[i:i+1])
		}
	}
}

// TestEachIsGrad checks that the gradient of one example has the bits that Grad gives for it, up to the order in which
// the sum over one example is written.
func TestEachIsGrad(t *testing.T) {
	for k, p := range networks(t) {
		n := p.Net
		w, buf, b := example(n, 1, uint64(k))
		got, want := make([]float32, n.Dim()), make([]float32, n.Dim())
		m := NewMachine(n, 1)
		m.Grad(w, buf, b, Loss{}, Eval, false, want)
		for _, perCoordinate := range []bool{false, true} {
			m.GradClipped(w, buf, b, Loss{}, math.Inf(1), perCoordinate, nil, got)
			for i := range want {
				if got[i] != want[i] {
					t.Fatalf("%v, by coordinate %v: element %d is %v, want %v", p, perCoordinate, i, got[i], want[i])
				}
			}
		}
	}
}

// TestEachClosedForm checks linear regression and logistic regression, whose gradients can be written down.
func TestEachClosedForm(t *testing.T) {
	build := func(in, out int) *Net {
		b := NewBuilder(Shape{1, 1, in})
		b.Linear("fc", out, true)
		n, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	r := rand.New(rand.NewPCG(6, 6))
	for _, kind := range []string{MSE, Logistic} {
		for _, l2 := range []float64{0, 0.25} {
			const in, examples, clip = 5, 70, 1.3
			n := build(in, 1)
			w, buf, b := example(n, examples, 3)
			if kind == MSE {
				b.T = make([]float32, examples)
				for i := range b.T {
					b.T[i] = float32(r.NormFloat64())
				}
			} else {
				for i := range b.Y {
					b.Y[i] = int32(r.IntN(2))
				}
			}
			clipped, squares, norms := make([]float64, in+1), make([]float64, in+1), make([]float64, examples)
			for i := range examples {
				x := append(widen(b.X[i*in:(i+1)*in]), 1)
				var f, slope, square float64
				for j, v := range x {
					f += v * float64(w[j])
				}
				if kind == MSE {
					slope = f - float64(b.T[i])
				} else {
					y := 2*float64(b.Y[i]) - 1
					slope = -y / (1 + math.Exp(y*f))
				}
				for j := range x {
					x[j] = slope*x[j] + l2*float64(w[j])
					square += x[j] * x[j]
				}
				norms[i] = math.Sqrt(square)
				for j, v := range x {
					clipped[j] += v * math.Min(1, clip/norms[i])
					squares[j] += v * v
				}
			}
			m := NewMachine(n, examples)
			out, gotNorms := make([]float32, n.Dim()), make([]float32, examples)
			l := Loss{Kind: kind, L2: l2}
			what := fmt.Sprintf("%s, L2 %v: ", kind, l2)
			m.GradClipped(w, buf, b, l, clip, false, gotNorms, out)
			closeTo(t, what+"clipped", out, clipped, 1e-6)
			closeTo(t, what+"norms", gotNorms, norms, 1e-6)
			m.GradSquared(w, buf, b, l, out)
			closeTo(t, what+"squares", out, squares, 1e-6)
		}
	}
}

// TestEachTwin compares squared gradients of single examples with numerical derivatives of the float64 twin.
func TestEachTwin(t *testing.T) {
	for k, p := range networks(t) {
		n := p.Net
		w, buf, b := example(n, 3, uint64(k))
		l := Loss{L2: 0.2}
		r := &ref{net: n, loss: l, mode: Eval}
		w64, buf64 := widen(w), widen(buf)
		squares, clipped := make([]float32, n.Dim()), make([]float32, n.Dim())
		m := NewMachine(n, 3)
		m.GradSquared(w, buf, b, l, squares)
		const clip = 0.05
		m.GradClipped(w, buf, b, l, clip, true, nil, clipped)
		pick := rand.New(rand.NewPCG(4, uint64(k)))
		for _, e := range n.Layout() {
			for range min(3, e.Len()) {
				i := e.Offset + pick.IntN(e.Len())
				var wantSquare, wantClipped float64
				for one := range 3 {
					g := r.gradient(w64, buf64, single(n, b, one), i)
					wantSquare += g * g
					wantClipped += math.Max(-clip, math.Min(clip, g))
				}
				if d := math.Abs(float64(squares[i]) - wantSquare); !(d <= 1e-4*wantSquare+1e-7) {
					t.Errorf("%v: %s element %d: squares %v, want %v", p, e.Name, i-e.Offset, squares[i], wantSquare)
				}
				if d := math.Abs(float64(clipped[i]) - wantClipped); !(d <= 1e-4*math.Abs(wantClipped)+1e-5) {
					t.Errorf("%v: %s element %d: clipped %v, want %v", p, e.Name, i-e.Offset, clipped[i], wantClipped)
				}
			}
		}
	}
}

// TestEachNotFinite checks that a gradient that is no number is seen, and only its own norm is affected.
func TestEachNotFinite(t *testing.T) {
	for _, p := range networks(t) {
		n := p.Net
		w, buf, b := example(n, 6, 1)
		size := n.Inputs().Len()
		clean := make([]float32, 6)
		m := NewMachine(n, 6)
		m.GradClipped(w, buf, b, Loss{}, 1, false, clean, nil)
		b.X[4*size] = float32(math.NaN())
		out, norms := make([]float32, n.Dim()), make([]float32, 6)
		for _, clip := range []float64{1, math.Inf(1)} {
			m.GradClipped(w, buf, b, Loss{}, clip, false, norms, out)
			for i, v := range out {
				if v == v {
					t.Fatalf("%v, clip %v: element %d is %v", p, clip, i, v)
				}
			}
			for i, v := range norms {
				if i == 4 {
					if v == v {
						t.Errorf("%v: norm %v", p, v)
					}
				} else if v != clean[i] {
					t.Errorf("%v: norm of example %d is %v beside a NaN, else %v", p, i, v, clean[i])
				}
			}
		}
	}
}

func TestEachSizes(t *testing.T) {
	p := plans[1]
	n := p.build(t)
	w, buf, b := example(n, 5, 1)
	m := NewMachine(n, 2)
	out := make([]float32, n.Dim())
	out[3] = 1
	if r := m.GradClipped(w, buf, Batch{}, Loss{}, 1, false, nil, out); r != (Result{}) {
		t.Errorf("result of nothing: %+v", r)
	}
	mustEqual(t, "sum over nothing", out, make([]float32, n.Dim()))
	m.GradSquared(w, buf, b, Loss{}, out) // more than the machine's largest batch
	if out[0] == 0 {
		t.Error("no squares")
	}
	for _, clip := range []float64{0, -1, math.NaN()} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("clip %v is taken", clip)
				}
			}()
			m.GradClipped(w, buf, b, Loss{}, clip, false, nil, out)
		}()
	}
}

func TestEachNoAllocations(t *testing.T) {
	for _, p := range networks(t) {
		n := p.Net
		w, buf, b := example(n, 40, 1)
		m := NewMachine(n, 40)
		out, norms := make([]float32, n.Dim()), make([]float32, 40)
		cotangent, inputs := make([]float32, 40*n.Classes()), make([]float32, len(b.X))
		pre := make([]float32, 40*n.ActivationLen(0))
		l := Loss{L2: 0.1}
		calls := func() {
			m.GradClipped(w, buf, b, l, 1, false, norms, out)
			m.GradClipped(w, buf, b, l, 1, true, nil, out)
			m.GradSquared(w, buf, b, l, out)
			m.VJP(w, buf, b, Train, true, cotangent, out)
			m.InputGrad(w, buf, b, l, Train, inputs)
			m.Activations(w, buf, b, Eval, 0, pre)
		}
		calls()
		if a := testing.AllocsPerRun(3, calls); a > 0 {
			t.Errorf("%v: %v allocations", p, a)
		}
	}
}

// TestEachMemory checks that the parts of a batch get smaller as the network grows.
func TestEachMemory(t *testing.T) {
	for _, width := range []int{16, 64, 256} {
		n := plan{Shape{32, 32, 3}, []int{width, 2 * width, 4 * width}, true, 0, 10, GroupNorm, ReLU}.build(t)
		s := newEachStore(n)
		part := n.eachPart(s.stride)
		if part < 1 || part > eachPart || part > 1 && part*s.stride > eachCache {
			t.Errorf("width %d: parts of %d examples with rows of %d", width, part, s.stride)
		}
		if s.stride >= n.Dim() {
			t.Errorf("width %d: rows of %d for %d parameters include the linear layer", width, s.stride, n.Dim())
		}
	}
}

func TestPerExample(t *testing.T) {
	for _, p := range plans {
		err := p.build(t).PerExample()
		if p.norm != BatchNorm {
			if err != nil {
				t.Errorf("%v: %v", p, err)
			}
			continue
		}
		if err == nil {
			t.Errorf("%v is taken", p)
			continue
		}
		for i := range p.widths {
			if !strings.Contains(err.Error(), fmt.Sprintf("norm%d", i+1)) {
				t.Errorf("%v: %v", p, err)
			}
		}
	}
}

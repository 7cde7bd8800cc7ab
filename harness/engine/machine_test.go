package engine

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
)

// TestNoAllocations checks that a machine that has seen a size takes no more memory.
func TestNoAllocations(t *testing.T) {
	for _, n := range networks(t) {
		w, buf, b := example(n.Net, 40, 1)
		m := NewMachine(n.Net, 40)
		grad, out := make([]float32, n.Dim()), make([]float32, 40*n.Classes())
		calls := func() {
			m.Grad(w, buf, b, Loss{}, Train, true, grad)
			m.Loss(w, buf, b, Loss{NormalizeLogits: true}, Eval, nil)
			m.Outputs(w, buf, b, Eval, out)
			m.HVP(w, buf, b, Loss{}, Train, w, grad)
			m.JVP(w, buf, b, Train, w, out)
		}
		calls()
		if a := testing.AllocsPerRun(5, calls); a > 0 {
			t.Errorf("%s: %v allocations", n.name, a)
		}
	}
}

// TestInputsUntouched checks that nothing but grad, and buf when asked, is written.
func TestInputsUntouched(t *testing.T) {
	for _, n := range networks(t) {
		w, buf, b := example(n.Net, 4, 1)
		w2, buf2, b2 := example(n.Net, 4, 1)
		grad := make([]float32, n.Dim())
		m := NewMachine(n.Net, 4)
		for _, mode := range []Mode{Eval, Train} {
			m.Grad(w, buf, b, Loss{}, mode, false, grad)
			m.Loss(w, buf, b, Loss{}, mode, nil)
			m.HVP(w, buf, b, Loss{}, mode, w, grad)
		}
		mustEqual(t, fmt.Sprintf("%s: parameters", n.name), w, w2)
		mustEqual(t, fmt.Sprintf("%s: buffers", n.name), buf, buf2)
		mustEqual(t, fmt.Sprintf("%s: inputs", n.name), b.X, b2.X)
	}
}

// TestPad checks that the zeros around padded activations stay zeros: kernels that wrote there would make convolutions
// see more than the image.
func TestPad(t *testing.T) {
	for _, n := range networks(t) {
		w, buf, b := example(n.Net, 3, 1)
		m := NewMachine(n.Net, 3)
		grad := make([]float32, n.Dim())
		m.Grad(w, buf, b, Loss{}, Train, false, grad)
		for k, a := range memory(m) {
			if a == nil || a.pad == 0 {
				continue
			}
			for i := range a.n {
				x := a.example(i)
				for h := range a.H + 2 {
					for wd := range a.W + 2 {
						if h > 0 && h <= a.H && wd > 0 && wd <= a.W {
							continue
						}
						for c := range a.C {
							if v := x[h*a.row()+wd*a.C+c]; v != 0 {
								t.Fatalf("%s: activation %d has %v in its padding", n.name, k, v)
							}
						}
					}
				}
			}
		}
	}
}

// memory lists all activations of a machine.
func memory(m *Machine) []*activation {
	s := m.chain.(*chainScratch)
	return slices.Concat(s.acts, s.grads, s.racts, s.rgrads)
}

func TestSteps(t *testing.T) {
	got := plan{Shape{7, 9, 3}, []int{12}, true, 5, 3, GroupNorm, Tanh}.build(t).Steps()
	want := []Step{
		{Kind: "conv", In: Shape{7, 9, 3}, Out: Shape{7, 9, 12}, Kernel: 3, Stride: 1},
		{Kind: "norm", In: Shape{7, 9, 12}, Out: Shape{3, 4, 12}, Norm: GroupNorm, Group: 6, Activation: Tanh, Pool: true},
		{Kind: "linear", In: Shape{3, 4, 12}, Out: Shape{1, 1, 5}},
		{Kind: "norm", In: Shape{1, 1, 5}, Out: Shape{1, 1, 5}, Norm: GroupNorm, Group: 5, Activation: Tanh},
		{Kind: "linear", In: Shape{1, 1, 5}, Out: Shape{1, 1, 3}, Bias: true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("steps %+v, want %+v", got, want)
	}
}

// TestEvaluationParts checks that an evaluation has the same bits whatever parts it takes.
func TestEvaluationParts(t *testing.T) {
	const examples = 7
	for _, n := range networks(t) {
		w, buf, b := example(n.Net, examples, 1)
		m := NewMachine(n.Net, examples)
		var want Result
		var outputs []float32
		for _, m.chunk = range []int{examples, m.chunk, 1, 3} {
			r := m.Loss(w, buf, b, Loss{}, Eval, nil)
			out := make([]float32, examples*n.Classes())
			m.Outputs(w, buf, b, Eval, out)
			if outputs == nil {
				want, outputs = r, out
			}
			mustEqual(t, fmt.Sprintf("%s: outputs in parts of %d", n.name, m.chunk), out, outputs)
			if r.Errors != want.Errors || !(math.Abs(r.Loss-want.Loss) <= 1e-12*want.Loss) {
				t.Errorf("%s: parts of %d have %+v, expected %+v", n.name, m.chunk, r, want)
			}
		}
	}
}

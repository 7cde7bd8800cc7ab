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

// TestMachineBytes checks that the machine of a convolutional network for batches of 128 takes much less than the 300 MB that
// a trial may have beside the data. A Hessian-vector product needs tangents and the backward pass on top.
func TestMachineBytes(t *testing.T) {
	const mb, examples = 1 << 20, 128
	image := Shape{32, 32, 3}
	for _, c := range []struct {
		plan              plan
		gradient, product int
	}{
		{plan{image, []int{16, 32, 64}, true, 0, 10, BatchNorm, ReLU}, 60, 100},
		{plan{image, []int{32, 64, 128}, true, 0, 10, BatchNorm, ReLU}, 100, 180},
	} {
		n := c.plan.build(t)
		w, buf, b := example(n, examples, 1)
		grad := make([]float32, n.Dim())
		m := NewMachine(n, examples)
		check := func(what string, limit int) {
			t.Helper()
			if have := held(m); have > limit {
				t.Errorf("%v: %s takes %d MB, expected at most %d", c.plan, what, have/mb, limit/mb)
			} else {
				t.Logf("%v: %s takes %d MB", c.plan, what, have/mb)
			}
		}
		m.Grad(w, buf, b, Loss{}, Train, true, grad)
		m.Loss(w, buf, b, Loss{}, Eval, nil)
		check("a gradient", c.gradient*mb)
		m.HVP(w, buf, b, Loss{}, Eval, w, grad)
		check("a Hessian-vector product", c.product*mb)
	}
}

// held is the bytes of all slices that a machine holds. The network and the vectors of the last call are the caller's.
func held(m *Machine) int {
	seen, total := map[uintptr]bool{}, 0
	var visit func(v reflect.Value)
	visit = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() && v.Type() != reflect.TypeFor[*Net]() && !seen[v.Pointer()] {
				seen[v.Pointer()] = true
				visit(v.Elem())
			}
		case reflect.Interface:
			if !v.IsNil() {
				visit(v.Elem())
			}
		case reflect.Struct:
			if v.Type() != reflect.TypeFor[workspace]() {
				for i := range v.NumField() {
					visit(v.Field(i))
				}
			}
		case reflect.Slice:
			if v.Cap() == 0 || seen[v.Pointer()] {
				return
			}
			seen[v.Pointer()] = true
			total += v.Cap() * int(v.Type().Elem().Size())
			for i := range v.Len() {
				switch v.Type().Elem().Kind() {
				case reflect.Pointer, reflect.Interface, reflect.Struct, reflect.Slice:
					visit(v.Index(i))
				}
			}
		}
	}
	visit(reflect.ValueOf(m))
	return total
}

package engine

import (
	"math"
	"testing"
)

// cosines are the networks of the tests with cosine classifiers: behind features, behind zeros around images, as the first
// layer, and in between.
func cosines(t testing.TB) []network {
	var all []network
	for _, o := range []struct {
		name  string
		in    Shape
		build func(b *Builder)
	}{
		{"cosine behind a convolution", Shape{5, 6, 2}, func(b *Builder) {
			convNorm(b, "a", 3, 1, 8, BatchNorm, ReLU)
			b.GlobalAvgPool()
			b.Cosine("fc", 5)
		}},
		{"cosine behind a perceptron", Shape{1, 1, 9}, func(b *Builder) {
			b.Linear("fc1", 19, false)
			b.NormAct("norm1", "fc1", NoNorm, Tanh, false)
			b.Cosine("fc2", 3)
		}},
		{"cosine of the inputs", Shape{2, 3, 3}, func(b *Builder) { b.Cosine("fc", 4) }},
		{"cosine between layers", Shape{3, 3, 2}, func(b *Builder) {
			b.Cosine("a", 18)
			b.NormAct("norm", "a", GroupNorm, GELU, false)
			b.Cosine("b", 6)
			b.Linear("c", 3, true)
		}},
	} {
		b := NewBuilder(o.in)
		o.build(b)
		n, err := b.Build()
		if err != nil {
			t.Fatalf("%s: %v", o.name, err)
		}
		all = append(all, network{o.name, n})
	}
	return all
}

func (r *ref) cosine(l *cosine, w []float64, x image) image {
	y := newImage(l.shape())
	var flat []float64
	for _, row := range x {
		for _, pixel := range row {
			flat = append(flat, pixel...)
		}
	}
	for j := range l.out {
		var dot, xx, ww float64
		for i, v := range flat {
			u := w[l.weight+i*l.out+j]
			dot += v * u
			xx += v * v
			ww += u * u
		}
		y[0][0][j] = dot / math.Sqrt(xx*ww)
	}
	return y
}

// TestCosineKnowsNoNorms checks that outputs do not change when examples or classes are scaled, by powers of two not in one
// bit, and lie in -1..1.
func TestCosineKnowsNoNorms(t *testing.T) {
	n := cosines(t)[2].Net
	w, buf, b := example(n, 7, 1)
	m := NewMachine(n, 7)
	want, got := make([]float32, 7*4), make([]float32, 7*4)
	m.Outputs(w, buf, b, Eval, want)
	for i, v := range want {
		if !(math.Abs(float64(v)) <= 1+1e-6) {
			t.Errorf("output %d is %v", i, v)
		}
	}
	for i := range b.X {
		b.X[i] *= float32(math.Exp2(float64(i / 18)))
	}
	for i := range w {
		w[i] *= float32(math.Exp2(float64(i%4) - 2))
	}
	m.Outputs(w, buf, b, Eval, got)
	mustEqual(t, "outputs", got, want)
}

// TestCosineOfNothing checks that a vector without a direction has the cosines 0, and no derivatives.
func TestCosineOfNothing(t *testing.T) {
	n := cosines(t)[2].Net
	w, buf, b := example(n, 3, 1)
	size := n.Inputs().Len()
	clear(b.X[size : 2*size])
	for i := range size {
		w[i*4+2] = 0
	}
	m := NewMachine(n, 3)
	out := nans(3 * 4)
	m.Outputs(w, buf, b, Train, out)
	for j := range 4 {
		if out[4+j] != 0 {
			t.Errorf("output %d of an example of zeros is %v", j, out[4+j])
		}
	}
	for i := range 3 {
		if out[4*i+2] != 0 {
			t.Errorf("the output of a class of zeros is %v", out[4*i+2])
		}
	}
	grad, inputs := nans(n.Dim()), nans(len(b.X))
	m.Grad(w, buf, b, Loss{}, Train, false, grad)
	m.InputGrad(w, buf, b, Loss{}, Train, inputs)
	for i := range size {
		if grad[i*4+2] != 0 || inputs[size+i] != 0 {
			t.Errorf("element %d: gradients %v by the class and %v by the example, want 0", i, grad[i*4+2], inputs[size+i])
		}
	}
	if i := firstNonFinite(grad); i >= 0 {
		t.Errorf("element %d of the gradient is %v", i, grad[i])
	}
	v, hv := make([]float32, n.Dim()), nans(n.Dim())
	for i := range v {
		v[i] = 1
	}
	m.HVP(w, buf, b, Loss{}, Train, v, hv)
	if i := firstNonFinite(hv); i >= 0 {
		t.Errorf("element %d of the product with the Hessian is %v", i, hv[i])
	}
}

func firstNonFinite(x []float32) int {
	for i, v := range x {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return i
		}
	}
	return -1
}

// TestCosineErrors checks that errors name the layer.
func TestCosineErrors(t *testing.T) {
	b := NewBuilder(Shape{1, 1, 3})
	b.Cosine("fc", 0)
	if _, err := b.Build(); err == nil || err.Error() != "fc: 0 outputs: expected at least 1" {
		t.Errorf("error: %v", err)
	}
}

package engine

import (
	"math"
	"slices"
	"testing"
)

// TestRunningStatistics folds known batches: channel 0 of the inputs is 1, 3, 5, 7 (mean 4, unbiased variance 20/3),
// channel 1 is constant.
func TestRunningStatistics(t *testing.T) {
	b := NewBuilder(Shape{1, 1, 2})
	b.Linear("fc1", 2, false)
	b.NormAct("norm", "fc1", BatchNorm, ReLU, false)
	b.Linear("fc", 2, true)
	n, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	w := make([]float32, n.Dim())
	w[0], w[3] = 1, 1 // identity
	for _, e := range n.Layout() {
		if e.Kind == NormScale {
			w[e.Offset], w[e.Offset+1] = 1, 1
		}
	}
	buf := make([]float32, n.BufferDim())
	n.InitBuffers(buf)
	if !slices.Equal(buf, []float32{0, 0, 1, 1}) {
		t.Fatalf("initial buffers %v", buf)
	}
	batch := Batch{X: []float32{1, 2, 3, 2, 5, 2, 7, 2}, Y: []int32{0, 1, 0, 1}}
	m := NewMachine(n, 4)
	grad := make([]float32, n.Dim())

	m.Loss(w, buf, batch, Loss{}, Train, nil)
	m.Grad(w, buf, batch, Loss{}, Train, false, grad)
	m.Grad(w, buf, batch, Loss{}, Eval, true, grad)
	if !slices.Equal(buf, []float32{0, 0, 1, 1}) {
		t.Fatalf("buffers moved to %v without being asked", buf)
	}
	m.Grad(w, buf, batch, Loss{}, Train, true, grad)
	for i, want := range []float64{0.4, 0.2, 0.9 + 0.1*20/3, 0.9} {
		if math.Abs(float64(buf[i])-want) > 1e-7 {
			t.Errorf("buffer %d is %v, want %v", i, buf[i], want)
		}
	}
	m.Grad(w, buf, Batch{X: batch.X[:2], Y: batch.Y[:1]}, Loss{}, Train, true, grad)
	for i, want := range []float64{0.36 + 0.1, 0.18 + 0.2, 0.9 * (0.9 + 0.1*20/3), 0.81} {
		if math.Abs(float64(buf[i])-want) > 1e-7 {
			t.Errorf("after a single example, buffer %d is %v, want %v", i, buf[i], want)
		}
	}
}

// TestLargeMean checks the variance of inputs far from 0: E[x²]-E[x]² in float32 would have no digit left.
func TestLargeMean(t *testing.T) {
	b := NewBuilder(Shape{4, 4, 8})
	b.Conv("conv", 3, 1, 8)
	b.NormAct("norm", "conv", BatchNorm, Tanh, false)
	b.GlobalAvgPool()
	b.Linear("fc", 2, true)
	n, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	w, buf, batch := example(n, 6, 3)
	// Only the middle of the kernel: the identity.
	clear(w[:9*64])
	for c := range 8 {
		w[4*64+9*c] = 1
	}
	for i := range batch.X {
		batch.X[i] += 4096 // a float32 has 2^-11 left
	}
	near := Batch{X: slices.Clone(batch.X), Y: batch.Y}
	for i := range near.X {
		near.X[i] -= 4096 // exact
	}
	m := NewMachine(n, 6)
	grad, want := make([]float32, n.Dim()), make([]float32, n.Dim())
	got := m.Grad(w, buf, batch, Loss{}, Train, false, grad)
	ref := m.Grad(w, buf, near, Loss{}, Train, false, want)
	if math.Abs(got.Loss-ref.Loss) > 1e-3*ref.Loss {
		t.Errorf("loss %v far from 0, %v near it", got.Loss, ref.Loss)
	}
}

// TestZeroScale checks the gradient of a scale that is 0: it cannot be taken from the output, which is constant.
func TestZeroScale(t *testing.T) {
	for _, kind := range []Norm{BatchNorm, GroupNorm} {
		p := plan{Shape{6, 6, 2}, []int{8}, true, 0, 3, kind, ReLU}
		n := p.build(t)
		w, buf, b := example(n, 4, 9)
		var e Tensor
		for _, e = range n.Layout() {
			if e.Kind == NormScale {
				break
			}
		}
		clear(w[e.Offset : e.Offset+8])
		for c := range 8 { // shifts that let everything through
			w[e.Offset+8+c] = 1
		}
		grad := make([]float32, n.Dim())
		NewMachine(n, 4).Grad(w, buf, b, Loss{}, Train, false, grad)
		r := &ref{net: n, mode: Train}
		w64, buf64 := widen(w), widen(buf)
		for i := e.Offset; i < e.Offset+8; i++ {
			if want := r.gradient(w64, buf64, b, i); math.Abs(float64(grad[i])-want) > 1e-5*(1e-2+math.Abs(want)) {
				t.Errorf("%s norm: gradient of scale %d is %v, want %v", kind, i-e.Offset, grad[i], want)
			}
		}
	}
}

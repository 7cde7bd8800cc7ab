package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// plan describes the networks of the tests: widths are convolution stages (pooled or not), then a hidden linear layer.
type plan struct {
	in      Shape
	widths  []int
	pool    bool
	hidden  int
	classes int
	norm    Norm
	act     Activation
}

func (p plan) String() string {
	return fmt.Sprintf("%v conv %v pool %v hidden %d %s %s", p.in, p.widths, p.pool, p.hidden, p.norm, p.act)
}

func (p plan) build(t testing.TB) *Net {
	t.Helper()
	b := NewBuilder(p.in)
	for i, w := range p.widths {
		name := fmt.Sprintf("conv%d", i+1)
		b.Conv(name, 3, 1, w)
		b.NormAct(fmt.Sprintf("norm%d", i+1), name, p.norm, p.act, p.pool)
	}
	if p.hidden > 0 {
		b.Linear("hidden", p.hidden, false)
		b.NormAct("normh", "hidden", p.norm, p.act, false)
	} else {
		b.GlobalAvgPool()
	}
	b.Linear("fc", p.classes, true)
	n, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// example returns random parameters (scales and shifts too), buffers and a batch for a network.
func example(n *Net, examples int, seed uint64) (w, buf []float32, b Batch) {
	r := rand.New(rand.NewPCG(seed, 1))
	w = make([]float32, n.Dim())
	for _, t := range n.Layout() {
		for i := t.Offset; i < t.Offset+t.Len(); i++ {
			switch t.Kind {
			case Weight:
				w[i] = float32(r.NormFloat64() / math.Sqrt(float64(t.FanIn)))
			case NormScale:
				w[i] = float32(1 + 0.3*r.NormFloat64())
			default:
				w[i] = float32(0.3 * r.NormFloat64())
			}
		}
	}
	buf = make([]float32, n.BufferDim())
	n.InitBuffers(buf)
	for i := range buf {
		buf[i] += 0.2 * r.Float32()
	}
	b.X = make([]float32, examples*n.Inputs().Len())
	for i := range b.X {
		b.X[i] = float32(0.5 + r.NormFloat64())
	}
	b.Y = make([]int32, examples)
	for i := range b.Y {
		b.Y[i] = int32(r.IntN(n.Classes()))
	}
	return w, buf, b
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

var plans = []plan{
	{Shape{8, 8, 3}, []int{8, 16}, true, 0, 4, BatchNorm, Tanh},
	{Shape{8, 8, 3}, []int{8, 16}, true, 0, 4, GroupNorm, GELU},
	{Shape{8, 8, 3}, []int{8, 16}, true, 0, 4, BatchNorm, ReLU},
	{Shape{7, 9, 2}, []int{16, 8}, true, 0, 3, GroupNorm, ReLU},
	{Shape{7, 5, 2}, []int{8, 24}, true, 6, 3, BatchNorm, ReLU},
	{Shape{7, 5, 1}, []int{5, 3}, true, 7, 3, NoNorm, ReLU}, // channels that fill no vector
	{Shape{5, 5, 2}, []int{6, 12}, false, 0, 3, GroupNorm, ReLU},
	{Shape{4, 6, 3}, []int{16}, false, 9, 12, BatchNorm, ReLU},
	{Shape{4, 4, 2}, []int{7}, false, 0, 3, NoNorm, Tanh},
	{Shape{1, 1, 11}, nil, false, 13, 5, BatchNorm, Tanh},
	{Shape{3, 3, 2}, nil, false, 16, 10, NoNorm, ReLU},
	{Shape{3, 3, 2}, nil, false, 16, 10, GroupNorm, GELU},
	{Shape{2, 2, 1}, nil, false, 3, 2, NoNorm, Identity},
	{Shape{20, 21, 2}, nil, false, 9, 3, GroupNorm, ReLU}, // sums of several parts
}

// TestGradient compares loss, logits and every kind of parameter's gradient with numerical derivatives of the float64
// twin.
func TestGradient(t *testing.T) {
	losses := []Loss{{}, {LabelSmoothing: 0.1}, {NormalizeLogits: true, LabelSmoothing: 0.2}, {Kind: MSE}, {L2: 0.1}}
	for k, n := range networks(t) {
		for _, mode := range []Mode{Train, Eval} {
			l := losses[k%len(losses)]
			t.Run(fmt.Sprintf("%s mode %d %+v", n.name, mode, l), func(t *testing.T) {
				checkGradient(t, n.Net, l, mode, uint64(k))
			})
		}
	}
}

// checkGradient compares loss, logits and gradient of a random batch with those of the twin.
func checkGradient(t *testing.T, n *Net, l Loss, mode Mode, seed uint64) {
	t.Helper()
	w, buf, b := example(n, 5, seed)
	grad := make([]float32, n.Dim())
	for i := range grad {
		grad[i] = float32(math.NaN()) // must be overwritten
	}
	m := NewMachine(n, 5)
	got := m.Grad(w, buf, b, l, mode, false, grad)
	out := make([]float32, 5*n.Classes())
	m.Outputs(w, buf, b, mode, out)

	r := &ref{net: n, loss: l, mode: mode}
	w64, buf64 := widen(w), widen(buf)
	want, logits := r.run(w64, buf64, b)
	if math.Abs(got.Loss-want) > 1e-5*want {
		t.Errorf("loss %v, want %v", got.Loss, want)
	}
	for i := range logits {
		for j, v := range logits[i] {
			if g := float64(out[i*n.Classes()+j]); math.Abs(g-v) > 2e-5*(1+math.Abs(v)) {
				t.Errorf("logit %d of example %d is %v, want %v", j, i, g, v)
			}
		}
	}

	pick := rand.New(rand.NewPCG(5, seed))
	for _, e := range n.Layout() {
		part := grad[e.Offset : e.Offset+e.Len()]
		var norm float64
		for _, v := range part {
			norm += float64(v) * float64(v)
		}
		norm = math.Sqrt(norm / float64(len(part)))
		for range min(12, len(part)) {
			i := e.Offset + pick.IntN(len(part))
			want := r.gradient(w64, buf64, b, i)
			if d := math.Abs(float64(grad[i]) - want); !(d <= 3e-5*(norm+math.Abs(want))+1e-8) {
				t.Errorf("%s element %d: gradient %v, want %v", e.Name, i-e.Offset, grad[i], want)
			}
		}
	}
}

// TestSameBits checks that vector instructions and memory history change nothing: the same bits on every instruction
// set with vectors, after calls with other sizes, and for evaluations in other batches.
func TestSameBits(t *testing.T) {
	for k, n := range networks(t) {
		w, buf, b := example(n.Net, 67, uint64(k))
		fresh := func(examples int) (Result, []float32) {
			part := Batch{X: b.X[:examples*n.Inputs().Len()], Y: b.Y[:examples]}
			grad := make([]float32, n.Dim())
			return NewMachine(n.Net, 67).Grad(w, buf, part, Loss{}, Train, false, grad), grad
		}
		m := NewMachine(n.Net, 67)
		for _, examples := range []int{3, 67, 1, 64, 2} {
			part := Batch{X: b.X[:examples*n.Inputs().Len()], Y: b.Y[:examples]}
			grad := make([]float32, n.Dim())
			m.Loss(w, buf, part, Loss{}, Eval, nil)
			got := m.Grad(w, buf, part, Loss{}, Train, false, grad)
			want, wantGrad := fresh(examples)
			if got != want {
				t.Fatalf("%s, %d examples: %+v on a used machine, %+v on a fresh one", n.name, examples, got, want)
			}
			mustEqual(t, fmt.Sprintf("%s, %d examples on a used machine", n.name, examples), grad, wantGrad)
			for isa := kernel.AVX2; isa <= kernel.Best(); isa++ {
				restore := kernel.Use(isa)
				_, other := fresh(examples)
				restore()
				mustEqual(t, fmt.Sprintf("%s, %d examples with %v", n.name, examples, isa), other, wantGrad)
			}
		}
		all := make([]float32, 67*n.Classes())
		m.Outputs(w, buf, b, Eval, all)
		one := make([]float32, n.Classes())
		for i := range 67 {
			size := n.Inputs().Len()
			m.Outputs(w, buf, Batch{X: b.X[i*size : (i+1)*size], Y: b.Y[i : i+1]}, Eval, one)
			mustEqual(t, fmt.Sprintf("%s, logits of example %d alone", n.name, i), one, all[i*n.Classes():(i+1)*n.Classes()])
		}
	}
}

func mustEqual(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// TestGradientOfSmallNets does the same for networks that plan does not describe.
func TestGradientOfSmallNets(t *testing.T) {
	for name, c := range map[string]struct {
		in    Shape
		build func(*Builder)
		loss  Loss
	}{
		"two layers without biases": {Shape{3, 3, 2}, func(b *Builder) {
			b.Linear("hidden", 16, false)
			b.Activate(ReLU)
			b.Linear("out", 3, false)
		}, Loss{}},
		"two layers, one output": {Shape{3, 3, 2}, func(b *Builder) {
			b.Linear("hidden", 16, true)
			b.Activate(Tanh)
			b.Linear("out", 1, false)
		}, Loss{Kind: MSE, L2: 0.01}},
		"product of scalars": {Shape{1, 1, 1}, func(b *Builder) {
			for i := range 4 {
				b.Linear(fmt.Sprintf("w%d", i+1), 1, false)
			}
		}, Loss{Kind: Logistic}},
		"an activation between convolutions": {Shape{5, 4, 2}, func(b *Builder) {
			b.Conv("conv1", 3, 1, 8)
			b.Activate(GELU)
			b.Conv("conv2", 3, 1, 8)
			b.Activate(ReLU)
			b.GlobalAvgPool()
			b.Linear("fc", 2, true)
		}, Loss{Kind: Logistic}},
	} {
		b := NewBuilder(c.in)
		c.build(b)
		n, err := b.Build()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		w, buf, batch := example(n, 5, 3)
		if n.Classes() == 1 {
			for i := range batch.Y {
				batch.Y[i] = int32(i % 2)
			}
		}
		grad := make([]float32, n.Dim())
		got := NewMachine(n, 5).Grad(w, buf, batch, c.loss, Train, false, grad)
		r := &ref{net: n, loss: c.loss, mode: Train}
		w64, buf64 := widen(w), widen(buf)
		if want, _ := r.run(w64, buf64, batch); math.Abs(got.Loss-want) > 1e-5*want {
			t.Errorf("%s: loss %v, want %v", name, got.Loss, want)
		}
		for i := 0; i < n.Dim(); i += 1 + n.Dim()/40 {
			if want := r.gradient(w64, buf64, batch, i); math.Abs(float64(grad[i])-want) > 3e-5*math.Abs(want)+1e-6 {
				t.Errorf("%s: gradient %d is %v, want %v", name, i, grad[i], want)
			}
		}
		checkTangents(t, n, w, buf, batch, c.loss, Train, 3)
	}
}

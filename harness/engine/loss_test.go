package engine

import (
	"math"
	"testing"
)

// logitNet passes its inputs on as logits, so that the loss can be examined alone: W is the identity, the bias 0.
func logitNet(t *testing.T, classes int) (n *Net, w []float32) {
	b := NewBuilder(Shape{1, 1, classes})
	b.Linear("fc", classes, true)
	n, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	w = make([]float32, n.Dim())
	for i := range classes {
		w[i*classes+i] = 1
	}
	return n, w
}

func lossOf(t *testing.T, logits []float32, label int32, l Loss) Result {
	n, w := logitNet(t, len(logits))
	return NewMachine(n, 1).Loss(w, nil, Batch{logits, []int32{label}}, l, Eval)
}

func TestLossKnownAnswers(t *testing.T) {
	oneHot := func(k int, at float32) []float32 {
		z := make([]float32, k)
		z[3] = at
		return z
	}
	for _, c := range []struct {
		name   string
		logits []float32
		label  int32
		loss   Loss
		want   float64
	}{
		{"uniform", make([]float32, 10), 3, Loss{}, math.Log(10)},
		{"uniform smoothed", make([]float32, 10), 3, Loss{LabelSmoothing: 0.3}, math.Log(10)},
		{"two classes", []float32{1, -1}, 0, Loss{}, math.Log1p(math.Exp(-2))},
		{"large logits", []float32{1000, 0}, 1, Loss{}, 1000},
		// Target 0.9+0.1/2 and 0.1/2.
		{"smoothed", []float32{1, -1}, 0, Loss{LabelSmoothing: 0.1}, math.Log1p(math.Exp(-2)) + 0.05*2},
		// The least loss of normalised logits: √((K-1)/K) for the label and -1/√(K(K-1)) for the rest, at any scale.
		{"normalized, least", oneHot(10, 1), 3, Loss{NormalizeLogits: true}, 1.4198685933},
		{"normalized, least, small", oneHot(10, 1e-4), 3, Loss{NormalizeLogits: true}, 1.4198685933},
		{"normalized, constant", []float32{5, 5, 5}, 0, Loss{NormalizeLogits: true}, math.Log(3)},
	} {
		if got := lossOf(t, c.logits, c.label, c.loss); math.Abs(got.Loss-c.want) > 1e-9*c.want {
			t.Errorf("%s: loss %.12v, want %.12v", c.name, got.Loss, c.want)
		}
	}
}

// The gradient with respect to the bias is that with respect to the logits.
func TestLossGradient(t *testing.T) {
	logits := []float32{0.3, -1.2, 2, 0.1}
	n, w := logitNet(t, 4)
	grad := make([]float32, n.Dim())
	m := NewMachine(n, 2)
	b := Batch{append(append([]float32{}, logits...), logits...), []int32{1, 2}}
	m.Grad(w, nil, b, Loss{LabelSmoothing: 0.2}, Train, false, grad)
	var sum float64
	for _, z := range logits {
		sum += math.Exp(float64(z))
	}
	for j, g := range grad[16:] {
		target := 0.05
		if j == 1 || j == 2 {
			target += 0.4 // half the examples
		}
		if want := math.Exp(float64(logits[j]))/sum - target; math.Abs(float64(g)-want) > 1e-7 {
			t.Errorf("d/dz%d is %v, want %v", j, g, want)
		}
	}

	// Normalised logits do not change when all move together or are scaled: the gradient is orthogonal to both directions.
	m.Grad(w, nil, b, Loss{NormalizeLogits: true}, Train, false, grad)
	var shift, scale, norm float64
	for j, g := range grad[16:] {
		shift += float64(g)
		scale += float64(g) * float64(logits[j])
		norm += float64(g) * float64(g)
	}
	if norm < 1e-4 || math.Abs(shift) > 1e-7 || math.Abs(scale) > 1e-7 {
		t.Errorf("gradient %v: along shift %v, along scale %v", grad[16:], shift, scale)
	}
}

func TestErrorsCount(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		logits []float32
		label  int32
		want   int
	}{
		{[]float32{1, 2, 0}, 1, 0},
		{[]float32{1, 2, 0}, 0, 1},
		{[]float32{2, 2, 0}, 0, 0}, // the first of equal ones
		{[]float32{2, 2, 0}, 1, 1},
		{[]float32{nan, 2, 0}, 1, 1},
		{[]float32{nan, 2, 0}, 0, 1},
	} {
		if got := lossOf(t, c.logits, c.label, Loss{}); got.Errors != c.want || got.Examples != 1 {
			t.Errorf("%v label %d: %+v", c.logits, c.label, got)
		}
	}
	if r := lossOf(t, []float32{nan, 0}, 0, Loss{}); !math.IsNaN(r.Loss) {
		t.Errorf("loss of a NaN is %v", r.Loss)
	}
}

// TestNaN checks that a parameter that is not a number shows in the loss: neither ReLU nor pooling may swallow it.
func TestNaN(t *testing.T) {
	for _, p := range plans {
		n := p.build(t)
		for _, e := range n.Layout() {
			w, buf, b := example(n, 3, 1)
			w[e.Offset] = float32(math.NaN())
			for _, mode := range []Mode{Train, Eval} {
				if r := NewMachine(n, 3).Loss(w, buf, b, Loss{}, mode); !math.IsNaN(r.Loss) {
					t.Errorf("%v, %s, mode %d: loss %v", p, e.Name, mode, r.Loss)
				}
			}
		}
	}
}

func TestPanics(t *testing.T) {
	n, w := logitNet(t, 3)
	m := NewMachine(n, 2)
	x := make([]float32, 9)
	for name, f := range map[string]func(){
		"label too large":  func() { m.Loss(w, nil, Batch{x[:3], []int32{3}}, Loss{}, Eval) },
		"negative label":   func() { m.Loss(w, nil, Batch{x[:3], []int32{-1}}, Loss{}, Eval) },
		"too many":         func() { m.Loss(w, nil, Batch{x, []int32{0, 0, 0}}, Loss{}, Eval) },
		"none":             func() { m.Loss(w, nil, Batch{}, Loss{}, Eval) },
		"x too short":      func() { m.Loss(w, nil, Batch{x[:5], []int32{0, 0}}, Loss{}, Eval) },
		"w too short":      func() { m.Loss(w[1:], nil, Batch{x[:3], []int32{0}}, Loss{}, Eval) },
		"buf too long":     func() { m.Loss(w, x, Batch{x[:3], []int32{0}}, Loss{}, Eval) },
		"grad too short":   func() { m.Grad(w, nil, Batch{x[:3], []int32{0}}, Loss{}, Eval, false, x) },
		"outputs too many": func() { m.Outputs(w, nil, Batch{x[:6], []int32{0, 0}}, Eval, x[:5]) },
		"no batch":         func() { NewMachine(n, 0) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

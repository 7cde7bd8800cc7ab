package engine

import (
	"math"
	"math/rand/v2"
	"strings"
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
	return NewMachine(n, 1).Loss(w, nil, Batch{X: logits, Y: []int32{label}}, l, Eval, nil)
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
		{"weighted", []float32{1, -1}, 0, Loss{ClassWeights: []float64{3, 1}}, 3 * math.Log1p(math.Exp(-2))},
		{"weighted and smoothed", []float32{0, 0}, 0, Loss{ClassWeights: []float64{3, 1}, LabelSmoothing: 0.5}, (3*0.75 + 0.25) * math.Ln2},
		// Adjusting by the logarithms of the priors makes uniform logits as good as guessing by the priors.
		{"adjusted", []float32{2, 2, 2}, 2, Loss{Adjust: []float64{math.Log(0.7), math.Log(0.2), math.Log(0.1)}}, -math.Log(0.1)},
		{"squares", []float32{0.5, 2, -1}, 1, Loss{Kind: MSE}, (0.25 + 1 + 1) / 2},
		{"squares of one output, label 1", []float32{0.5}, 1, Loss{Kind: MSE}, 0.125},
		{"squares of one output, label 0", []float32{0.5}, 0, Loss{Kind: MSE}, 1.125},
		{"logistic", []float32{2}, 1, Loss{Kind: Logistic}, math.Log1p(math.Exp(-2))},
		{"logistic, the other label", []float32{2}, 0, Loss{Kind: Logistic}, 2 + math.Log1p(math.Exp(-2))},
		{"logistic of two outputs", []float32{-1, 1}, 1, Loss{Kind: Logistic}, math.Log1p(math.Exp(-2))},
		{"logistic, far off", []float32{-900}, 1, Loss{Kind: Logistic}, 900},
	} {
		if got := lossOf(t, c.logits, c.label, c.loss); math.Abs(got.Loss-c.want) > 1e-9*c.want {
			t.Errorf("%s: loss %.12v, want %.12v", c.name, got.Loss, c.want)
		}
	}
}

// flat is a net without layers between inputs and outputs: y = x W, without a bias.
func flat(t *testing.T, in, out int) *Net {
	t.Helper()
	b := NewBuilder(Shape{1, 1, in})
	b.Linear("fc", out, false)
	n, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Logistic regression of x = (1,0), (0,2) with y = 1, -1 at w = (1,-1): the mean of ln(1+e⁻¹) and ln(1+e⁻²).
func TestLogisticRegression(t *testing.T) {
	n := flat(t, 2, 1)
	b := Batch{X: []float32{1, 0, 0, 2}, Y: []int32{1, 0}}
	w, grad, each := []float32{1, -1}, make([]float32, 2), make([]float32, 2)
	m := NewMachine(n, 2)
	l := Loss{Kind: Logistic}
	r := m.Loss(w, nil, b, l, Eval, each)
	if math.Abs(r.Loss-0.2200948) > 5e-8 || r.Errors != 0 {
		t.Errorf("%+v, want the loss 0.2200948", r)
	}
	for i, want := range []float64{math.Log1p(math.Exp(-1)), math.Log1p(math.Exp(-2))} {
		if math.Abs(float64(each[i])-want) > 1e-7 {
			t.Errorf("loss of example %d is %v, want %v", i, each[i], want)
		}
	}
	// Each example adds -y x σ(-y f)/2.
	m.Grad(w, nil, b, l, Eval, false, grad)
	for i, want := range []float64{-1 / (1 + math.E) / 2, 1 / (1 + math.Exp(2))} {
		if math.Abs(float64(grad[i])-want) > 1e-7 {
			t.Errorf("gradient %d is %v, want %v", i, grad[i], want)
		}
	}
}

// Ridge regression of X = (1,0), (0,2), (1,1) on y = (1,2,2), whose Hessian XᵀX/3 + λI has known eigenvectors.
func TestRidge(t *testing.T) {
	n := flat(t, 2, 1)
	b := Batch{X: []float32{1, 0, 0, 2, 1, 1}, Y: make([]int32, 3), T: []float32{1, 2, 2}}
	m := NewMachine(n, 3)
	grad, each := make([]float32, 2), make([]float32, 3)
	for _, c := range []struct {
		lambda float64
		w      []float32 // the minimum, which is (XᵀX/3 + λI)⁻¹ Xᵀy/3
		data   float64   // the loss there without the penalty
	}{
		{0, []float32{1, 1}, 0},
		{0.1, []float32{0.8847185, 0.96514745}, 0.00678148},
		{1, []float32{0.46153846, 0.69230769}, 0.23076923},
	} {
		l := Loss{Kind: MSE, L2: c.lambda}
		square := float64(c.w[0])*float64(c.w[0]) + float64(c.w[1])*float64(c.w[1])
		want := c.data + c.lambda/2*square
		if r := m.Loss(c.w, nil, b, l, Eval, each); math.Abs(r.Loss-want) > 1e-7 || r.Errors != 0 {
			t.Errorf("λ=%v: %+v, want the loss %v", c.lambda, r, want)
		}
		if mean := (float64(each[0]) + float64(each[1]) + float64(each[2])) / 3; math.Abs(mean-want) > 1e-7 {
			t.Errorf("λ=%v: the losses of the examples have the mean %v, want %v", c.lambda, mean, want)
		}
		r := m.Grad(c.w, nil, b, l, Eval, false, grad)
		if math.Abs(r.Loss-want) > 1e-7 || math.Abs(float64(grad[0])) > 1e-7 || math.Abs(float64(grad[1])) > 1e-7 {
			t.Errorf("λ=%v: loss %v, want %v; gradient %v, want 0", c.lambda, r.Loss, want, grad)
		}
	}
}

// The Hessian of the ridge regression above is XᵀX/3 + λI for every w, with the eigenvalues 0.56574145 + λ and
// 1.76759188 + λ.
func TestRidgeHessian(t *testing.T) {
	n := flat(t, 2, 1)
	b := Batch{X: []float32{1, 0, 0, 2, 1, 1}, Y: make([]int32, 3), T: []float32{1, 2, 2}}
	m := NewMachine(n, 3)
	h, w := make([]float32, 4), []float32{0.3, -2}
	m.HVP(w, nil, b, Loss{Kind: MSE, L2: 0.25}, Eval, []float32{1, 0}, h[:2])
	m.HVP(w, nil, b, Loss{Kind: MSE, L2: 0.25}, Eval, []float32{0, 1}, h[2:])
	mean, half := float64(h[0]+h[3])/2, float64(h[0]-h[3])/2
	root := math.Hypot(half, float64(h[1]))
	if h[1] != h[2] || math.Abs(mean-root-0.25-0.56574145) > 2e-7 || math.Abs(mean+root-0.25-1.76759188) > 2e-7 {
		t.Errorf("Hessian %v with the eigenvalues %v, %v", h, mean-root, mean+root)
	}
}

// TestLossDerivatives compares the gradient with respect to the outputs, and its derivative along a direction, with
// numerical derivatives of the losses as the twin writes them down.
func TestLossDerivatives(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const examples = 4
	for _, c := range []struct {
		outputs int
		targets bool
		loss    Loss
	}{
		{10, false, Loss{}},
		{2, false, Loss{}},
		{5, false, Loss{LabelSmoothing: 0.3}},
		{5, false, Loss{NormalizeLogits: true}},
		{3, false, Loss{NormalizeLogits: true, LabelSmoothing: 0.1}},
		{4, false, Loss{ClassWeights: []float64{0.2, 3, 1, 0}}},
		{4, false, Loss{ClassWeights: []float64{0.2, 3, 1, 0}, LabelSmoothing: 0.2}},
		{4, false, Loss{Adjust: []float64{0.5, -1, 0, -3}}},
		{4, false, Loss{Adjust: []float64{0.5, -1, 0, -3}, ClassWeights: []float64{1, 2, 3, 4}, NormalizeLogits: true, LabelSmoothing: 0.1}},
		{4, false, Loss{Multiply: []float64{0.2, 3, 1, 0.5}}},
		{4, false, Loss{Margin: []float64{0.2, 3, 1, 0}}},
		{3, false, Loss{Multiply: []float64{0.2, 3, 1}, Adjust: []float64{0.5, -1, 0}, Margin: []float64{0.2, 0, 1}, ClassWeights: []float64{1, 2, 0.1}, LabelSmoothing: 0.1}},
		{3, false, Loss{Multiply: []float64{0.2, 3, 1}, Margin: []float64{0.2, 0, 1}, NormalizeLogits: true}},
		{6, false, Loss{Kind: MSE}},
		{6, true, Loss{Kind: MSE}},
		{1, false, Loss{Kind: MSE}},
		{1, true, Loss{Kind: MSE}},
		{1, false, Loss{Kind: Logistic}},
		{2, false, Loss{Kind: Logistic}},
	} {
		k := c.outputs
		b := Batch{Y: make([]int32, examples)}
		z, v := make([]float32, examples*k), make([]float32, examples*k)
		for i := range z {
			z[i], v[i] = float32(2*r.NormFloat64()), float32(r.NormFloat64())
			if c.targets {
				b.T = append(b.T, float32(r.NormFloat64()))
			}
		}
		for i := range b.Y {
			b.Y[i] = int32(r.IntN(max(2, k)))
		}
		d, rd, each := make([]float32, len(z)), make([]float32, len(z)), make([]float32, examples)
		s := newLossScratch(k)
		total, _ := c.loss.sum(s, z, b, d, each)
		c.loss.tangent(s, z, v, b, rd)
		twin := &ref{loss: c.loss}
		var sum float64
		for i := range examples {
			row := widen(z[i*k : (i+1)*k])
			f := func(z []float64) float64 { return twin.example(z, b, i) / examples }
			own := twin.example(row, b, i)
			sum += own
			if math.Abs(float64(each[i])-own) > 1e-6*(1+own) {
				t.Errorf("%d outputs, %+v: loss of example %d is %v, want %v", k, c.loss, i, each[i], own)
			}
			for j := range k {
				slope := func(z []float64) float64 { return numeric(z, j, f) }
				if want := slope(row); math.Abs(float64(d[i*k+j])-want) > 1e-7 {
					t.Errorf("%d outputs, %+v: gradient %d of example %d is %v, want %v", k, c.loss, j, i, d[i*k+j], want)
				}
				const step = 1e-3
				along := func(h float64) float64 {
					moved := append([]float64(nil), row...)
					for q := range moved {
						moved[q] += h * float64(v[i*k+q])
					}
					return slope(moved)
				}
				want := (8*(along(step)-along(-step)) - (along(2*step) - along(-2*step))) / (12 * step)
				if math.Abs(float64(rd[i*k+j])-want) > 2e-7 {
					t.Errorf("%d outputs, %+v: tangent %d of example %d is %v, want %v", k, c.loss, j, i, rd[i*k+j], want)
				}
			}
		}
		if math.Abs(total-sum) > 1e-9*(1+sum) {
			t.Errorf("%d outputs, %+v: total %v, want %v", k, c.loss, total, sum)
		}
	}
}

// numeric is the derivative of f at z along coordinate j, from four points around it.
func numeric(z []float64, j int, f func([]float64) float64) float64 {
	const step = 1e-3
	at := func(h float64) float64 {
		moved := append([]float64(nil), z...)
		moved[j] += h
		return f(moved)
	}
	return (8*(at(step)-at(-step)) - (at(2*step) - at(-2*step))) / (12 * step)
}

// Where the logits of an example are all but equal, the norm they are divided by is a constant.
func TestTangentOfEqualLogits(t *testing.T) {
	s := newLossScratch(3)
	rd := make([]float32, 3)
	Loss{NormalizeLogits: true}.tangent(s, []float32{7, 7, 7}, []float32{1e-20, 0, 0}, Batch{Y: []int32{1}}, rd)
	// Softmax is uniform: its Hessian is (I - 11ᵀ/3)/3, between two divisions by 1e-10.
	for j, want := range []float64{2. / 9, -1. / 9, -1. / 9} {
		if math.Abs(float64(rd[j])-want) > 1e-6 {
			t.Errorf("tangent %v", rd)
		}
	}
}

func TestLossProblems(t *testing.T) {
	for _, c := range []struct {
		loss    Loss
		outputs int
		want    string
	}{
		{Loss{}, 10, ""},
		{Loss{Kind: MSE}, 1, ""},
		{Loss{Kind: Logistic, L2: 1}, 2, ""},
		{Loss{ClassWeights: []float64{1, 2}, Adjust: []float64{0, -1}, NormalizeLogits: true}, 2, ""},
		{Loss{Kind: "hinge"}, 2, "name"},
		{Loss{}, 1, "name"},
		{Loss{Kind: Logistic}, 3, "name"},
		{Loss{Kind: MSE, LabelSmoothing: 0.1, ClassWeights: []float64{1}, NormalizeLogits: true}, 1, "label_smoothing class_weights normalize_logits"},
		{Loss{LabelSmoothing: 1, L2: -1}, 0, "label_smoothing l2"},
		{Loss{LabelSmoothing: math.NaN(), L2: math.Inf(1)}, 0, "label_smoothing l2"},
		{Loss{Multiply: []float64{1, 0}, Margin: []float64{math.NaN()}}, 2, "multiply margin margin"},
		{Loss{Kind: MSE, Multiply: []float64{1}, Margin: []float64{1}}, 1, "multiply margin"},
		{Loss{ClassWeights: []float64{1, -1}, Adjust: []float64{math.Inf(-1)}}, 2, "class_weights adjust adjust"},
	} {
		var keys []string
		for _, p := range c.loss.Problems(c.outputs) {
			keys = append(keys, p.Key)
			if p.Message == "" {
				t.Errorf("%+v: %s has no message", c.loss, p.Key)
			}
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%+v with %d outputs: problems with %q, want %q", c.loss, c.outputs, got, c.want)
		}
	}
	if !(Loss{}).Equal(Loss{Kind: CrossEntropy}) || (Loss{}).Equal(Loss{L2: 1}) || (Loss{}).Equal(Loss{Adjust: []float64{1, 2}}) || (Loss{}).Equal(Loss{Multiply: []float64{1, 1}}) || (Loss{}).Equal(Loss{Margin: []float64{0, 0}}) {
		t.Error("Equal does not tell losses apart")
	}
}

// The losses for long tails, of classes with 100, 30 and 5 examples, against PyTorch 2 in float64: vector scaling with
// γ = 0.3 and τ = 1, and LDAM with C = 0.5 and s = 30, on a tenth of the logits, under deferred weights with β = 0.9.
func TestLongTailLosses(t *testing.T) {
	counts := []float64{100, 30, 5}
	var multiply, adjust, scale, margin []float64
	for _, n := range counts {
		multiply = append(multiply, math.Pow(n/100, 0.3))
		adjust = append(adjust, math.Log(n/135))
		scale = append(scale, 3)
		margin = append(margin, 30*0.5*math.Pow(n, -0.25)/math.Pow(5, -0.25))
	}
	logits := []float32{0.5, -1, 2, 1.5, 0.25, -0.75}
	b := Batch{X: logits, Y: []int32{2, 1}}
	for _, c := range []struct {
		name string
		loss Loss
		want float64
		grad []float64
	}{
		{"vector scaling", Loss{Multiply: multiply, Adjust: adjust}, 2.721602762118378, []float64{
			0.43136892478444944, 0.02724728138338876, -0.19152381274761412, 0.45960143303980155, -0.3229040829731878, 0.0015381644804053698}},
		{"LDAM", Loss{Multiply: scale, Margin: margin, ClassWeights: []float64{0.6687296338062744, 0.6983142200392407, 1.632956146154485}}, 13.238183469244227, []float64{
			2.4224564530315367, 0.02691106035077008, -2.449367513382307, 1.0462446104491627, -1.0474696369419, 0.0012250264927375237}},
	} {
		d := make([]float32, len(logits))
		total, _ := c.loss.sum(newLossScratch(3), logits, b, d, nil)
		if math.Abs(total/2-c.want) > 1e-9 {
			t.Errorf("%s: loss %v, want %v", c.name, total/2, c.want)
		}
		for i, want := range c.grad {
			if math.Abs(float64(d[i])-want) > 1e-6*math.Max(1, math.Abs(want)) {
				t.Errorf("%s: gradient %d is %v, want %v", c.name, i, d[i], want)
			}
		}
	}
}

// The gradient with respect to the bias is that with respect to the logits.
func TestLossGradient(t *testing.T) {
	logits := []float32{0.3, -1.2, 2, 0.1}
	n, w := logitNet(t, 4)
	grad := make([]float32, n.Dim())
	m := NewMachine(n, 2)
	b := Batch{X: append(append([]float32{}, logits...), logits...), Y: []int32{1, 2}}
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
		{[]float32{0.1}, 1, 0},
		{[]float32{0.1}, 0, 1},
		{[]float32{0}, 0, 0},
		{[]float32{-3}, 1, 1},
		{[]float32{nan}, 0, 1},
	} {
		l := Loss{}
		if len(c.logits) == 1 {
			l.Kind = Logistic
		}
		if got := lossOf(t, c.logits, c.label, l); got.Errors != c.want || got.Examples != 1 {
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
				if r := NewMachine(n, 3).Loss(w, buf, b, Loss{}, mode, nil); !math.IsNaN(r.Loss) {
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
		"label too large":  func() { m.Loss(w, nil, Batch{X: x[:3], Y: []int32{3}}, Loss{}, Eval, nil) },
		"negative label":   func() { m.Loss(w, nil, Batch{X: x[:3], Y: []int32{-1}}, Loss{}, Eval, nil) },
		"too many":         func() { m.Loss(w, nil, Batch{X: x, Y: []int32{0, 0, 0}}, Loss{}, Eval, nil) },
		"none":             func() { m.Loss(w, nil, Batch{}, Loss{}, Eval, nil) },
		"x too short":      func() { m.Loss(w, nil, Batch{X: x[:5], Y: []int32{0, 0}}, Loss{}, Eval, nil) },
		"w too short":      func() { m.Loss(w[1:], nil, Batch{X: x[:3], Y: []int32{0}}, Loss{}, Eval, nil) },
		"buf too long":     func() { m.Loss(w, x, Batch{X: x[:3], Y: []int32{0}}, Loss{}, Eval, nil) },
		"grad too short":   func() { m.Grad(w, nil, Batch{X: x[:3], Y: []int32{0}}, Loss{}, Eval, false, x) },
		"outputs too many": func() { m.Outputs(w, nil, Batch{X: x[:6], Y: []int32{0, 0}}, Eval, x[:5]) },
		"no batch":         func() { NewMachine(n, 0) },
		"each too short":   func() { m.Loss(w, nil, Batch{X: x[:6], Y: []int32{0, 0}}, Loss{}, Eval, x[:1]) },
		"targets of cross-entropy": func() {
			m.Loss(w, nil, Batch{X: x[:3], Y: []int32{0}, T: x[:3]}, Loss{}, Eval, nil)
		},
		"targets too short": func() { m.Loss(w, nil, Batch{X: x[:3], Y: []int32{0}, T: x[:2]}, Loss{Kind: MSE}, Eval, nil) },
		"logistic of three": func() { m.Loss(w, nil, Batch{X: x[:3], Y: []int32{0}}, Loss{Kind: Logistic}, Eval, nil) },
		"weights too short": func() {
			m.Loss(w, nil, Batch{X: x[:3], Y: []int32{0}}, Loss{ClassWeights: []float64{1}}, Eval, nil)
		},
		"smoothed squares": func() {
			m.Loss(w, nil, Batch{X: x[:3], Y: []int32{0}}, Loss{Kind: MSE, LabelSmoothing: 0.1}, Eval, nil)
		},
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

package model

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
)

func TestLayout(t *testing.T) {
	net, err := New(Spec{Name: "cnn"}, engine.Shape{H: 32, W: 32, C: 3}, 10)
	if err != nil {
		t.Fatal(err)
	}
	// 27·16 + 144·32 + 288·64 weights, two a channel for the norms, 64·10 + 10.
	if want := 432 + 32 + 4608 + 64 + 18432 + 128 + 640 + 10; net.Dim() != want {
		t.Errorf("Dim is %d, want %d", net.Dim(), want)
	}
	if want := 2 * (16 + 32 + 64); net.BufferDim() != want {
		t.Errorf("BufferDim is %d, want %d", net.BufferDim(), want)
	}
	var names []string
	offset := 0
	for _, e := range net.Layout() {
		names = append(names, e.Name)
		if e.Offset != offset {
			t.Errorf("%s begins at %d, want %d", e.Name, e.Offset, offset)
		}
		offset += e.Len()
		if e.Prunable != (e.Kind == engine.Weight) {
			t.Errorf("%s: prunable %v", e.Name, e.Prunable)
		}
	}
	want := strings.Fields("conv1.weight norm1.scale norm1.shift conv2.weight norm2.scale norm2.shift conv3.weight norm3.scale norm3.shift fc.weight fc.bias")
	if !slices.Equal(names, want) {
		t.Errorf("tensors %v, want %v", names, want)
	}
	if e := net.Layout()[5]; e.Layer != 1 || e.Kind != engine.NormShift || e.FanIn != 0 {
		t.Errorf("norm2.shift: %+v", e)
	}
	if e := net.Layout()[6]; e.Layer != 2 || e.FanIn != 288 || !slices.Equal(e.Shape, []int{3, 3, 32, 64}) {
		t.Errorf("conv3.weight: %+v", e)
	}
	if net.Classes() != 10 {
		t.Errorf("%d classes", net.Classes())
	}

	net, err = New(Spec{Name: "mlp", Width: []int{5}}, engine.Shape{H: 2, W: 2, C: 1}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := 4*5 + 5 + 5*3 + 3; net.Dim() != want || net.BufferDim() != 0 {
		t.Errorf("Dim %d, BufferDim %d, want %d, 0", net.Dim(), net.BufferDim(), want)
	}
	if e := net.Layout()[1]; e.Name != "fc1.bias" || e.Kind != engine.Bias || e.Layer != 0 || e.FanIn != 4 {
		t.Errorf("fc1.bias: %+v", e)
	}
}

func TestProblems(t *testing.T) {
	s := Spec{Name: "cmn", Width: []int{0, 9000, 16}, Norm: "layer", Activation: "sine"}
	var keys []string
	for _, p := range s.Problems() {
		keys = append(keys, p.Key)
		if p.Message == "" {
			t.Errorf("%s: no message", p.Key)
		}
	}
	if want := []string{"name", "width", "width", "norm", "activation"}; !slices.Equal(keys, want) {
		t.Errorf("problems with %v, want %v", keys, want)
	}
	for _, name := range Names() {
		s := Spec{Name: name}
		s.SetDefaults()
		if p := s.Problems(); len(p) > 0 {
			t.Errorf("defaults of %s: %v", name, p)
		}
	}
	if p := (Spec{Name: "mlp", Width: []int{}, Norm: "none", Activation: "relu"}).Problems(); len(p) != 1 || p[0].Key != "width" {
		t.Errorf("empty width: %v", p)
	}
}

// An architecture has only the keys its defaults set; each problem names its key.
func TestKeysOfArchitectures(t *testing.T) {
	no := false
	for _, c := range []struct {
		spec Spec
		want string // keys with problems
	}{
		{Spec{Name: "linear"}, ""},
		{Spec{Name: "linear", Bias: &no, Init: "torch"}, ""},
		{Spec{Name: "linear", Width: []int{3}, Norm: "batch", Depth: 2}, "width norm depth"},
		{Spec{Name: "linear", Init: "mup"}, "init"},
		{Spec{Name: "twolayer", Width: []int{3, 4}}, "width"},
		{Spec{Name: "twolayer", Width: []int{8}, Init: "mup", BaseWidth: 4}, ""},
		{Spec{Name: "twolayer", Width: []int{8}, BaseWidth: 4}, "base_width"},
		{Spec{Name: "scalar", Depth: 111, Bias: &no}, "bias depth"},
		{Spec{Name: "mlp", Heads: 2, Patch: 4, Hidden: 3, Tokens: 1}, "patch heads hidden tokens"},
		{Spec{Name: "mlp", Init: "xavier"}, "init"},
		{Spec{Name: "mlp", Width: []int{64, 96}, Init: "mup", BaseWidth: 3}, "base_width"},
		{Spec{Name: "mlp", Width: []int{64, 96}, Init: "mup", BaseWidth: 32}, ""},
		{Spec{Name: "cnn", Init: "mup", BaseWidth: -1}, "base_width"},
		{Spec{Name: "vit", Classifier: "cosine"}, ""},
		{Spec{Name: "twolayer", Classifier: "cosine"}, "classifier"},
		{Spec{Name: "resnet", Classifier: "cosinus"}, "classifier"},
		{Spec{Name: "mlp", Classifier: "cosine", Init: "mup", BaseWidth: 32}, "init"},
	} {
		c.spec.SetDefaults()
		var keys []string
		for _, p := range c.spec.Problems() {
			keys = append(keys, p.Key)
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%+v: problems with %q, want %q", c.spec, got, c.want)
		}
	}
	linear := Spec{Name: "mixer", Classifier: "linear"}
	if linear.SetDefaults(); linear.Classifier != "" {
		t.Error("the default classifier has two spellings")
	}
	if got := strings.Join(Keys("mixer"), " "); got != "width depth patch hidden tokens classifier init" {
		t.Errorf("keys of mixer: %s", got)
	}
	if got := strings.Join(Keys("twolayer"), " "); got != "width activation bias init base_width" {
		t.Errorf("keys of twolayer: %s", got)
	}
}

func TestSmallModels(t *testing.T) {
	no := false
	for _, c := range []struct {
		spec    Spec
		in      engine.Shape
		outputs int
		want    string // tensors
	}{
		{Spec{Name: "linear"}, engine.Shape{H: 8, W: 8, C: 1}, 10, "fc.weight[64 10] fc.bias[10]"},
		{Spec{Name: "linear", Bias: &no}, engine.Shape{H: 1, W: 1, C: 2}, 1, "fc.weight[2 1]"},
		{Spec{Name: "twolayer", Width: []int{5}}, engine.Shape{H: 2, W: 2, C: 1}, 3, "hidden.weight[4 5] hidden.bias[5] out.weight[5 3]"},
		{Spec{Name: "twolayer", Width: []int{5}, Bias: &no}, engine.Shape{H: 2, W: 2, C: 1}, 1, "hidden.weight[4 5] out.weight[5 1]"},
		{Spec{Name: "mlp", Width: []int{5}, Classifier: "cosine"}, engine.Shape{H: 2, W: 2, C: 1}, 3, "fc1.weight[4 5] fc1.bias[5] fc2.weight[5 3]"},
		{Spec{Name: "scalar", Depth: 3}, engine.Shape{H: 1, W: 1, C: 1}, 1, "w1.weight[1 1] w2.weight[1 1] w3.weight[1 1]"},
	} {
		net, err := New(c.spec, c.in, c.outputs)
		if err != nil {
			t.Fatal(err)
		}
		var tensors []string
		for _, e := range net.Layout() {
			tensors = append(tensors, fmt.Sprintf("%s%v", e.Name, e.Shape))
		}
		if got := strings.Join(tensors, " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.spec.Name, got, c.want)
		}
	}
	for _, c := range []struct {
		in      engine.Shape
		outputs int
		want    string
	}{
		{engine.Shape{H: 8, W: 8, C: 1}, 1, "one number, these have 64"},
		{engine.Shape{H: 1, W: 1, C: 1}, 10, "one output"},
	} {
		if _, err := New(Spec{Name: "scalar"}, c.in, c.outputs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("scalar on %v with %d outputs: %v", c.in, c.outputs, err)
		}
	}
}

// A product of scalars has the gradient r ∏w/w_i for L = ½ (∏w - y)², r = ∏w - y.
func TestScalarGradient(t *testing.T) {
	net, err := New(Spec{Name: "scalar", Depth: 3}, engine.Shape{H: 1, W: 1, C: 1}, 1)
	if err != nil {
		t.Fatal(err)
	}
	w, grad := []float32{3, 0.5, 2}, make([]float32, 3)
	b := engine.Batch{X: []float32{1}, Y: make([]int32, 1), T: []float32{1}}
	r := engine.NewMachine(net, 1).Grad(w, nil, b, engine.Loss{Kind: engine.MSE}, engine.Eval, false, grad)
	if r.Loss != 2 || !slices.Equal(grad, []float32{2, 12, 3}) {
		t.Errorf("loss %v, gradient %v; want 2, [2 12 3]", r.Loss, grad)
	}
}

func TestNewErrors(t *testing.T) {
	_, err := New(Spec{Name: "cnn", Width: []int{4, 4, 4, 4, 4}}, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err == nil || !strings.Contains(err.Error(), "norm4: cannot pool 1×1×4") {
		t.Errorf("five stages on 8×8 images: %v", err)
	}
	if _, err = New(Spec{Name: "mlp"}, engine.Shape{H: 8, W: 8, C: 1}, 0); err == nil {
		t.Error("no classes: no error")
	}
	if _, err = New(Spec{Name: "mlp", Norm: "x"}, engine.Shape{H: 8, W: 8, C: 1}, 2); err == nil || !strings.Contains(err.Error(), "norm") {
		t.Errorf("unknown norm: %v", err)
	}
}

func TestInit(t *testing.T) {
	net, err := New(Spec{Name: "cnn"}, engine.Shape{H: 32, W: 32, C: 3}, 10)
	if err != nil {
		t.Fatal(err)
	}
	w, again, other := make([]float32, net.Dim()), make([]float32, net.Dim()), make([]float32, net.Dim())
	Init(Spec{}, net, 1, w)
	for i := range again {
		again[i] = 7
	}
	Init(Spec{}, net, 1, again)
	Init(Spec{}, net, 2, other)
	if !slices.Equal(w, again) {
		t.Error("the same seed gives other parameters")
	}
	for _, e := range net.Layout() {
		part := w[e.Offset : e.Offset+e.Len()]
		switch e.Kind {
		case engine.NormScale:
			for _, v := range part {
				if v != 1 {
					t.Fatalf("%s has a %v", e.Name, v)
				}
			}
		case engine.Weight:
			bound := 1 / math.Sqrt(float64(e.FanIn))
			var square, largest float64
			for _, v := range part {
				square += float64(v) * float64(v)
				largest = max(largest, math.Abs(float64(v)))
			}
			if largest > bound || largest < 0.97*bound {
				t.Errorf("%s: largest element %v, want just below %v", e.Name, largest, bound)
			}
			// The variance of a uniform distribution is bound²/3; its estimate has a relative deviation of √(4/5n).
			n := float64(len(part))
			if ratio := square / n / (bound * bound / 3); math.Abs(ratio-1) > 4*math.Sqrt(0.8/n) {
				t.Errorf("%s: variance %v of the expected one", e.Name, ratio)
			}
			if slices.Equal(part, other[e.Offset:e.Offset+e.Len()]) {
				t.Errorf("%s does not depend on the seed", e.Name)
			}
		default:
			for _, v := range part {
				if v != 0 {
					t.Fatalf("%s has a %v", e.Name, v)
				}
			}
		}
	}
}

// TestInitialisers compares mean, variance and range of every tensor with the formulas of the papers, worked out here for
// one network of each kind.
func TestInitialisers(t *testing.T) {
	type tensor struct {
		name   string
		in, to float64 // fans
	}
	mlp := []tensor{{"fc1.weight", 784, 300}, {"fc2.weight", 300, 100}, {"fc3.weight", 100, 10}}
	cnn := []tensor{{"conv1.weight", 27, 9 * 32}, {"conv2.weight", 9 * 32, 9 * 64}, {"fc.weight", 64, 10}}
	for _, c := range []struct {
		init     string
		variance func(in, to float64) float64
		uniform  bool
	}{
		{"", func(in, _ float64) float64 { return 1 / in / 3 }, true},
		{"kaiming_normal", func(in, _ float64) float64 { return 2 / in }, false},
		{"kaiming_uniform", func(in, _ float64) float64 { return 2 / in }, true},
		{"xavier_normal", func(in, to float64) float64 { return 2 / (in + to) }, false},
		{"xavier_uniform", func(in, to float64) float64 { return 2 / (in + to) }, true},
		{"lecun_normal", func(in, _ float64) float64 { return 1 / in }, false},
	} {
		for _, m := range []struct {
			spec    Spec
			in      engine.Shape
			tensors []tensor
		}{
			{Spec{Name: "mlp", Width: []int{300, 100}, Init: c.init}, engine.Shape{H: 28, W: 28, C: 1}, mlp},
			{Spec{Name: "cnn", Width: []int{32, 64}, Init: c.init}, engine.Shape{H: 8, W: 8, C: 3}, cnn},
		} {
			net, err := New(m.spec, m.in, 10)
			if err != nil {
				t.Fatal(err)
			}
			w, again := make([]float32, net.Dim()), make([]float32, net.Dim())
			Init(m.spec, net, 5, w)
			Init(m.spec, net, 5, again)
			if !slices.Equal(w, again) {
				t.Errorf("%s: the same seed gives other parameters", c.init)
			}
			for _, want := range m.tensors {
				i := slices.IndexFunc(net.Layout(), func(e engine.Tensor) bool { return e.Name == want.name })
				e := net.Layout()[i]
				mean, variance, largest := statistics(w[e.Offset : e.Offset+e.Len()])
				n, sigma2 := float64(e.Len()), c.variance(want.in, want.to)
				// The deviation of the variance is √(4/5n) of it for uniform, √(2/n) for normal numbers.
				tolerance, bound := 4*math.Sqrt(2/n), 6*math.Sqrt(sigma2)
				if c.uniform {
					tolerance, bound = 4*math.Sqrt(0.8/n), math.Sqrt(3*sigma2)
				}
				if math.Abs(mean) > 4*math.Sqrt(sigma2/n) || math.Abs(variance/sigma2-1) > tolerance || largest > bound*(1+1e-6) {
					t.Errorf("%q %s: mean %v, variance %v of what it should be, largest %v of %v", c.init, e.Name, mean, variance/sigma2, largest, bound)
				}
				if !c.uniform && largest < 2.5*math.Sqrt(sigma2) {
					t.Errorf("%q %s: largest element %v: a normal distribution has tails", c.init, e.Name, largest)
				}
			}
		}
	}
}

func statistics(x []float32) (mean, variance, largest float64) {
	for _, v := range x {
		mean += float64(v) / float64(len(x))
	}
	for _, v := range x {
		variance += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
		largest = max(largest, math.Abs(float64(v)))
	}
	return mean, variance, largest
}

// TestMuP checks table 3 of the paper: at base width everything is as with torch; at four times that width the output
// layer starts with a quarter of the size it has with torch at base width, and rates change where they should.
func TestMuP(t *testing.T) {
	in := engine.Shape{H: 4, W: 4, C: 1}
	build := func(s Spec) (*engine.Net, []float32) {
		net, err := New(s, in, 3)
		if err != nil {
			t.Fatal(err)
		}
		w := make([]float32, net.Dim())
		Init(s, net, 3, w)
		return net, w
	}
	base, w := build(Spec{Name: "mlp", Width: []int{16, 32}, Init: "mup", BaseWidth: 16})
	_, torch := build(Spec{Name: "mlp", Width: []int{16, 32}})
	if !slices.Equal(w, torch) {
		t.Error("at base width the parameters differ from torch's")
	}
	for _, e := range base.Layout() {
		if e.Rates != (engine.Rates{SGD: 1, Adam: 1}) {
			t.Errorf("at base width %s has rates %+v", e.Name, e.Rates)
		}
	}
	wide, w := build(Spec{Name: "mlp", Width: []int{64, 128}, Init: "mup", BaseWidth: 16})
	_, torch = build(Spec{Name: "mlp", Width: []int{64, 128}})
	want := map[string]struct {
		rates engine.Rates
		size  float64 // as a part of torch's at the same width
	}{
		"fc1.weight": {engine.Rates{SGD: 4, Adam: 1}, 1},
		"fc1.bias":   {engine.Rates{SGD: 4, Adam: 1}, 1},
		"fc2.weight": {engine.Rates{SGD: 1, Adam: 0.25}, 1},
		"fc2.bias":   {engine.Rates{SGD: 4, Adam: 1}, 1},
		"fc3.weight": {engine.Rates{SGD: 0.25, Adam: 0.25}, 0.5},
		"fc3.bias":   {engine.Rates{SGD: 1, Adam: 1}, 1},
	}
	for _, e := range wide.Layout() {
		if e.Rates != want[e.Name].rates {
			t.Errorf("%s has rates %+v, want %+v", e.Name, e.Rates, want[e.Name].rates)
		}
		for i := e.Offset; i < e.Offset+e.Len(); i++ {
			if math.Abs(float64(w[i])-want[e.Name].size*float64(torch[i])) > 1e-8 {
				t.Fatalf("%s: %v, torch has %v", e.Name, w[i], torch[i])
			}
		}
	}
	if _, w := build(Spec{Name: "cnn", Width: []int{8, 16}, Init: "mup", BaseWidth: 4}); len(w) == 0 {
		t.Error("no cnn")
	}
}

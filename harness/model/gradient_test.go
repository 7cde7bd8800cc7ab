package model

import (
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
)

var nets = flag.String("nets", "", "write the networks of TestGradientsOfPyTorch to this file, for testdata/gradients.py")

// described is a network as testdata/gradients.py reads it.
type described struct {
	Name     string
	In       engine.Shape
	Outputs  int
	Examples int
	Loss     engine.Loss
	Steps    []engine.Step
	Layout   []engine.Tensor
}

// TestGradientsOfPyTorch compares loss and gradient of whole networks, in mode Train, with those of PyTorch in float64.
func TestGradientsOfPyTorch(t *testing.T) {
	no := false
	cases := []struct {
		name    string
		spec    Spec
		in      engine.Shape
		outputs int
		loss    engine.Loss
	}{
		{"linear", Spec{Name: "linear"}, engine.Shape{H: 3, W: 3, C: 1}, 3, engine.Loss{}},
		{"linear, squares and ridge", Spec{Name: "linear", Bias: &no}, engine.Shape{H: 3, W: 3, C: 1}, 3, engine.Loss{Kind: engine.MSE, L2: 0.1}},
		{"linear, logistic", Spec{Name: "linear"}, engine.Shape{H: 3, W: 3, C: 1}, 1, engine.Loss{Kind: engine.Logistic}},
		{"scalar", Spec{Name: "scalar", Depth: 4}, engine.Shape{H: 1, W: 1, C: 1}, 1, engine.Loss{Kind: engine.Logistic}},
		{"twolayer", Spec{Name: "twolayer", Width: []int{7}}, engine.Shape{H: 3, W: 3, C: 1}, 3,
			engine.Loss{ClassWeights: []float64{0.5, 3, 1}, LabelSmoothing: 0.2, Adjust: []float64{-0.5, -1, -2}}},
		{"twolayer, tanh", Spec{Name: "twolayer", Width: []int{7}, Activation: "tanh", Bias: &no}, engine.Shape{H: 3, W: 3, C: 1}, 2, engine.Loss{Kind: engine.Logistic}},
		{"mlp", Spec{Name: "mlp", Width: []int{8, 5}}, engine.Shape{H: 3, W: 3, C: 2}, 4, engine.Loss{LabelSmoothing: 0.1}},
		{"mlp, batch", Spec{Name: "mlp", Width: []int{6, 6}, Norm: "batch", Activation: "gelu"}, engine.Shape{H: 3, W: 3, C: 2}, 3, engine.Loss{Kind: engine.MSE}},
		{"mlp, cosine, LDAM", Spec{Name: "mlp", Width: []int{8, 5}, Classifier: "cosine"}, engine.Shape{H: 3, W: 3, C: 2}, 4,
			engine.Loss{Multiply: []float64{30, 30, 30, 30}, Margin: []float64{6, 9, 12, 15}, ClassWeights: []float64{0.5, 0.8, 1, 1.7}}},
		{"cnn, cosine, VS", Spec{Name: "cnn", Width: []int{4, 6}, Norm: "group", Classifier: "cosine"}, engine.Shape{H: 6, W: 6, C: 2}, 3,
			engine.Loss{Multiply: []float64{10, 7, 4}, Adjust: []float64{-0.4, -1.5, -2.5}}},
		{"cnn", Spec{Name: "cnn", Width: []int{4, 6}}, engine.Shape{H: 7, W: 6, C: 2}, 3, engine.Loss{}},
		{"cnn, group", Spec{Name: "cnn", Width: []int{9, 4}, Norm: "group", Activation: "tanh"}, engine.Shape{H: 6, W: 6, C: 2}, 3, engine.Loss{}},
		{"cnn, no norm", Spec{Name: "cnn", Width: []int{4, 6}, Norm: "none"}, engine.Shape{H: 6, W: 6, C: 1}, 3, engine.Loss{ClassWeights: []float64{2, 1, 0}}},
		{"resnet", Spec{Name: "resnet", Width: []int{4, 6, 5}}, engine.Shape{H: 7, W: 6, C: 2}, 3, engine.Loss{}},
		{"resnet, group", Spec{Name: "resnet", Width: []int{4, 6}, Depth: 10, Norm: "group", Activation: "gelu"}, engine.Shape{H: 6, W: 5, C: 2}, 3, engine.Loss{}},
		{"resnet, no norm", Spec{Name: "resnet", Width: []int{4}, Depth: 4, Norm: "none"}, engine.Shape{H: 5, W: 5, C: 1}, 3, engine.Loss{}},
		{"vit", Spec{Name: "vit", Width: []int{8}, Depth: 2, Patch: 2, Heads: 2, Hidden: 6}, engine.Shape{H: 4, W: 6, C: 2}, 3, engine.Loss{}},
		{"mixer", Spec{Name: "mixer", Width: []int{5}, Depth: 2, Patch: 2, Hidden: 6, Tokens: 7}, engine.Shape{H: 4, W: 6, C: 2}, 3, engine.Loss{}},
		{"samformer", Spec{Name: "samformer", Norm: "revin", Hidden: 3}, engine.Shape{H: 1, W: 4, C: 9}, 20, engine.Loss{Kind: engine.MSE}},
	}
	const examples = 6
	text, err := os.ReadFile("testdata/gradients.json")
	if err != nil && *nets == "" {
		t.Fatal(err)
	}
	var answers []struct {
		Name      string
		Loss      float64
		Gradients map[string][]float64
	}
	if *nets == "" {
		if err := json.Unmarshal(text, &answers); err != nil {
			t.Fatal(err)
		}
		if len(answers) != len(cases) {
			t.Fatalf("%d answers for %d networks", len(answers), len(cases))
		}
	}
	var all []described
	for k, c := range cases {
		net, err := New(c.spec, c.in, c.outputs)
		if err != nil {
			t.Fatal(err)
		}
		if *nets != "" {
			all = append(all, described{c.name, c.in, c.outputs, examples, c.loss, net.Steps(), net.Layout()})
			continue
		}
		state := uint64(1)
		next := func() float32 { // in (-1, 1)
			state = state*6364136223846793005 + 1442695040888963407
			return float32(int32(state>>33)-1<<30) / (1 << 30)
		}
		w, buf := make([]float32, net.Dim()), make([]float32, net.BufferDim())
		net.InitBuffers(buf)
		for _, e := range net.Layout() {
			for i := e.Offset; i < e.Offset+e.Len(); i++ {
				w[i] = next() / 4
				if e.Kind == engine.NormScale {
					w[i]++
				}
			}
		}
		b := engine.Batch{X: make([]float32, examples*c.in.Len()), Y: make([]int32, examples)}
		for i := range b.X {
			b.X[i] = 2 * next()
		}
		for i := range b.Y {
			b.Y[i] = int32(i % max(c.outputs, 2))
		}
		grad := make([]float32, net.Dim())
		r := engine.NewMachine(net, examples).Grad(w, buf, b, c.loss, engine.Train, false, grad)
		want := answers[k]
		if want.Name != c.name {
			t.Fatalf("answer %d is for %q, want %q", k, want.Name, c.name)
		}
		if math.Abs(r.Loss-want.Loss) > 1e-5*want.Loss {
			t.Errorf("%s: loss %v, PyTorch has %v", c.name, r.Loss, want.Loss)
		}
		for _, e := range net.Layout() {
			g := want.Gradients[e.Name]
			if len(g) != e.Len() {
				t.Fatalf("%s, %s: %d numbers, want %d", c.name, e.Name, len(g), e.Len())
			}
			var square, difference float64
			for i, v := range g {
				d := float64(grad[e.Offset+i]) - v
				square += v * v
				difference += d * d
			}
			if !(math.Sqrt(difference) <= 1e-5*math.Sqrt(square)+1e-7) || square == 0 {
				t.Errorf("%s, %s: the gradient of norm %v differs from PyTorch's by %v", c.name, e.Name, math.Sqrt(square), math.Sqrt(difference))
			}
		}
	}
	if *nets != "" {
		text, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(*nets, text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

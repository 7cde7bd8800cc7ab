package golden

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
)

var names = []string{"quadratic", "logistic", "mlp", "mlp-plain"}

// Both sides mean the same problem: layout, start, batches, noise, loss, derivatives and running statistics.
func TestProblems(t *testing.T) {
	for _, name := range names {
		d := define(t, name)
		w, buffers := workload(t, name, d)
		if w.Dim() != len(d.Start) {
			t.Fatalf("%s: %d parameters, the reference has %d", name, w.Dim(), len(d.Start))
		}
		o := oracle.New(w, seed)
		batch := oracle.Batch{Stream: oracle.Train, Index: uint64(len(d.Batches) - 1)}
		out, v := make([]float32, w.Dim()), make([]float32, w.Dim())
		for i := range v {
			v[i] = float32(math.Cos(float64(i)))
		}
		check := func(what string, got []float32, want []float64) {
			if err := near(got, want); err != nil {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		e, err := o.Grad(batch, d.Start, out, oracle.Options{})
		if err != nil {
			t.Fatal(err)
		}
		check("loss", []float32{float32(e.Loss)}, []float64{d.Loss})
		check("gradient", out, d.Grad)
		check("running statistics", buffers, d.Buffers)
		if _, err := o.HVP(batch, d.Start, v, out, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		check("Hessian-vector product", out, d.HVP)
		noise := make([]float32, len(d.Normal))
		if err := o.Normal("noise", 5, noise, 0.5); err != nil {
			t.Fatal(err)
		}
		check("noise", noise, d.Normal)
		if name != "mlp" {
			e, err := o.GradClipped(oracle.Batch{Stream: oracle.Poisson, Index: 3, Rate: 0.25}, d.Start, out, oracle.Clip{Limit: math.Inf(1)}, oracle.Options{})
			if want := len(d.Poisson); err != nil || name != "quadratic" && e.Examples != want {
				t.Errorf("%s: Poisson draw of %d examples (%v), want %d", name, e.Examples, err, want)
			}
		}
	}
}

// The order, the layout and the first parameters of the perceptrons are the host's own.
func TestPerceptrons(t *testing.T) {
	for name, norm := range map[string]string{"mlp": "batch", "mlp-plain": "none"} {
		d := define(t, name)
		order := dataset.NewOrder(seed, d.Examples, d.BatchSize)
		if order.Steps() != d.StepsPerEpoch {
			t.Errorf("%d steps an epoch, the reference has %d", order.Steps(), d.StepsPerEpoch)
		}
		for k, want := range d.Batches {
			if _, got := order.At(uint64(k)); !slices.Equal(got, want) {
				t.Errorf("batch %d is %v, the reference has %v", k, got, want)
			}
		}
		spec := model.Spec{Name: "mlp", Width: []int{6, 5}, Norm: norm, Activation: "tanh"}
		net, err := model.New(spec, engine.Shape{H: 2, W: 3, C: 1}, 3)
		if err != nil {
			t.Fatal(err)
		}
		w := make([]float32, net.Dim())
		model.Init(spec, net, seed, w)
		if !slices.Equal(w, d.Start) {
			t.Errorf("%s: the parameters start at %v, the reference has %v", name, w, d.Start)
		}
		for i, tensor := range net.Layout() {
			want := d.Tensors[i]
			if tensor.Name != want.Name || tensor.Kind != want.Kind || tensor.Layer != want.Layer || tensor.Offset != want.Offset ||
				tensor.FanIn != want.FanIn || tensor.Prunable != want.Prunable || !slices.Equal(tensor.Shape, want.Shape) {
				t.Errorf("tensor %d is %+v, the reference has %+v", i, tensor, want)
			}
		}
	}
}

// A path that is off by ten times the tolerance in one element, in the norm between the kept iterates, or in the
// running statistics is found, and so is a reference that shows nothing.
func TestCompareFindsDifferences(t *testing.T) {
	d := definition{Start: []float32{1, 1}}
	good := func() (trajectory, [][]float32, []float32) {
		c := trajectory{Iterates: map[string][]float64{}, Buffers: []float64{0.5}}
		var path [][]float32
		for k := 1; k <= steps; k++ {
			w := []float64{1 - float64(k)/32, 1 + float64(k)/32}
			path = append(path, []float32{float32(w[0]), float32(w[1])})
			c.Norms = append(c.Norms, math.Hypot(w[0], w[1]))
			switch k {
			case 1, 2, 5, 20:
				c.Iterates[map[int]string{1: "1", 2: "2", 5: "5", 20: "20"}[k]] = w
			}
		}
		return c, path, []float32{0.5}
	}
	c, path, buffers := good()
	if err := c.compare(d, path, buffers); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(c *trajectory, path [][]float32, buffers []float32){
		"an element":         func(_ *trajectory, path [][]float32, _ []float32) { path[4][1] += 1e-4 },
		"a norm":             func(_ *trajectory, path [][]float32, _ []float32) { path[8][1] += 2e-4 },
		"statistics":         func(_ *trajectory, _ [][]float32, b []float32) { b[0] += 1e-4 },
		"no statistics":      func(c *trajectory, _ [][]float32, _ []float32) { c.Buffers = nil },
		"a path that stays":  func(c *trajectory, _ [][]float32, _ []float32) { c.Iterates["20"] = []float64{1, 1} },
		"not a number":       func(_ *trajectory, path [][]float32, _ []float32) { path[19][0] = float32(math.NaN()) },
		"too few references": func(c *trajectory, _ [][]float32, _ []float32) { c.Iterates = nil },
	} {
		c, path, buffers := good()
		spoil(&c, path, buffers)
		if c.compare(d, path, buffers) == nil {
			t.Errorf("%s was not found", what)
		}
	}
}

//go:build python && unix

package python_test

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
)

// layout is a small network's, for a problem of 10 parameters.
var layout = []engine.Tensor{
	{Name: "w", Kind: engine.Weight, Shape: []int{2, 3}, FanIn: 2},
	{Name: "b", Kind: engine.Bias, Shape: []int{3}, Offset: 6},
	{Name: "s", Kind: engine.NormScale, Shape: []int{1}, Offset: 9},
}

// valley is ½ Σ h_i (w_i − c_i)² + ¼ Σ (w_i − w_{i+1})⁴ with h from 10 down to 0.1: neither quadratic nor separable.
func valley() oracle.Workload {
	return plugintest.Func(10, func(w []float64) (float64, []float64) {
		loss, grad := 0.0, make([]float64, 10)
		for i, x := range w {
			h, d := math.Pow(10, 1-2*float64(i)/9), x-math.Sin(float64(i))
			loss += h * d * d / 2
			grad[i] += h * d
			if i+1 < len(w) {
				e := x - w[i+1]
				loss += e * e * e * e / 4
				grad[i] += e * e * e
				grad[i+1] -= e * e * e
			}
		}
		return loss, grad
	})
}

func torchCase(t *testing.T, name string, steps int, p params) plugintest.OptimizeCase {
	w := make([]float32, 10)
	for i := range w {
		w[i] = float32(math.Cos(3 * float64(i)))
	}
	c := plugintest.OptimizeCase{
		Workload: valley(), Init: w, Steps: steps, Params: p, Tensors: layout,
		LRScale: func(k int) float64 { return (1 + math.Cos(math.Pi*float64(k)/float64(steps))) / 2 },
	}
	if name != "" {
		c.Program = optimizer(t, name)
	}
	return c
}

// PyTorch's optimizers and those that come with bench are the same methods: the same trajectories but for rounding.
func TestTorchAgainstTheTwinsInGo(t *testing.T) {
	for _, c := range []struct {
		torch, twin     string
		python, bundled params
	}{
		{"torch_sgd.py", "sgd", params{"lr": 0.05}, params{"lr": 0.05}},
		{"torch_sgd.py", "sgd", params{"lr": 0.02, "momentum": 0.9, "weight_decay": 0.01}, params{"lr": 0.02, "momentum": 0.9, "weight_decay": 0.01}},
		{
			"torch_sgd.py", "sgd", params{"lr": 0.02, "momentum": 0.9, "weight_decay": 0.01, "nesterov": true},
			params{"lr": 0.02, "momentum": 0.9, "weight_decay": 0.01, "nesterov": true},
		},
		{"torch_adamw.py", "adamw", params{"lr": 0.02, "weight_decay": 0.1}, params{"lr": 0.02, "weight_decay": 0.1}},
		{
			"torch_adamw.py", "adamw", params{"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6},
			params{"lr": 0.02, "beta1": 0.8, "beta2": 0.95, "eps": 1e-6},
		},
	} {
		got := plugintest.Optimize(t, torchCase(t, c.torch, 200, c.python))
		twin := torchCase(t, "", 200, c.bundled)
		twin.Program = goTwin(c.twin)
		near(t, got, plugintest.Optimize(t, twin), 1e-5)
	}
}

// counts is a workload that counts the gradients it is asked for.
type counts struct {
	oracle.Workload
	grads int
}

func (c *counts) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	c.grads++
	return c.Workload.Grad(b, w, out, o)
}

// LBFGS asks for as many gradients a step as it likes, and finds the minimum of a valley at once.
func TestTorchLBFGS(t *testing.T) {
	c := torchCase(t, "torch_lbfgs.py", 6, nil)
	c.LRScale = nil
	w := &counts{Workload: c.Workload}
	c.Workload = w
	path := plugintest.Optimize(t, c)
	if w.grads < 12 {
		t.Errorf("%d gradients in 6 steps: the closure was not called again", w.grads)
	}
	g := make([]float32, 10)
	if _, err := valley().Grad(oracle.Batch{}, path[5], g, oracle.Options{}); err != nil {
		t.Fatal(err)
	}
	for i, x := range g {
		if math.Abs(float64(x)) > 1e-4 {
			t.Errorf("element %d of the gradient at the end is %v", i, x)
		}
	}
	if info := plugintest.Describe(t, c.Program); info.Resumable || info.Cost != 20 {
		t.Errorf("LBFGS, whose state grows: %+v", info)
	}
}

// SAM written for PyTorch against its rule in float64: w ← w − lr·b, b ← momentum·b + g(w + rho·g/‖g‖).
func TestTorchSAM(t *testing.T) {
	const lr, mu, rho, steps = 0.02, 0.9, 0.1, 60
	c := torchCase(t, "torch_sam.py", steps, params{"lr": lr, "momentum": mu, "rho": rho})
	w := &counts{Workload: c.Workload}
	c.Workload = w
	got := plugintest.Optimize(t, c)
	if w.grads != 2*steps {
		t.Errorf("%d gradients in %d steps", w.grads, steps)
	}
	f := valley()
	x, b := append([]float32(nil), c.Init...), make([]float64, 10)
	g, adv := make([]float32, 10), make([]float32, 10)
	var want [][]float32
	for k := range steps {
		f.Grad(oracle.Batch{}, x, g, oracle.Options{})
		norm := 0.0
		for _, v := range g {
			norm += float64(v) * float64(v)
		}
		for i, v := range g {
			adv[i] = float32(float64(x[i]) + rho*float64(v)/math.Sqrt(norm))
		}
		f.Grad(oracle.Batch{}, adv, g, oracle.Options{})
		for i, v := range g {
			b[i] = mu*b[i] + float64(v)
			x[i] = float32(float64(x[i]) - lr*c.LRScale(k)*b[i])
		}
		want = append(want, append([]float32(nil), x...))
	}
	near(t, got, want, 1e-5)
}

func TestTorchResume(t *testing.T) {
	for name, p := range map[string]params{
		"torch_sgd.py":   {"lr": 0.02, "momentum": 0.9},
		"torch_adamw.py": {"lr": 0.02, "amsgrad": true},
		"torch_sam.py":   {"lr": 0.02, "rho": 0.1},
	} {
		plugintest.Resume(t, torchCase(t, name, 10, p))
	}
}

func TestTorchDescribe(t *testing.T) {
	i := plugintest.Describe(t, optimizer(t, "torch_adamw.py"))
	if i.Name != "adamw" || !i.Resumable || i.Cost != 1 {
		t.Errorf("%+v", i)
	}
	defaults := map[string]any{}
	for _, p := range i.Params {
		defaults[p.Name] = p.Default
	}
	for name, want := range map[string]any{"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 1e-2, "amsgrad": false} {
		if defaults[name] != want {
			t.Errorf("%s is %v by default, want %v", name, defaults[name], want)
		}
	}
	s := plugintest.Describe(t, optimizer(t, "torch_sam.py"))
	if s.Cost != 2 || s.Kind != pluginhost.KindOptimizer || len(s.Params) != 4 {
		t.Errorf("%+v", s)
	}
	// What a constructor refuses is found before the run.
	if got := plugintest.Validate(t, optimizer(t, "torch_sgd.py"), 10, params{"momentum": -1.0}); len(got) != 1 || got[0] != "momentum: Invalid momentum value: -1.0" && got[0] != "momentum: Invalid momentum value: -1" {
		t.Errorf("%q", got)
	}
}

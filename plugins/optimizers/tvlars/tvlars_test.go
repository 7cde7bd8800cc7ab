package tvlars

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/lars"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that tvlars claims to equal, when it is started with their name.
func TestMain(m *testing.M) {
	switch os.Args[len(os.Args)-1] {
	case "sgd":
		sdktest.TestMain(m, sgd.Optimizer{})
	case "lars":
		sdktest.TestMain(m, lars.Optimizer{})
	default:
		sdktest.TestMain(m, Optimizer{})
	}
}

var (
	curvature = []float64{10, 1, 0.1, 3, 0.5, 2}
	start     = []float32{1, -2, 3, 0.5, -0.25, 1.5}
	tensors   = []engine.Tensor{
		{Name: "a.weight", Kind: engine.Weight, Shape: []int{2}},
		{Name: "a.bias", Kind: engine.Bias, Shape: []int{1}, Offset: 2},
		{Name: "b.weight", Kind: engine.Weight, Shape: []int{3}, Offset: 3},
	}
)

type params = map[string]any

func train(t *testing.T, steps int, p params) [][]float32 {
	t.Helper()
	return plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: steps, Params: p, Tensors: tensors,
	})
}

// moved is the length of the last of steps steps, over the elements from to to.
func moved(path [][]float32, step, from, to int) (length, before float64) {
	last := start
	if step > 1 {
		last = path[step-2]
	}
	for i := from; i < to; i++ {
		d := float64(path[step-1][i]) - float64(last[i])
		length += d * d
		before += float64(last[i]) * float64(last[i])
	}
	return math.Sqrt(length), math.Sqrt(before)
}

// Without momentum and limit a tensor moves by lr·trust·gamma·‖w‖ in each step.
func TestShareFallsOverTime(t *testing.T) {
	const lr, trust, lambda, alpha, delay, floor = 2.0, 0.01, 0.3, 0.1, 3, 0.05
	path := train(t, 12, params{
		"lr": lr, "trust": trust, "lambda": lambda, "alpha": alpha, "clamp": 0.0, "delay": delay, "floor": floor, "momentum": 0.0,
	})
	for step := 1; step <= 12; step++ {
		gamma := 1/(alpha+math.Exp(lambda*float64(step-delay))) + floor
		for _, x := range []engine.Tensor{tensors[0], tensors[2]} {
			length, before := moved(path, step, x.Offset, x.Offset+x.Shape[0])
			if want := lr * trust * gamma * before; math.Abs(length-want) > 1e-6 {
				t.Errorf("step %d: %s moved by %v, want %v", step, x.Name, length, want)
			}
		}
	}
}

// Both norms are limited: a long gradient is not normalised, a long tensor moves no further.
func TestClamp(t *testing.T) {
	const trust, clamp = 0.01, 2.5
	path := train(t, 1, params{"trust": trust, "clamp": clamp, "lambda": 0.0, "alpha": 0.0, "momentum": 0.0, "weight_decay": 0.0, "no_adapt": ""})
	for _, x := range tensors {
		length, before := moved(path, 1, x.Offset, x.Offset+x.Shape[0])
		sq := 0.0
		for i := x.Offset; i < x.Offset+x.Shape[0]; i++ {
			sq += math.Pow(curvature[i]*float64(start[i]), 2)
		}
		g := math.Sqrt(sq)
		if want := trust * min(before, clamp) / min(g, clamp) * g; math.Abs(length-want) > 1e-6 {
			t.Errorf("%s moved by %v, want %v", x.Name, length, want)
		}
	}
}

// Late steps vanish, as in the published code, and the exponential overflows without harm.
func TestVanishes(t *testing.T) {
	path := train(t, 3, params{"lambda": 400.0, "momentum": 0.0, "no_adapt": ""})
	if err := plugintest.SameBits(path[2], path[1]); err != nil {
		t.Error(err)
	}
	for i, v := range path[2] {
		if v != start[i] && math.Abs(float64(v-start[i])) > 1e-6 {
			t.Errorf("element %d moved to %v", i, v)
		}
	}
}

func TestDeclaredDegenerates(t *testing.T) {
	for _, d := range (Optimizer{}).Info().Degenerate {
		base := plugintest.Self(d.Equals)
		want := plugintest.Optimize(t, plugintest.OptimizeCase{
			Program: &base, Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 20, Tensors: tensors,
		})
		for k, w := range train(t, 20, d.When) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", d.When, k+1, d.Equals, err)
			}
		}
	}
}

// Against references in float64; see the package golden.
func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestResume(t *testing.T) {
	plugintest.Resume(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Tensors: tensors, Params: params{"lambda": 0.2},
	})
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  string
	}{
		{params{"lambda": -1.0}, "lambda"},
		{params{"momentum": 0.0, "nesterov": true}, "nesterov"},
	} {
		got := plugintest.Validate(t, nil, 3, c.given)
		if len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%v: got %q, want %q", c.given, got, c.want)
		}
	}
}

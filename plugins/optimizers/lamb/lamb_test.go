package lamb

import (
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Optimizer{}) }

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

// Every step of an adapted tensor has the length lr·min(‖w‖, clamp), whatever the moments, the weight decay and the
// correction are.
func TestStepIsAShareOfTheNorm(t *testing.T) {
	const lr, steps = 0.05, 15
	for _, p := range []params{
		{}, {"weight_decay": 0.5}, {"bias_correction": true, "clamp": 0.0}, {"clamp": 1.0, "beta1": 0.5}, {"decay": "l2", "weight_decay": 0.5},
	} {
		p["lr"] = lr
		limit, ok := p["clamp"].(float64)
		if !ok {
			limit = 10
		} else if limit == 0 {
			limit = math.Inf(1)
		}
		before := start
		for k, w := range train(t, steps, p) {
			for _, x := range []engine.Tensor{tensors[0], tensors[2]} {
				length, norm := 0.0, 0.0
				for i := x.Offset; i < x.Offset+x.Shape[0]; i++ {
					length += math.Pow(float64(w[i])-float64(before[i]), 2)
					norm += math.Pow(float64(before[i]), 2)
				}
				if want := lr * min(math.Sqrt(norm), limit); math.Abs(math.Sqrt(length)-want) > 1e-6 {
					t.Errorf("%v: step %d moves %s by %v, want %v", p, k+1, x.Name, math.Sqrt(length), want)
				}
			}
			before = w
		}
	}
}

// Without correction the first direction of an exempt parameter is (1−beta1)/√(1−beta2) long, with it 1.
func TestBiasCorrection(t *testing.T) {
	const lr = 0.01
	for correct, want := range map[bool]float64{false: 0.1 / math.Sqrt(0.001), true: 1} {
		w := train(t, 1, params{"lr": lr, "bias_correction": correct})[0]
		if got := (float64(start[2]) - float64(w[2])) / lr; math.Abs(got-want) > 1e-3*want {
			t.Errorf("bias_correction %v: the direction is %v, want %v", correct, got, want)
		}
	}
}

// Decoupled decay shrinks the parameters beside a step that does not see it.
func TestDecoupledDecay(t *testing.T) {
	const lr, wd = 0.05, 0.4
	plain := train(t, 1, params{"lr": lr, "weight_decay": 0.0})[0]
	w := train(t, 1, params{"lr": lr, "weight_decay": wd, "decay": "decoupled"})[0]
	for i := range w {
		want := float64(plain[i]) - lr*wd*float64(start[i])
		if i == 2 {
			want = float64(plain[i])
		}
		if math.Abs(float64(w[i])-want) > 1e-6 {
			t.Errorf("element %d: %v, want %v", i, w[i], want)
		}
	}
}

// Without gradients, and without weights to decay, nothing moves.
func TestNothingToDo(t *testing.T) {
	flat := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(0, 0, 0), Init: start[:3], Steps: 3, Params: params{"weight_decay": 0.0},
	})
	if err := plugintest.SameBits(flat[2], start[:3]); err != nil {
		t.Error(err)
	}
}

// Against references in float64; see the package golden.
func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestResume(t *testing.T) {
	for _, p := range []params{{"lr": 0.02}, {"lr": 0.02, "bias_correction": true, "decay": "l2"}} {
		plugintest.Resume(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Tensors: tensors, Params: p,
			LRScale: func(k int) float64 { return 1 - float64(k)/10 },
		})
	}
}

func TestBadParameters(t *testing.T) {
	for name, p := range map[string]params{"clamp": {"clamp": -1.0}, "decay": {"decay": "ratio"}, "beta2": {"beta2": 1.0}} {
		if got := plugintest.Validate(t, nil, 3, p); len(got) != 1 || !strings.HasPrefix(got[0], name) {
			t.Errorf("%v: got %q", p, got)
		}
	}
}

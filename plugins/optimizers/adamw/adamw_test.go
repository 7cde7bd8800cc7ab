package adamw

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Optimizer{}) }

var (
	curvature = []float64{10, 1, 0.1}
	start     = []float32{1, -2, 3}
)

type params = map[string]any

func train(t *testing.T, steps int, p params) [][]float32 {
	t.Helper()
	return plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: steps, Params: p,
	})
}

// Against the update rule written out in float64, on a quadratic. Early on Adam divides small differences of moments by
// their small bias corrections, which amplifies the rounding of float32.
func TestAgainstReference(t *testing.T) {
	const lr, b1, b2, eps, wd = 0.05, 0.8, 0.95, 1e-6, 0.3
	tensors := []engine.Tensor{
		{Name: "w", Kind: engine.Weight, Shape: []int{2}}, {Name: "b", Kind: engine.Bias, Shape: []int{1}, Offset: 2},
	}
	scale := func(k int) float64 { return 1 - float64(k)/50 }
	for _, c := range []struct{ decay, noDecay string }{{"", ""}, {"decoupled", ""}, {"l2", ""}, {"decoupled", "bias-norm"}, {"l2", "bias-norm"}} {
		p := params{"lr": lr, "beta1": b1, "beta2": b2, "eps": eps, "weight_decay": 0.0}
		if c.decay != "" {
			p["weight_decay"], p["decay"], p["no_decay"] = wd, c.decay, c.noDecay
		}
		ref, m, v := make([]float64, len(start)), make([]float64, len(start)), make([]float64, len(start))
		for i, x := range start {
			ref[i] = float64(x)
		}
		for k, w := range plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 25, Params: p, Tensors: tensors, LRScale: scale,
		}) {
			for i, h := range curvature {
				g, shrink := h*ref[i], 0.0
				if exempt := i == 2 && c.noDecay != ""; !exempt {
					switch c.decay {
					case "l2":
						g += wd * ref[i]
					case "decoupled":
						shrink = lr * scale(k) * wd * ref[i]
					}
				}
				m[i] = b1*m[i] + (1-b1)*g
				v[i] = b2*v[i] + (1-b2)*g*g
				mhat := m[i] / (1 - math.Pow(b1, float64(k+1)))
				vhat := v[i] / (1 - math.Pow(b2, float64(k+1)))
				ref[i] -= shrink + lr*scale(k)*mhat/(math.Sqrt(vhat)+eps)
				if d := math.Abs(float64(w[i]) - ref[i]); d > 2e-5 {
					t.Fatalf("%+v: step %d, element %d: %v, want %v", c, k+1, i, w[i], ref[i])
				}
			}
		}
	}
}

// The first step has length lr in every coordinate, in the direction of the sign.
func TestFirstStepIsSign(t *testing.T) {
	w := train(t, 1, params{"lr": 0.01, "weight_decay": 0.0})[0]
	for i := range w {
		want := float64(start[i]) - math.Copysign(0.01, float64(start[i]))
		if math.Abs(float64(w[i])-want) > 1e-6 {
			t.Errorf("element %d: %v, want %v", i, w[i], want)
		}
	}
}

func TestNothingToDo(t *testing.T) {
	flat := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(0, 0, 0), Init: start, Steps: 3, Params: params{"weight_decay": 0.0},
	})
	for name, path := range map[string][][]float32{"a zero gradient": flat, "lr = 0": train(t, 3, params{"lr": 0})} {
		if err := plugintest.SameBits(path[2], start); err != nil {
			t.Errorf("%s: the parameters moved: %v", name, err)
		}
	}
}

func TestResume(t *testing.T) {
	for _, p := range []params{{}, {"lr": 0.05, "decay": "l2", "weight_decay": 0.1}} {
		plugintest.Resume(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Params: p,
			LRScale: func(k int) float64 { return 1 - float64(k)/10 },
		})
	}
}

// See the test of the same name in the folder sgd.
func TestGoldenTrajectory(t *testing.T) {
	const version = 1
	want := []float32{0.3924467, -1.3154818, 2.252248}
	path := train(t, 20, params{"lr": 0.03, "weight_decay": 0.1})
	if v := (Optimizer{}).Info().Version; v != version || !slices.Equal(path[19], want) {
		t.Errorf("version %d ends at %v; version %d is recorded to end at %v", v, path[19], version, want)
	}
}

func TestBadParameters(t *testing.T) {
	got := plugintest.Validate(t, nil, 3, params{"beta1": 1.0, "beta2": -0.1, "eps": 0.0, "momentum": 0.9})
	want := []string{"beta1", "beta2", "eps", "momentum"}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("diagnostic %d is %q, want one for %s", i, got[i], want[i])
		}
	}
}

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

package sgd

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The plugin runs as a process of its own in every test: this binary, started again.
func TestMain(m *testing.M) { sdktest.TestMain(m, Optimizer{}) }

var (
	curvature = []float64{10, 1, 0.1}
	start     = []float32{1, -2, 3}
)

type params = map[string]any

// train runs on ½ Σ h_i w_i², whose gradient is h_i w_i.
func train(t *testing.T, steps int, p params) [][]float32 {
	t.Helper()
	return plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: steps, Params: p,
	})
}

func near(t *testing.T, step int, got []float32, want []float64, tolerance float64) {
	t.Helper()
	for i := range got {
		if math.Abs(float64(got[i])-want[i]) > tolerance*math.Max(1, math.Abs(want[i])) {
			t.Fatalf("step %d, element %d: %v, want %v", step, i, got[i], want[i])
		}
	}
}

// w_t = (1 − lr·h)^t w_0.
func TestGradientDescentClosedForm(t *testing.T) {
	const lr = 0.05
	for k, w := range train(t, 30, params{"lr": lr}) {
		want := make([]float64, len(w))
		for i, h := range curvature {
			want[i] = math.Pow(1-lr*h, float64(k+1)) * float64(start[i])
		}
		near(t, k+1, w, want, 1e-6)
	}
}

// Against the update rule written out in float64.
func TestAgainstReference(t *testing.T) {
	const lr, mu, wd = 0.02, 0.9, 0.5
	for _, c := range []struct {
		nesterov bool
		decay    string
	}{{false, ""}, {true, ""}, {false, "l2"}, {true, "l2"}, {false, "decoupled"}, {true, "decoupled"}} {
		p := params{"lr": lr, "momentum": mu, "nesterov": c.nesterov}
		if c.decay != "" {
			p["weight_decay"], p["decay"] = wd, c.decay
		}
		ref, b := make([]float64, len(start)), make([]float64, len(start))
		for i, x := range start {
			ref[i] = float64(x)
		}
		for k, w := range train(t, 25, p) {
			for i, h := range curvature {
				d, shrink := h*ref[i], 0.0
				switch c.decay {
				case "l2":
					d += wd * ref[i]
				case "decoupled":
					shrink = lr * wd * ref[i]
				}
				if k == 0 {
					b[i] = d
				} else {
					b[i] = mu*b[i] + d
				}
				u := b[i]
				if c.nesterov {
					u = d + mu*b[i]
				}
				ref[i] -= shrink + lr*u
			}
			near(t, k+1, w, ref, 1e-5)
		}
	}
}

// Gradient descent diverges if and only if lr·λ_max > 2.
func TestStabilityThreshold(t *testing.T) {
	for _, c := range []struct {
		lr       float64
		diverges bool
	}{{1.95 / 10, false}, {2.05 / 10, true}} {
		path := train(t, 100, params{"lr": c.lr})
		first, last := math.Abs(float64(start[0])), math.Abs(float64(path[99][0]))
		if (last > first) != c.diverges {
			t.Errorf("lr·λ = %v: |w| went from %v to %v", c.lr*10, first, last)
		}
	}
}

func TestScheduleMultipliesTheRate(t *testing.T) {
	scale := func(k int) float64 { return []float64{1, 0.5, 0, 0.25}[k] }
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 4, Params: params{"lr": 0.1}, LRScale: scale,
	})
	want := make([]float64, len(start))
	for i, x := range start {
		want[i] = float64(x)
	}
	for k, w := range path {
		for i, h := range curvature {
			want[i] *= 1 - 0.1*scale(k)*h
		}
		near(t, k+1, w, want, 1e-6)
	}
}

func TestNothingToDo(t *testing.T) {
	momentum := params{"momentum": 0.9, "nesterov": true}
	flat := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(0, 0, 0), Init: start, Steps: 3, Params: momentum,
	})
	still := train(t, 3, params{"lr": 0, "momentum": 0.9, "weight_decay": 0.1, "decay": "decoupled"})
	for name, path := range map[string][][]float32{"a zero gradient": flat, "lr = 0": still} {
		if err := plugintest.SameBits(path[2], start); err != nil {
			t.Errorf("%s: the parameters moved: %v", name, err)
		}
	}
}

func TestResume(t *testing.T) {
	for _, p := range []params{{"lr": 0.02}, {"lr": 0.02, "momentum": 0.9, "nesterov": true, "weight_decay": 0.1}} {
		plugintest.Resume(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Params: p,
			LRScale: func(k int) float64 { return 1 - float64(k)/10 },
		})
	}
}

// The bits of a trajectory identify a version: stored results of this version are used again, so when this test fails
// for a good reason, raise Version and record the new numbers.
func TestGoldenTrajectory(t *testing.T) {
	const version = 1
	want := []float32{0.119742565, -0.21958558, 2.59196}
	path := train(t, 20, params{"lr": 0.01, "momentum": 0.9, "nesterov": true, "weight_decay": 0.01})
	if v := (Optimizer{}).Info().Version; v != version || !slices.Equal(path[19], want) {
		t.Errorf("version %d ends at %v; version %d is recorded to end at %v", v, path[19], version, want)
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string // one diagnostic each, in this order
	}{
		{params{"lr": -1.0, "momentum": 1.0, "speed": 3}, []string{"lr", "momentum", "speed"}},
		{params{"nesterov": true}, []string{"nesterov"}},
		{params{"decay": "none", "weight_decay": math.NaN()}, []string{"decay", "weight_decay"}},
		{params{"no_decay": "bias-norm"}, []string{"no_decay"}}, // the problem has no tensors
		{params{"momentum": 0}, nil},
	} {
		got := plugintest.Validate(t, nil, 3, c.given)
		ok := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%v: got %q, want diagnostics for %v", c.given, got, c.want)
		}
	}
}

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

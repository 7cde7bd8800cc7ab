package adam

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also adamw, when it is started with that name.
func TestMain(m *testing.M) {
	if os.Args[len(os.Args)-1] == "adamw" {
		sdktest.TestMain(m, adamw.Optimizer{})
	} else {
		sdktest.TestMain(m, Optimizer{})
	}
}

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

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// With coupled weight decay adamw is the same rule, bit for bit.
func TestEqualsCoupledAdamW(t *testing.T) {
	other := plugintest.Self("adamw")
	for _, p := range []params{{"weight_decay": 0.3}, {"lr": 0.05, "weight_decay": 0.1, "beta1": 0.5, "clip_norm": 1.0}} {
		coupled := params{"decay": "l2"}
		for k, v := range p {
			coupled[k] = v
		}
		want := plugintest.Optimize(t, plugintest.OptimizeCase{
			Program: &other, Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 20, Params: coupled,
		})
		for k, w := range train(t, 20, p) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d: %v", p, k+1, err)
			}
		}
	}
}

// The first step has length lr in every coordinate, in the direction of the sign of g + weight_decay·w: the size of the
// decay does not matter, as it would beside the step.
func TestFirstStepIsSign(t *testing.T) {
	for _, wd := range []float64{0, 0.5} {
		w := train(t, 1, params{"lr": 0.01, "weight_decay": wd})[0]
		for i := range w {
			want := float64(start[i]) - math.Copysign(0.01, float64(start[i]))
			if math.Abs(float64(w[i])-want) > 1e-6 {
				t.Errorf("weight decay %v: element %d: %v, want %v", wd, i, w[i], want)
			}
		}
	}
}

func TestResume(t *testing.T) {
	plugintest.Resume(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Params: params{"lr": 0.05, "weight_decay": 0.1},
		LRScale: func(k int) float64 { return 1 - float64(k)/10 },
	})
}

// See the test of the same name in the folder sgd.
func TestGoldenTrajectory(t *testing.T) {
	const version = 1
	want := []float32{0.43085998, -1.4127554, 2.4079993}
	path := train(t, 20, params{"lr": 0.03, "weight_decay": 0.1})
	if v := (Optimizer{}).Info().Version; v != version || !slices.Equal(path[19], want) {
		t.Errorf("version %d ends at %v; version %d is recorded to end at %v", v, path[19], version, want)
	}
}

func TestBadParameters(t *testing.T) {
	got := plugintest.Validate(t, nil, 3, params{"beta1": 1.0, "clip_norm": -1.0, "decay": "l2"})
	want := []string{"beta1", "clip_norm", "decay"}
	if len(got) != len(want) {
		t.Fatalf("got %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("diagnostic %d is %q, want one for %s", i, got[i], want[i])
		}
	}
}

package dpsgd

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/privacy"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Optimizer{}) }

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

var (
	inputs = [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-0.5, 1}, {1.5, -2}, {-2, -1}, {0.7, 0.1}}
	labels = []int{1, -1, -1, 1, -1, 1, -1, 1}
	start  = []float32{0.5, -0.25}
)

func logistic(batch int, steps int, p params) plugintest.OptimizeCase {
	return plugintest.OptimizeCase{
		Workload: plugintest.Logistic(inputs, labels, batch), Init: start, Steps: steps, Params: p,
		Examples: len(inputs), BatchSize: batch, StepsPerEpoch: len(inputs) / batch,
	}
}

// Without noise and limit each step is that of SGD on the Poisson batch, scaled by its size over the expected one; an
// empty draw does not move the parameters.
func TestWithoutNoiseAndLimit(t *testing.T) {
	const lr, batch, steps = 0.25, 2, 30
	c := logistic(batch, steps, params{"clip": 0.0, "sigma": 0.0, "lr": lr})
	w, g := start, make([]float32, 2)
	empty := 0
	for k, next := range plugintest.Optimize(t, c) {
		e, err := c.Workload.(oracle.PerExample).GradClipped(
			oracle.Batch{Stream: oracle.Poisson, Index: uint64(k), Rate: batch / float64(len(inputs))}, w, g, oracle.Clip{Limit: math.Inf(1)}, oracle.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if e.Examples == 0 {
			empty++
			if err := plugintest.SameBits(next, w); err != nil {
				t.Errorf("step %d: an empty draw moves the parameters: %v", k+1, err)
			}
		} else if _, err := c.Workload.Grad(oracle.Batch{Stream: oracle.Poisson, Index: uint64(k), Rate: batch / float64(len(inputs))}, w, g, oracle.Options{}); err != nil {
			t.Fatal(err)
		} else {
			for i := range w {
				want := float64(w[i]) - lr*float64(g[i])*float64(e.Examples)/batch
				if math.Abs(float64(next[i])-want) > 1e-6 {
					t.Errorf("step %d, element %d: %v, want %v", k+1, i, next[i], want)
				}
			}
		}
		w = next
	}
	if empty == 0 {
		t.Error("no draw was empty: the test shows less than it should")
	}
}

// An empty draw is released like any other: as noise.
func TestEmptyDrawIsNoise(t *testing.T) {
	w := start
	for k, next := range plugintest.Optimize(t, logistic(1, 20, params{"clip": 0.5})) {
		if w[0] == next[0] || w[1] == next[1] {
			t.Errorf("step %d does not move: the draw shows", k+1)
		}
		w = next
	}
}

// E‖u − u_{σ=0}‖² = d·σ²·C²/E[B]², over 200 draws. The loss is linear: its gradient is the same at every point.
func TestVarianceOfTheNoise(t *testing.T) {
	const dim, draws, sigma, clip, batch = 400, 200, 1.3, 0.4, 4
	linear := plugintest.Func(dim, func(w []float64) (float64, []float64) {
		loss, g := 0.0, make([]float64, dim)
		for i := range w {
			g[i] = float64(i%5) - 2
			loss += g[i] * w[i]
		}
		return loss, g
	})
	run := func(sigma float64) [][]float32 {
		return plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: linear, Init: make([]float32, dim), Steps: draws, Examples: 16, BatchSize: batch, Seed: 3,
			Params: params{"clip": clip, "sigma": sigma, "lr": 1.0},
		})
	}
	quiet, noisy := run(0), run(sigma)
	sum := 0.0
	last, lastQuiet := make([]float32, dim), make([]float32, dim)
	for k := range draws {
		for i := range dim {
			u, v := float64(last[i])-float64(noisy[k][i]), float64(lastQuiet[i])-float64(quiet[k][i])
			sum += (u - v) * (u - v)
		}
		last, lastQuiet = noisy[k], quiet[k]
	}
	got, want := sum/draws, dim*sigma*sigma*clip*clip/(batch*batch)
	if math.Abs(got/want-1) > 0.05 {
		t.Errorf("mean square of the noise %v, want %v ± 5 %%", got, want)
	}
	norm := 0.0
	for _, v := range quiet[0] {
		norm += float64(v) * float64(v)
	}
	if math.Abs(math.Sqrt(norm)-clip/batch) > 1e-6 {
		t.Errorf("without noise the step is %v long, want %v", math.Sqrt(norm), clip/float64(batch))
	}
}

// With a target, the host chooses the noise, and the account of the run ends at the target, not above it.
func TestTarget(t *testing.T) {
	const epsilon, delta = 2.0, 1e-3
	for _, steps := range []int{5, 40} {
		c := logistic(2, steps, params{"epsilon": epsilon, "delta": delta})
		c.Account = &privacy.Account{}
		plugintest.Optimize(t, c)
		c.Account.Commit()
		if got := privacy.Epsilon(delta, c.Account.Mechanisms()...); !(got <= epsilon && got > epsilon-1e-3) || c.Account.Unseen() != "" {
			t.Errorf("%d steps spend epsilon = %v (%s), want %v", steps, got, c.Account.Unseen(), epsilon)
		}
		if g := c.Account.Committed; len(g) != 1 || g[0].Rate != 0.25 || g[0].Steps != uint64(steps) || g[0].Releases != uint64(steps) {
			t.Errorf("%d steps: the account has %+v", steps, g)
		}
	}
}

func TestResume(t *testing.T) {
	c := logistic(2, 10, params{"momentum": 0.9, "weight_decay": 0.1})
	c.LRScale = func(k int) float64 { return 1 - float64(k)/10 }
	plugintest.Resume(t, c)
}

// See the test of the same name in the folder sgd.
func TestGoldenTrajectory(t *testing.T) {
	const version = 1
	for _, c := range []struct {
		params params
		want   []float32
	}{
		{params{"clip": 0.5, "momentum": 0.9, "weight_decay": 0.01}, []float32{5.378885, 4.5472846}},
		{params{"base": "adamw", "clip": 0.5, "sigma": 0.5, "lr": 0.03}, []float32{0.98863155, -0.023485828}},
	} {
		path := plugintest.Optimize(t, logistic(2, 20, c.params))
		if v := (Optimizer{}).Info().Version; v != version || !slices.Equal(path[19], c.want) {
			t.Errorf("%v: version %d ends at %v; version %d is recorded to end at %v", c.params, v, path[19], version, c.want)
		}
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"epsilon": 3.0}, []string{"epsilon: needs a delta"}},
		{params{"epsilon": 3.0, "delta": 1.0}, []string{"delta"}},
		{params{"epsilon": -1.0, "sigma": -1.0, "clip": -1.0}, []string{"epsilon", "sigma", "clip"}},
		{params{"clip": 0.0}, []string{"clip: 0 (no limit) needs sigma = 0"}},
		{params{"clip": 0.0, "sigma": 0.0}, nil},
		{params{"epsilon": 3.0, "delta": 1e-5}, nil},
		{params{"base": "adamw", "nesterov": true}, []string{"nesterov: has no effect"}},
	} {
		got := plugintest.Validate(t, nil, 3, c.given)
		slices.Sort(got)
		slices.Sort(c.want)
		ok := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%v: got %q, want %q", c.given, got, c.want)
		}
	}
}

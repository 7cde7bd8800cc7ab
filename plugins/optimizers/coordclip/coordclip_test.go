package coordclip

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/claims"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that coordclip claims to equal, when it is started with their name.
func TestMain(m *testing.M) {
	switch os.Args[len(os.Args)-1] {
	case "sgd":
		sdktest.TestMain(m, sgd.Optimizer{})
	case "adamw":
		sdktest.TestMain(m, adamw.Optimizer{})
	default:
		sdktest.TestMain(m, Optimizer{})
	}
}

var (
	curvature = []float64{100, 30, 10, 3, 1, 1, 0.3, 0.1, 0.1, 0.03}
	start     = []float32{1, -1, 0.5, 2, -3, 0.25, 1, 4, -2, 1}
)

type params = map[string]any

func train(t *testing.T, steps int, p params) [][]float32 {
	t.Helper()
	return plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: steps, Params: p,
	})
}

// clip is the method by sorting.
func clip(g []float64, k, scale float64) (clipped []float64, bound float64) {
	sorted := make([]float64, len(g))
	for i, v := range g {
		sorted[i] = math.Abs(v)
	}
	slices.Sort(sorted)
	slices.Reverse(sorted)
	if i := int(float64(len(g)) * k); i < len(g) {
		bound = scale * sorted[i]
	}
	clipped = slices.Clone(g)
	for i, v := range g {
		clipped[i] = math.Max(-bound, math.Min(bound, v))
	}
	return clipped, bound
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

func gradient(w []float64) []float64 {
	g := make([]float64, len(w))
	for i, h := range curvature {
		g[i] = h * w[i]
	}
	return g
}

func near(t *testing.T, what any, step int, got []float32, want []float64) {
	t.Helper()
	for i := range got {
		if math.Abs(float64(got[i])-want[i]) > 2e-5*math.Max(1, math.Abs(want[i])) {
			t.Fatalf("%v: step %d, element %d: %v, want %v", what, step, i, got[i], want[i])
		}
	}
}

// SGD: the gradient is clipped, then weight decay is added, then momentum takes it in.
func TestSGDAgainstReference(t *testing.T) {
	const lr, mu, wd = 0.01, 0.9, 0.3
	for _, c := range []struct{ k, scale float64 }{{0.1, 1}, {0.35, 1}, {0.5, 0.5}, {0.9, 2}} {
		ref, b := float64s(start), make([]float64, len(start))
		for step, w := range train(t, 25, params{
			"k": c.k, "threshold_scale": c.scale, "lr": lr, "momentum": mu, "weight_decay": wd,
		}) {
			g, _ := clip(gradient(ref), c.k, c.scale)
			for i := range ref {
				b[i] = mu*b[i] + g[i] + wd*ref[i]
				ref[i] -= lr * b[i]
			}
			near(t, c, step+1, w, ref)
		}
	}
}

// Adam: coupled weight decay is added first; the first moment takes in the clipped gradient, the second the whole one.
func TestAdamAgainstReference(t *testing.T) {
	const lr, b1, b2, eps, wd, k = 0.02, 0.8, 0.95, 1e-6, 0.3, 0.5
	for _, decay := range []string{"l2", "decoupled"} {
		ref, m, v := float64s(start), make([]float64, len(start)), make([]float64, len(start))
		for step, w := range train(t, 25, params{
			"base": "adamw", "k": k, "lr": lr, "beta1": b1, "beta2": b2, "eps": eps, "weight_decay": wd, "decay": decay,
		}) {
			g, shrink := gradient(ref), lr*wd
			if decay == "l2" {
				shrink = 0
				for i := range g {
					g[i] += wd * ref[i]
				}
			}
			clipped, _ := clip(g, k, 1)
			for i := range ref {
				m[i] = b1*m[i] + (1-b1)*clipped[i]
				v[i] = b2*v[i] + (1-b2)*g[i]*g[i]
				mhat, vhat := m[i]/(1-math.Pow(b1, float64(step+1))), v[i]/(1-math.Pow(b2, float64(step+1)))
				ref[i] -= shrink*ref[i] + lr*mhat/(math.Sqrt(vhat)+eps)
			}
			near(t, decay, step+1, w, ref)
		}
	}
}

// No coordinate of a committed step exceeds lr times the bound, and the bound is reached by the clipped ones.
func TestStepBound(t *testing.T) {
	const lr, k = 0.01, 0.3
	before := start
	for step, w := range train(t, 20, params{"k": k, "lr": lr}) {
		g := gradient(float64s(before))
		_, bound := clip(g, k, 1)
		reached := 0
		for i := range w {
			move := math.Abs(float64(w[i]) - float64(before[i]))
			slack := 1e-7 * math.Max(1, math.Abs(float64(before[i])))
			if move > lr*bound+slack {
				t.Errorf("step %d, element %d moved by %v, more than %v", step+1, i, move, lr*bound)
			}
			if math.Abs(g[i]) >= bound && move > lr*bound-slack {
				reached++
			}
		}
		if reached < 4 { // ⌊0.3·10⌋ are cut, and the one that sets the bound
			t.Errorf("step %d: %d coordinates reach the bound, want at least 4", step+1, reached)
		}
		before = w
	}
}

// k = 0 is no clipping, even with a small threshold_scale: the trajectory is that of the base, bit for bit.
func TestDegeneratesToBase(t *testing.T) {
	for _, c := range []struct {
		base   string
		params params
	}{
		{"sgd", params{"lr": 0.01, "momentum": 0.9, "nesterov": true, "weight_decay": 0.01}},
		{"adamw", params{"lr": 0.03, "weight_decay": 0.1}},
		{"adamw", params{"lr": 0.03, "weight_decay": 0.1, "decay": "l2"}},
	} {
		base := plugintest.Self(c.base)
		want := plugintest.Optimize(t, plugintest.OptimizeCase{
			Program: &base, Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 20, Params: c.params,
		})
		own := params{"k": 0.0, "threshold_scale": 0.1, "base": c.base}
		for k, v := range c.params {
			own[k] = v
		}
		for k, w := range train(t, 20, own) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", own, k+1, c.base, err)
			}
		}
	}
}

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) {
	small := []float64{1, 0.5}
	for _, d := range (Optimizer{}).Info().Degenerate {
		base := plugintest.Self(d.Equals)
		c := plugintest.OptimizeCase{Workload: plugintest.Quadratic(small...), Init: []float32{1, -2}, Steps: 20, Program: &base}
		want := plugintest.Optimize(t, c)
		c.Program, c.Params = nil, d.When
		for k, w := range plugintest.Optimize(t, c) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", d.When, k+1, d.Equals, err)
			}
		}
	}
}

// k = 1 asks for the element behind the last one: the bound is 0 and nothing moves. It is not the sign method.
func TestEverythingClipped(t *testing.T) {
	if err := plugintest.SameBits(train(t, 3, params{"k": 1.0})[2], start); err != nil {
		t.Error(err)
	}
}

func TestScheduleMultipliesTheRate(t *testing.T) {
	scale := func(k int) float64 { return []float64{1, 0.5, 0}[k] }
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 3, Params: params{"lr": 0.01}, LRScale: scale,
	})
	ref := float64s(start)
	for k, w := range path {
		g, _ := clip(gradient(ref), 0.1, 1)
		for i := range ref {
			ref[i] -= 0.01 * scale(k) * g[i]
		}
		near(t, "schedule", k+1, w, ref)
	}
}

func TestNothingToDo(t *testing.T) {
	for _, base := range []string{"sgd", "adamw"} {
		flat := plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(make([]float64, len(start))...), Init: start, Steps: 3, Params: params{"base": base},
		})
		for name, path := range map[string][][]float32{"a zero gradient": flat, "lr = 0": train(t, 3, params{"lr": 0, "base": base})} {
			if err := plugintest.SameBits(path[2], start); err != nil {
				t.Errorf("base %s, %s: the parameters moved: %v", base, name, err)
			}
		}
	}
}

func TestResume(t *testing.T) {
	for _, p := range []params{{"lr": 0.01, "momentum": 0.9}, {"k": 0.0, "clip_update": 0.5, "base": "adam", "lr": 0.02}, {"base": "adamw", "lr": 0.02, "k": 0.5, "decay": "l2", "weight_decay": 0.1}} {
		plugintest.Resume(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Params: p,
			LRScale: func(k int) float64 { return 1 - float64(k)/10 },
		})
	}
}

// See the test of the same name in the folder sgd.
func TestGoldenTrajectory(t *testing.T) {
	const version = 1
	for _, c := range []struct {
		params params
		want   []float32
	}{
		{params{"k": 0.2, "lr": 0.01, "momentum": 0.9, "weight_decay": 0.01}, []float32{-0.30439663, 0.18886328, 0.17224033, -0.70013964, -0.33559412, 0.02796616, 0.6595473, 3.4856849, -1.7428424, 0.952218}},
		{params{"base": "adamw", "k": 0.5, "lr": 0.03, "weight_decay": 0.1}, []float32{0.93945956, -0.93426937, 0.42544174, 1.8462054, -2.7506146, -0.061290685, 0.39244676, 3.1916764, -1.3154819, 0.39244682}},
	} {
		path := train(t, 20, c.params)
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
		{params{"k": 1.5, "threshold_scale": 0.0}, []string{"k", "threshold_scale"}},
		{params{"base": "adamw", "nesterov": true}, []string{"nesterov: has no effect"}},
		{params{"clip_update": 0.5}, []string{"clip_update: needs k = 0"}},
		{params{"clip_update": 0.5, "k": 0.0}, nil},
	} {
		got := plugintest.Validate(t, nil, 3, c.given)
		ok := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%v: got %q, want %q", c.given, got, c.want)
		}
	}
}

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// steep is a quadratic in 1000 dimensions of which ten are sharp, with noise on its gradients.
type steep struct{ seed uint64 }

const steepDim = 1000

func (steep) curvature(i int) float64 {
	if i < 10 {
		return 300
	}
	return 1
}

func (q steep) loss(w []float64) (l float64) {
	for i, v := range w {
		l += q.curvature(i) * v * v / 2
	}
	return l
}

// train returns the iterates of a plugin, fewer than steps where it diverges, and the gradients that it was given.
func (q steep) train(t *testing.T, plugin any, steps int, p params) (path [][]float32, gradients [][]float64) {
	t.Helper()
	noise := rng.New(q.seed, "claim", 0)
	work := plugintest.Func(steepDim, func(w []float64) (float64, []float64) {
		g := make([]float64, steepDim)
		for i, v := range w {
			g[i] = q.curvature(i)*v + 0.01*noise.Norm()
		}
		gradients = append(gradients, g)
		return q.loss(w), g
	})
	init := make([]float32, steepDim)
	rng.Normal(init, q.seed, "claim start", 0, 1)
	path, err := sdktest.Train(plugin, sdktest.Case{Workload: work, Init: init, Steps: steps, Params: p})
	if err != nil && !sdk.IsNonFinite(err) {
		t.Fatal(err)
	}
	return path, gradients
}

// directional is the curvature along v.
func (q steep) directional(v []float64) float64 {
	above, below := 0.0, 0.0
	for i, x := range v {
		above, below = above+q.curvature(i)*x*x, below+x*x
	}
	return above / below
}

// On a quadratic with few sharp coordinates plain SGD is held back by them, and clipping a tenth of the coordinates lets it
// take larger steps: at the best learning rate of a grid each, the loss after 200 steps is lower. (For plain SGD only: with
// momentum this does not hold.)
func TestClaimClippingHelpsSGD(t *testing.T) {
	const steps = 200
	var clipped, plain []float64
	for seed := range uint64(5) {
		best := func(plugin any, p params) float64 {
			least := math.Inf(1)
			for _, lr := range []float64{0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1} {
				p["lr"] = lr
				q := steep{seed}
				if path, _ := q.train(t, plugin, steps, p); len(path) == steps {
					least = min(least, q.loss(float64s(path[steps-1])))
				}
			}
			return least
		}
		plain = append(plain, best(sgd.Optimizer{}, params{}))
		clipped = append(clipped, best(Optimizer{}, params{"k": 0.1}))
	}
	claims.Less(t, "loss after 200 steps, clipped and not", clipped, plain)
}

// In every step of one trajectory, that of SGD, in which the curvature along the gradient is 30 or more, a tenth of the largest, the curvature along the clipped
// gradient is at most that along the gradient (later on clipping takes noise from the others); and along the steps that clipped
// SGD takes it is smaller than along those of SGD, with momentum too.
func TestClaimClippedStepsAreLessSharp(t *testing.T) {
	const steps, k = 200, 0.1
	for _, momentum := range []float64{0, 0.9} {
		var clipped, plain []float64
		for seed := range uint64(5) {
			q := steep{seed}
			mean := func(plugin any, p params) (sum float64) {
				p["momentum"] = momentum
				path, gradients := q.train(t, plugin, steps, p)
				if len(path) != steps {
					t.Fatalf("%v diverges", p)
				}
				for n := 1; n < steps; n++ {
					step := float64s(path[n])
					for i, v := range path[n-1] {
						step[i] -= float64(v)
					}
					sum += q.directional(step) / (steps - 1)
				}
				if _, own := plugin.(Optimizer); own {
					return sum
				}
				for n, g := range gradients {
					threshold := slices.Sorted(slices.Values(abs(g)))[steepDim-1-int(k*steepDim)]
					cut := slices.Clone(g)
					for i, v := range cut {
						cut[i] = math.Copysign(min(math.Abs(v), threshold), v)
					}
					sharp := q.directional(g)
					if n == 0 && sharp < 10 {
						t.Errorf("seed %d: the curvature along the first gradient is %v: nothing is compared", seed, sharp)
					}
					if a, b := q.directional(cut), sharp; b > 30 && a > b {
						t.Errorf("seed %d, step %d: the curvature is %v along the clipped gradient and %v along the gradient", seed, n+1, a, b)
					}
				}
				return sum
			}
			plain = append(plain, mean(sgd.Optimizer{}, params{"lr": 0.0005}))
			clipped = append(clipped, mean(Optimizer{}, params{"lr": 0.0005, "k": k}))
		}
		claims.Less(t, fmt.Sprintf("curvature along the steps with momentum %v, clipped and not", momentum), clipped, plain)
	}
}

func abs(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Abs(v)
	}
	return out
}

package lars

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugin that lars claims to equal, when it is started with its name.
func TestMain(m *testing.M) {
	if os.Args[len(os.Args)-1] == "sgd" {
		sdktest.TestMain(m, sgd.Optimizer{})
		return
	}
	sdktest.TestMain(m, Optimizer{})
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

func norm(x []float32, minus []float32) float64 {
	sq := 0.0
	for i, v := range x {
		d := float64(v)
		if minus != nil {
			d -= float64(minus[i])
		}
		sq += d * d
	}
	return math.Sqrt(sq)
}

// In the first step a tensor moves by lr·trust·‖w‖, whatever its gradient; one that is exempt by lr·‖g‖.
func TestFirstStepIsAShareOfTheNorm(t *testing.T) {
	for _, wd := range []float64{0, 0.3} {
		const lr, trust = 2.0, 0.05
		w := train(t, 1, params{"lr": lr, "trust": trust, "weight_decay": wd})[0]
		for _, x := range tensors {
			from, to := x.Offset, x.Offset+x.Shape[0]
			moved, length := norm(w[from:to], start[from:to]), norm(start[from:to], nil)
			want := lr * trust * length
			if x.Kind == engine.Bias {
				want = lr * curvature[from] * length
			}
			if math.Abs(moved-want) > 1e-6*math.Max(1, want) {
				t.Errorf("weight_decay %v: %s moved by %v, want %v", wd, x.Name, moved, want)
			}
		}
	}
}

// Multiplying the loss by a constant changes nothing where a tensor is adapted and not decayed.
func TestScaleOfTheLossDoesNotMatter(t *testing.T) {
	run := func(c float64) []float32 {
		h := make([]float64, len(curvature))
		for i, v := range curvature {
			h[i] = c * v
		}
		return plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(h...), Init: start, Steps: 20, Tensors: tensors,
			Params: params{"trust": 0.02, "weight_decay": 0.0, "no_adapt": ""},
		})[19]
	}
	a, b := run(1), run(64)
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-5 {
			t.Errorf("element %d: %v and %v", i, a[i], b[i])
		}
	}
}

func TestAgainstReference(t *testing.T) {
	const lr, trust, mu, wd = 1.5, 0.02, 0.8, 0.2
	scale := func(k int) float64 { return 1 - float64(k)/40 }
	for _, c := range []struct {
		denom, noDecay, noAdapt string
		nesterov                bool
	}{
		{"dir", "bias-norm", "bias-norm", false}, {"dir", "", "", true}, {"sum", "bias-norm", "", false},
		{"sum", "", "bias-norm", false}, {"grad", "", "", true}, {"dir", "", "all", false},
	} {
		ref, b := make([]float64, len(start)), make([]float64, len(start))
		for i, v := range start {
			ref[i] = float64(v)
		}
		p := params{"lr": lr, "trust": trust, "denom": c.denom, "momentum": mu, "nesterov": c.nesterov, "weight_decay": wd, "no_decay": c.noDecay, "no_adapt": c.noAdapt}
		if c.noAdapt == "all" {
			p["lr"] = 0.01
		}
		for k, w := range plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 20, Tensors: tensors, LRScale: scale, Params: p,
		}) {
			for _, x := range tensors {
				bias := x.Kind == engine.Bias
				decay := wd
				if bias && c.noDecay != "" {
					decay = 0
				}
				nw, ng, nd := 0.0, 0.0, 0.0
				for i := x.Offset; i < x.Offset+x.Shape[0]; i++ {
					g := curvature[i] * ref[i]
					nw += ref[i] * ref[i]
					ng += g * g
					nd += (g + decay*ref[i]) * (g + decay*ref[i])
				}
				nw, ng, nd = math.Sqrt(nw), math.Sqrt(ng), math.Sqrt(nd)
				q := trust * nw / map[string]float64{"dir": nd, "sum": ng + decay*nw, "grad": ng}[c.denom]
				if c.noAdapt == "all" || bias && c.noAdapt != "" {
					q = 1
				}
				for i := x.Offset; i < x.Offset+x.Shape[0]; i++ {
					d := q * (curvature[i]*ref[i] + decay*ref[i])
					b[i] = mu*b[i] + d
					u := b[i]
					if c.nesterov {
						u = d + mu*b[i]
					}
					ref[i] -= p["lr"].(float64) * scale(k) * u
				}
			}
			for i := range w {
				if math.Abs(float64(w[i])-ref[i]) > 1e-5*math.Max(1, math.Abs(ref[i])) {
					t.Fatalf("%+v: step %d, element %d: %v, want %v", c, k+1, i, w[i], ref[i])
				}
			}
		}
	}
}

// Without a norm to divide by the ratio is 1: a tensor that starts at 0 can leave it.
func TestZeroNorms(t *testing.T) {
	away := plugintest.Func(2, func(w []float64) (float64, []float64) { return w[0], []float64{1, 0} })
	w := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: away, Init: []float32{0, 5}, Steps: 1, Params: params{"lr": 0.5, "weight_decay": 0.0},
		Tensors: []engine.Tensor{{Name: "a", Kind: engine.Weight, Shape: []int{1}}, {Name: "b", Kind: engine.Weight, Shape: []int{1}, Offset: 1}},
	})[0]
	if w[0] != -0.5 || w[1] != 5 {
		t.Errorf("ended at %v", w)
	}
}

func TestDegeneratesToSGD(t *testing.T) {
	base := plugintest.Self("sgd")
	for _, c := range []params{{}, {"lr": 0.02, "momentum": 0.9, "nesterov": true, "weight_decay": 0.1, "no_decay": "bias-norm"}} {
		own := params{"no_adapt": "all", "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0}
		for k, v := range c {
			own[k] = v
		}
		want := plugintest.Optimize(t, plugintest.OptimizeCase{
			Program: &base, Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 20, Params: c, Tensors: tensors,
		})
		for k, w := range train(t, 20, own) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from sgd: %v", c, k+1, err)
			}
		}
	}
}

// Against references in float64; see the package golden.
func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestResume(t *testing.T) {
	plugintest.Resume(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Tensors: tensors,
		LRScale: func(k int) float64 { return 1 - float64(k)/10 },
	})
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  string
	}{
		{params{"trust": 0.0}, "trust"},
		{params{"momentum": 0.0, "nesterov": true}, "nesterov"},
		{params{"no_adapt": "all", "denom": "sum"}, "denom: has no effect"},
	} {
		got := plugintest.Validate(t, nil, 3, c.given)
		if len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%v: got %q, want %q", c.given, got, c.want)
		}
	}
}

package gam

import (
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/claims"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// The test binary is also the plugins that gam is compared with, when it is started with their name.
func TestMain(m *testing.M) {
	golden.Main(m, Optimizer{}, sgd.Optimizer{}, adam.Optimizer{}, adamw.Optimizer{}, sam.Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }

func TestStill(t *testing.T) { golden.Still(t, params{"momentum": 0.9}) }

func TestResume(t *testing.T) {
	for _, p := range []params{{"momentum": 0.9}, {"mode": "paper", "base": "adamw", "lr": 0.02}, {"mode": "hvp", "weight_decay": 0.1}} {
		golden.Resume(t, p)
	}
}

func TestBits(t *testing.T) {
	golden.Bits(t, Optimizer{}.Info(), 1, 0x47c40bda7d3c5188, params{}, params{"mode": "paper", "momentum": 0.9})
}

var (
	curvature = []float64{10, 1, 0.1}
	start     = []float32{1, -2, 3}
)

func norm(x []float64) float64 {
	square := 0.0
	for _, v := range x {
		square += v * v
	}
	return math.Sqrt(square)
}

// times is H·x.
func times(x []float64) []float64 {
	out := make([]float64, len(x))
	for i, h := range curvature {
		out[i] = h * x[i]
	}
	return out
}

// On a quadratic the difference of the first two gradients is rho_prime·H·g/‖g‖ exactly: the third gradient is asked for at
// distance rho from w in that direction. The four are on one batch, and only the first moves the running statistics.
func TestFiniteDifference(t *testing.T) {
	const rho, near = 0.3, 0.05
	r := &golden.Recorder{Workload: plugintest.Quadratic(curvature...)}
	plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: r, Init: start, Steps: 3, Params: params{"rho": rho, "rho_prime": near, "lr": 0.01},
	})
	if len(r.Points) != 12 {
		t.Fatalf("%d gradients in 3 steps", len(r.Points))
	}
	for step := range 3 {
		p := r.Points[4*step : 4*step+4]
		w := make([]float64, 3)
		for i := range w {
			w[i] = float64(p[0][i])
		}
		g := times(w)
		h := times(g)
		for i := range w {
			if got, want := float64(p[1][i])-w[i], near*g[i]/norm(g); math.Abs(got-want) > 1e-6 {
				t.Errorf("step %d: element %d of the first perturbation is %v, want %v", step, i, got, want)
			}
			// The subtraction of the gradients, of size 10, costs some digits.
			if got, want := float64(p[2][i])-w[i], rho*h[i]/norm(h); math.Abs(got-want) > 2e-6*10/near*rho {
				t.Errorf("step %d: element %d of the second perturbation is %v, want %v", step, i, got, want)
			}
		}
		for j := range 4 {
			if want := (oracle.Batch{Stream: oracle.Train, Index: uint64(step)}); r.Batches[4*step+j] != want || r.Options[4*step+j].FreezeStats != (j > 0) {
				t.Errorf("step %d: gradient %d is of %+v with %+v", step, j, r.Batches[4*step+j], r.Options[4*step+j])
			}
		}
	}
}

// The authors' code and their figure differ by (1 − beta)·g0 in what is deflected from: the steps differ by lr·gamma times
// the part of that which is orthogonal to the sum that is followed, and are the same at beta = 1.
func TestCodeAndPaper(t *testing.T) {
	const lr, rho, near, alpha, gamma = 1.0, 0.3, 0.2, 0.4, 0.5
	run := func(mode string, beta float64) []float32 {
		return plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 1, Params: params{
				"mode": mode, "lr": lr, "rho": rho, "rho_prime": near, "alpha": alpha, "beta": beta, "gamma": gamma},
		})[0]
	}
	if err := plugintest.SameBits(run("code", 1), run("paper", 1)); err != nil {
		t.Errorf("beta = 1: %v", err)
	}
	toward := func(x []float64, by float64, d []float64) []float64 {
		out := make([]float64, len(x))
		for i := range x {
			out[i] = x[i] + by*d[i]/norm(d)
		}
		return out
	}
	w := []float64{1, -2, 3}
	g0 := times(w)
	g1 := times(toward(w, near, g0))
	w2 := toward(w, rho, times(g0))
	g3 := times(toward(w2, near, times(w2)))
	plus, along := make([]float64, 3), 0.0
	for i := range plus {
		plus[i] = alpha*g1[i] + (1-alpha)*g3[i]
		along += g0[i] * plus[i]
	}
	for _, beta := range []float64{0, 0.1, 0.5} {
		code, paper := run("code", beta), run("paper", beta)
		for i := range code {
			orthogonal := g0[i] - along*plus[i]/(norm(plus)*norm(plus))
			want := lr * gamma * (1 - beta) * orthogonal
			if got := float64(code[i]) - float64(paper[i]); math.Abs(got-want) > 1e-5 {
				t.Errorf("beta = %v: element %d of the difference is %v, want %v", beta, i, got, want)
			}
		}
	}
}

// With Hessian-vector products a step from w follows g + alpha·rho·H(x)g(x)/‖g(x)‖ at x, rho away along Hg.
func TestHVPOnQuadratic(t *testing.T) {
	const lr, rho, alpha = 0.5, 0.3, 0.7
	got := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 1, Params: params{"mode": "hvp", "lr": lr, "rho": rho, "alpha": alpha},
	})[0]
	w := []float64{1, -2, 3}
	a := times(times(w))
	x := make([]float64, 3)
	for i := range x {
		x[i] = w[i] + rho*a[i]/norm(a)
	}
	g := times(x)
	hg := times(g)
	for i := range w {
		want := w[i] - lr*(curvature[i]*w[i]+alpha*rho*hg[i]/norm(g))
		if math.Abs(float64(got[i])-want) > 1e-5 {
			t.Errorf("element %d is %v, want %v", i, got[i], want)
		}
	}
}

// The more the neighbourhood's gradient is lowered, the flatter: at matched training loss the largest eigenvalue of the
// Hessian with GAM is at most that with SAM of the same radius, and SAM's is smaller than that of SGD.
func TestClaimFlatterThanSAM(t *testing.T) {
	const target, limit = 0.05, 1600
	common := func(p params) params { p["lr"], p["momentum"] = 0.03, 0.9; return p }
	code := params{"rho": 0.1, "rho_prime": 0.1, "alpha": 0.5, "beta": 0.5, "gamma": 0.03}
	paper := maps.Clone(code)
	paper["mode"] = "paper"
	var l [4][]float64
	for seed := range uint64(5) {
		n := claims.NewNoisy(t, seed+1)
		for i, c := range []struct {
			plugin any
			params params
		}{{sgd.Optimizer{}, params{}}, {sam.Optimizer{}, params{"rho": 0.1}}, {Optimizer{}, code}, {Optimizer{}, paper}} {
			w, _ := n.Train(t, c.plugin, common(c.params), target, limit)
			l[i] = append(l[i], n.LambdaMax(t, w))
		}
	}
	claims.Less(t, "λ_max: SAM, SGD", l[1], l[0])
	claims.Less(t, "λ_max: GAM (code), SAM", l[2], l[1])
	claims.Less(t, "λ_max: GAM (paper), SAM", l[3], l[1])
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"mode": "fast", "rho": -1.0}, []string{"mode", "rho"}},
		{params{"alpha": 1.5}, []string{"alpha: expected at most 1"}},
		{params{"mode": "hvp", "alpha": 1.5}, nil},
		{params{"mode": "hvp", "beta": 0.5, "gamma": 0.3}, []string{"beta: has no effect", "gamma: has no effect"}},
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

package looksam

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/claims"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// The test binary is also the plugins that looksam is compared with, when it is started with their name.
func TestMain(m *testing.M) {
	golden.Main(m, Optimizer{}, sgd.Optimizer{}, adam.Optimizer{}, adamw.Optimizer{}, sam.Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }

func TestStill(t *testing.T) { golden.Still(t, params{"momentum": 0.9}) }

func TestResume(t *testing.T) {
	for _, p := range []params{{"momentum": 0.9, "rho": 0.3}, {"base": "adamw", "lr": 0.02, "every": 4, "window_start": 0.1}} {
		golden.Resume(t, p)
	}
}

func TestBits(t *testing.T) {
	golden.Bits(t, Optimizer{}.Info(), 1, 0x2a5b56256dec930f, params{}, params{"rho": 0.3, "every": 3})
}

// Steps between those of SAM cost one gradient, at w.
func TestGradientsOfSteps(t *testing.T) {
	r, path := golden.Record(t, "logistic", params{"every": 4, "window_start": 0.1, "window_end": 0.8, "lr": 0.5})
	i := 0
	for step := range 20 {
		if step > 0 {
			if err := plugintest.SameBits(r.Points[i], path[step-1]); err != nil {
				t.Fatalf("step %d: the first gradient is not at the committed parameters: %v", step, err)
			}
		}
		i++
		if 2 <= step && step < 16 && (step-2)%4 == 0 {
			if !r.Options[i].FreezeStats {
				t.Errorf("step %d: the second gradient moves the statistics", step)
			}
			i++
		}
	}
	if i != len(r.Points) {
		t.Errorf("%d gradients, want %d", len(r.Points), i)
	}
}

// What is kept is orthogonal to the gradient of the step that it is from.
func TestKeptIsOrthogonal(t *testing.T) {
	curvature, start := []float64{10, 1, 0.1}, []float32{1, -2, 3}
	at := start
	plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 12, Params: params{"every": 3, "rho": 0.5, "lr": 0.01},
		OnCommit: func(k pluginhost.Commit) {
			if (k.Step-1)%3 == 0 {
				dot, kept, length := 0.0, 0.0, 0.0
				for i, v := range k.State["kept"] {
					g := curvature[i] * float64(at[i])
					dot, kept, length = dot+float64(v)*g, kept+float64(v)*float64(v), length+g*g
				}
				if kept == 0 || math.Abs(dot) > 1e-5*math.Sqrt(kept*length) {
					t.Errorf("step %d: the cosine is %v of a vector of norm %v", k.Step, dot/math.Sqrt(kept*length), math.Sqrt(kept))
				}
			}
			at = slices.Clone(k.Params)
		},
	})
}

// In one dimension nothing is orthogonal to the gradient, and the steps in between are those of the base: the rounding of
// the difference is not stretched to the length of the gradient.
func TestRoundingIsNotKept(t *testing.T) {
	const lr, rho, h = 0.1, 0.3, 0.7
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(h), Init: []float32{1.7}, Steps: 20, Params: params{"every": 3, "rho": rho, "lr": lr},
	})
	w := float64(float32(1.7))
	for k := range path {
		u := h * w
		if k%3 == 0 {
			u = h * (w + math.Copysign(rho, w))
		}
		w -= lr * u
		if math.Abs(float64(path[k][0])-w) > 1e-6 {
			t.Fatalf("step %d: %v, want %v", k+1, path[k][0], w)
		}
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"every": 0, "rho": -1.0, "alpha": -1.0}, []string{"alpha", "every", "rho"}},
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

// At matched training loss, with a fifth of SAM's second gradients, the largest eigenvalue of the Hessian is smaller than
// that of SGD. alpha is small: with the published 0.7 this training does not learn its labels.
func TestClaimFlatterThanSGD(t *testing.T) {
	var l [2][]float64
	for seed := range uint64(5) {
		n := claims.NewNoisy(t, seed+1)
		for i, c := range []struct {
			plugin any
			params params
		}{{sgd.Optimizer{}, params{}}, {Optimizer{}, params{"alpha": 0.1}}} {
			c.params["lr"], c.params["momentum"] = 0.03, 0.9
			w, _ := n.Train(t, c.plugin, c.params, 0.05, 1200)
			l[i] = append(l[i], n.LambdaMax(t, w))
		}
	}
	claims.Less(t, "λ_max: LookSAM, SGD", l[1], l[0])
}

package sam

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/claims"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// The test binary is also the plugins that sam claims to equal, when it is started with their name.
func TestMain(m *testing.M) {
	golden.Main(m, Optimizer{}, sgd.Optimizer{}, adam.Optimizer{}, adamw.Optimizer{})
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

// direction is H(w + rho·Hw/‖Hw‖), what SAM follows on ½wᵀHw, with the norm and the ascent over the elements in.
func direction(w []float64, rho float64, in []bool) []float64 {
	norm := 0.0
	for i, h := range curvature {
		if in[i] {
			norm += h * h * w[i] * w[i]
		}
	}
	norm = math.Sqrt(norm)
	u := make([]float64, len(w))
	for i, h := range curvature {
		u[i] = h * w[i]
		if in[i] {
			u[i] = h * (w[i] + rho*h*w[i]/norm)
		}
	}
	return u
}

func near(t *testing.T, what any, step int, got []float32, want []float64) {
	t.Helper()
	for i := range got {
		if math.Abs(float64(got[i])-want[i]) > 1e-5*math.Max(1, math.Abs(want[i])) {
			t.Fatalf("%v: step %d, element %d: %v, want %v", what, step, i, got[i], want[i])
		}
	}
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}

var all = []bool{true, true, true}

// From w_0 a plain step follows H(w_0 + rho·Hw_0/‖Hw_0‖) exactly.
func TestDirectionOnQuadratic(t *testing.T) {
	for _, rho := range []float64{0.05, 0.5, 5} {
		w := train(t, 1, params{"rho": rho, "lr": 1.0})[0]
		want := float64s(start)
		for i, u := range direction(float64s(start), rho, all) {
			want[i] -= u
		}
		near(t, rho, 1, w, want)
	}
}

func TestAgainstReference(t *testing.T) {
	const lr, mu, wd, rho = 0.02, 0.9, 0.3, 0.2
	scale := func(k int) float64 { return 1 - float64(k)/40 }
	tensors := []engine.Tensor{
		{Name: "a", Kind: engine.NormScale, Shape: []int{1}},
		{Name: "b", Kind: engine.Weight, Shape: []int{1}, Offset: 1},
		{Name: "c", Kind: engine.NormShift, Shape: []int{1}, Offset: 2},
	}
	for scope, in := range map[string][]bool{"all": all, "norm": {true, false, true}, "no-norm": {false, true, false}} {
		ref, b := float64s(start), make([]float64, len(start))
		for k, w := range plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 25, Tensors: tensors, LRScale: scale,
			Params: params{"rho": rho, "scope": scope, "lr": lr, "momentum": mu, "nesterov": true, "weight_decay": wd},
		}) {
			// Weight decay acts on w, not on the perturbed point.
			for i, u := range direction(ref, rho, in) {
				d := u + wd*ref[i]
				b[i] = mu*b[i] + d
				ref[i] -= lr * scale(k) * (d + mu*b[i])
			}
			near(t, scope, k+1, w, ref)
		}
	}
	const b1, b2, eps = 0.9, 0.99, 1e-6
	ref, m, v := float64s(start), make([]float64, len(start)), make([]float64, len(start))
	for k, w := range train(t, 25, params{"base": "adamw", "rho": rho, "lr": lr, "beta2": b2, "eps": eps, "weight_decay": wd}) {
		for i, u := range direction(ref, rho, all) {
			m[i] = b1*m[i] + (1-b1)*u
			v[i] = b2*v[i] + (1-b2)*u*u
			mhat, vhat := m[i]/(1-math.Pow(b1, float64(k+1))), v[i]/(1-math.Pow(b2, float64(k+1)))
			ref[i] -= lr*wd*ref[i] + lr*mhat/(math.Sqrt(vhat)+eps)
		}
		near(t, "adamw", k+1, w, ref)
	}
}

// With rho = 0 the trajectory is that of the base, bit for bit, whatever the base's parameters.
func TestDegeneratesToBase(t *testing.T) {
	problem := plugintest.Logistic([][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}}, []int{1, -1, -1, 1}, 2)
	for _, c := range []struct {
		base   string
		params params
	}{
		{"sgd", params{"lr": 0.3}},
		{"sgd", params{"lr": 0.3, "momentum": 0.9, "nesterov": true, "weight_decay": 0.01}},
		{"sgd", params{"lr": 0.3, "momentum": 0.9, "weight_decay": 0.01, "decay": "decoupled"}},
		{"adamw", params{"lr": 0.03, "weight_decay": 0.1}},
		{"adamw", params{"lr": 0.03, "weight_decay": 0.1, "decay": "l2", "beta1": 0.5}},
	} {
		run := func(program *pluginhost.Program, p params) [][]float32 {
			return plugintest.Optimize(t, plugintest.OptimizeCase{
				Program: program, Workload: problem, Init: []float32{0.5, -0.25}, Steps: 24, Params: p,
				LRScale: func(k int) float64 { return 1 - float64(k)/24 },
			})
		}
		base := plugintest.Self(c.base)
		want := run(&base, c.params)
		own := params{"rho": 0.0, "base": c.base}
		for k, v := range c.params {
			own[k] = v
		}
		for k, w := range run(nil, own) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", own, k+1, c.base, err)
			}
		}
	}
}

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }

// Without a perturbation weight decay in the loss is the coupled weight decay of the base, bit for bit.
func TestPenaltyIsCoupledDecay(t *testing.T) {
	golden.Same(t, params{"rho": 0.0, "l2_in_loss": true, "weight_decay": 0.1, "momentum": 0.9}, "sgd", params{"weight_decay": 0.1, "momentum": 0.9})
	golden.Same(t, params{"rho": 0.0, "l2_in_loss": true, "weight_decay": 0.1, "base": "adam", "lr": 0.001}, "adam", params{"weight_decay": 0.1})
}

// Outside the window the steps are those of the base, bit for bit, and cost one gradient.
func TestWindow(t *testing.T) {
	own := params{"lr": 0.02, "momentum": 0.9}
	base := plugintest.Self("sgd")
	want := plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: &base, Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 20, Params: own,
	})
	r := &requests{Workload: plugintest.Quadratic(curvature...)}
	own["window_start"], own["window_end"], own["rho"] = 0.5, 0.75, 0.3
	path := plugintest.Optimize(t, plugintest.OptimizeCase{Workload: r, Init: start, Steps: 20, Params: own})
	for k := range 10 {
		if err := plugintest.SameBits(path[k], want[k]); err != nil {
			t.Errorf("step %d before the window differs from the base: %v", k+1, err)
		}
	}
	if plugintest.SameBits(path[10], want[10]) == nil {
		t.Error("the first step inside the window is that of the base")
	}
	if len(r.batches) != 25 {
		t.Errorf("%d gradients in 20 steps, 5 of them inside the window", len(r.batches))
	}
}

// requests writes down what is asked of a workload.
type requests struct {
	oracle.Workload
	batches []oracle.Batch
	options []oracle.Options
	points  [][]float32
}

func (r *requests) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	r.batches, r.options, r.points = append(r.batches, b), append(r.options, o), append(r.points, slices.Clone(w))
	return r.Workload.Grad(b, w, out, o)
}

// Each step asks for two gradients on the same minibatch; only the first, at the committed parameters, moves the
// statistics of batch normalisation, and the second is exactly rho away.
func TestTwoGradientsOnOneBatch(t *testing.T) {
	r := &requests{Workload: plugintest.Quadratic(curvature...)}
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: r, Init: start, Steps: 5, Params: params{"rho": 0.3, "lr": 0.02},
	})
	if len(r.batches) != 10 {
		t.Fatalf("%d gradients in 5 steps", len(r.batches))
	}
	at := start
	for k := range 5 {
		i, j := 2*k, 2*k+1
		if want := (oracle.Batch{Stream: oracle.Train, Index: uint64(k)}); r.batches[i] != want || r.batches[j] != want {
			t.Errorf("step %d: batches %v and %v", k+1, r.batches[i], r.batches[j])
		}
		if r.options[i].FreezeStats || !r.options[j].FreezeStats {
			t.Errorf("step %d: freeze %v and %v", k+1, r.options[i].FreezeStats, r.options[j].FreezeStats)
		}
		if err := plugintest.SameBits(r.points[i], at); err != nil {
			t.Errorf("step %d: the first gradient is not at the committed parameters: %v", k+1, err)
		}
		sq := 0.0
		for e := range at {
			d := float64(r.points[j][e]) - float64(at[e])
			sq += d * d
		}
		if math.Abs(math.Sqrt(sq)-0.3) > 1e-6 {
			t.Errorf("step %d: the perturbation has norm %v", k+1, math.Sqrt(sq))
		}
		at = path[k]
	}
}

// Inside ‖w‖ < rho SAM is drawn to the saddle of ½(x² − y²), which gradient descent leaves (Monzio Compagnoni et al.
// 2023).
func TestSaddle(t *testing.T) {
	const rho = 0.1
	run := func(program *pluginhost.Program, p params) float64 {
		path := plugintest.Optimize(t, plugintest.OptimizeCase{
			Program: program, Workload: plugintest.Quadratic(1, -1), Init: []float32{1e-3, 1e-3}, Steps: 200, Params: p,
		})
		return math.Abs(float64(path[199][1]))
	}
	base := plugintest.Self("sgd")
	if y := run(&base, params{"lr": 0.1}); y <= 1 {
		t.Errorf("gradient descent stays at y = %v", y)
	}
	if y := run(nil, params{"lr": 0.1, "rho": rho}); y > rho {
		t.Errorf("SAM goes to y = %v", y)
	}
}

func TestNothingToDo(t *testing.T) {
	flat := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(0, 0, 0), Init: start, Steps: 3, Params: params{"momentum": 0.9},
	})
	for name, path := range map[string][][]float32{"a zero gradient": flat, "lr = 0": train(t, 3, params{"lr": 0, "weight_decay": 0.1})} {
		if err := plugintest.SameBits(path[2], start); err != nil {
			t.Errorf("%s: the parameters moved: %v", name, err)
		}
	}
}

func TestResume(t *testing.T) {
	for _, p := range []params{
		{"lr": 0.02, "momentum": 0.9, "nesterov": true, "weight_decay": 0.1},
		{"base": "adamw", "lr": 0.02},
	} {
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
		{params{"rho": 0.1, "lr": 0.01, "momentum": 0.9, "weight_decay": 0.01}, []float32{0.21993807, -0.1918862, 2.613311}},
		{params{"base": "adamw", "rho": 0.1, "lr": 0.03, "weight_decay": 0.1}, []float32{0.3884094, -1.3150437, 2.2522044}},
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
		{params{"rho": -0.1, "base": "rmsprop"}, []string{"base", "rho"}},
		{params{"base": "adamw", "momentum": 0.9}, []string{"momentum: has no effect"}},
		{params{"beta1": 0.8}, []string{"beta1: has no effect"}},
		{params{"scope": "norm"}, []string{"scope: no parameter of this workload"}},
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

// At matched training loss the largest eigenvalue of the Hessian falls with rho (Foret et al. 2020, figure 3, and many
// after them).
func TestClaimFlatter(t *testing.T) {
	const target = 0.05
	radii, limits := []float64{0, 0.05, 0.1, 0.2}, []int{800, 1000, 1200, 1800}
	l := make([][]float64, len(radii))
	for seed := range uint64(5) {
		n := claims.NewNoisy(t, seed+1)
		for i, rho := range radii {
			w, _ := n.Train(t, Optimizer{}, params{"rho": rho, "lr": 0.03, "momentum": 0.9}, target, limits[i])
			l[i] = append(l[i], n.LambdaMax(t, w))
		}
	}
	for i := range radii[1:] {
		claims.Less(t, fmt.Sprintf("λ_max: rho = %v, %v", radii[i+1], radii[i]), l[i+1], l[i])
	}
}

// The end of the training is what counts (after Gubri et al. 2023): SAM in the last quarter only ends as flat as SAM
// throughout, to a fifth, and flatter than SGD; SAM in the first quarter only does not end flatter than SGD. After 1600
// steps all four have training losses between 0.001 and 0.003.
func TestClaimLateWindow(t *testing.T) {
	const steps = 1600
	var l [4][]float64
	for seed := range uint64(5) {
		n := claims.NewNoisy(t, seed+1)
		for i, p := range []params{
			{"rho": 0.0}, {"rho": 0.1}, {"rho": 0.1, "window_start": 0.75}, {"rho": 0.1, "window_end": 0.25},
		} {
			p["lr"], p["momentum"] = 0.03, 0.9
			w := n.After(t, Optimizer{}, p, steps)
			l[i] = append(l[i], n.LambdaMax(t, w))
			if loss := n.Loss(t, w); loss < 0.0005 || loss > 0.005 {
				t.Errorf("seed %d, %v: the training loss is %v, not to be compared with the others", seed+1, p, loss)
			}
		}
	}
	sgd, full, late, early := l[0], l[1], l[2], l[3]
	claims.Less(t, "λ_max: last quarter, SGD", late, sgd)
	claims.Less(t, "λ_max: SGD, first quarter", sgd, early)
	bound := make([]float64, len(full))
	for i, v := range full {
		bound[i] = 1.2 * v
	}
	claims.Less(t, "λ_max: last quarter, 1.2 times throughout", late, bound)
}

package usam

import (
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// The test binary is also the plugins that usam is compared with, when it is started with their name.
func TestMain(m *testing.M) {
	golden.Main(m, Optimizer{}, sgd.Optimizer{}, adam.Optimizer{}, adamw.Optimizer{}, sam.Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }

func TestStill(t *testing.T) { golden.Still(t, params{"momentum": 0.9}) }

func TestResume(t *testing.T) {
	for _, p := range []params{{"momentum": 0.9, "rho": 0.3}, {"base": "adamw", "lr": 0.02}} {
		golden.Resume(t, p)
	}
}

func TestBits(t *testing.T) {
	golden.Bits(t, Optimizer{}.Info(), 1, 0xaa33aa05f1caa28b, params{}, params{"rho": 0.3, "momentum": 0.9})
}

// From w a plain step follows H(w + rho·H(w)) exactly, whatever the length of the gradient; with ascent_clip the
// perturbation has that length where it would be longer.
func TestDirectionOnQuadratic(t *testing.T) {
	curvature, start := []float64{10, 1, 0.1}, []float32{1, -2, 3}
	length := math.Hypot(10, math.Hypot(2, 0.3)) // of the gradient at the start
	for _, c := range []struct{ rho, clip float64 }{{0.01, 0}, {0.5, 0}, {0.5, 2}, {0.5, 20}} {
		scale := c.rho
		if c.clip > 0 {
			scale = math.Min(scale, c.clip/length)
		}
		w := plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 1, Params: params{"rho": c.rho, "ascent_clip": c.clip, "lr": 1.0},
		})[0]
		for i, h := range curvature {
			x := float64(start[i])
			want := x - h*(x+scale*h*x)
			if math.Abs(float64(w[i])-want) > 2e-6*math.Max(1, math.Abs(want)) {
				t.Errorf("%+v: element %d is %v, want %v", c, i, w[i], want)
			}
		}
	}
}

// With rho·|λ| < 1 the unnormalised ascent leaves the saddle of ½(x² − y²) that SAM is drawn to (Monzio Compagnoni et al.
// 2023).
func TestClaimLeavesSaddles(t *testing.T) {
	run := func(name string) float64 {
		program := plugintest.Self(name)
		path := plugintest.Optimize(t, plugintest.OptimizeCase{
			Program: &program, Workload: plugintest.Quadratic(1, -1), Init: []float32{1e-3, 1e-3}, Steps: 200, Params: params{"lr": 0.1, "rho": 0.1},
		})
		return math.Abs(float64(path[199][1]))
	}
	own, sam := run("usam"), run("sam")
	t.Logf("after 200 steps y = %.3g with USAM, %.3g with SAM", own, sam)
	if own <= 1 || sam > 0.1 {
		t.Errorf("y = %v with USAM, %v with SAM: expected more than 1 and at most rho = 0.1", own, sam)
	}
}

// On a curvature λ full-batch USAM is stable if and only if lr·λ(1 + rho·λ) < 2.
func TestStabilityThreshold(t *testing.T) {
	const lr, rho = 0.2, 0.1
	edge := (math.Sqrt(1+8*rho/lr) - 1) / (2 * rho)
	for _, c := range []struct {
		factor   float64
		diverges bool
	}{{0.98, false}, {1.02, true}} {
		path := plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: plugintest.Quadratic(c.factor * edge), Init: []float32{1}, Steps: 100, Params: params{"lr": lr, "rho": rho},
		})
		if (math.Abs(float64(path[99][0])) > 1) != c.diverges {
			t.Errorf("λ = %v of the threshold %v: w went from 1 to %v", c.factor, edge, path[99][0])
		}
	}
}

// At the edge of stability: on ½(uv − 1)² from a minimum's sharp side gradient descent stays below 2/lr only, USAM goes to
// where its own threshold (√(1 + 8·rho/lr) − 1)/(2·rho) is kept (after Agarwala & Dauphin 2023).
func TestClaimEdgeOfStability(t *testing.T) {
	const lr, rho = 0.2, 0.1
	// On uv = 1 the sharpness is u² + v²; this is 9.11, and a little beside the minimum.
	v := math.Sqrt((9.11 - math.Sqrt(9.11*9.11-4)) / 2)
	start := []float32{float32(1/v + 0.01), float32(v)}
	f := plugintest.Func(2, func(w []float64) (float64, []float64) {
		r := float64(w[0]*w[1]) - 1
		return r * r / 2, []float64{r * w[1], r * w[0]}
	})
	sharpness := func(name string) float64 {
		program := plugintest.Self(name)
		p := params{"lr": lr}
		if name == "usam" {
			p["rho"] = rho
		}
		path := plugintest.Optimize(t, plugintest.OptimizeCase{Program: &program, Workload: f, Init: start, Steps: 2000, Params: p})
		a, b := float64(path[1999][0]), float64(path[1999][1])
		if math.Abs(a*b-1) > 1e-3 {
			t.Errorf("%s ends at uv = %v, not a minimum", name, a*b)
		}
		return a*a + b*b
	}
	edge := (math.Sqrt(1+8*rho/lr) - 1) / (2 * rho)
	descent, own := sharpness("sgd"), sharpness("usam")
	t.Logf("sharpness ends at %.3f with gradient descent (2/lr = %.0f), %.3f with USAM (its threshold is %.3f)", descent, 2/lr, own, edge)
	if !(descent > edge && own <= edge) {
		t.Errorf("expected gradient descent above %v and USAM not", edge)
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"rho": -0.1, "ascent_clip": -1.0}, []string{"ascent_clip", "rho"}},
		{params{"scope": "norm", "window_start": 0.9, "window_end": 0.5}, []string{"scope: no parameter", "window_end: expected more"}},
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

package bloop

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that bloop claims to equal, when it is started with their name.
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

type params = map[string]any

// valley has the loss ½x², with noise in both elements of its gradient, and the auxiliary objective
// ½(x−shift)² + ½y²: among the minima of the loss, the line x = 0, the best is the origin.
type valley struct {
	shift, noise float64
	seed         uint64
}

func (valley) Dim() int           { return 2 }
func (valley) HasAuxiliary() bool { return true }

func (v valley) losses(w []float32) (main, aux float64) {
	x, y := float64(w[0]), float64(w[1])
	return x * x / 2, ((x-v.shift)*(x-v.shift) + y*y) / 2
}

func (v valley) Loss(_ oracle.Batch, w []float32, o oracle.Options) (oracle.Eval, error) {
	main, aux := v.losses(w)
	if o.Auxiliary {
		main = aux
	}
	return oracle.Eval{Loss: main, Examples: 1, G: 1}, nil
}

func (v valley) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	if o.Auxiliary {
		out[0], out[1] = float32(float64(w[0])-v.shift), w[1]
	} else {
		rng.Normal(out, v.seed, "noise", b.Index, v.noise)
		out[0] += w[0]
	}
	return v.Loss(b, w, o)
}

func (valley) Outputs(oracle.Batch, []float32, []float32, oracle.Options) (oracle.Eval, error) {
	panic("nobody asks")
}

func run(t *testing.T, steps int, v valley, p params) [][]float32 {
	t.Helper()
	return plugintest.Optimize(t, plugintest.OptimizeCase{Workload: v, Init: []float32{1, 3}, Steps: steps, Params: p})
}

// One step of every mode by hand: at (1, 3) the gradient of the loss is (1, 0), that of the auxiliary objective (1−s, 3).
func TestFirstStep(t *testing.T) {
	for _, c := range []struct {
		mode   string
		shift  float64
		lambda float64
		want   [2]float64 // direction
	}{
		{"bloop", 2, 0.5, [2]float64{1, 1.5}},
		{"bloop", -2, 0.5, [2]float64{1, 1.5}},
		{"mixed", 2, 0.5, [2]float64{0.5, 1.5}},
		{"barrier", 2, 0.5, [2]float64{1, 1.5}},   // r = −1
		{"barrier", -3, 0.5, [2]float64{2, 1.5}},  // r = 4 > 2: the auxiliary gradient alone
		{"pcgrad", -2, 0.5, [2]float64{2.5, 1.5}}, // no conflict: mixed
		// Conflict: a = (−1, 3) loses its part along (1, 0), g = (1, 0) its part −1/10 along a.
		{"pcgrad", 2, 0.5, [2]float64{1 - 0.1, 0.3 + 1.5}},
	} {
		w := run(t, 1, valley{shift: c.shift}, params{"mode": c.mode, "lambda": c.lambda, "lr": 1.0})[0]
		for i, start := range []float64{1, 3} {
			if got := start - float64(w[i]); math.Abs(got-c.want[i]) > 1e-5 {
				t.Errorf("%+v: direction %d is %v", c, i, got)
			}
		}
	}
}

// Without noise bloop finds the best minimum, as nearly as what keeps the projection from dividing by zero lets it; mixing
// does not.
func TestWithoutNoise(t *testing.T) {
	last := func(mode string) []float32 {
		return run(t, 500, valley{shift: 1}, params{"mode": mode, "lr": 0.05})[499]
	}
	if w := last("bloop"); math.Abs(float64(w[0])) > 1e-2 || math.Abs(float64(w[1])) > 1e-3 {
		t.Errorf("bloop ends at %v", w)
	}
	if w := last("mixed"); math.Abs(float64(w[0])-0.5) > 1e-3 {
		t.Errorf("mixed ends at %v", w)
	}
}

// On a noisy valley bloop's loss is a tenth of that of mixing the gradients, lower than without the average, and its
// auxiliary objective lower than of training on the loss alone (Hsieh et al. 2024, at the scale of a toy).
func TestClaimBilevelToy(t *testing.T) {
	const steps, seeds = 20000, 3
	lower := [3]int{}
	for seed := uint64(1); seed <= seeds; seed++ {
		v := valley{shift: 4.0 / 3, noise: 1, seed: seed}
		run := func(p params) (main, aux float64) {
			p["lr"] = 0.02
			path, err := sdktest.Train(Optimizer{}, sdktest.Case{Workload: v, Init: []float32{1, 3.13}, Steps: steps, Params: p})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range path[steps/2:] {
				m, a := v.losses(w)
				main, aux = main+m/(steps/2), aux+a/(steps/2)
			}
			return main, aux
		}
		main, aux := run(params{"ema": 0.01})
		single, _ := run(params{"ema": 1.0})
		mixed, _ := run(params{"mode": "mixed"})
		_, alone := run(params{"lambda": 0.0})
		t.Logf("seed %d: loss %.4f, without the average %.4f, mixed %.4f; auxiliary %.3f, of the loss alone %.3f", seed, main, single, mixed, aux, alone)
		for i, ok := range []bool{main <= 0.1*mixed, main < single, aux < alone} {
			if ok {
				lower[i]++
			}
		}
	}
	verdict := "holds"
	if lower != [3]int{seeds, seeds, seeds} {
		verdict = "does not hold"
		t.Errorf("of %d seeds, %v satisfy the three inequalities", seeds, lower)
	}
	t.Logf("the claim %s on %v of %d seeds", verdict, lower, seeds)
}

func TestDeclaredDegenerates(t *testing.T) {
	for _, d := range (Optimizer{}).Info().Degenerate {
		base := plugintest.Self(d.Equals)
		c := plugintest.OptimizeCase{Workload: valley{shift: 1, noise: 0.1}, Init: []float32{1, 3}, Steps: 20, Program: &base}
		want := plugintest.Optimize(t, c)
		for k, w := range run(t, 20, valley{shift: 1, noise: 0.1}, d.When) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", d.When, k+1, d.Equals, err)
			}
		}
	}
}

// Against references in float64; see the package golden.
func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestResume(t *testing.T) {
	for _, mode := range []string{"bloop", "pcgrad", "mixed"} {
		plugintest.Resume(t, plugintest.OptimizeCase{
			Workload: valley{shift: 1, noise: 0.5}, Init: []float32{1, 3}, Steps: 10, Params: params{"mode": mode, "momentum": 0.9},
		})
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		problem sdk.Problem
		given   params
		want    string
	}{
		{sdk.Problem{Dim: 3}, nil, "this workload has no auxiliary objective"},
		{sdk.Problem{Dim: 3, Auxiliary: true}, nil, ""},
		{sdk.Problem{}, params{"mode": "mixed", "ema": 0.5}, "ema: has no effect"},
	} {
		p, problems := sdk.NewParams((Optimizer{}).Info().Params, c.given)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := check(c.problem, p)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0].String(), c.want)) {
			t.Errorf("%v: got %q, want %q", c.given, got, c.want)
		}
	}
	_, _, err := plugintest.Try(t, plugintest.OptimizeCase{Workload: plugintest.Quadratic(1, 2), Init: []float32{1, 1}, Steps: 1})
	if err == nil || !strings.Contains(err.Error(), "no auxiliary objective") {
		t.Errorf("a workload without an auxiliary objective: %v", err)
	}
}

package msam

import (
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

// The test binary is also the plugins that msam is compared with, when it is started with their name.
func TestMain(m *testing.M) {
	golden.Main(m, Optimizer{}, sgd.Optimizer{}, adam.Optimizer{}, adamw.Optimizer{}, sam.Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }

func TestStill(t *testing.T) { golden.Still(t, params{"m": 1, "momentum": 0.9}) }

func TestResume(t *testing.T) {
	for _, p := range []params{{"momentum": 0.9, "m": 2}, {"base": "adamw", "lr": 0.02, "m": 4}} {
		golden.Resume(t, p)
	}
}

func TestBits(t *testing.T) {
	golden.Bits(t, Optimizer{}.Info(), 1, 0x75f9410656f22dc6, params{}, params{"rho": 0.3, "momentum": 0.9})
}

// A micro-batch that is the minibatch is SAM, bit for bit.
func TestWholeMinibatchIsSAM(t *testing.T) {
	golden.Same(t, params{"m": 6, "momentum": 0.9}, "sam", params{"momentum": 0.9}, "logistic")
	golden.Same(t, params{"m": 12, "bn_update": "both"}, "sam", params{"bn_update": "both"}, "mlp")
	golden.Same(t, params{"m": 1}, "sam", nil, "quadratic")
}

// Outside the window the minibatch is not cut: the steps are those of the base, bit for bit.
func TestWindow(t *testing.T) {
	golden.Same(t, params{"m": 2, "rho": 0.3, "window_start": 0.99, "momentum": 0.9}, "sgd", params{"momentum": 0.9}, "logistic", "mlp")
}

// Each micro-batch is asked for twice in a row, at w and rho away; together they are the minibatch, once, and what is left
// of it is the last.
func TestMicroBatches(t *testing.T) {
	const rho = 0.3
	r, _ := golden.Record(t, "mlp", params{"rho": rho, "m": 5, "lr": 0.1})
	i := 0
	for step := range 20 {
		n := 12
		if step%4 == 3 {
			n = 9
		}
		w := r.Points[i]
		for from := 0; from < n; from += 5 {
			want := oracle.Batch{Stream: oracle.Train, Index: uint64(step), Part: oracle.Range, From: uint32(from), To: uint32(min(from+5, n))}
			if r.Batches[i] != want || r.Batches[i+1] != want {
				t.Fatalf("step %d: requests for %+v and %+v, want %+v", step, r.Batches[i], r.Batches[i+1], want)
			}
			if r.Options[i].FreezeStats || !r.Options[i+1].FreezeStats {
				t.Errorf("step %d: freeze %v and %v", step, r.Options[i].FreezeStats, r.Options[i+1].FreezeStats)
			}
			if err := plugintest.SameBits(r.Points[i], w); err != nil {
				t.Errorf("step %d: a first gradient is not at w: %v", step, err)
			}
			square := 0.0
			for e := range w {
				square += math.Pow(float64(r.Points[i+1][e])-float64(w[e]), 2)
			}
			if math.Abs(math.Sqrt(square)-rho) > 1e-5 {
				t.Errorf("step %d: the perturbation has norm %v", step, math.Sqrt(square))
			}
			i += 2
		}
	}
	if i != len(r.Batches) {
		t.Errorf("%d gradients, want %d", len(r.Batches), i)
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"m": -1, "rho": -1.0}, []string{"m:", "rho"}},
		{params{"m": 2}, []string{"m: is more than"}}, // the problem has batches of 1
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

// The smaller the micro-batches, the flatter: at matched training loss the largest eigenvalue of the Hessian with an eighth
// of the minibatch is smaller than with the whole of it (Foret et al. 2020, section 4.1, of the test error).
func TestClaimSmallerIsFlatter(t *testing.T) {
	var l [2][]float64
	for seed := range uint64(5) {
		n := claims.NewNoisy(t, seed+1)
		for i, c := range []struct{ m, limit int }{{0, 1200}, {4, 2200}} {
			w, _ := n.Train(t, Optimizer{}, params{"m": c.m, "rho": 0.1, "lr": 0.03, "momentum": 0.9}, 0.05, c.limit)
			l[i] = append(l[i], n.LambdaMax(t, w))
		}
	}
	claims.Less(t, "λ_max: m = 4, 32", l[1], l[0])
}

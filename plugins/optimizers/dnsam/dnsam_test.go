package dnsam

import (
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// The test binary is also the plugins that dnsam is compared with, when it is started with their name.
func TestMain(m *testing.M) {
	golden.Main(m, Optimizer{}, sgd.Optimizer{}, adam.Optimizer{}, adamw.Optimizer{}, sam.Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }

func TestStill(t *testing.T) { golden.Still(t, params{"momentum": 0.9}) }

func TestResume(t *testing.T) {
	for _, p := range []params{{"momentum": 0.9}, {"norm_every": 4, "window_start": 0.1}} {
		golden.Resume(t, p)
	}
}

func TestBits(t *testing.T) {
	golden.Bits(t, Optimizer{}.Info(), 1, 0x2d9f1594e19e9700, params{}, params{"rho": 0.3, "norm_every": 3})
}

// With full batches it is SAM, bit for bit.
func TestFullBatchIsSAM(t *testing.T) {
	for _, p := range []params{{}, {"rho": 0.3, "momentum": 0.9, "weight_decay": 0.1}, {"rho": 0.3, "scope": "weights", "base": "adamw", "lr": 0.01}} {
		golden.Same(t, p, "sam", p, "quadratic")
	}
}

// The perturbation is rho·‖g of the minibatch‖/‖g of all examples‖ long, and the full gradient is asked for in every
// norm_every-th step, counted over the run, the first one included.
func TestFullGradients(t *testing.T) {
	const rho, every = 0.1, 3
	r, _ := golden.Record(t, "logistic", params{"rho": rho, "norm_every": every, "lr": 0.5})
	step, full := 0, 0
	for i := 0; i < len(r.Batches); step++ {
		if want := (oracle.Batch{Stream: oracle.Train, Index: uint64(step)}); r.Batches[i] != want || r.Options[i].FreezeStats {
			t.Fatalf("request %d is %+v, want the minibatch of step %d", i, r.Batches[i], step)
		}
		i++
		if step%every == 0 {
			if r.Batches[i].Stream != oracle.Full || plugintest.SameBits(r.Points[i], r.Points[i-1]) != nil {
				t.Fatalf("step %d: request %d is %+v, want the full gradient at the same point", step, i, r.Batches[i])
			}
			full++
			i++
		}
		if r.Batches[i].Stream != oracle.Train || !r.Options[i].FreezeStats {
			t.Fatalf("step %d: request %d is %+v, want the second gradient", step, i, r.Batches[i])
		}
		i++
	}
	if step != 20 || full != 7 {
		t.Errorf("%d steps with %d full gradients, want 20 with 7", step, full)
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"norm_every": 0, "rho": -1.0}, []string{"norm_every", "rho"}},
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

package prune

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that prune claims to equal, when it is started with their name.
func TestMain(m *testing.M) {
	switch os.Args[len(os.Args)-1] {
	case "sgd":
		sdktest.TestMain(m, sgd.Optimizer{})
	case "adamw":
		sdktest.TestMain(m, adamw.Optimizer{})
	case "sam":
		sdktest.TestMain(m, sam.Optimizer{})
	default:
		sdktest.TestMain(m, Optimizer{})
	}
}

type params = map[string]any

// problem is a quadratic of two prunable tensors around a bias.
func problem() plugintest.OptimizeCase {
	const n, steps = 41, 30
	h, w := make([]float64, n), make([]float32, n)
	for i := range h {
		h[i] = 1 / float64(1+i%5)
		w[i] = float32(i%13) - 6.5
	}
	return plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(h...), Init: w, Steps: steps,
		Tensors: []engine.Tensor{
			{Name: "a.weight", Kind: engine.Weight, Shape: []int{25}, Prunable: true},
			{Name: "a.bias", Kind: engine.Bias, Shape: []int{1}, Offset: 25},
			{Name: "b.weight", Kind: engine.Weight, Shape: []int{15}, Offset: 26, Prunable: true},
		},
	}
}

func zeros(x []float32) (n int) {
	for _, v := range x {
		if v == 0 {
			n++
		}
	}
	return n
}

// Gradient steps on a quadratic never reach zero, so that every zero is one of pruning: ⌊40·s_k⌋ of them after round k,
// in the right steps, none of them the bias, and the state of the base is zero there too.
func TestSparsityByRound(t *testing.T) {
	for _, c := range []struct {
		params params
		at     []int // steps before which there is a round
	}{
		{params{"rounds": 1, "from": 0.5}, []int{15}},
		{params{"rounds": 4, "from": 0.1, "to": 0.9, "momentum": 0.9}, []int{3, 11, 19, 27}},
		{params{"rounds": 3, "from": 0.0, "to": 0.5, "base": "adamw", "lr": 0.01}, []int{0, 7, 15}},
		{params{"rounds": 2, "rho": 0.5, "momentum": 0.9, "nesterov": true, "weight_decay": 0.1}, []int{10, 20}},
		{params{"rounds": 10, "from": 0.9, "to": 0.95}, []int{27, 27, 27, 27, 27, 27, 28, 28, 28, 28}},
	} {
		const sparsity = 0.85
		c.params["sparsity"] = sparsity
		o := problem()
		o.Params = c.params
		step := 0
		o.OnCommit = func(k pluginhost.Commit) {
			round := 0
			for _, at := range c.at {
				if at <= step {
					round++
				}
			}
			step++
			want := int(40 * (1 - math.Pow(1-sparsity, float64(round)/float64(len(c.at)))))
			if n := zeros(k.Params); n != want || k.Params[25] == 0 {
				t.Errorf("%v: %d zeros after step %d, want %d", c.params, n, step, want)
			}
			for name, slot := range k.State {
				for i, v := range k.Params {
					if v == 0 && slot[i] != 0 {
						t.Errorf("%v: slot %s is %v at the pruned element %d", c.params, name, slot[i], i)
					}
				}
			}
		}
		plugintest.Optimize(t, o)
	}
}

// The largest stay, over both tensors together.
func TestSmallestGo(t *testing.T) {
	o := problem()
	o.Params = params{"sparsity": 0.5, "rounds": 1, "from": 0.0, "lr": 0.0}
	w := plugintest.Optimize(t, o)[0]
	kept, gone := math.Inf(1), 0.0
	for i, v := range o.Init {
		switch size := math.Abs(float64(v)); {
		case i == 25:
		case w[i] == 0:
			gone = max(gone, size)
		default:
			kept = min(kept, size)
		}
	}
	if gone > kept || zeros(w) != 20 {
		t.Errorf("%v went and %v stayed; %d are zero", gone, kept, zeros(w))
	}
}

// After the rounds the training is that of the base on the coordinates that are left.
func TestFineTuningIsTheBase(t *testing.T) {
	o := problem()
	own := params{"sparsity": 0.6, "rounds": 1, "from": 0.0, "lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
	o.Params = own
	path := plugintest.Optimize(t, o)
	base := plugintest.Self("sgd")
	o.Program, o.Params = &base, params{"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
	for i, v := range path[0] {
		if v == 0 {
			o.Init[i] = 0
		}
	}
	for k, w := range plugintest.Optimize(t, o) {
		for i := range w {
			if w[i] != path[k][i] {
				t.Fatalf("step %d, element %d: %v, sgd has %v", k+1, i, path[k][i], w[i])
			}
		}
	}
}

// points writes down where gradients are asked for.
type points struct {
	oracle.Workload
	at [][]float32
}

func (p *points) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	p.at = append(p.at, append([]float32(nil), w...))
	return p.Workload.Grad(b, w, out, o)
}

// Perturbations are rho long and leave pruned coordinates alone.
func TestPerturbationIsMasked(t *testing.T) {
	const rho = 0.25
	o := problem()
	p := &points{Workload: o.Workload}
	o.Workload, o.Params = p, params{"sparsity": 0.8, "rounds": 1, "from": 0.0, "rho": rho}
	plugintest.Optimize(t, o)
	for k := 0; k < len(p.at); k += 2 {
		sq := 0.0
		for i, v := range p.at[k] {
			d := float64(p.at[k+1][i]) - float64(v)
			sq += d * d
			if v == 0 && d != 0 {
				t.Fatalf("gradient %d: the pruned element %d is perturbed by %v", k, i, d)
			}
		}
		if math.Abs(math.Sqrt(sq)-rho) > 1e-6 {
			t.Errorf("gradient %d: the perturbation has norm %v", k, math.Sqrt(sq))
		}
	}
}

func TestDeclaredDegenerates(t *testing.T) {
	for _, d := range (Optimizer{}).Info().Degenerate {
		base := plugintest.Self(d.Equals)
		o := problem()
		o.Program = &base
		want := plugintest.Optimize(t, o)
		o.Program, o.Params = nil, d.When
		for k, w := range plugintest.Optimize(t, o) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", d.When, k+1, d.Equals, err)
			}
		}
	}
}

// One round, and several of which the last alone prunes anything more, are the same share.
func TestSchedule(t *testing.T) {
	l := plan{sparsity: 0.9, rounds: 3}
	var got []int
	for k := 1; k <= 3; k++ {
		got = append(got, l.kept(k, 1000))
	}
	// 1000·0.1^(1/3) = 464.2, 1000·0.1^(2/3) = 215.4, rounded up: the pruned are rounded down.
	if fmt.Sprint(got) != "[465 216 100]" {
		t.Errorf("kept %v", got)
	}
}

func TestResume(t *testing.T) {
	for _, p := range []params{
		{"rounds": 3, "from": 0.2, "to": 0.8, "momentum": 0.9},
		{"rounds": 1, "from": 0.5, "base": "adamw", "lr": 0.01},
	} {
		o := problem()
		o.Params = p
		plugintest.Resume(t, o)
	}
}

// Against references in float64; see the package golden.
func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestBadParameters(t *testing.T) {
	weightless := sdk.Problem{Dim: 3, Tensors: []sdk.Tensor{{Kind: sdk.KindBias, Shape: []int{3}}}}
	for _, c := range []struct {
		problem sdk.Problem
		given   params
		want    string
	}{
		{sdk.Problem{}, params{"from": 0.5, "to": 0.4}, "to: the last round"},
		{sdk.Problem{}, params{"from": 0.5, "to": 0.4, "rounds": 1}, ""},
		{sdk.Problem{}, params{"beta1": 0.5}, "beta1: has no effect"},
		{weightless, params{}, "pool: this workload"},
		{weightless, params{"pool": "all"}, ""},
		{weightless, params{"sparsity": 0.0}, ""},
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
	if got := plugintest.Validate(t, nil, 3, params{"sparsity": 1.0}); len(got) != 1 {
		t.Errorf("sparsity 1: %q", got)
	}
}

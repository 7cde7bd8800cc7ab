package adasap

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that adasap claims to equal, when it is started with their name.
func TestMain(m *testing.M) {
	switch os.Args[len(os.Args)-1] {
	case "sgd":
		sdktest.TestMain(m, sgd.Optimizer{})
	case "sam":
		sdktest.TestMain(m, sam.Optimizer{})
	default:
		sdktest.TestMain(m, Optimizer{})
	}
}

type params = map[string]any

// problem has a hidden layer of four neurons, 3 to 4 to 2, as far as its layout says.
func problem() plugintest.OptimizeCase {
	const n = 3*4 + 4 + 4*2
	h, w := make([]float64, n), make([]float32, n)
	for i := range h {
		h[i] = 0.5 + float64(i%3)
		w[i] = float32(1+i%4) * float32(1-2*(i%2))
	}
	return plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(h...), Init: w, Steps: 12,
		Tensors: []engine.Tensor{
			{Name: "fc1.weight", Kind: engine.Weight, Shape: []int{3, 4}},
			{Name: "fc1.bias", Kind: engine.Bias, Shape: []int{4}, Offset: 12},
			{Name: "fc2.weight", Kind: engine.Weight, Shape: []int{4, 2}, Offset: 16, Layer: 1},
		},
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

// The perturbation of a neuron is rho_max long for the weakest of a layer and rho_min for the strongest, between them in
// proportion; biases are not perturbed. In problem the norm of neuron i is proportional to i + 1.
func TestLengthByImportance(t *testing.T) {
	const most, least = 0.4, 0.1
	o := problem()
	p := &points{Workload: o.Workload}
	o.Workload, o.Params = p, params{"rho_max": most, "rho_min": least, "sparsity": 0.0}
	plugintest.Optimize(t, o)
	length := func(elements ...int) float64 {
		sq := 0.0
		for _, i := range elements {
			sq += math.Pow(float64(p.at[1][i])-float64(p.at[0][i]), 2)
		}
		return math.Sqrt(sq)
	}
	for i, want := range []float64{0.4, 0.3, 0.2, 0.1} {
		if got := length(i, 4+i, 8+i); math.Abs(got-want) > 1e-6 {
			t.Errorf("neuron %d is perturbed by %v, want %v", i, got, want)
		}
	}
	if got := length(12, 13, 14, 15); got != 0 {
		t.Errorf("biases are perturbed by %v", got)
	}
}

// The weakest neurons go whole, at the right step, and with the state of the base; the last layer stays.
func TestNeuronsGo(t *testing.T) {
	for _, importance := range []string{"l2", "l1", "taylor"} {
		o := problem()
		o.Params = params{"sparsity": 0.5, "at": 0.5, "momentum": 0.9, "importance": importance, "lr": 0.01}
		o.OnCommit = func(k pluginhost.Commit) {
			for i, v := range k.Params {
				gone := k.Step > 6 && i < 16 && i%4 < 2
				if (v == 0) != gone || gone && k.State["momentum"][i] != 0 {
					t.Errorf("%s: step %d, element %d is %v, its momentum %v", importance, k.Step, i, v, k.State["momentum"][i])
				}
			}
		}
		plugintest.Optimize(t, o)
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

// Against references in float64; see the package golden.
func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestResume(t *testing.T) {
	for _, at := range []float64{0.25, 0.5, 0.75} {
		o := problem()
		o.Params = params{"at": at, "momentum": 0.9}
		plugintest.Resume(t, o)
	}
}

func TestBadParameters(t *testing.T) {
	single := sdk.Problem{Dim: 4, Classes: 2, Tensors: []sdk.Tensor{{Kind: sdk.KindWeight, Shape: []int{2, 2}}}}
	for _, c := range []struct {
		problem sdk.Problem
		given   params
		want    string
	}{
		{sdk.Problem{}, params{"rho_min": 0.5}, "rho_min: expected at most"},
		{single, nil, "sparsity: this workload has no hidden"},
		{single, params{"sparsity": 0.0}, ""},
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
}

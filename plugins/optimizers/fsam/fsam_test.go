package fsam

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that fsam claims to equal, when it is started with their name.
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

// problem has 40 weights in two tensors around a bias, and ties everywhere.
func problem() plugintest.OptimizeCase {
	const n = 41
	h, w := make([]float64, n), make([]float32, n)
	for i := range h {
		h[i] = float64(1 + i%3)
		w[i] = float32(1 - 2*(i%2))
	}
	return plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(h...), Init: w, Steps: 6,
		Tensors: []engine.Tensor{
			{Name: "a.weight", Kind: engine.Weight, Shape: []int{25}, Prunable: true},
			{Name: "a.bias", Kind: engine.Bias, Shape: []int{1}, Offset: 25},
			{Name: "b.weight", Kind: engine.Weight, Shape: []int{15}, Offset: 26, Prunable: true},
		},
	}
}

// points writes down where gradients are asked for.
type points struct {
	oracle.Workload
	oracle.PerExample
	at [][]float32
}

func record(w oracle.Workload) *points {
	return &points{Workload: w, PerExample: w.(oracle.PerExample)}
}

func (p *points) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	p.at = append(p.at, append([]float32(nil), w...))
	return p.Workload.Grad(b, w, out, o)
}

// Exactly ⌊keep_ratio·40⌋ weights are perturbed, ties or not, and always the bias; the length is that of the masked
// share of rho.
func TestPerturbedCoordinates(t *testing.T) {
	const rho = 0.5
	for _, c := range []struct {
		keep float64
		want int
	}{{0.1, 4}, {0.3, 12}, {0.99, 39}, {0, 0}, {0.01, 0}, {1, 40}, {0.725, 29}} {
		for _, fisher := range []string{"batch", "per-example", "random"} {
			o := problem()
			p := record(o.Workload)
			o.Workload, o.Params = p, params{"rho": rho, "keep_ratio": c.keep, "fisher": fisher, "refresh": 2, "lr": 0.01}
			plugintest.Optimize(t, o)
			for k := 0; k < len(p.at); k += 2 {
				n, sq, all := 0, 0.0, 0.0
				for i, v := range p.at[k] {
					d := float64(p.at[k+1][i]) - float64(v)
					g := float64(1+i%3) * float64(v)
					all += g * g
					if d != 0 {
						sq += g * g
						if i != 25 {
							n++
						}
					} else if i == 25 {
						t.Errorf("keep_ratio %v: the bias is not perturbed", c.keep)
					}
				}
				if n != c.want {
					t.Errorf("keep_ratio %v, %s: %d weights perturbed, want %d", c.keep, fisher, n, c.want)
				}
				length := 0.0
				for i, v := range p.at[k] {
					length += math.Pow(float64(p.at[k+1][i])-float64(v), 2)
				}
				if want := rho * math.Sqrt(sq/all); math.Abs(math.Sqrt(length)-want) > 1e-6 {
					t.Errorf("keep_ratio %v, %s: the perturbation is %v long, want %v", c.keep, fisher, math.Sqrt(length), want)
				}
			}
		}
	}
}

// The mask holds the largest gradients, and is the same until it is made anew.
func TestMaskIsOfTheLargest(t *testing.T) {
	o := problem()
	p := record(o.Workload)
	o.Workload, o.Params = p, params{"rho": 0.1, "keep_ratio": 0.3, "refresh": 3, "lr": 0.01}
	plugintest.Optimize(t, o)
	masks := make([][]bool, 0, 6)
	for k := 0; k < len(p.at); k += 2 {
		mask := make([]bool, len(p.at[k]))
		for i, v := range p.at[k] {
			mask[i] = p.at[k+1][i] != v
		}
		masks = append(masks, mask)
	}
	for k, mask := range masks {
		for i := range mask {
			if mask[i] != masks[k-k%3][i] {
				t.Fatalf("step %d: the mask changes at element %d", k+1, i)
			}
			// 13 weights have curvature 3, and all weights the same size: the first 12 of those 13.
			if k < 3 && i != 25 && mask[i] && i%3 != 2 {
				t.Errorf("step %d: element %d is perturbed", k+1, i)
			}
		}
	}
}

func TestDeclaredDegenerates(t *testing.T) {
	for _, d := range (Optimizer{}).Info().Degenerate {
		base := plugintest.Self(d.Equals)
		o := problem()
		o.Program, o.Steps = &base, 20
		want := plugintest.Optimize(t, o)
		o.Program, o.Params = nil, d.When
		for k, w := range plugintest.Optimize(t, o) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", d.When, k+1, d.Equals, err)
			}
		}
	}
}

// A window that begins between two refreshments makes its first mask at once.
func TestWindow(t *testing.T) {
	o := problem()
	p := record(o.Workload)
	o.Workload, o.Params = p, params{"window_start": 0.5, "refresh": 100, "keep_ratio": 0.3, "lr": 0.01}
	plugintest.Optimize(t, o)
	if len(p.at) != 9 {
		t.Fatalf("%d gradients in 3 steps without and 3 with a perturbation", len(p.at))
	}
	n := 0
	for i, v := range p.at[3] {
		if p.at[4][i] != v {
			n++
		}
	}
	if n != 13 {
		t.Errorf("%d parameters are perturbed, want 12 weights and the bias", n)
	}
}

// Against references in float64; see the package golden.
func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// The mask outlives the process that made it.
func TestResume(t *testing.T) {
	for _, fisher := range []string{"batch", "random"} {
		o := problem()
		o.Steps, o.Params = 12, params{"refresh": 5, "keep_ratio": 0.4, "fisher": fisher, "momentum": 0.9}
		plugintest.Resume(t, o)
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  string
	}{
		{params{"keep_ratio": 1.5}, "keep_ratio"},
		{params{"samples": 3}, "samples: has no effect"},
		{params{"refresh": 0}, "refresh"},
	} {
		got := plugintest.Validate(t, nil, 3, c.given)
		if len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
			t.Errorf("%v: got %q, want %q", c.given, got, c.want)
		}
	}
	biases := sdk.Problem{Dim: 3, Tensors: []sdk.Tensor{{Kind: sdk.KindBias, Shape: []int{3}}}}
	mixed := sdk.Problem{Dim: 2, Tensors: []sdk.Tensor{{Kind: sdk.KindBias, Shape: []int{1}}, {Kind: sdk.KindWeight, Shape: []int{1}, Offset: 1}}}
	for _, c := range []struct {
		problem sdk.Problem
		scope   string
		want    string
	}{{biases, "all", "keep_ratio"}, {mixed, "biases", "keep_ratio"}, {mixed, "norm", "scope"}, {mixed, "all", ""}} {
		p, _ := sdk.NewParams((Optimizer{}).Info().Params, params{"scope": c.scope})
		if got := check(c.problem, p); len(got) > 1 || len(got) == 1 != (c.want != "") || len(got) == 1 && got[0].Param != c.want {
			t.Errorf("scope %s: %v, want %q", c.scope, got, c.want)
		}
	}
}

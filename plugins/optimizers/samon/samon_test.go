package samon

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that samon claims to equal, when it is started with their name.
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

func problem() plugintest.OptimizeCase {
	return plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(3, 1, 2, 0.5, 4, 1.5), Init: []float32{1, -2, 0.5, 3, -0.25, 1.5}, Steps: 12,
		Tensors: []engine.Tensor{
			{Name: "fc.weight", Kind: engine.Weight, Shape: []int{2, 1}},
			{Name: "norm.scale", Kind: engine.NormScale, Shape: []int{2}, Offset: 2},
			{Name: "norm.shift", Kind: engine.NormShift, Shape: []int{2}, Offset: 4},
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

// The perturbation is zero outside the scope, and rho long in the norm of its geometry: ‖e/T‖ = rho.
func TestPerturbationIsRhoLong(t *testing.T) {
	const rho, eta = 0.4, 0.1
	for _, c := range []struct {
		scaling, p, scope string
		bias              bool
	}{
		{"elementwise", "2", "norm", false}, {"elementwise", "2", "norm", true}, {"layerwise", "2", "norm", true}, {"none", "2", "norm", false},
		{"elementwise", "inf", "norm", true}, {"layerwise", "inf", "no-norm", false}, {"none", "inf", "norm", false}, {"layerwise", "2", "all", false},
	} {
		o := problem()
		p := &points{Workload: o.Workload}
		o.Workload = p
		o.Params = params{"rho": rho, "scaling": c.scaling, "p": c.p, "scope": c.scope, "normalize_bias": c.bias, "lr": 0.05}
		if c.scaling != "none" {
			o.Params["eta"] = eta
		}
		plugintest.Optimize(t, o)
		for k := 0; k < len(p.at); k += 2 {
			sq, most := 0.0, 0.0
			for i, x := range o.Tensors {
				layer := 0.0
				for j := x.Offset; j < x.Offset+2; j++ {
					layer += float64(p.at[k][j]) * float64(p.at[k][j])
				}
				for j := x.Offset; j < x.Offset+2; j++ {
					e := float64(p.at[k+1][j]) - float64(p.at[k][j])
					in := c.scope == "all" || (c.scope == "norm") == (i > 0)
					if !in && e != 0 {
						t.Fatalf("%+v: element %d is out of scope and moves by %v", c, j, e)
					}
					size := 1.0
					if scaled := i < 2 || c.bias; scaled && c.scaling == "elementwise" {
						size = math.Abs(float64(p.at[k][j])) + eta
					} else if scaled && c.scaling == "layerwise" {
						size = math.Sqrt(layer) * (1 + eta)
					}
					sq += e * e / size / size
					if in && c.p == "inf" && math.Abs(math.Abs(e)/size-rho) > 1e-5 {
						t.Errorf("%+v: element %d moves by %v", c, j, e)
					}
					most = max(most, math.Abs(e)/size)
				}
			}
			if c.p == "2" && math.Abs(math.Sqrt(sq)-rho) > 1e-5 || math.Abs(most) > rho+1e-5 {
				t.Errorf("%+v: the perturbation is %v long", c, math.Sqrt(sq))
			}
		}
	}
}

// Elementwise with eta = 0, the perturbed function does not change when two layers of a ReLU network, w1·relu(w2·x), are
// scaled by c and 1/c; the perturbation of SAM does change it (Kwon et al. 2021).
func TestScaleInvariance(t *testing.T) {
	f := func(w []float64) (float64, []float64) {
		y := w[0]*w[1] - 3
		return y * y / 2, []float64{y * w[1], y * w[0]}
	}
	perturbed := func(scaling string, c float32) float64 {
		p := &points{Workload: plugintest.Func(2, f)}
		given := params{"rho": 0.3, "scaling": scaling, "scope": "all"}
		if scaling != "none" {
			given["eta"] = 0.0
		}
		plugintest.Optimize(t, plugintest.OptimizeCase{
			Workload: p, Init: []float32{0.5 * c, 2 / c}, Steps: 1, Params: given,
			Tensors: []engine.Tensor{{Kind: engine.Weight, Shape: []int{1}}, {Kind: engine.Weight, Shape: []int{1}, Offset: 1, Layer: 1}},
		})
		return float64(p.at[1][0]) * float64(p.at[1][1])
	}
	for _, scaling := range []string{"elementwise", "layerwise"} {
		if a, b := perturbed(scaling, 1), perturbed(scaling, 3); math.Abs(a-b) > 1e-6*math.Abs(a) {
			t.Errorf("%s: %v and %v", scaling, a, b)
		}
	}
	if a, b := perturbed("none", 1), perturbed("none", 3); math.Abs(a-b) < 1e-3 {
		t.Errorf("none: %v and %v", a, b)
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
	o := problem()
	o.Params = params{"momentum": 0.9, "scaling": "layerwise"}
	plugintest.Resume(t, o)
}

// A model without normalisation layers is refused before anything runs.
func TestBadParameters(t *testing.T) {
	norm := sdk.Problem{Dim: 2, Tensors: []sdk.Tensor{{Kind: sdk.KindNormScale, Shape: []int{2}}}}
	plain := sdk.Problem{Dim: 2, Tensors: []sdk.Tensor{{Kind: sdk.KindWeight, Shape: []int{2}}}}
	for _, c := range []struct {
		problem sdk.Problem
		given   params
		want    string
	}{
		{norm, nil, ""},
		{plain, nil, "scope: no parameter of this workload"},
		{plain, params{"scope": "no-norm"}, ""},
		{norm, params{"scaling": "none", "eta": 0.5}, "eta: has no effect"},
		{norm, params{"scaling": "none", "normalize_bias": true}, "normalize_bias: has no effect"},
		{sdk.Problem{Dim: 2}, params{"scaling": "layerwise", "scope": "all"}, "scaling: this workload"},
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

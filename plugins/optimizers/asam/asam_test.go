package asam

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
)

// The test binary is also the plugins that asam is compared with, when it is started with their name.
func TestMain(m *testing.M) {
	golden.Main(m, Optimizer{}, sgd.Optimizer{}, adam.Optimizer{}, adamw.Optimizer{}, sam.Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// The pairs that Info declares hold with the defaults of both sides.
func TestDeclaredDegenerates(t *testing.T) { golden.Degenerates(t, Optimizer{}.Info()) }

func TestStill(t *testing.T) { golden.Still(t, params{"momentum": 0.9}) }

func TestResume(t *testing.T) {
	for _, p := range []params{{"momentum": 0.9}, {"variant": "elementwise", "base": "adamw", "lr": 0.02, "norm": "max", "rho": 0.1}} {
		golden.Resume(t, p)
	}
}

func TestBits(t *testing.T) {
	golden.Bits(t, Optimizer{}.Info(), 1, 0x5c61ac444cf5bc22, params{}, params{"variant": "elementwise", "rho": 1.0}, params{"norm": "max", "rho": 0.1})
}

// relu is a net with one hidden layer of ReLU and no biases on four digits, whose function does not change when the first
// weights are multiplied and the second divided by the same number.
func relu(t *testing.T) (oracle.Problem, []float32) {
	t.Helper()
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	bias := false
	spec := model.Spec{Name: "twolayer", Width: []int{16}, Activation: "relu", Bias: &bias}
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	w := make([]float32, net.Dim())
	model.Init(spec, net, 1, w)
	return oracle.Problem{
		Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: []int{0, 1, 2, 3, 4, 5, 6, 7}, BatchSize: 8, Nominal: 8, Seed: 1,
	}, w
}

// perturbed is the point of the second gradient of a step from w.
func perturbed(t *testing.T, plugin string, p oracle.Problem, w []float32, given params) []float32 {
	t.Helper()
	r, program := &golden.Recorder{Workload: oracle.NewTraining(p)}, plugintest.Self(plugin)
	plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: &program, Workload: r, Init: w, Steps: 1, Params: given, Tensors: p.Net.Layout(),
	})
	return r.Points[1]
}

// Where the weights of the layers are rescaled without changing the function, ASAM with eta = 0 perturbs to the same
// function; SAM does not.
func TestScaleInvariance(t *testing.T) {
	p, w := relu(t)
	outputs := func(at []float32) []float32 {
		out := make([]float32, 10*len(p.Examples))
		if _, err := oracle.NewTraining(p).Outputs(oracle.Batch{Stream: oracle.Full}, at, out, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		return out
	}
	const c = 4 // a power of two: the rescaled weights have no rounding of their own
	first := p.Net.Layout()[0]
	scaled := slices.Clone(w)
	for i := range scaled {
		if i >= first.Offset && i < first.Offset+first.Len() {
			scaled[i] *= c
		} else {
			scaled[i] /= c
		}
	}
	difference := func(a, b []float32) float64 {
		largest, size := 0.0, 0.0
		for i := range a {
			largest = math.Max(largest, math.Abs(float64(a[i])-float64(b[i])))
			size = math.Max(size, math.Abs(float64(a[i])))
		}
		return largest / size
	}
	if d := difference(outputs(w), outputs(scaled)); d > 1e-6 {
		t.Fatalf("the rescaled net is another function, by %v", d)
	}
	for _, x := range []struct {
		plugin string
		params params
		same   bool
	}{
		{"asam", params{"eta": 0.0}, true},
		{"asam", params{"eta": 0.0, "norm": "max", "rho": 0.05}, true},
		{"asam", params{"variant": "elementwise"}, true},
		{"asam", params{"eta": 0.1}, false},
		{"sam", params{"rho": 0.5}, false},
	} {
		here, there := outputs(perturbed(t, x.plugin, p, w, x.params)), outputs(perturbed(t, x.plugin, p, scaled, x.params))
		d := difference(here, there)
		t.Logf("%s %v: the perturbed functions differ by %.2g of their size", x.plugin, x.params, d)
		if x.same && d > 2e-6 || !x.same && d < 1e-3 {
			t.Errorf("%s %v: the perturbed functions differ by %v of their size", x.plugin, x.params, d)
		}
		if moved := difference(outputs(w), here); moved < 1e-3 {
			t.Errorf("%s %v: the perturbation changes the function by %v only", x.plugin, x.params, moved)
		}
	}
}

// Without eta the variants are the same on weights, but for the constant in the denominator, and differ in what they do to
// biases.
func TestVariants(t *testing.T) {
	p, w := relu(t)
	a := perturbed(t, "asam", p, w, params{"eta": 0.0})
	b := perturbed(t, "asam", p, w, params{"variant": "elementwise"})
	for i := range a {
		if math.Abs(float64(a[i])-float64(b[i])) > 1e-6 {
			t.Fatalf("element %d is %v and %v", i, a[i], b[i])
		}
	}
	point := func(variant string) []float32 {
		r, _ := golden.Record(t, "mlp", params{"variant": variant, "lr": 0.0})
		return r.Points[1]
	}
	// Biases and shifts start at 0: the size of the parameter scales their perturbation away.
	x, y := point("samsung"), point("elementwise")
	bias := len(x) - 1
	if x[bias] == 0 || y[bias] != 0 {
		t.Errorf("the last bias is perturbed by %v and %v", x[bias], y[bias])
	}
}

func TestBadParameters(t *testing.T) {
	for _, c := range []struct {
		given params
		want  []string
	}{
		{params{"rho": -0.1, "variant": "layerwise"}, []string{"rho", "variant"}},
		{params{"variant": "elementwise", "eta": 0.5}, []string{"eta: has no effect"}},
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

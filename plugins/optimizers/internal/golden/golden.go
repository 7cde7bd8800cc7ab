// Package golden compares the trajectories of optimizers with references in float64 that share no code with them.
//
// Each optimizer has a script testdata/golden.py, which writes its update rule down in NumPy, and the file golden.json
// that the script writes: the first 20 iterates for some parameters on these problems,
//
//	quadratic   ½ (w−c)ᵀH(w−c), H far from diagonal, 8 parameters of all kinds
//	logistic    logistic regression on 24 examples, minibatches of 6 in an ordered cycle, 6 parameters
//	mlp         two hidden layers of tanh with batch normalisation on 45 small images, on the engine, through the oracle, in
//	            the host's own order (the last batch of an epoch is smaller), 106 parameters
//	mlp-plain   the same with biases and no normalisation, for methods that need the gradients of single examples
//
// (the last two have the auxiliary objective ½‖w‖² for methods that need one), the learning rate falling by the schedule 1 − k/40. On mlp the running statistics of batch normalisation at the end are
// compared too: they show which gradients moved them. The definitions are in problems.py, which computes losses,
// gradients, Hessian-vector products, gradients of single examples and the host's random streams on its own; problems.json
// holds what both sides share. The seed is 1.
//
// To add an optimizer, write plugins/optimizers/NAME/testdata/golden.py:
//
//	import pathlib, sys
//	sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "internal" / "golden"))
//	from bases import Base
//	from problems import write
//
//	def rule(problem, params):
//	    w, base = problem.start, Base(problem, params)
//	    for k in range(problem.steps):
//	        g = problem.grad(w, problem.batch(k))
//	        w = base.step(w, …)
//	        yield w
//
//	write(__file__, rule, [
//	    ("quadratic", {"rho": 0.1}), ("logistic", {"lr": 0.5, "momentum": 0.9}), ("mlp", {"weight_decay": 0.1}),
//	])
//
// run it, read golden.json, commit both, and add the test
//
//	func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }
//
// in a package whose TestMain is that of sdktest, or Main here, with which Same and Degenerates compare plugins on the
// same problems, bit for bit. Bits notices changes of a trajectory that the tolerance lets through.
//
// Parameters that a case leaves out have the plugin's defaults, which the reference must know on its own. Choose learning
// rates that move the parameters by much more than the tolerance. The scripts are run again in CI (build tag python) and
// must reproduce their files byte for byte.
package golden

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
)

// Tolerance is the largest difference to the reference that Check accepts, relative to the element or to the root mean
// square of all elements, whichever is larger.
const Tolerance = 1e-5

const (
	seed  = 1
	steps = 20
)

//go:embed problems.json
var definitions []byte

// definition is what both sides share of a problem.
type definition struct {
	Tensors       []engine.Tensor
	Examples      int
	BatchSize     int `json:"batch_size"`
	StepsPerEpoch int `json:"steps_per_epoch"`
	Classes       int // 0: the problem has no outputs
	InputLen      int `json:"input_len"`
	Start         []float32
	Data          struct {
		H              [][]float64 // quadratic
		C              []float64
		X              [][]float64 // logistic
		Y              []int
		Pixels, Labels []int // mlp
	}
	Batches [][]int

	// For the tests of this package.
	Poisson            []int
	Normal             []float64
	Loss               float64
	Grad, HVP, Buffers []float64
}

func define(t testing.TB, name string) definition {
	t.Helper()
	var all map[string]definition
	if err := json.Unmarshal(definitions, &all); err != nil {
		t.Fatal(err)
	}
	d, ok := all[name]
	if !ok {
		t.Fatalf("golden: there is no problem %q", name)
	}
	return d
}

// workload returns the problem as an optimizer sees it, and its running statistics, if any.
func workload(t testing.TB, name string, d definition) (oracle.Workload, []float32) {
	t.Helper()
	switch name {
	case "quadratic":
		return quadratic(d), nil
	case "logistic":
		return plugintest.Logistic(d.Data.X, d.Data.Y, d.BatchSize), nil
	}
	norm := "batch"
	if name == "mlp-plain" {
		norm = "none"
	}
	net, err := model.New(model.Spec{Name: "mlp", Width: []int{6, 5}, Norm: norm, Activation: "tanh"}, engine.Shape{H: 2, W: 3, C: 1}, 3)
	if err != nil {
		t.Fatal(err)
	}
	w := oracle.NewTraining(oracle.Problem{
		Net:       net,
		Images:    &dataset.Images{H: 2, W: 3, C: 1, Pixels: bytes(d.Data.Pixels), Labels: bytes(d.Data.Labels)},
		Normalize: dataset.Normalizer{Mean: []float32{0.5}, Std: []float32{0.25}},
		Examples:  span(d.Examples), BatchSize: d.BatchSize, Nominal: d.BatchSize, Seed: seed,
		Auxiliary: oracle.Auxiliary{Kind: oracle.AuxiliaryL2},
	})
	return w, w.Buffers()
}

func bytes(x []int) []uint8 {
	out := make([]uint8, len(x))
	for i, v := range x {
		out[i] = uint8(v)
	}
	return out
}

func span(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// curved adds second derivatives to a function.
type curved struct {
	oracle.Workload
	oracle.PerExample
	h [][]float64
}

func quadratic(d definition) oracle.Workload {
	h, c := d.Data.H, d.Data.C
	f := plugintest.Func(len(c), func(w []float64) (float64, []float64) {
		loss, grad := 0.0, make([]float64, len(c))
		for i := range c {
			for j := range c {
				grad[i] += float64(h[i][j] * (w[j] - c[j]))
			}
			loss += float64((w[i]-c[i])*grad[i]) / 2
		}
		return loss, grad
	})
	return curved{f, f.(oracle.PerExample), h}
}

// HVP implements oracle.Curved.
func (q curved) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := q.Loss(b, w, o)
	for i, row := range q.h {
		sum := 0.0
		for j, h := range row {
			sum += float64(h * float64(v[j]))
		}
		out[i] = float32(sum)
	}
	e.G = 2
	return e, err
}

// trajectory is one case of a golden.json.
type trajectory struct {
	Problem  string
	Params   map[string]any
	Norms    []float64
	Buffers  []float64
	Iterates map[string][]float64 // by step, counted from 1
}

func read(path string) ([]trajectory, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	// Whole numbers must stay whole: parameters have types.
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var all []trajectory
	if err := d.Decode(&all); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range all {
		for key, v := range c.Params {
			n, ok := v.(json.Number)
			if !ok {
				continue
			}
			if i, err := n.Int64(); err == nil {
				c.Params[key] = int(i)
			} else if c.Params[key], err = n.Float64(); err != nil {
				return nil, fmt.Errorf("%s: parameter %s: %w", path, key, err)
			}
		}
	}
	return all, nil
}

// Check trains with the plugin that the running test binary serves, once for each case of testdata/golden.json, and
// fails the test where an iterate differs from the reference by more than Tolerance, or the file shows nothing.
func Check(t *testing.T) {
	t.Helper()
	all, err := read("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range all {
		t.Run(want.label(), func(t *testing.T) {
			path, buffers := train(t, nil, want.Problem, want.Params)
			if err := want.compare(define(t, want.Problem), path, buffers); err != nil {
				t.Error(err)
			}
		})
	}
}

// train returns the iterates of a training on one of the problems, and the running statistics at its end. The program nil
// is the plugin under test.
func train(t testing.TB, program *pluginhost.Program, problem string, params map[string]any) ([][]float32, []float32) {
	t.Helper()
	c := optimizeCase(t, program, problem, params)
	path := plugintest.Optimize(t, c)
	if w, ok := c.Workload.(*oracle.Training); ok {
		return path, w.Buffers()
	}
	return path, nil
}

func optimizeCase(t testing.TB, program *pluginhost.Program, problem string, params map[string]any) plugintest.OptimizeCase {
	t.Helper()
	d := define(t, problem)
	work, _ := workload(t, problem, d)
	return plugintest.OptimizeCase{
		Program: program, Workload: work, Params: params, Init: d.Start, Steps: steps, Seed: seed, Tensors: d.Tensors,
		LRScale:       func(k int) float64 { return 1 - float64(k)/40 },
		StepsPerEpoch: d.StepsPerEpoch, Examples: d.Examples, BatchSize: d.BatchSize, Classes: d.Classes, InputLen: d.InputLen,
	}
}

func (c trajectory) label() string {
	keys := make([]string, 0, len(c.Params))
	for k, v := range c.Params {
		keys = append(keys, fmt.Sprintf("%s=%v", k, v))
	}
	slices.Sort(keys)
	return c.Problem + " " + strings.Join(keys, " ")
}

// compare says where the path leaves the reference.
func (c trajectory) compare(d definition, path [][]float32, buffers []float32) error {
	if len(c.Norms) != steps || len(c.Iterates) < 4 {
		return fmt.Errorf("the reference has %d norms and %d iterates", len(c.Norms), len(c.Iterates))
	}
	for k := 1; k <= steps; k++ {
		w := path[k-1]
		if want, ok := c.Iterates[fmt.Sprint(k)]; ok {
			if err := near(w, want); err != nil {
				return fmt.Errorf("step %d: %w", k, err)
			}
		}
		if got, want := norm(w), c.Norms[k-1]; !(math.Abs(got-want) <= Tolerance*want) {
			return fmt.Errorf("step %d: norm %v, the reference has %v", k, got, want)
		}
	}
	last := c.Iterates[fmt.Sprint(steps)]
	if near(d.Start, last) == nil {
		return fmt.Errorf("the reference ends where it starts: nothing is compared")
	}
	if err := near(buffers, c.Buffers); err != nil {
		return fmt.Errorf("running statistics at the end: %w", err)
	}
	return nil
}

func near(got []float32, want []float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("%d elements, the reference has %d", len(got), len(want))
	}
	square := 0.0
	for _, v := range want {
		square += v * v
	}
	typical := math.Sqrt(square / float64(max(1, len(want))))
	for i, v := range want {
		if diff := math.Abs(float64(got[i]) - v); !(diff <= Tolerance*max(math.Abs(v), typical)) {
			return fmt.Errorf("element %d is %v, the reference has %v", i, got[i], v)
		}
	}
	return nil
}

func norm(w []float32) float64 {
	square := 0.0
	for _, v := range w {
		square += float64(v) * float64(v)
	}
	return math.Sqrt(square)
}

package plugins

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// This binary is the program of every bundled plugin, named by its argument.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == pluginhost.TestServe {
		p, _ := Lookup(os.Args[2])
		sdk.Serve(p)
		return
	}
	os.Exit(m.Run())
}

func metrics(t *testing.T) []string {
	t.Helper()
	names := slices.DeleteFunc(slices.Clone(Names()), func(name string) bool {
		p, _ := Lookup(name)
		_, is := p.(sdk.Metric)
		return !is
	})
	if len(names) < 10 {
		t.Fatalf("only %v", names)
	}
	return names
}

// digits is a small network on a few real digits.
type digits struct {
	problem oracle.Problem
	w       []float32
	net     *engine.Net
}

func newDigits(t testing.TB, width, examples, batch int, seed uint64, activation string, loss engine.Loss) *digits {
	t.Helper()
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	spec := model.Spec{Name: "mlp", Width: []int{width}, Norm: "none", Activation: activation}
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	w := make([]float32, net.Dim())
	model.Init(spec, net, seed, w)
	idx := make([]int, examples)
	for i := range idx {
		idx[i] = i
	}
	return &digits{oracle.Problem{
		Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: idx, BatchSize: batch, Nominal: batch, Seed: seed, Objective: loss,
	}, w, net}
}

func (d *digits) task(t testing.TB) *oracle.Measuring {
	t.Helper()
	task, err := oracle.NewMeasuring(d.problem, nil)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// told is what a plugin is told of it.
func (d *digits) told() sdk.Problem {
	p, of := sdk.Problem{
		Dim: d.net.Dim(), Classes: 10, Examples: len(d.problem.Examples), BatchSize: d.problem.BatchSize, Steps: 100,
		ProbeBatches: len(d.problem.Examples) / d.problem.BatchSize, ProbeBatchSize: d.problem.BatchSize, InputLen: 64,
	}, pluginhost.ProblemOf(d.net)
	for i, l := range of.Tensors {
		rates := sdk.Rates{SGD: l.Rates.SGD, Adam: l.Rates.Adam}
		if rates == (sdk.Rates{}) {
			rates = sdk.Rates{SGD: 1, Adam: 1}
		}
		p.Tensors = append(p.Tensors, sdk.Tensor{
			Name: l.Name, Kind: string(l.Kind), Layer: l.Layer, Shape: l.Shape, Offset: l.Offset, FanIn: l.FanIn, Prunable: l.Prunable,
			ActivationLen: of.ActivationLen[i], Rates: rates,
		})
	}
	return p
}

// train goes down the gradient of all examples.
func (d *digits) train(t testing.TB, steps int, lr float32) {
	t.Helper()
	task, g := d.task(t), make([]float32, len(d.w))
	for range steps {
		if _, err := task.Grad(oracle.Batch{Stream: oracle.Full}, d.w, g, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		for i := range d.w {
			d.w[i] -= lr * g[i]
		}
	}
}

func (d *digits) measure(t testing.TB, name string, params map[string]any) map[string]sdk.Value {
	t.Helper()
	p, _ := Lookup(name)
	got, err := sdktest.Measure(p.(sdk.Metric), sdktest.Case{Workload: d.task(t), Init: d.w, Params: params, Seed: 1, Problem: d.told()})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return named(got)
}

func named(values []sdk.Value) map[string]sdk.Value {
	out := map[string]sdk.Value{}
	for _, v := range values {
		out[v.Name] = v
	}
	return out
}

// cheap keeps the metrics that would take long on a small network to a few steps.
var cheap = map[string]map[string]any{
	"pacbayes": {"draws": int64(2)}, "opposing": {"k": int64(4)}, "coherence": {"n": int64(4)}, "transfer": {"iterations": int64(5), "eps": 1.0, "step": 0.3},
}

// golden are values of the measurements below. Stored values of a version are used again: when one of them changes for a good
// reason, raise the version of the metric and record the new number.
var golden = map[string]struct {
	value   string
	version int
	want    float64
}{
	"coherence":        {"coherence", 1, 2.584610746022543},
	"gradients":        {"variance", 1, 19.159841812695916},
	"mupslope":         {"mupslope", 1, -0.5020836860009956},
	"oodbound":         {"robustness", 1, 0.563390115275979},
	"opposing":         {"matched", 1, -0.4202935015151076},
	"pspentropy":       {"information", 1, 0.3652576960185828},
	"relativeflatness": {"relativeflatness", 1, 5.282386224213569},
	"sparsity":         {"active", 1, 0.72265625},
	"transfer":         {"accuracy", 1, 0.84375},
	"fisherrao":        {"fisherrao", 1, 1.9212151364684273},
}

// Every metric gives in a process of its own the bits that it gives in this one, with the same requests, of the kinds that it
// has declared.
func TestInThisProcessAndInAnother(t *testing.T) {
	own := newDigits(t, 8, 32, 16, 1, "relu", engine.Loss{})
	update, init := make([]float32, len(own.w)), slices.Clone(own.w)
	own.train(t, 20, 0.1)
	for i := range update {
		update[i] = 1e-3 * float32(1+i%3)
	}
	training := pluginhost.Training{Optimizer: "sgd", Params: map[string]any{"lr": 0.1, "momentum": 0.9, "nesterov": false, "dampening": 0.0, "weight_decay": 0.0}, LRScale: 1}
	for _, name := range metrics(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, _ := Lookup(name)
			m := p.(sdk.Metric)
			info := m.Info()
			var in []sdktest.Peer
			var out []plugintest.Peer
			for k := range min(2, info.Peers.Max) {
				width := 8
				if info.Peers.Kind == sdk.PeerWidths {
					width = 16 << k
				}
				other := newDigits(t, width, 32, 16, uint64(2+k), "relu", engine.Loss{})
				if info.Peers.Kind == sdk.PeerMoments {
					other = &digits{own.problem, slices.Clone(init), own.net}
					other.train(t, 10-k, 0.1)
				}
				told, of := other.told(), pluginhost.ProblemOf(other.net)
				u := make([]float32, len(other.w))
				u[0] = 0.01
				in = append(in, sdktest.Peer{Workload: other.task(t), At: other.w, Update: u, Problem: sdk.Peer{Tensors: told.Tensors, Seed: 2, Step: 10}})
				out = append(out, plugintest.Peer{Workload: other.task(t), At: other.w, Update: u, Tensors: of.Tensors, ActivationLen: of.ActivationLen, Seed: 2, Step: 10})
			}
			told, of := own.told(), pluginhost.ProblemOf(own.net)
			s, err := sdktest.NewSession(info, m.Slots, sdktest.Case{
				Workload: own.task(t), Init: own.w, Seed: 7, Problem: told, Given: map[string][]float32{"init": init, "update": update}, Peers: in,
				Params: cheap[name], Training: sdk.Training{Optimizer: training.Optimizer, Params: training.Params, LRScale: training.LRScale},
			})
			if err != nil {
				t.Fatal(err)
			}
			here, err := m.Measure(s)
			if err != nil {
				t.Fatal(err)
			}
			program := plugintest.Self(name)
			var bill oracle.Bill
			there := plugintest.Measure(t, plugintest.MeasureCase{
				Program: &program, Workload: own.task(t), At: own.w, Init: init, Update: update, Seed: 7, Tensors: of.Tensors,
				ActivationLen: of.ActivationLen, Classes: 10, InputLen: 64, BatchSize: 16, Steps: told.Steps,
				Probe: plugintest.Probe{Batches: 2, Size: 16}, Peers: out, Params: cheap[name], Training: &training, Bill: &bill,
			})
			if len(here) != len(there) {
				t.Errorf("%d values here, %d there", len(here), len(there))
			}
			for _, v := range here {
				if g, ok := golden[name]; ok && g.value == v.Name && (info.Version != g.version || math.Abs(v.Value/g.want-1) > 1e-4) {
					t.Errorf("version %d gives %s = %v; version %d is recorded to give %v", info.Version, v.Name, v.Value, g.version, g.want)
				}
				u := there[v.Name]
				if v.Null != u.Null || v.Reason != u.Reason || math.Float64bits(v.Value) != math.Float64bits(u.Value) || v.StdErr != u.StdErr {
					t.Errorf("%s: %+v here, %+v there", v.Name, v, u)
				}
			}
			mine := s.Bill()
			mine.Seconds, bill.Seconds = 0, 0
			if math.Abs(mine.G-bill.G) < 1e-9*bill.G {
				mine.G = bill.G // sums in another order
			}
			if mine != bill {
				t.Errorf("the requests here %+v, there %+v", mine, bill)
			}
			for op, n := range map[sdk.Op]uint64{
				sdk.OpLoss: bill.Loss, sdk.OpGrad: bill.Grad, sdk.OpOutputs: bill.Outputs, sdk.OpHVP: bill.HVP, sdk.OpGradClipped: bill.GradClipped,
				sdk.OpGradSquared: bill.GradSquared, sdk.OpVJP: bill.VJP, sdk.OpInputGrad: bill.InputGrad, sdk.OpOutputGrad: bill.OutputGrad,
				sdk.OpActivations: bill.Activations, sdk.OpInputs: bill.Inputs, sdk.OpNormal: bill.Normal,
			} {
				if n > 0 && !slices.Contains(info.Needs, op) {
					t.Errorf("%d requests %s, which it does not need", n, op)
				}
			}
		})
	}
}

// How many requests there are is as CostNote says: here for 32 examples in two batches, with the defaults.
func TestRequests(t *testing.T) {
	d := newDigits(t, 8, 32, 16, 1, "relu", engine.Loss{})
	for name, want := range map[string]oracle.Bill{
		"gradnorm":         {Grad: 2, Examples: 32, G: 2},
		"gradients":        {Grad: 2, GradSquared: 2, Examples: 64, G: 4},
		"fisherrao":        {Grad: 32, Examples: 32, G: 2},
		"batchsharpness":   {Grad: 2, HVP: 2, Examples: 64, G: 6},
		"trace":            {HVP: 30, Normal: 30, Examples: 960, G: 120},
		"relativeflatness": {Outputs: 2, OutputGrad: 2, VJP: 32, Examples: 96, G: 2 + 4.0/3},
		"sparsity":         {Activations: 2, Examples: 32, G: 2.0 / 3},
		"coherence":        {Outputs: 16, VJP: 160, Examples: 176, G: 10 + 1.0/3},
		"oodbound":         {HVP: 30, Loss: 2, VJP: 32, Normal: 31, Examples: 1024, G: 120 + 2 + 2.0/3},
	} {
		p, _ := Lookup(name)
		m := p.(sdk.Metric)
		s, err := sdktest.NewSession(m.Info(), m.Slots, sdktest.Case{Workload: d.task(t), Init: d.w, Problem: d.told()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Measure(s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := s.Bill()
		got.Seconds = 0
		if math.Abs(got.G-want.G) < 1e-9 {
			got.G = want.G
		}
		if name == "trace" {
			got.Grad, want.Grad = 0, 0 // what warnings look at
		}
		if got != want {
			t.Errorf("%s asks for %+v, says %+v", name, got, want)
		}
	}
}

// quadratic measures ½(w−m)ᵀA(w−m) at w.
func quadratic(t *testing.T, name string, a [][]float64, w []float64, params map[string]any) map[string]sdk.Value {
	t.Helper()
	n := len(w)
	task := plugintest.Curved(n, func(w []float64) (float64, []float64) {
		loss, g := 0.0, make([]float64, n)
		for i := range w {
			for j := range w {
				g[i] += a[i][j] * w[j]
			}
			loss += g[i] * w[i] / 2
		}
		return loss, g
	}, func([]float64) [][]float64 { return a })
	at := make([]float32, n)
	for i, v := range w {
		at[i] = float32(v)
	}
	p, _ := Lookup(name)
	got, err := sdktest.Measure(p.(sdk.Metric), sdktest.Case{Workload: task, Init: at, Params: params, Seed: 1})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return named(got)
}

func diagonal(h ...float64) [][]float64 {
	a := make([][]float64, len(h))
	for i := range a {
		a[i] = make([]float64, len(h))
		a[i][i] = h[i]
	}
	return a
}

// What is made of the loss alone, without its square, is homogeneous of degree one in it.
func TestLossScale(t *testing.T) {
	w := []float64{0.5, -1, 2, 0.25}
	for _, c := range []struct {
		metric, value string
		params        map[string]any
		degree        float64
	}{
		{"hessian", "lambda_max", nil, 1}, {"hessian", "lambda_max", map[string]any{"adaptive": true}, 1}, {"trace", "trace", nil, 1},
		{"gradnorm", "gradnorm", nil, 1}, {"gradients", "adaptive", nil, 1}, {"gradients", "variance", nil, 2},
		{"msharpness", "sharpness", nil, 1}, {"msharpness", "sharpness", map[string]any{"kind": "average", "adaptive": true}, 1},
		{"batchsharpness", "batchsharpness", nil, 1}, {"fisherrao", "fisherrao", nil, 2}, {"firstorder", "r1", nil, 1},
		{"samgap", "gap", nil, 1},
	} {
		one, ok := quadratic(t, c.metric, diagonal(4, 1, 0.25, 2), w, c.params)[c.value]
		if !ok {
			t.Errorf("%s has no value %q", c.metric, c.value)
			continue
		}
		many := quadratic(t, c.metric, diagonal(32, 8, 2, 16), w, c.params)[c.value]
		if want := one.Value * math.Pow(8, c.degree); one.Null || math.Abs(many.Value-want) > 1e-5*math.Abs(want) {
			t.Errorf("%s.%s %v: %v, of eight times the loss %v, want %v", c.metric, c.value, c.params, one.Value, many.Value, want)
		}
	}
}

// Eigenvalues and traces do not depend on the basis; adaptive ones do, as they should.
func TestOrthogonalBasis(t *testing.T) {
	h, w := []float64{4, 1, 0.25, 2}, []float64{0.5, -1, 2, 0.25}
	r := rand.New(rand.NewPCG(5, 5))
	// A product of reflections is orthogonal.
	q := diagonal(1, 1, 1, 1)
	for range 4 {
		v, norm := make([]float64, 4), 0.0
		for i := range v {
			v[i] = r.NormFloat64()
			norm += v[i] * v[i]
		}
		for _, row := range q {
			dot := 0.0
			for j := range v {
				dot += row[j] * v[j]
			}
			for j := range v {
				row[j] -= 2 * dot * v[j] / norm
			}
		}
	}
	a, turned := make([][]float64, 4), make([]float64, 4)
	for i := range a {
		a[i] = make([]float64, 4)
		for k := range h {
			turned[i] += q[i][k] * w[k]
			for j := range a {
				a[i][j] += q[i][k] * h[k] * q[j][k]
			}
		}
	}
	for _, c := range []struct {
		metric, value string
		params        map[string]any
		invariant     bool
	}{
		{"hessian", "lambda_max", nil, true}, {"hessian", "lambda_min", nil, true}, {"gradnorm", "gradnorm", nil, true},
		{"trace", "trace", map[string]any{"method": "hutch++"}, true}, {"msharpness", "sharpness", map[string]any{"steps": int64(100)}, true},
		{"hessian", "lambda_max", map[string]any{"adaptive": true}, false}, {"gradients", "l1", nil, false},
	} {
		before := quadratic(t, c.metric, diagonal(h...), w, c.params)[c.value]
		after := quadratic(t, c.metric, a, turned, c.params)[c.value]
		if before.Null || after.Null {
			t.Errorf("%s.%s: %+v, %+v", c.metric, c.value, before, after)
		}
		if same := math.Abs(after.Value-before.Value) < 1e-4*math.Abs(before.Value); same != c.invariant {
			t.Errorf("%s.%s %v: %v, in another basis %v", c.metric, c.value, c.params, before.Value, after.Value)
		}
	}
}

// Elementwise rescaling w → a⊙w of the function h → h/a² changes what is adaptive by nothing, and the rest.
func TestElementwiseRescaling(t *testing.T) {
	w, h, a := []float64{0.5, -1, 2}, []float64{4, 1, 0.25}, []float64{10, 0.1, 3}
	scaled, flat := make([]float64, 3), make([]float64, 3)
	for i := range w {
		scaled[i], flat[i] = w[i]*a[i], h[i]/a[i]/a[i]
	}
	adaptive := map[string]any{"adaptive": true}
	for _, c := range []struct {
		metric, value string
		params        map[string]any
		invariant     bool
	}{
		{"hessian", "lambda_max", adaptive, true}, {"hessian", "lambda_max", nil, false}, {"msharpness", "sharpness", adaptive, true},
		{"msharpness", "sharpness", nil, false}, {"fisherrao", "fisherrao", nil, true}, {"gradients", "adaptive", nil, true}, {"gradnorm", "gradnorm", nil, false},
	} {
		before := quadratic(t, c.metric, diagonal(h...), w, c.params)[c.value]
		after := quadratic(t, c.metric, diagonal(flat...), scaled, c.params)[c.value]
		if same := math.Abs(after.Value-before.Value) < 1e-4*math.Abs(before.Value); same != c.invariant {
			t.Errorf("%s.%s %v: %v, after rescaling %v", c.metric, c.value, c.params, before.Value, after.Value)
		}
	}
}

// Worst-case sharpness grows with the radius.
func TestGrowsWithRadius(t *testing.T) {
	d := newDigits(t, 8, 32, 16, 3, "relu", engine.Loss{})
	d.train(t, 50, 0.2)
	for _, params := range []map[string]any{{}, {"norm": "linf"}, {"adaptive": true}, {"norm": "linf", "adaptive": true}} {
		before := 0.0
		for _, rho := range []float64{0.01, 0.03, 0.1, 0.3} {
			params["rho"] = rho
			if fmt.Sprint(params["norm"]) == "linf" {
				params["rho"] = rho / 10
			}
			v := d.measure(t, "msharpness", params)["sharpness"]
			if v.Null || v.Value < before {
				t.Errorf("%v: %+v, at a smaller radius %v", params, v, before)
			}
			before = v.Value
		}
	}
}

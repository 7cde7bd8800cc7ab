package mupslope

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// mean is f = (1/N)Σ a_j w_j on the input 1, with the loss ½(f − y)² for y = f: there the Hessian is ∇f∇fᵀ, and with rates
// of N its largest eigenvalue is (‖a‖² + ‖w‖²)/N.
func mean(n int, r *rand.Rand) (at []float32, task oracle.Workload, want float64) {
	at = make([]float32, 2*n)
	for i := range at {
		at[i] = float32(r.NormFloat64())
		want += float64(at[i]) * float64(at[i]) / float64(n)
	}
	g := make([]float64, 2*n)
	for i := range g {
		g[i] = float64(at[(i+n)%(2*n)]) / float64(n)
	}
	return at, plugintest.Curved(2*n, func([]float64) (float64, []float64) { return 0, make([]float64, 2*n) }, func([]float64) [][]float64 {
		h := make([][]float64, 2*n)
		for i := range h {
			h[i] = make([]float64, 2*n)
			for j := range h[i] {
				h[i][j] = g[i] * g[j]
			}
		}
		return h
	}), want
}

func layout(n int, rate float64) []engine.Tensor {
	rates := engine.Rates{SGD: rate, Adam: 1}
	return []engine.Tensor{
		{Name: "w", Kind: engine.Weight, Shape: []int{1, n}, Rates: rates},
		{Name: "a", Kind: engine.Weight, Shape: []int{n, 1}, Offset: n, Rates: rates},
	}
}

func TestMeanField(t *testing.T) {
	widths := []int{64, 128, 256}
	for _, c := range []struct {
		name  string
		power float64 // the rates are width^power
		more  float64 // what that adds to the slope
	}{{"muP", 1, 0}, {"standard", 2, 1}, {"none", 0, -1}} {
		r := rand.New(rand.NewPCG(12, 1))
		var m plugintest.MeasureCase
		var x, y []float64
		for i, n := range widths {
			at, task, want := mean(n, r)
			tensors := layout(n, math.Pow(float64(n), c.power))
			if i == 0 {
				m = plugintest.MeasureCase{Workload: task, At: at, Tensors: tensors}
			} else {
				m.Peers = append(m.Peers, plugintest.Peer{Workload: task, At: at, Tensors: tensors})
			}
			x, y = append(x, math.Log(float64(n))), append(y, math.Log(want))
		}
		got := plugintest.Measure(t, m)
		slope := line(x, y)
		if v := got["mupslope"]; v.Null || math.Abs(v.Value-slope.Value-c.more) > 1e-5 || !v.HasStdErr || math.Abs(v.StdErr-slope.StdErr) > 1e-5 {
			t.Errorf("%s: %+v, want %v ± %v", c.name, v, slope.Value+c.more, slope.StdErr)
		}
		if want := math.Exp(y[0] + (c.power-1)*x[0]); math.Abs(got["lambda"].Value/want-1) > 1e-5 || got["widths"].Value != 3 {
			t.Errorf("%s: %+v, want lambda %v of 3 widths", c.name, got, want)
		}
	}
}

// The eigenvalue is 2 on average at every width, with standard deviation 2/√N.
func TestMeanFieldMoments(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 2))
	for _, n := range []int{64, 4096} {
		const draws = 300
		sum, square := 0.0, 0.0
		for range draws {
			v := 0.0
			for range 2 * n {
				z := r.NormFloat64()
				v += z * z / float64(n)
			}
			sum, square = sum+v/draws, square+v*v/draws
		}
		sd := 2 / math.Sqrt(float64(n))
		if math.Abs(sum-2) > 4*sd/math.Sqrt(draws) || math.Abs(math.Sqrt(square-sum*sum)/sd-1) > 4/math.Sqrt(2*draws) {
			t.Errorf("N = %d: %v ± %v, want 2 ± %v", n, sum, math.Sqrt(square-sum*sum), sd)
		}
	}
}

func TestWithoutPeers(t *testing.T) {
	at, task, _ := mean(8, rand.New(rand.NewPCG(1, 1)))
	got := plugintest.Measure(t, plugintest.MeasureCase{Workload: task, At: at, Tensors: layout(8, 8)})
	if v := got["mupslope"]; !v.Null || v.Reason == "" || got["lambda"].Null || got["widths"].Value != 1 {
		t.Errorf("%+v", got)
	}
}

// TestClaim trains networks of one hidden layer on digits by gradient descent with the rates of muP and with those of the NTK
// parametrisation, and compares the slopes after 200 steps: |T| < 0.1 under muP, and another slope under NTK.
func TestClaim(t *testing.T) {
	widths := []int{64, 128, 256, 512}
	const examples, steps, lr, seeds = 128, 200, 0.1, 3
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	idx := make([]int, examples)
	for i := range idx {
		idx[i] = i
	}
	slopes := map[string][]float64{}
	for seed := range uint64(seeds) {
		for _, kind := range []string{"muP", "NTK"} {
			c := sdktest.Case{Seed: seed, Problem: sdk.Problem{Examples: examples, ProbeBatches: 1, ProbeBatchSize: examples}}
			for i, n := range widths {
				spec := model.Spec{Name: "mlp", Width: []int{n}, Norm: "none", Activation: "relu"}
				if kind == "muP" {
					spec.Init, spec.BaseWidth = "mup", widths[0]
				}
				spec.SetDefaults()
				net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
				if err != nil {
					t.Fatal(err)
				}
				w, g := make([]float32, net.Dim()), make([]float32, net.Dim())
				model.Init(spec, net, seed, w)
				task, err := oracle.NewMeasuring(oracle.Problem{
					Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: idx, BatchSize: examples, Nominal: examples,
				}, nil)
				if err != nil {
					t.Fatal(err)
				}
				var tensors []sdk.Tensor
				for _, l := range net.Layout() {
					rate := l.Rates.SGD
					if kind == "NTK" {
						// f = N^-½ a·φ(Wx) with rates of 1 is this parametrisation with a rate of 1/N for what a stands for here.
						rate = 1
						if l.Kind == engine.Weight && l.Shape[1] == 10 {
							rate = float64(widths[0]) / float64(n)
						}
					}
					tensors = append(tensors, sdk.Tensor{
						Name: l.Name, Kind: string(l.Kind), Layer: l.Layer, Shape: l.Shape, Offset: l.Offset, Rates: sdk.Rates{SGD: rate, Adam: 1},
					})
				}
				for range steps {
					if _, err := task.Grad(oracle.Batch{Stream: oracle.Full}, w, g, oracle.Options{}); err != nil {
						t.Fatal(err)
					}
					for _, l := range tensors {
						for j := range l.Of(w) {
							w[l.Offset+j] -= float32(lr*l.Rates.SGD) * g[l.Offset+j]
						}
					}
				}
				if i == 0 {
					c.Workload, c.Init, c.Problem.Tensors = task, w, tensors
				} else {
					c.Peers = append(c.Peers, sdktest.Peer{Workload: task, At: w, Problem: sdk.Peer{Tensors: tensors}})
				}
			}
			got, err := sdktest.Measure(Metric{}, c)
			if err != nil || got[0].Null {
				t.Fatalf("%s, seed %d: %+v, %v", kind, seed, got, err)
			}
			slopes[kind] = append(slopes[kind], got[0].Value)
			t.Logf("%s, seed %d: slope %+.3f ± %.3f over widths %v, lambda %.2f", kind, seed, got[0].Value, got[0].StdErr, widths, got[1].Value)
		}
	}
	small, apart := 0, 0
	for i := range slopes["muP"] {
		if math.Abs(slopes["muP"][i]) < 0.1 {
			small++
		}
		if math.Abs(slopes["NTK"][i]) > math.Abs(slopes["muP"][i])+0.1 {
			apart++
		}
	}
	verdict := "inconclusive"
	switch {
	case small == seeds && apart == seeds:
		verdict = "reproduced"
	case small == 0 || apart == 0:
		verdict = "not reproduced"
	}
	t.Logf("claim: |T| < 0.1 under muP in %d of %d seeds; NTK's slope is larger by 0.1 in %d: %s", small, seeds, apart, verdict)
}

package transfer

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

// Of a linear classifier f = w·x the attack takes ε‖w‖₁ off the margin y·f, and ε w_t·sign(w_s) off that of a target.
func TestLinear(t *testing.T) {
	const n, d = 40, 5
	r := rand.New(rand.NewPCG(17, 1))
	var w, v [d]float32
	for j := range d {
		w[j], v[j] = float32(r.NormFloat64()), float32(r.NormFloat64())
	}
	x, y := make([][]float64, n), make([]int, n)
	for i := range x {
		x[i], y[i] = make([]float64, d), 1-2*(i%2)
		for j := range x[i] {
			x[i][j] = r.NormFloat64()
		}
	}
	margin := func(w [d]float32, i int) (m float64) {
		for j := range d {
			m += float64(y[i]) * float64(w[j]) * x[i][j]
		}
		return m
	}
	task := plugintest.Logistic(x, y, 10)
	for _, eps := range []float64{0.05, 0.3, 1} {
		var own, other float64
		for j := range d {
			own += math.Abs(float64(w[j]))
			other += float64(v[j]) * math.Copysign(1, float64(w[j]))
		}
		var right, white, fooled, correct float64
		for i := range n {
			a, b := margin(w, i), margin(v, i)
			if a > 0 {
				correct++
			}
			if a <= 0 || b <= 0 {
				continue
			}
			right++
			if a < eps*own {
				white++
			}
			if b < eps*other {
				fooled++
			}
		}
		got := plugintest.Measure(t, plugintest.MeasureCase{
			Workload: task, At: w[:], Probe: plugintest.Probe{Batches: 4, Size: 10}, Classes: 2, InputLen: d,
			Params: map[string]any{"eps": eps}, Peers: []plugintest.Peer{{Workload: task, At: v[:]}},
		})
		for name, want := range map[string]float64{"transfer": fooled / right, "whitebox": white / right, "accuracy": correct / n} {
			if v := got[name]; v.Null || math.Abs(v.Value-want) > 1e-9 {
				t.Errorf("eps %v: %s is %+v, want %v", eps, name, v, want)
			}
		}
	}
	if v := plugintest.Measure(t, plugintest.MeasureCase{
		Workload: task, At: w[:], Probe: plugintest.Probe{Batches: 4, Size: 10}, Classes: 2, InputLen: d,
	})["transfer"]; !v.Null || v.Reason == "" {
		t.Errorf("without targets: %+v", v)
	}
}

// digits is a network on real digits, and SAM with full-size steps on it: sixteen minibatches of 64, over and over.
func digits(t *testing.T, d *dataset.Data, seed uint64, rho float64) (*oracle.Measuring, []float32, *engine.Net) {
	t.Helper()
	const examples, batch, steps, lr = 1024, 64, 320, 0.2
	spec := model.Spec{Name: "mlp", Width: []int{32}, Norm: "none", Activation: "relu"}
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	idx := make([]int, examples)
	for i := range idx {
		idx[i] = i
	}
	task, err := oracle.NewMeasuring(oracle.Problem{
		Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: idx, BatchSize: batch, Nominal: batch,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, g, adv := make([]float32, net.Dim()), make([]float32, net.Dim()), make([]float32, net.Dim())
	model.Init(spec, net, seed, w)
	r := rand.New(rand.NewPCG(seed, 17))
	for range steps {
		b := oracle.Batch{Stream: oracle.Probe, Index: uint64(r.IntN(examples / batch))}
		if _, err := task.Grad(b, w, g, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		if rho > 0 {
			norm := 0.0
			for _, v := range g {
				norm += float64(v) * float64(v)
			}
			for i, v := range g {
				adv[i] = w[i] + float32(rho/math.Sqrt(norm))*v
			}
			if _, err := task.Grad(b, adv, g, oracle.Options{}); err != nil {
				t.Fatal(err)
			}
		}
		for i, v := range g {
			w[i] -= lr * v
		}
	}
	return task, w, net
}

// Pixels stay between 0 and 1, and within ε.
func TestPixels(t *testing.T) {
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	task, w, net := digits(t, d, 1, 0)
	norm := d.Normalizer()
	c := sdktest.Case{Workload: task, Init: w, Params: map[string]any{"eps": 0.3}, Problem: sdk.Problem{
		Examples: 1024, ProbeBatches: 16, ProbeBatchSize: 64, Classes: 10, InputLen: net.Inputs().Len(), InputMean: norm.Mean, InputStd: norm.Std,
	}}
	s, err := sdktest.NewSession(Metric{}.Info(), Metric{}.Slots, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := attack(s, s.ProbeBatch(0), 64); err != nil {
		t.Fatal(err)
	}
	moved := 0
	for i, x := range s.Slot("x") {
		before := float64(x*norm.Std[0] + norm.Mean[0])
		pixel := float64((x+s.Slot("delta")[i])*norm.Std[0] + norm.Mean[0])
		if pixel < -1e-6 || pixel > 1+1e-6 || math.Abs(pixel-before) > 0.3+1e-6 {
			t.Fatalf("pixel %d went from %v to %v", i, before, pixel)
		}
		if math.Abs(before-float64(d.Train.Pixels[i])/255) > 1e-6 {
			t.Fatalf("pixel %d is %v, the image has %d", i, before, d.Train.Pixels[i])
		}
		if math.Abs(pixel-before) > 0.29 {
			moved++
		}
	}
	if moved < 64*8 {
		t.Errorf("only %d pixels of 64 images have moved as far as they may", moved)
	}
}

// TestClaim: surrogates trained with a larger radius of SAM make adversarial examples that transfer better.
func TestClaim(t *testing.T) {
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	const seeds = 3
	radii := []float64{0, 0.05, 0.2, 0.5}
	norm := d.Normalizer()
	var targets []sdktest.Peer
	for k := range uint64(3) {
		task, w, _ := digits(t, d, 100+k, 0)
		targets = append(targets, sdktest.Peer{Workload: task, At: w})
	}
	rises := 0
	var gains []float64
	for seed := range uint64(seeds) {
		var rate []float64
		for _, rho := range radii {
			task, w, net := digits(t, d, seed, rho)
			got, err := sdktest.Measure(Metric{}, sdktest.Case{
				Workload: task, Init: w, Peers: targets, Params: map[string]any{"eps": 0.15, "iterations": int64(20)},
				Problem: sdk.Problem{
					Examples: 1024, ProbeBatches: 16, ProbeBatchSize: 64, Classes: 10, InputLen: net.Inputs().Len(), InputMean: norm.Mean, InputStd: norm.Std,
				},
			})
			if err != nil || got[0].Null {
				t.Fatalf("%+v, %v", got, err)
			}
			rate = append(rate, got[0].Value)
			t.Logf("seed %d, rho %.2f: transfer %.3f ± %.3f, whitebox %.3f, accuracy %.3f", seed, rho, got[0].Value, got[0].StdErr, got[1].Value, got[2].Value)
		}
		gains = append(gains, rate[len(rate)-1]-rate[0])
		if rate[0] < rate[1] && rate[1] < rate[2] && rate[2] < rate[3] {
			rises++
		}
	}
	mean, sq := 0.0, 0.0
	for _, g := range gains {
		mean += g / seeds
	}
	for _, g := range gains {
		sq += (g - mean) * (g - mean)
	}
	half := 4.303 * math.Sqrt(sq/(seeds-1)/seeds) // Student's t with 2 degrees of freedom
	verdict := "inconclusive"
	switch {
	case rises == seeds && mean > half:
		verdict = "reproduced"
	case mean < -half:
		verdict = "not reproduced"
	}
	t.Logf("claim: transfer rises with rho in %d of %d seeds; from rho 0 to %.2f by %.3f ± %.3f (95 %%): %s", rises, seeds, radii[len(radii)-1], mean, half, verdict)
}

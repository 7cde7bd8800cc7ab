package relativeflatness

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

func measure(t *testing.T, p oracle.Problem, at []float32) pluginhost.Value {
	t.Helper()
	task, err := oracle.NewMeasuring(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plugintest.Measure(t, plugintest.MeasureCase{
		Workload: task, At: at, Tensors: p.Net.Layout(), Classes: p.Net.Classes(),
		Probe: plugintest.Probe{Batches: len(p.Examples) / p.BatchSize, Size: p.BatchSize},
	})["relativeflatness"]
}

// One example φ = (1, 2) of three classes, W = ((1,0), (0,1), (−1,−1)).
func TestKnownValue(t *testing.T) {
	net, err := model.New(model.Spec{Name: "linear"}, engine.Shape{H: 1, W: 1, C: 2}, 3)
	if err != nil {
		t.Fatal(err)
	}
	at := make([]float32, net.Dim())
	copy(at, []float32{1, 0, -1, 0, 1, -1}) // by inputs, then outputs
	p := oracle.Problem{
		Net: net, Images: &dataset.Images{H: 1, W: 1, C: 2, Pixels: []uint8{1, 2}, Labels: []uint8{1}},
		Normalize: dataset.Normalizer{Mean: []float32{0, 0}, Std: []float32{1.0 / 255, 1.0 / 255}},
		Examples:  []int{0}, BatchSize: 1, Nominal: 1,
	}
	if v := measure(t, p, at); v.Null || math.Abs(v.Value/2.0688335226-1) > 1e-6 {
		t.Errorf("%+v, want 2.0688335226", v)
	}
	p.Objective.Kind = engine.MSE
	if v := measure(t, p, at); !v.Null {
		t.Errorf("without cross-entropy: %+v", v)
	}
}

func digits(t *testing.T, width int) (oracle.Problem, []float32) {
	t.Helper()
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	spec := model.Spec{Name: "mlp", Width: []int{width}, Norm: "none", Activation: "relu"}
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	w := make([]float32, net.Dim())
	model.Init(spec, net, 3, w)
	return oracle.Problem{
		Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: []int{0, 5, 10, 15, 20, 25, 30, 35}, BatchSize: 4, Nominal: 4,
	}, w
}

// The closed form is the sum over blocks of the Hessian, one product with each unit vector of the layer.
func TestBlockSum(t *testing.T) {
	p, w := digits(t, 5)
	task, err := oracle.NewMeasuring(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	layout := p.Net.Layout()
	last := layout[len(layout)-2] // weights, then bias
	const d, k = 5, 10
	want := 0.0
	dir, out := make([]float32, len(w)), make([]float32, len(w))
	for s := range k {
		for i := range d {
			clear(dir)
			dir[last.Offset+i*k+s] = 1
			if _, err := task.HVP(oracle.Batch{Stream: oracle.Full}, w, dir, out, oracle.Options{}); err != nil {
				t.Fatal(err)
			}
			for u := range k {
				inner := 0.0
				for j := range d {
					inner += float64(w[last.Offset+j*k+s]) * float64(w[last.Offset+j*k+u])
				}
				want += inner * float64(out[last.Offset+i*k+u])
			}
		}
	}
	got := measure(t, p, w)
	if got.Null || math.Abs(got.Value/want-1) > 1e-5 || !got.HasStdErr {
		t.Errorf("%+v, sum over blocks %v", got, want)
	}
	// Rescaling the hidden units one by one, and the weights behind them, changes nothing.
	hidden, bias := layout[0], layout[1]
	for u := range d {
		a := float32(math.Pow(2, float64(u-2)))
		for i := range hidden.Shape[0] {
			w[hidden.Offset+i*d+u] *= a
		}
		w[bias.Offset+u] *= a
		for s := range k {
			w[last.Offset+u*k+s] /= a
		}
	}
	all := measure(t, p, w).Value
	if math.Abs(all/got.Value-1) < 1e-3 {
		t.Errorf("units of different scales: %v, before %v: the value is not that of single units", all, got.Value)
	}
	for u := range d { // back, and then all by the same factor
		a := float32(math.Pow(2, float64(2-u))) * 8
		for i := range hidden.Shape[0] {
			w[hidden.Offset+i*d+u] *= a
		}
		w[bias.Offset+u] *= a
		for s := range k {
			w[last.Offset+u*k+s] /= a
		}
	}
	if one := measure(t, p, w).Value; math.Abs(one/got.Value-1) > 1e-6 {
		t.Errorf("phi times 8, W over 8: %v, before %v", one, got.Value)
	}
}

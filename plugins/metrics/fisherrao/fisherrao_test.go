package fisherrao

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// With the margin m_i = y_i⟨w, x_i⟩ of a logistic model, ⟨w, ∇ℓ_i⟩ = −m_i/(1+exp(m_i)).
func TestLogistic(t *testing.T) {
	x := [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-2, 1}, {0, 1}}
	y := []int{1, -1, -1, 1, 1, -1}
	want, square := 0.0, 0.0
	for i, row := range x {
		m := float64(y[i]) * (row[0]*0.5 - row[1]*0.25)
		a := m / (1 + math.Exp(m))
		want += a * a / 6
		square += a * a * a * a / 6
	}
	stderr := math.Sqrt((square - want*want) / 5)
	for _, probe := range []plugintest.Probe{{Batches: 1, Size: 6}, {Batches: 2, Size: 3}, {Batches: 6, Size: 1}} {
		v := plugintest.Measure(t, plugintest.MeasureCase{
			Workload: plugintest.Logistic(x, y, probe.Size), At: []float32{0.5, -0.25}, Probe: probe,
		})["fisherrao"]
		if math.Abs(v.Value/want-1) > 1e-6 || !v.HasStdErr || math.Abs(v.StdErr/stderr-1) > 1e-5 {
			t.Errorf("%+v: %+v, want %v ± %v", probe, v, want, stderr)
		}
	}
}

// With labels of the model, ⟨w, ∇ℓ⟩² is averaged over the two labels: m²·σ(m)σ(−m). The outputs (0, w·x) are homogeneous of
// degree 1, so the short way gives the same.
func TestLogisticLabels(t *testing.T) {
	x := [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-2, 1}, {0, 1}}
	y := []int{1, -1, -1, 1, 1, -1}
	observed, drawn := 0.0, 0.0
	for i, row := range x {
		z := row[0]*0.5 - row[1]*0.25
		m := float64(y[i]) * z
		a := m / (1 + math.Exp(m))
		observed += a * a / 6
		drawn += z * z / (1 + math.Exp(z)) / (1 + math.Exp(-z)) / 6
	}
	for _, c := range []struct {
		labels string
		degree int64
		want   float64
	}{{"observed", 0, observed}, {"observed", 1, observed}, {"model", 0, drawn}, {"model", 1, drawn}, {"model", 2, 4 * drawn}} {
		v := plugintest.Measure(t, plugintest.MeasureCase{
			Workload: plugintest.Logistic(x, y, 3), At: []float32{0.5, -0.25}, Probe: plugintest.Probe{Batches: 2, Size: 3}, Classes: 2,
			Params: map[string]any{"labels": c.labels, "homogeneous": c.degree},
		})["fisherrao"]
		if math.Abs(v.Value/c.want-1) > 1e-6 || !v.HasStdErr {
			t.Errorf("%s, %d: %+v, want %v", c.labels, c.degree, v, c.want)
		}
	}
}

// A ReLU network of two layers without biases is homogeneous of degree 2: the short way and the long one agree, for both
// kinds of labels, and rescaling a unit changes neither.
func TestHomogeneous(t *testing.T) {
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	spec := model.Spec{Name: "mlp", Width: []int{6}, Norm: "none", Activation: "relu"}
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	w := make([]float32, net.Dim())
	model.Init(spec, net, 5, w)
	layout := net.Layout()
	for _, l := range layout {
		if l.Kind == engine.Bias { // as good as none
			clear(w[l.Offset : l.Offset+l.Shape[0]])
		}
	}
	p := oracle.Problem{Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: []int{1, 2, 3, 4, 5, 6}, BatchSize: 3, Nominal: 3}
	measure := func(labels string, degree int64) float64 {
		task, err := oracle.NewMeasuring(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return plugintest.Measure(t, plugintest.MeasureCase{
			Workload: task, At: w, Tensors: layout, Classes: 10, Probe: plugintest.Probe{Batches: 2, Size: 3},
			Params: map[string]any{"labels": labels, "homogeneous": degree},
		})["fisherrao"].Value
	}
	before := map[string]float64{}
	for _, labels := range []string{"observed", "model"} {
		before[labels] = measure(labels, 0)
		if short := measure(labels, 2); math.Abs(short/before[labels]-1) > 1e-5 {
			t.Errorf("%s: %v from the outputs, %v from derivatives", labels, short, before[labels])
		}
	}
	if math.Abs(before["observed"]/before["model"]-1) < 1e-3 {
		t.Errorf("both kinds of labels give %v: one of them is not measured", before)
	}
	first, second := layout[0], layout[len(layout)-2]
	for u := range 6 {
		a := float32(math.Pow(4, float64(u-3)))
		for i := range first.Shape[0] {
			w[first.Offset+i*6+u] *= a
		}
		for s := range 10 {
			w[second.Offset+u*10+s] /= a
		}
	}
	for labels, want := range before {
		if got := measure(labels, 0); math.Abs(got/want-1) > 1e-6 {
			t.Errorf("%s, units rescaled: %v, before %v", labels, got, want)
		}
	}
}

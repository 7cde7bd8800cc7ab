package pspentropy

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// measure is about one neuron and two classes: fires[c] of n[c] examples of class c.
func measure(t *testing.T, fires, n [2]int, w float32, params map[string]any) map[string]pluginhost.Value {
	t.Helper()
	var x [][]float64
	var y []int
	for c := range 2 {
		for i := range n[c] {
			z := -1.0
			if i < fires[c] {
				z = 1
			}
			x, y = append(x, []float64{z}), append(y, 2*c-1)
		}
	}
	return plugintest.Measure(t, plugintest.MeasureCase{
		Workload: plugintest.Logistic(x, y, len(x)/2), At: []float32{w}, Params: params, Classes: 2,
		Probe:   plugintest.Probe{Batches: 2, Size: len(x) / 2},
		Tensors: []engine.Tensor{{Name: "w", Kind: engine.Weight, Shape: []int{1, 1}}}, ActivationLen: []int{1},
	})
}

func TestKnownEntropies(t *testing.T) {
	for name, c := range map[string]struct {
		fires, n [2]int
		balanced bool
		want     [3]float64 // H(u|y), H(y|u), I
	}{
		"nine of ten and one of ten": {[2]int{9, 1}, [2]int{10, 10}, true, [3]float64{0.4689956, 0.4689956, 0.5310044}},
		"by chance":                  {[2]int{5, 5}, [2]int{10, 10}, true, [3]float64{1, 1, 0}},
		"always on one class":        {[2]int{10, 0}, [2]int{10, 10}, true, [3]float64{0, 0, 1}},
		// A third as many of the second class do not matter when classes are balanced.
		"unequal classes, balanced": {[2]int{27, 1}, [2]int{30, 10}, true, [3]float64{0.4689956, 0.4689956, 0.5310044}},
		// By hand: ¾ and ¼; P(u) = ¾·0.9+¼·0.1 = 0.7; H(y) = 0.8112781, H(y|u) = H(u|y)+H(y)−H(u) = 0.4689956+0.8112781−0.8812909.
		"unequal classes as they are": {[2]int{27, 1}, [2]int{30, 10}, false, [3]float64{0.4689956, 0.3989828, 0.4122953}},
	} {
		got := measure(t, c.fires, c.n, 1, map[string]any{"balanced": c.balanced})
		for i, value := range []string{"neuron_entropy", "class_entropy", "information"} {
			if v := got[value]; v.Null || math.Abs(v.Value-c.want[i]) > 1e-6*math.Max(1e-3, c.want[i])+5e-8 {
				t.Errorf("%s: %s is %v, want %v", name, value, v, c.want[i])
			}
		}
		if got["dead"].Value != 0 {
			t.Errorf("%s: dead %v", name, got["dead"].Value)
		}
		// The scale of the neuron does not matter.
		scaled := measure(t, c.fires, c.n, 31, map[string]any{"balanced": c.balanced})
		for value, v := range got {
			if scaled[value].Value != v.Value {
				t.Errorf("%s: %s is %v, and %v of a neuron scaled by 31", name, value, v.Value, scaled[value].Value)
			}
		}
	}
	if got := measure(t, [2]int{0, 0}, [2]int{10, 10}, 1, nil); got["dead"].Value != 1 || !got["information"].Null {
		t.Errorf("a neuron that never fires: %+v", got)
	}
}

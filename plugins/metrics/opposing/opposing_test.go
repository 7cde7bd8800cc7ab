package opposing

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// f = wx, ℓ = ½(wx−y)², the examples (10, 10) and (10, −10): at w = 0 the gradients are −100 and 100, the mean gradient is 0
// and the curvature 100.
func TestTwoExamples(t *testing.T) {
	task := plugintest.Regression([][]float64{{10}, {10}}, []float64{10, -10}, 2)
	var bill oracle.Bill
	got := plugintest.Measure(t, plugintest.MeasureCase{
		Workload: task, At: []float32{0}, Probe: plugintest.Probe{Batches: 1, Size: 2}, Params: map[string]any{"k": int64(1)}, Bill: &bill,
		Peers: []plugintest.Peer{{Workload: task, At: []float32{0.1}, Update: []float32{0.1}}},
	})
	if v := got["opposing"]; v.Null || math.Abs(v.Value-1) > 1e-6 {
		t.Errorf("opposing: %+v, want 1", v)
	}
	if v := got["curvature"]; v.Null || math.Abs(v.Value-1) > 1e-6 {
		t.Errorf("curvature: %+v: both examples are all of it", v)
	}
	if !got["dominance"].Null || !got["matched"].Null || !got["antiphase"].Null {
		t.Errorf("%+v: the mean gradient is 0, there are no other examples, and no other moments", got)
	}
	// 2 gradients of groups and that of all, 21 products for v, 2 of the groups, two losses.
	if bill.Grad != 3 || bill.HVP != 23 || bill.Loss != 2 {
		t.Errorf("bill %+v", bill)
	}
	got = plugintest.Measure(t, plugintest.MeasureCase{Workload: task, At: []float32{0.5}, Probe: plugintest.Probe{Batches: 1, Size: 2}})
	for name, v := range got {
		if !v.Null || v.Reason == "" {
			t.Errorf("%s without an earlier moment: %+v", name, v)
		}
	}
}

// The groups are those of the earlier moment: with its step reversed they change places, and here nothing else depends on
// the order. A group that does not oppose shows it.
func TestSelectedEarlier(t *testing.T) {
	x := [][]float64{{10, 0}, {10, 0}, {0, 1}, {0, 1.1}, {0, 0.9}, {0, 1.2}, {0, 0.8}, {0, 1}}
	y := []float64{10, -10, 2, 2, 2, 2, 2, 2}
	task := plugintest.Regression(x, y, 4)
	measure := func(update []float32) float64 {
		return plugintest.Measure(t, plugintest.MeasureCase{
			Workload: task, At: []float32{0, 0.5}, Probe: plugintest.Probe{Batches: 2, Size: 4}, Params: map[string]any{"k": int64(1)},
			Peers: []plugintest.Peer{{Workload: task, At: []float32{0.1, 0}, Update: update}},
		})["opposing"].Value
	}
	if a, b := measure([]float32{0.1, 0}), measure([]float32{-0.1, 0}); math.Abs(a-1) > 1e-6 || a != b {
		t.Errorf("opposing %v, and %v with the step reversed; want 1", a, b)
	}
	// A step along the second feature selects examples that agree.
	if v := measure([]float32{0, 0.1}); math.Abs(v) > 1e-3 && v > -0.9 {
		t.Errorf("opposing %v of a step that concerns no outlier", v)
	}
}

// TestClaim: a network of two linear layers f = u(a·x₁ + b·x₂) is trained by gradient descent on a signal x₁ and, for some
// examples, a feature x₂ of large variance whose sign says nothing about the label. It is to reach the edge of stability, with
// the losses of the two halves of the outliers in antiphase (correlation below −0.8), and the groups that the metric finds at
// one moment oppose each other at another.
func TestClaim(t *testing.T) {
	const examples, outliers, most, lr = 64, 16, 400, 0.18
	var reproduced int
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 16))
		var x [][]float64
		var y []float64
		for i := range examples {
			signal := r.NormFloat64()
			row, label := []float64{signal, 0}, 2*signal+0.1*r.NormFloat64()
			if i < outliers {
				row[1] = 5
				label += float64(1 - 2*(i%2)) // says nothing of x₂, as often one sign as the other
			}
			x, y = append(x, row), append(y, label)
		}
		net := &deep{x: x, y: y}
		w := []float32{0.5, 0.5, 0.01}
		var path [][]float32
		top, edge := 0.0, 0
		for range most {
			path = append(path, append([]float32(nil), w...))
			g := make([]float32, 3)
			if _, err := net.Grad(oracle.Batch{Stream: oracle.Full}, w, g, oracle.Options{}); err != nil {
				t.Fatal(err)
			}
			for i := range w {
				w[i] -= lr * g[i]
			}
			top = math.Max(top, net.top(w))
			if edge == 0 && top >= 2/lr {
				edge = len(path)
			}
			if edge > 0 && len(path) > edge+18 {
				break
			}
		}
		// The 18 moments, one step apart, from the edge of stability on: the groups are selected at the latest before the last.
		steps := len(path)
		var peers []sdktest.Peer
		for k := 1; k <= 16; k++ {
			at, before := path[steps-1-k], path[steps-2-k]
			peers = append(peers, sdktest.Peer{Workload: net, At: at, Update: minus(at, before)})
		}
		at := path[steps-1]
		got, err := sdktest.Measure(Metric{}, sdktest.Case{
			Workload: net, Init: at, Params: map[string]any{"k": int64(outliers / 2)}, Peers: peers,
			Given:   map[string][]float32{"update": minus(at, path[steps-2])},
			Problem: problem(examples),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("seed %d: largest eigenvalue %.2f at most, threshold %.2f; opposing %.3f, matched %.3f, dominance %.1f, curvature %.2f, antiphase %+.3f",
			seed, top, 2/lr, got[0].Value, got[1].Value, got[2].Value, got[3].Value, got[4].Value)
		if !got[4].Null && got[4].Value < -0.8 && top > 0.9*2/lr {
			reproduced++
		}
	}
	verdict := "inconclusive"
	switch {
	case reproduced == 5:
		verdict = "reproduced"
	case reproduced == 0:
		verdict = "not reproduced"
	}
	t.Logf("claim: outliers with opposing signals reach the edge of stability in antiphase (correlation below -0.8): %d of 5 seeds, %s", reproduced, verdict)
}

package barrier

import (
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// wells is L = (w²−1)² + slope·w: minima near ±1 and a hill between them.
func wells(slope float64) oracle.Workload {
	return plugintest.Func(1, func(w []float64) (float64, []float64) {
		q := w[0]*w[0] - 1
		return q*q + slope*w[0] + 2, []float64{4*w[0]*q + slope}
	})
}

func peer(w oracle.Workload, at ...float32) plugintest.Peer {
	return plugintest.Peer{Workload: w, At: at}
}

func measure(t *testing.T, w oracle.Workload, at []float32, peers ...plugintest.Peer) (map[string]pluginhost.Value, []pluginhost.Table) {
	t.Helper()
	var tables []pluginhost.Table
	return plugintest.Measure(t, plugintest.MeasureCase{Workload: w, At: at, Peers: peers, Tables: &tables}), tables
}

func TestWells(t *testing.T) {
	// A slope lifts one end and not the barrier, which is measured from the line between the ends.
	for _, slope := range []float64{0, 0.5} {
		w := wells(slope)
		v, tables := measure(t, w, []float32{1}, peer(w, -1))
		if got := v["barrier"]; math.Abs(got.Value-1) > 1e-6 || got.HasStdErr || v["distance"].Value != 2 {
			t.Errorf("slope %v: %+v", slope, v)
		}
		if len(tables) != 1 || len(tables[0].Columns[1].Values) != 11 || tables[0].Columns[2].Values[5] != 3 {
			t.Errorf("%+v", tables)
		}
	}
}

// A convex loss has no barrier, whatever the ends; two peers have a standard error.
func TestConvex(t *testing.T) {
	q := plugintest.Quadratic(1, 4)
	v, _ := measure(t, q, []float32{1, 2}, peer(q, -1, 3), peer(q, 5, 0))
	if got := v["barrier"]; got.Value != 0 || !got.HasStdErr || got.StdErr != 0 {
		t.Errorf("%+v", got)
	}
	// The distances are √5 and √20.
	a, b := math.Sqrt(5), math.Sqrt(20)
	if got := v["distance"]; math.Abs(got.Value-(a+b)/2) > 1e-6 || math.Abs(got.StdErr-math.Abs(a-b)/2) > 1e-6 {
		t.Errorf("%+v", got)
	}
}

// The error has a barrier of its own: of two classifiers that are half right, what is between may be all right or all wrong.
func TestErrors(t *testing.T) {
	w := plugintest.Logistic([][]float64{{1, 0}, {0, 1}}, []int{1, 1}, 2)
	v, _ := measure(t, w, []float32{2, -1}, peer(w, -1, 2))
	// On the way both products are positive from (0.5, 0.5) on: fewer errors than at the ends, so that there is no barrier.
	if got := v["error_barrier"].Value; got != 0 {
		t.Errorf("%v", got)
	}
	v, _ = measure(t, w, []float32{1, -2}, peer(w, -2, 1))
	// Halfway it is (−0.5, −0.5), and both are wrong.
	if got := v["error_barrier"].Value; got != 0.5 {
		t.Errorf("%v", got)
	}
}

func TestNoValue(t *testing.T) {
	v, _ := measure(t, wells(0), []float32{1})
	if !v["barrier"].Null || !strings.Contains(v["barrier"].Reason, "no other seed") {
		t.Errorf("%+v", v["barrier"])
	}
	// A peer that does not answer as this network would at the same parameters has something else besides them.
	v, _ = measure(t, wells(0), []float32{1}, peer(wells(0.5), -1))
	if !v["barrier"].Null || !strings.Contains(v["barrier"].Reason, "running statistics") {
		t.Errorf("%+v", v["barrier"])
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want = 1, 1
	v, _ := measure(t, wells(0), []float32{1}, peer(wells(0), -1))
	if is := (Metric{}).Info().Version; is != version || math.Abs(v["barrier"].Value/want-1) > 1e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", is, v["barrier"], version, want)
	}
}

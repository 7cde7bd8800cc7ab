package pacbayes

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

type params = map[string]any

// signs is the classifier sign(w_1 x) of examples with x = 1 and the label +1, in many independent copies: an example is
// wrong where its own parameter is negative. With many parameters, one draw of noise is as good as many draws of one.
func signs(n int) oracle.Workload { return &counted{plugintest.Quadratic(make([]float64, n)...), n} }

type counted struct {
	oracle.Workload
	n int
}

func (q *counted) Loss(_ oracle.Batch, w []float32, _ oracle.Options) (oracle.Eval, error) {
	e := oracle.Eval{Loss: 1, Examples: q.n, G: 1. / 3}
	for _, x := range w {
		if x < 0 {
			e.Errors++
		}
	}
	return e, nil
}

func full(n int, v float32) []float32 {
	w := make([]float32, n)
	for i := range w {
		w[i] = v
	}
	return w
}

const copies = 20000

func measure(t *testing.T, scale float32, p params) map[string]pluginhost.Value {
	t.Helper()
	all := params{"tolerance": 1e-4, "depth": 40, "draws": 20, "adjust": false}
	for k, v := range p {
		all[k] = v
	}
	return plugintest.Measure(t, plugintest.MeasureCase{Workload: signs(copies), At: full(copies, scale), Init: full(copies, 0), Params: all, Seed: 4})
}

func near(t *testing.T, what string, got pluginhost.Value, want, tolerance float64) {
	t.Helper()
	if got.Null || math.Abs(got.Value/want-1) > tolerance {
		t.Errorf("%s: %+v, want %v", what, got, want)
	}
}

// The accuracy is Φ(1/std), which is 0.9 at std = 0.78030415. The published code finds the parameter whose square that is.
// The noise of 20 draws of 20000 examples is 0.3 % of the std.
func TestScalarClassifier(t *testing.T) {
	v := measure(t, 1, nil)
	near(t, "sigma", v["sigma"], 0.78030415, 0.005)
	near(t, "flatness", v["flatness"], 1.6423744, 0.01)
	near(t, "sigma_mag", v["sigma_mag"], 0.78030415, 0.005) // ε is nothing beside w = 1
	v = measure(t, 1, params{"algorithm": official})
	near(t, "official sigma", v["sigma"], 0.88334826, 0.005)
	near(t, "official flatness", v["flatness"], 1.2815516, 0.01)
	// Larger weights bear more noise, of the same share of their size.
	v = measure(t, 1.5, nil)
	near(t, "sigma", v["sigma"], 1.5*0.78030415, 0.005)
	near(t, "sigma_mag", v["sigma_mag"], 0.78030415, 0.005)
}

// The other values follow from σ by their formulas, here written for parameters that are all the same.
func TestBounds(t *testing.T) {
	const m, d = float64(copies), float64(copies)
	for _, scale := range []float64{1, 1.5} {
		v := measure(t, float32(scale), nil)
		s, mag := v["sigma"].Value, v["sigma_mag"].Value
		near(t, "flatness", v["flatness"], 1/s/s, 1e-12)
		near(t, "orig", v["orig"], d*scale*scale/4/s/s+math.Log(m/s)+10, 1e-9)
		near(t, "init", v["init"], d*scale*scale/4/s/s+math.Log(m/s)+10, 1e-9)
		bound := d/4*math.Log((1e-6+(mag*mag+1)*scale*scale)/(1e-6+mag*mag*scale*scale)) + math.Log(m/mag) + 10
		near(t, "mag_orig", v["mag_orig"], bound, 1e-9)
		near(t, "mag_init", v["mag_init"], bound, 1e-9)
		adjusted := measure(t, float32(scale), params{"adjust": true})
		near(t, "adjusted", adjusted["orig"], math.Sqrt(v["orig"].Value/m), 1e-12)
		near(t, "not adjusted", adjusted["sigma"], s, 1e-12)
	}
}

// Without a tenth to lose, or with nothing that noise could do, there is no value.
func TestNoValue(t *testing.T) {
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: signs(10), At: full(10, -1), Init: full(10, 0)})
	if !v["sigma"].Null || !strings.Contains(v["sigma"].Reason, "cannot fall") {
		t.Errorf("%+v", v["sigma"])
	}
	v = plugintest.Measure(t, plugintest.MeasureCase{Workload: signs(10), At: full(10, 1000), Init: full(10, 0)})
	if !v["sigma"].Null || !strings.Contains(v["sigma"].Reason, "costs 0 of the accuracy") || v["sigma_mag"].Null {
		t.Errorf("%+v and %+v", v["sigma"], v["sigma_mag"])
	}
	v = plugintest.Measure(t, plugintest.MeasureCase{Workload: signs(100), At: full(100, 1)})
	if !v["init"].Null || !v["mag_orig"].Null || v["orig"].Null {
		t.Errorf("without initial parameters: %+v", v)
	}
}

func TestBadParameters(t *testing.T) {
	if got := plugintest.Validate(t, nil, 2, params{"tolerance": 0.2}); len(got) != 1 || !strings.HasPrefix(got[0], "tolerance: expected less than drop") {
		t.Errorf("%q", got)
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want, wantOfficial = 1, 0.7734375, 0.8828125
	p := params{"draws": 2, "depth": 8, "tolerance": 0.001}
	got := measure(t, 1, p)["sigma"].Value
	p["algorithm"] = official
	off := measure(t, 1, p)["sigma"].Value
	if v := (Metric{}).Info().Version; v != version || got != want || off != wantOfficial {
		t.Errorf("version %d gives %v and %v; version %d is recorded to give %v and %v", v, got, off, version, want, wantOfficial)
	}
}

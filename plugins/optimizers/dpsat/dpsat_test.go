package dpsat

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/privacy"
	"github.com/sharpbench/sharpbench/plugins/optimizers/dpsgd"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugin that dpsat claims to equal, when it is started with its name.
func TestMain(m *testing.M) {
	if os.Args[len(os.Args)-1] == "dpsgd" {
		sdktest.TestMain(m, dpsgd.Optimizer{})
	}
	sdktest.TestMain(m, Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

var (
	inputs = [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-0.5, 1}, {1.5, -2}, {-2, -1}, {0.7, 0.1}}
	labels = []int{1, -1, -1, 1, -1, 1, -1, 1}
)

func logistic(name string, steps int, p params) plugintest.OptimizeCase {
	c := plugintest.OptimizeCase{
		Workload: plugintest.Logistic(inputs, labels, 2), Init: []float32{0.5, -0.25}, Steps: steps, Params: p,
		Examples: len(inputs), BatchSize: 2, StepsPerEpoch: 4, LRScale: func(k int) float64 { return 1 - float64(k)/float64(steps) },
	}
	if name != "" {
		program := plugintest.Self(name)
		c.Program = &program
	}
	return c
}

func with(p params, more params) params {
	out := params{}
	for _, m := range []params{p, more} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// With rho = 0 it is DP-SGD, bit for bit, and so is the first step with any rho: there is no release before it.
func TestDegeneratesToDPSGD(t *testing.T) {
	// With a low limit all gradients of this model are clipped, and then their directions are the same everywhere.
	for _, p := range []params{
		{"clip": 2.0},
		{"clip": 0.5, "sigma": 0.7, "momentum": 0.9, "weight_decay": 0.1},
		{"clip": 0.5, "sigma": 0.0, "nesterov": true, "momentum": 0.9},
		{"clip": 2.0, "base": "adamw", "lr": 0.05, "weight_decay": 0.1},
	} {
		want := plugintest.Optimize(t, logistic("dpsgd", 20, p))
		for _, own := range []params{{"rho": 0.0}, {"rho": 0.0, "ascent": "momentum"}} {
			for k, w := range plugintest.Optimize(t, logistic("", 20, with(p, own))) {
				if err := plugintest.SameBits(w, want[k]); err != nil {
					t.Fatalf("%v %v: step %d differs from dpsgd: %v", p, own, k+1, err)
				}
			}
		}
		path := plugintest.Optimize(t, logistic("", 20, with(p, params{"rho": 0.5})))
		if err := plugintest.SameBits(path[0], want[0]); err != nil {
			t.Errorf("%v: the first step with rho > 0 differs from dpsgd: %v", p, err)
		}
		if plugintest.SameBits(path[19], want[19]) == nil {
			t.Errorf("%v: rho changes nothing", p)
		}
	}
}

// The quirk is no quirk while draws fit into a physical batch; otherwise, with lr = 0, what is left of it shows: the
// parameters drift along the perturbation, K−1 times rho a step.
func TestOfficialVirtual(t *testing.T) {
	p := params{"rho": 0.3, "clip": 0.5, "sigma": 0.7, "momentum": 0.9}
	want := plugintest.Optimize(t, logistic("", 12, p))
	for k, w := range plugintest.Optimize(t, logistic("", 12, with(p, params{"quirk": "official_virtual"}))) {
		for i := range w {
			if math.Abs(float64(w[i])-float64(want[k][i])) > 1e-5 {
				t.Fatalf("step %d, element %d: %v with the quirk, %v without, though draws are small", k+1, i, w[i], want[k][i])
			}
		}
	}
	// Every draw is all eight examples, in parts of 3, 3 and 2.
	c := logistic("", 3, params{"rho": 0.3, "lr": 0.0, "quirk": "official_virtual", "physical_batch": 3})
	c.BatchSize = len(inputs)
	at := c.Init
	for k, w := range plugintest.Optimize(t, c) {
		drift := math.Hypot(float64(w[0])-float64(at[0]), float64(w[1])-float64(at[1]))
		if expected := map[bool]float64{true: 0, false: 0.6}[k == 0]; math.Abs(drift-expected) > 1e-6 {
			t.Errorf("step %d: the parameters drift by %v, expected %v", k+1, drift, expected)
		}
		at = w
	}
}

// The second direction is post-processing: DP-SAT spends what DP-SGD spends. The account of the quirk is the plugin's word.
func TestClaimPrivacy(t *testing.T) {
	const delta = 1e-3
	spend := func(name string, p params) (float64, string) {
		c := logistic(name, 10, p)
		c.Account = &privacy.Account{}
		plugintest.Optimize(t, c)
		c.Account.Commit()
		return privacy.Epsilon(delta, c.Account.Mechanisms()...), c.Account.Unseen()
	}
	want, _ := spend("dpsgd", params{"sigma": 1.5})
	for _, p := range []params{{"sigma": 1.5, "rho": 0.3}, {"sigma": 1.5, "rho": 0.3, "ascent": "momentum"}} {
		got, unseen := spend("", p)
		t.Logf("%v: epsilon %.4f, dpsgd %.4f", p, got, want)
		if got != want || unseen != "" {
			t.Errorf("%v: epsilon %v (%s), dpsgd has %v", p, got, unseen, want)
		}
	}
	if _, unseen := spend("", params{"quirk": "official_virtual"}); !strings.Contains(unseen, "without noise") {
		t.Errorf("the quirk adds its noise itself, and the account says %q", unseen)
	}
}

func TestResume(t *testing.T) {
	for _, p := range []params{{"rho": 0.3}, {"rho": 0.3, "ascent": "momentum", "momentum": 0.9}, {"rho": 0.3, "quirk": "official_virtual", "physical_batch": 1}} {
		plugintest.Resume(t, logistic("", 10, p))
	}
}

// See the test of the same name in the folder sgd.
func TestGoldenTrajectory(t *testing.T) {
	const version = 1
	for _, c := range []struct {
		params params
		want   []float32
	}{
		{params{"rho": 0.3, "clip": 0.5, "momentum": 0.9}, []float32{5.967541, 1.9265774}},
		{params{"rho": 0.3, "clip": 0.5, "ascent": "momentum", "base": "adamw", "lr": 0.03}, []float32{0.7338093, -0.26009312}},
	} {
		path := plugintest.Optimize(t, logistic("", 20, c.params))
		if v := (Optimizer{}).Info().Version; v != version || !slices.Equal(path[19], c.want) {
			t.Errorf("%v: version %d ends at %v; version %d is recorded to end at %v", c.params, v, path[19], version, c.want)
		}
	}
}

func TestBadParameters(t *testing.T) {
	got := plugintest.Validate(t, nil, 3, params{"physical_batch": 8})
	if len(got) != 1 || !strings.HasPrefix(got[0], "physical_batch: has no effect") {
		t.Errorf("%q", got)
	}
}

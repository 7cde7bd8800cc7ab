package dpsam

import (
	"math"
	"os"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/privacy"
	"github.com/sharpbench/sharpbench/plugins/optimizers/dpsgd"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugin that dpsam is compared with, when it is started with its name.
func TestMain(m *testing.M) {
	if os.Args[len(os.Args)-1] == "dpsgd" {
		sdktest.TestMain(m, dpsgd.Optimizer{})
	}
	sdktest.TestMain(m, Optimizer{})
}

type params = map[string]any

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

// Without a radius only the second release counts, which is that of DP-SGD, noise included.
func TestDegenerates(t *testing.T) {
	p := params{"rho": 0.0, "clip": 0.5, "sigma": 0.8, "lr": 0.5, "momentum": 0.9}
	theirs := params{"clip": 0.5, "sigma": 0.8, "lr": 0.5, "momentum": 0.9}
	golden.Same(t, p, "dpsgd", theirs, "quadratic", "logistic", "mlp-plain")
}

var (
	inputs = [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}, {-0.5, 1}, {1.5, -2}, {-2, -1}, {0.7, 0.1}}
	labels = []int{1, -1, -1, 1, -1, 1, -1, 1}
)

func logistic(steps int, p params) plugintest.OptimizeCase {
	return plugintest.OptimizeCase{
		Workload: plugintest.Logistic(inputs, labels, 2), Init: []float32{0.5, -0.25}, Steps: steps, Params: p,
		Examples: len(inputs), BatchSize: 2, StepsPerEpoch: 4,
	}
}

// sums writes down the sums of clipped gradients that are asked for.
type sums struct {
	oracle.Workload
	oracle.PerExample
	batches []oracle.Batch
	points  [][]float32
	noise   []oracle.Noise
}

func (r *sums) GradClipped(b oracle.Batch, w, out []float32, c oracle.Clip, o oracle.Options) (oracle.Eval, error) {
	r.batches, r.points, r.noise = append(r.batches, b), append(r.points, slices.Clone(w)), append(r.noise, *c.Noise)
	return r.PerExample.GradClipped(b, w, out, c, o)
}

// Two releases a step, on one draw, with different noise of the same size, rho apart.
func TestTwoReleasesOnOneDraw(t *testing.T) {
	const rho, steps = 0.3, 8
	c := logistic(steps, params{"rho": rho, "clip": 0.5, "sigma": 0.8})
	r := &sums{Workload: c.Workload, PerExample: c.Workload.(oracle.PerExample)}
	c.Workload, c.Account = r, &privacy.Account{}
	path := plugintest.Optimize(t, c)
	if len(r.batches) != 2*steps {
		t.Fatalf("%d sums in %d steps", len(r.batches), steps)
	}
	at := c.Init
	for k := range steps {
		i, j := 2*k, 2*k+1
		if want := (oracle.Batch{Stream: oracle.Poisson, Index: uint64(k), Rate: 0.25}); r.batches[i] != want || r.batches[j] != want {
			t.Errorf("step %d: draws %v and %v", k+1, r.batches[i], r.batches[j])
		}
		if a, b := r.noise[i], r.noise[j]; a.Std != 0.4 || b.Std != 0.4 || a.Stream == b.Stream && a.Index == b.Index {
			t.Errorf("step %d: noise %v and %v", k+1, a, b)
		}
		if err := plugintest.SameBits(r.points[i], at); err != nil {
			t.Errorf("step %d: the first release is not at the committed parameters: %v", k+1, err)
		}
		d := math.Hypot(float64(r.points[j][0])-float64(at[0]), float64(r.points[j][1])-float64(at[1]))
		if math.Abs(d-rho) > 1e-6 {
			t.Errorf("step %d: the points are %v apart", k+1, d)
		}
		at = path[k]
	}
	c.Account.Commit()
	g := c.Account.Committed
	if len(g) != 1 || g[0].Steps != steps || g[0].Releases != 2*steps || math.Abs(g[0].Sigma-0.8/math.Sqrt2) > 1e-12 || c.Account.Unseen() != "" {
		t.Errorf("the account has %+v (%s)", g, c.Account.Unseen())
	}
}

// At the same noise it spends more than DP-SGD; at √2 times the noise as much; and a target is met by either.
func TestClaimPrivacy(t *testing.T) {
	const delta = 1e-3
	spend := func(name string, p params) float64 {
		c := logistic(10, p)
		if name != "" {
			program := plugintest.Self(name)
			c.Program = &program
		}
		c.Account = &privacy.Account{}
		plugintest.Optimize(t, c)
		c.Account.Commit()
		return privacy.Epsilon(delta, c.Account.Mechanisms()...)
	}
	one, two := spend("dpsgd", params{"sigma": 1.5}), spend("", params{"sigma": 1.5})
	matched := spend("", params{"sigma": 1.5 * math.Sqrt2})
	target := spend("", params{"epsilon": 2.0, "delta": delta})
	t.Logf("epsilon: dpsgd %.4f, dpsam %.4f, dpsam with sqrt(2) sigma %.4f, dpsam with target 2 %.4f", one, two, matched, target)
	if !(two > one) || math.Abs(matched-one) > 1e-9 || !(target <= 2 && target > 1.999) {
		t.Error("the claim does not hold")
	}
}

func TestResume(t *testing.T) {
	plugintest.Resume(t, logistic(10, params{"rho": 0.2, "momentum": 0.9}))
}

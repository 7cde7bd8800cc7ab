package conadv

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/internal/golden"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The test binary is also the plugins that conadv claims to equal, when it is started with their name.
func TestMain(m *testing.M) {
	switch os.Args[len(os.Args)-1] {
	case "sgd":
		sdktest.TestMain(m, sgd.Optimizer{})
	case "adamw":
		sdktest.TestMain(m, adamw.Optimizer{})
	default:
		sdktest.TestMain(m, Optimizer{})
	}
}

type params = map[string]any

var (
	inputs = [][]float64{{1, 2}, {-1, 0.5}, {0.3, -1}, {2, 2}}
	labels = []int{1, -1, -1, 1}
	start  = []float32{0.5, -0.25}
)

func problem() plugintest.OptimizeCase {
	return plugintest.OptimizeCase{
		Workload: plugintest.Logistic(inputs, labels, 2), Init: start, Steps: 16,
		StepsPerEpoch: 2, Examples: 4, BatchSize: 2, Classes: 2, InputLen: 2,
	}
}

// gradient is that of logistic regression on batch k, the inputs moved by omega against the margin at the point at.
func gradient(w, at []float64, k int, omega float64) [2]float64 {
	var g [2]float64
	for i := k % 2 * 2; i < k%2*2+2; i++ {
		y, x := float64(labels[i]), [2]float64{}
		z := 0.0
		for j := range x {
			// The loss falls with y w·x: its gradient by x has the sign of -y w.
			x[j] = inputs[i][j] - omega*y*math.Copysign(1, at[j])
			z += w[j] * x[j]
		}
		for j := range g {
			g[j] -= y * x[j] / (1 + math.Exp(y*z)) / 2
		}
	}
	return g
}

// Against the rule written out in float64, with stale and with current parameters.
func TestAgainstReference(t *testing.T) {
	const lr, mu, omega, mix = 0.4, 0.8, 0.3, 0.7
	var ends [2]float32
	for n, stale := range []bool{true, false} {
		w, b := []float64{0.5, -0.25}, [2]float64{}
		old := []float64{0.5, -0.25}
		c := problem()
		c.Params = params{"lr": lr, "momentum": mu, "omega": omega, "mix": mix, "stale": stale}
		for k, got := range plugintest.Optimize(t, c) {
			at := w
			if stale {
				at = old
			}
			clean, adversarial := gradient(w, at, k, 0), gradient(w, at, k, omega)
			old = append([]float64(nil), w...)
			for j := range w {
				b[j] = mu*b[j] + (1-mix)*clean[j] + mix*adversarial[j]
				w[j] -= lr * b[j]
				if math.Abs(float64(got[j])-w[j]) > 1e-5 {
					t.Fatalf("stale %v: step %d, element %d: %v, want %v", stale, k+1, j, got[j], w[j])
				}
			}
			ends[n] = got[1]
		}
	}
	if ends[0] == ends[1] {
		t.Errorf("stale and current parameters end alike: nothing is compared")
	}
}

func TestGoldenTrajectories(t *testing.T) { golden.Check(t) }

func TestDeclaredDegenerates(t *testing.T) {
	for _, d := range (Optimizer{}).Info().Degenerate {
		base := plugintest.Self(d.Equals)
		c := problem()
		c.Program = &base
		want := plugintest.Optimize(t, c)
		c.Program, c.Params = nil, d.When
		for k, w := range plugintest.Optimize(t, c) {
			if err := plugintest.SameBits(w, want[k]); err != nil {
				t.Fatalf("%v: step %d differs from %s: %v", d.When, k+1, d.Equals, err)
			}
		}
	}
}

// The stale parameters outlive the process.
func TestResume(t *testing.T) {
	c := problem()
	c.Params = params{"omega": 0.3, "lr": 0.5, "momentum": 0.9}
	plugintest.Resume(t, c)
}

func TestBadParameters(t *testing.T) {
	got := plugintest.Validate(t, nil, 3, nil)
	if len(got) != 1 || !strings.Contains(got[0], "no inputs") {
		t.Errorf("a workload without inputs: %q", got)
	}
	if got := plugintest.Validate(t, nil, 3, params{"mix": 1.5}); len(got) != 1 || !strings.HasPrefix(got[0], "mix") {
		t.Errorf("mix 1.5: %q", got)
	}
}

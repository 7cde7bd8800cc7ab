package selfdistill

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

// The test binary is also the plugins that selfdistill claims to equal, when it is started with their name.
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
)

func problem() plugintest.OptimizeCase {
	return plugintest.OptimizeCase{
		Workload: plugintest.Logistic(inputs, labels, 2), Init: []float32{0.5, -0.25}, Steps: 16,
		StepsPerEpoch: 2, Examples: 4, BatchSize: 2, Classes: 2, InputLen: 2,
	}
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// Against the loss of the documentation in float64, differentiated numerically.
func TestAgainstReference(t *testing.T) {
	const lr, lambda, heat, every, many = 0.4, 0.7, 1.5, 3, 2
	c := problem()
	c.Params = params{"lr": lr, "lambda": lambda, "temperature": heat, "every": every, "teachers": many}
	w := [2]float64{0.5, -0.25}
	var states [][2]float64 // before each step
	for k, got := range plugintest.Optimize(t, c) {
		states = append(states, w)
		var voters [][2]float64
		for s := every; s <= k; s += every {
			voters = append(voters, states[s])
		}
		voters = voters[max(0, len(voters)-many):]
		loss := func(w [2]float64) (sum float64) {
			margin := func(w [2]float64, i int) float64 { return w[0]*inputs[i][0] + w[1]*inputs[i][1] }
			for i := k % 2 * 2; i < k%2*2+2; i++ {
				sum += math.Log1p(math.Exp(-float64(labels[i])*margin(w, i))) / 2
				if len(voters) == 0 {
					continue
				}
				q, p := 0.0, sigmoid(margin(w, i)/heat)
				for _, v := range voters {
					q += sigmoid(margin(v, i)/heat) / float64(len(voters))
				}
				sum += lambda * heat * heat * (q*math.Log(q/p) + (1-q)*math.Log((1-q)/(1-p))) / 2
			}
			return sum
		}
		const h = 1e-5
		var next [2]float64
		for j := range w {
			a, b := w, w
			a[j] += h
			b[j] -= h
			next[j] = w[j] - lr*(loss(a)-loss(b))/(2*h)
		}
		w = next
		for j := range w {
			if math.Abs(float64(got[j])-w[j]) > 1e-5 {
				t.Fatalf("step %d, element %d: %v, want %v", k+1, j, got[j], w[j])
			}
		}
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

// The teachers outlive the process.
func TestResume(t *testing.T) {
	c := problem()
	c.Params = params{"every": 3, "teachers": 2, "lr": 0.5, "momentum": 0.9}
	plugintest.Resume(t, c)
}

func TestBadParameters(t *testing.T) {
	if got := plugintest.Validate(t, nil, 3, nil); len(got) != 1 || !strings.Contains(got[0], "no classes") {
		t.Errorf("a workload without classes: %q", got)
	}
	if got := plugintest.Validate(t, nil, 3, params{"teachers": 0}); len(got) != 1 || !strings.HasPrefix(got[0], "teachers") {
		t.Errorf("no teachers: %q", got)
	}
}

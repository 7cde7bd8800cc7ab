package trace

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// One draw of signs is exact for a diagonal Hessian, whatever the method, and the error is 0.
func TestDiagonal(t *testing.T) {
	for _, method := range []string{"hutchinson", "hutch++", "xtrace"} {
		for adaptive, want := range map[bool]float64{false: 6, true: 5*0.25 + 1*4} {
			v := plugintest.Measure(t, plugintest.MeasureCase{
				Workload: plugintest.Quadratic(5, 1, 0, 0, 0, 0, 0, 0), At: []float32{0.5, -2, 1, 1, 1, 1, 1, 1}, Seed: 5,
				Params: map[string]any{"method": method, "adaptive": adaptive},
			})["trace"]
			if math.Abs(v.Value/want-1) > 1e-5 || !v.HasStdErr || v.StdErr > 1e-5 {
				t.Errorf("%s, adaptive %v: %+v, want %v", method, adaptive, v, want)
			}
		}
	}
}

// dense is a symmetric operator given by its matrix, and signs from a generator.
func dense(h [][]float64, seed uint64) *estimator {
	r := rand.New(rand.NewPCG(seed, 1))
	return &estimator{dim: len(h), apply: func(x, y []float32) error {
		for i, row := range h {
			s := 0.0
			for j, a := range row {
				s += a * float64(x[j])
			}
			y[i] = float32(s)
		}
		return nil
	}, signs: func(_ int, out []float32) error {
		for i := range out {
			out[i] = float32(2*int(r.Uint64()&1) - 1)
		}
		return nil
	}}
}

// random is a symmetric matrix with the eigenvalues 1, 1/4, 1/9, … in a random basis of reflections.
func random(n, rank int) (h [][]float64, trace float64) {
	r := rand.New(rand.NewPCG(9, 9))
	h = make([][]float64, n)
	for i := range h {
		h[i] = make([]float64, n)
	}
	for k := range rank {
		v := make([]float64, n)
		for i := range v {
			v[i] = r.NormFloat64()
		}
		for i := range h {
			for j := range h {
				h[i][j] += v[i] * v[j] / float64((k+1)*(k+1)*n)
			}
		}
	}
	for i := range h {
		trace += h[i][i]
	}
	return h, trace
}

// The mean over all sign vectors is the trace; R has trace 7/3 at every w.
func TestEverySignVector(t *testing.T) {
	h := [][]float64{{2, -1, 0.5}, {-1, 1, 3}, {0.5, 3, -4}}
	e := dense(h, 0)
	e.signs = func(i int, out []float32) error {
		for j := range out {
			out[j] = float32(2*(i>>j&1) - 1)
		}
		return nil
	}
	samples, err := e.hutchinson(8, nil)
	if err != nil {
		t.Fatal(err)
	}
	if mean, _ := curvature.Mean(samples); math.Abs(mean+1) > 1e-6 {
		t.Errorf("mean %v, want -1", mean)
	}
	ridge := dense([][]float64{{2. / 3, 1. / 3}, {1. / 3, 5. / 3}}, 1)
	if exact, rest, err := ridge.hutchpp(6); err != nil || math.Abs((exact+rest[0])*3/7-1) > 1e-5 {
		t.Errorf("ridge: %v + %v, %v", exact, rest, err)
	}
}

// An operator of low rank is found whole.
func TestLowRank(t *testing.T) {
	h, want := random(50, 4)
	exact, rest, err := dense(h, 2).hutchpp(6)
	if mean, _ := curvature.Mean(rest); err != nil || math.Abs((exact+mean)/want-1) > 1e-5 {
		t.Errorf("hutch++: %v + %v, want %v", exact, mean, want)
	}
	samples, err := dense(h, 2).xtrace(6)
	if mean, _ := curvature.Mean(samples); err != nil || math.Abs(mean/want-1) > 1e-5 {
		t.Errorf("xtrace: %v, want %v", mean, want)
	}
}

// All methods are unbiased, as their errors say, and those that deflate are much better where the spectrum decays.
func TestUnbiased(t *testing.T) {
	h, want := random(50, 50)
	spread := map[string]float64{}
	for name, f := range map[string]func(*estimator) float64{
		"hutchinson": func(e *estimator) float64 { s, _ := e.hutchinson(18, nil); m, _ := curvature.Mean(s); return m },
		"hutch++":    func(e *estimator) float64 { x, s, _ := e.hutchpp(6); m, _ := curvature.Mean(s); return x + m },
		"xtrace":     func(e *estimator) float64 { s, _ := e.xtrace(9); m, _ := curvature.Mean(s); return m },
	} {
		var all []float64
		for seed := range uint64(400) {
			all = append(all, f(dense(h, seed)))
		}
		mean, se := curvature.Mean(all)
		if math.Abs(mean-want) > 4*se {
			t.Errorf("%s: %v ± %v, want %v", name, mean, se, want)
		}
		spread[name] = se
	}
	if spread["hutch++"] > spread["hutchinson"]/2 || spread["xtrace"] > spread["hutch++"] {
		t.Errorf("standard errors %v", spread)
	}
}

// The variance of Hutchinson's samples is 2·Σ_{i≠j} H_ij².
func TestVariance(t *testing.T) {
	h := [][]float64{{2, -1, 0.5}, {-1, 1, 3}, {0.5, 3, -4}}
	samples, err := dense(h, 4).hutchinson(20000, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, se := curvature.Mean(samples)
	if want := 2 * 2 * (1 + 0.25 + 9); math.Abs(se*se*20000/want-1) > 0.05 {
		t.Errorf("variance %v, want %v", se*se*20000, want)
	}
}

const goldenVersion, golden = 1, 6.0

func TestGoldenValue(t *testing.T) {
	v := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(5, 1), At: []float32{1, 1}})["trace"]
	if version := (Metric{}).Info().Version; version != goldenVersion || math.Abs(v.Value/golden-1) > 1e-12 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", version, v.Value, goldenVersion, golden)
	}
}

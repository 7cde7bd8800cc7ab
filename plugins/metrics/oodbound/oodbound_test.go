package oodbound

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

// ridge is (XᵀX/n + βI)⁻¹Xᵀy/n.
func ridge(x [][]float64, y []float64, beta float64) []float64 {
	n, d := len(x), len(x[0])
	a, b := mat.NewDense(d, d, nil), mat.NewVecDense(d, nil)
	for i, row := range x {
		for j := range row {
			b.SetVec(j, b.AtVec(j)+row[j]*y[i]/float64(n))
			for k := range row {
				a.Set(j, k, a.At(j, k)+row[j]*row[k]/float64(n))
			}
		}
	}
	for j := range d {
		a.Set(j, j, a.At(j, j)+beta)
	}
	var w mat.VecDense
	if err := w.SolveVec(a, b); err != nil {
		panic(err)
	}
	return w.RawVector().Data
}

func float32s(x []float64) []float32 {
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = float32(v)
	}
	return out
}

// X = ((1,0), (0,2), (1,1)), y = (1, 2, 2): tr(H) = 7/3 at every β.
func TestRidge(t *testing.T) {
	x, y := [][]float64{{1, 0}, {0, 2}, {1, 1}}, []float64{1, 2, 2}
	for _, c := range []struct {
		beta, kappa, loss float64
		w                 [2]float64
	}{
		{0, 4.66666667, 0, [2]float64{1, 1}},
		{0.1, 3.99988500, 0.00678148, [2]float64{.8847185, .96514745}},
		{1, 1.61538462, 0.23076923, [2]float64{.46153846, .69230769}},
	} {
		w := ridge(x, y, c.beta)
		loss := 0.0
		for i, row := range x {
			r := row[0]*w[0] + row[1]*w[1] - y[i]
			loss += r * r / 6
		}
		if math.Abs(w[0]-c.w[0]) > 1e-7 || math.Abs(w[1]-c.w[1]) > 1e-7 || math.Abs(loss-c.loss) > 1e-8 {
			t.Errorf("β = %v: w = %v with loss %v", c.beta, w, loss)
		}
		got := plugintest.Measure(t, plugintest.MeasureCase{
			Workload: plugintest.Regression(x, y, 3), At: float32s(w), Probe: plugintest.Probe{Batches: 1, Size: 3}, Classes: 1,
		})
		if v := got["kappa"]; math.Abs(v.Value/c.kappa-1) > 1e-6 || v.HasStdErr {
			t.Errorf("β = %v: kappa %+v, want %v", c.beta, v, c.kappa)
		}
	}
}

// Four points far apart in two pairs: the cells are the pairs, and the robustness is the mean gap within them.
func TestRobustness(t *testing.T) {
	x, y := [][]float64{{100, 0}, {100, 1}, {-100, 0}, {-100, 3}}, []float64{0, 0, 0, 0}
	measure := func(params map[string]any, size int) map[string]pluginhost.Value {
		return plugintest.Measure(t, plugintest.MeasureCase{
			Workload: plugintest.Regression(x, y, size), At: []float32{0, 1}, Probe: plugintest.Probe{Batches: 4 / size, Size: size}, Classes: 1,
			Params: params, Tensors: []engine.Tensor{{Name: "w", Kind: engine.Weight, Shape: []int{2, 1}}},
		})
	}
	// The losses are 0, ½, 0 and 9/2.
	for cells, want := range map[int64]float64{1: 4.5, 2: (0.5 + 4.5) / 2, 4: 0} {
		for _, size := range []int{4, 2} {
			if v := measure(map[string]any{"cells": cells}, size)["robustness"].Value; math.Abs(v-want) > 1e-6 {
				t.Errorf("%d cells in batches of %d: %v, want %v", cells, size, v, want)
			}
		}
	}
}

// The trace of many parameters is estimated, and its error with it.
func TestManyParameters(t *testing.T) {
	r := rand.New(rand.NewPCG(14, 3))
	x, y := make([][]float64, 40), make([]float64, 40)
	trace, w, norm := 0.0, make([]float32, 80), 0.0
	for i := range x {
		x[i] = make([]float64, 80)
		for j := range x[i] {
			x[i][j] = r.NormFloat64()
			trace += x[i][j] * x[i][j] / 40
		}
	}
	for j := range w {
		w[j] = float32(r.NormFloat64())
		norm += float64(w[j]) * float64(w[j])
	}
	v := plugintest.Measure(t, plugintest.MeasureCase{
		Workload: plugintest.Regression(x, y, 20), At: w, Probe: plugintest.Probe{Batches: 2, Size: 20}, Classes: 1,
	})["kappa"]
	if !v.HasStdErr || math.Abs(v.Value-norm*trace) > 4*v.StdErr {
		t.Errorf("%+v, want %v", v, norm*trace)
	}
}

// TestClaim goes along the whole path of ridge regression with n ≈ d, and looks at the exact error under a shift Σ_T = 4Σ_S.
// Where too little is penalised a larger κ is to go with a larger error; over the whole path the error is to be U-shaped.
func TestClaim(t *testing.T) {
	const n, d, s, noise, seeds = 24, 20, 4.0, 0.3, 5
	reproduced := 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 14))
		truth := make([]float64, d)
		for j := range truth {
			truth[j] = r.NormFloat64() / math.Sqrt(d)
		}
		x, y := make([][]float64, n), make([]float64, n)
		for i := range x {
			x[i] = make([]float64, d)
			for j := range x[i] {
				x[i][j] = r.NormFloat64() // Σ_S = I
				y[i] += x[i][j] * truth[j]
			}
			y[i] += noise * r.NormFloat64()
		}
		var kappa, ood []float64
		var path strings.Builder
		for k := range 17 {
			beta := math.Pow(10, -5+float64(k)*0.4)
			w := ridge(x, y, beta)
			got, err := sdktest.Measure(Metric{}, sdktest.Case{
				Workload: plugintest.Regression(x, y, n), Init: float32s(w),
				Problem: sdk.Problem{Examples: n, ProbeBatches: 1, ProbeBatchSize: n, Classes: 1},
			})
			if err != nil {
				t.Fatal(err)
			}
			e := noise * noise
			for j := range w {
				e += s * (w[j] - truth[j]) * (w[j] - truth[j])
			}
			kappa, ood = append(kappa, got[0].Value), append(ood, e/2)
			fmt.Fprintf(&path, " %.2g:%.3g/%.3g", beta, got[0].Value, e/2)
		}
		best := slices.Index(ood, slices.Min(ood))
		falls := slices.IsSortedFunc(kappa, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
		left, right := 0, 0 // pairs of neighbours in which more κ goes with more error
		for k := 1; k < len(ood); k++ {
			if up := ood[k-1] > ood[k]; k <= best && up {
				left++
			} else if k > best && up {
				right++
			}
		}
		ok := falls && best > 0 && best < len(ood)-1 && left == best && right == 0
		if ok {
			reproduced++
		}
		t.Logf("seed %d: least error at the %d. of %d penalties; below it κ and error fall together in %d of %d steps, above it in %d of %d; β:κ/error%s",
			seed, best+1, len(ood), left, best, right, len(ood)-1-best, path.String())
	}
	verdict := map[int]string{0: "not reproduced", seeds: "reproduced"}[reproduced]
	if verdict == "" {
		verdict = "inconclusive"
	}
	t.Logf("claim: positively ranked where too little is penalised, U-shaped over the whole path: %d of %d seeds, %s", reproduced, seeds, verdict)
}

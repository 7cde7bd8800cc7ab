package plugins

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/stats"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The claims that need more than one metric, or a training. They print their verdict; it is no condition of the test.

func verdict(held, of int) string {
	switch held {
	case of:
		return "reproduced"
	case 0:
		return "not reproduced"
	}
	return "inconclusive"
}

// TestClaimEqualFunctions: minima of one function, reparametrised, have a largest eigenvalue from 2 to 100, and the same adaptive
// sharpness. L = ½(uv − 1)² on uv = 1, and the product of three.
func TestClaimEqualFunctions(t *testing.T) {
	held := 0
	points := []struct{ w []float64 }{{[]float64{1, 1}}, {[]float64{2, 0.5}}, {[]float64{5, 0.2}}, {[]float64{10, 0.1}}, {[]float64{1, 1, 1}}, {[]float64{4, 0.5, 0.5}}}
	for _, p := range points {
		n := len(p.w)
		product := func(w []float64, skip ...int) float64 {
			out := 1.0
			for i, v := range w {
				if !slices.Contains(skip, i) {
					out *= v
				}
			}
			return out
		}
		task := plugintest.Curved(n, func(w []float64) (float64, []float64) {
			r, g := product(w)-1, make([]float64, n)
			for i := range g {
				g[i] = r * product(w, i)
			}
			return r * r / 2, g
		}, func(w []float64) [][]float64 {
			r, h := product(w)-1, diagonal(make([]float64, n)...)
			for i := range h {
				for j := range h {
					if h[i][j] = product(w, i) * product(w, j); i != j {
						h[i][j] += r * product(w, i, j)
					}
				}
			}
			return h
		})
		at := make([]float32, n)
		want, adaptive := 0.0, float64(n)
		for i, v := range p.w {
			at[i] = float32(v)
			want += 1 / v / v
		}
		get := func(metric, value string, params map[string]any) float64 {
			m, _ := Lookup(metric)
			got, err := sdktest.Measure(m.(sdk.Metric), sdktest.Case{Workload: task, Init: at, Params: params})
			if err != nil {
				t.Fatal(err)
			}
			return named(got)[value].Value
		}
		lambda, scaled := get("hessian", "lambda_max", nil), get("hessian", "lambda_max", map[string]any{"adaptive": true})
		const rho = 0.01
		worst := get("msharpness", "sharpness", map[string]any{"adaptive": true, "rho": rho}) / (rho * rho / 2)
		if math.Abs(lambda/want-1) < 1e-4 && math.Abs(scaled/adaptive-1) < 1e-4 && math.Abs(worst/adaptive-1) < 0.02 {
			held++
		}
		t.Logf("w = %v: largest eigenvalue %.4f, adaptive %.4f, adaptive worst-case sharpness over rho²/2 %.4f", p.w, lambda, scaled, worst)
	}
	t.Logf("claim: the eigenvalue tells parametrisations of one function apart, adaptive sharpness does not: %d of %d points, %s", held, len(points), verdict(held, len(points)))
}

// TestClaimTrainingParameters: over thirty networks of different learning rates, weight decays and augmentations the sharpness
// follows the learning rate rather than the test error.
func TestClaimTrainingParameters(t *testing.T) {
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	var sharp, test, rates []float64
	var groups []int
	for l, lr := range []float64{0.02, 0.05, 0.1, 0.2, 0.4} {
		for _, decay := range []float64{0, 1e-3, 1e-2} {
			for _, shift := range []int{0, 1} {
				net := newDigits(t, 16, 256, 64, 1, "relu", engine.Loss{})
				train := net.problem
				train.Augment, train.BatchSize = "", 64
				if shift > 0 {
					train.Augment = dataset.AugmentCropFlip
				}
				task, g := oracle.NewTraining(train), make([]float32, len(net.w))
				for k := range uint64(150) {
					if _, err := task.Grad(oracle.Batch{Stream: oracle.Train, Index: k}, net.w, g, oracle.Options{}); err != nil {
						t.Fatal(err)
					}
					for i := range net.w {
						net.w[i] -= float32(lr) * (g[i] + float32(decay)*net.w[i])
					}
				}
				got := net.measure(t, "msharpness", map[string]any{"adaptive": true, "norm": "linf", "rho": 0.002, "restarts": int64(0)})["sharpness"]
				all := make([]int, d.Test.Len())
				for i := range all {
					all[i] = i
				}
				e, err := oracle.NewEvaluation(oracle.Problem{Net: net.net, Normalize: d.Normalizer(), BatchSize: 128, Nominal: 128}, nil).On(&d.Test, all, net.w)
				if err != nil || got.Null {
					t.Fatalf("%+v, %v", got, err)
				}
				sharp, test, rates = append(sharp, got.Value), append(test, float64(e.Errors)/float64(e.Examples)), append(rates, lr)
				groups = append(groups, l)
			}
		}
	}
	tau := func(x, y []float64) (float64, float64, float64) {
		est := stats.NewBootstrap(make([]int, len(x)), 2000, 1).BCa(stats.TauStatistic(x, y), 0.95)
		return est.Value, est.Lo, est.Hi
	}
	error, low, high := tau(sharp, test)
	lr, lowLR, highLR := tau(sharp, rates)
	v := "inconclusive"
	switch {
	case math.Abs(lr) > math.Max(math.Abs(low), math.Abs(high)):
		v = "reproduced"
	case math.Abs(error) > math.Max(math.Abs(lowLR), math.Abs(highLR)):
		v = "not reproduced"
	}
	within := 0.0
	for g := range 5 {
		var a, b []float64
		for i := range sharp {
			if groups[i] == g {
				a, b = append(a, sharp[i]), append(b, test[i])
			}
		}
		within += stats.Kendall(a, b).Tau / 5
	}
	t.Logf("claim: sharpness follows the learning rate rather than the test error: τ with the error %.2f [%.2f, %.2f], with the learning rate %.2f [%.2f, %.2f], with the error at one learning rate %.2f on average; %d networks, %s",
		error, low, high, lr, lowLR, highLR, within, len(sharp), v)
}

// TestClaimProgressiveSharpening: under gradient descent on squared loss the largest eigenvalue rises to 2/η and stays there.
func TestClaimProgressiveSharpening(t *testing.T) {
	const seeds, steps = 3, 6000
	for _, lr := range []float64{0.1, 0.13} {
		held := 0
		for seed := range uint64(seeds) {
			net := newDigits(t, 24, 64, 64, seed, "tanh", engine.Loss{Kind: engine.MSE})
			for i := range net.w {
				net.w[i] /= 2 // a flat start
			}
			first := net.measure(t, "hessian", map[string]any{"smallest": false})["lambda_max"].Value
			var last []float64
			for k := range 6 {
				n := 100
				if k == 0 {
					n = steps - 500
				}
				net.train(t, n, float32(lr))
				v := net.measure(t, "hessian", map[string]any{"smallest": false})["lambda_max"]
				if v.Null {
					t.Fatalf("%+v", v)
				}
				if k > 0 {
					last = append(last, v.Value*lr/2)
				}
			}
			slices.Sort(last)
			if first*lr/2 < 0.9 && last[0] > 0.85 && last[len(last)-1] < 1.3 {
				held++
			}
			t.Logf("η = %v, seed %d: λη/2 is %.2f at the start, %.2f to %.2f over the last 500 of %d steps", lr, seed, first*lr/2, last[0], last[len(last)-1], steps)
		}
		t.Logf("claim: the largest eigenvalue rises to 2/η = %.4g and hovers there: %d of %d seeds, %s", 2/lr, held, seeds, verdict(held, seeds))
	}
}

// TestClaimTrace: the mean rise of the loss under noise of size ρ, over ½ρ², tends to the trace as ρ → 0.
func TestClaimTrace(t *testing.T) {
	const seeds = 3
	held := 0
	for seed := range uint64(seeds) {
		net := newDigits(t, 16, 64, 64, seed, "tanh", engine.Loss{})
		net.train(t, 300, 0.2)
		trace := net.measure(t, "trace", map[string]any{"matvecs": int64(200)})["trace"]
		line, ok := "", false
		for _, rho := range []float64{0.1, 0.03, 0.01} {
			v := net.measure(t, "msharpness", map[string]any{"kind": "average", "rho": rho, "draws": int64(400)})["sharpness"]
			got, se := v.Value/(rho*rho/2), v.StdErr/(rho*rho/2)
			line += fmt.Sprintf(" ρ=%v: %.3f ± %.3f", rho, got, se)
			ok = math.Abs(got-trace.Value) < 2*math.Hypot(se, trace.StdErr)
		}
		if ok {
			held++
		}
		t.Logf("seed %d: trace %.3f ± %.3f;%s", seed, trace.Value, trace.StdErr, line)
	}
	t.Logf("claim: average sharpness over ½ρ² is the trace within two standard errors at ρ = 0.01: %d of %d seeds, %s", held, seeds, verdict(held, seeds))
}

// step is one minibatch step of SGD, or of SAM with a radius, on the coordinates that mask keeps; nil keeps all.
func (d *digits) step(t testing.TB, task *oracle.Measuring, k int, lr, rho float64, mask []bool) {
	t.Helper()
	g := make([]float32, len(d.w))
	b := oracle.Batch{Stream: oracle.Probe, Index: uint64(k % task.ProbeBatches())}
	if _, err := task.Grad(b, d.w, g, oracle.Options{}); err != nil {
		t.Fatal(err)
	}
	if rho > 0 {
		norm := 0.0
		for _, v := range g {
			norm += float64(v) * float64(v)
		}
		at := slices.Clone(d.w)
		for i, v := range g {
			at[i] += float32(rho/math.Sqrt(norm)) * v
		}
		if _, err := task.Grad(b, at, g, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	for i, v := range g {
		if mask == nil || mask[i] {
			d.w[i] -= float32(lr) * v
		}
	}
}

// testError is the share of the test digits that the network gets wrong.
func (d *digits) testError(t testing.TB) float64 {
	t.Helper()
	data, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	all := make([]int, data.Test.Len())
	for i := range all {
		all[i] = i
	}
	e, err := oracle.NewEvaluation(oracle.Problem{Net: d.net, Normalize: data.Normalizer(), BatchSize: 128, Nominal: 128}, nil).On(&data.Test, all, d.w)
	if err != nil {
		t.Fatal(err)
	}
	return float64(e.Errors) / float64(e.Examples)
}

// interval is the mean of paired differences with Student's t interval at 95 % for five of them.
func interval(x []float64) (mean, half float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	sq := 0.0
	for _, v := range x {
		sq += (v - mean) * (v - mean)
	}
	return mean, 2.776 * math.Sqrt(sq/float64(len(x)-1)/float64(len(x)))
}

// TestClaimSparsity: SAM leaves fewer first-layer units active than SGD, on five paired seeds.
func TestClaimSparsity(t *testing.T) {
	var differences []float64
	for seed := range uint64(5) {
		var active []float64
		for _, rho := range []float64{0, 0.2} {
			net := newDigits(t, 32, 512, 64, seed, "relu", engine.Loss{})
			task := net.task(t)
			for k := range 400 {
				net.step(t, task, k, 0.1, rho, nil)
			}
			active = append(active, net.measure(t, "sparsity", nil)["first_third"].Value)
		}
		t.Logf("seed %d: %.3f of the units active after SGD, %.3f after SAM", seed, active[0], active[1])
		differences = append(differences, active[1]-active[0])
	}
	mean, half := interval(differences)
	v := "inconclusive"
	if mean+half < 0 {
		v = "reproduced"
	} else if mean-half > 0 {
		v = "not reproduced"
	}
	t.Logf("claim: fewer units are active after SAM: difference %+.3f ± %.3f (95 %%), %s", mean, half, v)
}

// TestClaimPruning: pruning 95 % of the weights step by step gives networks that are more accurate, sharper, and less specific
// to classes than pruning them at once, with as many steps of training in all.
func TestClaimPruning(t *testing.T) {
	const share, total = 0.95, 800
	var accuracy, sharp, unspecific []float64
	for seed := range uint64(5) {
		var errors, lambdas, entropies [2]float64
		for kind, rounds := range []int{1, 10} { // at once, gradually
			net := newDigits(t, 32, 512, 64, seed, "relu", engine.Loss{})
			task, mask := net.task(t), make([]bool, len(net.w))
			weights := []int{}
			for _, l := range net.told().Tensors {
				for i := range l.Of(net.w) {
					if mask[l.Offset+i] = true; l.Kind == sdk.KindWeight {
						weights = append(weights, l.Offset+i)
					}
				}
			}
			k := 0
			for ; k < total/4; k++ {
				net.step(t, task, k, 0.1, 0, mask)
			}
			for r := 1; r <= rounds; r++ {
				slices.SortStableFunc(weights, func(a, b int) int {
					return int(math.Copysign(1, math.Abs(float64(net.w[a]))-math.Abs(float64(net.w[b]))))
				})
				gone := int(share * float64(len(weights)) * (1 - math.Pow(1-float64(r)/float64(rounds), 3)))
				for _, i := range weights[:gone] {
					mask[i], net.w[i] = false, 0
				}
				for end := total/4 + 3*total/4*r/rounds; k < end; k++ {
					net.step(t, task, k, 0.1, 0, mask)
				}
			}
			errors[kind] = net.testError(t)
			lambdas[kind] = net.measure(t, "hessian", map[string]any{"smallest": false})["lambda_max"].Value
			entropies[kind] = net.measure(t, "pspentropy", nil)["class_entropy"].Value
		}
		t.Logf("seed %d: at once %.1f %% wrong, λ %.2f, H(y|u) %.3f; gradually %.1f %%, %.2f, %.3f",
			seed, 100*errors[0], lambdas[0], entropies[0], 100*errors[1], lambdas[1], entropies[1])
		accuracy, sharp, unspecific = append(accuracy, errors[0]-errors[1]), append(sharp, lambdas[1]-lambdas[0]), append(unspecific, entropies[1]-entropies[0])
	}
	line, held, against := "", 0, 0
	for _, c := range []struct {
		what string
		x    []float64
	}{{"accuracy", accuracy}, {"largest eigenvalue", sharp}, {"entropy of the class", unspecific}} {
		mean, half := interval(c.x)
		if mean-half > 0 {
			held++
		} else if mean+half < 0 {
			against++
		}
		line += fmt.Sprintf(" %s %+.3f ± %.3f;", c.what, mean, half)
	}
	v := "inconclusive"
	switch {
	case held == 3:
		v = "reproduced"
	case against > 0:
		v = "not reproduced"
	}
	t.Logf("claim: gradual pruning is more accurate, sharper and less specific to classes (differences with 95 %% intervals):%s %s", line, v)
}

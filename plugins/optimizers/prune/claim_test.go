package prune

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

const (
	inputs, hidden = 10, 32
	trained        = 256
	minibatch      = 32
)

// perceptron is a network inputs-hidden-hidden-1 of tanh with the logistic loss on noisy labels, in float32.
type perceptron struct {
	x [][]float32
	y []float32
	// Activations and their gradients.
	a, b, da, db []float32
}

func newPerceptron(seed uint64) (noisy *perceptron, x [][]float32, y []float32) {
	const tested = 3000
	points := func(stream string, n int) [][]float32 {
		out := make([][]float32, n)
		for i := range out {
			out[i] = make([]float32, inputs)
			rng.Normal(out[i], seed, stream, uint64(i), 1)
		}
		return out
	}
	// The labels are the sign of a random quadratic form.
	form := make([]float32, inputs*inputs)
	rng.Normal(form, seed, "form", 0, 1)
	label := func(x []float32) float32 {
		z := float32(0)
		for i, v := range x {
			for j, u := range x {
				if i != j {
					z += form[i*inputs+j] * v * u
				}
			}
			z += 2 * form[i*inputs+i] * v
		}
		return float32(math.Copysign(1, float64(z)))
	}
	noisy = &perceptron{x: points("train", trained), a: make([]float32, hidden), b: make([]float32, hidden), da: make([]float32, hidden), db: make([]float32, hidden)}
	flips := rng.New(seed, "flip", 0)
	for _, p := range noisy.x {
		v := label(p)
		if flips.Float64() < 0.15 {
			v = -v
		}
		noisy.y = append(noisy.y, v)
	}
	x = points("test", tested)
	for _, p := range x {
		y = append(y, label(p))
	}
	return noisy, x, y
}

// The parameters: w1 (inputs×hidden), b1, w2 (hidden×hidden), b2, w3, b3.
var layout = func() (out []sdk.Tensor) {
	at := 0
	for i, n := range []int{inputs, hidden} {
		out = append(out, sdk.Tensor{Kind: sdk.KindWeight, Layer: i, Shape: []int{n, hidden}, Offset: at, FanIn: n, Prunable: true})
		at += n * hidden
		out = append(out, sdk.Tensor{Kind: sdk.KindBias, Layer: i, Shape: []int{hidden}, Offset: at})
		at += hidden
	}
	out = append(out, sdk.Tensor{Kind: sdk.KindWeight, Layer: 2, Shape: []int{hidden, 1}, Offset: at, FanIn: hidden, Prunable: true})
	return append(out, sdk.Tensor{Kind: sdk.KindBias, Layer: 2, Shape: []int{1}, Offset: at + hidden})
}()

func (p *perceptron) Dim() int { last := layout[len(layout)-1]; return last.Offset + 1 }

func (p *perceptron) start(seed uint64) []float32 {
	w := make([]float32, p.Dim())
	for i, t := range layout {
		if t.Kind == sdk.KindWeight {
			rng.Normal(t.Of(w), seed, "init", uint64(i), 1/math.Sqrt(float64(t.FanIn)))
		}
	}
	return w
}

func (p *perceptron) forward(w, x []float32) float32 {
	layer := func(out, in []float32, t int) {
		weights, n := layout[t].Of(w), len(out)
		copy(out, layout[t+1].Of(w))
		for i, v := range in {
			for j, m := range weights[i*n : (i+1)*n] {
				out[j] += v * m
			}
		}
	}
	squash := func(x []float32) {
		for i, v := range x {
			x[i] = float32(math.Tanh(float64(v)))
		}
	}
	layer(p.a, x, 0)
	squash(p.a)
	layer(p.b, p.a, 2)
	squash(p.b)
	var z [1]float32
	layer(z[:], p.b, 4)
	return z[0]
}

// Loss implements oracle.Workload, on all examples.
func (p *perceptron) Loss(_ oracle.Batch, w []float32, _ oracle.Options) (oracle.Eval, error) {
	sum := 0.0
	for i, x := range p.x {
		sum += math.Log1p(math.Exp(-float64(p.y[i] * p.forward(w, x))))
	}
	return oracle.Eval{Loss: sum / trained, Examples: trained, G: 1}, nil
}

// Grad implements oracle.Workload, on a minibatch drawn with replacement.
func (p *perceptron) Grad(batch oracle.Batch, w, out []float32, _ oracle.Options) (oracle.Eval, error) {
	clear(out)
	draw := rng.New(1, "batch", batch.Index)
	sum := 0.0
	w2, w3 := layout[2].Of(w), layout[4].Of(w)
	g1, g2, g3 := layout[0].Of(out), layout[2].Of(out), layout[4].Of(out)
	for range minibatch {
		i := int(draw.Float64() * trained)
		x, y := p.x[i], p.y[i]
		z := p.forward(w, x)
		sum += math.Log1p(math.Exp(-float64(y * z)))
		d := -y / (1 + float32(math.Exp(float64(y*z)))) / minibatch
		out[layout[5].Offset] += d
		for j, v := range p.b {
			g3[j] += d * v
			p.db[j] = d * w3[j] * (1 - v*v)
			layout[3].Of(out)[j] += p.db[j]
		}
		for k, v := range p.a {
			s := float32(0)
			for j, e := range p.db {
				g2[k*hidden+j] += v * e
				s += w2[k*hidden+j] * e
			}
			p.da[k] = s * (1 - v*v)
			layout[1].Of(out)[k] += p.da[k]
		}
		for k, v := range x {
			for j, e := range p.da {
				g1[k*hidden+j] += v * e
			}
		}
	}
	return oracle.Eval{Loss: sum / minibatch, Examples: minibatch, G: 1}, nil
}

func (p *perceptron) Outputs(oracle.Batch, []float32, []float32, oracle.Options) (oracle.Eval, error) {
	panic("nobody asks")
}

// At equal budgets gradual pruning ends with a lower training loss than one-shot pruning, and with a test error that is
// not higher (Tartaglione et al. 2020, at the scale of a toy).
func TestClaimGradualPruningLosesLess(t *testing.T) {
	const seeds, steps = 5, 3000
	for _, sparsity := range []float64{0.9, 0.96} {
		var loss, mistakes [2]float64
		lower := 0
		for seed := uint64(1); seed <= seeds; seed++ {
			net, x, y := newPerceptron(seed)
			var each [2]float64
			for i, rounds := range []int{1, 10} {
				path, err := sdktest.Train(Optimizer{}, sdktest.Case{
					Workload: net, Init: net.start(seed), Steps: steps, Problem: sdk.Problem{Tensors: layout},
					Params: params{"sparsity": sparsity, "rounds": rounds, "lr": 0.1, "to": 0.8},
				})
				if err != nil {
					t.Fatal(err)
				}
				w := path[len(path)-1]
				e, _ := net.Loss(oracle.Batch{}, w, oracle.Options{})
				each[i] = e.Loss
				loss[i] += e.Loss / seeds
				for k := range x {
					if y[k]*net.forward(w, x[k]) <= 0 {
						mistakes[i] += 1 / float64(seeds*len(x))
					}
				}
			}
			if each[1] < each[0] {
				lower++
			}
		}
		verdict := "holds"
		if !(loss[1] < loss[0] && mistakes[1] <= mistakes[0]) {
			verdict = "does not hold"
			t.Errorf("sparsity %v: one-shot %v %v, gradual %v %v", sparsity, loss[0], mistakes[0], loss[1], mistakes[1])
		}
		t.Logf("sparsity %v, %d seeds: training loss %.4f one-shot, %.4f gradual (lower on %d seeds); test error %.4f and %.4f: the claim %s",
			sparsity, seeds, loss[0], loss[1], lower, mistakes[0], mistakes[1], verdict)
	}
}

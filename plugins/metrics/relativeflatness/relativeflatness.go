// Package relativeflatness measures the flatness of the last linear layer relative to its weights. With w_s the weights of
// output s and H_{s,s'} the block of the Hessian by w_s and w_s',
//
//	κ = Σ_{s,s'} ⟨w_s, w_s'⟩ tr(H_{s,s'})
//
// For cross-entropy on outputs z = Wᵀφ + b that is, with p = softmax(z), a closed form that needs no second derivatives:
//
//	κ = (1/n) Σ_i ‖φ_i‖² ( Σ_s p_s‖w_s‖² − ‖Σ_s p_s w_s‖² )
//
// The features φ_i are read off the Jacobian of a single output: its gradient by the weights of that output. κ does not
// change under φ → aφ, W → W/a; unlike the Fisher–Rao norm it does when single units are rescaled.
//
// Petzka, Kamp, Adilova, Sminchisescu & Boley 2021, "Relative Flatness and Generalization", arXiv:2001.00939.
package relativeflatness

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:     "relativeflatness",
		Version:  1,
		Summary:  "relative flatness of the last linear layer",
		Rule:     "kappa = sum_{s,s'} <w_s, w_s'> tr(H_{s,s'}) over the last layer; for softmax cross-entropy mean_i |phi_i|^2 (sum_s p_s|w_s|^2 - |sum_s p_s w_s|^2)",
		Citation: "Petzka, Kamp, Adilova, Sminchisescu & Boley 2021, Relative Flatness and Generalization, arXiv:2001.00939",
		Unverified: "the variant with the largest eigenvalues of the blocks in place of their traces, which the paper also " +
			"has, is not measured",
		Finding: "It correlates with the generalisation gap, and reparametrisations that fool other measures of flatness leave it alone.",
		Watch: []string{
			"It is about the last layer alone, and depends on the scale of the logits: it falls towards 0 as the training loss does.",
			"Without a plain linear last layer under cross-entropy there is no value.",
		},
		CostNote: "1/3 + 1/3 for outputs, and one vector-Jacobian product for each example, each on that example alone",
		Needs:    []sdk.Op{sdk.OpOutputs, sdk.OpOutputGrad, sdk.OpVJP},
		Values: []sdk.ValueInfo{{
			Name: "relativeflatness", Unit: "loss", Better: sdk.BetterLower,
			Help: "smaller is flatter; never negative; the standard error is that of the mean over the examples",
		}},
		Invariances: []string{"layerwise_rescaling"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot {
	n := max(1, p.Classes*p.ProbeBatchSize)
	return []sdk.Slot{{Name: "outputs", Len: n, Scratch: true}, {Name: "slopes", Len: n, Scratch: true}, {Name: "cotangent", Len: max(1, p.Classes), Scratch: true}}
}

// last is the linear layer that gives the outputs: its weights, and its bias or nil.
func last(p sdk.Problem) (w, b *sdk.Tensor) {
	for i, t := range p.Tensors {
		if t.Kind == sdk.KindWeight {
			w, b = &p.Tensors[i], nil
		} else if t.Kind == sdk.KindBias && w != nil && t.Layer == w.Layer {
			b = &p.Tensors[i]
		}
	}
	if w == nil || len(w.Shape) != 2 || w.Shape[1] != p.Classes || p.Classes < 2 {
		return nil, nil
	}
	return w, b
}

// close is how well features, weights and bias have to give the outputs, and probabilities the gradient, relative to 1.
const close = 1e-3

func none(format string, a ...any) []sdk.Value {
	return []sdk.Value{{Name: "relativeflatness", Null: true, Reason: fmt.Sprintf(format, a...)}}
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	weights, bias := last(p)
	if weights == nil {
		return none("the last layer with weights is not linear with one output for each class"), nil
	}
	k, w := p.Classes, weights.Of(s.W())
	gram := make([]float64, k*k) // ⟨w_s, w_t⟩
	for i := 0; i < len(w); i += k {
		for a := range k {
			for b := range k {
				gram[a*k+b] += float64(float64(w[i+a]) * float64(w[i+b]))
			}
		}
	}
	outputs, slopes, cotangent, g := s.Slot("outputs"), s.Slot("slopes"), s.Slot("cotangent"), s.Slot("grad")
	clear(cotangent)
	cotangent[0] = 1
	var terms []float64
	for j := range p.ProbeBatches {
		b := s.ProbeBatch(j)
		n, err := s.Outputs(b, s.W(), outputs)
		if err != nil {
			return nil, err
		}
		if _, _, err := s.OutputGrad(b, s.W(), slopes); err != nil {
			return nil, err
		}
		for i := range n {
			z := outputs[i*k : (i+1)*k]
			prob := softmax(z)
			if !crossEntropy(prob, slopes[i*k:(i+1)*k], n) {
				return none("the loss is not plain cross-entropy: its gradient by the outputs is not p - e_y"), nil
			}
			if _, err := s.VJP(b.Example(i), s.W(), cotangent, g); err != nil {
				return nil, err
			}
			// Column 0 of the block is φ, and the rest of it 0.
			block := weights.Of(g)
			square, z0 := 0.0, 0.0
			for d := 0; d < len(block); d += k {
				phi := float64(block[d])
				square += phi * phi
				z0 += phi * float64(w[d])
			}
			if bias != nil {
				z0 += float64(bias.Of(s.W())[0])
			}
			if math.Abs(z0-float64(z[0])) > close*(1+math.Abs(z0)) || len(block) > k && vec.Norm2(block[1:k]) > 0 {
				return none("the outputs are not a linear function of what enters the last layer with weights"), nil
			}
			terms = append(terms, square*spread(prob, gram))
		}
	}
	mean, stderr := curvature.Mean(terms)
	return []sdk.Value{curvature.Estimate("relativeflatness", mean, stderr)}, nil
}

func softmax(z []float32) []float64 {
	top := math.Inf(-1)
	for _, v := range z {
		top = math.Max(top, float64(v))
	}
	p, sum := make([]float64, len(z)), 0.0
	for i, v := range z {
		p[i] = math.Exp(float64(v) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// crossEntropy reports whether n·g is p − e_y for some y.
func crossEntropy(p []float64, g []float32, n int) bool {
	labels := 0
	for i, v := range g {
		switch d := float64(n)*float64(v) - p[i]; {
		case math.Abs(d+1) < close:
			labels++
		case math.Abs(d) > close:
			return false
		}
	}
	return labels == 1
}

// spread is tr(W(diag p − ppᵀ)Wᵀ), from the inner products of the columns of W.
func spread(p, gram []float64) float64 {
	k, out := len(p), 0.0
	for a := range k {
		out += p[a] * gram[a*k+a]
		for b := range k {
			out -= p[a] * p[b] * gram[a*k+b]
		}
	}
	return math.Max(0, out)
}

// Package sparsity measures which share of the hidden units is active: for each layer ℓ
//
//	a_ℓ = mean over examples, units and positions of 1[act(z) ≠ 0]
//
// With ReLU that is z > 0. GELU is never exactly 0: there a unit counts as active when |gelu(z)| > 10⁻³ · rms of gelu(z)
// over the layer.
//
// Chen, Hsieh & Gong 2021, "When Vision Transformers Outperform ResNets without Pre-training or Strong Data
// Augmentations", arXiv:2106.01548.
package sparsity

import (
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/units"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:     "sparsity",
		Version:  1,
		Summary:  "share of the hidden units that are active",
		Rule:     "a_l = mean over examples, units and positions of layer l of 1[act(z) != 0]; for gelu 1[|gelu(z)| > 1e-3 rms(gelu(z))]; the mean over all hidden layers, and over the first third of them",
		Citation: "Chen, Hsieh & Gong 2021, When Vision Transformers Outperform ResNets without Pre-training or Strong Data Augmentations, arXiv:2106.01548",
		Finding:  "SAM gives networks whose first layers have fewer active neurons than those of SGD or AdamW.",
		Unverified: "the paper counts units that are exactly 0 after ReLU; the threshold for gelu is ours, " +
			"and how the paper averages over layers was not checked",
		Watch: []string{
			"It is no curvature: it says how much of the network takes part, and is compared within one architecture only.",
			"With tanh no unit is ever 0; the value then counts positive ones and means little.",
		},
		CostNote: "one forward pass for each hidden layer, two with gelu",
		Params: []sdk.Param{
			sdk.Choice("activation", "relu", []string{"relu", "gelu"}, "the activation function of the hidden layers"),
		},
		Needs: []sdk.Op{sdk.OpActivations},
		Values: []sdk.ValueInfo{
			{Name: "active", Unit: "1", Better: sdk.BetterLower, Help: "mean over the hidden layers; 0.5 for pre-activations symmetric around 0"},
			{Name: "first_third", Unit: "1", Better: sdk.BetterLower, Help: "the same over the first third of the hidden layers, at least one"},
		},
		// With relu: of gelu a positive factor is not a factor of what comes out.
		Invariances: []string{"nodewise_rescaling"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot { return units.Slots(p) }

// tau is the share of the root mean square below which gelu counts as 0.
const tau = 1e-3

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	layers := units.Hidden(s.Problem())
	if len(layers) == 0 {
		const reason = "the network shows no activations"
		return []sdk.Value{{Name: "active", Null: true, Reason: reason}, {Name: "first_third", Null: true, Reason: reason}}, nil
	}
	gelu := s.Params().String("activation") == "gelu"
	share := make([]float64, len(layers))
	number := make([]float64, len(layers))
	for i, l := range layers {
		limit := 0.0
		if gelu {
			square, n := 0.0, 0
			if err := each(s, l, func(z float64) { a := act(z); square += a * a; n++ }); err != nil {
				return nil, err
			}
			limit = tau * math.Sqrt(square/float64(n))
		}
		active, n := 0, 0
		if err := each(s, l, func(z float64) {
			n++
			if !gelu && z > 0 || gelu && math.Abs(act(z)) > limit {
				active++
			}
		}); err != nil {
			return nil, err
		}
		share[i], number[i] = float64(active)/float64(n), float64(l.Number)
	}
	s.Keep(sdk.Table{Name: "layers", Columns: []sdk.Column{{Name: "layer", Values: number}, {Name: "active", Values: share}}})
	third := share[:(len(share)+2)/3]
	return []sdk.Value{{Name: "active", Value: mean(share)}, {Name: "first_third", Value: mean(third)}}, nil
}

// each hands over everything that enters the activation functions of a layer.
func each(s sdk.Session, l units.Layer, f func(z float64)) error {
	for j := range s.Problem().ProbeBatches {
		z, _, err := units.Read(s, s.ProbeBatch(j), l)
		if err != nil {
			return err
		}
		for _, v := range z {
			f(float64(v))
		}
	}
	return nil
}

// act is gelu.
func act(z float64) float64 { return z * 0.5 * math.Erfc(-z/math.Sqrt2) }

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

package base

import (
	"slices"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// NoAdaptAll makes every tensor one that keeps the step size of the base.
const NoAdaptAll = "all"

// Tensorwise adds weight decay to a direction and gives each tensor a step size of its own: what LARS, LAMB and their
// relatives have in common. Tensors may be exempt from either. A problem without a layout is one tensor, exempt from
// nothing unless no_adapt = "all".
type Tensorwise struct {
	decay float64
	parts []part
}

type part struct {
	Span
	decays, adapts bool
}

// Norms are the Euclidean norms of one tensor, from which its step size follows.
type Norms struct {
	W float64 // of the parameters
	U float64 // of the direction before weight decay
	D float64 // of the direction with weight decay
	// Decay is the coefficient of weight decay, 0 for a tensor that is exempt from it.
	Decay float64
}

// TensorwiseParams declares weight_decay, with the given default, no_decay and no_adapt. Biases and normalisation
// layers are exempt by default, as is customary for these methods.
func TensorwiseParams(weightDecayDefault float64) []sdk.Param {
	return []sdk.Param{
		sdk.Float("weight_decay", weightDecayDefault, "weight decay, part of the direction whose norm the step size divides by").Min(0).Log(),
		sdk.Choice("no_decay", NoDecayBiasNorm, []string{"", NoDecayBiasNorm},
			"parameters without weight decay: none, or biases and the scales and shifts of normalisation layers"),
		sdk.Choice("no_adapt", NoDecayBiasNorm, []string{"", NoDecayBiasNorm, NoAdaptAll},
			"parameters whose step size is not adapted: none, biases and the scales and shifts of normalisation layers, or all"),
	}
}

// NewMomentum returns momentum without weight decay, for methods that have added it to the direction themselves. p has
// the parameters lr, momentum and nesterov.
func NewMomentum(p sdk.Params) *SGD {
	return &SGD{rate: p.Float("lr"), momentum: p.Float("momentum"), nesterov: p.Bool("nesterov")}
}

// CheckMomentum finds what is wrong with the parameters of NewMomentum beyond their ranges.
func CheckMomentum(p sdk.Params) []sdk.Diagnostic {
	if p.Bool("nesterov") && p.Float("momentum") == 0 {
		return []sdk.Diagnostic{{Param: "nesterov", Message: "needs momentum greater than 0"}}
	}
	return nil
}

// NewTensorwise returns the rule for p, which has the parameters of TensorwiseParams.
func NewTensorwise(problem sdk.Problem, p sdk.Params) *Tensorwise {
	t := &Tensorwise{decay: p.Float("weight_decay")}
	noDecay, noAdapt := p.String("no_decay"), p.String("no_adapt")
	if len(problem.Tensors) == 0 {
		t.parts = []part{{Span{0, problem.Dim}, true, noAdapt != NoAdaptAll}}
		return t
	}
	small := []string{sdk.KindBias, sdk.KindNormScale, sdk.KindNormShift}
	for _, x := range problem.Tensors {
		if x.Size() == 0 {
			continue
		}
		exempt := func(choice string) bool {
			return choice == NoAdaptAll || choice == NoDecayBiasNorm && slices.Contains(small, x.Kind)
		}
		t.parts = append(t.parts, part{Span{x.Offset, x.Offset + x.Size()}, !exempt(noDecay), !exempt(noAdapt)})
	}
	return t
}

// Apply adds weight decay to the direction u at w, in place, and then multiplies each tensor of u that is adapted by
// the ratio of its norms.
func (t *Tensorwise) Apply(u, w sdk.Vec, ratio func(Norms) float64) {
	for _, s := range t.parts {
		x, d := s.Of(w), s.Of(u)
		var n Norms
		if s.adapts {
			n = Norms{W: vec.Norm2(x), U: vec.Norm2(d)}
			n.D = n.U
		}
		if s.decays && t.decay != 0 {
			vec.Axpy(d, float32(t.decay), x)
			if s.adapts {
				n.D, n.Decay = vec.Norm2(d), t.decay
			}
		}
		if s.adapts {
			vec.Scale(d, float32(ratio(n)), d)
		}
	}
}

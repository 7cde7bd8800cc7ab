package model

import "github.com/sharpbench/sharpbench/harness/engine"

// scale is how much larger the fan-in and the fan-out of a tensor are than in the model of base width.
type scale struct{ in, out float64 }

// scales compares the tensors of n, the network of s, with those of the model of base width: the same architecture whose
// widths are smaller, or larger, by base_width/width[0].
func (s Spec) scales(n *engine.Net) ([]scale, error) {
	base := s
	base.Width = make([]int, len(s.Width))
	for i, w := range s.Width {
		base.Width[i] = w * s.BaseWidth / s.Width[0]
	}
	small, err := build(base, n.Inputs(), n.Classes())
	if err != nil {
		return nil, err
	}
	layout := n.Layout()
	out := make([]scale, len(layout))
	for i, t := range layout {
		b := small.Layout()[i]
		out[i] = scale{1, float64(t.Len()) / float64(b.Len())}
		if t.Kind == engine.Weight {
			out[i] = scale{float64(t.FanIn) / float64(b.FanIn), float64(fanOut(t)) / float64(fanOut(b))}
		}
	}
	return out, nil
}

// rates are the learning-rate multipliers of muP (Yang et al., "Tensor Programs V: Tuning Large Neural Networks via
// Zero-Shot Hyperparameter Transfer", 2021, table 3), relative to the model of base width. With a and b the factors by
// which fan-in and fan-out have grown, SGD's rate of weights is times b/a: b for the input layer, b/a = 1 for hidden
// ones, 1/a for the output layer; Adam's is 1, 1/a and 1/a. Biases and the parameters of normalisations grow with
// their layer's fan-out only: b for SGD, 1 for Adam.
func rates(n *engine.Net, scales []scale) []engine.Rates {
	out := make([]engine.Rates, len(scales))
	for i, s := range scales {
		out[i] = engine.Rates{SGD: s.out / s.in, Adam: 1 / s.in}
	}
	return out
}

// baseProblems checks that the model of base width exists.
func (s Spec) baseProblems(add func(key, format string, args ...any)) {
	if s.BaseWidth < 1 || s.BaseWidth > maxWidth {
		add("base_width", "base_width %d: expected 1 to %d", s.BaseWidth, maxWidth)
		return
	}
	for i, w := range s.Width {
		if s.Width[0] > 0 && w*s.BaseWidth%s.Width[0] != 0 {
			add("base_width", "base_width %d: width %d of layer %d would become %d·%d/%d, which is not whole", s.BaseWidth, w, i+1, w, s.BaseWidth, s.Width[0])
			return
		}
	}
}

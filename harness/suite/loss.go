package suite

import (
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// Balanced, as class weights, weighs each class by the inverse of its share of the training examples.
const Balanced = "balanced"

// Loss is the training objective. What it says of classes as such (Balanced, Adjust) becomes numbers with the training
// split of a trial: see Objective.
type Loss struct {
	Name           string  `json:"name" toml:"name"` // engine.LossKinds
	LabelSmoothing float64 `json:"label_smoothing" toml:"label_smoothing"`
	// ClassWeights is nil, Balanced or a []float64 with one number a class.
	ClassWeights any `json:"class_weights,omitempty" toml:"class_weights,omitempty"`
	// Adjust is τ of the logit adjustment τ ln(prior), with the priors of the training split; 0: none (Menon et al.,
	// "Long-tail Learning via Logit Adjustment", 2021).
	Adjust float64 `json:"adjust,omitempty" toml:"adjust,omitzero"`
	// L2 is λ of the penalty ½ λ |w|² that is part of the loss.
	L2 float64 `json:"l2,omitempty" toml:"l2,omitzero"`
}

// Objective is the engine's loss for a training split with counts[c] examples of class c, K classes and N examples in
// all. Balanced weights are N/(K counts[c]), so that the mean weight of a training example is 1; the adjustment of class c
// is τ ln(counts[c]/N). Neither exists when a class has no training examples. The error has all that is wrong.
func (l Loss) Objective(counts []int) (engine.Loss, error) {
	out := l.engine()
	if l.Adjust != 0 || l.ClassWeights == Balanced {
		all := 0
		for c, n := range counts {
			if all += n; n == 0 {
				return out, fmt.Errorf("class %d has no training examples, so that its share of them neither weighs nor adjusts it", c)
			}
		}
		for _, n := range counts {
			share := float64(n) / float64(all)
			if l.Adjust != 0 {
				out.Adjust = append(out.Adjust, l.Adjust*math.Log(share))
			}
			if l.ClassWeights == Balanced {
				out.ClassWeights = append(out.ClassWeights, 1/(share*float64(len(counts))))
			}
		}
	}
	for _, p := range out.Problems(len(counts)) {
		return out, fmt.Errorf("loss: %s", p.Message)
	}
	return out, nil
}

// engine is the engine's loss; lists that depend on the training examples are empty, not nil.
func (l Loss) engine() engine.Loss {
	out := engine.Loss{Kind: l.Name, LabelSmoothing: l.LabelSmoothing, L2: l.L2}
	if l.Name == engine.CrossEntropy {
		out.Kind = ""
	}
	switch w := l.ClassWeights.(type) {
	case []float64:
		out.ClassWeights = slices.Clone(w)
	case string:
		out.ClassWeights = []float64{}
	}
	if l.Adjust != 0 {
		out.Adjust = []float64{}
	}
	return out
}

// loss reads the loss of a workload.
func (l *loader) loss(t *table) Loss {
	out := Loss{
		Name:           t.choice("name", engine.CrossEntropy, engine.LossKinds()),
		LabelSmoothing: t.number("label_smoothing", 0),
		Adjust:         t.number("adjust", 0),
		L2:             t.number("l2", 0),
	}
	const expected = `class_weights: expected "balanced" or a list of numbers, one a class, found %s`
	if n := t.get("class_weights"); n != nil {
		switch {
		case n.value == Balanced:
			out.ClassWeights = Balanced
		case n.array:
			weights := []float64{}
			whole := t.list("class_weights", "numbers", func(i int, e *node) bool {
				v, ok := e.number()
				if !ok {
					t.wrong(e, fmt.Sprintf("class_weights[%d]", i), "a number", numberHint(e))
				}
				weights = append(weights, v)
				return ok
			})
			if whole {
				out.ClassWeights = weights
			}
			if len(weights) == 0 {
				t.report(n.at, "class_weights", "", expected, "an empty list")
			}
		default:
			hint := ""
			if s, ok := n.value.(string); ok && nearest(s, []string{Balanced}) != "" {
				hint = "did you mean " + quoted(Balanced) + "?"
			}
			t.report(n.at, "class_weights", hint, expected, n.kindName())
		}
	}
	if out.Adjust < 0 {
		t.report(t.at("adjust"), "adjust", "1 adjusts by the logarithms of the priors", "adjust: expected a number of at least 0, found %s", FormatValue(out.Adjust))
	}
	for _, p := range out.engine().Problems(0) {
		if p.Key != "name" { // reported while reading
			t.report(t.at(p.Key), p.Key, "", "%s", p.Message)
		}
	}
	t.done(nil)
	return out
}

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
	// Gamma is γ of the vector-scaling loss: the logit of class c is multiplied by (counts[c]/max counts)^γ; 0: not at all
	// (Kini et al., "Label-Imbalanced and Group-Sensitive Classification under Overparameterization", 2021). With Adjust.
	Gamma float64 `json:"gamma,omitempty" toml:"gamma,omitzero"`
	// Margin is C of the LDAM loss: an example of class c has to win by C counts[c]^(-1/4)/max counts^(-1/4); 0: by
	// nothing (Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss", 2019).
	Margin float64 `json:"margin,omitempty" toml:"margin,omitzero"`
	// Scale multiplies all logits, after the margin; 0 stands for 1.
	Scale float64 `json:"scale,omitempty" toml:"scale,omitzero"`
	// Reweight are class weights that come late; nil: none.
	Reweight *Reweight `json:"reweight,omitempty" toml:"reweight,omitempty"`
	// L2 is λ of the penalty ½ λ |w|² that is part of the loss.
	L2 float64 `json:"l2,omitempty" toml:"l2,omitzero"`
}

// Reweight is deferred re-weighting (Cao et al. 2019): from a share of the training on, class c weighs in proportion to
// (1-β)/(1-β^counts[c]), the inverse of its effective number of examples (Cui et al., "Class-Balanced Loss Based on
// Effective Number of Samples", 2019), the weights of all classes having the mean 1.
type Reweight struct {
	Beta float64 `json:"beta" toml:"beta"` // 0 <= β < 1; 0: all classes weigh the same
	From float64 `json:"from" toml:"from"` // share of the steps, 0 <= From < 1
}

// Early is the loss before its class weights come, and whether there is such a time.
func (l Loss) Early() (Loss, bool) {
	deferred := l.Reweight != nil && l.Reweight.From > 0
	if deferred {
		l.Reweight = nil
	}
	return l, deferred
}

// Objective is the engine's loss for a training split with counts[c] examples of class c, K classes and N examples in
// all. Balanced weights are N/(K counts[c]), so that the mean weight of a training example is 1; the adjustment of class c
// is τ ln(counts[c]/N). None of what depends on counts exists when a class has no training examples. Deferred weights are in
// it: models are measured and evaluated with the loss that training ends with. The error has all that is wrong.
func (l Loss) Objective(counts []int) (engine.Loss, error) {
	out := l.engine()
	if l.counting() {
		all := 0
		for c, n := range counts {
			if all += n; n == 0 {
				return out, fmt.Errorf("class %d has no training examples, so that its share of them neither weighs nor adjusts it", c)
			}
		}
		l.longTail(&out, counts)
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

// counting says whether the loss depends on the numbers of examples.
func (l Loss) counting() bool {
	return l.Adjust != 0 || l.ClassWeights == Balanced || l.Gamma != 0 || l.Margin != 0 || l.Scale != 0 || l.Reweight != nil
}

// longTail fills in what Gamma, Margin, Scale and Reweight mean for classes with these numbers of examples, none of them 0.
func (l Loss) longTail(out *engine.Loss, counts []int) {
	most, least := slices.Max(counts), slices.Min(counts)
	scale := l.scale()
	if l.Gamma != 0 || l.Scale != 0 {
		out.Multiply = nil
		for _, n := range counts {
			out.Multiply = append(out.Multiply, scale*math.Pow(float64(n)/float64(most), l.Gamma))
		}
	}
	if l.Margin != 0 {
		out.Margin = nil
		for _, n := range counts {
			out.Margin = append(out.Margin, scale*l.Margin*math.Pow(float64(least)/float64(n), 0.25))
		}
	}
	if l.Reweight != nil {
		out.ClassWeights = nil
		var sum float64
		for _, n := range counts {
			// (1-β)/(1-β^n), without the rounding of 1-β^n for β near 1.
			weight := (1 - l.Reweight.Beta) / -math.Expm1(float64(n)*math.Log(l.Reweight.Beta))
			out.ClassWeights = append(out.ClassWeights, weight)
			sum += weight
		}
		for c := range out.ClassWeights {
			out.ClassWeights[c] *= float64(len(counts)) / sum
		}
	}
}

func (l Loss) scale() float64 {
	if l.Scale == 0 {
		return 1
	}
	return l.Scale
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
		Gamma:          t.number("gamma", 0),
		Margin:         t.number("margin", 0),
		Scale:          t.number("scale", 1),
	}
	l.longTail(t, &out)
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

// longTail reads reweight and checks what there is for long tails.
func (l *loader) longTail(t *table, out *Loss) {
	for _, c := range []struct {
		key   string
		value float64
		least string
	}{{"gamma", out.Gamma, "at least 0"}, {"margin", out.Margin, "at least 0"}, {"scale", out.Scale, "more than 0"}} {
		if c.value < 0 || c.key == "scale" && c.value == 0 {
			t.report(t.at(c.key), c.key, "", "%s: expected a number of %s, found %s", c.key, c.least, FormatValue(c.value))
		}
	}
	if out.Scale == 1 {
		out.Scale = 0
	}
	n := t.n.table["reweight"]
	r := t.sub("reweight")
	r.name = "the weights of " + t.name
	if n != nil {
		out.Reweight = &Reweight{Beta: r.number("beta", 0.9999), From: r.number("from", 0.8)}
		for _, c := range []struct {
			key   string
			value float64
		}{{"beta", out.Reweight.Beta}, {"from", out.Reweight.From}} {
			if !(c.value >= 0 && c.value < 1) {
				r.report(r.at(c.key), c.key, "", "%s: expected a number of at least 0 and below 1, found %s", c.key, FormatValue(c.value))
			}
		}
	}
	r.done(nil)
	for _, key := range []string{"gamma", "margin", "scale", "reweight"} {
		if t.n.table[key] != nil && out.Name != engine.CrossEntropy {
			t.report(t.at(key), key, "", "%s belongs to cross_entropy, %s has none", key, out.Name)
		}
	}
	if n != nil && t.n.table["class_weights"] != nil {
		t.report(n.at, "reweight", "", "reweight and class_weights are two sets of weights: leave one of them out")
	}
}

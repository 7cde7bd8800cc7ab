// Package directional measures the curvature of the mean loss along a direction v in which an optimizer wants to go:
//
//	vᵀHv / ‖v‖²
//
// over the metric's whole example set, in evaluation mode. It is at most the largest eigenvalue of the Hessian. The
// direction is the last committed update of the model's own optimizer, or what another rule would propose at the same
// point: one point, several rules, which is how the publication compares them.
//
// A rule sees the gradients of the metric's batches, in their order and all at the model, as if they were those of the last
// steps:
//
//	sgd         −m, m = 0.9m + 0.1g, from the first gradient on
//	adam        −m̂/(√v̂ + 1e-8) with β = (0.9, 0.999) and the corrections of the step that follows, as in the published code
//	sign        the signs of sgd's proposal
//	normalized  −g of the last batch, each tensor scaled to the norm √size
//	lion        the signs of 0.9m + 0.1g, m = 0.99m + 0.01g
//
// With clip, the largest share of the coordinates is cut down to the size of the next one: of every gradient, or of the
// proposal. That is the published remedy: few coordinates make the curvature along sgd's proposal.
package directional

import (
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Directions, and what is clipped.
const (
	ofUpdate     = "update"
	ofSGD        = "sgd"
	ofAdam       = "adam"
	ofSign       = "sign"
	ofNormalized = "normalized"
	ofLion       = "lion"

	clipGradient = "gradient"
	clipProposal = "proposal"
)

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "directional",
		Version: 2,
		Summary: "curvature of the loss along an optimizer's update, or along what a rule would propose at the same point",
		Rule:    "v'Hv / |v|^2, v the last committed step or the proposal of a rule fed with the gradients of the metric's batches; H of the mean loss over the metric's set, evaluation mode",
		Citation: "Pan & Li 2023, Toward Understanding Why Adam Converges Faster Than SGD for Transformers, arXiv:2306.00204; " +
			"Lion: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, arXiv:2302.06675",
		Unverified: "the publication feeds the rules with the gradients along one optimizer's trajectory; here all gradients are those of one point. Lion and the use of sign on the average are ours",
		Finding:    "the update of SGD has a much worse directional sharpness than that of adaptive methods; a small share of the coordinates is responsible, and clipping them helps",
		Watch: []string{
			"The last update at the end of a schedule is that of a small step; its direction is what counts, and mostly noise of the last batch.",
			"Proposals of several rules are compared at one point: give each an entry of its own in the suite, on the same examples and batches.",
		},
		CostNote: "2 G for each nominal batch of the set, and 1 G more for a proposal; with decrease, steps/3 G more",
		Params: []sdk.Param{
			sdk.Choice("of", ofUpdate, []string{ofUpdate, ofSGD, ofAdam, ofSign, ofNormalized, ofLion}, "direction: the last update of the model's optimizer, or the proposal of a rule at the model"),
			sdk.Float("clip", 0, "share of the coordinates that are cut down to the size of the next largest; 0: none. 0.1 is customary for sgd, 0.5 for adam").Min(0).Below(1),
			sdk.Choice("clip_what", clipGradient, []string{clipGradient, clipProposal}, "what clip cuts; Adam's second moment sees whole gradients"),
			sdk.Int("decrease", 0, "points of a grid of step sizes, 1, ½, ¼, …, over which the largest decrease of the loss along the direction is sought; 0: it is not").Min(0).Max(60),
		},
		Needs: []sdk.Op{sdk.OpHVP, sdk.OpGrad, sdk.OpLoss},
		Values: []sdk.ValueInfo{
			{Name: "directional", Unit: "loss", Better: sdk.BetterLower, Help: "second derivative of the loss along the direction, per squared length"},
			{Name: "update_norm", Unit: "1", Better: sdk.BetterNone, Help: "length of the direction"},
			{Name: "decrease", Unit: "loss", Better: sdk.BetterHigher, Help: "largest decrease of the loss over the grid of step sizes; none unless decrease is set"},
		},
		Invariances: []string{"orthogonal_basis: directional, update_norm"},
		Check:       check,
	}
}

func check(_ sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	if p.Float("clip") > 0 && p.String("of") == ofUpdate && p.String("clip_what") == clipGradient {
		return []sdk.Diagnostic{{Param: "clip", Message: fmt.Sprintf("the last update has no gradient to clip: set clip_what = %q", clipProposal)}}
	}
	return nil
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return append(curvature.Slots(), sdk.Slot{Name: "point", Scratch: true})
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Params()
	var direction sdk.Vec
	if p.String("of") == ofUpdate {
		update := s.Slot("update")
		if update == nil {
			return nil, fmt.Errorf("the last update of the optimizer is not known")
		}
		direction = slices.Clone(update)
	} else {
		var err error
		if direction, err = propose(s); err != nil {
			return nil, err
		}
	}
	if p.String("clip_what") == clipProposal {
		clip(direction, p.Float("clip"))
	}
	norm := vec.Norm2(direction)
	length := sdk.Value{Name: "update_norm", Value: norm}
	decrease := sdk.Value{Name: "decrease", Null: true, Reason: "decrease is 0"}
	if norm == 0 {
		const why = "the direction is zero"
		if p.Int("decrease") > 0 {
			decrease.Reason = why
		}
		return []sdk.Value{{Name: "directional", Null: true, Reason: why}, length, decrease}, nil
	}
	// The product is taken of the direction, not of the update: a tiny step would lose digits in float32.
	v, y := make(sdk.Vec, len(direction)), make(sdk.Vec, len(direction))
	vec.Scale(v, float32(1/norm), direction)
	h := curvature.New(s, s.FullBatch(), nil)
	if err := h.Apply(v, y); err != nil {
		return nil, err
	}
	if n := p.Int("decrease"); n > 0 {
		best, point := math.Inf(-1), s.Slot("point")
		for k := range n {
			vec.AddScaled(point, s.W(), float32(math.Ldexp(1, -k)), direction)
			loss, err := s.Loss(s.FullBatch(), point)
			if sdk.IsNonFinite(err) {
				continue // far too long a step
			}
			if err != nil {
				return nil, err
			}
			best = math.Max(best, h.Loss()-loss)
		}
		if decrease = (sdk.Value{Name: "decrease", Value: best}); math.IsInf(best, 0) {
			decrease = sdk.Value{Name: "decrease", Null: true, Reason: "the loss is not finite at any of the steps"}
		}
	}
	return []sdk.Value{{Name: "directional", Value: vec.Dot(v, y) / vec.Dot(v, v), Warnings: curvature.Saturated(h.Loss())}, length, decrease}, nil
}

// propose returns the proposal of a rule.
func propose(s sdk.Session) (sdk.Vec, error) {
	p := s.Params()
	rule, share := p.String("of"), 0.0
	if p.String("clip_what") == clipGradient {
		share = p.Float("clip")
	}
	g := s.Slot("grad")
	n := len(g)
	m, v, out := make([]float64, n), make([]float64, n), make(sdk.Vec, n)
	steps := s.Problem().ProbeBatches
	if steps == 0 {
		return nil, fmt.Errorf("the metric's example set is empty")
	}
	for j := range steps {
		if _, err := s.Grad(s.ProbeBatch(j), s.W(), g); err != nil {
			return nil, fmt.Errorf("batch %d: %w", j, err)
		}
		if rule == ofAdam {
			for i, x := range g {
				v[i] = 0.999*v[i] + 0.001*float64(x)*float64(x)
			}
		}
		clip(g, share)
		for i, x := range g {
			x := float64(x)
			switch {
			case rule == ofAdam:
				m[i] = 0.9*m[i] + 0.1*x
			case rule == ofLion:
				out[i] = float32(-(0.9*m[i] + 0.1*x)) // the proposal of this step, before m moves on
				m[i] = 0.99*m[i] + 0.01*x
			case j == 0:
				m[i] = x
			default:
				m[i] = 0.9*m[i] + 0.1*x
			}
		}
	}
	switch rule {
	case ofSGD:
		for i := range out {
			out[i] = float32(-m[i])
		}
	case ofAdam:
		// The published counter is one ahead of the number of gradients.
		t := float64(steps + 1)
		a, b := 1-math.Pow(0.9, t), 1-math.Pow(0.999, t)
		for i := range out {
			out[i] = float32(-(m[i] / a) / (math.Sqrt(v[i]/b) + 1e-8))
		}
	case ofSign:
		for i := range out {
			out[i] = float32(-m[i])
		}
		vec.Sign(out, out)
	case ofLion:
		vec.Sign(out, out)
	case ofNormalized:
		vec.Scale(out, -1, g)
		tensors := s.Problem().Tensors
		if len(tensors) == 0 {
			tensors = []sdk.Tensor{{Shape: []int{n}}}
		}
		for _, t := range tensors {
			if norm := vec.Norm2(t.Of(out)); norm > 0 {
				vec.Scale(t.Of(out), float32(math.Sqrt(float64(t.Size()))/norm), t.Of(out))
			}
		}
	}
	return out, nil
}

// clip cuts the largest coordinates down to the size of the one that a share of all are not smaller than.
func clip(x sdk.Vec, share float64) {
	k := int(share * float64(len(x)))
	if k == 0 {
		return
	}
	sizes := make(sdk.Vec, len(x))
	vec.Abs(sizes, x)
	slices.Sort(sizes)
	limit := sizes[len(sizes)-1-k]
	vec.Clip(x, x, -limit, limit)
}

// Package firstorder measures first-order flatness, the quantity that GAM minimises:
//
//	R¹ = rho · max { ‖∇L(w+δ)‖ : ‖δ‖ ≤ rho }
//
// and beside it the rise of the loss in the same ball, R⁰ = max L(w+δ) − L(w) ≤ R¹. Both are lower bounds found by ascent:
// along H(w+δ)·∇L/‖∇L‖, the gradient of the norm, in steps of rho/5 that are halved when the norm falls, from three points
// of the boundary: SAM's point, a random one, and the direction of largest curvature at w. The loss is the mean over the
// metric's whole example set, in evaluation mode.
//
// With adaptive, it is rho·max ‖c⊙∇L(w+δ)‖ over ‖δ⊘c‖ ≤ rho, c = |w|, which does not depend on the units of parameters.
package firstorder

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// powers is the number of products that find the direction of largest curvature: a start for the ascent, no eigenvector.
const powers = 10

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "firstorder",
		Version: 1,
		Summary: "largest norm of the gradient in a neighbourhood, times its radius",
		Rule: "R1 = rho * max |c*grad L(w+d)| over |d/c| <= rho, c = 1, or |w| if adaptive, by projected ascent from three points of the boundary; " +
			"R0 = largest L(w+d) - L(w) seen on the way",
		Citation:   "Zhang, Xu, Yu, Liu, He, Cui & Zhu 2023, Gradient Norm Aware Minimization Seeks First-Order Flatness and Improves Generalization, arXiv:2303.03108",
		Unverified: "the factor rho was not compared with the text of the paper; the ascent is ours",
		Finding:    "the maximal norm of the gradient within a radius bounds both the largest eigenvalue of the Hessian at minima and SAM's term",
		Watch: []string{
			"Both values are lower bounds: more steps can only raise them.",
			"At a minimum R1 is rho²·λ_max and R0 half of that, to leading order; away from it rho times the norm of the gradient dominates.",
		},
		CostNote: "about 3·(2 + 3·steps) + 20 G for each nominal batch of the set",
		Params: []sdk.Param{
			sdk.Float("rho", 0.1, "radius, in units of c; GAM's own is 0.2").Above(0).Log(),
			sdk.Int("steps", 20, "steps of each of the three ascents").Min(1),
			sdk.Bool("adaptive", false, "scale every coordinate by the size of its parameter, c = |w|"),
		},
		Needs: []sdk.Op{sdk.OpGrad, sdk.OpHVP, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "r1", Unit: "loss", Better: sdk.BetterLower, Help: "first-order flatness: radius times the largest norm of the gradient found"},
			{Name: "r0", Unit: "loss", Better: sdk.BetterLower, Help: "zeroth-order flatness: the largest rise of the loss seen on the same way, never negative and at most r1 where the gradient was found well"},
			{Name: "slope", Unit: "loss", Better: sdk.BetterNone, Help: "radius times the norm of the gradient at w itself"},
		},
		Invariances: []string{"elementwise_rescaling (adaptive)"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return append(curvature.Slots(), sdk.Slot{Name: "point", Scratch: true})
}

// climb is the ascent in u = δ⊘c.
type climb struct {
	s        sdk.Session
	rho      float64
	c        sdk.Vec // nil for 1
	point, g sdk.Vec // slots: w + c⊙u, and the scaled gradient there
	hessian  *curvature.Hessian
	base     float64
	norm     float64 // largest found
	rise     float64
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Params()
	a := &climb{s: s, rho: p.Float("rho"), point: s.Slot("point"), g: s.Slot("grad")}
	if p.Bool("adaptive") {
		a.c, _ = curvature.Sizes(s.W())
	}
	a.hessian = curvature.New(s, s.FullBatch(), a.c).At(a.point)
	u := make(sdk.Vec, len(s.W()))
	var err error
	if a.base, err = a.look(u); err != nil {
		return nil, err
	}
	a.rise = 0
	slope := a.rho * a.norm
	// The three starts: along the gradient, at random, and along the largest curvature.
	copy(u, a.g)
	starts := []sdk.Vec{append(sdk.Vec(nil), u...)}
	if err := a.hessian.Normal("firstorder.start", 0, u); err != nil {
		return nil, err
	}
	for i, c := range a.c {
		if c == 0 {
			u[i] = 0
		}
	}
	starts = append(starts, append(sdk.Vec(nil), u...))
	for range powers {
		norm := vec.Norm2(u)
		if norm == 0 {
			break
		}
		vec.Scale(u, float32(1/norm), u)
		if err := a.hessian.Apply(u, u); err != nil {
			return nil, err
		}
	}
	starts = append(starts, u)
	for i, start := range starts {
		norm := vec.Norm2(start)
		if norm == 0 {
			continue
		}
		vec.Scale(start, float32(a.rho/norm), start)
		if err := a.run(start, p.Int("steps")); err != nil {
			return nil, fmt.Errorf("ascent %d: %w", i+1, err)
		}
	}
	warnings := curvature.Saturated(a.base)
	return []sdk.Value{
		{Name: "r1", Value: a.rho * a.norm, Warnings: warnings}, {Name: "r0", Value: a.rise, Warnings: warnings}, {Name: "slope", Value: slope},
	}, nil
}

// look evaluates at w + c⊙u, where it leaves point and g, and returns the loss. It keeps the records.
func (a *climb) look(u sdk.Vec) (float64, error) {
	w := a.s.W()
	if a.c == nil {
		vec.Add(a.point, w, u)
	} else {
		vec.AddMul(a.point, w, a.c, u)
	}
	loss, err := a.s.Grad(a.s.FullBatch(), a.point, a.g)
	if err != nil {
		return 0, err
	}
	if a.c != nil {
		vec.Mul(a.g, a.c, a.g)
	}
	a.norm, a.rise = max(a.norm, vec.Norm2(a.g)), max(a.rise, loss-a.base)
	return loss, nil
}

// run climbs from a start of length rho, which it overwrites.
func (a *climb) run(u sdk.Vec, steps int) error {
	next, dir := make(sdk.Vec, len(u)), make(sdk.Vec, len(u))
	size := a.rho / 5
	if _, err := a.look(u); err != nil {
		return err
	}
	best := vec.Norm2(a.g)
	fresh := true // whether point and g are those of u
	for range steps {
		if !fresh {
			if _, err := a.look(u); err != nil {
				return err
			}
		}
		norm := vec.Norm2(a.g)
		if norm == 0 {
			return nil
		}
		vec.Scale(dir, float32(1/norm), a.g)
		if err := a.hessian.Apply(dir, next); err != nil {
			return err
		}
		length := vec.Norm2(next)
		if length == 0 {
			return nil // the gradient is the same all around
		}
		vec.AddScaled(next, u, float32(size/length), next)
		if l := vec.Norm2(next); l > a.rho {
			vec.Scale(next, float32(a.rho/l), next)
		}
		if _, err := a.look(next); err != nil {
			return err
		}
		if now := vec.Norm2(a.g); now >= best {
			best, fresh = now, true
			copy(u, next)
			continue
		}
		size, fresh = size/2, false
	}
	return nil
}

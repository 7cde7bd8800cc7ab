// Package ascent holds what sharpness-aware methods share, as values: the set of parameters that is perturbed, the step to
// the edge of a ball around the parameters, the stretch of the training in which it is taken, and the loop of two
// gradients itself.
//
// A perturbed point always gets a vector of its own, so the parameters are never modified in between and there is nothing
// to undo: what other implementations restore by subtraction, with the rounding that brings, is here the parameters
// themselves.
//
// A method that climbs from one gradient and descends along another declares Params among its own parameters, calls Check
// from its Info.Check, asks for Slots, and runs a Loop:
//
//	loop, err := ascent.NewLoop(s)
//	ball := ascent.Ball{Set: loop.Set, Rho: p.Float("rho"), Tiny: 1e-12}
//	return loop.Run(s, func(dst, w, g sdk.Vec) error { ball.Perturb(dst, w, g); return nil })
package ascent

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Values of the parameter scope.
const (
	ScopeAll     = "all"
	ScopeNorm    = "norm"    // scales and shifts of normalisation layers
	ScopeNoNorm  = "no-norm" // all but those
	ScopeWeights = "weights" // weights and embeddings
	ScopeBiases  = "biases"
)

// ScopeParam declares scope.
func ScopeParam() sdk.Param {
	return sdk.Choice("scope", ScopeAll, []string{ScopeAll, ScopeNorm, ScopeNoNorm, ScopeWeights, ScopeBiases},
		"parameters that are perturbed: all, the scales and shifts of normalisation layers only, all but those, weights and embeddings, or biases")
}

// CheckScope finds what is wrong with the scope for a problem.
func CheckScope(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	if problem.Dim > 0 && ScopeOf(problem, p).Empty() {
		return []sdk.Diagnostic{{Param: "scope", Message: fmt.Sprintf(
			"no parameter of this workload is in it: the model has no tensors of these kinds (or no others); use %q", ScopeAll)}}
	}
	return nil
}

// Set is the part of the parameters that is perturbed. Norms and products run over all of it together, not tensor by
// tensor.
type Set struct{ spans []base.Span }

// Whole is the set of all parameters.
func Whole(dim int) Set { return Set{[]base.Span{{From: 0, To: dim}}} }

// Of is the set of the tensors that in accepts.
func Of(problem sdk.Problem, in func(sdk.Tensor) bool) Set { return Set{base.Spans(problem, in)} }

// ScopeOf is the set that the parameter scope of p names. It is empty where the workload has no such parameters.
func ScopeOf(problem sdk.Problem, p sdk.Params) Set {
	var in func(kind string) bool
	norm := func(kind string) bool { return kind == sdk.KindNormScale || kind == sdk.KindNormShift }
	switch which := p.String("scope"); which {
	case ScopeAll:
		return Whole(problem.Dim)
	case ScopeNorm:
		in = norm
	case ScopeNoNorm:
		in = func(kind string) bool { return !norm(kind) }
	case ScopeWeights:
		in = func(kind string) bool { return kind == sdk.KindWeight || kind == sdk.KindEmbed }
	case ScopeBiases:
		in = func(kind string) bool { return kind == sdk.KindBias }
	default:
		panic(fmt.Sprintf("ascent: no scope named %q is declared", which))
	}
	return Of(problem, func(t sdk.Tensor) bool { return in(t.Kind) })
}

// Empty says whether nothing is in the set.
func (s Set) Empty() bool { return len(s.spans) == 0 }

// Spans are the stretches of the set in order. They must not be modified.
func (s Set) Spans() []base.Span { return s.spans }

// Dot is the product of x and y over the set.
func (s Set) Dot(x, y sdk.Vec) float64 {
	sum := 0.0
	for _, p := range s.spans {
		sum += vec.Dot(p.Of(x), p.Of(y))
	}
	return sum
}

// Norm is the Euclidean norm of x over the set.
func (s Set) Norm(x sdk.Vec) float64 { return math.Sqrt(s.Dot(x, x)) }

// Shift stores w + a·d in dst on the set, and w elsewhere. dst must not be w; it may be d.
func (s Set) Shift(dst, w sdk.Vec, a float32, d sdk.Vec) {
	s.each(dst, w, func(p base.Span) { vec.AddScaled(p.Of(dst), p.Of(w), a, p.Of(d)) })
}

// each calls do for the stretches of the set and copies w to dst between them.
func (s Set) each(dst, w sdk.Vec, do func(base.Span)) {
	at := 0
	for _, p := range s.spans {
		copy(dst[at:p.From], w[at:p.From])
		do(p)
		at = p.To
	}
	copy(dst[at:], w[at:])
}

// Ball is a neighbourhood of the parameters, {w + e : ‖e/T‖ ≤ Rho}, on whose edge Perturb finds the point that a linear
// loss would be largest at. T, the scaling, is 1 unless Scale says otherwise.
type Ball struct {
	Set Set
	Rho float64
	// Tiny is added to the norm that is divided by, so that a zero gradient gives no perturbation.
	Tiny float64
	// Max takes the maximum norm in place of the Euclidean one: every element moves by Rho·T.
	Max bool

	scaled  []base.Span // where T = |w| + eta; elsewhere in the set T = 1
	eta     float64
	size    sdk.Vec     // |w| + eta
	tensors []base.Span // where T = ‖w‖·(1 + eta), the norm that of the tensor
	sizes   []float32   // of the tensors
}

// Scale sets T = |w| + eta for the parameters in scaled that are in the set.
func (b *Ball) Scale(scaled Set, eta float64) {
	b.eta, b.scaled = eta, nil
	for _, p := range b.Set.spans {
		for _, q := range scaled.spans {
			if from, to := max(p.From, q.From), min(p.To, q.To); from < to {
				b.scaled = append(b.scaled, base.Span{From: from, To: to})
			}
		}
	}
}

// ScaleTensors sets T = ‖w‖·(1 + eta), with the norm of each tensor on its own, for the tensors of the problem that in
// accepts. They must be in the set.
func (b *Ball) ScaleTensors(problem sdk.Problem, in func(sdk.Tensor) bool, eta float64) {
	b.eta, b.tensors = eta, nil
	for _, t := range problem.Tensors {
		if t.Size() > 0 && in(t) {
			b.tensors = append(b.tensors, base.Span{From: t.Offset, To: t.Offset + t.Size()})
		}
	}
	b.sizes = make([]float32, len(b.tensors))
}

// Perturb stores w + e in dst, with
//
//	e = Rho·T²g/(‖Tg‖ + Tiny)       and with the maximum norm   e = Rho·T·sign(g)
//
// on the set and e = 0 elsewhere. The norm is over the set. dst must be neither w nor g, which are not modified.
func (b *Ball) Perturb(dst, w, g sdk.Vec) {
	if len(b.scaled) == 0 && len(b.tensors) == 0 && !b.Max {
		b.Set.Shift(dst, w, float32(b.Rho/(b.Set.Norm(g)+b.Tiny)), g)
		return
	}
	if b.size == nil && len(b.scaled) > 0 {
		b.size = make(sdk.Vec, len(w))
	}
	// e/Rho grows in dst, first as Tg or as sign(g).
	for _, p := range b.Set.spans {
		if b.Max {
			vec.Sign(p.Of(dst), p.Of(g))
		} else {
			copy(p.Of(dst), p.Of(g))
		}
	}
	for _, p := range b.scaled {
		size := p.Of(b.size)
		vec.Abs(size, p.Of(w))
		if b.eta != 0 {
			vec.AddScalar(size, size, float32(b.eta))
		}
		vec.Mul(p.Of(dst), p.Of(dst), size)
	}
	for i, p := range b.tensors {
		b.sizes[i] = float32(vec.Norm2(p.Of(w)) * (1 + b.eta))
		vec.Scale(p.Of(dst), b.sizes[i], p.Of(dst))
	}
	if b.Max {
		b.Set.Shift(dst, w, float32(b.Rho), dst)
		return
	}
	scale := float32(b.Rho / (b.Set.Norm(dst) + b.Tiny))
	for _, p := range b.scaled {
		vec.Mul(p.Of(dst), p.Of(dst), p.Of(b.size))
	}
	for i, p := range b.tensors {
		vec.Scale(p.Of(dst), b.sizes[i], p.Of(dst))
	}
	b.Set.Shift(dst, w, scale, dst)
}

// WindowParams declares window_start and window_end.
func WindowParams() []sdk.Param {
	return []sdk.Param{
		sdk.Float("window_start", 0, "share of the training after which the perturbation begins; before it the base takes its own step").Min(0).Below(1),
		sdk.Float("window_end", 1, "share of the training after which the perturbation ends; from then on the base takes its own step").Above(0).Max(1),
	}
}

// Window is the stretch of the training in which a method perturbs.
type Window struct{ from, to uint64 }

// NewWindow is the window of WindowParams.
func NewWindow(problem sdk.Problem, p sdk.Params) Window {
	start, end := p.Float("window_start"), p.Float("window_end")
	if start == 0 && end == 1 {
		return Window{0, math.MaxUint64}
	}
	// Step k, counted from 0, is inside when start ≤ k/steps < end.
	edge := func(share float64) uint64 { return uint64(math.Ceil(share * float64(problem.Steps))) }
	return Window{edge(start), edge(end)}
}

// Holds says whether the step after step committed ones is inside.
func (w Window) Holds(step uint64) bool { return w.from <= step && step < w.to }

// Since counts the steps from the beginning of the window to the one after step committed ones, and says whether that is
// inside.
func (w Window) Since(step uint64) (since uint64, inside bool) {
	if !w.Holds(step) {
		return 0, false
	}
	return step - w.from, true
}

// CheckWindow finds what is wrong with a window for a problem.
func CheckWindow(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	start, end := p.Float("window_start"), p.Float("window_end")
	switch {
	case start >= end:
		return []sdk.Diagnostic{{Param: "window_end", Message: fmt.Sprintf("expected more than window_start, which is %v", start)}}
	case (start > 0 || end < 1) && problem.Dim > 0 && problem.Steps == 0:
		return []sdk.Diagnostic{{Param: "window_start", Message: "this run does not say how many steps it has, so a share of them means nothing"}}
	}
	return nil
}

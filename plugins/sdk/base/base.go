// Package base holds the update rules that other methods build on, as values: SAM, clipping and the like compute a
// direction and hand it to a base rule. There is one implementation of momentum and one of Adam, here.
//
// A method with a choice of bases declares Params among its own parameters, calls Check from its Info.Check, and asks
// New for the rule:
//
//	rule := base.New(start.Params)        // which have "base" and the parameters of the base
//	err := rule.Init(start)
//	rule.Step(w, u, session.LRScale())    // u: the direction, in place of the gradient
//
// All state is in slots (Rule.Slots) or follows from the number of committed steps, so a run can be resumed from any
// commit, bit for bit.
package base

import (
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Rule is an update rule with its state.
type Rule interface {
	// Slots are the vectors that Init expects to find. A method appends its own.
	Slots(dim int) []sdk.Slot
	// Init prepares for the step after start.Step. It is called once, before Step.
	Init(start sdk.Start) error
	// Step updates the parameters w along u, which stands for the gradient and is not modified. Weight decay acts on w.
	// lrScale is the factor of the host's schedule; the learning rate of the step is their float64 product.
	Step(w, u sdk.Vec, lrScale float64)
}

var (
	_ Rule = (*SGD)(nil)
	_ Rule = (*AdamW)(nil)
)

// Names of the rules that New knows.
const (
	NameSGD   = "sgd"
	NameAdam  = "adam" // weight decay coupled unless decay says otherwise
	NameAdamW = "adamw"
)

// The two ways of weight decay, and the choice of neither by a method with several bases.
const (
	DecayL2        = "l2"        // coupled: weight_decay·w is added to the gradient
	DecayDecoupled = "decoupled" // w shrinks by lr·weight_decay·w beside the update
	DecayAuto      = "auto"      // what is customary for the base
)

// NoDecayBiasNorm exempts biases and the scales and shifts of normalisation layers from weight decay.
const NoDecayBiasNorm = "bias-norm"

// New returns the rule that the parameter "base" of p names, not yet prepared by Init. p must have the parameters of
// Params.
func New(p sdk.Params) Rule {
	switch name := p.String("base"); name {
	case NameSGD:
		return NewSGD(p)
	case NameAdam:
		return newAdam(p, newDecay(p, DecayL2))
	case NameAdamW:
		return NewAdamW(p)
	default:
		panic(fmt.Sprintf("base: no rule named %q is declared", name))
	}
}

// NewUndecayed is New without weight decay, for methods that make it a part of the loss, see Penalty.
func NewUndecayed(p sdk.Params) Rule {
	switch r := New(p).(type) {
	case *SGD:
		r.decay.rate = 0
		return r
	case *AdamW:
		r.decay.rate = 0
		return r
	default:
		panic(fmt.Sprintf("base: %T has weight decay of its own", r))
	}
}

// Penalty is weight decay as a part of the loss, ½·weight_decay·‖w‖² over the parameters that no_decay does not exempt: its
// gradient is taken at whatever point the gradient of the loss is.
type Penalty struct{ decay decay }

// NewPenalty returns the penalty of the weight_decay and no_decay of p.
func NewPenalty(problem sdk.Problem, p sdk.Params) (*Penalty, error) {
	x := &Penalty{decayOf(p, DecayL2)}
	return x, x.decay.init(problem)
}

// Add adds the gradient of the penalty at the point at to g.
func (x *Penalty) Add(g, at sdk.Vec) {
	for _, s := range x.decay.zones {
		vec.Axpy(s.Of(g), float32(x.decay.rate), s.Of(at))
	}
}

// Params declares "base" and the parameters of every base, for a method that builds on one. Check rejects values for
// parameters that the chosen base does not have.
func Params() []sdk.Param {
	out := []sdk.Param{
		sdk.Choice("base", NameSGD, []string{NameSGD, NameAdam, NameAdamW}, "update rule that takes the step"),
		rate(0.1, "learning rate, times the schedule; with base adam or adamw 0.001 is customary"),
		weightDecay(0),
		sdk.Choice("decay", DecayAuto, []string{DecayAuto, DecayL2, DecayDecoupled},
			"where weight decay acts: l2 adds it to the gradient, decoupled shrinks the parameters beside the step, auto is l2 for sgd and adam, and decoupled for adamw"),
		noDecay(),
		clipNorm(),
	}
	return append(append(out, momentumParams()...), adamParams()...)
}

// Check finds what is wrong with the parameters of Params beyond their ranges. A parameter that the chosen base does
// not use may only have its default value: anything else was meant to have an effect.
func Check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	var out []sdk.Diagnostic
	name := p.String("base")
	unused, other := momentumParams(), fmt.Sprintf("%q", NameSGD)
	if name == NameSGD {
		unused, other = adamParams(), fmt.Sprintf("%q or %q", NameAdam, NameAdamW)
		out = append(out, checkMomentum(p)...)
	}
	for _, d := range unused {
		if value(p, d) != d.Default {
			out = append(out, sdk.Diagnostic{Param: d.Name, Message: fmt.Sprintf(
				"has no effect with base = %q: leave it out, or set base = %s", name, other)})
		}
	}
	return append(out, checkNoDecay(problem, p)...)
}

func value(p sdk.Params, d sdk.Param) any {
	switch d.Type {
	case "float":
		return p.Float(d.Name)
	case "bool":
		return p.Bool(d.Name)
	case "int":
		return p.Int(d.Name)
	}
	return p.String(d.Name)
}

func rate(def float64, help string) sdk.Param { return sdk.Float("lr", def, help).Min(0).Log() }

func weightDecay(def float64) sdk.Param {
	return sdk.Float("weight_decay", def, "weight decay").Min(0).Log()
}

func decayParam(def string) sdk.Param {
	return sdk.Choice("decay", def, []string{DecayL2, DecayDecoupled},
		"where weight decay acts: l2 adds it to the gradient, decoupled shrinks the parameters beside the step by lr times weight_decay")
}

func noDecay() sdk.Param {
	return sdk.Choice("no_decay", "", []string{"", NoDecayBiasNorm},
		"parameters without weight decay: none, or biases and the scales and shifts of normalisation layers")
}

func clipNorm() sdk.Param {
	return sdk.Float("clip_norm", 0, "largest norm of the gradient, or of the direction in its place, over all parameters: longer ones are scaled down to it; 0 for no limit").Min(0).Log()
}

func checkNoDecay(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	if p.String("no_decay") != "" && problem.Dim > 0 && len(problem.Tensors) == 0 {
		return []sdk.Diagnostic{{Param: "no_decay", Message: "this workload does not say which parameters are biases: leave it out"}}
	}
	return nil
}

// decay is the part of a rule that is about weight decay.
type decay struct {
	rate      float64
	decoupled bool
	noDecay   string
	zones     []zone // of the parameters with decay
	rest      []zone // of those without
}

func newDecay(p sdk.Params, auto string) decay {
	mode := p.String("decay")
	if mode == DecayAuto {
		mode = auto
	}
	return decayOf(p, mode)
}

func decayOf(p sdk.Params, mode string) decay {
	return decay{rate: p.Float("weight_decay"), decoupled: mode == DecayDecoupled, noDecay: p.String("no_decay")}
}

func (d *decay) init(problem sdk.Problem) error {
	kinds := []string{sdk.KindBias, sdk.KindNormScale, sdk.KindNormShift}
	exempt := func(t sdk.Tensor) bool { return d.rate == 0 || d.noDecay != "" && slices.Contains(kinds, t.Kind) }
	if len(problem.Tensors) == 0 {
		whole := []zone{{Span{0, problem.Dim}, sdk.Rates{SGD: 1, Adam: 1}}}
		switch {
		case d.rate == 0:
			d.rest = whole
		case d.noDecay != "":
			return fmt.Errorf("no_decay = %q needs a workload that says which parameters are biases", d.noDecay)
		default:
			d.zones = whole
		}
		return nil
	}
	d.rest = zones(problem, exempt)
	d.zones = zones(problem, func(t sdk.Tensor) bool { return !exempt(t) })
	return nil
}

// zone is a stretch of parameters whose learning rates have the same factors.
type zone struct {
	Span
	rates sdk.Rates
}

// zones is Spans, but only neighbours with the same rates are joined.
func zones(problem sdk.Problem, in func(sdk.Tensor) bool) []zone {
	var out []zone
	for _, t := range problem.Tensors {
		if t.Size() == 0 || !in(t) {
			continue
		}
		rates := t.Rates
		// Tensors made by hand say nothing of rates, and mean 1.
		if rates == (sdk.Rates{}) {
			rates = sdk.Rates{SGD: 1, Adam: 1}
		}
		if n := len(out); n > 0 && out[n-1].To == t.Offset && out[n-1].rates == rates {
			out[n-1].To += t.Size()
		} else {
			out = append(out, zone{Span{t.Offset, t.Offset + t.Size()}, rates})
		}
	}
	return out
}

// amounts returns the coupled and the decoupled coefficient of a step with the given learning rate, rounded once.
func (d *decay) amounts(rate float64) (l2, decoupled float32) {
	if d.decoupled {
		return 0, float32(rate * d.rate)
	}
	return float32(d.rate), 0
}

// descend takes the step −rate·d, and what decoupled weight decay takes, from w; factor is that of a tensor's rates.
func (d *decay) descend(w, dir sdk.Vec, rate float64, factor func(sdk.Rates) float64) {
	for _, s := range d.rest {
		vec.Axpy(s.Of(w), -float32(rate*factor(s.rates)), s.Of(dir))
	}
	for _, s := range d.zones {
		rate := rate * factor(s.rates)
		if _, decoupled := d.amounts(rate); decoupled != 0 {
			vec.Axpy(s.Of(w), -decoupled, s.Of(w))
		}
		vec.Axpy(s.Of(w), -float32(rate), s.Of(dir))
	}
}

// limit keeps vectors from being longer than a norm; 0 is no limit.
type limit struct {
	norm   float64
	scaled [2]sdk.Vec // made when they are needed
}

// of returns u, or a scaled copy when it is longer than the limit. It is valid until the next call.
func (l *limit) of(u sdk.Vec) sdk.Vec {
	u, _ = l.both(u, nil)
	return u
}

// both scales h by the factor that g needs; h may be nil.
func (l *limit) both(g, h sdk.Vec) (sdk.Vec, sdk.Vec) {
	if l.norm == 0 {
		return g, h
	}
	norm := vec.Norm2(g)
	if !(norm > l.norm) {
		return g, h
	}
	for i, x := range []sdk.Vec{g, h} {
		if x == nil {
			continue
		}
		if l.scaled[i] == nil {
			l.scaled[i] = make(sdk.Vec, len(x))
		}
		vec.Scale(l.scaled[i], float32(l.norm/norm), x)
	}
	g = l.scaled[0]
	if h != nil {
		h = l.scaled[1]
	}
	return g, h
}

// Span is a stretch of the parameter vector, To exclusive.
type Span struct{ From, To int }

// Of returns the elements of x in the span: a view, not a copy.
func (s Span) Of(x sdk.Vec) sdk.Vec { return x[s.From:s.To:s.To] }

// Spans returns the stretches covered by the tensors that in accepts, in order; neighbours are joined.
func Spans(problem sdk.Problem, in func(sdk.Tensor) bool) []Span {
	var out []Span
	for _, t := range problem.Tensors {
		if t.Size() == 0 || !in(t) {
			continue
		}
		if n := len(out); n > 0 && out[n-1].To == t.Offset {
			out[n-1].To += t.Size()
		} else {
			out = append(out, Span{t.Offset, t.Offset + t.Size()})
		}
	}
	return out
}

package base

import (
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// problem has two runs of tensors with decay and two without, under no_decay = "bias-norm".
func problem() sdk.Problem {
	p := sdk.Problem{}
	for _, t := range []sdk.Tensor{
		{Name: "conv.weight", Kind: sdk.KindWeight, Shape: []int{3, 2}},
		{Name: "norm.scale", Kind: sdk.KindNormScale, Shape: []int{3}},
		{Name: "norm.shift", Kind: sdk.KindNormShift, Shape: []int{3}},
		{Name: "embed", Kind: sdk.KindEmbed, Shape: []int{2}},
		{Name: "fc.weight", Kind: sdk.KindWeight, Shape: []int{2, 2}},
		{Name: "fc.bias", Kind: sdk.KindBias, Shape: []int{2}},
	} {
		t.Offset = p.Dim
		p.Dim += t.Size()
		p.Tensors = append(p.Tensors, t)
	}
	return p
}

func params(t *testing.T, declared []sdk.Param, given map[string]any) sdk.Params {
	t.Helper()
	p, problems := sdk.NewParams(declared, given)
	if len(problems) > 0 {
		t.Fatalf("parameters %v: %v", given, problems)
	}
	return p
}

// state is the slots of a rule, in a map instead of shared memory.
func state(problem sdk.Problem, r Rule) map[string]sdk.Vec {
	out := map[string]sdk.Vec{}
	for _, s := range r.Slots(problem.Dim) {
		out[s.Name] = make(sdk.Vec, problem.Dim)
	}
	return out
}

func start(t *testing.T, problem sdk.Problem, r Rule, slots map[string]sdk.Vec, step uint64) {
	t.Helper()
	if err := r.Init(sdk.Start{Problem: problem, Step: step, Slot: func(name string) sdk.Vec { return slots[name] }}); err != nil {
		t.Fatal(err)
	}
}

// gradient is a fixed nonlinear function of the parameters and the step.
func gradient(w sdk.Vec, step int) sdk.Vec {
	g := make(sdk.Vec, len(w))
	for i, x := range w {
		g[i] = float32(math.Sin(float64(i+3*step))) + x/3
	}
	return g
}

func first(dim int) sdk.Vec {
	w := make(sdk.Vec, dim)
	for i := range w {
		w[i] = float32(math.Cos(float64(i)))
	}
	return w
}

var cases = []map[string]any{
	{"base": "sgd", "lr": 0.1},
	{"base": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0.3},
	{"base": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": true, "weight_decay": 0.3, "no_decay": "bias-norm"},
	{"base": "sgd", "lr": 0.1, "weight_decay": 0.3, "decay": "decoupled", "no_decay": "bias-norm"},
	{"base": "sgd", "lr": 0.1, "momentum": 0.9, "dampening": 0.4},
	{"base": "sgd", "lr": 0.1, "momentum": 0.9, "dampening": 0.9, "weight_decay": 0.3, "no_decay": "bias-norm"},
	{"base": "sgd", "lr": 0.1, "momentum": 0.9, "dampening": 0.4, "weight_decay": 0.3, "decay": "decoupled", "clip_norm": 1.5},
	{"base": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": true, "weight_decay": 0.3, "clip_norm": 2.9},
	{"base": "adamw", "lr": 0.01},
	{"base": "adam", "lr": 0.01, "weight_decay": 0.3, "no_decay": "bias-norm"},
	{"base": "adam", "lr": 0.01, "weight_decay": 0.3, "decay": "decoupled", "clip_norm": 2.0},
	{"base": "adamw", "lr": 0.01, "clip_norm": 2.9},
	{"base": "adamw", "lr": 0.01, "weight_decay": 0.3, "no_decay": "bias-norm"},
	{"base": "adamw", "lr": 0.01, "weight_decay": 0.3, "decay": "l2", "beta1": 0.5, "beta2": 0.9, "eps": 1e-3},
}

// reference is the update rule of the package documentation in float64, one coordinate after the other.
type reference struct {
	p           sdk.Params
	decays      []bool
	w           []float64
	buf, second []float64
	taken       int
}

func newReference(pr sdk.Problem, p sdk.Params, w sdk.Vec) *reference {
	r := &reference{p: p, decays: make([]bool, pr.Dim), buf: make([]float64, pr.Dim), second: make([]float64, pr.Dim)}
	for _, tensor := range pr.Tensors {
		for i := tensor.Offset; i < tensor.Offset+tensor.Size(); i++ {
			r.decays[i] = p.String("no_decay") == "" || tensor.Kind == sdk.KindWeight || tensor.Kind == sdk.KindEmbed
		}
	}
	for _, v := range w {
		r.w = append(r.w, float64(v))
	}
	return r
}

// step follows the gradient g that the float32 run has, so that only the update itself is compared.
func (r *reference) step(g sdk.Vec, lrScale float64, correct bool) {
	p, square, factor := r.p, 0.0, 1.0
	for _, v := range g {
		square += float64(v) * float64(v)
	}
	if c := p.Float("clip_norm"); c > 0 && math.Sqrt(square) > c {
		factor = c / math.Sqrt(square)
	}
	r.taken++
	lr := p.Float("lr") * lrScale
	for i := range r.w {
		u, shrink := factor*float64(g[i]), 0.0
		if r.decays[i] {
			coupled := p.String("decay") == "l2" || p.String("decay") == "auto" && p.String("base") != "adamw"
			if coupled {
				u += p.Float("weight_decay") * r.w[i]
			} else {
				shrink = lr * p.Float("weight_decay") * r.w[i]
			}
		}
		if p.String("base") == "sgd" {
			mu := p.Float("momentum")
			if r.taken == 1 {
				r.buf[i] = u
			} else {
				r.buf[i] = mu*r.buf[i] + (1-p.Float("dampening"))*u
			}
			d := r.buf[i]
			if p.Bool("nesterov") {
				d = u + mu*r.buf[i]
			}
			r.w[i] -= shrink + lr*d
			continue
		}
		b1, b2 := p.Float("beta1"), p.Float("beta2")
		r.buf[i] = b1*r.buf[i] + (1-b1)*u
		r.second[i] = b2*r.second[i] + (1-b2)*u*u
		mhat, vhat := r.buf[i], r.second[i]
		if correct {
			mhat /= 1 - math.Pow(b1, float64(r.taken))
			vhat /= 1 - math.Pow(b2, float64(r.taken))
		}
		r.w[i] -= shrink + lr*mhat/(math.Sqrt(vhat)+p.Float("eps"))
	}
}

func (r *reference) compare(t *testing.T, what any, w sdk.Vec) {
	t.Helper()
	for i, want := range r.w {
		if math.Abs(float64(w[i])-want) > 1e-5*math.Max(1, math.Abs(want)) {
			t.Errorf("%v: element %d is %v, want %v", what, i, w[i], want)
		}
	}
}

const steps = 12

func schedule(k int) float64 { return 1 - float64(k)/steps }

func TestRulesAgainstReference(t *testing.T) {
	for _, c := range cases {
		pr := problem()
		p := params(t, Params(), c)
		r := New(p)
		start(t, pr, r, state(pr, r), 0)
		w := first(pr.Dim)
		ref := newReference(pr, p, w)
		for k := range steps {
			g := gradient(w, k)
			before := slices.Clone(g)
			r.Step(w, g, schedule(k))
			if !slices.Equal(g, before) {
				t.Fatalf("%v: the direction was modified", c)
			}
			ref.step(g, schedule(k), true)
		}
		ref.compare(t, c, w)
	}
}

// Direction and Descend together are Step, whether the direction gets a vector of its own or takes the place of u, and
// Direction leaves the parameters alone. Without the correction of Adam's moments they are the rule without it.
func TestDirection(t *testing.T) {
	for _, c := range cases {
		for _, correct := range []bool{true, false} {
			for _, inPlace := range []bool{false, true} {
				pr := problem()
				p := params(t, Params(), c)
				r := New(p)
				start(t, pr, r, state(pr, r), 0)
				w, own := first(pr.Dim), make(sdk.Vec, pr.Dim)
				ref := newReference(pr, p, w)
				for k := range steps {
					g := gradient(w, k)
					ref.step(g, schedule(k), correct)
					d := own
					if inPlace {
						d = g
					}
					point, u := slices.Clone(w), slices.Clone(g)
					switch r := r.(type) {
					case *SGD:
						r.Direction(d, w, g)
					case *AdamW:
						r.Direction(d, w, g, correct)
					}
					if !slices.Equal(w, point) || !inPlace && !slices.Equal(g, u) {
						t.Fatalf("%v: Direction changed its arguments", c)
					}
					r.(interface {
						Descend(w, d sdk.Vec, lrScale float64)
					}).Descend(w, d, schedule(k))
				}
				ref.compare(t, c, w)
			}
		}
	}
}

// A limit that is not reached changes no bit.
func TestClipNormOutOfReach(t *testing.T) {
	for _, name := range []string{"sgd", "adamw"} {
		run := func(clip float64) sdk.Vec {
			pr := problem()
			r := New(params(t, Params(), map[string]any{"base": name, "weight_decay": 0.1, "clip_norm": clip}))
			start(t, pr, r, state(pr, r), 0)
			w := first(pr.Dim)
			for k := range 5 {
				r.Step(w, gradient(w, k), 1)
			}
			return w
		}
		if !slices.Equal(run(0), run(1e6)) {
			t.Errorf("%s: a limit of 1e6 changes the trajectory", name)
		}
	}
}

// A rule is made anew from its slots and the number of steps, and goes on as if nothing had happened.
func TestResume(t *testing.T) {
	for _, c := range cases {
		pr := problem()
		run := func(interrupt bool) sdk.Vec {
			r := New(params(t, Params(), c))
			slots := state(pr, r)
			start(t, pr, r, slots, 0)
			w := first(pr.Dim)
			for k := range 10 {
				if interrupt && k == 4 {
					saved := map[string]sdk.Vec{}
					for name, v := range maps.All(slots) {
						saved[name] = slices.Clone(v)
					}
					r = New(params(t, Params(), c))
					start(t, pr, r, saved, 4)
				}
				r.Step(w, gradient(w, k), 0.5)
			}
			return w
		}
		if !slices.Equal(run(false), run(true)) {
			t.Errorf("%v: the resumed run differs", c)
		}
	}
}

// StepMoments with the same vector twice, after AddL2, is Step.
func TestStepMoments(t *testing.T) {
	for _, mode := range []string{"l2", "decoupled"} {
		pr := problem()
		p := params(t, AdamWParams(), map[string]any{"weight_decay": 0.1, "decay": mode, "no_decay": "bias-norm"})
		a, b := NewAdamW(p), NewAdamW(p)
		start(t, pr, a, state(pr, a), 0)
		start(t, pr, b, state(pr, b), 0)
		v, w := first(pr.Dim), first(pr.Dim)
		for k := range 5 {
			a.Step(v, gradient(v, k), 1)
			g := gradient(w, k)
			b.AddL2(g, w)
			b.StepMoments(w, g, g, 1)
		}
		if !slices.Equal(v, w) {
			t.Errorf("decay %s: %v and %v", mode, v, w)
		}
	}
}

func TestCheck(t *testing.T) {
	flat := sdk.Problem{Dim: 4}
	for _, c := range []struct {
		given   map[string]any
		problem sdk.Problem
		want    map[string]string // parameter: part of the message
	}{
		{map[string]any{}, problem(), nil},
		{map[string]any{"base": "adamw", "no_decay": "bias-norm"}, problem(), nil},
		{map[string]any{"base": "adamw", "momentum": 0.9, "nesterov": true}, problem(),
			map[string]string{"momentum": `no effect with base = "adamw"`, "nesterov": `set base = "sgd"`}},
		{map[string]any{"beta1": 0.8, "eps": 1e-6}, problem(),
			map[string]string{"beta1": `set base = "adam" or "adamw"`, "eps": `no effect with base = "sgd"`}},
		{map[string]any{"nesterov": true}, problem(), map[string]string{"nesterov": "momentum greater than 0"}},
		{map[string]any{"nesterov": true, "momentum": 0.9, "dampening": 0.1}, problem(), map[string]string{"nesterov": "needs dampening = 0"}},
		{map[string]any{"dampening": 0.1}, problem(), map[string]string{"dampening": "momentum greater than 0"}},
		{map[string]any{"base": "adam", "beta1": 0.5}, problem(), nil},
		{map[string]any{"base": "adam", "momentum": 0.5}, problem(), map[string]string{"momentum": `no effect with base = "adam"`}},
		{map[string]any{"no_decay": "bias-norm"}, flat, map[string]string{"no_decay": "does not say which parameters are biases"}},
	} {
		got := Check(c.problem, params(t, Params(), c.given))
		if len(got) != len(c.want) {
			t.Errorf("%v: %v", c.given, got)
		}
		for _, d := range got {
			if want, ok := c.want[d.Param]; !ok || !strings.Contains(d.Message, want) {
				t.Errorf("%v: %+v, want %q", c.given, d, want)
			}
		}
	}
	if err := NewSGD(params(t, SGDParams(), map[string]any{"no_decay": "bias-norm", "weight_decay": 0.1})).Init(sdk.Start{Problem: flat}); err == nil {
		t.Error("no_decay without tensors was accepted")
	}
}

func TestSpans(t *testing.T) {
	pr := problem()
	weights := Spans(pr, func(t sdk.Tensor) bool { return t.Kind == sdk.KindWeight || t.Kind == sdk.KindEmbed })
	if want := []Span{{0, 6}, {12, 18}}; !slices.Equal(weights, want) {
		t.Errorf("%v, want %v", weights, want)
	}
	if all := Spans(pr, func(sdk.Tensor) bool { return true }); !slices.Equal(all, []Span{{0, pr.Dim}}) {
		t.Errorf("%v", all)
	}
	if none := Spans(pr, func(sdk.Tensor) bool { return false }); none != nil {
		t.Errorf("%v", none)
	}
}

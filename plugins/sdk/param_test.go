package sdk

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

var declared = []Param{
	Float("lr", 0.1, "learning rate").Above(0).Log(),
	Float("momentum", 0, "").Min(0).Below(1),
	Int("steps", 3, "").Min(1).Max(10),
	Bool("nesterov", false, ""),
	Choice("base", "sgd", []string{"sgd", "adamw"}, ""),
	String("kinds", "weight", ""),
}

func TestParamsAreCheckedAllAtOnce(t *testing.T) {
	for _, c := range []struct {
		given map[string]any
		want  []string // "param: part of the message"
	}{
		{nil, nil},
		{map[string]any{"lr": 1, "momentum": int64(0), "steps": int64(10), "nesterov": true, "base": "adamw", "kinds": ""}, nil},
		{map[string]any{"lr": 0.0}, []string{"lr: greater than 0, got 0"}},
		{map[string]any{"lr": math.NaN(), "momentum": math.Inf(1)}, []string{"lr: got NaN", "momentum: at least 0 and less than 1, got +Inf"}},
		{map[string]any{"momentum": 1.0}, []string{"momentum: less than 1, got 1"}},
		{map[string]any{"momentum": -0.1}, []string{"momentum: got -0.1"}},
		{map[string]any{"steps": 0, "lr": "0.1"}, []string{`lr: a number greater than 0, got "0.1"`, "steps: a whole number at least 1 and at most 10, got 0"}},
		{map[string]any{"steps": 2.0}, []string{"steps: whole number"}},
		{map[string]any{"steps": 11}, []string{"steps: got 11"}},
		{map[string]any{"nesterov": "yes"}, []string{`nesterov: true or false, got "yes"`}},
		{map[string]any{"base": ""}, []string{`base: one of "sgd", "adamw", got ""`}},
		{map[string]any{"kinds": 3}, []string{"kinds: a text, got 3"}},
		{map[string]any{"rho": 1, "lr": nil}, []string{"lr: got <nil>", "rho: unknown parameter: expected one of lr, momentum, steps, nesterov, base, kinds"}},
	} {
		_, got := NewParams(declared, c.given)
		if len(got) != len(c.want) {
			t.Errorf("%v: %v, want %q", c.given, got, c.want)
			continue
		}
		for i, d := range got {
			name, part, _ := strings.Cut(c.want[i], ": ")
			if d.Param != name || !strings.Contains(d.Message, part) {
				t.Errorf("%v: %v, want %q", c.given, d, c.want[i])
			}
		}
	}
}

func TestParamsHaveTheDeclaredTypes(t *testing.T) {
	p, _ := NewParams(declared, map[string]any{"lr": int64(2), "steps": int64(7), "kinds": "bias"})
	got := []any{p.Float("lr"), p.Float("momentum"), p.Int("steps"), p.Bool("nesterov"), p.String("base"), p.String("kinds")}
	if want := []any{2.0, 0.0, 7, false, "sgd", "bias"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for name, f := range map[string]func(){
		"undeclared": func() { p.Float("rho") },
		"other type": func() { p.Int("lr") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s parameter: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestDeclarationsAreChecked(t *testing.T) {
	good := Info{Name: "sgd", Version: 1, Params: declared, Cost: 1, Needs: []Op{OpGrad},
		Degenerate: []Degenerate{{When: map[string]any{"momentum": 0}, Equals: "gd"}}}
	if err := good.check(true); err != nil {
		t.Error(err)
	}
	for part, change := range map[string]func(*Info){
		"Info.Name":                 func(i *Info) { i.Name = "SGD" },
		"Info.Version is 0":         func(i *Info) { i.Version = 0 },
		"Info.Cost is NaN":          func(i *Info) { i.Cost = math.NaN() },
		`parameter "lr"`:            func(i *Info) { i.Params = append(i.Params[:2:2], i.Params[0]) },
		`default of parameter "lr"`: func(i *Info) { i.Params = []Param{Float("lr", 0, "").Above(0)}; i.Degenerate = nil },
		`has type ""`:               func(i *Info) { i.Params = []Param{{Name: "x"}}; i.Degenerate = nil },
		`"gradient"`:                func(i *Info) { i.Needs = []Op{"gradient"} },
		"momentum: expected":        func(i *Info) { i.Degenerate = []Degenerate{{When: map[string]any{"momentum": 2}}} },
		"is for metrics":            func(i *Info) { i.Values = []ValueInfo{{Name: "a"}} },
	} {
		i := good
		change(&i)
		if err := i.check(true); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("want %q, got %v", part, err)
		}
	}
	if err := (Info{Name: "m", Version: 1}).check(false); err == nil {
		t.Error("a metric without values was accepted")
	}
	if err := (Info{Name: "m", Version: 1, Values: []ValueInfo{{Name: "a", Better: "up"}}}).check(false); err == nil {
		t.Error("an unknown direction was accepted")
	}
}

func TestMeasurementsAreChecked(t *testing.T) {
	i := Info{Values: []ValueInfo{{Name: "a"}, {Name: "b"}}}
	for _, c := range []struct {
		values []Value
		want   string
	}{
		{[]Value{{Name: "b", Value: 1}, {Name: "a", Null: true, Reason: "flat"}}, ""},
		{[]Value{{Name: "a"}}, `"b" is missing`},
		{[]Value{{Name: "a"}, {Name: "b"}, {Name: "a"}}, "there twice"},
		{[]Value{{Name: "a"}, {Name: "b"}, {Name: "c"}}, "not declared"},
		{[]Value{{Name: "a", Value: math.NaN()}, {Name: "b"}}, "NaN"},
		{[]Value{{Name: "a", Null: true}, {Name: "b"}}, "without a reason"},
	} {
		err := i.checkValues(c.values)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want %q", c.values, err, c.want)
		}
	}
}

type both struct{ Optimizer }

func (both) New(Start) (func(w, g Vec, lrScale float64) error, error) { return nil, nil }

type onlyStep struct{ Stepper }

func TestKind(t *testing.T) {
	if _, _, err := kind(both{}); err == nil {
		t.Error("a loop that is also a step was accepted")
	}
	if _, _, err := kind(3); err == nil {
		t.Error("a number was accepted")
	}
	if o, m, err := kind(onlyStep{}); err != nil || o == nil || m != nil {
		t.Error("a Stepper was not taken for an optimizer")
	}
	if o, _, err := kind(FromStepper(onlyStep{})); err != nil || o == nil {
		t.Error("the Optimizer made of a Stepper was not accepted")
	}
}

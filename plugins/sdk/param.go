package sdk

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
)

// Param declares a hyperparameter: its type, default, range and meaning. The declaration feeds validation, help and
// tuning. Make one with Float, Int, Bool or Choice and narrow it with the methods, which return a changed copy:
//
//	sdk.Float("momentum", 0, "momentum of the update").Min(0).Below(1)
type Param struct {
	Name    string
	Type    string // "float", "int", "bool" or "string"
	Default any    // float64, int, bool or string
	Choices []string
	Scale   string // "linear" or "log": how to space the values of a grid
	Help    string

	min, max         *float64
	minOpen, maxOpen bool
}

// Float declares a number. Infinity and NaN are never valid.
func Float(name string, def float64, help string) Param {
	return Param{Name: name, Type: "float", Default: def, Scale: "linear", Help: help}
}

// Int declares a whole number.
func Int(name string, def int, help string) Param {
	return Param{Name: name, Type: "int", Default: def, Scale: "linear", Help: help}
}

// Bool declares a switch.
func Bool(name string, def bool, help string) Param {
	return Param{Name: name, Type: "bool", Default: def, Help: help}
}

// Choice declares a word out of a list.
func Choice(name, def string, choices []string, help string) Param {
	return Param{Name: name, Type: "string", Default: def, Choices: slices.Clone(choices), Help: help}
}

// String declares a text.
func String(name, def, help string) Param {
	return Param{Name: name, Type: "string", Default: def, Help: help}
}

// Min allows v and everything above it.
func (p Param) Min(v float64) Param { p.min, p.minOpen = &v, false; return p }

// Max allows v and everything below it.
func (p Param) Max(v float64) Param { p.max, p.maxOpen = &v, false; return p }

// Above allows what is greater than v.
func (p Param) Above(v float64) Param { p.min, p.minOpen = &v, true; return p }

// Below allows what is less than v.
func (p Param) Below(v float64) Param { p.max, p.maxOpen = &v, true; return p }

// Log says that values are naturally spaced by ratios: a learning rate, a radius.
func (p Param) Log() Param { p.Scale = "log"; return p }

// Params are the values of the declared parameters. The zero value has none.
type Params struct{ values map[string]any }

// NewParams checks given against the declarations and fills in the defaults. All problems are returned, sorted by
// parameter; the values are complete only when there are none. Whole numbers are accepted for float parameters.
// Hosts call it through the protocol; it is exported for tests of update rules.
func NewParams(declared []Param, given map[string]any) (Params, []Diagnostic) {
	p := Params{values: make(map[string]any, len(declared))}
	var out []Diagnostic
	names := make([]string, 0, len(declared))
	for _, d := range declared {
		names = append(names, d.Name)
		v, ok := given[d.Name]
		if !ok {
			v = d.Default
		}
		v, problem := d.check(v)
		if problem != "" {
			out = append(out, Diagnostic{Param: d.Name, Message: problem})
			continue
		}
		p.values[d.Name] = v
	}
	for name := range given {
		if !slices.Contains(names, name) {
			msg := "unknown parameter: this plugin has none"
			if len(names) > 0 {
				msg = "unknown parameter: expected one of " + strings.Join(names, ", ")
			}
			out = append(out, Diagnostic{Param: name, Message: msg})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Param < out[j].Param })
	return p, out
}

// Float returns the value of a float parameter. It panics when none of that name was declared, as do the others.
func (p Params) Float(name string) float64 { return get[float64](p, name, "float") }

// Int returns the value of an int parameter.
func (p Params) Int(name string) int { return get[int](p, name, "int") }

// Bool returns the value of a bool parameter.
func (p Params) Bool(name string) bool { return get[bool](p, name, "bool") }

// String returns the value of a string parameter.
func (p Params) String(name string) string { return get[string](p, name, "string") }

func get[T any](p Params, name, kind string) T {
	v, ok := p.values[name].(T)
	if !ok {
		panic(fmt.Sprintf("sdk: no %s parameter %q is declared in Info", kind, name))
	}
	return v
}

// check returns v as the Go type of the parameter, or what was expected instead.
func (d Param) check(v any) (any, string) {
	bad := func() (any, string) { return nil, fmt.Sprintf("expected %s, got %s", d.expected(), show(v)) }
	switch d.Type {
	case "float":
		f, ok := number(v)
		if !ok || math.IsNaN(f) || math.IsInf(f, 0) || !d.within(f) {
			return bad()
		}
		return f, ""
	case "int":
		var i int
		switch x := v.(type) {
		case int:
			i = x
		case int64:
			if i = int(x); int64(i) != x {
				return bad()
			}
		default:
			return bad()
		}
		if !d.within(float64(i)) {
			return bad()
		}
		return i, ""
	case "bool":
		if _, ok := v.(bool); !ok {
			return bad()
		}
		return v, ""
	default:
		s, ok := v.(string)
		if !ok || len(d.Choices) > 0 && !slices.Contains(d.Choices, s) {
			return bad()
		}
		return s, ""
	}
}

func number(v any) (float64, bool) {
	switch x := v.(type) {
	case float64:
		return x, true
	case int:
		return float64(x), true
	case int64:
		return float64(x), true
	}
	return 0, false
}

func (d Param) within(f float64) bool {
	if d.min != nil && (f < *d.min || d.minOpen && f == *d.min) {
		return false
	}
	return d.max == nil || f < *d.max || !d.maxOpen && f == *d.max
}

func (d Param) expected() string {
	switch d.Type {
	case "bool":
		return "true or false"
	case "string":
		if len(d.Choices) > 0 {
			return `one of "` + strings.Join(d.Choices, `", "`) + `"`
		}
		return "a text"
	}
	what := "a number"
	if d.Type == "int" {
		what = "a whole number"
	}
	var bounds []string
	if d.min != nil {
		bounds = append(bounds, fmt.Sprintf("%s %v", pick(d.minOpen, "greater than", "at least"), *d.min))
	}
	if d.max != nil {
		bounds = append(bounds, fmt.Sprintf("%s %v", pick(d.maxOpen, "less than", "at most"), *d.max))
	}
	if len(bounds) == 0 {
		return what
	}
	return what + " " + strings.Join(bounds, " and ")
}

func pick(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}

func show(v any) string {
	if s, ok := v.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	return fmt.Sprint(v)
}

// Package problem has small workloads whose answers are known: the optimum, the equilibrium, the best string. They are
// computed in float64 and every result is rounded once.
//
// A problem is a mean of terms, its examples; minibatches of them follow the host's order of examples. What is random
// about a problem (its data, its starting point, the order) is drawn from the seed of the trial: every optimizer of a
// seed gets the same instance, and intervals over seeds are intervals over instances.
//
// To add a problem, add a file and a line in the table.
package problem

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Version is part of the identity of trainings on problems. It is raised when a number changes that a problem gives.
const Version = 1

// Option is a setting of a problem.
type Option struct {
	Name    string
	Default any     // int64, float64 or []float64, which is its type
	Min     float64 // the smallest value, or element
	Open    bool    // Min itself is excluded
	Max     float64 // the largest; infinity: none
	Help    string
}

// kind is a row of the table.
type kind struct {
	summary string
	options []Option
	errors  bool // it has a natural measure of error
	// check finds what the ranges of single options cannot say in a spec without gaps; may be nil.
	check func(Spec) []Issue
	size  func(Spec) int // number of examples
	make  func(s Spec, seed uint64) terms
}

// table lists the problems by name.
var table = map[string]kind{
	"absolute":  absoluteKind,
	"bitstring": bitstringKind,
	"game":      gameKind,
	"phase":     phaseKind,
	"quadratic": quadraticKind,
	"simplex":   simplexKind,
}

// Names lists the problems, sorted.
func Names() []string {
	var names []string
	for name := range table {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Summary says in a line what a problem is.
func Summary(name string) string { return table[name].summary }

// Options lists the options of a problem, nil when there is none of that name. They must not be modified.
func Options(name string) []Option { return table[name].options }

// Spec names a problem. Options that are missing have their defaults.
type Spec struct {
	Name    string
	Options map[string]any // int64, float64 or []float64
}

// SetDefaults writes the missing options in.
func (s *Spec) SetDefaults() {
	if s.Options == nil {
		s.Options = map[string]any{}
	}
	for _, o := range Options(s.Name) {
		if _, ok := s.Options[o.Name]; !ok {
			s.Options[o.Name] = o.Default
		}
	}
}

// Examples is the number of examples of a spec without Problems and without gaps.
func (s Spec) Examples() int { return table[s.Name].size(s) }

// CountsErrors says that the problem has a natural measure of error besides its objective.
func (s Spec) CountsErrors() bool { return table[s.Name].errors }

// Map is the spec as one table: the options and the name.
func (s Spec) Map() map[string]any {
	out := map[string]any{"name": s.Name}
	for k, v := range s.Options {
		out[k] = v
	}
	return out
}

// Issue is what is wrong with an option.
type Issue struct{ Key, Message string }

// Problems says what is wrong with the spec, all of it.
func (s Spec) Problems() []Issue {
	k, ok := table[s.Name]
	if !ok {
		return []Issue{{"name", fmt.Sprintf("name: there is no problem %q (expected %s)", s.Name, strings.Join(Names(), ", "))}}
	}
	var out []Issue
	for _, o := range k.options {
		v, ok := s.Options[o.Name]
		if !ok {
			v = o.Default
		}
		if message := o.check(v); message != "" {
			out = append(out, Issue{o.Name, message})
		}
	}
	for name := range s.Options {
		if !slices.ContainsFunc(k.options, func(o Option) bool { return o.Name == name }) {
			out = append(out, Issue{name, fmt.Sprintf("%s: the problem %s has no such option", name, s.Name)})
		}
	}
	if len(out) == 0 && k.check != nil {
		out = k.check(s.full())
	}
	return out
}

// full is a copy with the defaults written in.
func (s Spec) full() Spec {
	out := Spec{Name: s.Name, Options: maps.Clone(s.Options)}
	out.SetDefaults()
	return out
}

// check says what is wrong with a value, or "".
func (o Option) check(v any) string {
	expected := "a number"
	bounds := []string{}
	if !math.IsInf(o.Min, -1) {
		word := "at least"
		if o.Open {
			word = "above"
		}
		bounds = append(bounds, fmt.Sprintf("%s %.15g", word, o.Min))
	}
	if !math.IsInf(o.Max, 1) {
		bounds = append(bounds, fmt.Sprintf("at most %.15g", o.Max))
	}
	in := func(x float64) bool { return x >= o.Min && x <= o.Max && !(o.Open && x == o.Min) }
	right := false
	switch o.Default.(type) {
	case int64:
		expected = "a whole number"
		if x, ok := v.(int64); ok {
			right = in(float64(x))
		}
	case float64:
		if x, ok := v.(float64); ok {
			right = in(x)
		}
	case []float64:
		expected = "a list of numbers"
		if x, ok := v.([]float64); ok {
			right = len(x) > 0 && !slices.ContainsFunc(x, func(x float64) bool { return !in(x) })
		}
	}
	if right {
		return ""
	}
	if len(bounds) > 0 {
		expected += " " + strings.Join(bounds, " and ")
	}
	return fmt.Sprintf("%s: expected %s, found %v", o.Name, expected, v)
}

func (s Spec) int(name string) int          { return int(s.Options[name].(int64)) }
func (s Spec) float(name string) float64    { return s.Options[name].(float64) }
func (s Spec) floats(name string) []float64 { return s.Options[name].([]float64) }

var inf = math.Inf(1)

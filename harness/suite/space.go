package suite

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Range is what a parameter may be in a search: numbers between two bounds, or choices.
type Range struct {
	Param    string
	Type     string  // of the parameter, as the plugin declares it
	Min, Max float64 // of numbers, both included
	Scale    string  // of numbers: "linear" or "log"
	Choices  []any   // of other parameters
}

// space reads space = { NAME = { min, max, scale } }. What is left out is as the plugin declares it.
func (c *paramCheck) space(fixed map[string]any) []Range {
	var out []Range
	n := c.t.sub("space").n
	for _, name := range n.keys() {
		v := n.table[name]
		path := "space." + name
		if !c.accept(v, "space", name, fixed) {
			continue
		}
		if v.table == nil {
			c.t.report(v.at, path, "a list of values belongs to grid = { … }", "%s: expected { min = …, max = …, scale = \"log\" }, found %s", name, v.kindName())
			continue
		}
		if !c.known {
			out = append(out, Range{Param: name, Type: "float", Max: 1, Scale: "linear"})
			continue
		}
		p := c.param(name)
		t := &table{n: v, path: c.t.path + "." + path, name: "the space of " + name, problems: c.t.problems}
		r := Range{Param: name, Type: p.Type}
		switch p.Type {
		case "bool":
			r.Choices = []any{false, true}
		case "string":
			for _, s := range p.Choices {
				r.Choices = append(r.Choices, s)
			}
			if n := t.get("choices"); n != nil {
				r.Choices = nil
				t.list("choices", "values", func(i int, e *node) bool {
					value, ok := c.value(e, path, fmt.Sprintf("%s[%d]", name, i))
					r.Choices = append(r.Choices, value)
					return ok
				})
			}
			if len(r.Choices) == 0 {
				t.report(v.at, "", `write choices = ["…", "…"]`, "%s: the plugin does not say which values there are", name)
			}
		default:
			ok := c.bounds(t, v, &r)
			if ok && r.Scale == "log" && r.Min <= 0 {
				t.report(t.at("min"), "min", "", "%s: a log scale needs a min above 0", name)
			} else if ok && r.Min >= r.Max {
				t.report(t.at("max"), "max", "", "%s: expected a max above the min of %s, found %s", name, FormatValue(r.Min), FormatValue(r.Max))
			}
		}
		t.done(nil)
		out = append(out, r)
	}
	return out
}

// bounds reads the bounds of a number.
func (c *paramCheck) bounds(t *table, v *node, r *Range) bool {
	p := c.param(r.Param)
	r.Scale = t.choice("scale", p.Scale, []string{"linear", "log"})
	if r.Scale == "" {
		r.Scale = "linear"
	}
	ok := true
	bound := func(key string, declared *float64, open bool) float64 {
		n := t.get(key)
		if n == nil {
			if declared == nil || open || key == "min" && r.Scale == "log" && *declared == 0 {
				t.report(v.at, key, fmt.Sprintf("write %s = { min = …, max = … }", r.Param), "%s: there is no %s, and the plugin declares none that can be reached", r.Param, key)
				ok = false
				return 0
			}
			return *declared
		}
		value, good := c.value(n, t.path, r.Param)
		x, _ := asFloat(value)
		ok = ok && good
		return x
	}
	r.Min, r.Max = bound("min", p.Min, p.MinOpen), bound("max", p.Max, p.MaxOpen)
	return ok
}

// at is the value at a point of the range, 0 ≤ u < 1. Numbers have four significant digits: enough for a search, and few
// enough to be read.
func (r Range) at(u float64) any {
	if len(r.Choices) > 0 {
		return r.Choices[int(u*float64(len(r.Choices)))]
	}
	if r.Type == "int" {
		lo, hi := math.Ceil(r.Min), math.Floor(r.Max)+1
		if r.Scale == "log" {
			return int64(math.Min(hi-1, math.Floor(lo*math.Pow(hi/lo, u))))
		}
		return int64(math.Min(hi-1, math.Floor(lo+u*(hi-lo))))
	}
	x := r.Min + u*(r.Max-r.Min)
	if r.Scale == "log" {
		x = r.Min * math.Pow(r.Max/r.Min, u)
	}
	x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	return math.Max(r.Min, math.Min(r.Max, x))
}

// sample draws configurations from a space. What is drawn for a parameter depends on its name and the number of the
// configuration alone, so that optimizers with a parameter in common are tried at the same values of it.
func sample(method string, space []Range, n int) []map[string]any {
	out := make([]map[string]any, n)
	for i := range out {
		out[i] = map[string]any{}
		for d, r := range space {
			u := rng.New(0, "tuning/"+r.Param, uint64(i)).Float64()
			if method == "halton" {
				u = halton(i+1, primes[d%len(primes)])
			}
			out[i][r.Param] = r.at(u)
		}
	}
	return out
}

// halton is the radical inverse of i: its digits in a base, mirrored at the point. The points of several prime bases fill a
// space evenly (Halton, Numerische Mathematik 2, 1960).
func halton(i, base int) float64 {
	x, f := 0.0, 1.0
	for ; i > 0; i /= base {
		f /= float64(base)
		x += f * float64(i%base)
	}
	return x
}

var primes = []int{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37}

// document writes the space out.
func documentSpace(space []Range) map[string]documentRange {
	if len(space) == 0 {
		return nil
	}
	out := map[string]documentRange{}
	for _, r := range space {
		d := documentRange{}
		switch r.Type {
		case "bool":
		case "string":
			d.Choices = r.Choices
		case "int":
			d.Min, d.Max, d.Scale = int64(r.Min), int64(r.Max), r.Scale
		default:
			d.Min, d.Max, d.Scale = r.Min, r.Max, r.Scale
		}
		out[r.Param] = d
	}
	return out
}

// withSpace adds what a search varies to the parameters that vary.
func withSpace(varied map[string]bool, space []Range) map[string]bool {
	varied = maps.Clone(varied)
	for _, r := range space {
		varied[r.Param] = true
	}
	return varied
}

// searches reports whether a method draws from spaces.
func searches(method string) bool { return slices.Contains([]string{"random", "halton"}, method) }

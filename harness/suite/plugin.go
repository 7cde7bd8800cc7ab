package suite

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// entry reads what optimizers and metrics have in common: the name, the plugin, and what the plugin says of itself.
// known is whether there is an answer to check parameters against.
func (l *loader) entry(t *table, kind string) (name, plugin, ref string, info pluginhost.Info, known bool) {
	t.require("name", `name = "…"`)
	t.require("plugin", `plugin = "…", a bundled plugin or the path of one`)
	name = l.entryName(t)
	plugin = t.str("plugin", "")
	n := t.get("plugin")
	if n == nil {
		return name, plugin, "", info, false
	}
	if _, ok := n.value.(string); !ok {
		return name, plugin, "", info, false
	}
	if plugin == "" {
		t.report(n.at, "plugin", "", "plugin: expected the name or the path of a plugin, found an empty string")
		return name, plugin, "", info, false
	}
	if l.options.Describe == nil && l.options.PluginNames == nil {
		return name, plugin, plugin, pluginhost.Info{Name: plugin, Kind: kind}, false
	}
	ref, problem := l.resolve(plugin)
	if problem != nil {
		t.report(n.at, "plugin", problem.Hint, "%s", problem.Message)
		return name, plugin, "", info, false
	}
	if l.options.Describe == nil {
		return name, plugin, ref, pluginhost.Info{Name: plugin, Kind: kind}, false
	}
	d := l.described[ref]
	switch {
	case d.err != nil:
		t.report(n.at, "plugin", hintOf(d.err), "plugin %q cannot be used: %s", plugin, strings.ReplaceAll(d.err.Error(), "\n", "; "))
		return name, plugin, ref, info, false
	case d.info.Kind != kind:
		hint := ""
		if d.info.Kind == "optimizer" || d.info.Kind == "metric" {
			hint = "list it under [[" + d.info.Kind + "]]"
		}
		t.report(n.at, "plugin", hint, "plugin %q is of kind %q (expected %q)", plugin, d.info.Kind, kind)
		return name, plugin, ref, info, false
	case !validName.MatchString(d.info.Name):
		t.report(n.at, "plugin", "", "plugin %q calls itself %q: expected 1 to 64 letters, digits, '.', '_' or '-'", plugin, d.info.Name)
		return name, plugin, ref, info, false
	}
	return name, plugin, ref, d.info, true
}

func (l *loader) optimizer(t *table) Optimizer {
	var o Optimizer
	var known bool
	o.Name, o.Plugin, o.Ref, o.Info, known = l.entry(t, "optimizer")
	o.Track = o.Info.Track
	if n := t.get("track"); n != nil {
		o.Track = t.str("track", o.Track)
		if o.Track != "" && !validName.MatchString(o.Track) {
			t.report(n.at, "track", "", "track %q: expected 1 to 64 letters, digits, '.', '_' or '-'", o.Track)
		}
		if o.Track == "" && o.Info.Track != "" {
			t.report(n.at, "track", "", "plugin %q solves another problem and cannot be ranked in the main track (its own is %q)", o.Info.Name, o.Info.Track)
		}
	}
	before := len(*t.problems)
	check := &paramCheck{t: t, info: o.Info, known: known, at: map[string]Position{}}
	o.Params = check.table("params", nil)

	grid, list, space := t.get("grid"), t.get("list"), t.get("space")
	method := l.suite.Tuning.Method
	for key, n := range map[string]*node{"grid": grid, "list": list} {
		if n != nil && searches(method) && !t.n.added {
			t.report(n.key, key, "write space = { lr = { min = 1e-3, max = 1.0, scale = \"log\" } }, or method = \"grid\" in [tuning]",
				"%s has a %s, but the tuning method is %q", t.name, key, method)
		}
	}
	if space != nil && !searches(method) {
		t.report(space.key, "space", "write grid = { lr = [0.05, 0.1] }, or method = \"random\" or \"halton\" in [tuning]", "%s has a space, but the tuning method is %q", t.name, method)
		space = nil
	}
	if grid != nil && list != nil {
		t.report(list.key, "list", "repeat the [[optimizer]] under another name for a union", "%s has both a grid and a list (expected one of them)", t.name)
	}
	if grid != nil && l.suite.Tuning.Method == "list" && !t.n.added {
		t.report(grid.key, "grid", "write list = [{ … }, …], or method = \"grid\" in [tuning]", "%s has a grid, but the tuning method is \"list\"", t.name)
	}
	if grid != nil {
		o.Grid = check.grid(o.Params)
	}
	if list != nil {
		o.List = check.list(o.Params)
	}
	if space != nil {
		o.Space = check.space(o.Params)
	}
	if known {
		varied := map[string]bool{}
		for _, a := range o.Grid {
			varied[a.Param] = true
		}
		// A parameter of a list may be missing in some of its entries; the fixed value or the default then holds.
		check.defaults(o.Params, withSpace(varied, o.Space), o.List)
	}
	o.at = places{plugin: t.at("plugin"), params: check.at}
	if p := o.Info.Privacy; known && p != nil {
		// The defaults cannot tell whether a noise multiplier was meant.
		if at, both := check.at[p.Sigma]; both {
			if _, both = check.at[p.Epsilon]; both {
				t.report(at, p.Sigma, "leave one of them out", "%s and %s are both given: the noise follows from the target, or the other way round", p.Epsilon, p.Sigma)
			}
		}
	}
	o.Model = l.modelOverride(t)
	t.done(func(key string) string {
		if slices.Contains(check.names(), key) {
			return "parameters of the plugin belong to params = { … } or, with a list of values, to grid = { … }"
		}
		return ""
	})
	if len(*t.problems) == before || len(o.Space) == 0 { // a range that is wrong cannot be drawn from
		o.configurations = expand(&o, l.suite.Tuning)
	}
	if len(*t.problems) > before || !known { // with values missing, configurations look alike that are not
		return o
	}
	seen := map[string]int{}
	for i, c := range o.configurations {
		if first, ok := seen[c.Key]; ok {
			key := "grid"
			hint := ""
			switch {
			case o.List != nil:
				key = "list"
			case len(o.Space) > 0:
				key, hint = "space", "the space has too few values for so many trials"
			}
			t.report(t.at(key), key, hint, "%s: configurations %d and %d are the same", t.name, first+1, i+1)
			break
		}
		seen[c.Key] = i
	}
	return o
}

// modelOverride reads the keys of the workloads' models that an optimizer changes.
func (l *loader) modelOverride(t *table) map[string]any {
	n := t.get("model")
	if n == nil {
		return nil
	}
	m := t.sub("model")
	m.name = "the model of " + t.name
	out := m.modelKeys()
	m.done(func(key string) string {
		if key == "name" {
			return "an optimizer may change the other keys of the model; another architecture is another workload"
		}
		return ""
	})
	if n.table == nil || len(out) == 0 {
		return nil
	}
	reported := map[string]bool{}
	for _, w := range l.suite.Workloads {
		if w.Model.Name == "" || len(w.Model.Problems()) > 0 {
			continue
		}
		for _, p := range override(w.Model, out).Problems() {
			if !reported[p.Key+p.Message] {
				reported[p.Key+p.Message] = true
				m.report(m.at(p.Key), p.Key, "", "%s", p.Message)
			}
		}
	}
	return out
}

func (l *loader) metric(t *table) Metric {
	var m Metric
	var known bool
	m.Name, m.Plugin, m.Ref, m.Info, known = l.entry(t, "metric")
	check := &paramCheck{t: t, info: m.Info, known: known, at: map[string]Position{}}
	m.Params = check.table("params", nil)
	if known {
		check.defaults(m.Params, nil, nil)
	}
	m.at = places{plugin: t.at("plugin"), params: check.at}
	m.Headline = t.boolean("headline", false)
	m.At, m.Summaries = l.moments(t)

	on := t.sub("on")
	on.name = "the examples of " + t.name
	batch, examples := 128, 0
	if t.n.added && t.n.table["on"] == nil {
		batch, examples = l.fitting()
	}
	m.On.Split = on.choice("split", "train", []string{"train"}, "validation", "test")
	m.On.Batch = on.whole("batch", batch, 1, 1<<20)
	m.On.Examples = on.whole("examples", cmp.Or(examples, 8*m.On.Batch), 1, math.MaxInt32)
	if m.On.Examples%m.On.Batch != 0 {
		on.report(on.at("examples"), "examples", fmt.Sprintf("%d would do", max(1, m.On.Examples/m.On.Batch)*m.On.Batch),
			"examples: expected a whole number of batches of %d, found %d", m.On.Batch, m.On.Examples)
	}
	for _, w := range l.suite.Workloads {
		if w.Problem != nil {
			t.report(t.n.key, "", "leave the metrics out, or put the problem into a suite of its own",
				"%s measures networks, but workload %q is a problem", t.name, w.Name)
		}
		if w.Data.Train > 0 && m.On.Examples > w.Data.Train {
			on.report(on.at("examples"), "examples", "", "examples: %d are more than the %d that workload %q trains on", m.On.Examples, w.Data.Train, w.Name)
		}
	}
	on.done(nil)
	t.done(func(key string) string {
		switch {
		case key == "split" || key == "examples" || key == "batch":
			return "it belongs to on = { … }"
		case key == "grid" || key == "list":
			return "repeat the [[metric]] under another name to measure with other parameters"
		case slices.Contains(check.names(), key):
			return "parameters of the plugin belong to params = { … }"
		}
		return ""
	})
	return m
}

// fitting is a batch size and a number of examples that every workload has, for a metric of which nothing else is said.
func (l *loader) fitting() (batch, examples int) {
	batch, examples = 128, 1024
	for _, w := range l.suite.Workloads {
		if w.Data.Train > 0 {
			batch, examples = min(batch, w.Data.Train), min(examples, w.Data.Train)
		}
	}
	return batch, examples / batch * batch
}

// headline sees to it that one metric is the headline.
func (l *loader) headline(tables []*table) {
	ms := l.suite.Metrics
	if len(ms) == 0 {
		return
	}
	first := slices.IndexFunc(ms, func(m Metric) bool { return m.Headline })
	if first < 0 {
		ms[0].Headline = true
		return
	}
	for i := first + 1; i < len(ms); i++ {
		if ms[i].Headline {
			tables[i].report(tables[i].at("headline"), "headline", "", "metric %q is the headline already (expected one)", ms[first].Name)
		}
	}
}

// paramCheck checks the parameters of one entry against its plugin's schema and remembers where they stand.
type paramCheck struct {
	t     *table
	info  pluginhost.Info
	known bool // whether info says anything
	at    map[string]Position
}

func (c *paramCheck) names() []string {
	names := make([]string, len(c.info.Params))
	for i, p := range c.info.Params {
		names[i] = p.Name
	}
	return names
}

func (c *paramCheck) param(name string) *pluginhost.Param {
	for i := range c.info.Params {
		if c.info.Params[i].Name == name {
			return &c.info.Params[i]
		}
	}
	return nil
}

// table reads a table of parameters; the result is never nil. A parameter of fixed is refused.
func (c *paramCheck) table(key string, fixed map[string]any) map[string]any {
	return c.values(c.t.sub(key).n, key, fixed)
}

func (c *paramCheck) values(n *node, path string, fixed map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range n.keys() {
		v := n.table[name]
		if !c.accept(v, path, name, fixed) {
			continue
		}
		if v.array {
			hint := ""
			if path == "params" {
				hint = "a parameter with several values to try belongs to grid = { … }"
			}
			c.t.report(v.at, path+"."+name, hint, "%s: expected one value, found a list", name)
			continue
		}
		if value, ok := c.value(v, path, name); ok {
			out[name] = value
		}
	}
	return out
}

// accept checks that the plugin has the parameter and that it is not fixed already.
func (c *paramCheck) accept(v *node, path, name string, fixed map[string]any) bool {
	if c.known && c.param(name) == nil {
		hint := suggest(name, c.names(), "its parameters")
		if len(c.info.Params) == 0 {
			hint = "it has no parameters"
		}
		c.t.report(v.key, path+"."+name, hint, "plugin %q has no parameter %q", c.info.Name, name)
		return false
	}
	if _, twice := fixed[name]; twice {
		c.t.report(v.key, path+"."+name, "remove it from params", "%s is fixed in params already", name)
		return false
	}
	if _, set := c.at[name]; !set {
		c.at[name] = v.at
	}
	return true
}

// grid reads grid = { NAME = [VALUES] }.
func (c *paramCheck) grid(fixed map[string]any) []Axis {
	n := c.t.sub("grid").n
	var axes []Axis
	for _, name := range n.keys() {
		v := n.table[name]
		path := "grid." + name
		if !c.accept(v, "grid", name, fixed) {
			continue
		}
		if !v.array {
			c.t.report(v.at, path, fmt.Sprintf("write %s = [%s], or move it to params", name, v.literal()),
				"%s: expected a list of values, found %s", name, v.kindName())
			continue
		}
		if len(v.items) == 0 {
			c.t.report(v.at, path, "", "%s: the list is empty (expected at least one value)", name)
			continue
		}
		axis := Axis{Param: name}
		for i, e := range v.items {
			value, ok := c.value(e, "grid", fmt.Sprintf("%s[%d]", name, i))
			if !ok {
				continue
			}
			if slices.Contains(axis.Values, value) {
				c.t.report(e.at, fmt.Sprintf("%s[%d]", path, i), "", "%s: %s is there already", name, FormatValue(value))
				continue
			}
			axis.Values = append(axis.Values, value)
		}
		axes = append(axes, axis)
	}
	size := 1
	for _, a := range axes {
		size *= max(1, len(a.Values))
		if size > maxConfigurations {
			c.t.report(n.at, "grid", "", "the grid has more than %d configurations", maxConfigurations)
			return nil
		}
	}
	slices.SortFunc(axes, func(a, b Axis) int { return strings.Compare(a.Param, b.Param) })
	return axes
}

// maxConfigurations of one optimizer.
const maxConfigurations = 10_000

// list reads list = [{ NAME = VALUE }, …].
func (c *paramCheck) list(fixed map[string]any) []map[string]any {
	var out []map[string]any
	for i, t := range c.t.subs("list") {
		out = append(out, c.values(t.n, fmt.Sprintf("list[%d]", i), fixed))
	}
	if n := c.t.get("list"); n.array && len(n.items) == 0 {
		c.t.report(n.at, "list", "", "the list is empty (expected at least one { … })")
	}
	return out
}

// value reads one parameter value and checks its type, range and choices. name may have an index.
func (c *paramCheck) value(v *node, path, name string) (any, bool) {
	plain, _, _ := strings.Cut(name, "[")
	fail := func(hint, format string, args ...any) (any, bool) {
		c.t.report(v.at, path+"."+name, hint, plain+": "+format, args...)
		return nil, false
	}
	if f, ok := v.value.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return fail("", "expected a finite number, found %s", v.kindName())
	}
	if !c.known {
		switch v.value.(type) {
		case string, int64, float64, bool:
			return v.value, true
		}
		return fail("", "expected a number, a string, true or false, found %s", v.kindName())
	}
	p := c.param(plain)
	value, ok := convert(p.Type, v.value)
	if !ok {
		hint := ""
		if s, isText := v.value.(string); isText && p.Type != "string" {
			hint = "write " + plain + " = " + s + " without quotes"
		}
		if v.value != nil && p.Type == "string" {
			hint = "strings are quoted"
		}
		return fail(hint, "expected %s, found %s", typeName(p.Type), v.kindName())
	}
	if x, isNumber := asFloat(value); isNumber {
		if outside(p, x) {
			hint := ""
			if p.Help != "" {
				hint = plain + ": " + p.Help
			}
			return fail(hint, "expected %s, found %s", rangeText(p), FormatValue(value))
		}
	}
	if s, isText := value.(string); isText && len(p.Choices) > 0 && !slices.Contains(p.Choices, s) {
		hint := ""
		if near := nearest(s, p.Choices); near != "" {
			hint = "did you mean " + quoted(near) + "?"
		}
		return fail(hint, "expected %s, found %q", oneOf(p.Choices), s)
	}
	return value, true
}

// convert gives a value the type that a plugin declares: float64, int64, bool or string. Numbers of any Go type are
// taken, since defaults come from the plugin.
func convert(typ string, v any) (any, bool) {
	switch typ {
	case "float":
		x, ok := asFloat(v)
		if x == 0 {
			x = 0 // -0 is 0
		}
		return x, ok && !math.IsNaN(x) && !math.IsInf(x, 0)
	case "int":
		switch v := v.(type) {
		case int64:
			return v, true
		case int:
			return int64(v), true
		case int32:
			return int64(v), true
		case uint64:
			return int64(v), v <= math.MaxInt64
		}
		return nil, false
	case "bool":
		b, ok := v.(bool)
		return b, ok
	case "string":
		s, ok := v.(string)
		return s, ok
	}
	return nil, false
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case int64:
		return float64(v), true
	case int:
		return float64(v), true
	case int32:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}

func typeName(typ string) string {
	switch typ {
	case "float":
		return "a number"
	case "int":
		return "a whole number"
	case "bool":
		return "true or false"
	case "string":
		return "a string"
	}
	return "a value of type " + typ
}

func outside(p *pluginhost.Param, x float64) bool {
	return p.Min != nil && (x < *p.Min || p.MinOpen && x == *p.Min) || p.Max != nil && (x > *p.Max || p.MaxOpen && x == *p.Max)
}

// rangeText says what a numeric parameter may be.
func rangeText(p *pluginhost.Param) string {
	var parts []string
	if p.Min != nil {
		word := "of at least "
		if p.MinOpen {
			word = "above "
		}
		parts = append(parts, word+FormatValue(*p.Min))
	}
	if p.Max != nil {
		word := "at most "
		if p.MaxOpen {
			word = "below "
		}
		parts = append(parts, word+FormatValue(*p.Max))
	}
	return strings.TrimSpace(typeName(p.Type) + " " + strings.Join(parts, " and "))
}

// defaults writes the plugin's defaults into params, for what does not vary. A parameter without a default must be set
// everywhere.
func (c *paramCheck) defaults(params map[string]any, varied map[string]bool, list []map[string]any) {
	for _, p := range c.info.Params {
		if _, set := params[p.Name]; set || varied[p.Name] {
			continue
		}
		if _, written := c.at[p.Name]; written && len(list) == 0 {
			continue // it was wrong, and is reported
		}
		inAll := len(list) > 0
		for _, entry := range list {
			_, set := entry[p.Name]
			inAll = inAll && set
		}
		if inAll {
			continue
		}
		if p.Default == nil {
			c.t.report(c.t.at("plugin"), "params."+p.Name, strings.TrimSuffix(p.Name+": "+p.Help, ": "), "%s: plugin %q needs the parameter %q, which has no default", c.t.name, c.info.Name, p.Name)
			continue
		}
		value, ok := convert(p.Type, p.Default)
		if !ok {
			c.t.report(c.t.at("plugin"), "params."+p.Name, "", "plugin %q declares the default %v for %q, which is not %s", c.info.Name, p.Default, p.Name, typeName(p.Type))
			continue
		}
		params[p.Name] = value
	}
}

package suite

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// Describer asks a plugin what it is. ref is Optimizer.Ref or Metric.Ref. Load calls it once for every distinct
// plugin, several at the same time.
type Describer func(ref string) (pluginhost.Info, error)

// Options say how a suite is loaded.
type Options struct {
	Variant string   // apply [variant.NAME]; "" none
	Set     []string // KEY=VALUE overrides, applied after the variant; VALUE is TOML or a bare word
	// Describe checks parameters against the plugins' own schemas and supplies defaults. If it is nil, plugins are
	// not started: parameters are taken as written, and configurations and identities are not to be used.
	Describe    Describer
	PluginNames []string // the bundled plugins
	// Optimizers and Metrics, unless empty, say which entries are Selected: names of entries, "*" for all of them, and paths
	// of plugins, which are added to the suite as entries of the name they give themselves. Several may stand in one
	// string, separated by commas. Brackets behind a path set parameters, and with several values make a grid:
	// ./mine[lr=0.01,0.1 momentum=0.9]; the rest are the plugin's defaults.
	Optimizers, Metrics []string
	// Source is the text of the suite when it is not a file; path is then only its name. nil: read path.
	Source []byte
	// Refs, by what is written, are where plugins are to be found instead: copies that nobody changes during a run.
	Refs map[string]string
}

// maxSuite is far more than any suite needs; a larger file is something else.
const maxSuite = 1 << 20

// Load reads and checks a suite. If anything is wrong the error is Problems, all of them. Where all of it is about single
// optimizers, the suite of the others comes along with the error: they can still be asked what they think of the workloads.
//
// A plugin that is not the name of a bundled one is a path; a relative path is looked up in the current folder first,
// as in a shell, and then beside the suite.
func Load(path string, o Options) (*Suite, error) {
	if o.Source != nil {
		return load(path, string(o.Source), o)
	}
	text, problem := readSuite(path)
	if problem != nil {
		return nil, Problems{*problem}
	}
	return load(path, text, o)
}

func readSuite(path string) (string, *Problem) {
	fail := func(message, hint string) (string, *Problem) {
		return "", &Problem{Pos: Position{File: path}, Message: message, Hint: hint}
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fail("there is no such suite", nearbySuites(path))
	}
	if err != nil {
		return fail("the suite cannot be read: "+reason(err), "")
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.IsDir() {
		return fail("this is a folder, not a suite", nearbySuites(filepath.Join(path, "x")))
	}
	b, err := io.ReadAll(io.LimitReader(f, maxSuite+1))
	switch {
	case err != nil:
		return fail("the suite cannot be read: "+reason(err), "")
	case len(b) > maxSuite:
		return fail("this is not a suite: it is larger than 1 MiB", "")
	case strings.TrimSpace(strings.TrimPrefix(string(b), "\ufeff")) == "":
		return fail("the suite is empty", "a suite starts with schema = 1 and a [suite] table; suites/quickstart.toml is one to copy")
	}
	return string(b), nil
}

// reason is an error of the file system without its path, which is said already.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}

func nearbySuites(path string) string {
	found, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.toml"))
	var names []string
	for _, f := range found {
		names = append(names, filepath.ToSlash(f))
	}
	return suggest(filepath.ToSlash(path), names, "suites here")
}

// load does the work of Load on a text. Variants that are not applied are checked too: a suite is right or wrong as a
// whole.
func load(file, text string, o Options) (*Suite, error) {
	described := map[string]*description{}
	s, problems := resolve(file, text, o, described)
	known := map[Position]bool{} // one problem at a place is enough
	for _, p := range problems {
		known[p.Pos] = true
	}
	if s != nil {
		for _, name := range s.Variants {
			if name == o.Variant {
				continue
			}
			v := o
			v.Variant, v.Set, v.Optimizers, v.Metrics = name, nil, nil, nil
			_, found := resolve(file, text, v, described)
			for _, p := range found {
				if !known[p.Pos] {
					p.Message = fmt.Sprintf("variant %q: %s", name, p.Message)
					problems = append(problems, p)
				}
			}
		}
	}
	if s != nil {
		s.Options = o
		s.Options.Source = []byte(text)
	}
	if len(problems) > 0 {
		return s.rest(len(problems)), problems.sorted()
	}
	return s, nil
}

// rest is the suite without the optimizers that something is wrong with, or nil where that is not all of the problems.
func (s *Suite) rest(problems int) *Suite {
	if s == nil {
		return nil
	}
	rest := *s
	rest.Optimizers = nil
	for _, o := range s.Optimizers {
		if problems -= o.problems; o.problems == 0 {
			rest.Optimizers = append(rest.Optimizers, o)
		}
	}
	if problems != 0 {
		return nil
	}
	return &rest
}

// resolve reads a suite with the variant and the overrides of o. The suite is nil if the text is not TOML.
func resolve(file, text string, o Options, described map[string]*description) (*Suite, Problems) {
	root, problems := parse(file, text)
	if problems != nil {
		return nil, problems
	}
	l := &loader{options: o, file: file, suite: &Suite{File: file, Variant: o.Variant}, described: described}
	root.key, root.at = Position{file, 1, 1}, Position{file, 1, 1}
	l.override(root)
	optimizers := l.choose(root, "optimizer", "-O", o.Optimizers)
	metrics := l.choose(root, "metric", "-M", o.Metrics)
	l.root(&table{n: root, problems: &l.problems, name: "the suite"})
	for i := range l.suite.Optimizers {
		x := &l.suite.Optimizers[i]
		x.Selected = optimizers == nil || slices.Contains(optimizers, x.Name)
	}
	for i := range l.suite.Metrics {
		x := &l.suite.Metrics[i]
		x.Selected = metrics == nil || slices.Contains(metrics, x.Name)
	}
	return l.suite, l.problems
}

type loader struct {
	options  Options
	file     string
	suite    *Suite
	problems Problems

	described map[string]*description // shared by the variants of a suite
}

// override applies the variant and the --set overrides to the tree.
func (l *loader) override(root *node) {
	variants := root.table["variant"]
	if variants != nil && variants.table != nil {
		l.suite.Variants = slices.Sorted(maps.Keys(variants.table))
	}
	if name := l.options.Variant; name != "" {
		switch {
		case !slices.Contains(l.suite.Variants, name):
			hint := "the suite has no variants"
			if len(l.suite.Variants) > 0 {
				hint = suggest(name, l.suite.Variants, "variants here")
			}
			l.problems = append(l.problems, Problem{Pos: Position{File: l.file}, Path: "variant",
				Message: fmt.Sprintf("there is no variant %q", name), Hint: hint})
		case variants.table[name].table != nil:
			v := variants.table[name]
			delete(root.table, "variant")
			merge(root, v, "", &l.problems)
			root.table["variant"] = variants
		}
	}
	for _, set := range l.options.Set {
		n, problems := parseSet(set)
		if problems != nil {
			l.problems = append(l.problems, problems...)
			continue
		}
		if n.table["variant"] != nil {
			l.problems = append(l.problems, Problem{Pos: Position{File: "--set " + set}, Message: "a variant is chosen with --variant, not with --set"})
			continue
		}
		merge(root, n, "", &l.problems)
	}
}

func (l *loader) root(t *table) {
	s := l.suite
	if n := t.get("schema"); n == nil {
		t.report(t.n.key, "schema", "add schema = 1 as the first line", "the suite does not say which schema it is written in")
	} else if v, ok := n.value.(int64); !ok || v != Schema {
		t.report(n.at, "schema", "", "schema: expected %d, the only one this version reads, found %s", Schema, n.kindName())
	}

	l.header(t.sub("suite"), t.n.table["suite"] == nil)
	workloads := t.subs("workload")
	if t.n.table["workload"] == nil {
		t.report(t.n.key, "workload", "add a [[workload]] with a model and data", "the suite has no workload")
	}
	for _, w := range workloads {
		s.Workloads = append(s.Workloads, l.workload(w))
	}
	l.unique(workloads, "workload")

	l.budget(t.sub("budget"), t.n.table["budget"] == nil)
	l.tuning(t.sub("tuning"))
	sound := !slices.ContainsFunc(l.problems, func(p Problem) bool { return strings.HasPrefix(p.Path, "tuning") })

	optimizers, metrics := t.subs("optimizer"), t.subs("metric")
	if t.n.table["optimizer"] == nil {
		t.report(t.n.key, "optimizer", "add an [[optimizer]] with a name and a plugin", "the suite has no optimizer")
	}
	l.describe(append(slices.Clone(optimizers), metrics...))
	before := len(l.problems)
	for _, t := range optimizers {
		already := len(l.problems)
		o := l.optimizer(t)
		o.Added, o.problems = t.n.added, len(l.problems)-already
		s.Optimizers = append(s.Optimizers, o)
	}
	sound = sound && len(l.problems) == before
	l.unique(optimizers, "optimizer")
	for _, t := range metrics {
		m := l.metric(t)
		m.Added = t.n.added
		s.Metrics = append(s.Metrics, m)
	}
	l.unique(metrics, "metric")
	l.headline(metrics)

	l.baseline(t)
	if sound && len(optimizers) > 0 { // counts of broken grids mean nothing
		l.fairness(t, optimizers)
	}
	l.report(t.sub("report"))
	l.variants(t)
	engines := t.sub("engine")
	engines.name = "[engine]"
	s.Slurm = l.slurm(engines)
	engines.done(nil)
	t.done(func(key string) string {
		switch key {
		case "optimizers", "metrics", "workloads":
			return "write [[" + strings.TrimSuffix(key, "s") + "]], one for each"
		case "shift", "shifts":
			return "shifts belong to a workload: [[workload.shift]]"
		}
		return ""
	})
}

func (l *loader) variants(t *table) {
	v := t.sub("variant")
	for _, name := range v.n.keys() {
		n := v.get(name)
		if n.table == nil {
			t.report(n.at, "variant."+name, "write [variant."+name+"] and the keys that differ under it",
				"variant %q: expected a table, found %s", name, n.kindName())
			continue
		}
		if n.table["variant"] != nil {
			t.report(n.table["variant"].key, "variant."+name+".variant", "", "a variant cannot contain variants")
		}
	}
}

func (l *loader) header(t *table, absent bool) {
	s := l.suite
	t.name = "[suite]"
	if absent {
		t.report(t.n.key, "", "add [suite] with name, seeds and baseline", "the suite has no [suite] table")
	} else {
		t.require("name", `name = "my-suite"`)
		t.require("seeds", "seeds = [0, 1, 2, 3, 4, 5]")
		t.require("baseline", "baseline = \"sgd\", the name of an [[optimizer]]")
	}
	s.Name = l.entryName(t)
	s.Revision = t.whole("revision", 1, 1, math.MaxInt32)
	s.Title = t.str("title", s.Name)
	s.Seeds = l.seeds(t, "seeds")
	s.Baseline = t.str("baseline", "")
	t.done(nil)
}

// validName is what names may be: they stand in file names, selectors and tables.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func (l *loader) entryName(t *table) string {
	n := t.get("name")
	name := t.str("name", "")
	if n == nil || n.value == nil {
		return name
	}
	if _, ok := n.value.(string); ok && !validName.MatchString(name) {
		t.report(n.at, "name", "", "name %q: expected 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit", name)
	}
	return name
}

// unique reports names that occur twice, without regard to case: they become file names.
func (l *loader) unique(ts []*table, what string) {
	first := map[string]Position{}
	for _, t := range ts {
		name := entryName(t.n)
		if name == "" {
			continue
		}
		key := strings.ToLower(name)
		if at, ok := first[key]; ok {
			t.report(t.at("name"), "name", "", "there is another %s named %q at %v", what, name, at)
			continue
		}
		first[key] = t.at("name")
	}
}

func (l *loader) seeds(t *table, key string) []uint64 {
	n := t.get(key)
	if n == nil {
		return nil
	}
	if n.array && len(n.items) == 0 {
		t.report(n.at, key, "write "+key+" = [0] for a single one", "%s: no seeds (expected at least one whole number)", key)
		return nil
	}
	var out []uint64
	for _, v := range t.wholes(key, "whole numbers", 0, math.MaxInt) {
		out = append(out, uint64(v))
	}
	return out
}

func (l *loader) workload(t *table) Workload {
	w := Workload{}
	t.require("name", `name = "cifar10-cnn"`)
	if t.get("problem") != nil {
		return l.problem(t)
	}
	t.require("model", `model = { name = "cnn" }`)
	t.require("data", `data = { name = "cifar10" }`)
	w.Name = l.entryName(t)
	w.BatchSize = t.whole("batch_size", 128, 1, 1<<20)

	m := t.sub("model")
	m.name = "the model of " + t.name
	if t.n.table["model"] != nil {
		m.require("name", `name = "`+model.Names()[0]+`"`)
	}
	name := m.choice("name", "", model.Names())
	w.Model = override(model.Spec{Name: name}, m.modelKeys())
	m.done(nil)
	if w.Model.Name != "" {
		l.modelProblems(m, w.Model, "")
	}

	w.Data = l.dataSpec(t)

	v := t.sub("validation")
	v.name = "the validation of " + t.name
	w.Validation = Validation{Size: v.whole("size", 0, 0, math.MaxInt32), Stratified: v.boolean("stratified", true)}
	v.done(nil)
	if w.Data.Imbalance != 0 && !w.Validation.Stratified {
		v.report(v.at("stratified"), "stratified", "", "stratified: an imbalanced training set needs stratified splits, so that every seed has as many examples of a class")
	}

	loss := t.sub("loss")
	loss.name = "the loss of " + t.name
	w.Loss = l.loss(loss)
	if dataset.Numeric(w.Data.Name) && w.Loss.Name != engine.MSE {
		at := loss.at("name")
		if d := t.n.table["data"]; t.n.table["loss"] == nil && d.table["name"] != nil {
			at = d.table["name"].at
		}
		loss.report(at, "name", `loss = { name = "mse" }`, "name: %s has numbers to predict, which only the loss mse compares", w.Data.Name)
	}
	w.Auxiliary = l.auxiliary(t)

	ss := t.subs("shift")
	for _, s := range ss {
		w.Shifts = append(w.Shifts, l.shift(s, &w))
	}
	l.unique(ss, "shift")
	t.done(func(key string) string {
		switch key {
		case "train", "augment", "imbalance", "tail", "noise", "hold_out", "correlation", "path", "side", "order", "options":
			return "it belongs to data = { … }"
		case "label_smoothing", "class_weights", "adjust", "gamma", "margin", "scale", "reweight", "l2":
			return "it belongs to loss = { … }"
		}
		if slices.Contains(modelKeys, key) {
			return "it belongs to model = { … }"
		}
		return ""
	})
	return w
}

// modelProblems reports what package model says of a model, at the key it says it of.
func (l *loader) modelProblems(t *table, m model.Spec, context string) {
	for _, p := range m.Problems() {
		if p.Key == "name" { // reported while reading
			continue
		}
		hint := ""
		if n := t.n.table[p.Key]; n != nil {
			if s, ok := n.value.(string); ok {
				if c := nearest(s, modelChoices[p.Key]); c != "" {
					hint = "did you mean " + quoted(c) + "?"
				}
			}
		}
		t.report(t.at(p.Key), p.Key, hint, "%s%s", context, p.Message)
	}
}

// modelChoices are spellings for hints only: package model decides what is right.
var modelChoices = map[string][]string{
	"norm":       {"batch", "group", "none", "revin"},
	"activation": {"relu", "tanh", "gelu"},
	"classifier": {"linear", model.Cosine},
	"init":       model.Inits(),
}

// modelKeys are the keys of all architectures: package model decides which of them one has.
var modelKeys = []string{"width", "norm", "activation", "depth", "patch", "heads", "hidden", "tokens", "bias", "classifier", "init", "base_width"}

// modelKeys reads the keys that are there, except name: lists of whole numbers, words, whole numbers and true or false.
func (t *table) modelKeys() map[string]any {
	out := map[string]any{}
	for _, key := range modelKeys {
		n := t.get(key)
		if n == nil {
			continue
		}
		switch key {
		case "width":
			if width := t.wholes0(key, "whole numbers, one a layer"); width != nil {
				out[key] = width
			}
		case "norm", "activation", "classifier", "init":
			if s := t.str(key, ""); s != "" {
				out[key] = s
			} else if n.value == "" {
				t.report(n.at, key, "", "%s: expected a name, found an empty string", key)
			}
		case "bias":
			if _, ok := n.value.(bool); ok {
				out[key] = n.value
			} else {
				t.boolean(key, false)
			}
		default:
			if v := t.whole(key, 0, 1, math.MaxInt); v != 0 {
				out[key] = v
			}
		}
	}
	return out
}

// wholes0 reads a list of whole numbers that may repeat; what they may be is decided elsewhere.
func (t *table) wholes0(key, of string) []int {
	var out []int
	ok := t.list(key, of, func(i int, n *node) bool {
		v, ok := n.value.(int64)
		if !ok || v != int64(int(v)) {
			t.wrong(n, fmt.Sprintf("%s[%d]", key, i), "a whole number", numberHint(n))
			return false
		}
		out = append(out, int(v))
		return true
	})
	if !ok {
		return nil
	}
	if out == nil {
		out = []int{}
	}
	return out
}

func (l *loader) budget(t *table, absent bool) {
	b := &l.suite.Budget
	t.name = "[budget]"
	if absent {
		t.report(t.n.key, "", "add [budget] with unit = \"epochs\" and limit = 60", "the suite has no [budget] table")
	} else {
		t.require("limit", "limit = 60")
	}
	units := []string{"epochs", "steps", "G", "wall", "target"}
	b.Unit = t.choice("unit", "epochs", units)
	b.Limit = t.number("limit", 1)
	if n := t.get("limit"); n != nil {
		_, isNumber := n.number()
		switch {
		case !isNumber: // reported
		case b.Limit <= 0:
			t.report(n.at, "limit", "", "limit: expected a positive number, found %s", FormatValue(b.Limit))
		case b.Unit != "G" && b.Unit != "wall" && b.Limit != math.Trunc(b.Limit):
			of := b.Unit
			if of == "target" {
				of = "epochs"
			}
			t.report(n.at, "limit", "", "limit: expected a whole number of %s, found %s", of, FormatValue(b.Limit))
		case b.Limit > 1e12:
			t.report(n.at, "limit", "", "limit: %s is more than any machine will do", FormatValue(b.Limit))
		}
	}
	b.Schedule = t.choice("schedule", "constant", Schedules())
	l.scheduleKeys(t)
	l.target(t)
	b.Warmup = t.number("warmup", 0)
	if n := t.get("warmup"); n != nil {
		const expected = "a number of steps, or a fraction of all steps of at least 0 and below 1"
		if _, fraction := n.value.(float64); b.Warmup < 0 || fraction && b.Warmup >= 1 {
			t.report(n.at, "warmup", "", "warmup: expected %s, found %s", expected, n.literal())
		}
		if b.Unit == "wall" && b.Warmup >= 1 {
			t.report(n.at, "warmup", "", "warmup: expected a fraction, as nobody knows the number of steps of a budget of time, found %s", n.literal())
		}
		if b.Unit == "steps" && b.Warmup >= 1 && b.Warmup >= b.Limit && b.Limit > 0 {
			t.report(n.at, "warmup", "", "warmup: %s steps leave nothing of the %s of the budget", FormatValue(b.Warmup), FormatValue(b.Limit))
		}
	}
	b.Timeout = t.duration("timeout")
	t.done(func(key string) string {
		if slices.Contains(units, key) {
			return fmt.Sprintf("write unit = %q and limit = …", key)
		}
		return ""
	})
}

// scheduleKeys reads what belongs to single schedules.
func (l *loader) scheduleKeys(t *table) {
	b := &l.suite.Budget
	only := func(key, schedule string) *node {
		n := t.get(key)
		if n != nil && b.Schedule != schedule {
			t.report(n.key, key, "", "%s belongs to schedule = %q", key, schedule)
			return nil
		}
		return n
	}
	only("milestones", "step")
	if b.Schedule == "step" {
		b.Milestones, b.Factor = []float64{0.5, 0.75}, 0.1
		if n := t.get("milestones"); n != nil {
			b.Milestones = nil
			t.list("milestones", "fractions of the budget", func(i int, n *node) bool {
				v, ok := n.number()
				last := 0.0
				if len(b.Milestones) > 0 {
					last = b.Milestones[len(b.Milestones)-1]
				}
				if !ok || v <= last || v >= 1 {
					t.report(n.at, fmt.Sprintf("milestones[%d]", i), "", "milestones: expected ascending fractions between 0 and 1, found %s", n.literal())
					return false
				}
				b.Milestones = append(b.Milestones, v)
				return true
			})
		}
	}
	if n := only("factor", "step"); n != nil {
		b.Factor = t.number("factor", 0.1)
		if b.Factor <= 0 || b.Factor >= 1 {
			t.report(n.at, "factor", "", "factor: expected a number between 0 and 1, found %s", n.literal())
		}
	}
	if b.Schedule == "wsd" {
		b.Decay = 0.2
	}
	if n := only("decay", "wsd"); n != nil {
		b.Decay = t.number("decay", 0.2)
		if b.Decay <= 0 || b.Decay > 1 {
			t.report(n.at, "decay", "", "decay: expected a fraction of the budget, above 0 and at most 1, found %s", n.literal())
		}
	}
}

// target reads what a trial of unit "target" has to reach.
func (l *loader) target(t *table) {
	b := &l.suite.Budget
	n := t.get("target")
	switch {
	case n == nil && b.Unit == "target":
		t.report(t.at("unit"), "target", `add target = { metric = "error", value = 0.3 }`, "unit = \"target\" needs a target")
		return
	case n == nil:
		return
	case b.Unit != "target":
		t.report(n.key, "target", "", "target belongs to unit = \"target\"")
		return
	}
	s := t.sub("target")
	s.name = "the target of [budget]"
	s.require("value", "value = 0.3")
	b.Target = &Target{
		Metric: s.choice("metric", "error", []string{"error", "loss"}), Split: s.choice("split", "validation", []string{"validation"}),
		Value: s.number("value", 0),
	}
	for i, w := range l.suite.Workloads {
		if w.Problem != nil && b.Target.Metric != "loss" {
			s.report(s.at("metric"), "metric", "write metric = \"loss\"", "workload %q is a problem, whose target is a loss: its exact objective", w.Name)
		} else if w.Problem == nil && w.Validation.Size == 0 {
			s.report(s.n.key, "", fmt.Sprintf("add validation = { size = 2_000 } to workload number %d", i+1), "workload %q has no validation examples to reach a target on", w.Name)
		}
	}
	s.done(nil)
}

// duration reads a time span such as "30m".
func (t *table) duration(key string) time.Duration {
	n := t.get(key)
	if n == nil {
		return 0
	}
	const hint = `write "30m", "90s" or "1h30m"`
	s, ok := n.value.(string)
	if !ok {
		t.wrong(n, key, "a time span in quotes", hint)
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		t.report(n.at, key, hint, "%s: expected a positive time span, found %q", key, s)
		return 0
	}
	return d
}

func (l *loader) tuning(t *table) {
	u := &l.suite.Tuning
	t.name = "[tuning]"
	u.Method = t.choice("method", "grid", []string{"grid", "list", "random", "halton"})
	u.Trials = t.whole("trials", 0, 1, 10_000) // 0: what the optimizers have, written in by fairness
	if searches(u.Method) && t.n.table["trials"] == nil {
		t.report(t.at("method"), "trials", "add trials = 16", "method = %q needs the number of trials", u.Method)
		u.Trials = 1
	}
	u.Seeds = l.seeds(t, "seeds")
	if t.n.table["seeds"] == nil && len(l.suite.Seeds) > 0 {
		u.Seeds = l.suite.Seeds[:1:1]
	}
	sel := t.sub("select")
	sel.name = "select"
	sel.later = map[string]string{"seeds": "the mean over the tuning seeds selects"}
	u.Select.Metric = sel.choice("metric", "error", []string{"error", "loss"})
	split := sel.str("split", "validation")
	if n := sel.get("split"); n != nil && split != "validation" {
		if _, ok := n.value.(string); ok {
			hint := "the test and shift sets never select: that is what makes their numbers mean something"
			if c := nearest(split, []string{"validation"}); c != "" {
				hint = "did you mean \"validation\"?"
			}
			sel.report(n.at, "split", hint, "split: expected \"validation\", found %q", split)
		}
	}
	u.Select.Split = "validation"
	goal := sel.choice("goal", "min", []string{"min", "max"})
	if goal == "max" {
		sel.report(sel.at("goal"), "goal", "", "goal: expected \"min\", a smaller %s is better", u.Select.Metric)
	}
	u.Select.Goal = "min"
	sel.done(nil)
	t.done(nil)
}

func (l *loader) baseline(root *table) {
	s := l.suite
	n := root.n.table["suite"]
	if n == nil || n.table == nil || n.table["baseline"] == nil || s.Baseline == "" {
		return
	}
	b := n.table["baseline"]
	o := s.Optimizer(s.Baseline)
	if o == nil {
		var names []string
		for _, o := range s.Optimizers {
			names = append(names, o.Name)
		}
		root.report(b.at, "suite.baseline", suggest(s.Baseline, names, "optimizers here"), "baseline: there is no optimizer named %q", s.Baseline)
		return
	}
	if o.Track != "" {
		root.report(b.at, "suite.baseline", "", "baseline: optimizer %q is in track %q and is not compared with the main track", o.Name, o.Track)
	}
}

// fairness checks that every optimizer is tuned with the same number of trials.
func (l *loader) fairness(root *table, tables []*table) {
	s := l.suite
	var counts []string
	equal, most := true, 0 // most: the largest number of those that were added, which the rule does not bind
	n := len(s.Optimizers[0].configurations)
	for _, o := range s.Optimizers {
		if o.Added {
			most = max(most, len(o.configurations))
			continue
		}
		counts = append(counts, fmt.Sprintf("%s %d", o.Name, len(o.configurations)))
		equal = equal && len(o.configurations) == n
	}
	tuning := root.n.table["tuning"]
	at := tables[0].n.key
	if tuning != nil {
		at = tuning.key
		if tuning.table != nil && tuning.table["trials"] != nil {
			at = tuning.table["trials"].at
		}
	}
	want := s.Tuning.Trials
	switch {
	case want == 0 && equal:
		s.Tuning.Trials, want = n, n
	case want == 0:
		root.report(at, "tuning.trials", "set trials in [tuning] and give every optimizer that many configurations",
			"every optimizer must be tuned with the same number of configurations, but they have: %s", strings.Join(counts, ", "))
		return
	case !equal || want != n:
		for i, o := range s.Optimizers {
			if have := len(o.configurations); have != want && !o.Added {
				key := "grid"
				if o.List != nil {
					key = "list"
				} else if searches(s.Tuning.Method) {
					key = "space"
				}
				tables[i].report(tables[i].at(key), key, "all optimizers: "+strings.Join(counts, ", "),
					"%s has %d %s, but [tuning] gives every optimizer %d trials", tables[i].name, have, plural(have, "configuration"), want)
			}
		}
		return
	}
	if want = max(want, most); want > 1 {
		for i, w := range s.Workloads {
			if w.Validation.Size == 0 && w.Problem == nil {
				t := root.n.table["workload"].items[i]
				root.report(t.key, fmt.Sprintf("workload[%d].validation", i), "add validation = { size = 2_000 }",
					"workload %q has no validation examples, which select among %d configurations", w.Name, want)
			}
		}
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return noun
	}
	return noun + "s"
}

func (l *loader) report(t *table) {
	r := &l.suite.Report
	t.name = "[report]"
	r.Tables = t.words("tables", "parts of the board", []string{"cost", "failures", "heatmap", "metrics", "optimizers", "pairwise", "protocol", "robustness", "tuning"}, "part of the board")
	c := t.sub("correlate")
	c.name = "correlate"
	r.Correlate.Resamples = c.whole("resamples", 10_000, 100, 1_000_000)
	targets := []string{"error:test", "loss:test", "gap", "error:shift:*", "loss:shift:*"}
	params := map[string]bool{}
	for _, w := range l.suite.Workloads {
		for _, sh := range w.Shifts {
			targets = append(targets, "error:shift:"+sh.Name, "loss:shift:"+sh.Name)
		}
	}
	for _, o := range l.suite.Optimizers {
		for _, p := range o.Info.Params {
			params[p.Name] = true
		}
		for p := range o.Params {
			params[p] = true
		}
		for _, a := range o.Grid {
			params[a.Param] = true
		}
	}
	names := slices.Sorted(maps.Keys(params))
	r.Correlate.Y = c.words("y", "targets", slices.Compact(slices.Sorted(slices.Values(targets))), "target")
	r.Correlate.Within = c.words("within", "groups", append([]string{"optimizer", "workload"}, names...), "group")
	r.Correlate.Control = c.words("control", "parameters", names, "parameter of the optimizers")
	if c.get("y") == nil {
		r.Correlate.Y = []string{"error:test", "gap"}
		if slices.ContainsFunc(l.suite.Workloads, func(w Workload) bool { return len(w.Shifts) > 0 }) {
			r.Correlate.Y = append(r.Correlate.Y, "error:shift:*")
		}
	}
	c.done(nil)
	t.done(nil)
}

// words reads a list of strings out of known, none of them twice.
func (t *table) words(key, of string, known []string, what string) []string {
	out := t.strings(key, of)
	n := t.get(key)
	if n == nil || len(out) != len(n.items) {
		return out
	}
	for i, s := range out {
		name := fmt.Sprintf("%s[%d]", key, i)
		if !slices.Contains(known, s) {
			t.report(n.items[i].at, name, suggest(s, known, "expected one of"), "%s: unknown %s %q", key, what, s)
		} else if slices.Contains(out[:i], s) {
			t.report(n.items[i].at, name, "", "%s: %q is there already", key, s)
		}
	}
	return out
}

// description is the answer of one plugin.
type description struct {
	info pluginhost.Info
	err  error
}

// describe asks all plugins that the entries name, each once.
func (l *loader) describe(entries []*table) {
	if l.options.Describe == nil {
		return
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(2, runtime.NumCPU()))
	for _, t := range entries {
		n := t.n.table["plugin"]
		if n == nil {
			continue
		}
		name, _ := n.value.(string)
		ref, problem := l.resolve(name)
		if problem != nil || l.described[ref] != nil {
			continue
		}
		d := &description{}
		l.described[ref] = d
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			d.info, d.err = l.options.Describe(ref)
		})
	}
	wg.Wait()
}

// userPath finds a file or folder of the user's: relative to the current folder or else to the suite's. Whether it is there
// matters only when it is read.
func (l *loader) userPath(path string) string {
	if !filepath.IsAbs(path) {
		if _, err := os.Stat(path); err != nil {
			beside := filepath.Join(filepath.Dir(l.file), path)
			if _, err := os.Stat(beside); err == nil {
				path = beside
			}
		}
		if abs, err := filepath.Abs(path); err == nil {
			path = abs
		}
	}
	return path
}

// resolve finds what a plugin is to be launched by. The problem has no position.
func (l *loader) resolve(plugin string) (ref string, _ *Problem) {
	if ref, ok := l.options.Refs[plugin]; ok {
		return ref, nil
	}
	if slices.Contains(l.options.PluginNames, plugin) {
		return plugin, nil
	}
	if !strings.ContainsAny(plugin, `/\`) && !strings.HasPrefix(plugin, ".") {
		hint := suggest(plugin, l.options.PluginNames, "bundled plugins")
		if st, err := os.Stat(plugin); err == nil && st.IsDir() {
			hint = "a plugin in a folder is written with a slash: ./" + plugin
		}
		return "", &Problem{Message: fmt.Sprintf("there is no plugin %q", plugin), Hint: hint}
	}
	tried := []string{plugin}
	if dir := filepath.Dir(l.file); !filepath.IsAbs(plugin) && dir != "." {
		tried = append(tried, filepath.Join(dir, plugin))
	}
	for _, path := range tried {
		if _, err := os.Stat(path); err == nil {
			abs, err := filepath.Abs(path)
			if err != nil {
				return "", &Problem{Message: fmt.Sprintf("plugin %q: %v", plugin, err)}
			}
			return abs, nil
		}
	}
	return "", &Problem{
		Message: fmt.Sprintf("there is no plugin at %s", strings.Join(tried, " or ")),
		Hint:    "a path is relative to the current folder, or else to the suite's",
	}
}

package suite

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/dataset/shifts"
)

// The families of shifts that are neither published nor made of one parameter.
const (
	ShiftCorrupt = "corrupt" // the corruptions of package shifts, at severities
	// ShiftDomains are the domains of the data: of those that were trained on, what they have held out; of the held-out one,
	// what is tested on.
	ShiftDomains = "domains"
	// ShiftGroups are the groups of the test set.
	ShiftGroups = "groups"
	// ShiftCorrelation draws test sets of "subpopulation" whose attribute goes with the class with the probability of the kind.
	ShiftCorrelation = "correlation"
	// ShiftClasses are the test images of classes with many (more than 100), medium (20 to 100) and few (fewer than 20)
	// training examples (Z. Liu et al., "Large-scale long-tailed recognition in an open world", 2019).
	ShiftClasses = "classes"
	// ShiftLabels are training examples of a data set with noise: "clean" those whose label is right, "noisy" those whose label
	// is wrong, by the wrong label, and "corrected" the same ones by the right label.
	ShiftLabels = "labels"
	// ShiftRedraw draws the test part of data that is made once more, with one option changed: "scale=2".
	ShiftRedraw = "redraw"
)

// family is what a suite may say about the shifts of one name.
type family struct {
	name       string
	kinds      []string // what may be named; nil: numbers, see check
	defaults   []string // what is taken when nothing is named
	severities bool
	check      func(kind string) error // nil: kinds are the ones there are
	needs      string                  // what the data must be, "" anything
	fits       func(w *Workload) bool
	examples   bool // whether a number of examples may be given
}

// families lists the shifts that a workload may have.
func families(w *Workload) []family {
	out := []family{{name: ShiftCorrupt, kinds: shifts.Kinds(), defaults: shifts.Standard(), severities: true, examples: true,
		needs: "images that do not consist of domains", fits: func(w *Workload) bool {
			return !w.Data.HasDomains() && w.Data.Name != "subpopulation" && dataset.Options(w.Data.Name) == nil
		}}}
	for _, name := range shifts.Variants() {
		out = append(out, family{name: name, defaults: shifts.Defaults(name), examples: true, check: func(kind string) error {
			_, err := shifts.Value(name, kind)
			return err
		}, needs: "data that do not consist of domains", fits: func(w *Workload) bool { return !w.Data.HasDomains() }})
	}
	for _, e := range dataset.EvaluationSets() {
		f := family{name: e.Name, kinds: e.Kinds, severities: e.Severities > 0, examples: true, needs: "the data " + e.Of, fits: func(w *Workload) bool { return w.Data.Name == e.Of }}
		if e.Kinds == nil {
			f.kinds = []string{"all"}
			f.defaults = f.kinds
		} else {
			f.defaults = e.Kinds[:e.Standard]
		}
		out = append(out, f)
	}
	groups := w.Data.GroupNames()
	return append(out,
		family{name: ShiftDomains, kinds: groups, defaults: groups, needs: "data that consist of domains", fits: func(w *Workload) bool { return w.Data.HasDomains() }},
		family{name: ShiftGroups, kinds: groups, defaults: groups, needs: "data whose examples belong to groups", fits: func(w *Workload) bool { return groups != nil && !w.Data.HasDomains() }},
		family{name: ShiftCorrelation, defaults: []string{"0.95", "0.7", "0.5", "0.3", "0.05"}, check: probability,
			needs: "the data subpopulation", fits: func(w *Workload) bool { return w.Data.Name == "subpopulation" }},
		family{name: ShiftClasses, kinds: []string{"many", "medium", "few"}, defaults: []string{"many", "medium", "few"},
			needs: "a long tail: data with an imbalance", fits: func(w *Workload) bool { return w.Data.Imbalance != 0 }},
		family{name: ShiftRedraw, check: func(kind string) error {
			option, value, err := dataset.Redraws(kind)
			if message := w.Data.OptionProblem(option, value); err == nil && message != "" {
				err = errors.New(message)
			}
			return err
		}, examples: true, needs: "data that is made from options", fits: func(w *Workload) bool { return dataset.Redrawn(w.Data.Name) }},
		family{name: ShiftLabels, kinds: []string{"clean", "noisy", "corrected"}, defaults: []string{"clean", "noisy"},
			needs: "noise on the labels of the data", fits: func(w *Workload) bool { return w.Data.Noise != nil }},
	)
}

func probability(kind string) error {
	_, err := shifts.Probability(kind)
	return err
}

// ShiftNames lists the families of shifts.
func ShiftNames() []string {
	var out []string
	for _, f := range families(&Workload{}) {
		out = append(out, f.name)
	}
	return out
}

func (l *loader) shift(t *table, w *Workload) Shift {
	t.require("name", `name = "corruptions"`)
	t.require("data", `data = { name = "corrupt", kinds = "standard", severities = [3, 5] }`)
	s := Shift{Name: l.entryName(t), Optional: t.boolean("optional", false)}
	d := t.sub("data")
	d.name = "the data of " + t.name
	if t.n.table["data"] != nil {
		d.require("name", `name = "corrupt"`)
	}
	all := families(w)
	s.Data.Name = d.choice("name", ShiftCorrupt, ShiftNames())
	f := all[max(0, slices.IndexFunc(all, func(f family) bool { return f.name == s.Data.Name }))]
	if w.Data.Name != "" && !f.fits(w) {
		d.report(d.at("name"), "name", "", "the shift %q needs %s", f.name, f.needs)
	}
	if w.Data.Name != "" && !f.fits(w) {
		d.get("kinds") // means nothing here
	} else {
		s.Data.Kinds = l.shiftKinds(d, f)
	}
	if f.name == ShiftRedraw && d.n.table["kinds"] == nil {
		d.report(d.at("kinds"), "kinds", `kinds = ["scale=2"]`, "kinds: none given (expected changed options)")
	}
	if f.severities {
		s.Data.Severities = d.wholes("severities", "whole numbers from 1 to 5", 1, 5)
		if n := d.get("severities"); n == nil {
			s.Data.Severities = []int{1, 2, 3, 4, 5}
		} else if n.array && len(n.items) == 0 {
			d.report(n.at, "severities", "", "severities: none given (expected some of 1 to 5)")
		}
	} else if n := d.get("severities"); n != nil {
		d.report(n.at, "severities", "", "the shift %q has no severities", f.name)
	}
	if f.examples {
		s.Data.Examples = d.whole("examples", 0, 0, math.MaxInt32)
	} else if n := d.get("examples"); n != nil {
		if v := d.whole("examples", 0, 0, math.MaxInt32); v != 0 {
			d.report(n.at, "examples", "", "the shift %q takes all its examples", f.name)
		}
	}
	if v := d.choice("summary", "mean", []string{"mean", "worst"}); v != "mean" {
		s.Data.Summary = v
	}
	d.done(nil)
	t.done(func(key string) string {
		if key == "kinds" || key == "severities" || key == "examples" || key == "summary" {
			return "it belongs to data = { … }"
		}
		return ""
	})
	return s
}

// shiftKinds reads kinds = "standard" or a list: of names, or of numbers, written as numbers or in quotes.
func (l *loader) shiftKinds(d *table, f family) []string {
	n := d.get("kinds")
	if n == nil || n.value == "standard" && f.severities {
		return f.defaults
	}
	if s, ok := n.value.(string); ok {
		hint := ""
		if f.severities {
			hint = "did you mean \"standard\"?"
		}
		if slices.Contains(f.kinds, s) || f.check != nil && f.check(s) == nil {
			hint = "one kind is a list too: kinds = [" + quoted(s) + "]"
		}
		expected := "a list"
		if f.severities {
			expected = "\"standard\" or a list"
		}
		d.report(n.at, "kinds", hint, "kinds: expected %s, found %s", expected, n.kindName())
		return f.defaults
	}
	if n.array && len(n.items) == 0 {
		d.report(n.at, "kinds", "kinds: "+fmt.Sprint(orElse(f.kinds, f.defaults)), "kinds: none given (expected a list)")
	}
	var kinds []string
	if f.check != nil {
		d.list("kinds", "numbers", func(i int, item *node) bool {
			kind, isText := item.value.(string)
			if v, isNumber := item.number(); isNumber {
				kind = strconv.FormatFloat(v, 'g', -1, 64)
			} else if !isText {
				d.wrong(item, fmt.Sprintf("kinds[%d]", i), "a number", "")
				return false
			}
			kinds = append(kinds, kind)
			return true
		})
	} else {
		kinds = d.strings("kinds", "names")
	}
	for i, k := range kinds {
		if len(kinds) != len(n.items) {
			break // the list itself is broken and reported
		}
		name := fmt.Sprintf("kinds[%d]", i)
		switch {
		case f.check != nil && f.check(k) != nil:
			d.report(n.items[i].at, name, "", "kinds: %v", f.check(k))
		case f.check == nil && !slices.Contains(f.kinds, k):
			what := "kind"
			if f.name == ShiftCorrupt {
				what = "corruption"
			}
			d.report(n.items[i].at, name, suggest(k, f.kinds, "kinds"), "kinds: unknown %s %q", what, k)
		case slices.Contains(kinds[:i], k):
			d.report(n.items[i].at, name, "", "kinds: %q is there already", k)
		}
	}
	return kinds
}

// dataOptions reads options = { … } of data that is made, or of how a series is cut.
func (l *loader) dataOptions(d *table, spec *dataset.Spec) {
	n := d.get("options")
	if n != nil && n.table == nil {
		d.wrong(n, "options", "a table", "")
		return
	}
	if n != nil {
		o := d.sub("options")
		o.name = "the options of " + d.name
		for name, v := range n.table {
			o.get(name)
			x, ok := v.number()
			if !ok {
				o.wrong(v, name, "a number", numberHint(v))
			} else if message := spec.OptionProblem(name, x); message != "" {
				o.report(v.at, name, "", "%s", message)
			} else {
				*spec = spec.With(name, x)
			}
		}
		o.done(nil)
	}
	spec.SetDefaults()
}

func orElse(a, b []string) []string {
	if a != nil {
		return a
	}
	return b
}

// dataSpec reads data = { … }.
func (l *loader) dataSpec(t *table) dataset.Spec {
	d := t.sub("data")
	d.name = "the data of " + t.name
	if t.n.table["data"] != nil {
		d.require("name", `name = "`+dataset.TrainingNames()[0]+`"`)
	}
	spec := dataset.Spec{
		Name:        d.choice("name", "", dataset.TrainingNames()),
		Train:       d.whole("train", 0, 0, math.MaxInt32),
		Augment:     d.choice("augment", dataset.AugmentNone, dataset.Augments()),
		HoldOut:     d.str("hold_out", ""),
		Correlation: d.number("correlation", 0),
		Path:        d.str("path", ""),
		Side:        d.whole("side", 0, 1, 1024),
		Order:       d.str("order", ""),
	}
	imbalance := d.number("imbalance", 1)
	if !(imbalance > 0 && imbalance <= 1) {
		d.report(d.at("imbalance"), "imbalance", "0.01 leaves the last class a hundredth of the first one's examples", "imbalance: expected a number above 0 and at most 1, found %s", FormatValue(imbalance))
	} else if imbalance < 1 {
		spec.Imbalance = imbalance
	}
	if tail := d.choice("tail", dataset.TailExponential, dataset.Tails()); tail != dataset.TailExponential {
		spec.Tail = tail
		if spec.Imbalance == 0 {
			d.report(d.at("tail"), "tail", "imbalance = 0.01 leaves the last class a hundredth of the first one's examples", "tail: there is no tail without an imbalance below 1")
		}
	}
	if d.n.table["noise"] != nil {
		n := d.sub("noise")
		n.name = "the noise of " + t.name
		n.require("rate", "rate = 0.4")
		spec.Noise = &dataset.Noise{
			Kind: n.choice("kind", dataset.NoiseSymmetric, dataset.Noises()), Rate: n.number("rate", 0.4),
			CleanValidation: n.boolean("clean_validation", false),
		}
		if r := spec.Noise.Rate; !(r > 0 && r < 1) {
			n.report(n.at("rate"), "rate", "", "rate: expected a number above 0 and below 1, found %s", FormatValue(r))
		}
		n.done(nil)
	}
	l.dataOptions(d, &spec)
	d.done(func(key string) string {
		if slices.ContainsFunc(dataset.Options(spec.Name), func(o dataset.Option) bool { return o.Name == key }) {
			return "it belongs to options = { … }"
		}
		return ""
	})
	for key, message := range spec.Problems() {
		d.report(d.at(key), key, "", "%s", message)
	}
	if spec.Path != "" {
		spec.Path = l.userPath(spec.Path)
	}
	return spec
}

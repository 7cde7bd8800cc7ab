package suite

import (
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/problem"
)

// problem reads a workload that is a problem with a known answer: problem = "phase", or problem = { name = "phase", dim = 40 }.
func (l *loader) problem(t *table) Workload {
	w := Workload{Name: l.entryName(t), Problem: &problem.Spec{Options: map[string]any{}}}
	// The name and version of the data stand for the program that makes the instances.
	w.Data = dataset.Spec{Name: "problem", Augment: dataset.AugmentNone}
	w.BatchSize = t.whole("batch_size", 1, 1, 1<<20)
	n := t.get("problem")
	if _, ok := n.value.(string); ok {
		w.Problem.Name = t.choice("problem", "", problem.Names())
	} else {
		l.problemOptions(t.sub("problem"), w.Problem, t.name)
	}
	w.Problem.SetDefaults()
	t.done(func(key string) string {
		switch key {
		case "model", "data", "loss", "validation", "shift":
			return "a problem has none: its examples and its exact objective follow from its options"
		}
		if slices.ContainsFunc(problem.Options(w.Problem.Name), func(o problem.Option) bool { return o.Name == key }) {
			return "it belongs to problem = { name = " + quoted(w.Problem.Name) + ", … }"
		}
		return ""
	})
	return w
}

func (l *loader) problemOptions(p *table, spec *problem.Spec, of string) {
	p.name = "the problem of " + of
	if !p.broken {
		p.require("name", `name = "`+problem.Names()[0]+`"`)
	}
	spec.Name = p.choice("name", "", problem.Names())
	for _, o := range problem.Options(spec.Name) {
		n := p.get(o.Name)
		if n == nil {
			continue
		}
		switch o.Default.(type) {
		case int64:
			if v, ok := n.value.(int64); ok {
				spec.Options[o.Name] = v
			} else {
				p.wrong(n, o.Name, "a whole number", numberHint(n))
			}
		case float64:
			if v, ok := n.number(); ok {
				spec.Options[o.Name] = v
			} else {
				p.wrong(n, o.Name, "a number", numberHint(n))
			}
		case []float64:
			list := []float64{}
			if p.list(o.Name, "numbers", func(i int, n *node) bool {
				v, ok := n.number()
				if !ok {
					p.wrong(n, fmt.Sprintf("%s[%d]", o.Name, i), "a number", numberHint(n))
				}
				list = append(list, v)
				return ok
			}) {
				spec.Options[o.Name] = list
			}
		}
	}
	if problem.Options(spec.Name) != nil {
		for _, issue := range spec.Problems() {
			p.report(p.at(issue.Key), issue.Key, "", "%s", issue.Message)
		}
		p.done(nil)
	}
}

package suite

import (
	"fmt"
	"slices"
)

// Kinds of auxiliary objectives.
const (
	AuxiliaryL2      = "l2"      // ½|w|² over all parameters
	AuxiliaryClasses = "classes" // the workload's loss on the training examples of some classes
)

// Auxiliary is a second objective beside the loss of a workload, for bilevel methods: they lower it as far as the loss does
// not mind. Other optimizers do not see it. Tables show the loss and the error, as everywhere.
type Auxiliary struct {
	Kind string `json:"kind" toml:"kind"`
	// Classes are the labels of AuxiliaryClasses, in ascending order.
	Classes []int `json:"classes,omitempty" toml:"classes,omitempty"`
}

// auxiliary reads the auxiliary objective of a workload; nil when it has none.
func (l *loader) auxiliary(w *table) *Auxiliary {
	if w.n.table["auxiliary"] == nil {
		w.sub("auxiliary").done(nil)
		return nil
	}
	t := w.sub("auxiliary")
	t.name = "the auxiliary objective of " + w.name
	t.require("kind", `kind = "l2"`)
	out := &Auxiliary{Kind: t.choice("kind", "", []string{AuxiliaryL2, AuxiliaryClasses})}
	n := t.get("classes")
	switch {
	case n == nil && out.Kind == AuxiliaryClasses:
		t.report(t.n.at, "classes", "add classes = [0, 1]", "the auxiliary objective %q needs classes", AuxiliaryClasses)
	case n != nil && out.Kind == AuxiliaryL2:
		t.report(n.at, "classes", "", "classes belongs to kind = %q", AuxiliaryClasses)
	case n != nil:
		t.list("classes", "whole numbers", func(i int, e *node) bool {
			v, ok := e.value.(int64)
			if !ok || v < 0 {
				t.wrong(e, fmt.Sprintf("classes[%d]", i), "a label, counted from 0", "")
				return false
			}
			if slices.Contains(out.Classes, int(v)) {
				t.report(e.at, fmt.Sprintf("classes[%d]", i), "", "class %d is there twice", v)
				return false
			}
			out.Classes = append(out.Classes, int(v))
			return true
		})
		slices.Sort(out.Classes)
		if n.array && len(out.Classes) == 0 {
			t.report(n.at, "classes", "", "classes: expected at least one label")
		}
	}
	t.done(nil)
	return out
}

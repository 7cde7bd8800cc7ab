package plugins

import (
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// What every bundled plugin owes its users: complete descriptions, defaults that are valid, and claims of equality that
// name bundled plugins and real parameters.
func TestBundledDescriptions(t *testing.T) {
	for _, name := range Names() {
		p, ok := Lookup(name)
		if !ok {
			t.Fatalf("%s is listed but not found", name)
		}
		info := p.(interface{ Info() sdk.Info }).Info()
		_, isMetric := p.(sdk.Metric)
		if info.Version < 1 || info.Summary == "" || info.Rule == "" || info.Citation == "" || len(info.Needs) == 0 {
			t.Errorf("%s: version, summary, rule, citation and needs must all be given", name)
		}
		if strings.Contains(info.Summary, "\n") {
			t.Errorf("%s: the summary has more than one line", name)
		}
		if isMetric != (len(info.Values) > 0) || isMetric == (info.Cost > 0) {
			t.Errorf("%s: a metric has values and no cost, an optimizer a cost and no values", name)
		}
		if !isMetric && !info.Resumable {
			t.Errorf("%s: a bundled optimizer must be resumable", name)
		}
		defaults, problems := sdk.NewParams(info.Params, nil)
		if len(problems) > 0 {
			t.Errorf("%s: defaults: %v", name, problems)
		}
		problem := sdk.Problem{Dim: 5, Classes: 2, InputLen: 1, Auxiliary: true, Tensors: []sdk.Tensor{
			{Name: "fc.weight", Kind: sdk.KindWeight, Shape: []int{1, 1}, Prunable: true},
			{Name: "norm.scale", Kind: sdk.KindNormScale, Shape: []int{1}, Offset: 1},
			{Name: "norm.shift", Kind: sdk.KindNormShift, Shape: []int{1}, Offset: 2},
			{Name: "out.weight", Kind: sdk.KindWeight, Layer: 1, Shape: []int{1, 2}, Offset: 3, Prunable: true},
		}}
		if info.Check != nil {
			if d := info.Check(problem, defaults); len(d) > 0 {
				t.Errorf("%s: defaults: %v", name, d)
			}
		}
		var seen []string
		for _, d := range info.Params {
			if d.Help == "" || slices.Contains(seen, d.Name) {
				t.Errorf("%s: parameter %s has no help or is declared twice", name, d.Name)
			}
			seen = append(seen, d.Name)
		}
		for _, d := range info.Degenerate {
			if _, ok := Lookup(d.Equals); !ok {
				t.Errorf("%s: claims to equal %q, which is not bundled", name, d.Equals)
			}
			if _, problems := sdk.NewParams(info.Params, d.When); len(problems) > 0 {
				t.Errorf("%s: degenerate at %v: %v", name, d.When, problems)
			}
		}
	}
}

func TestDuplicatesPanic(t *testing.T) {
	defer func() {
		if msg, _ := recover().(string); !strings.Contains(msg, `two bundled plugins are named "sgd"`) {
			t.Errorf("got %q", msg)
		}
	}()
	index([]any{sgd.Optimizer{}, sgd.Optimizer{}})
}

func TestLookup(t *testing.T) {
	if p, ok := Lookup("nosuch"); ok || p != nil {
		t.Error("found a plugin that does not exist")
	}
	Names()[0] = "changed"
	if Names()[0] != "sgd" {
		t.Error("the list can be changed from outside")
	}
}

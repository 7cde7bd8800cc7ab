package report

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// measuredInput is a suite with a metric that has found a spectrum on two seeds.
func measuredInput() Input {
	in := Input{
		Suite: SuiteInfo{Name: "s", Seeds: []uint64{0, 1}}, Workloads: []string{"w"}, Optimizers: []OptimizerInfo{{Name: "sgd"}},
		Metrics: []MetricInfo{
			{Name: "spec.trace", Entry: "spec", Column: "spec.trace", Value: "trace", Unit: "loss", Better: "lower"},
			{Name: "spec.trace", Entry: "spec", Column: "spec.trace max", Value: "trace", Unit: "loss", Better: "none", Summary: true},
		},
		Entries: []Entry{{Name: "spec", Plugin: "spectrum", Version: "2", On: "500 of train by 50", Unchanged: []Unchanged{
			{Name: "orthogonal_basis", Tested: true}, {Name: "permutation", Values: []string{"trace"}},
		}}},
	}
	for seed := range uint64(2) {
		in.Trials = append(in.Trials, Trial{
			ID: string(rune('a' + seed)), Workload: "w", Optimizer: "sgd", ConfigKey: "k", Seed: seed, Final: true, Status: Done,
			Error: map[string]float64{"test": 0.1}, Metrics: map[string]Metric{"spec.trace": {Value: 3, Warnings: []string{"not at a critical point"}}},
			Measured: map[string]Measured{"spec": {Losses: 1, Gradients: 2, Products: 10 + 10*seed, G: 21, Examples: "abc"}},
			Tables: map[string][]Data{"spec": {{Name: "spectrum", Columns: []DataColumn{
				{"start", []float64{0, 0, 1}}, {"node", []float64{0, 4, float64(seed)}}, {"weight", []float64{0.75, 0.25, 1}},
			}}}},
		})
	}
	return in
}

// The density integrates to 1, with the shares of the nodes at their places.
func TestDensity(t *testing.T) {
	b, err := Build(measuredInput())
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Sections[0].Densities) != 1 || len(b.Sections[0].Densities[0].Lines) != 1 {
		t.Fatalf("%+v", b.Sections[0].Densities)
	}
	d := &b.Sections[0].Densities[0]
	l := d.Lines[0]
	whole, upper, first := 0.0, 0.0, 0.0
	for i := 1; i < len(l.X); i++ {
		mass := (l.X[i] - l.X[i-1]) * (l.Y[i] + l.Y[i-1]) / 2
		whole += mass
		if l.X[i] > 3 {
			upper += mass
		} else if l.X[i] > 0.5 {
			first += mass
		}
	}
	// Each start is half of a seed: 4 has ¼ of one start of both seeds, 1 is a start of one seed.
	if math.Abs(whole-1) > 1e-3 || math.Abs(upper-0.125) > 1e-3 || math.Abs(first-0.25) > 1e-3 || d.File != "w-spec-density.svg" || l.Seeds != 2 {
		t.Errorf("mass %v, %v above 3, %v around 1: %s", whole, upper, first, d.File)
	}
	var svg bytes.Buffer
	if err := b.DensitySVG(&svg, d); err != nil || strings.Contains(svg.String(), "NaN") || !strings.Contains(svg.String(), "Density of the Hessian") {
		t.Errorf("%v, %s", err, svg.String())
	}
}

func TestMetricTable(t *testing.T) {
	b, err := Build(measuredInput())
	if err != nil {
		t.Fatal(err)
	}
	var md, csv, data bytes.Buffer
	if err := b.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	var line string
	for l := range strings.Lines(md.String()) {
		if strings.HasPrefix(l, "| spec ") && strings.Contains(l, "spectrum v2") {
			line = strings.Join(strings.Fields(l), " ")
		}
	}
	if want := "| spec | spectrum v2 | trace (loss) ↓ | 500 of train by 50 | orthogonal basis ✓, permutation (trace) | 21 | 1, 2, 15 | 0 of 2 | 2 |"; line != want {
		t.Errorf("%s\nwant\n%s", line, want)
	}
	if text := md.String(); !strings.Contains(text, "Without ✓: only the plugin says so") || !strings.Contains(text, "](w-spec-density.svg)") {
		t.Error(text)
	}
	if err := b.TablesCSV(&csv, "spec", "spectrum"); err != nil || !strings.HasPrefix(csv.String(), "workload,optimizer,configuration_key,seed,start,node,weight\nw,sgd,k,0,0,0,0.75\n") || strings.Count(csv.String(), "\n") != 7 {
		t.Errorf("%v, %s", err, csv.String())
	}
	if err := b.CSV(&data); err != nil || !strings.Contains(data.String(), "examples.spec") || !strings.Contains(data.String(), ",abc") {
		t.Errorf("%v, %s", err, data.String())
	}
}

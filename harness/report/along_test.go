package report

import (
	"bytes"
	"strings"
	"testing"
)

// A metric along the training has a figure, a table of its own and its median over seeds at the moments that all seeds
// have; the start has no place on a logarithmic axis but is in the table.
func TestAlong(t *testing.T) {
	moments := func(values ...float64) (out []Moment) {
		for i, v := range values {
			step := 0
			if i > 0 {
				step = 1 << i
			}
			out = append(out, Moment{Step: step, Epoch: float64(step) / 4, Metric: Metric{Value: v}})
		}
		return out
	}
	in := Input{
		Suite: SuiteInfo{Name: "s", Seeds: []uint64{0, 1, 2}}, Workloads: []string{"w"}, Optimizers: []OptimizerInfo{{Name: "sgd"}},
		Metrics: []MetricInfo{{Column: "lambda", Better: "lower", Along: true}, {Column: "other", Better: "lower"}},
	}
	for seed, along := range [][]Moment{moments(9, 1, 5, 2), moments(9, 2, 4, 8), moments(9, 3, 6)} {
		in.Trials = append(in.Trials, Trial{
			ID: string(rune('a' + seed)), Workload: "w", Optimizer: "sgd", ConfigKey: "k", Seed: uint64(seed), Final: true, Status: Done,
			Error: map[string]float64{"test": 0.1}, Metrics: map[string]Metric{"lambda": along[len(along)-1].Metric},
			Along: map[string][]Moment{"lambda": along},
		})
	}
	b, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Sections[0].Alongs) != 1 {
		t.Fatalf("%d figures", len(b.Sections[0].Alongs))
	}
	a := &b.Sections[0].Alongs[0]
	if a.File != "w-lambda-along.svg" || len(a.Lines) != 1 || len(a.Lines[0].Seeds) != 3 || len(a.Lines[0].Seeds[0]) != 3 {
		t.Fatalf("%+v", a)
	}
	if m := a.Lines[0].Median; len(m) != 2 || m[0] != (AlongPoint{0.5, 2}) || m[1] != (AlongPoint{1, 5}) {
		t.Errorf("medians %v", m)
	}
	var svg, csv, md bytes.Buffer
	if err := b.AlongSVG(&svg, a); err != nil {
		t.Fatal(err)
	}
	if err := b.AlongCSV(&csv); err != nil {
		t.Fatal(err)
	}
	if err := b.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(svg.String(), "lambda along the training on w") || strings.Contains(svg.String(), "NaN") {
		t.Error(svg.String())
	}
	if n := strings.Count(csv.String(), "\n"); n != 1+4+4+3 || !strings.Contains(csv.String(), "w,sgd,k,0,a,lambda,0,0,9,,\n") {
		t.Errorf("%d lines\n%s", n, csv.String())
	}
	if !strings.Contains(md.String(), "(w-lambda-along.svg)") {
		t.Error(md.String())
	}
}

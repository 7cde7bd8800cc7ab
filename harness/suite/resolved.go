package suite

import (
	"bytes"
	"maps"
	"math"

	"github.com/BurntSushi/toml"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/model"
)

// document is a suite as it would be written with nothing left out.
type document struct {
	Schema    int                 `toml:"schema" json:"schema"`
	Suite     documentHeader      `toml:"suite" json:"suite"`
	Workload  []documentWorkload  `toml:"workload" json:"workload"`
	Budget    documentBudget      `toml:"budget" json:"budget"`
	Tuning    documentTuning      `toml:"tuning" json:"tuning"`
	Optimizer []documentOptimizer `toml:"optimizer" json:"optimizer"`
	Metric    []documentMetric    `toml:"metric,omitempty" json:"metric"`
	Report    documentReport      `toml:"report" json:"report"`
}

type documentHeader struct {
	Name     string   `toml:"name" json:"name"`
	Revision int      `toml:"revision" json:"revision"`
	Title    string   `toml:"title" json:"title"`
	Seeds    []uint64 `toml:"seeds" json:"seeds"`
	Baseline string   `toml:"baseline" json:"baseline"`
}

type documentWorkload struct {
	Name       string          `toml:"name" json:"name"`
	BatchSize  int             `toml:"batch_size" json:"batch_size"`
	Problem    map[string]any  `toml:"problem,omitempty" json:"problem,omitempty"`
	Model      *model.Spec     `toml:"model,omitempty" json:"model,omitempty"`
	Data       *dataset.Spec   `toml:"data,omitempty" json:"data,omitempty"`
	Validation *Validation     `toml:"validation,omitempty" json:"validation,omitempty"`
	Loss       *Loss           `toml:"loss,omitempty" json:"loss,omitempty"`
	Auxiliary  *Auxiliary      `toml:"auxiliary,omitempty" json:"auxiliary,omitempty"`
	Shift      []documentShift `toml:"shift,omitempty" json:"shift"`
}

type documentShift struct {
	Name     string            `toml:"name" json:"name"`
	Optional bool              `toml:"optional" json:"optional"`
	Data     documentShiftData `toml:"data" json:"data"`
}

type documentShiftData struct {
	Name       string   `toml:"name" json:"name"`
	Kinds      []string `toml:"kinds" json:"kinds"`
	Severities []int    `toml:"severities,omitempty" json:"severities"`
	Examples   int      `toml:"examples" json:"examples"`
	Summary    string   `toml:"summary,omitempty" json:"summary,omitempty"`
}

type documentBudget struct {
	Unit     string `toml:"unit" json:"unit"`
	Limit    any    `toml:"limit" json:"limit"`
	Schedule string `toml:"schedule" json:"schedule"`
	Warmup   any    `toml:"warmup" json:"warmup"`
	Timeout  string `toml:"timeout,omitempty" json:"timeout"`
	// Of single schedules and units only.
	Milestones []float64 `toml:"milestones,omitempty" json:"milestones,omitempty"`
	Factor     float64   `toml:"factor,omitzero" json:"factor,omitempty"`
	Decay      float64   `toml:"decay,omitzero" json:"decay,omitempty"`
	Target     *Target   `toml:"target,omitempty" json:"target,omitempty"`
}

type documentTuning struct {
	Method string         `toml:"method" json:"method"`
	Trials int            `toml:"trials" json:"trials"`
	Seeds  []uint64       `toml:"seeds" json:"seeds"`
	Select documentSelect `toml:"select" json:"select"`
}

type documentSelect struct {
	Metric string `toml:"metric" json:"metric"`
	Split  string `toml:"split" json:"split"`
	Goal   string `toml:"goal" json:"goal"`
}

type documentOptimizer struct {
	Name   string           `toml:"name" json:"name"`
	Plugin string           `toml:"plugin" json:"plugin"`
	Track  string           `toml:"track,omitempty" json:"track"`
	Model  map[string]any   `toml:"model,omitempty" json:"model"`
	Params map[string]any   `toml:"params" json:"params"`
	Grid   map[string][]any `toml:"grid,omitempty" json:"grid"`
	List   []map[string]any `toml:"list,omitempty" json:"list"`
	// Left out where there is none, as before suites could have one.
	Space map[string]documentRange `toml:"space,omitempty" json:"space,omitempty"`
}

type documentRange struct {
	Min     any    `toml:"min,omitempty" json:"min,omitempty"`
	Max     any    `toml:"max,omitempty" json:"max,omitempty"`
	Scale   string `toml:"scale,omitempty" json:"scale,omitempty"`
	Choices []any  `toml:"choices,omitempty" json:"choices,omitempty"`
}

type documentMetric struct {
	Name     string         `toml:"name" json:"name"`
	Plugin   string         `toml:"plugin" json:"plugin"`
	Headline bool           `toml:"headline" json:"headline"`
	On       On             `toml:"on" json:"on"`
	Params   map[string]any `toml:"params" json:"params"`
	// Left out where there are none, as they were before suites could have them.
	At        []string `toml:"at,omitempty" json:"at,omitempty"`
	Summaries []string `toml:"summaries,omitempty" json:"summaries,omitempty"`
}

type documentReport struct {
	Tables    []string          `toml:"tables,omitempty" json:"tables,omitempty"` // absent unless chosen: it is no reason for another hash
	Correlate documentCorrelate `toml:"correlate" json:"correlate"`
}

type documentCorrelate struct {
	Y         []string `toml:"y" json:"y"`
	Within    []string `toml:"within" json:"within"`
	Control   []string `toml:"control" json:"control"`
	Resamples int      `toml:"resamples" json:"resamples"`
}

// TOML is the suite with variant, overrides and all defaults written in. It is itself a suite with the same Hash and the
// same trials.
func (s *Suite) TOML() string {
	var b bytes.Buffer
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(s.document()); err != nil {
		panic("suite: " + err.Error()) // only values that came out of TOML are in it
	}
	return b.String()
}

// Hash identifies what the suite says, with variant, overrides and defaults written in: 64 hexadecimal digits. How it
// is written, in which file and by which engine it is run makes no difference.
func (s *Suite) Hash() string { _, h := identify(s.document()); return h }

func (s *Suite) document() document {
	d := document{
		Schema: Schema,
		Suite:  documentHeader{s.Name, s.Revision, s.Title, s.Seeds, s.Baseline},
		Budget: documentBudget{
			Unit: s.Budget.Unit, Limit: plain(s.Budget.Limit), Schedule: s.Budget.Schedule, Warmup: plain(s.Budget.Warmup),
			Milestones: s.Budget.Milestones, Factor: s.Budget.Factor, Decay: s.Budget.Decay, Target: s.Budget.Target,
		},
		Tuning: documentTuning{s.Tuning.Method, s.Tuning.Trials, s.Tuning.Seeds, documentSelect(s.Tuning.Select)},
		Report: documentReport{Tables: s.Report.Tables, Correlate: documentCorrelate{
			list(s.Report.Correlate.Y), list(s.Report.Correlate.Within), list(s.Report.Correlate.Control), s.Report.Correlate.Resamples}},
	}
	if s.Budget.Timeout > 0 {
		d.Budget.Timeout = s.Budget.Timeout.String()
	}
	for _, w := range s.Workloads {
		dw := documentWorkload{Name: w.Name, BatchSize: w.BatchSize, Auxiliary: w.Auxiliary}
		if w.Problem != nil {
			dw.Problem = w.Problem.Map()
		} else {
			dw.Model, dw.Data, dw.Validation, dw.Loss = &w.Model, &w.Data, &w.Validation, &w.Loss
		}
		for _, sh := range w.Shifts {
			dw.Shift = append(dw.Shift, documentShift{sh.Name, sh.Optional, documentShiftData(sh.Data)})
		}
		d.Workload = append(d.Workload, dw)
	}
	for _, o := range s.Optimizers {
		do := documentOptimizer{Name: o.Name, Plugin: o.Plugin, Track: o.Track, Model: o.Model, Params: maps.Clone(o.Params), Space: documentSpace(o.Space)}
		do.Params = withoutNoise(&o, do.Params)
		for _, a := range o.Grid {
			if do.Grid == nil {
				do.Grid = map[string][]any{}
			}
			do.Grid[a.Param] = a.Values
		}
		// In a list written out, every entry has every parameter that some entry has.
		listed := map[string]bool{}
		for _, entry := range o.List {
			for name := range entry {
				listed[name] = true
			}
		}
		for _, entry := range o.List {
			full := maps.Clone(entry)
			for name := range listed {
				if _, set := full[name]; !set {
					full[name] = o.Params[name]
				}
			}
			do.List = append(do.List, full)
		}
		for name := range listed {
			delete(do.Params, name)
		}
		d.Optimizer = append(d.Optimizer, do)
	}
	for _, m := range s.Metrics {
		d.Metric = append(d.Metric, documentMetric{m.Name, m.Plugin, m.Headline, m.On, m.Params, m.At, words(m.Summaries)})
	}
	return d
}

// withoutNoise leaves out the default of the noise multiplier or of the target that it follows from: written out, both would
// look as if somebody had asked for both.
func withoutNoise(o *Optimizer, params map[string]any) map[string]any {
	p := o.Info.Privacy
	if p == nil {
		return params
	}
	params = maps.Clone(params)
	for _, d := range o.Info.Params {
		if d.Name != p.Epsilon && d.Name != p.Sigma {
			continue
		}
		if value, ok := convert(d.Type, d.Default); ok && params[d.Name] == value {
			delete(params, d.Name)
		}
	}
	return params
}

// plain writes whole numbers without a decimal point.
func plain(x float64) any {
	if x == math.Trunc(x) && math.Abs(x) < 1<<53 {
		return int64(x)
	}
	return x
}

// list is never null.
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func words(summaries []Summary) []string {
	var out []string
	for _, s := range summaries {
		out = append(out, s.String())
	}
	return out
}

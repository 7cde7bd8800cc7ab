// Package suite reads suites: TOML files that say which optimizers are compared on which workloads, with which
// seeds, budget, metrics and shifts. Load checks a file strictly and reports everything that is wrong with it at once,
// each problem with its place. A loaded Suite has every default written in; it expands into configurations and gives
// trainings, evaluations and measurements their identity.
package suite

import (
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/problem"
)

// Schema is the version of the suite format that this package reads.
const Schema = 1

// Suite is a checked suite with all defaults written in. It is read-only after Load.
type Suite struct {
	File    string // as given to Load
	Variant string // the variant that was applied, or ""
	// Options are what it was loaded with; Options.Source is always its text, so that it can be loaded again just so when the
	// file has been changed.
	Options Options

	Name      string
	Revision  int // raised by the authors when results stop being comparable
	Title     string
	Seeds     []uint64
	Baseline  string // name of the optimizer that all others are compared with
	Workloads []Workload
	Budget    Budget
	Tuning    Tuning
	// Optimizers, Metrics and Workloads are in the order of the file. Code outside this package refers to them by
	// pointer into these slices.
	Optimizers []Optimizer
	Metrics    []Metric
	Report     Report
	Slurm      *Slurm   // [engine.slurm]; nil: there is none
	Variants   []string // names of all variants in the file, sorted
}

// Workload is a data set, a model and a loss, or a problem with a known answer.
type Workload struct {
	Name string
	// Problem is nil for networks. A problem has no model, data, validation, loss and shifts of its own to choose: all its
	// evaluations, the one that selects included, are its exact objective.
	Problem    *problem.Spec
	Model      model.Spec
	Data       dataset.Spec
	Validation Validation
	BatchSize  int // examples of a training batch: what 1 G stands for
	Loss       Loss
	Auxiliary  *Auxiliary // nil: there is none
	Shifts     []Shift
}

// Validation says which examples of the training files are held back for selection.
type Validation struct {
	Size       int  `json:"size" toml:"size"` // 0: none
	Stratified bool `json:"stratified" toml:"stratified"`
}

// Shift is a distribution on which trained models are evaluated besides the test set.
type Shift struct {
	Name     string
	Data     ShiftData
	Optional bool // the run goes on without it when its data is missing
}

// ShiftData says how a shift is made: every kind at every severity is one evaluation.
type ShiftData struct {
	// Name is one of ShiftNames.
	Name       string
	Kinds      []string // of the family; "standard" is already resolved to the list
	Severities []int    // 1 to 5; none where the family has no severities
	Examples   int      // how many test images, the same for all seeds; 0: all
	Summary    string   // of the evaluations, on the board: "" their mean, "worst" the largest
}

// Budget is how long every trial trains. The host enforces it and the schedule.
type Budget struct {
	// Unit is "epochs", "steps", "G", "wall" or "target". Of "wall" the limit is in seconds of training, those of gradients and
	// of the plugin, without evaluations and records. Of "target" it is in epochs: a trial ends at the first epoch after which
	// Target is reached, and at the limit at the latest.
	Unit     string
	Limit    float64       // in Unit; a whole number for epochs and steps
	Schedule string        // one of Schedules: the multiplier of the learning rate
	Warmup   float64       // linear, from 0: below 1 a fraction of all steps, otherwise a number of steps
	Timeout  time.Duration // wall clock of one training, after which it ends as a timeout; 0: none. Not part of any identity

	Milestones []float64 // of schedule "step": the fractions of the budget after which the multiplier changes, ascending
	Factor     float64   // of schedule "step": by what, below 1
	Decay      float64   // of schedule "wsd": the fraction of the budget, at its end, over which the multiplier goes to 0
	Target     *Target   // of unit "target"
}

// Target is what time-to-target is the time to.
type Target struct {
	Metric string  `json:"metric" toml:"metric"` // "error" or "loss"
	Split  string  `json:"split" toml:"split"`   // "validation"
	Value  float64 `json:"value" toml:"value"`   // reached by this or less
}

// Schedules are the schedules there are: "step" multiplies by a factor at milestones; "wsd" is warm-up, stable, and a linear
// decay at the end; "linear" and "cosine" go to 0. All of them end exactly at the budget.
func Schedules() []string { return []string{"constant", "cosine", "linear", "step", "wsd"} }

// Tuning says how configurations are tried and which one is selected.
type Tuning struct {
	Method string   // "grid", "list", "random" or "halton"
	Trials int      // configurations of every optimizer
	Seeds  []uint64 // the seeds every configuration runs on; the selected one then runs on all seeds of the suite
	Select Select
}

// Select is the rule by which the best configuration of an optimizer is found: the mean over the tuning seeds of a
// metric on a split.
type Select struct {
	Metric string // "error" or "loss"
	Split  string // "validation": tests and shifts never select
	Goal   string // "min"
}

// Optimizer is an entry of the comparison: a plugin with some parameters fixed and others varied.
type Optimizer struct {
	Name     string
	Plugin   string // as written
	Ref      string // what to resolve and launch: the name of a bundled plugin or an absolute path
	Info     pluginhost.Info
	Track    string         // optimizers are ranked within their track; "" is the main one
	Params   map[string]any // fixed parameters with the plugin's defaults, without those that vary
	Grid     []Axis         // sorted by parameter; the configurations are their product
	List     []map[string]any
	Space    []Range // sorted by parameter; of the methods "random" and "halton", which draw Tuning.Trials configurations
	Selected bool    // by Options.Optimizers; all are when it is empty
	Added    bool    // by Options.Optimizers: it is not in the file, and need not have as many configurations as the others
	// Model holds the keys of the workload's model that this optimizer overrides, as written; nil if none.
	Model map[string]any

	configurations []Configuration
	at             places
	problems       int // that were found in its table
}

// Axis is a parameter and the values it takes. Values have the types of Configuration.Params.
type Axis struct {
	Param  string
	Values []any
}

// Metric is a sharpness metric that is measured on every trained model.
type Metric struct {
	Name     string
	Plugin   string // as written
	Ref      string // as Optimizer.Ref
	Info     pluginhost.Info
	On       On
	Params   map[string]any // with the plugin's defaults
	Headline bool           // shown on the board; exactly one metric is, unless there are none
	At       Moments        // when it is taken; nil means at the end alone
	Selected bool           // by Options.Metrics; all are when it is empty
	Added    bool           // by Options.Metrics: it is not in the file
	// Summaries of the values along the training have columns of their own.
	Summaries []Summary

	at places
}

// On is the set of examples a metric sees.
type On struct {
	Split    string `json:"split" toml:"split"`       // "train"
	Examples int    `json:"examples" toml:"examples"` // a whole number of batches
	Batch    int    `json:"batch" toml:"batch"`
}

// Report says what the board shows.
type Report struct {
	Tables    []string // the parts of the board; none: all
	Correlate Correlate
}

// Correlate is what sharpness is correlated with.
type Correlate struct {
	Y         []string // "error:test", "gap", "error:shift:NAME", "error:shift:*", …
	Within    []string // groups: "optimizer", "workload" or a parameter
	Control   []string // parameters that are controlled for
	Resamples int      // of the bootstrap
}

// Workload returns the workload of that name, or nil.
func (s *Suite) Workload(name string) *Workload {
	for i := range s.Workloads {
		if s.Workloads[i].Name == name {
			return &s.Workloads[i]
		}
	}
	return nil
}

// Optimizer returns the optimizer entry of that name, or nil.
func (s *Suite) Optimizer(name string) *Optimizer {
	for i := range s.Optimizers {
		if s.Optimizers[i].Name == name {
			return &s.Optimizers[i]
		}
	}
	return nil
}

// Metric returns the metric entry of that name, or nil.
func (s *Suite) Metric(name string) *Metric {
	for i := range s.Metrics {
		if s.Metrics[i].Name == name {
			return &s.Metrics[i]
		}
	}
	return nil
}

// Headline returns the metric shown on the board, or nil if the suite has none.
func (s *Suite) Headline() *Metric {
	for i := range s.Metrics {
		if s.Metrics[i].Headline {
			return &s.Metrics[i]
		}
	}
	return nil
}

// places remembers where the parts of an entry were written.
type places struct {
	plugin Position
	params map[string]Position
}

// Position is where a parameter of the optimizer was written, or where the plugin was named if it was not: the place
// to show when the plugin itself refuses a value.
func (o *Optimizer) Position(param string) Position { return o.at.of(param) }

// Position is where a parameter of the metric was written, or where the plugin was named if it was not.
func (m *Metric) Position(param string) Position { return m.at.of(param) }

func (p places) of(param string) Position {
	if at, ok := p.params[param]; ok {
		return at
	}
	return p.plugin
}

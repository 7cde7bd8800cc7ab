package report

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// Input is everything a board is made from: the suite as resolved and the records of its trials. Build only reads it.
type Input struct {
	Suite SuiteInfo
	// Workloads in the order of the suite: one board each.
	Workloads []string
	// ByLoss names the workloads that are judged by their test loss, because they have no error: problems with a known answer, and
	// predictions of numbers.
	ByLoss []string
	// Squared names those of them whose loss is the mean squared error on examples, not an exact objective. Their shifts have
	// losses too.
	Squared []string
	// Shifts in column order. Their errors are under "shift:NAME" (the mean) and "shift:NAME/kind/severity".
	Shifts []ShiftInfo
	// Metrics in column order, and the entries of the suite that they belong to.
	Metrics []MetricInfo
	Entries []Entry
	// Optimizers in the order of the suite.
	Optimizers []OptimizerInfo
	// Trials in any order.
	Trials    []Trial
	Correlate CorrelateSpec
}

// SuiteInfo says what was run. Text fields are printed as they are.
type SuiteInfo struct {
	Name, Title string
	Revision    int
	Hash        string
	Variant     string // "" for the suite itself
	Seeds       []uint64
	TuningSeeds []uint64
	Baseline    string   // name of an optimizer, "" for none
	SelectRule  string   // e.g. "smallest mean validation error"
	Budget      string   // e.g. "60 epochs, cosine schedule"
	Version     string   // of bench
	Trials      int      // trials of the suite, finished or not; 0 means len(Input.Trials)
	Plugins     string   // digest of the versions of all plugins, "" when not known
	Engine      int      // numeric version of the engine, 0 when not known
	Tables      []string // the parts of the board to show; none means all
	Unpinned    []string // plugins that are not pinned by a lock file
	LeftOut     []string // what was run and is not shown, and why: sentences in Markdown
}

// ShiftInfo is one column of errors under distribution shift.
type ShiftInfo struct {
	Name, Workload string
}

// MetricInfo is one value that a metric measures.
type MetricInfo struct {
	Name   string // of the metric in the suite
	Entry  string // name of its Entry
	Column string // unique: the key of Trial.Metrics and the header, e.g. "adaptive-worst-linf"
	Value  string // name of the value in the plugin's answer
	Unit   string // "" for none
	Better string // "lower", "higher" or "none"
	// Headline metrics have a column in the table of optimizers and a scatter plot.
	Headline bool
	Along    bool // measured along the training too: Trial.Along may have the column
	Summary  bool // made of the values along the training, not measured by itself
}

// OptimizerInfo is one entrant.
type OptimizerInfo struct {
	Name, Plugin string
	Track        string   // "" is the main track; every other track is ranked apart
	Overrides    string   // what this optimizer changes in the workload, e.g. "model.norm = group"; "" for nothing
	Remarks      []string // what else readers must know, sentences in Markdown: footnotes of its row
	Unpinned     bool     // the plugin is a local program that no lock file pins
}

// Status values of a trial.
const (
	Done     = "done"
	Failed   = "failed"
	Diverged = "diverged"
	Timeout  = "timeout"
	Missing  = "missing" // not run, or not finished
)

// Trial is the record of one training with its evaluations and measurements.
type Trial struct {
	ID, Workload, Optimizer string
	// ConfigKey identifies the configuration (the trial without its seed), ConfigLabel prints it: "lr=0.1 rho=0.05".
	ConfigKey, ConfigLabel string
	// Params holds the parameters; numbers serve as controls of the correlations.
	Params map[string]any
	Seed   uint64
	// Tuning: the trial belongs to the grid (a tuning seed). Final: the selected configuration on a suite seed. Both may hold.
	Tuning, Final bool
	Status        string
	Reason        string // of a trial that is not done, one line
	Machine       string // what trained it: the model of the processor, the system
	// Error holds fractions in [0,1] and Loss cross-entropies: "train", "validation", "test", "shift:NAME",
	// "shift:NAME/kind/severity". They count only when Status is done.
	Error, Loss map[string]float64
	Metrics     map[string]Metric // by MetricInfo.Column
	// Measured and Tables are of the measurements at the end, by the name of the Entry.
	Measured map[string]Measured
	Tables   map[string][]Data
	// Examples counts what the errors and losses of a split were measured on; 0 or no entry: not known.
	Examples map[string]int
	// Along holds the same values along the training, by MetricInfo.Column, in ascending order of steps; the last is that
	// of Metrics.
	Along map[string][]Moment
	// Curve is the loss along the training, of the batches as they were trained.
	Curve   []CurvePoint
	Privacy *Privacy // of differentially private optimizers
	G       float64  // cost in gradients of one nominal batch
	Steps   int
	Dim     int     // number of parameters; 0: not known
	Norm    float64 // Euclidean norm of the trained parameters, when Dim is known
}

// Privacy is what a training has revealed of any single example.
type Privacy struct {
	Epsilon, Delta float64 // Epsilon is +Inf when there was no noise
	Declared       string  // why Epsilon is the optimizer's word; "" when the host vouches for it
}

// Metric is one measured value.
type Metric struct {
	Value, StdErr float64 // StdErr 0: not given
	Null          bool    // there is no value
	Reason        string  // why it is null
	Warnings      []string
}

// Moment is a value measured after a number of steps.
type Moment struct {
	Step  int
	Epoch float64
	Metric
}

// CurvePoint is the mean training loss of the steps before it.
type CurvePoint struct{ Epoch, G, Loss float64 }

// CorrelateSpec says what the metrics are correlated with.
type CorrelateSpec struct {
	// Y names the targets: "error:SPLIT", "loss:SPLIT", "gap" (test error minus train error), "error:shift:*" (every shift).
	Y []string
	// Within names what forms the groups of the within-group τ: "optimizer" or parameters.
	Within []string
	// Control names numeric parameters; each gives a partial τ.
	Control []string
	// Resamples of the bootstrap; 0 means 10 000.
	Resamples int
}

// check returns every contradiction of the input at once.
func (in *Input) check() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	workloads := map[string]bool{}
	for _, w := range in.Workloads {
		if workloads[w] {
			bad("workload %q is named twice", w)
		}
		workloads[w] = true
	}
	optimizers := map[string]bool{}
	for _, o := range in.Optimizers {
		if optimizers[o.Name] {
			bad("optimizer %q is named twice", o.Name)
		}
		optimizers[o.Name] = true
	}
	if in.Suite.Baseline != "" && !optimizers[in.Suite.Baseline] {
		bad("the baseline %q is not an optimizer of the suite", in.Suite.Baseline)
	}
	columns := map[string]bool{}
	for _, m := range in.Metrics {
		if columns[m.Column] {
			bad("metric column %q is named twice", m.Column)
		}
		columns[m.Column] = true
	}
	type place struct {
		workload, optimizer, config string
		seed                        uint64
	}
	seen := map[place]string{}
	final := map[place]string{}
	for _, t := range in.Trials {
		switch t.Status {
		case Done, Failed, Diverged, Timeout, Missing:
		default:
			bad("trial %s has the unknown status %q", t.ID, t.Status)
		}
		if !workloads[t.Workload] {
			bad("trial %s belongs to the unknown workload %q", t.ID, t.Workload)
		}
		if !optimizers[t.Optimizer] {
			bad("trial %s belongs to the unknown optimizer %q", t.ID, t.Optimizer)
		}
		at := place{t.Workload, t.Optimizer, t.ConfigKey, t.Seed}
		if other, ok := seen[at]; ok {
			bad("trials %s and %s are the same configuration and seed", other, t.ID)
		}
		seen[at] = t.ID
		if t.Final {
			at.config = ""
			if other, ok := final[at]; ok {
				bad("trials %s and %s both are the final trial of %s at seed %d", other, t.ID, t.Optimizer, t.Seed)
			}
			final[at] = t.ID
		}
	}
	for _, y := range in.Correlate.Y {
		if y != "gap" && !strings.HasPrefix(y, "error:") && !strings.HasPrefix(y, "loss:") {
			bad("cannot correlate with %q: expected error:SPLIT, loss:SPLIT, gap or error:shift:*", y)
		}
	}
	if in.Correlate.Resamples < 0 {
		bad("correlate.resamples is %d: expected 0 or more", in.Correlate.Resamples)
	}
	return errors.Join(problems...)
}

// pick returns a finite entry of a map of numbers of a finished trial.
func (t *Trial) pick(m map[string]float64, key string) (float64, bool) {
	v, ok := m[key]
	return v, ok && t.Status == Done && finite(v)
}

func (t *Trial) error(split string) (float64, bool) { return t.pick(t.Error, split) }
func (t *Trial) loss(split string) (float64, bool)  { return t.pick(t.Loss, split) }

// gap is the test error minus the train error.
func (t *Trial) gap() (float64, bool) {
	test, ok := t.error("test")
	train, ok2 := t.error("train")
	return test - train, ok && ok2
}

func (t *Trial) metric(column string) (float64, bool) {
	m, ok := t.Metrics[column]
	return m.Value, ok && t.Status == Done && !m.Null && finite(m.Value)
}

func (t *Trial) cost(string) (float64, bool) { return t.G, t.Status == Done && finite(t.G) }

// param returns a numeric parameter.
func (t *Trial) param(name string) (float64, bool) {
	switch v := t.Params[name].(type) {
	case float64:
		return v, finite(v)
	case float32:
		return float64(v), finite(float64(v))
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

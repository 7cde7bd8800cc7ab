// Package report turns the records of a suite into its board: a model of plain numbers with their intervals and notes,
// printed as Markdown, for the terminal, as CSV and as SVG scatter plots.
//
// A board is a function of its Input alone. It holds no clock, no host and no path of this machine, so that the same
// records give the same bytes and a published board can be checked by rendering it again. Every number is computed from
// the Input; what cannot be computed is printed as n/a or –, with a footnote that says why.
package report

import (
	"slices"
	"sort"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// resamples is the number of bootstrap resamples unless the suite names another.
const resamples = 10_000

// seed of every random draw of a board: fixed, so that the board is a function of the records.
const seed = 0

// Board is the model of a leaderboard: numbers, not yet formatted.
type Board struct {
	Suite      SuiteInfo
	Sections   []Section // one per workload, in the order of the suite
	Optimizers []OptimizerInfo
	Metrics    []MetricInfo
	Entries    []Entry
	Correlate  CorrelateSpec
	// Trials sorted by workload, optimizer (both in the order of the suite), configuration label and seed.
	Trials []Trial
}

// Section is the board of one workload.
type Section struct {
	Workload string
	ByLoss   bool         // Test and the like are losses, not errors
	Squared  bool         // these losses are mean squared errors on examples
	Shifts   []ShiftInfo  // columns of Row.Shifts
	Headline []MetricInfo // columns of Row.Metrics
	Rankings []Ranking    // the main track first, the others by name
	// Correlations has one entry a target, nil when the suite has no metric. Optimizers that change the workload do not enter it,
	// nor the scatter plots.
	Correlations []Correlation
	Scatters     []Scatter
	Alongs       []Along
	Densities    []Density
	Trust        []TrustRow // one a metric
	Heat         *Heat      // nil without shifts or metrics
	Robust       []RobustRow
	Pairs        []Pair // every two ranked optimizers of the main track
	Search       []SearchRow
	Tuning       []TuningRow
	Failures     []Trial // failed, diverged, timed out; not those missing
	// Configurations and Trials count what was finished, All what the records name.
	Configurations, AllConfigurations int
	Trials, AllTrials                 int

	configs []*configuration // in the order of Board.Trials
}

// configuration is a trial without its seed, with all its trials in the order of seeds.
type configuration struct {
	optimizer  string
	key, label string
	params     *Trial // any trial: the parameters are the same
	trials     []*Trial
	selected   bool // some trial is final
}

// over lists what f gives for the trials that pass the filter.
func (c *configuration) over(keep func(*Trial) bool, f func(*Trial) (float64, bool)) []float64 {
	var x []float64
	for _, t := range c.trials {
		if v, ok := f(t); ok && keep(t) {
			x = append(x, v)
		}
	}
	return x
}

// Build computes the board. It returns an error when the input contradicts itself (all contradictions at once), never for
// trials that failed or are missing: those are part of a board.
func Build(in Input) (*Board, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.Correlate.Resamples == 0 {
		in.Correlate.Resamples = resamples
	}
	b := &Board{Suite: in.Suite, Optimizers: in.Optimizers, Metrics: in.Metrics, Entries: in.Entries, Correlate: in.Correlate}
	b.Trials = append(b.Trials, in.Trials...)
	workloadAt, optimizerAt := map[string]int{}, map[string]int{}
	for i, w := range in.Workloads {
		workloadAt[w] = i
	}
	for i, o := range in.Optimizers {
		optimizerAt[o.Name] = i
	}
	sort.SliceStable(b.Trials, func(i, j int) bool {
		x, y := &b.Trials[i], &b.Trials[j]
		switch {
		case x.Workload != y.Workload:
			return workloadAt[x.Workload] < workloadAt[y.Workload]
		case x.Optimizer != y.Optimizer:
			return optimizerAt[x.Optimizer] < optimizerAt[y.Optimizer]
		case x.ConfigLabel != y.ConfigLabel:
			return x.ConfigLabel < y.ConfigLabel
		case x.ConfigKey != y.ConfigKey:
			return x.ConfigKey < y.ConfigKey
		}
		return x.Seed < y.Seed
	})
	if b.Suite.Trials == 0 {
		b.Suite.Trials = len(b.Trials)
	}
	for _, w := range in.Workloads {
		b.Sections = append(b.Sections, b.section(w, in))
	}
	return b, nil
}

// judged names the loss that a section is ranked by, where it is.
func (s *Section) judged() string {
	if s.Squared {
		return "squared error"
	}
	return "objective"
}

// score is what the section ranks by: the error, or the loss.
func (s *Section) score(t *Trial, split string) (float64, bool) {
	if s.ByLoss {
		return t.loss(split)
	}
	return t.error(split)
}

func (b *Board) section(workload string, in Input) Section {
	s := Section{Workload: workload, ByLoss: slices.Contains(in.ByLoss, workload), Squared: slices.Contains(in.Squared, workload)}
	for _, sh := range in.Shifts {
		if sh.Workload == workload {
			s.Shifts = append(s.Shifts, sh)
		}
	}
	for _, m := range b.Metrics {
		if m.Headline {
			s.Headline = append(s.Headline, m)
		}
	}
	var configs []*configuration
	for i := range b.Trials {
		t := &b.Trials[i]
		if t.Workload != workload {
			continue
		}
		s.AllTrials++
		switch t.Status {
		case Done:
			s.Trials++
		case Failed, Diverged, Timeout:
			s.Failures = append(s.Failures, *t)
		}
		last := len(configs) - 1
		if last < 0 || configs[last].optimizer != t.Optimizer || configs[last].key != t.ConfigKey {
			configs = append(configs, &configuration{optimizer: t.Optimizer, key: t.ConfigKey, label: t.ConfigLabel, params: t})
			last++
		}
		c := configs[last]
		c.trials = append(c.trials, t)
		c.selected = c.selected || t.Final
	}
	s.AllConfigurations = len(configs)
	s.configs = configs
	for _, c := range configs {
		for _, t := range c.trials {
			if t.Status == Done {
				s.Configurations++
				break
			}
		}
	}
	s.Rankings = b.rankings(&s, configs)
	s.Tuning = b.tuning(&s, configs)
	s.Robust, s.Pairs, s.Search = b.robust(&s, configs), b.pairs(&s, configs), b.search(&s, configs)
	if len(b.Metrics) > 0 {
		// An optimizer that changes the workload trains another model: its sharpness is not comparable.
		var same []*configuration
		for _, c := range configs {
			if b.overrides(c.optimizer) == "" {
				same = append(same, c)
			}
		}
		s.Correlations = b.correlations(&s, same)
		used := map[string]bool{}
		s.Scatters = b.scatters(&s, same, used)
		s.Alongs = b.alongs(&s, same, used)
		s.Densities = b.densities(&s, configs, used)
		s.Trust = b.trust(&s, same)
		if !s.ByLoss {
			s.Heat = b.heat(&s, same, used)
		}
	}
	return s
}

// overrides returns what an optimizer changes in the workload.
func (b *Board) overrides(optimizer string) string {
	for _, o := range b.Optimizers {
		if o.Name == optimizer {
			return o.Overrides
		}
	}
	return ""
}

// otherModels lists the optimizers that change the workload, as code.
func (b *Board) otherModels() []string {
	var names []string
	for _, o := range b.Optimizers {
		if o.Overrides != "" {
			names = append(names, code(o.Name))
		}
	}
	return names
}

// TuningRow is one configuration of the grid, its values over the tuning seeds.
type TuningRow struct {
	Optimizer, Config         string
	ConfigKey                 string
	Selected                  bool
	Validation, Test, Train   stats.Estimate
	Done, All                 int // trials
	Failed, Diverged, Timeout int
}

// tuning lists the configurations with a tuning trial, each optimizer's by validation error, those without one last.
func (b *Board) tuning(s *Section, configs []*configuration) []TuningRow {
	byName := map[string][]TuningRow{}
	tuned := func(t *Trial) bool { return t.Tuning }
	for _, c := range configs {
		r := TuningRow{Optimizer: c.optimizer, Config: c.label, ConfigKey: c.key, Selected: c.selected}
		for _, t := range c.trials {
			if !t.Tuning {
				continue
			}
			r.All++
			switch t.Status {
			case Done:
				r.Done++
			case Failed:
				r.Failed++
			case Diverged:
				r.Diverged++
			case Timeout:
				r.Timeout++
			}
		}
		if r.All == 0 {
			continue
		}
		estimate := func(split string) stats.Estimate {
			return stats.MeanCI(c.over(tuned, func(t *Trial) (float64, bool) { return s.score(t, split) }), stats.Level)
		}
		r.Validation, r.Test, r.Train = estimate("validation"), estimate("test"), estimate("train")
		byName[c.optimizer] = append(byName[c.optimizer], r)
	}
	var rows []TuningRow
	for _, o := range b.Optimizers {
		of := byName[o.Name]
		sort.SliceStable(of, func(i, j int) bool {
			x, y := of[i].Validation, of[j].Validation
			if x.OK != y.OK {
				return x.OK
			}
			return x.OK && x.Value < y.Value
		})
		rows = append(rows, of...)
	}
	return rows
}

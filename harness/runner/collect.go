package runner

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/report"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// Collect gathers what the store knows of the suite, for the board. It computes nothing: trials that have not run yet
// are missing, and say so.
func (r *Runner) Collect() (report.Input, error) {
	s := r.Suite
	in := report.Input{
		Suite: report.SuiteInfo{
			Name: s.Name, Title: s.Title, Revision: s.Revision, Hash: s.Hash(), Variant: s.Variant, Seeds: s.Seeds,
			TuningSeeds: s.Tuning.Seeds, Baseline: s.Baseline, Budget: budget(s.Budget), Version: r.Release, Trials: r.count(), Tables: s.Report.Tables,
		},
		Correlate: report.CorrelateSpec{
			Y: s.Report.Correlate.Y, Within: s.Report.Correlate.Within, Control: s.Report.Correlate.Control,
			Resamples: s.Report.Correlate.Resamples,
		},
	}
	for i := range s.Workloads {
		in.Workloads = append(in.Workloads, s.Workloads[i].Name)
		switch {
		case s.Workloads[i].Problem != nil:
			in.ByLoss = append(in.ByLoss, s.Workloads[i].Name)
		case dataset.Numeric(s.Workloads[i].Data.Name):
			in.ByLoss, in.Squared = append(in.ByLoss, s.Workloads[i].Name), append(in.Squared, s.Workloads[i].Name)
		}
		for _, shift := range s.Workloads[i].Shifts {
			in.Shifts = append(in.Shifts, report.ShiftInfo{Name: shift.Name, Workload: s.Workloads[i].Name})
		}
	}
	in.Suite.SelectRule = selectRule(s, len(in.ByLoss)-len(in.Squared), len(in.Squared))
	for i := range s.Metrics {
		m := &s.Metrics[i]
		entry, err := r.entry(m)
		if err != nil {
			return in, err
		}
		in.Entries = append(in.Entries, entry)
		for _, v := range m.Info.Values {
			name := m.Name
			if len(m.Info.Values) > 1 {
				name += "." + v.Name
			}
			info := report.MetricInfo{
				Name: name, Entry: m.Name, Column: name, Value: v.Name, Unit: v.Unit, Better: v.Better, Headline: m.Headline, Along: len(m.At) > 0,
			}
			in.Metrics = append(in.Metrics, info)
			for _, summary := range m.Summaries {
				in.Metrics = append(in.Metrics, summaryInfo(info, summary))
			}
		}
	}
	for i := range s.Optimizers {
		o := &s.Optimizers[i]
		p, err := r.Plugins.Get(o.Ref)
		if err != nil {
			return in, err
		}
		track := o.Track
		if track == "" {
			track = p.Info.Track
		}
		var remarks []string
		if n := len(s.Configurations(nil, o)); o.Added && n != s.Tuning.Trials {
			remarks = append(remarks, fmt.Sprintf("`%s` was added with -O and tried in %s; the others are the best of %d on the validation set. The comparison favours whoever had more.",
				o.Name, configurations(n), s.Tuning.Trials))
		}
		info := report.OptimizerInfo{Remarks: remarks, Name: o.Name, Plugin: o.Plugin, Track: track, Unpinned: !p.Program.Bundled && !p.Pinned}
		if len(o.Model) > 0 {
			info.Overrides = overrides(o.Model)
		}
		if info.Unpinned {
			in.Suite.Unpinned = append(in.Suite.Unpinned, o.Name)
		}
		in.Optimizers = append(in.Optimizers, info)
	}
	if err := r.survey(r.all); err != nil {
		return in, err
	}
	marks := map[string]string{}
	for _, g := range r.all {
		best, err := r.selected(g)
		if err != nil {
			return in, err
		}
		done := true // without a finished tuning nothing is selected
		for i := range g.configs {
			for _, seed := range s.Tuning.Seeds {
				t, err := r.row(r.trial(g, i, seed), false, marks)
				if err != nil {
					return in, err
				}
				t.Tuning, t.Final = true, i == best && slices.Contains(s.Seeds, seed)
				done = done && t.Status != "missing"
				in.Trials = append(in.Trials, t)
			}
		}
		if !done || best < 0 {
			for i := range in.Trials[len(in.Trials)-len(g.configs)*len(s.Tuning.Seeds):] {
				in.Trials[len(in.Trials)-1-i].Final = false
			}
			continue
		}
		for _, seed := range r.finalSeeds() {
			t, err := r.row(r.trial(g, best, seed), true, marks)
			if err != nil {
				return in, err
			}
			in.Trials = append(in.Trials, t)
		}
	}
	r.leaveOut(&in, marks)
	// Only what is drawn is read: a curve is a file of its own.
	for i := range in.Trials {
		if t := &in.Trials[i]; t.Final && t.Status == report.Done {
			points, err := r.Store.Trial(t.ID).Points()
			if err != nil {
				return in, err
			}
			for _, p := range points {
				t.Curve = append(t.Curve, report.CurvePoint{Epoch: float64(p.Epoch), G: float64(p.G), Loss: float64(p.Loss)})
			}
		}
	}
	in.Suite.Engine, in.Suite.Plugins = engine.Version, r.pluginsDigest()
	return in, nil
}

// pluginsDigest is a hash of the versions of all plugins of the suite: numeric ones of those that come with bench, those of the
// files of the others, as the lock has them.
func (r *Runner) pluginsDigest() string {
	seen := map[string]bool{}
	for i := range r.Suite.Optimizers {
		if p, err := r.Plugins.Get(r.Suite.Optimizers[i].Ref); err == nil {
			seen["optimizer "+p.Info.Name+" "+p.Version()] = true
		}
	}
	for _, m := range r.metrics {
		seen["metric "+m.Plugin.Info.Name+" "+m.Plugin.Version()] = true
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(slices.Sorted(maps.Keys(seen)), "\n"))))
}

// NotChosen lists the optimizers that this run was not to compute and that have no selected configuration yet: their rows
// on the board are empty.
func (r *Runner) NotChosen(in report.Input) []string {
	var out []string
	for i := range r.Suite.Optimizers {
		o := &r.Suite.Optimizers[i]
		known := slices.ContainsFunc(in.Trials, func(t report.Trial) bool { return t.Optimizer == o.Name && t.Final })
		if !o.Selected && !known {
			out = append(out, o.Name)
		}
	}
	return out
}

// row is what the store knows of one trial. A record that must not be shown leaves its mark.
func (r *Runner) row(t *Trial, final bool, marks map[string]string) (report.Trial, error) {
	row := report.Trial{
		ID: t.ID, Workload: t.Workload.Name, Optimizer: t.Optimizer.Name, ConfigKey: t.Configuration.Key,
		ConfigLabel: t.Configuration.Label, Params: t.Configuration.Params, Seed: t.Seed, Final: final, Status: "missing",
		Error: map[string]float64{}, Loss: map[string]float64{}, Metrics: map[string]report.Metric{}, Examples: map[string]int{},
	}
	rec := r.read(t)
	result, ok, err := rec.Result()
	if err != nil || !ok {
		return row, err
	}
	if why := marked(result.Unlocked, t.plugin); why != "" {
		marks[t.Optimizer.Name] = why
	}
	row.Machine = result.Provenance.CPU + ", " + result.Provenance.OS
	row.Status, row.Reason, row.G, row.Steps = string(result.Status), result.Reason, float64(result.G), int(result.Steps)
	if p := result.Privacy; p != nil {
		row.Privacy = &report.Privacy{Epsilon: float64(p.Epsilon), Delta: float64(p.Delta), Declared: p.Declared}
	}
	if result.Status != store.Done {
		return row, nil
	}
	row.Dim, row.Norm = result.Dim, float64(result.Norm)
	if row.Dim == 0 { // a record of before these were kept
		p, err := r.Store.Trial(t.ID).Params()
		if err != nil && !errors.Is(err, store.ErrNoParams) {
			return row, err
		}
		if err == nil {
			row.Dim, row.Norm = len(p.W), store.Norm(p.W)
		}
	}
	for _, e := range r.evaluations(t.workload) {
		got, ok, err := rec.Evaluation(e.Name, e.Hash)
		if err != nil {
			return row, err
		}
		if ok {
			if !t.workload.byLoss() || t.Workload.Problem != nil && t.Workload.Problem.CountsErrors() {
				row.Error[e.Key] = float64(got.Errors) / float64(got.Examples)
			}
			row.Loss[e.Key] = float64(got.Loss)
			row.Examples[e.Key] = got.Examples
		}
	}
	for i := range t.Workload.Shifts {
		shiftMean(&row, t, i, r)
	}
	metrics, err := r.withPeers(t, r.metrics)
	if err != nil {
		return row, err
	}
	for _, m := range metrics {
		if m.Waits {
			continue
		}
		got, ok, err := rec.Measurement(m.Name, m.Hash)
		if err != nil {
			return row, err
		}
		if !ok {
			continue
		}
		measured(&row, m.Metric.Name, got)
		for _, v := range m.Plugin.Info.Values {
			row.Metrics[columnOf(m, v.Name)] = value(got, v.Name)
			if none, unlocked := unlockedValue(got, m.Plugin); unlocked {
				row.Metrics[columnOf(m, v.Name)] = none
			}
		}
	}
	return row, r.alongRow(t, rec, int(result.Steps), &row)
}

// shiftMean sets the error and loss of a shift as a whole: the plain mean over its kinds and severities, when all are
// there, or the largest of them if the suite wants the worst one. Kinds without examples do not count.
func shiftMean(row *report.Trial, t *Trial, i int, r *Runner) {
	shift := &t.Workload.Shifts[i]
	severities := shift.Data.Severities
	if len(severities) == 0 {
		severities = []int{0}
	}
	var err, loss float64
	n, counted := 0, t.workload.data == nil || t.workload.data.Train.Outputs == 0
	for _, kind := range shift.Data.Kinds {
		for _, severity := range severities {
			key := shiftKey(shift.Name, kind, severity)
			l, ok := row.Loss[key]
			if !ok {
				return
			}
			e := row.Error[key]
			switch {
			case math.IsNaN(e): // no examples
				delete(row.Error, key)
				delete(row.Loss, key)
				continue
			case shift.Data.Summary == "worst":
				err, loss = max(err, e), max(loss, l)
				n = 1
			default:
				err += e
				loss += l
				n++
			}
		}
	}
	if n == 0 {
		return
	}
	row.Loss["shift:"+shift.Name] = loss / float64(n)
	if counted {
		row.Error["shift:"+shift.Name] = err / float64(n)
	}
}

// value finds one value of a stored measurement; one that failed or is not there is null with the reason.
func value(m *store.Measurement, name string) report.Metric {
	for _, v := range m.Values {
		if v.Name == name {
			return report.Metric{Value: float64(v.Value), StdErr: float64(v.StdErr), Null: v.Null, Reason: v.Reason, Warnings: v.Warnings}
		}
	}
	reason := m.Reason
	if reason == "" {
		reason = "the metric did not report it"
	}
	return report.Metric{Null: true, Reason: reason}
}

func configurations(n int) string {
	if n == 1 {
		return "1 configuration"
	}
	return fmt.Sprintf("%d configurations", n)
}

// overrides says in words what an optimizer changes in the workload's model.
func overrides(model map[string]any) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(model)) {
		parts = append(parts, fmt.Sprintf("model.%s = %v", key, model[key]))
	}
	return strings.Join(parts, ", ")
}

// budget says in words how long every trial trains.
func budget(b suite.Budget) string {
	text := fmt.Sprintf("%g %s, %s schedule", b.Limit, b.Unit, b.Schedule)
	switch b.Unit {
	case "wall":
		text = fmt.Sprintf("%g s of training, %s schedule", b.Limit, b.Schedule)
	case "target":
		text = fmt.Sprintf("until the %s on the %s split is %g or less after an epoch, %g epochs at most, %s schedule", b.Target.Metric, b.Target.Split, b.Target.Value, b.Limit, b.Schedule)
	}
	if b.Warmup > 0 {
		text += fmt.Sprintf(", warm-up %g", b.Warmup)
	}
	return text
}

// selectRule says how configurations are selected, where so many workloads are problems and so many predict numbers.
func selectRule(s *suite.Suite, problems, numeric int) string {
	rest := len(s.Workloads) - problems - numeric
	var rules []string
	add := func(n int, rule, where string) {
		if n > 0 && n < len(s.Workloads) {
			rule += " " + where
		}
		if n > 0 {
			rules = append(rules, rule)
		}
	}
	add(problems, "lowest mean exact objective", "on problems")
	add(numeric, "lowest mean squared error on the "+s.Tuning.Select.Split+" split", "where numbers are predicted")
	other := ""
	if problems+numeric > 0 {
		other = "on the other workloads"
	}
	add(rest, fmt.Sprintf("lowest mean %s on the %s split", s.Tuning.Select.Metric, s.Tuning.Select.Split), other)
	return strings.Join(rules, ", ") + " over the tuning seeds"
}

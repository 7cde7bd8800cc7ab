package report

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// Alpha is the significance level of the marks in a board.
const Alpha = 0.05

// Ranking is the table of the optimizers of one track, ranked ones first.
type Ranking struct {
	Track string // "" is the main track
	Rows  []Row
	// Baseline is the optimizer the others are compared with, "" when it is in another track or was not named.
	Baseline string
	// BaselineReason says why nothing is compared although a baseline was named.
	BaselineReason string
	// Seeds behind every ranked row.
	Seeds int
	// Comparisons is the size of the family that Holm's correction covers.
	Comparisons int
	// SmallestP is the smallest adjusted p that the sign-flip test can reach with these seeds and comparisons. When it is not
	// below Alpha no difference can be marked, and none is: NeededSeeds says how many seeds it takes.
	SmallestP   float64
	NeededSeeds int
}

// Testable says whether the sign-flip test can reach Alpha at all.
func (r *Ranking) Testable() bool { return r.Comparisons > 0 && r.SmallestP < Alpha }

// Row is one optimizer: its selected configuration over the suite's seeds.
type Row struct {
	Optimizer string
	// Ranked: the selected configuration was trained and evaluated on every seed of the suite. Reason says why not.
	Ranked bool
	Reason string
	Rank   stats.Rank
	// ConfigKey and Config name the selected configuration, "" when none is. With one configuration selected per seed the key is
	// "" and Config says so.
	ConfigKey, Config string
	// Test is a fraction of errors, or a loss where Section.ByLoss is set; so are Shifts. All estimates of a row that is not ranked are undefined except Cost.
	Test    stats.Estimate
	Shifts  []stats.Estimate // as Section.Shifts
	Metrics []stats.Estimate // as Section.Headline
	Cost    stats.Estimate   // G per trial
	// Privacy is the largest ε of the row's trials, nil where none was recorded; the trials have one δ, else Notes say so.
	Privacy *Privacy
	// Baseline marks the optimizer that the others are compared with.
	Baseline bool
	// Compared rows have Delta (test error minus the baseline's, paired by seed) and Adjusted, Holm's p of the sign-flip test.
	Compared bool
	Delta    stats.Comparison
	Adjusted float64
	// Notes are complete sentences, Markdown, printed as footnotes.
	Notes []string
}

// Significant says whether the difference to the baseline is.
func (r *Row) Significant() bool { return r.Compared && r.Adjusted < Alpha }

// rankings builds one table a track.
func (b *Board) rankings(s *Section, configs []*configuration) []Ranking {
	tracks := map[string]*Ranking{}
	var names []string
	for _, o := range b.Optimizers {
		r := tracks[o.Track]
		if r == nil {
			r = &Ranking{Track: o.Track, Seeds: len(b.Suite.Seeds)}
			tracks[o.Track] = r
			names = append(names, o.Track)
		}
		r.Rows = append(r.Rows, b.row(s, o, configs))
	}
	sort.Strings(names) // "" sorts first
	var rankings []Ranking
	for _, name := range names {
		r := tracks[name]
		b.rank(s, r, configs)
		rankings = append(rankings, *r)
	}
	return rankings
}

// finals returns the trials of an optimizer's selected configuration by seed.
func finals(optimizer string, configs []*configuration) map[uint64]*Trial {
	found := map[uint64]*Trial{}
	for _, c := range configs {
		if c.optimizer != optimizer {
			continue
		}
		for _, t := range c.trials {
			if t.Final {
				found[t.Seed] = t
			}
		}
	}
	return found
}

func (b *Board) row(s *Section, o OptimizerInfo, configs []*configuration) Row {
	r := Row{Optimizer: o.Name, Shifts: make([]stats.Estimate, len(s.Shifts)), Metrics: make([]stats.Estimate, len(s.Headline))}
	final := finals(o.Name, configs)
	var labels []string
	for _, c := range configs {
		if c.optimizer == o.Name && c.selected {
			labels = append(labels, c.label)
			r.ConfigKey = c.key
		}
	}
	switch len(labels) {
	case 0:
	case 1:
		r.Config = labels[0]
	default:
		r.ConfigKey = ""
		r.Config = fmt.Sprintf("%d, one a seed", len(labels))
	}
	var finished []*Trial
	var gaps []string
	for _, sd := range b.Suite.Seeds {
		t := final[sd]
		switch {
		case t == nil || t.Status == Missing:
			gaps = append(gaps, fmt.Sprintf("seed %d is not finished", sd))
		case t.Status != Done:
			gaps = append(gaps, fmt.Sprintf("seed %d %s", sd, ended(t)))
		default:
			if _, ok := s.score(t, "test"); !ok {
				gaps = append(gaps, fmt.Sprintf("seed %d has no test error (trial %s)", sd, code(short(t.ID))))
				continue
			}
			finished = append(finished, t)
		}
	}
	each := func(f func(*Trial) (float64, bool)) stats.Estimate {
		var x []float64
		for _, t := range finished {
			if v, ok := f(t); ok {
				x = append(x, v)
			}
		}
		return stats.MeanCI(x, stats.Level)
	}
	r.Cost = each(func(t *Trial) (float64, bool) { return t.cost("") })
	r.private(final)
	switch {
	case len(labels) == 0:
		r.Reason = "no configuration is selected yet"
		if n := b.unfinishedTuning(o.Name, configs); n > 0 {
			r.Reason += fmt.Sprintf(" (%s of the grid not finished)", count(n, "trial"))
		}
	case len(gaps) > 0:
		r.Reason = fmt.Sprintf("%d of %s done: %s", len(finished), count(len(b.Suite.Seeds), "seed"), few(gaps, 3, "; "))
	case len(b.Suite.Seeds) == 0:
		r.Reason = "the suite has no seeds"
	default:
		r.Ranked = true
		r.Test = each(func(t *Trial) (float64, bool) { return s.score(t, "test") })
		for i, sh := range s.Shifts {
			r.Shifts[i] = each(func(t *Trial) (float64, bool) { return s.score(t, "shift:"+sh.Name) })
			if n := r.Shifts[i].N; n < len(finished) {
				r.Notes = append(r.Notes, fmt.Sprintf("%s: error under %s known for %d of %s.", code(o.Name), code(sh.Name), n, count(len(finished), "seed")))
			}
		}
		for i, m := range s.Headline {
			r.Metrics[i] = each(func(t *Trial) (float64, bool) { return t.metric(m.Column) })
			if n := r.Metrics[i].N; n < len(finished) {
				r.Notes = append(r.Notes, fmt.Sprintf("%s: %s measured on %d of %s%s.", code(o.Name), code(m.Column), n,
					count(len(finished), "seed"), because(nullReasons(finished, m.Column))))
			}
			if w := metricWarnings(finished, m.Column); len(w) > 0 {
				r.Notes = append(r.Notes, fmt.Sprintf("%s: %s warns: %s.", code(o.Name), code(m.Column), few(w, 3, "; ")))
			}
		}
	}
	if !r.Ranked {
		r.Notes = append(r.Notes, fmt.Sprintf("%s is not ranked: %s.", code(o.Name), r.Reason))
	}
	if note := tuningNote(o.Name, configs); note != "" {
		r.Notes = append(r.Notes, note)
	}
	if o.Overrides != "" {
		r.Notes = append(r.Notes, fmt.Sprintf("%s changes the workload: %s.", code(o.Name), escape(o.Overrides)))
	}
	r.Notes = append(r.Notes, o.Remarks...)
	if o.Unpinned {
		r.Notes = append(r.Notes, fmt.Sprintf("%s is unpinned: its plugin %s is a local program that no lock file fixes.", code(o.Name), code(o.Plugin)))
	}
	return r
}

// private sums up what the trials have revealed, whether they were finished or not.
func (r *Row) private(final map[uint64]*Trial) {
	for _, t := range final {
		p := t.Privacy
		if p == nil {
			continue
		}
		if r.Privacy == nil {
			r.Privacy = &Privacy{Delta: p.Delta}
		}
		r.Privacy.Epsilon = math.Max(r.Privacy.Epsilon, p.Epsilon)
		if p.Declared > r.Privacy.Declared {
			r.Privacy.Declared = p.Declared
		}
	}
	if r.Privacy != nil && r.Privacy.Declared != "" {
		r.Notes = append(r.Notes, fmt.Sprintf("%s: ε is declared by the plugin, not vouched for by the host: %s.", code(r.Optimizer), escape(r.Privacy.Declared)))
	}
}

func (b *Board) unfinishedTuning(optimizer string, configs []*configuration) int {
	n := 0
	for _, c := range configs {
		for _, t := range c.trials {
			if c.optimizer == optimizer && t.Tuning && t.Status == Missing {
				n++
			}
		}
	}
	return n
}

// tuningNote names the trials of the grid that ended badly.
func tuningNote(optimizer string, configs []*configuration) string {
	all := 0
	var bad []string
	for _, c := range configs {
		for _, t := range c.trials {
			if c.optimizer != optimizer || !t.Tuning {
				continue
			}
			all++
			if t.Status != Done && t.Status != Missing {
				bad = append(bad, ended(t))
			}
		}
	}
	if len(bad) == 0 {
		return ""
	}
	return fmt.Sprintf("%s: %d of %s of the grid did not finish: %s.", code(optimizer), len(bad), count(all, "trial"), few(bad, 3, "; "))
}

// endings are the words for how a trial ended.
var endings = map[string]string{Failed: "failed", Diverged: "diverged", Timeout: "ran out of time"}

// ended says how a trial that is not done ended and where its log lies.
func ended(t *Trial) string {
	what := endings[t.Status]
	if t.Reason != "" {
		what += " (" + escape(trimPeriod(t.Reason)) + ")"
	}
	return fmt.Sprintf("%s, trial %s, log %s", what, code(short(t.ID)), code(logPath(t.ID)))
}

// nullReasons counts why a metric has no value, in the order of the reasons' first appearance.
func nullReasons(trials []*Trial, column string) []string {
	var all []string
	for _, t := range trials {
		if _, ok := t.metric(column); ok {
			continue
		}
		reason := "not measured"
		if m, ok := t.Metrics[column]; ok {
			switch {
			case m.Reason != "":
				reason = trimPeriod(m.Reason)
			case m.Null:
				reason = "no reason given"
			default:
				reason = "the value is not finite"
			}
		}
		all = append(all, reason)
	}
	return tally(all)
}

// metricWarnings counts the warnings that come with the values of a metric.
func metricWarnings(trials []*Trial, column string) []string {
	var all []string
	for _, t := range trials {
		if _, ok := t.metric(column); ok {
			for _, w := range t.Metrics[column].Warnings {
				all = append(all, trimPeriod(w))
			}
		}
	}
	return tally(all)
}

// tally lists different texts in the order of their first appearance, escaped, with the number of times each occurs.
func tally(texts []string) []string {
	counts := map[string]int{}
	var order []string
	for _, text := range texts {
		if counts[text] == 0 {
			order = append(order, text)
		}
		counts[text]++
	}
	for i, text := range order {
		order[i] = escape(text)
		if counts[text] > 1 {
			order[i] += fmt.Sprintf(" (%d×)", counts[text])
		}
	}
	return order
}

// rank fills the ranks and the comparisons and sorts the rows.
func (b *Board) rank(s *Section, r *Ranking, configs []*configuration) {
	errors := func(name string) []float64 {
		final := finals(name, configs)
		var x []float64
		for _, sd := range b.Suite.Seeds {
			v, _ := s.score(final[sd], "test")
			x = append(x, v)
		}
		return x
	}
	var ranked []int
	var x [][]float64
	baseline := -1
	for i := range r.Rows {
		row := &r.Rows[i]
		if row.Optimizer == b.Suite.Baseline {
			row.Baseline = true
			r.Baseline = row.Optimizer
			baseline = i
		}
		if row.Ranked {
			ranked = append(ranked, i)
			x = append(x, errors(row.Optimizer))
		}
	}
	for k, rank := range stats.Ranks(x, stats.Level, resamples, seed) {
		r.Rows[ranked[k]].Rank = rank
	}
	switch {
	case b.Suite.Baseline == "":
	case baseline < 0:
		r.BaselineReason = fmt.Sprintf("the baseline %s runs in another track", code(b.Suite.Baseline))
	case !r.Rows[baseline].Ranked:
		r.BaselineReason = fmt.Sprintf("the baseline %s is not ranked", code(b.Suite.Baseline))
	default:
		base := errors(b.Suite.Baseline)
		var p []float64
		var compared []*Row
		for k, i := range ranked {
			if i == baseline {
				continue
			}
			row := &r.Rows[i]
			row.Compared, row.Delta = true, stats.Paired(x[k], base, stats.Level)
			compared = append(compared, row)
			p = append(p, row.Delta.P)
		}
		for k, adjusted := range stats.Holm(p) {
			compared[k].Adjusted = adjusted
		}
		r.Comparisons = len(compared)
		r.SmallestP = stats.SmallestSignFlipP(r.Seeds, r.Comparisons)
		r.NeededSeeds = stats.PairsNeeded(r.Comparisons, Alpha)
	}
	sort.SliceStable(r.Rows, func(i, j int) bool {
		a, c := &r.Rows[i], &r.Rows[j]
		if a.Ranked != c.Ranked {
			return a.Ranked
		}
		return a.Ranked && a.Test.Value < c.Test.Value
	})
}

// short is the prefix of a trial's id that boards print.
func short(id string) string {
	if len(id) > 12 {
		return id[:12]
	}
	return id
}

// logPath is a shell pattern for the log of a trial inside the default store.
func logPath(id string) string {
	if len(id) < 2 {
		return ".bench/trials/" + id
	}
	star := ""
	if len(id) > 12 {
		star = "*"
	}
	return ".bench/trials/" + id[:2] + "/" + short(id) + star + "/log.txt"
}

// few joins at most n parts and counts the rest.
func few(parts []string, n int, sep string) string {
	if len(parts) <= n {
		return strings.Join(parts, sep)
	}
	return strings.Join(parts[:n], sep) + fmt.Sprintf("%sand %d more", sep, len(parts)-n)
}

func because(reasons []string) string {
	if len(reasons) == 0 {
		return ""
	}
	return ": " + strings.Join(reasons, "; ")
}

func trimPeriod(s string) string { return strings.TrimRight(strings.TrimSpace(s), ".") }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// count prints a number with its noun: "1 seed", "3 seeds".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", whole(float64(n)), noun)
}

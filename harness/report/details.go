package report

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// families groups the corruptions of Hendrycks and Dietterich (2019).
var families = []struct {
	name  string
	kinds []string
}{
	{"noise", []string{"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"}},
	{"blur", []string{"defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "gaussian_blur"}},
	{"weather", []string{"snow", "frost", "fog", "brightness", "spatter"}},
	{"digital", []string{"contrast", "elastic_transform", "pixelate", "jpeg_compression", "saturate"}},
}

// RobustRow is what the mean error under a shift hides, for one ranked optimizer's selected configuration.
type RobustRow struct {
	Optimizer, Shift string
	Worst            stats.Estimate // error of the kind with the largest mean, WorstKind
	WorstKind        string
	Families         []stats.Estimate // as families; undefined where the shift has none of its kinds
	// Effective is the accuracy beyond the line through the baseline's configurations; LineR2 is that line's.
	Effective stats.Estimate
	Line      stats.Line
}

func (b *Board) robust(s *Section, configs []*configuration) []RobustRow {
	if s.ByLoss {
		return nil
	}
	var rows []RobustRow
	for _, sh := range s.Shifts {
		kinds := map[string][]string{} // severities' keys
		for i := range b.Trials {
			t := &b.Trials[i]
			if t.Workload != s.Workload {
				continue
			}
			for key := range t.Error {
				rest, ok := strings.CutPrefix(key, "shift:"+sh.Name+"/")
				if kind, _, two := strings.Cut(rest, "/"); ok && two {
					kinds[kind] = append(kinds[kind], key)
				}
			}
		}
		var names []string
		for kind, keys := range kinds {
			sort.Strings(keys)
			kinds[kind] = compact(keys)
			names = append(names, kind)
		}
		sort.Strings(names)
		line := b.line(s, configs, sh.Name)
		for k := range s.Rankings {
			for i := range s.Rankings[k].Rows {
				row := &s.Rankings[k].Rows[i]
				if !row.Ranked {
					continue
				}
				final := finals(row.Optimizer, configs)
				over := func(q quantity) stats.Estimate {
					var x []float64
					for _, seed := range b.Suite.Seeds {
						if t := final[seed]; t != nil {
							if v, ok := q(t); ok {
								x = append(x, v)
							}
						}
					}
					return stats.MeanCI(x, stats.Level)
				}
				r := RobustRow{Optimizer: row.Optimizer, Shift: sh.Name, Line: line}
				for _, kind := range names {
					e := over(func(t *Trial) (float64, bool) { return t.meanError(kinds[kind]) })
					if e.OK && (!r.Worst.OK || e.Value > r.Worst.Value) {
						r.Worst, r.WorstKind = e, kind
					}
				}
				for _, f := range families {
					var keys []string
					for _, kind := range f.kinds {
						keys = append(keys, kinds[kind]...)
					}
					var e stats.Estimate
					if len(keys) > 0 {
						e = over(func(t *Trial) (float64, bool) { return t.meanError(keys) })
					}
					r.Families = append(r.Families, e)
				}
				if line.OK && line.R2 >= stats.MinR2 {
					r.Effective = over(func(t *Trial) (float64, bool) {
						id, ok := t.error("test")
						ood, ok2 := t.error("shift:" + sh.Name)
						return line.EffectiveRobustness(1-id, 1-ood, max(t.Examples["test"], 1000)), ok && ok2
					})
				}
				rows = append(rows, r)
			}
		}
	}
	return rows
}

// line is accuracy on the line over the configurations of the baseline.
func (b *Board) line(s *Section, configs []*configuration, shift string) stats.Line {
	var id, ood []float64
	examples := 1000
	for _, c := range configs {
		if c.optimizer != b.Suite.Baseline {
			continue
		}
		x := c.over(func(t *Trial) bool { return t.Status == Done }, func(t *Trial) (float64, bool) { return t.error("test") })
		y := c.over(func(t *Trial) bool { return t.Status == Done }, func(t *Trial) (float64, bool) { return t.error("shift:" + shift) })
		mx, ok := stats.Mean(x)
		my, ok2 := stats.Mean(y)
		if ok && ok2 && len(x) == len(y) {
			id, ood = append(id, 1-mx), append(ood, 1-my)
		}
		for _, t := range c.trials {
			examples = max(examples, t.Examples["test"])
		}
	}
	return stats.FitLine(id, ood, examples, examples)
}

// compact drops repeats from a sorted list.
func compact(list []string) []string {
	out := list[:0]
	for i, v := range list {
		if i == 0 || v != list[i-1] {
			out = append(out, v)
		}
	}
	return out
}

// Pair compares two ranked optimizers on the same seeds.
type Pair struct {
	A, B string
	// Lower is the chance that a training of A errs less than one of B, Test compares their test errors (A minus B) by seed;
	// Wilcoxon is the p of the signed ranks, Adjusted Holm's of the sign-flip test over all pairs.
	Lower              float64
	Test               stats.Comparison
	Wilcoxon, Adjusted float64
}

func (b *Board) pairs(s *Section, configs []*configuration) []Pair {
	var pairs []Pair
	for k := range s.Rankings {
		r := &s.Rankings[k]
		if r.Track != "" {
			continue
		}
		var names []string
		var x [][]float64
		for i := range r.Rows {
			if !r.Rows[i].Ranked {
				continue
			}
			final := finals(r.Rows[i].Optimizer, configs)
			var v []float64
			for _, seed := range b.Suite.Seeds {
				e, _ := s.score(final[seed], "test")
				v = append(v, e)
			}
			names, x = append(names, r.Rows[i].Optimizer), append(x, v)
		}
		var p []float64
		for i := range x {
			for j := i + 1; j < len(x); j++ {
				pair := Pair{A: names[i], B: names[j], Test: stats.Paired(x[i], x[j], stats.Level)}
				pair.Lower, _ = stats.ProbabilityLower(x[i], x[j])
				d := make([]float64, len(x[i]))
				for n := range d {
					d[n] = x[i][n] - x[j][n]
				}
				pair.Wilcoxon, _ = stats.Wilcoxon(d)
				pairs, p = append(pairs, pair), append(p, pair.Test.P)
			}
		}
		for i, adjusted := range stats.Holm(p) {
			pairs[i].Adjusted = adjusted
		}
	}
	return pairs
}

// SearchRow says what the tuning of an optimizer brought and how surely it trains.
type SearchRow struct {
	Optimizer string
	Trials    int // of the grid, those that ended; Bad of them did not finish
	Bad       int
	// Expected is the best validation error (or objective) that n trials drawn from the grid are expected to find, by searchSizes;
	// undefined where more trials are asked than the grid has.
	Expected []stats.Estimate
}

var searchSizes = []int{1, 4, 16}

func (b *Board) search(s *Section, configs []*configuration) []SearchRow {
	split := "validation"
	if s.ByLoss {
		split = "test"
	}
	var rows []SearchRow
	for _, o := range b.Optimizers {
		r := SearchRow{Optimizer: o.Name}
		var values []float64
		for _, c := range configs {
			if c.optimizer != o.Name {
				continue
			}
			tried, bad := false, false
			for _, t := range c.trials {
				if t.Tuning && t.Status != Missing {
					tried = true
					r.Trials++
					if t.Status != Done {
						bad = true
						r.Bad++
					}
				}
			}
			v, ok := stats.Mean(c.over(func(t *Trial) bool { return t.Tuning }, func(t *Trial) (float64, bool) { return s.score(t, split) }))
			switch {
			case ok && !bad:
				values = append(values, v)
			case tried && !s.ByLoss:
				values = append(values, 1) // the worst error there is: never absent
			}
		}
		if len(values) == 0 {
			continue
		}
		for _, n := range searchSizes {
			e := stats.Estimate{N: len(values)}
			if n <= len(values) {
				e.Value, e.OK = stats.ExpectedBest(values, n)
			}
			r.Expected = append(r.Expected, e)
		}
		rows = append(rows, r)
	}
	return rows
}

// detailsPart prints what the table of optimizers leaves out, folded.
func (b *Board) detailsPart(p *builder, s *Section) {
	if len(s.Robust) > 0 && b.shows("robustness") {
		p.fold("Under which shift, on "+code(s.Workload)+": worst kind, families, accuracy beyond the line", func(p *builder) { b.robustTable(p, s) })
	}
	if len(s.Pairs) > 0 && b.shows("pairwise") {
		p.fold("Every two optimizers on "+code(s.Workload), func(p *builder) { b.pairsTable(p, s) })
	}
	if len(s.Search) > 0 && b.shows("cost") {
		p.fold("What tuning and training cost on "+code(s.Workload), func(p *builder) { b.costTable(p, s) })
	}
}

func (b *Board) robustTable(p *builder, s *Section) {
	t := &Table{Keys: 2, Part: "robustness", Name: anchor("robustness", s.Workload), Title: "Robustness on " + code(s.Workload)}
	t.column("optimizer", false)
	t.column("shift", false)
	t.column("worst kind error % ↓", true)
	t.column("kind", false)
	used := make([]bool, len(families))
	for _, r := range s.Robust {
		for k, e := range r.Families {
			used[k] = used[k] || e.OK
		}
	}
	for k, f := range families {
		if used[k] {
			t.column(f.name+" error % ↓", true)
		}
	}
	t.column("beyond the line, points ↑", true, "Accuracy under the shift beyond what the baseline's line predicts from the accuracy without it.")
	for _, r := range s.Robust {
		line := Line{Group: r.Optimizer, Trials: b.find(s.Workload, r.Optimizer, func(t *Trial) bool { return t.Final }),
			Cells: []Cell{words(escape(r.Optimizer)), words(escape(r.Shift)), quantify(percent(r.Worst, 1), r.Worst), words(escape(r.WorstKind))}}
		for k, e := range r.Families {
			if used[k] {
				line.Cells = append(line.Cells, quantify(percent(e, 1), e))
			}
		}
		cell := Cell{Text: na, Value: r.Effective}
		switch {
		case r.Effective.OK:
			cell.Text, cell.Open = percent(r.Effective, 1), r.Effective.Contains(0)
		case !r.Line.OK:
			cell.Text += " " + t.note(fmt.Sprintf("No line: it takes three configurations of the baseline with both errors, %s has %d.", code(b.Suite.Baseline), r.Line.N))
		default:
			cell.Text += " " + t.note(fmt.Sprintf("No line under %s: R² = %s over %s is below %g.", code(r.Shift), fixed(r.Line.R2, 2), count(r.Line.N, "configuration"), stats.MinR2))
		}
		line.Cells = append(line.Cells, cell)
		t.line(line)
	}
	p.table(t)
	p.paragraph("± as above. Kinds are means over severities; the worst is the kind with the largest mean error, which is biased upwards where there are many. " +
		"The line: probit accuracy under the shift against that without it, fitted to the baseline's configurations (effective robustness).")
}

func (b *Board) pairsTable(p *builder, s *Section) {
	t := &Table{Keys: 2, Part: "pairwise", Name: anchor("pairwise", s.Workload), Title: "Every two optimizers on " + code(s.Workload)}
	t.column("first", false)
	t.column("second", false)
	unit := "first − second, points [95 % CI]"
	if s.ByLoss {
		unit = "first − second [95 % CI]"
	}
	t.column(unit, true)
	t.column("P(first errs less)", true)
	t.column("p sign-flip", true)
	t.column("p Wilcoxon", true)
	t.column("p Holm", true)
	for _, pair := range s.Pairs {
		e := pair.Test.Delta
		text := na
		scale, decimals := 100.0, 1
		switch {
		case !e.OK:
		case s.ByLoss:
			text = significant(e.Value)
			if e.Interval {
				text += " [" + significant(e.Lo) + ", " + significant(e.Hi) + "]"
			}
		default:
			text = fixed(scale*e.Value, decimals)
			if e.Interval {
				text += " " + interval(scale*e.Lo, scale*e.Hi, decimals)
			}
		}
		if pair.Adjusted < Alpha {
			text += " *"
		} else {
			text += " ~"
		}
		t.line(Line{Cells: []Cell{words(escape(pair.A)), words(escape(pair.B)), {Text: text, Value: e, Open: e.Contains(0)},
			exactly(fixed(pair.Lower, 2), pair.Lower), exactly(pvalue(pair.Test.P), pair.Test.P), exactly(pvalue(pair.Wilcoxon), pair.Wilcoxon),
			exactly(pvalue(pair.Adjusted), pair.Adjusted)}})
	}
	p.table(t)
	p.paragraph(fmt.Sprintf("Paired by seed. `*`: p < 0.05 of the sign-flip test after Holm over %s; `~`: not. "+
		"P compares any training of the first with any of the second, ties counting half: 0.5 is no difference.", count(len(s.Pairs), "pair")))
}

func (b *Board) costTable(p *builder, s *Section) {
	t := &Table{Keys: 1, Part: "cost", Name: anchor("cost", s.Workload), Title: "Cost on " + code(s.Workload)}
	t.column("optimizer", false)
	t.column("G a training", true)
	if b.Suite.Baseline != "" {
		t.column("times "+escape(b.Suite.Baseline), true)
	}
	t.column("G a step", true)
	t.column("trials of the grid", true)
	t.column("did not finish", true)
	what, shown := "best validation error % of ", func(e stats.Estimate) string { return percent(e, 1) }
	if s.ByLoss {
		what, shown = "best objective of ", loss
	}
	sizes := 0
	for _, r := range s.Search {
		for k, e := range r.Expected {
			if e.OK {
				sizes = max(sizes, k+1)
			}
		}
	}
	for _, n := range searchSizes[:sizes] {
		t.column(what+count(n, "trial"), true)
	}
	costs := map[string]stats.Estimate{}
	for k := range s.Rankings {
		for _, row := range s.Rankings[k].Rows {
			costs[row.Optimizer] = row.Cost
		}
	}
	base := costs[b.Suite.Baseline]
	for _, r := range s.Search {
		at := b.find(s.Workload, r.Optimizer, func(t *Trial) bool { return t.Status == Done && t.Steps > 0 })
		times, step := words(na), words(na)
		c := costs[r.Optimizer]
		if c.OK && base.OK && base.Value > 0 {
			times = exactly(fixed(c.Value/base.Value, 2), c.Value/base.Value)
		}
		if len(at) > 0 {
			tr := &b.Trials[at[0]]
			step = exactly(fixed(tr.G/float64(tr.Steps), 2), tr.G/float64(tr.Steps))
		}
		rate := stats.Wilson(r.Bad, r.Trials, stats.Level)
		bad := quantify("0", rate)
		if r.Bad > 0 {
			bad.Text = fmt.Sprintf("%d (%s %% %s)", r.Bad, fixed(100*rate.Value, 0), interval(100*rate.Lo, 100*rate.Hi, 0))
		}
		line := Line{Group: r.Optimizer, Trials: b.find(s.Workload, r.Optimizer, func(t *Trial) bool { return t.Tuning }),
			Cells: []Cell{words(escape(r.Optimizer)), quantify(cost(c), c), step, exactly(fmt.Sprint(r.Trials), float64(r.Trials)), bad}}
		if b.Suite.Baseline != "" {
			line.Cells = slices.Insert(line.Cells, 2, times)
		}
		for _, e := range r.Expected[:sizes] {
			line.Cells = append(line.Cells, quantify(shown(e), e))
		}
		t.line(line)
	}
	p.table(t)
	text := "The budget of this suite is the same for all: " + escape(trimPeriod(b.Suite.Budget)) + ". Where G a training differs, the table of optimizers compares at equal steps, not at equal G. " +
		"Best of n trials: expected over draws with replacement from the grid; a trial that did not finish counts as an error of 100 %."
	p.paragraph(text)
}

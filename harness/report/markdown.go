package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// document collects Markdown and remembers the first error.
type document struct {
	w     io.Writer
	err   error
	blank bool // a blank line is due before the next block
}

func (d *document) printf(format string, args ...any) {
	if d.err == nil {
		_, d.err = fmt.Fprintf(d.w, format, args...)
	}
}

// block begins a new block: blocks are a blank line apart.
func (d *document) block() {
	if d.blank {
		d.printf("\n")
	}
	d.blank = true
}

func (d *document) heading(level int, text string) {
	d.block()
	d.printf("%s %s\n", strings.Repeat("#", level), text)
}

func (d *document) paragraph(text string) {
	if text != "" {
		d.block()
		d.printf("%s\n", text)
	}
}

func (d *document) list(items []string) {
	if len(items) == 0 {
		return
	}
	d.block()
	for _, item := range items {
		d.printf("- %s\n", item)
	}
}

// table prints a table and its footnotes.
func (d *document) table(t *Table, link func(*Line) string) {
	d.block()
	if d.err == nil {
		d.err = t.markdown(d.w, link)
	}
	d.footnotes(t)
}

func (d *document) footnotes(t *Table) {
	var notes []string
	for i, n := range t.Notes {
		notes = append(notes, superscript(i+1)+" "+n)
	}
	d.list(notes)
}

// blocks prints the blocks of a page.
func (d *document) blocks(blocks []Block, link func(*Line) string) {
	for _, block := range blocks {
		switch v := block.(type) {
		case Heading:
			d.heading(v.Level, v.Text)
		case Paragraph:
			d.paragraph(string(v))
		case List:
			d.list(v)
		case *Table:
			d.table(v, link)
		case *Figure:
			d.paragraph(fmt.Sprintf("![%s](%s)", escape(v.Alt), v.File))
		case Fold:
			d.block()
			d.printf("<details><summary>%s</summary>\n", inlineHTML(v.Summary))
			d.blocks(v.Blocks, link)
			d.block()
			d.printf("</details>\n")
		}
	}
}

// Markdown writes the whole board, for GitHub: the name of every row leads to its trials in data.csv.
func (b *Board) Markdown(w io.Writer) error {
	p := b.Page()
	d := &document{w: w}
	d.heading(1, p.Title)
	d.blocks(p.Blocks, dataLink)
	return d.err
}

// dataLink leads to the lines of data.csv with the trials of a row.
func dataLink(l *Line) string {
	if len(l.Trials) == 0 {
		return ""
	}
	first, last := l.Trials[0], l.Trials[len(l.Trials)-1]
	if last-first+1 != len(l.Trials) {
		return "data.csv"
	}
	// The first line of the file is its header.
	if first == last {
		return fmt.Sprintf("data.csv?plain=1#L%d", first+2)
	}
	return fmt.Sprintf("data.csv?plain=1#L%d-L%d", first+2, last+2)
}

// Page lays the board out.
func (b *Board) Page() *Page {
	title := b.Suite.Title
	if title == "" {
		title = b.Suite.Name
	}
	if b.Suite.Variant != "" {
		title += " (variant " + b.Suite.Variant + ")"
	}
	p := &builder{}
	p.list(b.Summary())
	for i := range b.Sections {
		s := &b.Sections[i]
		if b.shows("optimizers") {
			for k := range s.Rankings {
				r := &s.Rankings[k]
				p.heading(2, rankingTitle(s, r))
				p.table(b.rankingTable(s, r))
				p.paragraph(b.rankingLegend(s, r))
			}
		}
		if i == 0 {
			p.list(b.Suite.LeftOut)
		}
		if b.shows("metrics") {
			b.metricsPart(p, s)
		}
		if b.shows("heatmap") {
			b.heatPart(p, s)
		}
		b.detailsPart(p, s)
		if len(s.Tuning) > 0 && b.shows("tuning") {
			p.heading(2, "Tuning on "+code(s.Workload))
			p.table(b.tuningTable(s))
			p.paragraph(b.tuningLegend(s))
		}
		if len(s.Failures) > 0 && b.shows("failures") {
			p.heading(2, "Failed trials on "+code(s.Workload))
			p.table(b.failureTable(s))
		}
	}
	if b.shows("protocol") {
		p.heading(2, "Protocol")
		p.list(b.protocol())
	}
	return &Page{Title: escape(title), Blocks: p.blocks}
}

// shows says whether the suite wants a part of the board; without a choice it has all.
func (b *Board) shows(part string) bool {
	return len(b.Suite.Tables) == 0 || slices.Contains(b.Suite.Tables, part)
}

// openTargets is the number of correlation tables that lie open; those of further targets are folded.
const openTargets = 3

// metricsPart is the part about sharpness and error, with its plots.
func (b *Board) metricsPart(p *builder, s *Section) {
	if len(s.Correlations) > 0 {
		p.heading(2, "Does sharpness predict error on "+code(s.Workload)+"?")
		tables := func(p *builder, list []Correlation) {
			for k := range list {
				c := &list[k]
				p.heading(3, "Against "+escape(c.Target.Name))
				p.table(b.correlationTable(s, c))
			}
		}
		first := min(openTargets, len(s.Correlations))
		tables(p, s.Correlations[:first])
		p.paragraph(b.correlationLegend(s))
		p.fold(fmt.Sprintf("Against %s more", count(len(s.Correlations)-first, "target")), func(p *builder) { tables(p, s.Correlations[first:]) })
	}
	for k := range s.Scatters {
		sc := &s.Scatters[k]
		p.figure(&Figure{sc.File, fmt.Sprintf("%s against %s on %s, one point a configuration", sc.Metric.Column, sc.against(), s.Workload),
			func(w io.Writer) error { return b.SVG(w, sc) }})
	}
	if len(s.Alongs) > 0 {
		p.heading(2, "Sharpness along the training on "+code(s.Workload))
		for k := range s.Alongs {
			a := &s.Alongs[k]
			p.figure(&Figure{a.File, fmt.Sprintf("%s along the training on %s, a line an optimizer", a.Metric.Column, s.Workload),
				func(w io.Writer) error { return b.AlongSVG(w, a) }})
		}
		p.paragraph("Selected configurations: the thick line is the median over seeds, thin lines are seeds. All values, with those before the first step, are in [along.csv](along.csv).")
	}
	if len(s.Densities) > 0 {
		p.heading(2, "Spectra on "+code(s.Workload))
		for k := range s.Densities {
			x := &s.Densities[k]
			p.figure(&Figure{x.File, fmt.Sprintf("Density of the Hessian's eigenvalues on %s, a line an optimizer", s.Workload),
				func(w io.Writer) error { return b.DensitySVG(w, x) }})
		}
		p.paragraph("Selected configurations, the mean over seeds of the stored nodes and weights, each smoothed by a Gaussian whose width is " + fmt.Sprintf("%.2g", 100*densityWidth) + " % of the range.")
	}
	if len(b.Entries) > 0 {
		p.heading(2, "Metrics on "+code(s.Workload))
		p.table(b.metricTable(s))
		p.paragraph(b.metricLegend())
	}
	b.trustPart(p, s)
}

// Summary says in a few sentences (Markdown) what the board shows: who leads and how surely, whether sharpness goes with
// error, what the number of seeds allows to claim.
func (b *Board) Summary() []string {
	var out []string
	for i := range b.Sections {
		s := &b.Sections[i]
		if text := incomplete(s); text != "" {
			out = append(out, text)
		}
		for k := range s.Rankings {
			out = append(out, b.leader(s, &s.Rankings[k]))
		}
		if len(s.Correlations) > 0 {
			c := &s.Correlations[0]
			for _, m := range s.Headline {
				for _, row := range c.Rows {
					if row.Control || row.Name != m.Column {
						continue
					}
					out = append(out, b.correlationSentence(s, c, &row))
				}
			}
		}
		if len(s.Rankings) > 0 {
			if text := power(&s.Rankings[0]); text != "" {
				out = append(out, text)
			}
		}
	}
	return out
}

// incomplete says how many trials are not done and why.
func incomplete(s *Section) string {
	if s.Trials == s.AllTrials {
		return ""
	}
	counts := map[string]int{}
	for i := range s.Failures {
		counts[s.Failures[i].Status]++
	}
	var parts []string
	for _, status := range []string{Failed, Diverged, Timeout} {
		if n := counts[status]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, endings[status]))
		}
	}
	text := fmt.Sprintf("%s: %d of %s done", code(s.Workload), s.Trials, count(s.AllTrials, "trial"))
	if len(parts) > 0 {
		text += ", " + strings.Join(parts, ", ")
	}
	if n := s.AllTrials - s.Trials - len(s.Failures); n > 0 {
		text += fmt.Sprintf(", %d not finished: this board is preliminary", n)
	}
	return text + "."
}

func (b *Board) leader(s *Section, r *Ranking) string {
	where := "on " + code(s.Workload)
	if r.Track != "" {
		where += " in track " + code(r.Track)
	}
	var ranked []*Row
	for i := range r.Rows {
		if r.Rows[i].Ranked {
			ranked = append(ranked, &r.Rows[i])
		}
	}
	if len(ranked) == 0 {
		return fmt.Sprintf("No optimizer is ranked %s yet.", where)
	}
	first := ranked[0]
	text := fmt.Sprintf("Lowest mean test error %s: %s with %s %%", where, code(first.Optimizer), percent(first.Test, b.testDecimals(r)))
	if s.ByLoss {
		text = fmt.Sprintf("Lowest mean %s %s: %s with %s", s.judged(), where, code(first.Optimizer), loss(first.Test))
	}
	switch {
	case len(ranked) == 1:
		return text + ", the only one ranked."
	case !first.Rank.Interval:
		return text + fmt.Sprintf(", first of %d; one seed says nothing about how surely.", len(ranked))
	case first.Rank.Hi > 1:
		return text + fmt.Sprintf(", rank %s of %d: these seeds do not single out a winner.", first.Rank, len(ranked))
	}
	return text + fmt.Sprintf(", rank 1 of %d also when seeds are resampled.", len(ranked))
}

func (b *Board) correlationSentence(s *Section, c *Correlation, row *CorrelationRow) string {
	text := fmt.Sprintf("%s against %s on %s: ", code(row.Name), escape(c.Target.Name), code(s.Workload))
	e := row.Tau
	n := count(e.N, "configuration")
	switch {
	case !e.OK:
		return text + "τ is undefined over " + n + "."
	case !e.Interval:
		text += fmt.Sprintf("τ = %s over %s, without an interval", fixed(e.Value, 2), n)
	case e.Contains(0):
		text += fmt.Sprintf("τ = %s %s over %s, which includes 0", fixed(e.Value, 2), interval(e.Lo, e.Hi, 2), n)
	default:
		text += fmt.Sprintf("τ = %s %s over %s", fixed(e.Value, 2), interval(e.Lo, e.Hi, 2), n)
	}
	if row.Within.OK {
		text += fmt.Sprintf("; within %s %s", escape(strings.Join(c.Within, " and ")), fixed(row.Within.Value, 2))
		if row.Flipped {
			text += ", the opposite sign"
		}
	}
	return text + "."
}

// power says what the sign-flip test can show with these seeds.
func power(r *Ranking) string {
	if r.Comparisons == 0 {
		return ""
	}
	if r.Testable() {
		return fmt.Sprintf("%s and %s with the baseline: the sign-flip test can reach p = %s after Holm's correction.",
			count(r.Seeds, "seed"), count(r.Comparisons, "comparison"), pvalue(r.SmallestP))
	}
	what := "effect and interval only"
	if r.Seeds == 1 {
		what = "effect only"
	}
	return fmt.Sprintf("%s: %s. No sign-flip test over %s and %s can give p < 0.05 (the smallest is %s after Holm's correction); %d seeds could.",
		count(r.Seeds, "seed"), what, count(r.Seeds, "seed"), count(r.Comparisons, "comparison"), pvalue(r.SmallestP), r.NeededSeeds)
}

func rankingTitle(s *Section, r *Ranking) string {
	title := "Optimizers on " + code(s.Workload)
	if r.Track != "" {
		title += ", track " + code(r.Track)
	}
	return title
}

// testDecimals is shared by the test errors and the differences of a table.
func (b *Board) testDecimals(r *Ranking) int {
	var column []stats.Estimate
	for _, row := range r.Rows {
		column = append(column, row.Test, row.Delta.Delta)
	}
	return percentDecimals(column)
}

func arrow(better string) string {
	switch better {
	case "lower":
		return " ↓"
	case "higher":
		return " ↑"
	}
	return ""
}

func metricHeader(m MetricInfo) string {
	h := escape(m.Column)
	if m.Unit != "" {
		h += " (" + escape(m.Unit) + ")"
	}
	return h + arrow(m.Better)
}

func (b *Board) rankingTable(s *Section, r *Ranking) *Table {
	t := &Table{Keys: 2, Part: "optimizers", Title: rankingTitle(s, r), Name: anchor("optimizers", s.Workload, r.Track)}
	t.column("#", true)
	t.column("optimizer", false)
	t.column("selected", false)
	if s.ByLoss {
		t.column(s.judged()+" ↓", true)
	} else {
		t.column("test error % ↓", true)
	}
	for _, sh := range s.Shifts {
		if s.ByLoss {
			t.column(escape(sh.Name)+" "+s.judged()+" ↓", true)
		} else {
			t.column(escape(sh.Name)+" error % ↓", true)
		}
	}
	for _, m := range s.Headline {
		t.column(metricHeader(m), true)
	}
	private := r.private()
	if private {
		t.column("ε spent (δ)", true)
	}
	t.column("cost (G)", true)
	if r.Baseline != "" {
		what := "test"
		if s.ByLoss {
			what = s.judged()
		}
		t.column("Δ "+what+" vs "+escape(r.Baseline)+" [95 % CI]", true)
	}
	decimals := b.testDecimals(r)
	shiftDecimals := make([]int, len(s.Shifts))
	for i := range s.Shifts {
		var column []stats.Estimate
		for _, row := range r.Rows {
			column = append(column, row.Shifts[i])
		}
		shiftDecimals[i] = percentDecimals(column)
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		marks := make([]string, len(row.Notes))
		for k, n := range row.Notes {
			marks[k] = t.note(n)
		}
		mark := ""
		if len(marks) > 0 {
			mark = " " + strings.Join(marks, "\u200a")
		}
		cells := []Cell{words(dash), words(escape(row.Optimizer)), words(escape(row.Config)), quantify(score(s, row.Test, decimals), row.Test)}
		if row.Ranked {
			cells[0] = exactly(row.Rank.String(), float64(row.Rank.Point))
			if row.Config == "" {
				cells[2].Text = dash
			}
			cells[2].Text += mark
		} else {
			cells[2].Text = "not ranked" + mark
		}
		for k, e := range row.Shifts {
			cells = append(cells, quantify(score(s, e, shiftDecimals[k]), e))
		}
		for _, e := range row.Metrics {
			switch {
			case !row.Ranked:
				cells = append(cells, words(dash))
			default:
				cells = append(cells, quantify(measured(e), e))
			}
		}
		if private {
			cells = append(cells, words(epsilon(row.Privacy)))
		}
		cells = append(cells, quantify(cost(row.Cost), row.Cost))
		if r.Baseline != "" {
			cells = append(cells, deltaCell(s, r, row, decimals))
		}
		t.line(Line{Cells: cells, Group: row.Optimizer, Trials: b.find(s.Workload, row.Optimizer, func(t *Trial) bool { return t.Final })})
	}
	return t
}

// find lists the positions of the trials of a workload that pass, of one optimizer or of all ("").
func (b *Board) find(workload, optimizer string, keep func(*Trial) bool) []int {
	var at []int
	for i := range b.Trials {
		t := &b.Trials[i]
		if t.Workload == workload && (optimizer == "" || t.Optimizer == optimizer) && keep(t) {
			at = append(at, i)
		}
	}
	return at
}

// private says whether the table has a column of ε.
func (r *Ranking) private() bool {
	for i := range r.Rows {
		if r.Rows[i].Privacy != nil {
			return true
		}
	}
	return false
}

// epsilon prints an upper bound: rounded up.
func epsilon(p *Privacy) string {
	switch {
	case p == nil:
		return dash
	case math.IsInf(p.Epsilon, 1):
		return fmt.Sprintf("∞ (%g)", p.Delta)
	}
	text := fmt.Sprintf("%.2f (%g)", math.Ceil(p.Epsilon*100-1e-9)/100, p.Delta)
	if p.Declared != "" {
		text += " declared"
	}
	return text
}

func deltaCell(s *Section, r *Ranking, row *Row, decimals int) Cell {
	switch {
	case row.Baseline && row.Ranked:
		return words("baseline")
	case !row.Compared || !row.Delta.Delta.OK:
		return words(dash)
	}
	e := row.Delta.Delta
	text := fixed(100*e.Value, decimals)
	if s.ByLoss {
		text = significant(e.Value)
		if e.Interval {
			text += " [" + significant(e.Lo) + ", " + significant(e.Hi) + "]"
		}
	} else if e.Interval {
		text += " " + interval(100*e.Lo, 100*e.Hi, decimals)
	}
	if r.Testable() {
		if row.Significant() {
			text += " *"
		} else {
			text += " ~"
		}
	}
	return Cell{Text: text, Value: e, Open: e.Contains(0)}
}

func (b *Board) rankingLegend(s *Section, r *Ranking) string {
	var parts []string
	mean, unit := "mean test error", "in percentage points, paired"
	if s.ByLoss {
		mean, unit = "mean "+s.judged(), "paired"
	}
	switch {
	case s.Squared:
		parts = append(parts, "The workload has numbers to predict: optimizers are ranked by the mean squared error of one of them on the test examples, and tried configurations by that on the validation examples.")
	case s.ByLoss:
		parts = append(parts, "The workload is a problem with a known answer: optimizers are ranked by its exact objective, and so is every configuration that is tried.")
	}
	if r.Seeds > 1 {
		parts = append(parts, fmt.Sprintf("± is half the width of the 95 %% confidence interval over %s of the selected configuration (Student's t). "+
			"# is the rank of the %s with its 95 %% interval over resampled seeds.", count(r.Seeds, "seed"), mean))
	} else {
		parts = append(parts, "One seed: no interval can be given, and ranks may be chance.")
	}
	if r.private() {
		parts = append(parts, "ε spent is that of one training, an upper bound from the noise that the host has added up to the last step; "+
			"what the tuning on the same data reveals is not in it.")
	}
	switch {
	case r.BaselineReason != "":
		parts = append(parts, "No difference is given: "+r.BaselineReason+".")
	case r.Comparisons == 0:
	case r.Testable():
		parts = append(parts, fmt.Sprintf("Δ is %s by seed. `*`: p < 0.05, `~`: not; paired sign-flip test over %s, Holm over %s.",
			unit, count(r.Seeds, "seed"), count(r.Comparisons, "comparison")))
	default:
		parts = append(parts, "Δ is "+unit+" by seed. "+power(r))
	}
	return strings.Join(parts, " ")
}

func (b *Board) correlationTable(s *Section, c *Correlation) *Table {
	t := &Table{Keys: 1, Part: "metrics", Title: "Sharpness against " + escape(c.Target.Name) + " on " + code(s.Workload), Name: anchor("metrics", s.Workload, c.Target.Key)}
	trials := b.find(s.Workload, "", func(t *Trial) bool { return t.Status == Done && b.overrides(t.Optimizer) == "" })
	t.column("metric", false)
	t.column("τ [95 % CI]", true)
	if len(c.Within) > 0 {
		t.column("within "+escape(strings.Join(c.Within, ", ")), true)
	}
	for _, name := range c.Controls {
		t.column("given "+escape(name), true)
	}
	t.column("n (detectable)", true)
	for _, row := range c.Rows {
		name := escape(row.Name)
		if row.Control {
			name = "*" + name + "*"
		}
		if len(row.Nulls) > 0 {
			name += " " + t.note(fmt.Sprintf("%s is missing in finished trials: %s.", code(row.Name), strings.Join(row.Nulls, "; ")))
		}
		mark := ""
		if row.Marked {
			mark = " *"
		}
		cells := []Cell{words(name), t.correlation(row.Tau, mark)}
		if len(c.Within) > 0 {
			mark := ""
			if row.WithinMarked {
				mark = " *"
			}
			if row.Flipped {
				mark += " †"
			}
			cells = append(cells, t.correlation(row.Within, mark))
		}
		for k, e := range row.Partial {
			mark := ""
			if e.OK && e.N < row.Tau.N {
				mark = " " + t.note(fmt.Sprintf("Over the %s that have %s.", count(e.N, "configuration"), code(c.Controls[k])))
			}
			cells = append(cells, t.correlation(e, mark))
		}
		n := fmt.Sprint(row.Tau.N)
		if row.Tau.N >= 2 {
			n += " (" + fixed(row.Detectable, 2) + ")"
		}
		t.line(Line{Cells: append(cells, exactly(n, float64(row.Tau.N))), Trials: trials})
	}
	return t
}

// correlation is a cell with τ, a mark, and a footnote where the interval is missing.
func (t *Table) correlation(e stats.Estimate, mark string) Cell {
	return Cell{Text: correlation(e) + mark + t.intervalNote(e), Value: e, Open: e.OK && e.Contains(0)}
}

// intervalNote is the mark of a footnote that says why a defined τ has no interval, unless the legend says it for the
// whole table (too few configurations).
func (t *Table) intervalNote(e stats.Estimate) string {
	if !e.OK || e.Interval || e.N < stats.MinClusters || len(e.Warnings) == 0 {
		return ""
	}
	return " " + t.note(upper(e.Warnings[0])+".")
}

func (b *Board) correlationLegend(s *Section) string {
	var few, undefined, flipped, zero bool
	for _, c := range s.Correlations {
		for _, r := range c.Rows {
			for _, e := range append([]stats.Estimate{r.Tau, r.Within}, r.Partial...) {
				few = few || e.OK && e.N < stats.MinClusters
				undefined = undefined || !e.OK
				zero = zero || e.OK && e.Interval && e.Contains(0)
			}
			flipped = flipped || r.Flipped
		}
	}
	parts := []string{"τ is Kendall's τ_b over configurations, each the mean over its finished seeds; a positive τ means that larger values go with more error."}
	if names := b.otherModels(); len(names) > 0 {
		parts = append(parts, fmt.Sprintf("Without %s, which %s the workload.", strings.Join(names, ", "), plural(len(names), "changes", "change")))
	}
	if few {
		parts = append(parts, fmt.Sprintf("Fewer than %d configurations give no interval.", stats.MinClusters))
	}
	if zero {
		parts = append(parts, "`~`: the interval includes 0.")
	}
	if n := s.Correlations[0].Tests; n > 0 {
		parts = append(parts, fmt.Sprintf("`*`: p < 0.05, permutation test (of the second column inside its groups), Holm over the %s of metrics in these tables; controls are not tested.", fmt.Sprint(n)+" τ"))
	}
	if flipped {
		parts = append(parts, "†: the sign inside groups is opposite to the pooled one.")
	}
	if undefined {
		parts = append(parts, "n/a: undefined, because a side is constant, a control determines it, or there are too few configurations.")
	}
	parts = append(parts, "n (detectable): configurations, and the smallest |τ| that so many distinguish from 0 at p < 0.05. "+
		"Rows in italics are controls: a metric that tells less than they do explains nothing. Intervals are not corrected for the number of rows; marks are.")
	return strings.Join(parts, " ")
}

func (b *Board) tuningTable(s *Section) *Table {
	t := &Table{Keys: 2, Part: "tuning", Title: "Tuning on " + code(s.Workload), Name: anchor("tuning", s.Workload)}
	t.column("optimizer", false)
	t.column("configuration", false)
	t.column("selected", false)
	if s.ByLoss {
		t.column(s.judged()+" ↓", true)
	} else {
		t.column("validation error % ↓", true)
		t.column("test error %", true)
		t.column("train error %", true)
	}
	t.column("trials", true)
	columns := [3][]stats.Estimate{}
	for _, r := range s.Tuning {
		for k, e := range []stats.Estimate{r.Validation, r.Test, r.Train} {
			columns[k] = append(columns[k], e)
		}
	}
	for _, r := range s.Tuning {
		selected := ""
		if r.Selected {
			selected = "✓"
		}
		trials := fmt.Sprint(r.All)
		if r.Done < r.All {
			trials = fmt.Sprintf("%d of %d", r.Done, r.All)
			var why []string
			for _, part := range []struct {
				n    int
				what string
			}{{r.Failed, endings[Failed]}, {r.Diverged, endings[Diverged]}, {r.Timeout, endings[Timeout]}} {
				if part.n > 0 {
					why = append(why, fmt.Sprintf("%d %s", part.n, part.what))
				}
			}
			if len(why) > 0 {
				trials += " (" + strings.Join(why, ", ") + ")"
			}
		}
		line := Line{Group: r.Optimizer, Cells: []Cell{words(escape(r.Optimizer)), words(escape(r.Config)), words(selected)},
			Trials: b.find(s.Workload, r.Optimizer, func(t *Trial) bool { return t.Tuning && t.ConfigKey == r.ConfigKey })}
		if s.ByLoss {
			line.Cells = append(line.Cells, quantify(loss(r.Validation), r.Validation))
		} else {
			for k, e := range []stats.Estimate{r.Validation, r.Test, r.Train} {
				line.Cells = append(line.Cells, quantify(percent(e, percentDecimals(columns[k])), e))
			}
		}
		line.Cells = append(line.Cells, exactly(trials, float64(r.All)))
		t.line(line)
	}
	return t
}

func (b *Board) tuningLegend(s *Section) string {
	text := fmt.Sprintf("Means over the tuning seeds (%s) of every configuration of the grid.", seeds(b.Suite.TuningSeeds))
	if len(b.Suite.TuningSeeds) > 1 {
		text += " ± is half the width of the 95 % confidence interval over them (Student's t)."
	}
	if b.Suite.SelectRule != "" {
		text += " Selection: " + escape(trimPeriod(b.Suite.SelectRule)) + "."
	}
	if s.ByLoss {
		return text
	}
	return text + " The test error is shown for the reader; no selection sees it."
}

func (b *Board) failureTable(s *Section) *Table {
	t := &Table{Keys: 1, Part: "failures", Title: "Failed trials on " + code(s.Workload), Name: anchor("failures", s.Workload)}
	t.column("trial", false)
	t.column("optimizer", false)
	t.column("configuration", false)
	t.column("seed", true)
	t.column("status", false)
	t.column("reason", false)
	t.column("log", false)
	for i := range s.Failures {
		f := &s.Failures[i]
		t.row(code(short(f.ID)), escape(f.Optimizer), escape(f.ConfigLabel), fmt.Sprint(f.Seed), escape(f.Status), escape(f.Reason), code(logPath(f.ID))).
			about(f.Optimizer, b.find(s.Workload, f.Optimizer, func(t *Trial) bool { return t.ID == f.ID }))
	}
	return t
}

// machines counts what trained the trials.
func (b *Board) machines() string {
	var all []string
	for i := range b.Trials {
		if t := &b.Trials[i]; t.Machine != "" && t.Status != Missing {
			all = append(all, t.Machine)
		}
	}
	counts := map[string]bool{}
	for _, m := range all {
		counts[m] = true
	}
	names := sorted(counts)
	for i, name := range names {
		n := 0
		for _, m := range all {
			if m == name {
				n++
			}
		}
		names[i] = escape(name) + " (" + count(n, "trial") + ")"
	}
	return strings.Join(names, "; ")
}

func (b *Board) protocol() []string {
	var out []string
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	suite := fmt.Sprintf("Suite %s, revision %d", code(b.Suite.Name), b.Suite.Revision)
	if b.Suite.Variant != "" {
		suite += ", variant " + code(b.Suite.Variant)
	}
	if b.Suite.Hash != "" {
		suite += ", hash " + code(b.Suite.Hash)
	}
	if b.Suite.Plugins != "" {
		suite += ", plugins " + code(short(b.Suite.Plugins))
	}
	if b.Suite.Engine > 0 {
		suite += fmt.Sprintf(", engine %d", b.Suite.Engine)
	}
	if b.Suite.Version != "" {
		suite += ", bench " + escape(b.Suite.Version)
	}
	say("%s.", suite)
	done, configs := 0, 0
	for _, s := range b.Sections {
		done += s.Trials
		configs += s.AllConfigurations
	}
	say("%s; %d of %s done. Every trial is a row of [data.csv](data.csv).", count(configs, "configuration"), done, count(b.Suite.Trials, "trial"))
	if text := b.machines(); text != "" {
		say("Machines: %s.", text)
	}
	if b.Suite.Budget != "" {
		say("Budget of a trial: %s. A cost of 1 G is one gradient on one nominal batch.", escape(trimPeriod(b.Suite.Budget)))
	}
	tuning := ""
	if len(b.Suite.TuningSeeds) > 0 {
		tuning = fmt.Sprintf("; tuning seeds: %s", seeds(b.Suite.TuningSeeds))
	}
	say("Seeds: %s%s. A seed fixes initialisation, split and batch order alike for every optimizer.", seeds(b.Suite.Seeds), tuning)
	if b.Suite.SelectRule != "" {
		say("Selection: %s. The test and shift sets play no part in it.", escape(trimPeriod(b.Suite.SelectRule)))
	}
	for _, o := range b.Optimizers {
		if o.Overrides != "" {
			say("%s overrides: %s.", code(o.Name), escape(trimPeriod(o.Overrides)))
		}
	}
	if len(b.Suite.Unpinned) > 0 {
		names := make([]string, len(b.Suite.Unpinned))
		for i, n := range b.Suite.Unpinned {
			names[i] = code(n)
		}
		say("Not pinned by a lock file: %s.", strings.Join(names, ", "))
	}
	say("±: half the width of the 95 %% interval t(0.975, n−1)·sd/√n over the n seeds of one configuration, sd with divisor n−1. " +
		"It shows what the seed changes, not the sampling of the test set.")
	say("Rank interval: 95 %% of 10 000 draws of seeds with replacement, the same draw for every optimizer, deviations from the mean stretched by " +
		"√(n/(n−1))·t/z so that few seeds do not look certain.")
	if b.Suite.Baseline != "" {
		say("Δ: mean difference to %s over the same seeds, with Student's t interval. Its p is that of the exact two-sided sign-flip test "+
			"(100 000 random flips beyond 20 seeds), adjusted by Holm's method over the comparisons of the table.", code(b.Suite.Baseline))
	}
	if len(b.Metrics) > 0 && len(b.Correlate.Y) > 0 {
		text := fmt.Sprintf("τ: its interval is the 95 %% BCa bootstrap interval of %s resamples of configurations (beyond %d configurations that of the jackknife)", whole(float64(b.Correlate.Resamples)), stats.LargeSample)
		if len(b.Correlate.Within) > 0 {
			names := escape(strings.Join(b.Correlate.Within, " and "))
			text += fmt.Sprintf(", drawn within %s, so that it speaks of these groups and no others; pairs of a configuration with its own copy are left out. The column “within %s” compares configurations of the same %s only", names, escape(strings.Join(b.Correlate.Within, ", ")), names)
		} else {
			text += "; pairs of a configuration with its own copy are left out"
		}
		if len(b.Correlate.Control) > 0 {
			text += ". “given x” is Kendall's partial τ"
		}
		say("%s.", text)
	}
	return out
}

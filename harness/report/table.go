package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// Table is a table of a board, the one thing that every format prints. All its texts are inline Markdown, as escape, code
// and the number printers make it; spans takes them apart for the other formats.
type Table struct {
	// Name identifies the table on its page, in anchors and in files: letters, digits and hyphens.
	Name string
	// Part is the word that selects the table in [report] tables.
	Part    string
	Title   string
	Columns []Column
	Rows    []Line
	// Keys is the number of leading columns that name the row: they are repeated when the table is split.
	Keys int
	// Notes are the footnotes, complete sentences; the first is marked ¹.
	Notes []string
}

// Column is one column of a table.
type Column struct {
	Header string
	// Right: the column holds numbers.
	Right bool
	// Help says in a sentence what the column means, for a reader who points at it; "" for nothing.
	Help string
}

// Line is one row of a table.
type Line struct {
	Cells []Cell
	// Trials are the trials behind the row, as positions in Board.Trials, in ascending order; nil when it has none of its own.
	Trials []int
	// Group is the optimizer the row belongs to, "" for none: what a filter selects by.
	Group string
}

// Cell is one cell.
type Cell struct {
	Text string
	// Value is the number behind Text, undefined where there is none. In a column of percentages it is a fraction.
	Value stats.Estimate
	// Open: the interval crosses the line that decides, so that the number says nothing about it.
	Open bool
}

// words is a cell of text alone.
func words(text string) Cell { return Cell{Text: text} }

// quantify is a cell with the estimate it prints.
func quantify(text string, e stats.Estimate) Cell { return Cell{Text: text, Value: e} }

// exactly is a cell with a number that has no interval.
func exactly(text string, v float64) Cell {
	return Cell{Text: text, Value: stats.Estimate{Value: v, OK: true}}
}

func (t *Table) column(header string, right bool, help ...string) {
	t.Columns = append(t.Columns, Column{Header: header, Right: right, Help: strings.Join(help, " ")})
}

// row adds a row of texts.
func (t *Table) row(cells ...string) *Line {
	line := Line{}
	for _, c := range cells {
		line.Cells = append(line.Cells, words(c))
	}
	return t.line(line)
}

func (t *Table) line(l Line) *Line {
	if len(l.Cells) != len(t.Columns) {
		panic(fmt.Sprintf("report: a row of %d cells in a table of %d columns", len(l.Cells), len(t.Columns)))
	}
	t.Rows = append(t.Rows, l)
	return &t.Rows[len(t.Rows)-1]
}

// about says whose trials are behind the row.
func (l *Line) about(group string, trials []int) { l.Group, l.Trials = group, trials }

// anchor makes the name of a table from words: letters, digits and hyphens.
func anchor(words ...string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '*':
			return 'x'
		}
		return '-'
	}, strings.Join(words, "-")), "-")
}

// note adds a footnote and returns its mark. The same text keeps its mark.
func (t *Table) note(text string) string {
	for i, n := range t.Notes {
		if n == text {
			return superscript(i + 1)
		}
	}
	t.Notes = append(t.Notes, text)
	return superscript(len(t.Notes))
}

// markdown writes the table, aligned in the source too. link gives the address behind a row's name, "" for none; nil links
// nothing.
func (t *Table) markdown(w io.Writer, link func(*Line) string) error {
	// Widths must not follow the locale of whoever renders: the board is the same everywhere.
	twwidth.SetEastAsian(false)
	align := make([]tw.Align, len(t.Columns))
	header := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		header[i] = c.Header
		align[i] = tw.AlignLeft
		if c.Right {
			align[i] = tw.AlignRight
		}
	}
	verbatim := tw.CellFormatting{AutoFormat: tw.Off, AutoWrap: tw.WrapNone}
	cells := tw.CellConfig{Formatting: verbatim, Alignment: tw.CellAlignment{PerColumn: align}}
	tab := tablewriter.NewTable(w,
		tablewriter.WithRenderer(renderer.NewMarkdown()),
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
	)
	name := t.nameColumn()
	if link != nil && t.oneSample() {
		// The same trials are behind every row: one link is enough.
		if to := link(&t.Rows[0]); to != "" {
			header[name] = "[" + header[name] + "](" + to + ")"
		}
		link = nil
	}
	tab.Header(header)
	rows := make([][]string, len(t.Rows))
	for i := range t.Rows {
		for k, c := range t.Rows[i].Cells {
			text := c.Text
			if k == name && link != nil {
				if to := link(&t.Rows[i]); to != "" {
					text = "[" + text + "](" + to + ")"
				}
			}
			rows[i] = append(rows[i], text)
		}
	}
	if err := tab.Bulk(rows); err != nil {
		return err
	}
	return tab.Render()
}

// oneSample says whether several rows rest on the same trials.
func (t *Table) oneSample() bool {
	for i := range t.Rows {
		if !slices.Equal(t.Rows[i].Trials, t.Rows[0].Trials) {
			return false
		}
	}
	return len(t.Rows) > 1
}

// nameColumn is the column whose text names the row: the first of words.
func (t *Table) nameColumn() int {
	for i, c := range t.Columns {
		if !c.Right {
			return i
		}
	}
	return 0
}

// split cuts the table into tables at most width columns wide, each beginning with the key columns. A single column that is
// wider stays whole. width <= 0 means no limit.
func (t *Table) split(width int) []*Table {
	twwidth.SetEastAsian(false)
	size := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		size[i] = twwidth.Width(c.Header) + 3
		for _, r := range t.Rows {
			size[i] = max(size[i], twwidth.Width(r.Cells[i].Text)+3)
		}
	}
	keys := min(t.Keys, len(t.Columns))
	base := 1
	for _, s := range size[:keys] {
		base += s
	}
	var parts []*Table
	for at := keys; at < len(t.Columns); {
		to, used := at+1, base+size[at]
		for to < len(t.Columns) && (width <= 0 || used+size[to] <= width) {
			used += size[to]
			to++
		}
		part := &Table{Keys: keys}
		part.Columns = append(append([]Column(nil), t.Columns[:keys]...), t.Columns[at:to]...)
		for _, r := range t.Rows {
			r.Cells = append(append([]Cell(nil), r.Cells[:keys]...), r.Cells[at:to]...)
			part.Rows = append(part.Rows, r)
		}
		parts = append(parts, part)
		at = to
	}
	return parts
}

// escape makes text of others safe inside Markdown and inside a table cell: no markup, no cell border, no line break.
func escape(s string) string {
	var out strings.Builder
	runes := []rune(strings.ToValidUTF8(s, "�"))
	word := func(i int) bool {
		return i >= 0 && i < len(runes) && (unicode.IsLetter(runes[i]) || unicode.IsDigit(runes[i]))
	}
	for i, r := range runes {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || unicode.IsControl(r):
			out.WriteByte(' ')
			continue
		case strings.ContainsRune("\\`*|<>[]~", r):
			out.WriteByte('\\')
		case r == '_' && !(word(i-1) && word(i+1)):
			// Inside a word GitHub takes it as it is, and names like weight_decay stay readable in a terminal.
			out.WriteByte('\\')
		case r == '&':
			out.WriteString("&amp;")
			continue
		}
		out.WriteRune(r)
	}
	return strings.TrimSpace(out.String())
}

// code sets text as code. In a table a border inside code needs a backslash as well.
func code(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	if s == "" {
		return ""
	}
	if strings.ContainsAny(s, "`|") {
		return escape(s)
	}
	return "`" + s + "`"
}

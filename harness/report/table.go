package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// table is a table of cells that are already Markdown.
type table struct {
	header []string
	right  []bool // by column: numbers are aligned right
	rows   [][]string
	keys   int // leading columns that name the row: repeated when the table is split
	notes  []string
}

func (t *table) column(header string, right bool) {
	t.header = append(t.header, header)
	t.right = append(t.right, right)
}

func (t *table) row(cells ...string) {
	if len(cells) != len(t.header) {
		panic(fmt.Sprintf("report: a row of %d cells in a table of %d columns", len(cells), len(t.header)))
	}
	t.rows = append(t.rows, cells)
}

// note adds a footnote and returns its mark. The same text keeps its mark.
func (t *table) note(text string) string {
	for i, n := range t.notes {
		if n == text {
			return superscript(i + 1)
		}
	}
	t.notes = append(t.notes, text)
	return superscript(len(t.notes))
}

// markdown writes the table, aligned in the source too.
func (t *table) markdown(w io.Writer) error {
	// Widths must not follow the locale of whoever renders: the board is the same everywhere.
	twwidth.SetEastAsian(false)
	align := make([]tw.Align, len(t.right))
	for i, right := range t.right {
		align[i] = tw.AlignLeft
		if right {
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
	tab.Header(t.header)
	if err := tab.Bulk(t.rows); err != nil {
		return err
	}
	return tab.Render()
}

// split cuts the table into tables at most width columns wide, each beginning with the key columns. A single column that is
// wider stays whole. width <= 0 means no limit.
func (t *table) split(width int) []*table {
	twwidth.SetEastAsian(false)
	size := make([]int, len(t.header))
	for i, h := range t.header {
		size[i] = twwidth.Width(h) + 3
		for _, r := range t.rows {
			size[i] = max(size[i], twwidth.Width(r[i])+3)
		}
	}
	keys := min(t.keys, len(t.header))
	base := 1
	for _, s := range size[:keys] {
		base += s
	}
	var parts []*table
	for at := keys; at < len(t.header); {
		to, used := at+1, base+size[at]
		for to < len(t.header) && (width <= 0 || used+size[to] <= width) {
			used += size[to]
			to++
		}
		part := &table{keys: keys}
		pick := func(cells []string) []string {
			return append(append([]string(nil), cells[:keys]...), cells[at:to]...)
		}
		part.header = pick(t.header)
		part.right = append(append([]bool(nil), t.right[:keys]...), t.right[at:to]...)
		for _, r := range t.rows {
			part.rows = append(part.rows, pick(r))
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

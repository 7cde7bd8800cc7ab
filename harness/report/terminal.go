package report

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// Terminal writes the tables that answer the suite's question, as Markdown: optimizers, correlations, failed trials, and the
// summary last. Tables wider than width columns are cut into several that repeat the columns naming the row; width <= 0
// means no limit. color sets headings in bold. Figures, tuning and protocol are left to the written report.
func (b *Board) Terminal(w io.Writer, width int, color bool) error {
	var buf bytes.Buffer
	d := &document{w: &buf}
	heading := func(text string) {
		if color {
			d.block()
			d.printf("\x1b[1m## %s\x1b[0m\n", text)
			return
		}
		d.heading(2, text)
	}
	table := func(t *Table) {
		for _, part := range t.split(width) {
			d.table(part, nil)
		}
		d.footnotes(t)
	}
	for i := range b.Sections {
		s := &b.Sections[i]
		for k := range s.Rankings {
			heading(rankingTitle(s, &s.Rankings[k]))
			table(b.rankingTable(s, &s.Rankings[k]))
			d.paragraph(b.rankingLegend(s, &s.Rankings[k]))
		}
		if i == 0 {
			d.list(b.Suite.LeftOut)
		}
		for k := range s.Correlations {
			c := &s.Correlations[k]
			heading(fmt.Sprintf("Sharpness against %s on %s", escape(c.Target.Name), code(s.Workload)))
			table(b.correlationTable(s, c))
		}
		if len(s.Correlations) > 0 {
			d.paragraph(b.correlationLegend(s))
		}
		if len(s.Failures) > 0 {
			heading("Failed trials on " + code(s.Workload))
			table(b.failureTable(s))
		}
	}
	heading("Summary")
	d.list(b.Summary())
	if d.err != nil {
		return d.err
	}
	_, err := io.WriteString(w, wrap(buf.String(), width))
	return err
}

// wrap breaks the lines of paragraphs and lists at width; lines of tables and headings stay whole.
func wrap(text string, width int) string {
	if width <= 0 {
		return text
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "|") || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "\x1b") {
			out.WriteString(line + "\n")
			continue
		}
		indent := ""
		if strings.HasPrefix(line, "- ") {
			indent = "  "
		}
		used := 0
		for i, word := range strings.Split(line, " ") {
			n := len([]rune(word))
			switch {
			case i == 0:
			case used+1+n > width:
				out.WriteString("\n" + indent)
				used = len(indent)
			default:
				out.WriteByte(' ')
				used++
			}
			out.WriteString(word)
			used += n
		}
		out.WriteByte('\n')
	}
	return out.String()
}

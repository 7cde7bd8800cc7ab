package report

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// CellsCSV writes every cell of every table of the board as a row: the table, the row's name and number, the column, the text as
// printed, and the number behind it with its interval, the observations and what is to be said of it.
func (b *Board) CellsCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"table", "row", "name", "column", "text", "value", "lo", "hi", "n", "warnings"}); err != nil {
		return err
	}
	for _, t := range b.Page().Tables() {
		name := t.nameColumn()
		for i, r := range t.Rows {
			for k, c := range r.Cells {
				row := []string{t.Name, strconv.Itoa(i + 1), plain(r.Cells[name].Text), plain(t.Columns[k].Header), plain(c.Text), "", "", "", "", ""}
				if e := c.Value; e.OK {
					row[5] = number(e.Value)
					if e.Interval {
						row[6], row[7] = number(e.Lo), number(e.Hi)
					}
					if e.N > 0 {
						row[8] = strconv.Itoa(e.N)
					}
				}
				row[9] = strings.Join(c.Value.Warnings, "; ")
				if err := out.Write(row); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

type jsonBoard struct {
	Title   string      `json:"title"`
	Suite   SuiteInfo   `json:"suite"`
	Summary []string    `json:"summary"`
	Tables  []jsonTable `json:"tables"`
}

type jsonTable struct {
	Name    string    `json:"name"`
	Part    string    `json:"part"`
	Title   string    `json:"title"`
	Columns []string  `json:"columns"`
	Rows    []jsonRow `json:"rows"`
	Notes   []string  `json:"notes,omitempty"`
}

type jsonRow struct {
	Cells  []jsonCell `json:"cells"`
	Trials []string   `json:"trials,omitempty"`
}

type jsonCell struct {
	Text     string   `json:"text"`
	Value    *float64 `json:"value,omitempty"`
	Lo       *float64 `json:"lo,omitempty"`
	Hi       *float64 `json:"hi,omitempty"`
	N        int      `json:"n,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// JSON writes the tables of the board with the numbers behind their cells and the ids of the trials behind their rows. A
// number that is undefined is absent.
func (b *Board) JSON(w io.Writer) error {
	p := b.Page()
	j := jsonBoard{Title: plain(p.Title), Suite: b.Suite}
	for _, s := range b.Summary() {
		j.Summary = append(j.Summary, plain(s))
	}
	for _, t := range p.Tables() {
		jt := jsonTable{Name: t.Name, Part: t.Part, Title: plain(t.Title)}
		for _, c := range t.Columns {
			jt.Columns = append(jt.Columns, plain(c.Header))
		}
		for _, n := range t.Notes {
			jt.Notes = append(jt.Notes, plain(n))
		}
		for _, r := range t.Rows {
			var row jsonRow
			for _, c := range r.Cells {
				row.Cells = append(row.Cells, jsonValue(plain(c.Text), c.Value))
			}
			for _, i := range r.Trials {
				row.Trials = append(row.Trials, b.Trials[i].ID)
			}
			jt.Rows = append(jt.Rows, row)
		}
		j.Tables = append(j.Tables, jt)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(j)
}

func jsonValue(text string, e stats.Estimate) jsonCell {
	c := jsonCell{Text: text, Warnings: e.Warnings}
	if e.OK && finite(e.Value) {
		c.Value, c.N = &e.Value, e.N
		if e.Interval && finite(e.Lo) && finite(e.Hi) {
			c.Lo, c.Hi = &e.Lo, &e.Hi
		}
	}
	return c
}

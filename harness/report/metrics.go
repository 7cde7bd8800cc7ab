package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Entry is one metric of the suite: one measurement of every trained net, whose values are columns of the board.
type Entry struct {
	Name    string // in the suite; MetricInfo.Entry refers to it
	Plugin  string
	Version string // numeric, or the hash of the plugin's files
	On      string // the examples, in words: "500 of train in batches of 50"
	// Unchanged lists the transformations of the parameters that the plugin says do not change its values, with the
	// parameters of the entry.
	Unchanged []Unchanged
}

// Unchanged is a declared invariance.
type Unchanged struct {
	Name   string
	Values []string // values that it is about; nil: all
	Tested bool     // the tests of this program have confirmed it
}

// Measured is what one measurement has cost, and of what it was taken.
type Measured struct {
	Losses, Gradients, Products uint64 // evaluations of the loss, of its gradient, Hessian-vector products
	G                           float64
	Examples                    string // identifies the list of examples
}

// Data is a table that a metric has found besides its values: columns of one length.
type Data struct {
	Name    string
	Columns []DataColumn
}

// DataColumn is a column of Data.
type DataColumn struct {
	Name   string
	Values []float64
}

func (d *Data) column(name string) []float64 {
	for _, c := range d.Columns {
		if c.Name == name {
			return c.Values
		}
	}
	return nil
}

// metricTable says of each metric what it is, what it was taken of and what it has cost.
func (b *Board) metricTable(s *Section) *Table {
	t := &Table{Keys: 1, Part: "metrics", Title: "Metrics on " + code(s.Workload), Name: anchor("metrics", s.Workload)}
	t.column("metric", false)
	t.column("plugin", false)
	t.column("values (unit)", false)
	t.column("examples", false)
	t.column("unchanged by", false)
	t.column("G", true)
	t.column("losses, gradients, products", true)
	t.column("no value", true)
	t.column("warned", true)
	for _, e := range b.Entries {
		var columns []MetricInfo
		var values []string
		for _, m := range b.Metrics {
			if m.Entry != e.Name || m.Summary {
				continue
			}
			columns = append(columns, m)
			text := escape(m.Value)
			if m.Unit != "" && m.Unit != "1" {
				text += " (" + escape(m.Unit) + ")"
			}
			values = append(values, text+arrow(m.Better))
		}
		var n, none, warned float64
		var cost Measured
		var lo, hi float64
		for i := range b.Trials {
			trial := &b.Trials[i]
			got, ok := trial.Measured[e.Name]
			if trial.Workload != s.Workload || !ok {
				continue
			}
			n++
			cost.Losses, cost.Gradients, cost.Products = cost.Losses+got.Losses, cost.Gradients+got.Gradients, cost.Products+got.Products
			cost.G += got.G
			if n == 1 || got.G < lo {
				lo = got.G
			}
			hi = max(hi, got.G)
			nulls, warnings := 0, 0
			for _, m := range columns {
				v := trial.Metrics[m.Column]
				if v.Null {
					nulls++
				}
				warnings += len(v.Warnings)
			}
			if nulls == len(columns) {
				none++
			}
			if warnings > 0 {
				warned++
			}
		}
		if n == 0 {
			t.row(escape(e.Name), escape(e.Plugin), strings.Join(values, ", "), escape(e.On), unchanged(e), "–", "–", "–", "–")
			continue
		}
		mean := func(x uint64) string { return fmt.Sprintf("%.4g", float64(x)/n) }
		t.row(escape(e.Name), escape(e.Plugin)+" "+escape(version(e.Version)), strings.Join(values, ", "), escape(e.On), unchanged(e),
			fmt.Sprintf("%.3g", cost.G/n), mean(cost.Losses)+", "+mean(cost.Gradients)+", "+mean(cost.Products),
			fmt.Sprintf("%.0f of %.0f", none, n), fmt.Sprintf("%.0f", warned))
	}
	return t
}

// version is short enough for a table: hashes are cut.
func version(v string) string {
	if len(v) > 8 {
		return v[:8]
	}
	return "v" + v
}

// unchanged prints the invariances of an entry.
func unchanged(e Entry) string {
	var out []string
	for _, u := range e.Unchanged {
		text := escape(strings.ReplaceAll(u.Name, "_", " "))
		if u.Tested {
			text += " ✓"
		}
		if len(u.Values) > 0 {
			text += " (" + escape(strings.Join(u.Values, ", ")) + ")"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

// metricLegend explains metricTable.
func (b *Board) metricLegend() string {
	text := "G, and the numbers of losses, gradients and Hessian-vector products, are means over the measurements. "
	tested := slices.ContainsFunc(b.Entries, func(e Entry) bool {
		return slices.ContainsFunc(e.Unchanged, func(u Unchanged) bool { return u.Tested })
	})
	declared := slices.ContainsFunc(b.Entries, func(e Entry) bool {
		return slices.ContainsFunc(e.Unchanged, func(u Unchanged) bool { return !u.Tested })
	})
	if tested {
		text += "✓: the tests of this program measure a net before and after the transformation and find the same. "
	}
	if declared {
		text += "Without ✓: only the plugin says so. "
	}
	return text + "Standard errors, reasons and warnings are in [data.csv](data.csv), and so are the hashes of the lists of examples."
}

// TablesCSV writes the tables of one metric of the final trials, in the order of Board.Trials: a row of the file for each
// row of a table. All tables of the file have the same columns.
func (b *Board) TablesCSV(w io.Writer, entry, table string) error {
	out := csv.NewWriter(w)
	var columns []string
	for i := range b.Trials {
		t := &b.Trials[i]
		for k := range t.Tables[entry] {
			d := &t.Tables[entry][k]
			if d.Name != table || !t.Final {
				continue
			}
			if columns == nil {
				for _, c := range d.Columns {
					columns = append(columns, c.Name)
				}
				if err := out.Write(append([]string{"workload", "optimizer", "configuration_key", "seed"}, columns...)); err != nil {
					return err
				}
			}
			for row := range d.Columns[0].Values {
				cells := []string{t.Workload, t.Optimizer, t.ConfigKey, strconv.FormatUint(t.Seed, 10)}
				for _, name := range columns {
					cell := ""
					if c := d.column(name); c != nil {
						cell = strconv.FormatFloat(c[row], 'g', 9, 64)
					}
					cells = append(cells, cell)
				}
				if err := out.Write(cells); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}

// dataTables lists the metrics and tables that final trials have, for TablesCSV, in the order of the suite.
func (b *Board) dataTables() (list [][2]string) {
	for _, e := range b.Entries {
		for i := range b.Trials {
			for _, d := range b.Trials[i].Tables[e.Name] {
				if pair := [2]string{e.Name, d.Name}; b.Trials[i].Final && len(d.Columns) > 0 && !slices.Contains(list, pair) {
					list = append(list, pair)
				}
			}
		}
	}
	return list
}

package runner

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/report"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// entry is what the board says of a metric of the suite. The invariances of bundled plugins are tested with the program;
// those of others are their own word, though bench plugin test would test them.
func (r *Runner) entry(m *suite.Metric) (report.Entry, error) {
	p, err := r.Plugins.Get(m.Ref)
	if err != nil {
		return report.Entry{}, err
	}
	e := report.Entry{
		Name: m.Name, Plugin: m.Info.Name, Version: p.Version(),
		On: fmt.Sprintf("%d of %s by %d", m.On.Examples, m.On.Split, m.On.Batch),
	}
	for _, text := range m.Info.Invariances {
		if i := pluginhost.ParseInvariance(text); i.Holds(m.Params) {
			e.Unchanged = append(e.Unchanged, report.Unchanged{Name: i.Kind, Values: i.Values, Tested: p.Program.Bundled && i.Tested()})
		}
	}
	return e, nil
}

// measured adds what a stored measurement has besides its values to a row of the board.
func measured(row *report.Trial, name string, m *store.Measurement) {
	if m.Status != store.Done {
		return
	}
	if row.Measured == nil {
		row.Measured, row.Tables = map[string]report.Measured{}, map[string][]report.Data{}
	}
	row.Measured[name] = report.Measured{
		Losses: m.Bill.Loss, Gradients: m.Bill.Grad, Products: m.Bill.HVP, G: m.Bill.G, Examples: m.ExampleIDsHash[:min(16, len(m.ExampleIDsHash))],
	}
	for _, t := range m.Tables {
		d := report.Data{Name: t.Name}
		for _, c := range t.Columns {
			column := report.DataColumn{Name: c.Name}
			for _, v := range c.Values {
				column.Values = append(column.Values, float64(v))
			}
			d.Columns = append(d.Columns, column)
		}
		row.Tables[name] = append(row.Tables[name], d)
	}
}

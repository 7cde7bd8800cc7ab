package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"sort"
	"strconv"
)

// CSV writes one row a trial with every number of its record, in the order of Board.Trials. Columns: the trial's identity,
// param.NAME, error.SPLIT and loss.SPLIT (fractions and nats), metric.COLUMN with .stderr and .note, examples.METRIC (the hash
// of the list that a metric was taken of), steps, G, the
// number of parameters and their Euclidean norm; boards with differentially private optimizers also have epsilon (+Inf: no
// noise), delta, and why epsilon is only declared. A cell is
// empty when the record has no such number. Numbers have as many digits as it takes to read the same value back.
func (b *Board) CSV(w io.Writer) error {
	params, errors, losses := map[string]bool{}, map[string]bool{}, map[string]bool{}
	metrics := map[string]bool{}
	private := false
	for i := range b.Trials {
		t := &b.Trials[i]
		private = private || t.Privacy != nil
		for k := range t.Params {
			params[k] = true
		}
		for k := range t.Error {
			errors[k] = true
		}
		for k := range t.Loss {
			losses[k] = true
		}
		for k := range t.Metrics {
			metrics[k] = true
		}
	}
	header := []string{"workload", "optimizer", "configuration", "configuration_key", "seed", "tuning", "final", "trial", "status", "reason", "steps", "G", "parameters", "norm"}
	add := func(prefix string, names []string, suffixes ...string) {
		for _, n := range names {
			for _, s := range suffixes {
				header = append(header, prefix+n+s)
			}
		}
	}
	paramNames, errorNames, lossNames, metricNames := sorted(params), sorted(errors), sorted(losses), sorted(metrics)
	add("param.", paramNames, "")
	add("error.", errorNames, "")
	add("loss.", lossNames, "")
	add("metric.", metricNames, "", ".stderr", ".note")
	var entries []string
	for _, e := range b.Entries {
		entries = append(entries, e.Name)
	}
	add("examples.", entries, "")
	if private {
		header = append(header, "epsilon", "delta", "epsilon.declared")
	}
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range b.Trials {
		t := &b.Trials[i]
		row := []string{t.Workload, t.Optimizer, t.ConfigLabel, t.ConfigKey, strconv.FormatUint(t.Seed, 10), strconv.FormatBool(t.Tuning),
			strconv.FormatBool(t.Final), t.ID, t.Status, t.Reason, strconv.Itoa(t.Steps), number(t.G), "", ""}
		if t.Dim > 0 {
			row[len(row)-2], row[len(row)-1] = strconv.Itoa(t.Dim), number(t.Norm)
		}
		for _, n := range paramNames {
			row = append(row, cell(t.Params[n]))
		}
		for _, n := range errorNames {
			row = append(row, entry(t.Error, n))
		}
		for _, n := range lossNames {
			row = append(row, entry(t.Loss, n))
		}
		for _, n := range metricNames {
			m, ok := t.Metrics[n]
			if !ok {
				m.Null = true
			}
			value, stderr, note := note(m)
			row = append(row, value, stderr, note)
		}
		for _, e := range entries {
			row = append(row, t.Measured[e].Examples)
		}
		switch p := t.Privacy; {
		case !private:
		case p == nil:
			row = append(row, "", "", "")
		default:
			row = append(row, strconv.FormatFloat(p.Epsilon, 'g', -1, 64), number(p.Delta), p.Declared)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// note prints a value with its standard error, and what there is to say of it.
func note(m Metric) (value, stderr, text string) {
	text = m.Reason
	if !m.Null {
		value = number(m.Value)
		if m.StdErr != 0 {
			stderr = number(m.StdErr)
		}
	}
	for _, warning := range m.Warnings {
		if text != "" {
			text += "; "
		}
		text += warning
	}
	return value, stderr, text
}

func sorted(set map[string]bool) []string {
	names := make([]string, 0, len(set))
	for n := range set {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

func entry(m map[string]float64, key string) string {
	v, ok := m[key]
	if !ok {
		return ""
	}
	return number(v)
}

// number prints what reads back as the same float64; what is not finite is no number and leaves its cell empty.
func number(v float64) string {
	if !finite(v) {
		return ""
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return number(v)
	case float32:
		return number(float64(v))
	}
	return fmt.Sprint(v)
}

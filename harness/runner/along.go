package runner

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/report"
	"github.com/sharpbench/sharpbench/harness/stats"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// summaryInfo is the column of a summary of a metric along the training.
func summaryInfo(of report.MetricInfo, s suite.Summary) report.MetricInfo {
	of.Column += " " + s.String()
	of.Headline, of.Along, of.Summary = false, false, true
	switch s.Kind {
	case "reach":
		of.Unit, of.Better = "epochs", "none"
	case "dwell":
		of.Unit, of.Better = "share", "none"
	case "slope", "catapult":
		of.Unit, of.Better = "1", "none"
	}
	return of
}

// alongRow adds what was measured along a training, and its summaries.
func (r *Runner) alongRow(t *Trial, rec records, steps int, row *report.Trial) error {
	perEpoch := t.perEpoch
	moments, err := r.withPeers(t, r.along(t, steps))
	if err != nil {
		return err
	}
	for _, m := range moments {
		if m.Waits {
			continue
		}
		got, ok, err := rec.Measurement(m.Name, m.Hash)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		for _, v := range m.Plugin.Info.Values {
			if row.Along == nil {
				row.Along = map[string][]report.Moment{}
			}
			column := columnOf(m, v.Name)
			row.Along[column] = append(row.Along[column], report.Moment{
				Step: m.At, Epoch: float64(m.At) / float64(perEpoch), Metric: value(got, v.Name),
			})
		}
	}
	for _, m := range r.metrics {
		for _, v := range m.Plugin.Info.Values {
			column := columnOf(m, v.Name)
			end, ok := row.Metrics[column]
			if !ok || len(m.Metric.At) == 0 {
				continue
			}
			row.Along[column] = append(row.Along[column], report.Moment{Step: steps, Epoch: float64(steps) / float64(perEpoch), Metric: end})
			for _, s := range m.Metric.Summaries {
				row.Metrics[column+" "+s.String()] = summarise(s, row.Along[column], len(m.Metric.At.Steps(t.Steps))+1, perEpoch)
			}
		}
	}
	return nil
}

// summarise makes one number of the values along a training, of which there should be want. A summary of half a training
// would be another quantity: without all of them there is none.
func summarise(s suite.Summary, along []report.Moment, want, perEpoch int) report.Metric {
	var moments []stats.Moment
	for _, p := range along {
		if !p.Null {
			moments = append(moments, stats.Moment{Step: p.Step, Value: p.Value})
		}
	}
	if len(moments) < want {
		return report.Metric{Null: true, Reason: fmt.Sprintf("%d of %d moments have no value", want-len(moments), want)}
	}
	var v float64
	var ok bool
	reason := "fewer than two moments from the first step on"
	switch s.Kind {
	case "max":
		v, ok = stats.Peak(moments)
	case "auc":
		v, ok = stats.LogMean(moments)
	case "dwell":
		v, ok = stats.Dwell(moments, s.Threshold)
	case "early":
		reason = "no moment within the first epoch"
		v, ok = stats.Early(moments, perEpoch)
	case "slope":
		reason = fmt.Sprintf("fewer than two moments from the first step to the value %g, or a value that is not positive", s.Threshold)
		v, ok = stats.Rise(moments, s.Threshold)
	case "catapult":
		reason = "no positive value at step 0, or no other moment before step 50"
		v, ok = stats.Catapult(moments, catapultSteps)
	case "reach":
		var step int
		reason = fmt.Sprintf("never at %g or more", s.Threshold)
		step, ok = stats.Reach(moments, s.Threshold)
		v = float64(step) / float64(perEpoch)
	}
	if !ok {
		return report.Metric{Null: true, Reason: reason}
	}
	return report.Metric{Value: v}
}

// catapultSteps is where the start of a training ends, for the summary catapult.
const catapultSteps = 50

// columnOf is the column of a metric's value: the metric's name in the suite where it has one value only.
func columnOf(m measurement, value string) string {
	if len(m.Plugin.Info.Values) > 1 {
		return m.Metric.Name + "." + value
	}
	return m.Metric.Name
}

package runner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/report"
	"github.com/sharpbench/sharpbench/harness/store"
)

// Unlocked lists the plugins that run although their files are not those of the lock, one sentence each.
func (r *Runner) Unlocked() []string {
	var out []string
	say := func(name string, p *Plugin) {
		text := fmt.Sprintf("%s runs unlocked: %s", name, p.Unlocked)
		if p.Unlocked != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, g := range r.all {
		say(g.optimizer.Name, g.plugin)
	}
	for _, m := range r.metrics {
		say(m.Metric.Name, m.Plugin)
	}
	return out
}

// marked is why a record must not be shown: it was made with --unlocked, and no lock names just these files since.
func marked(unlocked string, p *Plugin) string {
	if p.Pinned {
		return ""
	}
	return unlocked
}

// leaveOut takes off the board what comes of plugins that no lock allows, with a note for each. trials holds the marks of
// single records by optimizer.
func (r *Runner) leaveOut(in *report.Input, marks map[string]string) {
	for _, g := range r.all {
		if g.plugin.Unlocked != "" {
			marks[g.optimizer.Name] = g.plugin.Unlocked
		}
	}
	for _, o := range slices.Clone(in.Optimizers) {
		why := marks[o.Name]
		if why == "" {
			continue
		}
		ended := 0
		in.Trials = slices.DeleteFunc(in.Trials, func(t report.Trial) bool {
			if t.Optimizer == o.Name && t.Status != report.Missing {
				ended++
			}
			return t.Optimizer == o.Name
		})
		for _, g := range r.all {
			if g.optimizer.Name == o.Name {
				in.Suite.Trials -= len(g.configs)*len(r.Suite.Tuning.Seeds) + len(r.finalSeeds())
			}
		}
		in.Optimizers = slices.DeleteFunc(in.Optimizers, func(other report.OptimizerInfo) bool { return other.Name == o.Name })
		in.Suite.Unpinned = slices.DeleteFunc(in.Suite.Unpinned, func(name string) bool { return name == o.Name })
		note := fmt.Sprintf("Left out: %s of `%s`, run with `--unlocked`, as the files of its plugin are not those of the lock: %s.", trials(ended), o.Name, why)
		if in.Suite.Baseline == o.Name {
			in.Suite.Baseline = ""
			note += " It is the baseline, so nothing is compared."
		}
		in.Suite.LeftOut = append(in.Suite.LeftOut, note)
	}
	for i := range r.metrics {
		m := &r.metrics[i]
		if m.Plugin.Unlocked == "" {
			continue
		}
		in.Metrics = slices.DeleteFunc(in.Metrics, func(info report.MetricInfo) bool {
			return info.Name == m.Metric.Name || strings.HasPrefix(info.Name, m.Metric.Name+".")
		})
		in.Suite.LeftOut = append(in.Suite.LeftOut, fmt.Sprintf("Left out: the metric `%s`, measured with `--unlocked`, as the files of its plugin are not those of the lock: %s.", m.Metric.Name, m.Plugin.Unlocked))
	}
}

// unlockedValue stands for a value that was measured with --unlocked.
func unlockedValue(m *store.Measurement, p *Plugin) (report.Metric, bool) {
	why := marked(m.Unlocked, p)
	return report.Metric{Null: true, Reason: "measured with --unlocked: " + why}, why != ""
}

func trials(n int) string {
	if n == 1 {
		return "1 trial"
	}
	return fmt.Sprintf("%d trials", n)
}

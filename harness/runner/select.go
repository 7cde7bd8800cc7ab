package runner

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/sharpbench/sharpbench/harness/suite"
)

// Selected is a suite of what the tuning of another has selected on one of its workloads.
type Selected struct {
	Workload string   `json:"workload"`
	File     string   `json:"file"`
	TOML     string   `json:"-"`
	Chosen   []string `json:"selected"` // optimizer and configuration
}

// Select applies the suite's selection rule and returns the suites of the selected configurations, one a workload. It
// computes nothing: the error is ErrTuning while the tuning of an optimizer has not ended.
func (r *Runner) Select() ([]Selected, error) {
	if err := r.survey(r.all); err != nil {
		return nil, err
	}
	var out []Selected
	for _, w := range r.Suite.Workloads {
		sel := Selected{Workload: w.Name}
		chosen := make([]*suite.Configuration, len(r.Suite.Optimizers))
		for i := range r.Suite.Optimizers {
			g := r.groupOf(w.Name, r.Suite.Optimizers[i].Name)
			if !r.wanted(g) {
				continue
			}
			open := 0
			for _, t := range r.tuning(g) {
				left, err := r.remaining(t)
				if err != nil {
					return nil, err
				}
				if left.result == nil || left.rerun {
					open++
				}
			}
			if open > 0 {
				return nil, fmt.Errorf("%w: %d of %d trials of %s are missing on workload %s", ErrTuning, open, len(r.tuning(g)), g.optimizer.Name, w.Name)
			}
			best, err := r.selected(g)
			if err != nil {
				return nil, err
			}
			if best < 0 {
				sel.Chosen = append(sel.Chosen, g.optimizer.Name+": nothing succeeded")
				continue
			}
			chosen[i] = &g.configs[best]
			sel.Chosen = append(sel.Chosen, strings.TrimSpace(g.optimizer.Name+" "+g.configs[best].Label))
		}
		base := strings.TrimSuffix(r.Suite.File, ".toml")
		if r.Suite.Variant != "" {
			base += "-" + r.Suite.Variant
		}
		if len(r.Suite.Workloads) > 1 {
			base += "-" + w.Name
		}
		sel.File = base + ".selected.toml"
		comment := fmt.Sprintf("The configurations that bench select chose on workload %s of %s (suite %.12s): %s.",
			w.Name, filepath.Base(r.Suite.File), r.Suite.Hash(), r.rule(&w))
		text, err := r.Suite.Chosen(w.Name, chosen, comment)
		if err != nil {
			return nil, err
		}
		sel.TOML = text
		out = append(out, sel)
	}
	return out, nil
}

// rule says in words how configurations are selected on a workload.
func (r *Runner) rule(w *suite.Workload) string {
	if w.Problem != nil {
		return "lowest mean exact objective over the tuning seeds"
	}
	return fmt.Sprintf("lowest mean %s on the %s split over the tuning seeds", r.Suite.Tuning.Select.Metric, r.Suite.Tuning.Select.Split)
}

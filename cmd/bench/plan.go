package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/stats"
	"github.com/sharpbench/sharpbench/harness/suite"
)

func newPlan(g *global) *cobra.Command {
	var o suiteFlags
	var jobs int
	var show string
	c := &cobra.Command{
		Use:   "plan SUITE",
		Short: "say what a run would cost and what it could show",
		Long: `plan prints the trials that are missing, their cost in G and time on this machine, and what the number of seeds can
show, before anything is computed. 1 G is one gradient on one batch.

EXIT STATUS: 0 printed, 2 the suite is wrong, 4 a plugin or data is not available.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			w := cmd.OutOrStdout()
			switch show {
			case "trials", "sbatch":
			case "config":
				s, _, err := o.load(cmd, g, args[0])
				if err != nil {
					return err
				}
				_, err = w.Write([]byte(s.TOML()))
				return err
			default:
				return usageError(fmt.Errorf("--show %q: expected trials, config or sbatch", show), "")
			}
			// To plan is not to download.
			s, _, err := o.load(cmd, g, args[0])
			if err != nil {
				return err
			}
			if missing := missingData(s); len(missing) > 0 {
				return planWithoutData(w, g, s, missing)
			}
			r, err := o.prepare(cmd, g, args[0])
			if err != nil {
				return err
			}
			r.Jobs = jobs
			f, err := r.Forecast()
			if err != nil {
				return err
			}
			if f.Cached < f.Trials && show == "trials" {
				if err := r.Probe(cmd.Context()); err != nil {
					return unavailable(err, "")
				}
				if f, err = r.Forecast(); err != nil {
					return err
				}
			}
			if show == "sbatch" {
				return printJobs(cmd, g, r, f, "")
			}
			if g.json {
				return json.NewEncoder(w).Encode(f)
			}
			var rows [][]string
			for _, row := range f.Rows {
				rows = append(rows, []string{
					row.Workload, row.Optimizer, fmt.Sprint(row.Configurations), fmt.Sprint(row.Trials), fmt.Sprint(row.Missing),
					fmt.Sprint(row.Steps), fmt.Sprintf("%.0f", row.G),
				})
			}
			if err := table(w, []string{"workload", "optimizer", "configurations", "trials", "missing", "steps", "G a trial"}, rows); err != nil {
				return err
			}
			how := "a few steps of every optimizer and each metric, timed now"
			if f.Measured {
				how = "the records of earlier trials"
			}
			fmt.Fprintf(w, "\n%s; %.0f G of training are missing.", f.Line(jobs), f.G)
			if f.Cached < f.Trials {
				fmt.Fprintf(w, " The time is estimated from %s; the records will take about %s on disk.", how, bytesOf(f.Bytes))
			}
			fmt.Fprintf(w, "\n\n%s\n", canShow(r))
			return nil
		},
	}
	o.bind(c)
	c.Flags().IntVarP(&jobs, "jobs", "j", runtime.GOMAXPROCS(0), "trials at a time")
	c.Flags().StringVar(&show, "show", "trials", "trials; config: the suite with every default written in; sbatch: what --engine slurm would submit")
	return c
}

// missingData are the datasets of a suite that are not here.
func missingData(s *suite.Suite) []*dataset.Missing {
	var out []*dataset.Missing
	seen := map[string]bool{}
	for _, workload := range s.Workloads {
		var missing *dataset.Missing
		if name := workload.Data.Name; workload.Problem == nil && !seen[name] {
			seen[name] = true
			if _, err := dataset.Inspect(name); errors.As(err, &missing) {
				out = append(out, missing)
			}
		}
	}
	return out
}

// planWithoutData says what can be said of a suite whose data are not here: how much there is to train, and what to fetch.
func planWithoutData(w io.Writer, g *global, s *suite.Suite, missing []*dataset.Missing) error {
	trials := 0
	for i := range s.Optimizers {
		final := slices.DeleteFunc(slices.Clone(s.Seeds), func(seed uint64) bool { return slices.Contains(s.Tuning.Seeds, seed) })
		trials += len(s.Workloads) * (len(s.Configurations(nil, &s.Optimizers[i]))*len(s.Tuning.Seeds) + len(final))
	}
	var names []string
	for _, m := range missing {
		names = append(names, m.Name)
	}
	if g.json {
		return json.NewEncoder(w).Encode(map[string]any{"trials": trials, "downloads": names})
	}
	fmt.Fprintf(w, "%s of %s.\n\nTo be downloaded first:\n", count(trials, "trial"), s.Name)
	for _, m := range missing {
		fmt.Fprintf(w, "  %v\n", m)
	}
	fmt.Fprintf(w, "\nbench run downloads what is missing by itself. With the data here, bench plan says what they cost in time and on disk.\n")
	return nil
}

// canShow says what the seeds and configurations of a suite can tell apart.
func canShow(r *runner.Runner) string {
	n, configs := len(r.Suite.Seeds), 0
	for i := range r.Suite.Optimizers {
		configs += len(r.Suite.Configurations(nil, &r.Suite.Optimizers[i]))
	}
	text := "1 seed shows no interval at all: differences between optimizers cannot be told from luck."
	if n >= 2 {
		text = fmt.Sprintf("%d seeds: a difference of two optimizers is known to ± %.2f standard deviations of its seeds (95 %%).", n, stats.HalfWidth(n, 0.95))
		others := max(1, len(r.Suite.Optimizers)-1)
		p, corrected := stats.SmallestSignFlipP(n, 1), stats.SmallestSignFlipP(n, others)
		switch {
		case p > 0.05:
			text += fmt.Sprintf(" The smallest p a paired sign-flip test can give is %.3g: no difference can be significant at 0.05. 6 seeds are the first that can.", p)
		default:
			text += fmt.Sprintf(" The smallest p a paired sign-flip test can give is %.3g, %.3g after correction for %s with the baseline.", p, corrected, count(others, "comparison"))
		}
	}
	if len(r.Suite.Metrics) > 0 {
		if tau := stats.DetectableTau(configs, 0.05); tau < 1 {
			text += fmt.Sprintf("\n%d configurations: a rank correlation of sharpness with error of |τ| %.2f or more can be told from 0 (p < 0.05).", configs, tau)
		} else {
			text += fmt.Sprintf("\n%d configurations: no rank correlation of sharpness with error can be told from 0.", configs)
		}
	}
	return text
}

// bytesOf is a number of bytes as a person would say it.
func bytesOf(n int64) string {
	switch {
	case n < 1e6:
		return fmt.Sprintf("%d kB", (n+999)/1000)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

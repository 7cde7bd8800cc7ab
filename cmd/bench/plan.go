package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/stats"
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
			r, err := o.prepare(cmd, g, args[0])
			if err != nil {
				return err
			}
			f, err := r.Forecast()
			if err != nil {
				return err
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
			how := "from a few gradients timed now"
			if f.Measured {
				how = "from the records of earlier trials"
			}
			fmt.Fprintf(w, "\n%s; %.0f G of training are missing.", f.Line(jobs), f.G)
			if f.Cached < f.Trials {
				fmt.Fprintf(w, " The time is estimated %s.", how)
			}
			n := len(r.Suite.Seeds)
			fmt.Fprintf(w, "\n\n%s\n", canShow(n))
			return nil
		},
	}
	o.bind(c)
	c.Flags().IntVarP(&jobs, "jobs", "j", runtime.GOMAXPROCS(0), "trials at a time")
	c.Flags().StringVar(&show, "show", "trials", "trials; config: the suite with every default written in; sbatch: what --engine slurm would submit")
	return c
}

// canShow says what n paired seeds can tell apart.
func canShow(n int) string {
	if n < 2 {
		return "1 seed shows no interval at all: differences between optimizers cannot be told from luck."
	}
	text := fmt.Sprintf("%d seeds: a difference of two optimizers is known to ± %.2f standard deviations of its seeds (95 %%).", n, stats.HalfWidth(n, 0.95))
	p := stats.SmallestSignFlipP(n, 1)
	if p > 0.05 {
		return text + fmt.Sprintf(" The smallest p a paired sign-flip test can give is %.3g: no difference can be significant at 0.05. 6 seeds are the first that can.", p)
	}
	return text + fmt.Sprintf(" The smallest p a paired sign-flip test can give is %.3g, before correction for the number of comparisons.", p)
}

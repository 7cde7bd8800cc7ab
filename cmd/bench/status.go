package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/runner/slurm"
	"github.com/sharpbench/sharpbench/harness/store"
)

func newStatus(g *global) *cobra.Command {
	var watch, failed bool
	c := &cobra.Command{
		Use:   "status [RUN]",
		Short: "say where a run stands",
		Long: `status reads the files of a run, the last one unless another is named by the beginning of its name: on any machine that
sees the store, while it runs or later. Of a run on Slurm it says beside that what Slurm says of its jobs.

EXIT STATUS: 0 printed, 2 there is no such run, 4 the store cannot be read.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeRuns(g),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, run, err := openRun(g, args)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			lines := 0
			for {
				s, err := runner.Look(st, run)
				if err != nil {
					return err
				}
				var text strings.Builder
				if s.Engine == slurm.EngineName {
					err = slurmStatus(cmd, &text, g, st, run, failed)
				} else {
					err = printStatus(&text, g, s, failed)
				}
				if err != nil {
					return err
				}
				if lines > 0 && isTerminal(w) {
					fmt.Fprintf(w, "\x1b[%dA\x1b[J", lines)
				}
				fmt.Fprint(w, text.String())
				lines = strings.Count(text.String(), "\n")
				if !watch || s.Ended() || s.At == nil && s.Engine == "local" {
					return nil
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(time.Second):
				}
			}
		},
	}
	c.Flags().BoolVar(&watch, "watch", false, "look again every second until the run has ended")
	c.Flags().BoolVar(&failed, "failed", false, "list the trials that failed, with their reasons")
	return c
}

// openRun opens the store and finds the run that is named, or the last one.
func openRun(g *global, args []string) (*store.Store, string, error) {
	st, err := openStore(g)
	if err != nil {
		return nil, "", err
	}
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	run, err := runner.LatestRun(st, name)
	if err != nil {
		return nil, "", usageError(err, "bench run makes one; --store names another store")
	}
	return st, run, nil
}

func printStatus(w io.Writer, g *global, s *runner.Status, failed bool) error {
	if g.json {
		return json.NewEncoder(w).Encode(s)
	}
	if failed {
		any := false
		for _, t := range s.Tasks {
			if t.State == "failed" {
				any = true
				fmt.Fprintf(w, "%.12s  %s %s seed %d: %s\n", t.Trial, t.Optimizer, t.Label, t.Seed, t.Detail)
			}
		}
		if !any {
			fmt.Fprintf(w, "no trial of run %s failed\n", s.Run)
		}
		return nil
	}
	header := []string{"workload", "optimizer"}
	counts := s.Counts()
	var shown []string
	for _, state := range runner.States {
		if counts[state] > 0 {
			shown, header = append(shown, state), append(header, state)
		}
	}
	var rows [][]string
	for _, r := range s.Rows {
		row := []string{r.Workload, r.Optimizer}
		for _, state := range shown {
			row = append(row, fmt.Sprint(r.States[state]))
		}
		rows = append(rows, append(row, fmt.Sprint(r.Trials)))
	}
	if err := table(w, append(header, "trials"), rows); err != nil {
		return err
	}
	ended := counts["done"] + counts["cached"] + counts["failed"]
	line := fmt.Sprintf("\nrun %s of %s: %d of %d trials ended, %.0f of %.0f G", s.Run, s.File, ended, len(s.Tasks)-counts["dropped"], s.Done, s.Work)
	switch {
	case s.Ended():
		line += fmt.Sprintf("; over since %s", s.Last.Local().Format(time.DateTime))
	case s.At != nil:
		line += fmt.Sprintf("; process %d on %s", s.At.PID, s.At.Host)
		if left := s.Left(); left > 0 {
			line += ", about " + progress.Duration(left) + " left"
		}
	case s.Engine == "local":
		line += "; nobody carries it out any more, bench run goes on"
	}
	fmt.Fprintln(w, line)
	for _, t := range s.Tasks {
		if t.State == "running" {
			fmt.Fprintf(w, "running: %.12s %s %s seed %d %s\n", t.Trial, t.Optimizer, t.Label, t.Seed, t.Detail)
		}
	}
	if n := counts["failed"]; n > 0 {
		fmt.Fprintf(w, "%d failed: bench status --failed says why\n", n)
	}
	return nil
}

// completeRuns offers the runs of the store.
func completeRuns(g *global) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		st, err := openStore(g)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		runs, _ := st.Runs()
		return runs, cobra.ShellCompDirectiveNoFileComp
	}
}

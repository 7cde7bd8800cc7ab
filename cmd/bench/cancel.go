package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/runner/slurm"
	"github.com/sharpbench/sharpbench/plugins"
)

func newCancel(g *global) *cobra.Command {
	var only string
	c := &cobra.Command{
		Use:   "cancel RUN",
		Short: "end a run, or take trials out of it",
		Long: `cancel asks whoever carries out a run to end it, from any machine that sees the store: trials at work make a checkpoint, and
what was finished is kept. With --only, the trials of an expression are taken out and the others run on; keys are workload,
optimizer, seed and trial. A run handed to Slurm is withdrawn from the queue.

EXIT STATUS: 0 asked, 2 there is no such run or it is over, 4 Slurm does not answer.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuns(g),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, run, err := openRun(g, args)
			if err != nil {
				return err
			}
			s, err := runner.Look(st, run)
			if err != nil {
				return err
			}
			if s.Engine == slurm.EngineName {
				if only != "" {
					return usageError(errors.New("--only: a run on Slurm is canceled as a whole"), "scancel JOB_TASK ends one task; bench status shows them")
				}
				return cancelSlurm(cmd, st, run)
			}
			if s.At == nil {
				return usageError(fmt.Errorf("nobody carries out run %s any more", run), "")
			}
			if err := runner.Cancel(st, run, only); err != nil {
				return err
			}
			// Whoever carries it out looks twice a second.
			for deadline := time.Now().Add(30 * time.Second); only == "" && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
				if at, err := st.RunHolder(run); err == nil && at == nil {
					fmt.Fprintf(cmd.OutOrStdout(), "run %s has ended; bench run goes on with it\n", run)
					return nil
				}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "process %d on %s is asked to end it\n", s.At.PID, s.At.Host)
			return nil
		},
	}
	c.Flags().StringVar(&only, "only", "", "take only the trials of this expression out of the run")
	return c
}

func newRetry(g *global) *cobra.Command {
	var only, ui, out string
	var jobs int
	c := &cobra.Command{
		Use:   "retry RUN",
		Short: "try the failed trials of a run again",
		Long: `retry goes on with a run, with the suite as it was then, and computes again those of its trials whose records are failures,
or of them the ones of an expression. Trials that were canceled or interrupted go on from their checkpoints.

EXIT STATUS: as of bench run.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRuns(g),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, run, err := openRun(g, args)
			if err != nil {
				return err
			}
			m, err := runner.ReadManifest(st, run)
			if err != nil {
				return err
			}
			if m.Engine == slurm.EngineName {
				return usageError(fmt.Errorf("run %s is one of Slurm", run), "bench run "+m.Given.File+" --engine slurm --rerun failed")
			}
			r, err := runner.Resume(m, st, newPlugins(), plugins.Names())
			if err != nil {
				return unavailable(err, "bench run "+m.Given.File+" --rerun failed takes the suite as it is now")
			}
			r.Release = release
			if err := r.Prepare(); err != nil {
				return unavailable(err, "")
			}
			if err := choose(r, only, "failed", nil); err != nil {
				return err
			}
			f, err := r.Forecast()
			if err != nil {
				return err
			}
			return carryOut(cmd, g, r, f, runOptions{jobs: jobs, ui: ui, out: out, begun: time.Now(), again: "bench retry " + args[0]})
		},
	}
	c.Flags().StringVar(&only, "only", "", "only the trials of this expression")
	bindRun(c, &jobs, &ui, &out)
	return c
}

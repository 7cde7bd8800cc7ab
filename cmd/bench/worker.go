package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/plugins"
)

func newWorker(g *global) *cobra.Command {
	return &cobra.Command{
		Use:    "worker RUN TASK...",
		Hidden: true,
		Short:  "run trials of a run that another process has planned",
		Long: `worker is what engines start on other machines. TASK is a number, the place of a trial in the manifest of the run,
from 0 on. It uses no network and renders nothing.

EXIT STATUS: 0 the trials are done, 1 some failed and their records say why, 2 there is no such run or task, 4 a plugin
or data is not available, or the tuning before it has not ended, 130 interrupted with a checkpoint.`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := store.Open(g.store, store.Options{})
			if err != nil {
				return err
			}
			var m runner.Manifest
			if ok, err := st.Manifest(args[0], &m); err != nil {
				return err
			} else if !ok {
				return usageError(fmt.Errorf("store %s has no run %s", st.Dir(), args[0]), "")
			}
			var tasks []runner.Task
			for _, text := range args[1:] {
				i, err := strconv.Atoi(text)
				if err != nil || i < 0 || i >= len(m.Tasks) {
					return usageError(fmt.Errorf("task %q: expected a number from 0 to %d", text, len(m.Tasks)-1), "")
				}
				tasks = append(tasks, m.Tasks[i])
			}
			r, err := runner.Resume(m, st, newPlugins(), plugins.Names())
			if err != nil {
				return unavailable(err, "")
			}
			r.Release = release
			r.Reporter = progress.Plain(cmd.ErrOrStderr())
			if err := r.Prepare(); err != nil {
				return unavailable(err, "")
			}
			run, err := st.JoinRun(args[0], args[1])
			if err != nil {
				return err
			}
			defer run.Close()
			outcomes, err := r.Work(cmd.Context(), run, tasks)
			if cmd.Context().Err() != nil {
				return &exitError{exitInterrupted, errors.New("interrupted; the trial goes on from its checkpoint"), ""}
			}
			if errors.Is(err, runner.ErrTuning) {
				return unavailable(err, "")
			}
			if err != nil {
				return err
			}
			for _, o := range outcomes {
				if o.Status != store.Done {
					return &exitError{exitFailedTrials, fmt.Errorf("trial %.12s: %s, %s", o.Trial.ID, o.Status, o.Reason), ""}
				}
			}
			return nil
		},
	}
}

package main

import (
	"bufio"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
)

// debugTrial runs one trial of a suite in the foreground, in a store that is thrown away.
func debugTrial(cmd *cobra.Command, g *global, r *runner.Runner, name string, wait bool) error {
	t, err := r.Find(name)
	if err != nil {
		return usageError(err, "bench plan shows the optimizers, data.csv of a report the trials")
	}
	dir, err := os.MkdirTemp("", "bench-debug-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if r.Store, err = store.Open(dir, store.Options{}); err != nil {
		return err
	}
	w := cmd.ErrOrStderr()
	r.Reporter = progress.Plain(w)
	defer r.Reporter.Close()
	fmt.Fprintf(w, "trial %s: %s, %d steps on %s\n", t.ID[:12], t, t.Steps, t.Workload.Name)
	keyboard := bufio.NewReader(cmd.InOrStdin())
	result, err := r.Debug(cmd.Context(), t, runner.Debugging{Output: w, Launched: func(plugin string, pid int) error {
		fmt.Fprintf(w, "plugin %s is process %d\n", plugin, pid)
		if wait {
			fmt.Fprint(w, "attach a debugger, then press Enter: ")
			if _, err := keyboard.ReadString('\n'); err != nil {
				return fmt.Errorf("--wait: %w", err)
			}
		}
		return nil
	}})
	if err != nil {
		if cmd.Context().Err() != nil {
			return &exitError{exitInterrupted, fmt.Errorf("interrupted"), ""}
		}
		return err
	}
	if result.Status != store.Done {
		return &exitError{exitFailedTrials, fmt.Errorf("the trial ended as %s: %s", result.Status, result.Reason), ""}
	}
	fmt.Fprintf(w, "done: %d steps, %g G; nothing was recorded\n", result.Steps, float64(result.G))
	return nil
}

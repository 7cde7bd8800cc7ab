package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/suite"
)

func newCheck(g *global) *cobra.Command {
	var o suiteFlags
	c := &cobra.Command{
		Use:   "check SUITE",
		Short: "check a suite without computing anything",
		Long: `check reads a suite as run does: keys and types, every parameter against its plugin's own description, equal
numbers of tuning trials, and references. Where the data are here, every optimizer is also asked about its configurations
on every workload. All problems are reported at once.

EXIT STATUS: 0 nothing wrong, 2 something is, 4 a plugin cannot be started.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, host, err := o.load(cmd, g, args[0])
			if s == nil {
				return err
			}
			var found suite.Problems
			if err != nil && !errors.As(err, &found) {
				return err
			}
			r := &runner.Runner{Suite: s, Plugins: host, Jobs: 1, Reporter: progress.Silent{}, Release: release}
			var missing *dataset.Missing
			if err := r.Prepare(); errors.As(err, &missing) {
				if !g.quiet {
					fmt.Fprintf(cmd.ErrOrStderr(), "the data set %s is not here: parameters were not judged on its workloads\n", missing.Name)
				}
			} else if err != nil {
				return unavailable(err, "")
			} else if more, err := r.Judge(cmd.Context()); err != nil {
				return unavailable(err, "")
			} else {
				found = append(found, more...)
			}
			if len(found) > 0 {
				return found.Sorted()
			}
			if g.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"suite": s.Name, "hash": s.Hash(), "problems": []string{}})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: suite %s, revision %d, hash %.12s: nothing wrong\n", args[0], s.Name, s.Revision, s.Hash())
			return nil
		},
	}
	o.bind(c)
	return c
}

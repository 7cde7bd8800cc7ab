package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/plugins"
)

func newRepro(g *global) *cobra.Command {
	var o suiteFlags
	var tolerance float64
	c := &cobra.Command{
		Use:   "repro TRIAL [SUITE]",
		Short: "train a trial again and compare it with its record",
		Long: `repro makes a stored trial again from its start, with its evaluations and measurements, in a store that is thrown away, and
prints how far the result is from the record: the distance of the parameters, and every number beside what it was. TRIAL is the
beginning of its identity. Without a SUITE, the one is used that the trial was made for, as it was then.

EXIT STATUS: 0 the same, or within --tolerance, 1 the training failed now or then only, 2 there is no such trial, 3 another
result, 4 a plugin or data is not available, or not what it was.`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			st, err := openStore(g)
			if err != nil {
				return err
			}
			id, err := findTrial(st, args[0])
			if err != nil {
				return err
			}
			var r *runner.Runner
			if len(args) == 2 {
				if r, err = o.prepare(cmd, g, args[1]); err != nil {
					return err
				}
			} else {
				run, err := runner.RunOf(st, id)
				if err != nil {
					return usageError(err, "bench repro TRIAL SUITE")
				}
				m, err := runner.ReadManifest(st, run)
				if err != nil {
					return err
				}
				if r, err = runner.Resume(m, st, newPlugins(), plugins.Names()); err != nil {
					return unavailable(err, "bench repro TRIAL SUITE names the suite as it is now")
				}
				r.Release = release
				if err := r.Prepare(); err != nil {
					return unavailable(err, "")
				}
			}
			t, err := r.Find(id)
			if err != nil {
				return usageError(err, "")
			}
			dir, err := os.MkdirTemp("", "bench-repro-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			if r.Store, err = store.Open(dir, store.Options{}); err != nil {
				return err
			}
			r.Reporter = progress.Silent{}
			if !g.quiet {
				fmt.Fprintf(cmd.ErrOrStderr(), "training %.12s again: %s, %d steps\n", id, t, t.Steps)
			}
			got, err := r.Reproduce(cmd.Context(), t, st)
			if err != nil {
				if cmd.Context().Err() != nil {
					return &exitError{exitInterrupted, errors.New("interrupted"), ""}
				}
				return err
			}
			w := cmd.OutOrStdout()
			if g.json {
				if err := json.NewEncoder(w).Encode(got); err != nil {
					return err
				}
			} else {
				var rows [][]string
				same := 0
				for _, p := range got.Values {
					if p.Was == p.Again {
						same++
						continue
					}
					rows = append(rows, []string{p.Name, fmt.Sprint(float64(p.Was)), fmt.Sprint(float64(p.Again)), fmt.Sprintf("%.3g", float64(p.Again-p.Was))})
				}
				if len(rows) > 0 {
					if err := table(w, []string{"", "record", "again", "difference"}, rows); err != nil {
						return err
					}
				}
				fmt.Fprintf(w, "%d of %d evaluations and measurements are the same\n", same, len(got.Values))
				fmt.Fprintf(w, "parameters: distance %g, relative %g, largest %g\n", got.Distance, got.Relative, got.Largest)
				fmt.Fprintf(w, "recorded on %s (%s, %s); now on %s (%s, %s)\n",
					got.Then.Host, got.Then.CPU, got.Then.Kernels, got.Now.Host, got.Now.CPU, got.Now.Kernels)
			}
			switch {
			case got.Status != got.Again:
				return &exitError{exitFailedTrials, fmt.Errorf("the record says %s, this training ended as %s", got.Status, got.Again), ""}
			case got.Same:
				if !g.json {
					fmt.Fprintln(w, "the same, bit for bit")
				}
				return nil
			case got.Relative <= tolerance && tolerance > 0:
				return nil
			}
			return &exitError{exitDiffers, errors.New("the result differs from the record"), ""}
		},
	}
	o.bind(c)
	c.Flags().Float64Var(&tolerance, "tolerance", 0, "accept parameters whose relative distance is at most this")
	return c
}

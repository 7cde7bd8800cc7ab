package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/suite"
	"github.com/sharpbench/sharpbench/plugins"
)

func newSelect(g *global) *cobra.Command {
	var o suiteFlags
	var out string
	c := &cobra.Command{
		Use:   "select SUITE",
		Short: "write a suite of the selected configurations",
		Long: `select applies the selection rule of a suite whose tuning is done, and writes a suite with the selected configurations and
nothing left to tune: NAME.selected.toml beside it, one for each workload when there are several. That suite can be run,
published and extended; what has been trained already is cached.

EXIT STATUS: 0 written, 2 the suite is wrong, 4 the tuning is not done, or a plugin or data is not available.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := o.prepare(cmd, g, args[0])
			if err != nil {
				return err
			}
			list, err := r.Select()
			if errors.Is(err, runner.ErrTuning) {
				return unavailable(err, "bench run "+args[0]+" computes them")
			}
			if err != nil {
				return unavailable(err, "")
			}
			if out != "" && len(list) > 1 {
				return usageError(fmt.Errorf("-o names one file, and the suite has %d workloads", len(list)), "")
			}
			for i := range list {
				if out != "" {
					list[i].File = out
				}
				// What cannot be run is not written.
				if _, err := suite.Load(list[i].File, suite.Options{Source: []byte(list[i].TOML), Describe: r.Plugins.Describe, PluginNames: plugins.Names()}); err != nil {
					return err
				}
				if err := os.WriteFile(list[i].File, []byte(list[i].TOML), 0o666); err != nil {
					return err
				}
				if !g.json {
					fmt.Fprintln(cmd.OutOrStdout(), list[i].File)
					for _, line := range list[i].Chosen {
						fmt.Fprintln(cmd.OutOrStdout(), "  "+line)
					}
				}
			}
			if g.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
			}
			return nil
		},
	}
	o.bind(c)
	c.Flags().StringVarP(&out, "output", "o", "", "the file to write")
	return c
}

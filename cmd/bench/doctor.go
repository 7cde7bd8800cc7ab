package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/plugins"
)

func newDoctor(g *global) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "check the machine: what has to work for suites to run",
		Long: `doctor looks at the machine, the store, the bundled plugins, the data and the tools that some suites need.

EXIT STATUS: 0 suites can be run, 4 something that every suite needs does not work.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := openStore(g)
			if err != nil {
				return err
			}
			findings := runner.Examine(cmd.Context(), st, newPlugins(), plugins.Names(), release)
			w := cmd.OutOrStdout()
			broken := false
			for _, f := range findings {
				broken = broken || f.Needed && !f.OK
			}
			if g.json {
				if err := json.NewEncoder(w).Encode(findings); err != nil {
					return err
				}
			} else {
				for _, f := range findings {
					mark := "ok"
					switch {
					case !f.OK && f.Needed:
						mark = "BAD"
					case !f.OK:
						mark = "--"
					}
					fmt.Fprintf(w, "%-4s %-18s %s\n", mark, f.What, f.Text)
					if !f.OK && f.Hint != "" {
						fmt.Fprintf(w, "%-4s %-18s hint: %s\n", "", "", f.Hint)
					}
				}
			}
			if broken {
				return unavailable(errors.New("suites cannot be run on this machine as it is"), "")
			}
			return nil
		},
	}
}

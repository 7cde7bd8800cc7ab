package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
)

func newCheck(g *global) *cobra.Command {
	var o suiteFlags
	c := &cobra.Command{
		Use:   "check SUITE",
		Short: "check a suite without computing anything",
		Long: `check reads a suite as run does: keys and types, every parameter against its plugin's own description, equal
numbers of tuning trials, and references. All problems are reported at once.

EXIT STATUS: 0 nothing wrong, 2 something is, 4 a plugin cannot be started.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			s, _, err := o.load(cmd, g, args[0])
			if err != nil {
				return err
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

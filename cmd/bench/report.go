package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func newReport(g *global) *cobra.Command {
	var o suiteFlags
	var out string
	c := &cobra.Command{
		Use:   "report SUITE",
		Short: "render the leaderboard from the records",
		Long: `report computes no trial: it renders what is known, as Markdown, SVG and CSV in reports/NAME/, and prints the board.
The same records give the same bytes.

EXIT STATUS: 0 written, 2 the suite is wrong, 4 a plugin or data is not available.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := o.prepare(cmd, g, args[0])
			if err != nil {
				return err
			}
			files, err := publish(cmd, g, r, out)
			if err == nil && !g.quiet {
				fmt.Fprintf(cmd.ErrOrStderr(), "\nreport: %s\n", files[0])
			}
			return err
		},
	}
	o.bind(c)
	c.Flags().StringVarP(&out, "output", "o", "", "folder of the report (default reports/NAME)")
	return c
}

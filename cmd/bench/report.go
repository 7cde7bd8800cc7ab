package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/report"
	"github.com/sharpbench/sharpbench/harness/runner"
)

func newReport(g *global) *cobra.Command {
	var o suiteFlags
	var out string
	var formats []string
	var check bool
	c := &cobra.Command{
		Use:   "report SUITE",
		Short: "render the leaderboard from the records",
		Long: `report computes no trial: it renders what is known in reports/NAME/, and prints the board. The same records give the
same bytes. Formats:

  md     README.md, for GitHub, with an SVG a plot
  html   report.html: one file that needs no network, sortable, with plots of any metric against any error
  csv    data.csv (a row a trial), tables.csv (a row a cell of the tables), along.csv
  latex  tables.tex, in the style of booktabs
  json   board.json: the tables with their numbers, intervals and trials

With --check nothing is written: the published files are compared with what the records give now, and each that is missing, stale
or edited is named.

EXIT STATUS: 0 written, or published as it should be; 2 the suite is wrong; 3 the published board is not what the records give;
4 a plugin or data is not available.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, f := range formats {
				if !slices.Contains(report.Formats, f) {
					return usageError(fmt.Errorf("--format %q: expected %s", f, strings.Join(report.Formats, ", ")), "")
				}
			}
			r, err := o.prepare(cmd, g, args[0])
			if err != nil {
				return err
			}
			if check {
				return checkReport(cmd, g, r, out, formats)
			}
			files, err := publish(cmd, g, r, out, formats...)
			if err == nil && !g.quiet {
				fmt.Fprintf(cmd.ErrOrStderr(), "\nreport: %s\n", files[0])
			}
			return err
		},
	}
	o.bind(c)
	c.Flags().StringVarP(&out, "output", "o", "", "folder of the report (default reports/NAME)")
	c.Flags().StringSliceVar(&formats, "format", report.Default, "formats of the board: "+strings.Join(report.Formats, ", "))
	c.Flags().BoolVar(&check, "check", false, "only compare the published files with what the records give; exit 3 when they differ")
	return c
}

// checkReport compares a published board with the records.
func checkReport(cmd *cobra.Command, g *global, r *runner.Runner, dir string, formats []string) error {
	in, err := r.Collect()
	if err != nil {
		return err
	}
	board, err := report.Build(in)
	if err != nil {
		return err
	}
	if dir == "" {
		dir = reportDir(r)
	}
	problems, err := report.Check(dir, board, formats...)
	if err != nil {
		return err
	}
	if g.json {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"folder": dir, "problems": problems}); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return &exitError{exitDiffers, fmt.Errorf("%s is not what the records give: %s", dir, strings.Join(problems, "; ")),
			"without --check, bench report writes it anew"}
	}
	if !g.quiet && !g.json {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s is what the records give\n", dir)
	}
	return nil
}

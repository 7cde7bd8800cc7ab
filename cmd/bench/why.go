package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/runner"
)

func newWhy(g *global) *cobra.Command {
	var o suiteFlags
	c := &cobra.Command{
		Use:   "why SUITE|TRIAL",
		Short: "explain why trials are new or cached",
		Long: `why says of every trial of a suite whether it is new or cached, and of the new ones in which fields they differ from the
stored trial that is most like them. Of a stored TRIAL, named by the beginning of its identity, it prints every field that
determines it, and in what the trial that is most like it differs.

EXIT STATUS: 0 printed, 2 the suite is wrong or there is no such trial, 4 a plugin or data is not available.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil && !strings.ContainsAny(args[0], "./") {
				return whyTrial(cmd, g, args[0])
			}
			r, err := o.prepare(cmd, g, args[0])
			if err != nil {
				return err
			}
			list, err := r.Why()
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			if g.json {
				return json.NewEncoder(w).Encode(list)
			}
			for _, x := range list {
				fmt.Fprintf(w, "%s on %s: %s %s", x.Optimizer, x.Workload, count(len(x.Trials), "trial"), x.State)
				switch {
				case x.State == "new" && x.Near == "":
					fmt.Fprintf(w, ": the store has none of this optimizer\n")
				case x.State == "new":
					fmt.Fprintf(w, ": not as %.12s, which is most like %s, in\n", x.Near, x.Names[0])
				case len(x.Missing) > 0:
					fmt.Fprintf(w, ": %s\n", strings.Join(x.Missing, ", "))
				default:
					fmt.Fprintln(w)
				}
				differences(cmd, x.Differences)
			}
			return nil
		},
	}
	o.bind(c)
	return c
}

func whyTrial(cmd *cobra.Command, g *global, text string) error {
	st, err := openStore(g)
	if err != nil {
		return err
	}
	id, err := findTrial(st, text)
	if err != nil {
		return err
	}
	fields, err := runner.Spec(st, id)
	if err != nil {
		return err
	}
	near, list, err := runner.Nearest(st, id)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	attempts, err := st.Trial(id).Attempts()
	if err != nil {
		return err
	}
	if g.json {
		return json.NewEncoder(w).Encode(map[string]any{"trial": id, "fields": fields, "near": near, "differences": list, "attempts": attempts})
	}
	result, ok, err := st.Trial(id).Result()
	switch {
	case err != nil:
		return err
	case !ok:
		fmt.Fprintf(w, "trial %.12s has no result: bench run computes it\n", id)
	default:
		fmt.Fprintf(w, "trial %.12s is cached: %s %s\n", id, result.Status, result.Reason)
	}
	for _, a := range attempts {
		how := a.How
		if how == "" {
			how = "not ended: killed, or still at it"
		}
		fmt.Fprintf(w, "attempt %d on %s, step %d to %d: %s\n", a.Number, a.Provenance.Host, a.From, a.Step, how)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		fmt.Fprintf(w, "  %s = %s\n", name, fields[name])
	}
	if near != "" {
		fmt.Fprintf(w, "most like it is %.12s, but for\n", near)
		differences(cmd, list)
	}
	return nil
}

func differences(cmd *cobra.Command, list []runner.Difference) {
	for _, d := range list {
		fmt.Fprintf(cmd.OutOrStdout(), "  %s: %s -> %s\n", d.Field, d.Was, d.Is)
	}
}

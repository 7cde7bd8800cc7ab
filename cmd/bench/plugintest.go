package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
)

func newPluginTest(g *global) *cobra.Command {
	var only []string
	var lockFile string
	c := &cobra.Command{
		Use:   "test PLUGIN",
		Short: "check that a plugin keeps the rules",
		Long: `test runs a plugin, bundled (by name) or yours (by path), in any language, through the conformance checks: its start,
its parameters, its sessions, its memory, its numbers, whether they can be repeated and resumed, and how it ends. Each
check has an id, a level and a reason. MUST: numbers of a plugin that fails cannot be trusted, or it gets in the way of
others. SHOULD: people will trip over it. Checks of what the plugin does not have are skipped and say so.

EXIT STATUS: 0 no MUST check failed, 1 one did, 2 usage, 4 the plugin cannot be started.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host := newPlugins()
			got, err := host.Get(args[0])
			if err != nil {
				return unavailable(err, "bench plugin list shows the bundled ones; a path names a folder with a plugin.toml")
			}
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			lock, err := pluginhost.ReadLock(lockFile)
			if err != nil {
				return usageError(err, "")
			}
			w := cmd.OutOrStdout()
			options := plugintest.Options{
				Only:   only,
				Pinned: lock.Find(got.Program),
				Host:   []string{exe, "plugin", "host", args[0]},
				Find: func(name string) (pluginhost.Program, error) {
					p, err := host.Get(name)
					if err != nil {
						return pluginhost.Program{}, err
					}
					return p.Program, nil
				},
			}
			if !g.json {
				options.Each = func(f plugintest.Finding) { printFinding(w, f, g.verbose) }
			}
			start := time.Now()
			report, err := plugintest.Conform(cmd.Context(), got.Program, options)
			if err != nil {
				return err
			}
			if len(report.Findings) == 0 {
				return usageError(fmt.Errorf("no check is called %s", strings.Join(only, ", ")), "without --only all of them run")
			}
			if g.json {
				if err := json.NewEncoder(w).Encode(report); err != nil {
					return err
				}
			} else {
				printSummary(w, report, time.Since(start))
			}
			if !report.Passed() {
				return &exitError{code: exitFailedTrials, err: errors.New("the plugin breaks rules that it must keep")}
			}
			return nil
		},
	}
	c.Flags().StringVar(&lockFile, "lock", "suites/plugins.lock", "lock that the files are compared with")
	c.Flags().StringSliceVar(&only, "only", nil, "run these checks only: ids, as D4,S6")
	return c
}

func printFinding(w io.Writer, f plugintest.Finding, verbose bool) {
	fmt.Fprintf(w, "%-4s %-6s %-7s %s\n", f.ID, f.Level, f.Status, f.Reason)
	detail := strings.TrimSpace(f.Detail)
	if f.Status == plugintest.Skipped && !verbose {
		detail, _, _ = strings.Cut(detail, "\n")
	}
	if detail != "" {
		fmt.Fprintf(w, "     %s\n", strings.ReplaceAll(detail, "\n", "\n     "))
	}
}

func printSummary(w io.Writer, r plugintest.Report, took time.Duration) {
	count := map[plugintest.Status]int{}
	for _, f := range r.Findings {
		count[f.Status]++
	}
	fmt.Fprintf(w, "\n%s, %s: %d ok, %d failed, %d skipped, %.0f s\n", r.Plugin.Name, r.Plugin.Kind,
		count[plugintest.Passed], count[plugintest.Failed], count[plugintest.Skipped], took.Seconds())
	if c := r.Cost; c != nil {
		fmt.Fprintf(w, "cost: start %.0f ms, turn %.2f ms (99 of 100 below %.2f), ", 1e3*c.StartSeconds, 1e3*c.TurnP50Seconds, 1e3*c.TurnP99Seconds)
		if r.Plugin.Kind == pluginhost.KindOptimizer {
			fmt.Fprintf(w, "%.2g round trips and %.2g ops a step, %.2f ms of processor a step, ", c.RequestsPerStep, c.OpsPerStep, 1e3*c.CPUPerStep)
		}
		fmt.Fprintf(w, "%d MB at most\n", c.PeakBytes>>20)
	}
}

// newPluginHost is the host that bench plugin test kills to see what becomes of the plugin.
func newPluginHost() *cobra.Command {
	return &cobra.Command{
		Use: "host PLUGIN", Short: "hold a session until killed (bench starts this itself)", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			p, err := newPlugins().Get(args[0])
			if err != nil {
				return unavailable(err, "")
			}
			return plugintest.HostUntilKilled(p.Program)
		},
	}
}

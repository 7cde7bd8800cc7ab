package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// global holds the flags that every command has.
type global struct {
	dir, store string
	json       bool
	quiet      bool
	verbose    bool
	noColor    bool
	offline    bool

	started bool // the command line was understood
}

func newRoot(g *global) *cobra.Command {
	root := &cobra.Command{
		Use:   "bench",
		Short: "benchmark of optimizers and sharpness measures",
		Long: `bench trains optimizers over workloads, configurations and seeds, measures the sharpness of what they find,
evaluates it in and out of distribution, and renders leaderboards that say what is known and what is not.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			g.started = true
			if g.dir == "" {
				return nil
			}
			if err := os.Chdir(g.dir); err != nil {
				return usageError(err, "-C names the folder to work in")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprint(cmd.OutOrStdout(), `bench compares optimizers and asks whether sharpness predicts how well they generalise.
  bench run suites/quickstart.toml   half a minute, needs nothing else
  bench plan suites/cifar.toml       what the real thing would cost
  bench plugin list                  the optimizers and metrics that come with it
  bench --help                       every command; the README has the rest
`)
			return nil
		},
	}
	p := root.PersistentFlags()
	p.StringVarP(&g.dir, "directory", "C", "", "work in this folder")
	p.StringVar(&g.store, "store", ".bench", "folder of the records")
	p.BoolVar(&g.json, "json", false, "print JSON")
	p.BoolVarP(&g.quiet, "quiet", "q", false, "print results and errors only")
	p.BoolVarP(&g.verbose, "verbose", "v", false, "say more")
	p.BoolVar(&g.noColor, "no-color", false, "no colours (NO_COLOR does the same)")
	p.BoolVar(&g.offline, "offline", false, "never use the network")
	root.AddCommand(newInit(g), newRun(g), newStatus(g), newLogs(g), newCancel(g), newRetry(g), newWhy(g), newRepro(g), newSelect(g), newDoctor(g), newPlan(g), newCheck(g), newReport(g), newData(g), newPlugin(g), newWorker(g), newSlurm(g), newVersion(g))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usageError(err, "see "+c.CommandPath()+" --help")
	})
	return root
}

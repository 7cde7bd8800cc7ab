package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/suite"
	"github.com/sharpbench/sharpbench/plugins"
)

func newPluginLock(g *global) *cobra.Command {
	var files []string
	c := &cobra.Command{
		Use:   "lock",
		Short: "pin the files of the plugins that suites use",
		Long: `lock writes plugins.lock beside the suites: for every plugin that does not come with bench its name, version, protocol,
and the sha256 of plugin.toml and of every file that it declares. Commit it with the suites.

A run refuses a plugin whose files are others than those of the lock. With --unlocked it runs them all the same, marks
the records, and leaves them off the board. A plugin that the lock does not name runs as unpinned, which the board says;
with --frozen it is refused as well.

EXIT STATUS: 0 written, or nothing to pin, 2 a suite is wrong, 4 a plugin cannot be started or the lock not be written.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := len(files) == 0
			if all {
				var err error
				if files, err = filepath.Glob("suites/*.toml"); err != nil {
					return err
				}
			}
			if len(files) == 0 {
				return usageError(errors.New("there is no suite in suites/"), "--suite names one that is elsewhere")
			}
			host := newPlugins()
			changes, err := runner.LockPlugins(files, all, host, suite.Options{Describe: host.Describe, PluginNames: plugins.Names()})
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			if g.json {
				return json.NewEncoder(w).Encode(append([]runner.LockChange{}, changes...))
			}
			if len(changes) == 0 {
				fmt.Fprintln(w, "nothing to pin: the suites use bundled plugins only")
			}
			for _, c := range changes {
				fmt.Fprintf(w, "%s: %s (%s) %s\n", c.Lock, c.Plugin, c.Path, c.Change)
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&files, "suite", nil, "suite whose plugins are pinned, its lock beside it (default all of suites/)")
	return c
}

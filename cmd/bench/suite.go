package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/suite"
	"github.com/sharpbench/sharpbench/plugins"
	"github.com/sharpbench/sharpbench/suites"
)

// suiteFlags are the flags of every command that takes a suite.
type suiteFlags struct {
	variant    string
	set        []string
	optimizers []string
	metrics    []string
	unlocked   bool
	frozen     bool
}

func (o *suiteFlags) bind(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.variant, "variant", "", "apply this variant of the suite")
	f.StringArrayVarP(&o.optimizers, "optimizer", "O", nil, "only these optimizers: names in the suite, or paths of plugins, which are added to it")
	f.StringArrayVarP(&o.metrics, "metric", "M", nil, "only these metrics: names in the suite, or paths of plugins, which are added to it")
	f.BoolVar(&o.unlocked, "unlocked", false, "run plugins whose files are not those of plugins.lock, marked and off the board")
	f.BoolVar(&o.frozen, "frozen", false, "refuse plugins that plugins.lock does not name")
	f.StringArrayVar(&o.set, "set", nil, "override a key of the suite, as in --set budget.limit=5")
}

// load reads and checks the suite; every problem of the file is in the error. Beside it there may be a suite, see suite.Load.
func (o *suiteFlags) load(cmd *cobra.Command, g *global, file string) (*suite.Suite, *runner.Plugins, error) {
	host := newPlugins()
	if err := o.lock(host, file); err != nil {
		return nil, nil, err
	}
	opt := suite.Options{Variant: o.variant, Set: o.set, Optimizers: o.optimizers, Metrics: o.metrics, Describe: host.Describe, PluginNames: plugins.Names()}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		// The suites that come with bench can be run from an empty folder.
		if text, builtin := suites.Files.ReadFile(path.Base(filepath.ToSlash(file))); builtin == nil && path.Dir(path.Clean(filepath.ToSlash(file))) == "suites" {
			if !g.quiet {
				fmt.Fprintf(cmd.ErrOrStderr(), "no file %s here: using the one that comes with bench\n", file)
			}
			opt.Source = text
		}
	}
	s, err := suite.Load(file, opt)
	return s, host, err
}

// lock sets the lock beside the suite and what it means.
func (o *suiteFlags) lock(host *runner.Plugins, file string) error {
	lock, err := pluginhost.ReadLock(runner.LockPath(file))
	if err != nil {
		return usageError(err, "")
	}
	switch {
	case o.unlocked && o.frozen:
		return usageError(errors.New("--unlocked and --frozen exclude each other"), "")
	case o.unlocked:
		host.Use(lock, runner.Unlocked)
	case o.frozen:
		host.Use(lock, runner.Frozen)
	default:
		host.Use(lock, runner.Locked)
	}
	return nil
}

// prepare loads the suite, fetches the data it needs and opens the store.
func (o *suiteFlags) prepare(cmd *cobra.Command, g *global, file string) (*runner.Runner, error) {
	s, host, err := o.load(cmd, g, file)
	if err != nil {
		return nil, err
	}
	st, err := openStore(g)
	if err != nil {
		return nil, err
	}
	r := &runner.Runner{Suite: s, Store: st, Plugins: host, Jobs: 1, Reporter: progress.Silent{}, Release: release}
	err = r.Prepare()
	var missing *dataset.Missing
	for fetched := map[string]bool{}; errors.As(err, &missing) && !g.offline && !fetched[missing.Name]; {
		if err := fetch(cmd, g, missing.Name, ""); err != nil {
			return nil, err
		}
		fetched[missing.Name] = true
		err = r.Prepare()
	}
	if errors.As(err, &missing) {
		return nil, unavailable(err, "bench data fetch "+missing.Name+", on a machine with a network or with --from DIR")
	}
	if err != nil {
		return nil, unavailable(err, "")
	}
	if !g.quiet {
		for _, line := range r.Unlocked() {
			fmt.Fprintln(cmd.ErrOrStderr(), line)
		}
	}
	return r, nil
}

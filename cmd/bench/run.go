package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/report"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/runner/slurm"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

func newRun(g *global) *cobra.Command {
	var o suiteFlags
	var jobs int
	var dryRun bool
	var rerun, only, engine, ui, out, trial string
	var seeds []uint
	var retries int
	var deadline, checkpoint time.Duration
	var wait, failFast, printSbatch bool
	c := &cobra.Command{
		Use:   "run SUITE",
		Short: "train, evaluate and measure what a suite asks for",
		Long: `run computes what is missing of a suite and prints its leaderboard. Running the same command again continues
where the last run stopped: nothing that was finished is computed twice, whatever ended it.

-O and -M say what to compute; what is known of the rest stays on the board. A name is that of an entry of the suite, '*'
is all of them. A path, such as ./my-opt, adds that plugin with its defaults under the name it gives itself. Brackets set
its parameters, several values make a grid: -O 'sgd,./my-opt[lr=0.01,0.1 momentum=0.9]' computes those two, my-opt in two
configurations. The board of a suite with additions is in reports/NAME-with-ADDED/.

--only and --rerun take expressions: words KEY:VALUE that must all hold. Keys are workload, optimizer, seed, status (missing,
done, failed, diverged, timeout), trial and the parameters of the optimizers; a value may be a list and have * in it, and a
minus in front of a word turns it around.

Plugins of your own are compared with plugins.lock beside the suite, if there is one: see bench plugin lock --help.

--engine slurm hands the trials to the cluster as [engine.slurm] of the suite says, prints the numbers of the jobs and
ends; the last job renders the board. The same command again submits nothing that is in the queue. See docs/slurm.md.

EXIT STATUS: 0 all trials done, or handed to Slurm, 1 some failed and the results were written, 2 the suite or the command line is wrong and
nothing was started, 4 a plugin, data or the engine is not available, 130 interrupted (the same command goes on).`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeSuites,
		RunE: func(cmd *cobra.Command, args []string) error {
			if jobs < 1 {
				return usageError(fmt.Errorf("-j %d: expected at least 1", jobs), "")
			}
			switch {
			case engine != "local" && engine != slurm.EngineName:
				return usageError(fmt.Errorf("--engine %q: expected local or slurm", engine), "")
			case printSbatch && engine != slurm.EngineName:
				return usageError(errors.New("--print-sbatch is for --engine slurm"), "")
			}
			if engine == slurm.EngineName {
				for flag, instead := range map[string]string{
					"jobs": "max_concurrent in [engine.slurm]", "deadline": "time in [engine.slurm]", "fail-fast": "bench cancel", "retries": "the same command again",
					"debug": "bench run without --engine",
				} {
					if cmd.Flags().Changed(flag) {
						return usageError(fmt.Errorf("--%s does not go with --engine slurm", flag), "use "+instead)
					}
				}
			}
			begun := time.Now()
			r, err := o.prepare(cmd, g, args[0])
			if err != nil {
				return err
			}
			if trial != "" {
				return debugTrial(cmd, g, r, trial, wait)
			}
			r.Jobs, r.FailFast, r.CheckpointEvery = jobs, failFast, checkpoint
			if r.Retries = retries; retries == 0 {
				r.Retries = -1
			}
			if err := choose(r, only, rerun, seeds); err != nil {
				return err
			}
			forecast, err := r.Forecast()
			if err != nil {
				return err
			}
			if printSbatch {
				return printJobs(cmd, g, r, forecast, out)
			}
			if forecast.Cached < forecast.Trials {
				// Trials that cannot go well do not keep the others from running; their records say why.
				problems, err := r.Judge(cmd.Context())
				if err != nil {
					return unavailable(err, "")
				}
				if len(problems) > 0 && !g.quiet {
					fmt.Fprintf(cmd.ErrOrStderr(), "%v\nthese trials will fail; the others run\n", problems)
				}
			}
			if r.Suite.Slurm != nil && engine == slurm.EngineName {
				jobs = max(1, r.Suite.Slurm.MaxConcurrent)
			} else if engine == slurm.EngineName {
				jobs = 1
			}
			if !g.quiet {
				fmt.Fprintln(cmd.ErrOrStderr(), forecast.Line(jobs))
			}
			if dryRun {
				return nil
			}
			if engine == slurm.EngineName && (forecast.Cached < forecast.Trials || r.Rerun != nil) {
				return submitRun(cmd, g, r, forecast, out)
			}
			return carryOut(cmd, g, r, forecast, runOptions{jobs: jobs, ui: ui, out: out, deadline: deadline, begun: begun, again: "bench run " + args[0]})
		},
	}
	o.bind(c)
	f := c.Flags()
	f.BoolVarP(&dryRun, "dry-run", "n", false, "say what would be computed and stop")
	f.StringVar(&engine, "engine", "local", "where trials run: local, or slurm")
	f.BoolVar(&printSbatch, "print-sbatch", false, "with --engine slurm, print what would be submitted and stop")
	f.StringVar(&rerun, "rerun", "", "compute again what is stored: failed, or an expression such as 'optimizer:sam seed:0'")
	f.StringVar(&only, "only", "", "compute only the trials of an expression: 'optimizer:sam seed:0,1 -status:failed'")
	f.UintSliceVar(&seeds, "seed", nil, "compute only the trials of these seeds")
	f.IntVar(&retries, "retries", 1, "how often a training whose plugin broke down is tried again, from its last checkpoint")
	f.BoolVar(&failFast, "fail-fast", false, "stop at the first trial that fails")
	f.DurationVar(&checkpoint, "checkpoint-every", 0, "how much training a crash may cost (default 10s)")
	f.DurationVar(&deadline, "deadline", 0, "stop after this time, such as 8h, with a checkpoint of what runs")
	f.StringVar(&trial, "debug", "", "run this trial alone, in front: an optimizer's name or digits of a trial; nothing is recorded")
	f.BoolVar(&wait, "wait", false, "with --debug, wait for Enter when a plugin has started, to attach a debugger")
	bindRun(c, &jobs, &ui, &out)
	return c
}

// runOptions are how a run is carried out.
type runOptions struct {
	jobs     int
	ui, out  string
	deadline time.Duration
	begun    time.Time // of the command
	again    string    // the command that goes on with it
}

// bindRun adds the flags of every command that carries a run out.
func bindRun(c *cobra.Command, jobs *int, ui, out *string) {
	f := c.Flags()
	f.IntVarP(jobs, "jobs", "j", runtime.GOMAXPROCS(0), "trials at a time, each on one core")
	f.StringVar(ui, "ui", "auto", "progress as auto, tty, plain or json")
	f.StringVarP(out, "output", "o", "", "folder of the report (default reports/NAME)")
}

// carryOut computes what is missing, renders the board and says how it went.
func carryOut(cmd *cobra.Command, g *global, r *runner.Runner, forecast runner.Forecast, o runOptions) error {
	if o.jobs < 1 {
		return usageError(fmt.Errorf("-j %d: expected at least 1", o.jobs), "")
	}
	r.Jobs = o.jobs
	ctx := cmd.Context()
	if o.deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, o.deadline, fmt.Errorf("--deadline %s is over", o.deadline))
		defer cancel()
	}
	var err error
	if r.Reporter, err = reporter(cmd, g, o.ui); err != nil {
		return err
	}
	started := time.Now()
	sum, err := r.Run(ctx, forecast)
	r.Reporter.Close()
	kept := fmt.Sprintf("%d of %d trials done and kept", sum.Ended, sum.Trials)
	switch {
	case err == nil && sum.Canceled > 0:
		return &exitError{exitInterrupted, fmt.Errorf("%d trials were canceled with bench cancel; %s", sum.Canceled, kept), "run the same command to go on"}
	case err == nil:
	case cmd.Context().Err() != nil:
		return &exitError{exitInterrupted, fmt.Errorf("interrupted: %s", kept), "run the same command to go on"}
	case ctx.Err() != nil, errors.Is(err, runner.ErrCanceled):
		return &exitError{exitInterrupted, fmt.Errorf("%w; %s", err, kept), "run the same command to go on"}
	case errors.Is(err, runner.ErrFailFast):
		return &exitError{exitFailedTrials, fmt.Errorf("%w; %s", err, kept), o.again + " goes on with the others"}
	default:
		return err
	}
	all := sum.Cached == sum.Trials
	if all && !g.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "all %d trials cached, nothing to do (%.1f s)\n", sum.Trials, time.Since(o.begun).Seconds())
	}
	files, err := publish(cmd, g, r, o.out)
	if err != nil {
		return err
	}
	if !g.quiet {
		word := ""
		if !all {
			word = fmt.Sprintf("%d trials, %d of them cached, %s; ", sum.Trials, sum.Cached, progress.Duration(time.Since(started)))
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "\n%sreport: %s\n", word, files[0])
	}
	if sum.Failed > 0 {
		return &exitError{exitFailedTrials, fmt.Errorf("%d of %d trials failed; they are in the table with their reasons", sum.Failed, sum.Trials), o.again + " --rerun failed tries them again"}
	}
	if sum.FailedMeasurements > 0 {
		return &exitError{exitFailedTrials, fmt.Errorf("%d measurements failed; they are in the report with their reasons", sum.FailedMeasurements), ""}
	}
	return nil
}

// choose sets which trials are computed, and which of the stored ones again.
func choose(r *runner.Runner, only, rerun string, seeds []uint) error {
	keys := r.Suite.ExprKeys()
	chosen, problems := suite.ParseExpr("--only", only, keys)
	if rerun == "failed" {
		rerun = "-status:done"
	}
	again, more := suite.ParseExpr("--rerun", rerun, keys)
	for _, s := range seeds {
		if !slices.Contains(r.Suite.Seeds, uint64(s)) && !slices.Contains(r.Suite.Tuning.Seeds, uint64(s)) {
			more = append(more, suite.Problem{Pos: suite.Position{File: "--seed"}, Message: fmt.Sprintf("the suite has no seed %d", s)})
		}
	}
	if problems = append(problems, more...); len(problems) > 0 {
		return problems
	}
	if !chosen.Empty() || len(seeds) > 0 {
		r.Only = func(t *runner.Trial, res *store.Result) bool {
			return (len(seeds) == 0 || slices.Contains(seeds, uint(t.Seed))) && chosen.Match(t.Fields(res))
		}
	}
	if !again.Empty() {
		r.Rerun = func(t *runner.Trial, res *store.Result) bool { return again.Match(t.Fields(res)) }
	}
	return nil
}

// reporter chooses how progress is shown.
func reporter(cmd *cobra.Command, g *global, ui string) (progress.Reporter, error) {
	w := cmd.ErrOrStderr()
	if ui == "auto" {
		switch {
		case g.quiet:
			return progress.Silent{}, nil
		case g.json:
			ui = "json"
		case isTerminal(w) && os.Getenv("TERM") != "dumb":
			ui = "tty"
		default:
			ui = "plain"
		}
	}
	switch ui {
	case "tty":
		return progress.Panel(w, func() (int, int) {
			if columns, lines := size(w); columns > 0 {
				return columns, lines
			}
			return 100, 24
		}), nil
	case "plain":
		return progress.Plain(w), nil
	case "json":
		return progress.JSON(w), nil
	}
	return nil, usageError(fmt.Errorf("--ui %q: expected auto, tty, plain or json", ui), "")
}

// colors reports whether w may be coloured: a terminal whose user has not asked for plain text.
func colors(g *global, w io.Writer) bool {
	return isTerminal(w) && !g.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// columns is the width of the terminal that shows w, 0 when none does.
func columns(w io.Writer) int {
	width, _ := size(w)
	return width
}

// size is the width and the height of the terminal that shows w, 0 when none does.
func size(w io.Writer) (columns, lines int) {
	if f, ok := w.(*os.File); ok {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil {
			return width, height
		}
	}
	return 0, 0
}

// publish writes the report and prints the board, with --json the numbers behind it.
func publish(cmd *cobra.Command, g *global, r *runner.Runner, dir string, formats ...string) ([]string, error) {
	in, err := r.Collect()
	if err != nil {
		return nil, err
	}
	board, err := report.Build(in)
	if err != nil {
		return nil, err
	}
	if dir == "" {
		dir = reportDir(r)
	}
	files, err := report.Write(dir, board, formats...)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("the report has no files")
	}
	if others := r.NotChosen(in); len(others) > 0 && !g.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "not computed yet: %s; without -O the same command computes them\n", strings.Join(others, ", "))
	}
	if g.json {
		return files, json.NewEncoder(cmd.OutOrStdout()).Encode(in)
	}
	return files, board.Terminal(cmd.OutOrStdout(), columns(cmd.OutOrStdout()), colors(g, cmd.OutOrStdout()))
}

// reportDir is reports/NAME; a variant and a suite with additions have folders of their own, so that they never replace the
// suite's board.
func reportDir(r *runner.Runner) string {
	name := r.Suite.Name
	if r.Suite.Variant != "" {
		name += "-" + r.Suite.Variant
	}
	if added := r.Suite.Added(); len(added) > 0 {
		name += "-with-" + strings.Join(added, "-")
	}
	return filepath.Join("reports", name)
}

// completeSuites offers the suites in the usual places.
func completeSuites(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	found, _ := filepath.Glob("suites/*.toml")
	var out []string
	for _, f := range found {
		if strings.HasPrefix(f, prefix) {
			out = append(out, f)
		}
	}
	return out, cobra.ShellCompDirectiveDefault
}

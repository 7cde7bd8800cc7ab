package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/runner/slurm"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/plugins"
)

// openStore opens the store of the command line. Leases of jobs that are silent are broken only when Slurm says that they
// do not run.
func openStore(g *global) (*store.Store, error) {
	return store.Open(g.store, store.Options{Engine: &slurm.Engine{Client: &slurm.Client{}}})
}

// submitRun hands what is missing of a suite to Slurm and prints the numbers of the jobs.
func submitRun(cmd *cobra.Command, g *global, r *runner.Runner, f runner.Forecast, out string) error {
	if out == "" {
		out = reportDir(r)
	}
	s, err := slurm.Submit(cmd.Context(), slurmOptions(cmd, g, r, f, out))
	if err != nil {
		return slurmError(err)
	}
	if g.json {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(s)
	}
	w := cmd.OutOrStdout()
	what := "handed to Slurm"
	switch {
	case s.Already:
		what = "was handed to Slurm before and has not ended; nothing was submitted"
	case s.Resumed:
		what = "had been handed to Slurm in part and is complete now"
	}
	fmt.Fprintf(w, "run %s %s: %s\n", s.Run, what, count(s.Trials, "trial"))
	for _, j := range s.Jobs {
		tasks := ""
		if j.Tasks > 0 {
			tasks = ", " + count(j.Tasks, "task")
		}
		fmt.Fprintf(w, "  job %s: %s%s\n", j.Job, j.Stage, tasks)
	}
	if !g.quiet {
		fmt.Fprintf(cmd.ErrOrStderr(), "the last job writes the board to %s; until then: bench status %s\n", out, s.Run)
	}
	return nil
}

// printJobs prints what submitRun would hand over.
func printJobs(cmd *cobra.Command, g *global, r *runner.Runner, f runner.Forecast, out string) error {
	if out == "" {
		out = reportDir(r)
	}
	text, err := slurm.Print(cmd.Context(), slurmOptions(cmd, g, r, f, out))
	if err != nil {
		return slurmError(err)
	}
	_, err = fmt.Fprint(cmd.OutOrStdout(), text)
	return err
}

func slurmOptions(cmd *cobra.Command, g *global, r *runner.Runner, f runner.Forecast, out string) slurm.Options {
	return slurm.Options{Runner: r, Forecast: f, Output: out, Client: &slurm.Client{}, Note: func(text string) {
		if !g.quiet {
			fmt.Fprintln(cmd.ErrOrStderr(), text)
		}
	}}
}

// slurmError gives errors of the cluster their exit code.
func slurmError(err error) error {
	var u *slurm.Unavailable
	var f *slurm.Failed
	if errors.As(err, &u) || errors.As(err, &f) {
		return unavailable(err, "bench doctor says whether Slurm answers, bench run --engine slurm --print-sbatch what is submitted")
	}
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// newSlurm are the commands that jobs run.
func newSlurm(g *global) *cobra.Command {
	c := &cobra.Command{Use: "slurm", Hidden: true, Short: "what the jobs of bench run --engine slurm run", Args: cobra.NoArgs}
	c.AddCommand(newSlurmTask(g), newSlurmBoard(g))
	return c
}

func newSlurmTask(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "task RUN NAME", Short: "run the trials of this task of a job array", Args: cobra.ExactArgs(2),
		Long: `task is what a job array of bench run --engine slurm runs: the trials of the task that the environment names, from
their last checkpoints. USR1 makes it stop with a checkpoint and puts the job back into the queue.

EXIT STATUS: 0 the trials are done, 1 some failed and their records say why, 2 there is no such run or task, 4 a plugin,
data or a copy is not what it should be, or the tuning before it has not ended, 130 interrupted with a checkpoint.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := joinRun(g, args[0], args[1])
			if err != nil {
				return err
			}
			env, ok := slurm.FromEnvironment()
			if !ok || env.Index < 0 || env.Index >= len(j.array.Tasks) {
				return usageError(fmt.Errorf("this is not a task of the job array %s", args[1]), "it is run by Slurm")
			}
			note := func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), text) }
			note(fmt.Sprintf("%s: job %s on %s, attempt %d", time.Now().UTC().Format(time.RFC3339), env.Key(), env.Node, env.Restarts+1))
			t := &slurm.Task{Store: j.store, Run: args[0], Plan: j.plan, Manifest: j.manifest, Array: j.array, Env: env, Client: &slurm.Client{}}
			if err := t.Begin(); err != nil {
				return unavailable(t.End(slurm.Broken, err), "")
			}
			r, err := j.runner()
			if err != nil {
				return unavailable(t.End(slurm.Broken, err), "")
			}
			r.Reporter = progress.Plain(cmd.ErrOrStderr())
			state, err := t.Work(cmd.Context(), r)
			r.Reporter.Close()
			if state == slurm.Requeued {
				note("the time of the job is almost up: a checkpoint is made, the job goes back into the queue")
				if err := t.Requeue(cmd.Context()); err != nil {
					return unavailable(err, "")
				}
				return &exitError{exitInterrupted, errors.New("put back into the queue"), ""}
			}
			err = t.End(state, err)
			switch state {
			case slurm.Done:
				return err
			case slurm.SomeFailed:
				return &exitError{exitFailedTrials, errors.Join(errors.New("some trials failed; their records say why"), err), ""}
			case slurm.Interrupted:
				return &exitError{exitInterrupted, errors.New("interrupted; the trials go on from their checkpoints when the suite is run again"), ""}
			}
			return unavailable(err, "")
		},
	}
}

func newSlurmBoard(g *global) *cobra.Command {
	return &cobra.Command{
		Use: "board RUN NAME", Short: "render the board of a run and say what is missing", Args: cobra.ExactArgs(2),
		Long: `board is the last job of bench run --engine slurm: it renders the board from the records, whatever became of the
other jobs.

EXIT STATUS: 0 all trials are done, 1 some failed or are missing, and the board says so.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := joinRun(g, args[0], args[1])
			if err != nil {
				return err
			}
			r, err := j.runner()
			if err != nil {
				return unavailable(err, "")
			}
			files, err := publish(cmd, g, r, j.plan.Output)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "\nreport: %s\n", files[0])
			missing, failed, err := slurm.Close(cmd.Context(), j.store, args[0], r, j.manifest, &slurm.Client{})
			if err != nil {
				return err
			}
			if len(missing) > 0 {
				return &exitError{exitFailedTrials, fmt.Errorf("%s missing: %s", count(len(missing), "trial"), someOf(missing)),
					"bench status " + args[0] + " says what became of their jobs; the command that started the run submits them again"}
			}
			if len(failed) > 0 {
				return &exitError{exitFailedTrials, fmt.Errorf("%s failed: %s", count(len(failed), "trial"), someOf(failed)), "they are in the table with their reasons"}
			}
			return nil
		},
	}
}

// someOf names the first of many.
func someOf(names []string) string {
	const most = 10
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

// joined is a job's view of its run.
type joined struct {
	store    *store.Store
	plan     *slurm.Plan
	manifest runner.Manifest
	array    slurm.Array
}

func joinRun(g *global, run, name string) (*joined, error) {
	st, err := openStore(g)
	if err != nil {
		return nil, err
	}
	j := &joined{store: st}
	p, ok, err := slurm.ReadPlan(st, run)
	if err != nil {
		return nil, err
	}
	if ok {
		j.plan = p
		if ok, err = st.Manifest(run, &j.manifest); err != nil {
			return nil, err
		}
	}
	if ok {
		j.array, ok = p.Array(name)
	}
	if !ok {
		return nil, usageError(fmt.Errorf("store %s has no run %s with a job %s", st.Dir(), run, name), "")
	}
	return j, nil
}

// runner is that of the run, with the copies of the plugins and sockets on this node.
func (j *joined) runner() (*runner.Runner, error) {
	host := newPlugins()
	host.SocketDir = j.plan.SocketDir
	r, err := runner.Resume(j.manifest, j.store, host, plugins.Names())
	if err != nil {
		return nil, err
	}
	r.Release, r.Reporter = release, progress.Silent{}
	return r, r.Prepare()
}

// cancelSlurm ends the jobs of a run.
func cancelSlurm(cmd *cobra.Command, st *store.Store, run string) error {
	jobs, err := slurm.Cancel(cmd.Context(), st, run, &slurm.Client{})
	if err != nil {
		return slurmError(err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "run %s: jobs %s canceled; what was finished is kept, bench run goes on with the rest\n", run, strings.Join(jobs, ", "))
	return nil
}

// slurmStatus prints where a run stands that was handed to Slurm: what the files say, and beside it what Slurm says.
func slurmStatus(cmd *cobra.Command, w io.Writer, g *global, st *store.Store, run string, failed bool) error {
	s, err := slurm.Look(cmd.Context(), st, run, &slurm.Client{})
	if err != nil {
		return err
	}
	if g.json {
		return json.NewEncoder(w).Encode(s)
	}
	_, err = fmt.Fprint(w, s.Text(failed))
	return err
}

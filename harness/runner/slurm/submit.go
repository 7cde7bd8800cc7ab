package slurm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// Options say what is to be submitted.
type Options struct {
	Runner   *runner.Runner // prepared
	Forecast runner.Forecast
	Output   string // folder of the report
	Client   *Client
	Note     func(string) // hears of what is out of the ordinary
}

// Submission is what Submit has done.
type Submission struct {
	Run     string   `json:"run"`
	Jobs    []Handed `json:"jobs"`
	Trials  int      `json:"trials"`            // that the run computes
	Already bool     `json:"already,omitempty"` // all of it had been submitted before and has not ended
	Resumed bool     `json:"resumed,omitempty"` // some of it had been
}

// Handed is a job that Slurm has.
type Handed struct {
	Name  string `json:"name"`
	Job   string `json:"job"`
	Stage string `json:"stage"`
	Tasks int    `json:"tasks,omitempty"` // none for the board
}

// Unavailable is the error of a cluster that cannot be used: its commands are missing, do not answer, or refuse.
type Unavailable struct{ Err error }

func (u *Unavailable) Error() string { return u.Err.Error() }
func (u *Unavailable) Unwrap() error { return u.Err }

// Submit hands to Slurm what is missing of a suite. The same run is never handed over twice: one that has not ended is
// recognised, also when the process that submitted it died in the middle, and then completed.
func Submit(ctx context.Context, o Options) (Submission, error) {
	st := o.Runner.Store
	if err := st.Writable(); err != nil {
		return Submission{}, err
	}
	m, err := o.Runner.Manifest(EngineName, o.Forecast)
	if err != nil {
		return Submission{}, err
	}
	print := fingerprint(m)
	// One at a time: another process may be submitting the same.
	sum := sha256.Sum256([]byte("submission " + print))
	lease, err := st.Lease(hex.EncodeToString(sum[:]))
	if errors.Is(err, store.ErrHeld) {
		return Submission{}, fmt.Errorf("the same is just being submitted: %w", err)
	} else if err != nil {
		return Submission{}, err
	}
	defer lease.Release()

	if run, p, err := unfinished(ctx, o.Client, st, print); err != nil {
		return Submission{}, err
	} else if run != "" {
		ids, err := submitted(st, run, p)
		if err != nil {
			return Submission{}, err
		}
		var before runner.Manifest
		if ok, err := st.Manifest(run, &before); err != nil || !ok {
			return Submission{}, errors.Join(err, fmt.Errorf("run %s has no manifest", run))
		}
		already := len(ids) == len(p.all())
		s, err := handOver(ctx, o, run, before.Given.Folder, p, true)
		s.Already, s.Resumed = already, !already
		return s, err
	}

	if err := o.Runner.Forget(m.Tasks); err != nil {
		return Submission{}, err
	}
	run, p, err := o.write(ctx, m, print)
	if err != nil {
		return Submission{}, err
	}
	return handOver(ctx, o, run, m.Given.Folder, p, false)
}

// unfinished finds a run of the same that has been handed over in part, or of which Slurm still has jobs.
func unfinished(ctx context.Context, c *Client, st *store.Store, print string) (string, *Plan, error) {
	runs, err := st.Runs()
	if err != nil {
		return "", nil, err
	}
	for _, run := range slices.Backward(runs) {
		p, ok, err := ReadPlan(st, run)
		if err != nil {
			return "", nil, err
		}
		if !ok || p.Fingerprint != print {
			continue
		}
		var w Withdrawn
		if gone, err := st.RunRecord(run, withdrawnName(), &w); err != nil {
			return "", nil, err
		} else if gone {
			continue
		}
		ids, err := submitted(st, run, p)
		if err != nil {
			return "", nil, err
		}
		if len(ids) < len(p.all()) {
			return run, p, nil
		}
		var numbers []string
		for _, a := range p.all() {
			numbers = append(numbers, ids[a.Name])
		}
		jobs, notes := c.Jobs(ctx, numbers)
		for _, j := range jobs {
			if !j.State.Ended() {
				return run, p, nil
			}
		}
		if len(jobs) == 0 && len(notes) > 0 {
			return "", nil, &Unavailable{fmt.Errorf("nobody can tell whether run %s is still in the queue: %s", run, strings.Join(notes, "; "))}
		}
		return "", nil, nil // the last one has ended; those before it have, too
	}
	return "", nil, nil
}

// Print renders what Submit would hand over, without writing or submitting anything.
func Print(ctx context.Context, o Options) (string, error) {
	m, err := o.Runner.Manifest(EngineName, o.Forecast)
	if err != nil {
		return "", err
	}
	left, err := o.left(m)
	if err != nil {
		return "", err
	}
	st := o.Runner.Store
	p := o.plan(m, left, "TOKEN", o.limits(ctx))
	p.Bench = filepath.Join(frozen(st.Dir()), "bench-HASH", "bench")
	p.Cache = filepath.Join(st.RunDir("RUN"), "slurm", "data")
	var b strings.Builder
	for _, a := range p.all() {
		text, err := script(st, "RUN", m.Given.Folder, p, a)
		if err != nil {
			return "", err
		}
		depends := ""
		if len(a.After) > 0 {
			var jobs []string
			for _, name := range a.After {
				jobs = append(jobs, "$"+variable(name))
			}
			depends = "--dependency=afterany:" + strings.Join(jobs, ":") + " "
		}
		fmt.Fprintf(&b, "# %s=$(sbatch --parsable %s%s)\n%s\n", variable(a.Name), depends, scriptPath(st, "RUN", a.Name), text)
	}
	return b.String(), nil
}

func variable(name string) string {
	parts := strings.Split(name, "-")
	return strings.ToUpper(strings.ReplaceAll(parts[len(parts)-1], ".", "_"))
}

// left are the tasks of which something is still to be computed, by their numbers in the manifest.
func (o Options) left(m runner.Manifest) ([]int, error) {
	var left []int
	for i, task := range m.Tasks {
		some, err := o.Runner.Left(task)
		if err != nil {
			return nil, err
		}
		if some {
			left = append(left, i)
		}
	}
	return left, nil
}

// What most clusters allow; those that do not say otherwise are taken to be like them.
const (
	usualArraySize = 1001
	usualSubmit    = 5000
)

func (o Options) limits(ctx context.Context) Limits {
	l, err := o.Client.Limits(ctx)
	if err != nil && o.Note != nil {
		o.Note(fmt.Sprintf("the limits of the cluster are not known (%v): arrays have at most %d tasks", err, usualArraySize))
	}
	if l.ArraySize <= 0 {
		l.ArraySize = usualArraySize
	}
	if l.Submit <= 0 {
		l.Submit = usualSubmit
	}
	if s := o.Runner.Suite.Slurm; s != nil && s.MaxSubmit > 0 {
		l.Submit = s.MaxSubmit
	}
	return l
}

// plan divides tasks into arrays: by resources, tuning before what it selects, and as large as the limits allow.
func (o Options) plan(m runner.Manifest, left []int, token string, limits Limits) *Plan {
	s := o.Runner.Suite.Slurm
	if s == nil {
		s = &suite.Slurm{SocketDir: suite.DefaultSocketDir}
	}
	p := &Plan{Token: token, Fingerprint: fingerprint(m), SocketDir: s.SocketDir, Setup: s.Setup, Output: o.Output}
	base := fmt.Sprintf("bench-%s-%s-", m.Suite, token)

	// Tasks of the same resources, and of one stage. A trial of a selected configuration whose tuning is done waits for
	// nothing and goes with the tuning.
	type class struct {
		options []string
		tasks   map[string][]int
	}
	var classes []*class
	untuned := map[[2]string]bool{}
	for _, i := range left {
		if task := m.Tasks[i]; task.Tuning() {
			untuned[[2]string{task.Workload, task.Optimizer}] = true
		}
	}
	for _, i := range left {
		task := m.Tasks[i]
		opts := options(s, task.Optimizer)
		at := slices.IndexFunc(classes, func(c *class) bool { return slices.Equal(c.options, opts) })
		if at < 0 {
			classes = append(classes, &class{options: opts, tasks: map[string][]int{}})
			at = len(classes) - 1
		}
		stage := tuning
		if !task.Tuning() && untuned[[2]string{task.Workload, task.Optimizer}] {
			stage = selected
		}
		classes[at].tasks[stage] = append(classes[at].tasks[stage], i)
	}
	// All tasks wait in the queue at the same time, with the board: with more trials than that, a task runs several.
	chunk := max(1, s.TrialsPerTask)
	room := max(1, limits.Submit-1-2*len(classes)) // rounding up costs at most a task for each array
	chunk = max(chunk, (len(left)+room-1)/room)
	for _, stage := range []string{tuning, selected} {
		total := 0
		for _, c := range classes {
			total += len(c.tasks[stage])
		}
		for n, c := range classes {
			workers := cpus(c.options)
			size := max(chunk, workers)
			var tasks [][]int
			for part := range slices.Chunk(c.tasks[stage], size) {
				tasks = append(tasks, part)
			}
			var after []string
			if stage == selected {
				for _, a := range p.Arrays {
					if slices.Equal(a.Options, c.options) {
						after = append(after, a.Name)
					}
				}
			}
			part := 0
			for piece := range slices.Chunk(tasks, limits.ArraySize) {
				part++
				name := base + stage
				if len(classes) > 1 {
					name += fmt.Sprintf(".%d", n+1)
				}
				if len(tasks) > limits.ArraySize {
					name += fmt.Sprintf(".part%d", part)
				}
				a := Array{Name: name, Stage: stage, Tasks: piece, After: after, Workers: workers, Options: c.options}
				if s.MaxConcurrent > 0 {
					// Arrays of a stage share what may run at a time.
					count := 0
					for _, t := range piece {
						count += len(t)
					}
					a.Limit = max(1, s.MaxConcurrent*count/total)
				}
				p.Arrays = append(p.Arrays, a)
			}
		}
	}
	p.Board = Array{Name: base + board, Stage: board, Workers: 1}
	for _, a := range p.Arrays {
		p.Board.After = append(p.Board.After, a.Name)
	}
	for _, opt := range options(s, "") {
		// The board is one small job and makes no checkpoint.
		if key, _, _ := strings.Cut(opt, "="); key != "--signal" && key != "--cpus-per-task" {
			p.Board.Options = append(p.Board.Options, opt)
		}
	}
	return p
}

// cpus is how many trials a task runs at a time: one on each of its cores.
func cpus(options []string) int {
	n := 1
	for _, o := range options {
		if v, ok := strings.CutPrefix(o, "--cpus-per-task="); ok {
			fmt.Sscan(v, &n)
		}
	}
	return max(1, n)
}

// write freezes what the jobs need and writes the folder of a new run.
func (o Options) write(ctx context.Context, m runner.Manifest, print string) (string, *Plan, error) {
	st, r := o.Runner.Store, o.Runner
	left, err := o.left(m)
	if err != nil {
		return "", nil, err
	}
	p := o.plan(m, left, token(), o.limits(ctx))
	var files []File
	if p.Bench, files, err = freezeBench(st.Dir()); err != nil {
		return "", nil, err
	}
	p.Files = append(p.Files, files...)
	if files, err = freezePlugins(st.Dir(), &m, r.Plugins); err != nil {
		return "", nil, err
	}
	p.Files = append(p.Files, files...)

	run, err := st.NewRun(r.Suite.Name, m.Hash)
	if err != nil {
		return "", nil, err
	}
	defer run.Close()
	p.Cache = filepath.Join(run.Dir(), "slurm", "data")
	if files, err = freezeData(st.Dir(), p.Cache, r.Suite); err != nil {
		return "", nil, err
	}
	p.Files = append(p.Files, files...)
	// Slurm does not make the folder of the logs, and a job whose output cannot be opened fails with a misleading reason.
	if err := os.MkdirAll(logDir(st, run.ID()), 0o777); err != nil {
		return "", nil, err
	}
	for _, a := range p.all() {
		text, err := script(st, run.ID(), m.Given.Folder, p, a)
		if err != nil {
			return "", nil, err
		}
		if err := os.WriteFile(scriptPath(st, run.ID(), a.Name), []byte(text), 0o777); err != nil {
			return "", nil, err
		}
	}
	if err := run.SetManifest(m); err != nil {
		return "", nil, err
	}
	// With its plan the run exists: from here on it is completed, never begun anew.
	return run.ID(), p, st.PutRunRecord(run.ID(), planName(), p)
}

// handOver submits the jobs of a run that have not been submitted. With look, an earlier process may have submitted some
// of them without living to note it.
func handOver(ctx context.Context, o Options, run, folder string, p *Plan, look bool) (Submission, error) {
	st := o.Runner.Store
	s := Submission{Run: run}
	ids, err := submitted(st, run, p)
	if err != nil {
		return s, err
	}
	for _, a := range p.all() {
		id := ids[a.Name]
		if id == "" {
			if look {
				id = fromTasks(st, run, a)
			}
			if id == "" {
				if id, err = o.submit(ctx, run, a, ids, look); err != nil {
					return s, o.withdraw(run, p, ids, err)
				}
			}
			ids[a.Name] = id
			if err := st.PutRunRecord(run, jobName(a.Name), Submitted{Job: id, At: time.Now().UTC()}); err != nil {
				return s, err
			}
		}
		s.Jobs = append(s.Jobs, Handed{Name: a.Name, Job: id, Stage: a.Stage, Tasks: len(a.Tasks)})
		for _, t := range a.Tasks {
			s.Trials += len(t)
		}
	}
	return s, nil
}

func (o Options) submit(ctx context.Context, run string, a Array, ids map[string]string, look bool) (string, error) {
	var after []string
	for _, name := range a.After {
		after = append(after, ids[name])
	}
	if look {
		// What has ended long ago is unknown to Slurm, which refuses to wait for it.
		jobs, notes := o.Client.Jobs(ctx, after)
		if len(jobs) == 0 && len(notes) > 0 {
			return "", fmt.Errorf("job %s waits for jobs that cannot be asked for: %w", a.Name, &Failed{"squeue", strings.Join(notes, "; ")})
		}
		after = slices.DeleteFunc(after, func(id string) bool {
			for _, j := range jobs {
				if j.ID == id {
					return false
				}
			}
			return true
		})
	}
	var args []string
	if len(after) > 0 {
		args = append(args, "--dependency=afterany:"+strings.Join(after, ":"))
	}
	return o.Client.Submit(ctx, a.Name, scriptPath(o.Runner.Store, run, a.Name), args, look)
}

// withdraw takes back what was submitted of a run when Slurm refuses the rest: half a run would compute half a suite and
// say nothing. When no answer arrived it stays, to be completed later.
func (o Options) withdraw(run string, p *Plan, ids map[string]string, why error) error {
	if noAnswer(why) || errors.Is(why, context.Canceled) {
		return &Unavailable{fmt.Errorf("%w; the same command goes on with run %s", why, run)}
	}
	var numbers []string
	for _, a := range p.all() {
		if ids[a.Name] != "" {
			numbers = append(numbers, ids[a.Name])
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*commandLimit)
	defer cancel()
	slices.Reverse(numbers)
	if err := o.Client.Cancel(ctx, numbers...); err != nil {
		return &Unavailable{fmt.Errorf("%w; and its other jobs %s could not be canceled: %v", why, strings.Join(numbers, ", "), err)}
	}
	if err := o.Runner.Store.PutRunRecord(run, withdrawnName(), Withdrawn{At: time.Now().UTC(), Reason: why.Error()}); err != nil {
		return err
	}
	return &Unavailable{why}
}

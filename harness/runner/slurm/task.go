package slurm

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
)

// Environment is what Slurm tells a job of itself.
type Environment struct {
	Job      string // of the array, or the job's own
	Index    int    // in the array; -1 outside of one
	Restarts int    // how often it has been put back into the queue
	Node     string
}

// FromEnvironment reads the environment of a job; false outside of one.
func FromEnvironment() (Environment, bool) {
	e := Environment{Job: os.Getenv("SLURM_ARRAY_JOB_ID"), Index: -1, Node: os.Getenv("SLURMD_NODENAME")}
	if e.Job == "" {
		e.Job = os.Getenv("SLURM_JOB_ID")
	} else if i, err := strconv.Atoi(os.Getenv("SLURM_ARRAY_TASK_ID")); err == nil {
		e.Index = i
	}
	e.Restarts, _ = strconv.Atoi(os.Getenv("SLURM_RESTART_COUNT")) // set after the first time only
	return e, e.Job != ""
}

// Key names the job as Slurm's commands do.
func (e Environment) Key() string { return taskKey(e.Job, e.Index) }

// Engine tells the store which of its silent processes still run.
type Engine struct {
	Client *Client

	mu    sync.Mutex
	asked time.Time
	known map[string]Job
}

var _ store.Engine = (*Engine)(nil)

// answerHolds is how long an answer of Slurm's is good for: those who wait for a lease ask every second.
const answerHolds = 15 * time.Second

const jobPrefix = "slurm "

// Self is this process's job.
func (e *Engine) Self() (string, int) {
	env, ok := FromEnvironment()
	if !ok {
		return "", 0
	}
	return jobPrefix + env.Key(), env.Restarts
}

// Running asks Slurm for a job.
func (e *Engine) Running(job string) (running, known bool) {
	key, ours := strings.CutPrefix(job, jobPrefix)
	if !ours {
		return false, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	j, fresh := e.known[key]
	if !fresh || time.Since(e.asked) > answerHolds {
		id, _, _ := strings.Cut(key, "_")
		ctx, cancel := context.WithTimeout(context.Background(), commandLimit)
		defer cancel()
		jobs, _ := e.Client.Jobs(ctx, []string{id})
		e.known, e.asked = jobs, time.Now()
		if j, known = jobs[key]; !known {
			return false, false
		}
	}
	return j.State.Active(), true
}

// Record is what a task says of itself, in slurm/tasks.
type Record struct {
	Job      string    `json:"job"` // as Slurm's commands name it
	Restarts int       `json:"restarts"`
	Host     string    `json:"host"`
	Node     string    `json:"node"`
	State    string    `json:"state"`
	Message  string    `json:"message,omitempty"`
	Started  time.Time `json:"started"`
	Updated  time.Time `json:"updated"`
	Trials   []Trained `json:"trials"` // one for each of the array's, in their order
}

// Trained is what has become of one trial of a task. ID is empty as long as the configuration is not known.
type Trained struct {
	Key    string `json:"key"`
	ID     string `json:"id,omitempty"`
	Status string `json:"status,omitempty"` // of the store; empty: not ended
	Reason string `json:"reason,omitempty"`
}

// The states of a task.
const (
	AtWork      = "running"
	Done        = "done"        // every trial was successful
	SomeFailed  = "failed"      // every trial has ended, some not successfully
	Requeued    = "requeued"    // its time was up: it goes on from its checkpoint
	Interrupted = "interrupted" // canceled, preempted or out of time: it goes on from its checkpoint when it is run again
	Stuck       = "stuck"       // its time is too short: it would never get on
	Broken      = "error"       // it could not work
)

// fromTasks finds the number of an array that has begun: its tasks know it.
func fromTasks(st *store.Store, run string, a Array) string {
	for i := range max(1, len(a.Tasks)) {
		var r Record
		if ok, err := st.RunRecord(run, taskName(a.Name, i), &r); ok && err == nil {
			id, _, _ := strings.Cut(r.Job, "_")
			return id
		}
	}
	return ""
}

// Task is one task of an array, at work.
type Task struct {
	Store    *store.Store
	Run      string
	Plan     *Plan
	Manifest runner.Manifest
	Array    Array
	Env      Environment
	Client   *Client
	Note     func(string)

	mu     sync.Mutex
	record Record
}

// errTimeIsUp is why a task stops when Slurm has warned it.
var errTimeIsUp = errors.New("the time of the job is almost up")

// ErrStuck means that the time limit of the job is too short for anything to be gained.
var ErrStuck = errors.New("the time limit is too short: since the job was started, nothing has been added to its trials that the next attempt could go on from; raise time in [engine.slurm], or signal if a step takes longer than it allows")

// Begin verifies what the task needs on this node and notes that it is at work.
func (t *Task) Begin() error {
	host, _ := os.Hostname()
	now := time.Now().UTC()
	t.record = Record{Job: t.Env.Key(), Restarts: t.Env.Restarts, Host: host, Node: t.Env.Node, State: AtWork, Started: now}
	for _, i := range t.Array.Tasks[t.Env.Index] {
		t.record.Trials = append(t.record.Trials, Trained{Key: t.Manifest.Tasks[i].Key, ID: t.Manifest.Tasks[i].Trial})
	}
	if err := t.note(); err != nil {
		return err
	}
	if err := verifyOnce(t.Plan.SocketDir, t.Plan.Files); err != nil {
		return fmt.Errorf("on node %s: %w", t.Env.Node, err)
	}
	return nil
}

// note writes the record.
func (t *Task) note() error {
	t.record.Updated = time.Now().UTC()
	return t.Store.PutRunRecord(t.Run, taskName(t.Array.Name, t.Env.Index), t.record)
}

// End notes how the task ended. An error that is already there is kept with it.
func (t *Task) End(state string, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.record.State, t.record.Message = state, ""
	if err != nil {
		t.record.Message = err.Error()
	}
	return errors.Join(err, t.note())
}

// Work runs the trials of the task to their ends and returns how it ended. When Slurm warns it that its time is almost up,
// it makes checkpoints and puts the job back into the queue. When ctx is canceled, it makes checkpoints and returns.
func (t *Task) Work(ctx context.Context, r *runner.Runner) (string, error) {
	late := make(chan os.Signal, 1)
	signal.Notify(late, warning)
	defer signal.Stop(late)
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go func() {
		select {
		case <-late:
			stop(errTimeIsUp)
		case <-working.Done():
		}
	}()
	part := fmt.Sprintf("%s.%d", t.Array.Name, t.Env.Index)
	run, err := t.Store.JoinRun(t.Run, part)
	if err != nil {
		return Broken, err
	}
	defer run.Close()
	r.Record(run)

	numbers := t.Array.Tasks[t.Env.Index]
	for i, n := range numbers {
		if trial, err := r.Of(t.Manifest.Tasks[n]); err == nil {
			t.record.Trials[i].ID = trial.ID
		}
	}
	before := t.progress()
	next := make(chan int)
	go func() {
		defer close(next)
		for i := range numbers {
			select {
			case next <- i:
			case <-working.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	errs := make([]error, len(numbers))
	for range max(1, t.Array.Workers) {
		wg.Go(func() {
			for i := range next {
				errs[i] = t.one(working, r, i)
			}
		})
	}
	wg.Wait()

	switch {
	case errors.Is(context.Cause(working), errTimeIsUp) && ctx.Err() == nil:
		if t.ended() {
			break
		}
		if t.progress() == before {
			return Stuck, ErrStuck
		}
		return Requeued, nil
	case ctx.Err() != nil:
		return Interrupted, ctx.Err()
	}
	if err := errors.Join(errs...); err != nil {
		return Broken, err
	}
	if !t.succeeded() {
		return SomeFailed, nil
	}
	return Done, nil
}

// one runs a trial of the task and notes how it ended.
func (t *Task) one(ctx context.Context, r *runner.Runner, i int) error {
	task := t.Manifest.Tasks[t.Array.Tasks[t.Env.Index][i]]
	trial, err := r.Of(task)
	if err == nil {
		t.mu.Lock()
		t.record.Trials[i].ID = trial.ID
		err = t.note()
		t.mu.Unlock()
	}
	var out runner.Outcome
	if err == nil {
		out, err = r.RunTask(ctx, task)
	}
	switch {
	case errors.Is(err, runner.ErrNothingSelected):
		t.mu.Lock()
		defer t.mu.Unlock()
		t.record.Trials[i].Status, t.record.Trials[i].Reason = store.Failed, err.Error()
		return t.note()
	case err != nil:
		return fmt.Errorf("%s: %w", task.Key, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.record.Trials[i].Status, t.record.Trials[i].Reason = out.Status, out.Reason
	if out.FailedMeasurements > 0 {
		t.record.Trials[i].Reason = fmt.Sprintf("%d measurements failed", out.FailedMeasurements)
	}
	return t.note()
}

func (t *Task) ended() bool {
	for _, x := range t.record.Trials {
		if x.Status == "" {
			return false
		}
	}
	return true
}

func (t *Task) succeeded() bool {
	for _, x := range t.record.Trials {
		if x.Status != store.Done || x.Reason != "" {
			return false
		}
	}
	return true
}

// progress is different whenever something has been stored that another attempt can go on from.
func (t *Task) progress() string {
	var b strings.Builder
	for _, x := range t.record.Trials {
		if x.ID == "" {
			continue
		}
		dir := t.Store.Trial(x.ID).Dir()
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return nil
			}
			switch name := d.Name(); {
			case name == "spec.json" || name == "status.json" || name == "log.txt" || name == "curve.jsonl" || strings.HasPrefix(name, "."):
				return nil // written without being gone on from
			}
			if info, err := d.Info(); err == nil {
				fmt.Fprintln(&b, path, info.Size(), info.ModTime().UnixNano())
			}
			return nil
		})
	}
	return b.String()
}

// Requeue notes that the task goes on later, puts its job back into the queue and waits for Slurm to end this attempt.
func (t *Task) Requeue(ctx context.Context) error {
	if err := t.End(Requeued, nil); err != nil {
		return err
	}
	if err := t.Client.Requeue(ctx, t.Env.Key()); err != nil {
		return t.End(Interrupted, fmt.Errorf("the job could not be put back into the queue: %w", err))
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Minute):
	}
	return nil
}

// verifyOnce verifies files, once on each node as long as they are not touched: many tasks share a node, and data are large.
// folder is on the node itself.
func verifyOnce(folder string, files []File) error {
	dir := filepath.Join(folder, fmt.Sprintf("bench-verified-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return Verify(files)
	}
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || !own(info) {
		return Verify(files) // somebody else's
	}
	for _, f := range files {
		info, err := os.Stat(f.Path)
		if err != nil {
			return err
		}
		mark := filepath.Join(dir, f.SHA256)
		now := fmt.Sprintf("%s %d %d\n", f.Path, info.Size(), info.ModTime().UnixNano())
		if text, err := os.ReadFile(mark); err == nil && string(text) == now {
			continue
		}
		if err := Verify([]File{f}); err != nil {
			return err
		}
		os.WriteFile(mark, []byte(now), 0o600) // without it, it is verified again
	}
	return nil
}

package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/store"
)

// Task names one trial of a run for a process that has not planned it.
type Task struct {
	Key       string `json:"key"` // its place in the run: unique there, and the same whenever the suite is planned
	Workload  string `json:"workload"`
	Optimizer string `json:"optimizer"`
	Label     string `json:"label"` // what varies, for people; "selected" when the tuning decides
	Seed      uint64 `json:"seed"`
	// Trial is the identity, empty for a trial of the configuration that the tuning selects: it is known once all trials of
	// the tuning of the same workload and optimizer have ended.
	Trial string `json:"trial,omitempty"`
	// Work is the expected cost in G.
	Work float64 `json:"work"`
}

// Tuning reports whether the task can be run at any time: it waits for no other.
func (t Task) Tuning() bool { return t.Trial != "" }

// Tasks lists the trials that a run computes: first those of the tuning, then those of the selected configurations.
func (r *Runner) Tasks() []Task {
	var tuning, selected []Task
	for _, g := range r.all {
		if !r.wanted(g) {
			continue
		}
		for i, c := range g.configs {
			for _, seed := range r.Suite.Tuning.Seeds {
				t := r.trial(g, i, seed)
				if !r.chosen(t) {
					continue
				}
				tuning = append(tuning, Task{
					Key: tuningKey(g, i, seed), Workload: g.workload.Name, Optimizer: g.optimizer.Name, Label: c.Label, Seed: seed,
					Trial: t.ID, Work: t.G,
				})
			}
		}
		for _, seed := range r.finalSeeds() {
			if !r.chosen(r.stand(g, seed)) {
				continue
			}
			selected = append(selected, Task{
				Key: finalKey(g, seed), Workload: g.workload.Name, Optimizer: g.optimizer.Name, Label: "selected", Seed: seed,
				Work: r.trial(g, 0, seed).G,
			})
		}
	}
	return append(tuning, selected...)
}

// ErrNothingSelected means that there is no configuration to train: no trial of the tuning was successful.
var ErrNothingSelected = errors.New("no configuration of the tuning succeeded")

// ErrTuning means that trials of the tuning have not ended yet, so that nothing can be selected.
var ErrTuning = errors.New("the tuning has not ended")

// Of finds the trial of a task. For one of a selected configuration the error is ErrTuning while the tuning has not ended
// and ErrNothingSelected when it has selected none.
func (r *Runner) Of(task Task) (*Trial, error) {
	for _, g := range r.all {
		if g.workload.Name != task.Workload || g.optimizer.Name != task.Optimizer {
			continue
		}
		if !task.Tuning() {
			if err := r.look(r.tuning(g)); err != nil {
				return nil, err
			}
			for _, t := range r.tuning(g) {
				work, err := r.remaining(t)
				if err != nil {
					return nil, err
				}
				if !work.none() {
					return nil, ErrTuning
				}
			}
			best, err := r.selected(g)
			switch {
			case err != nil:
				return nil, err
			case best < 0:
				return nil, ErrNothingSelected
			}
			return r.trial(g, best, task.Seed), nil
		}
		for i := range g.configs {
			if t := r.trial(g, i, task.Seed); t.ID == task.Trial {
				return t, nil
			}
		}
	}
	return nil, fmt.Errorf("the suite has no trial %s", task.Key)
}

// Outcome is how a trial ended: Status is one of the store's, Cached says that nothing had to be computed.
type Outcome struct {
	Trial              *Trial
	Status             string
	Reason             string
	Cached             bool
	FailedMeasurements int
}

// RunTask brings the trial of one task to its end: training from its last checkpoint, evaluations, measurements, each unless
// it is stored already. A trial that fails is an outcome; an error, ctx's among them, means that it is to be gone on with
// later. Several processes may run tasks of one run, and even the same, at a time.
func (r *Runner) RunTask(ctx context.Context, task Task) (Outcome, error) {
	t, err := r.Of(task)
	if err != nil {
		return Outcome{}, err
	}
	ended, err := r.execute(ctx, t)
	if err != nil {
		return Outcome{Trial: t}, err
	}
	if ended.waits {
		err = r.leave(t)
	}
	if err = errors.Join(err, r.serveOthers(ctx, t)); err != nil {
		return Outcome{Trial: t}, err
	}
	out := Outcome{Trial: t, Status: ended.status, Cached: ended.cached, FailedMeasurements: ended.failedMeasurements}
	if res, ok, err := r.Store.Trial(t.ID).Result(); err == nil && ok && ended.status != store.Done {
		out.Reason = res.Reason
	}
	return out, nil
}

// Left reports whether something of a task is still to be computed. It is, too, while the configuration is not known.
func (r *Runner) Left(task Task) (bool, error) {
	t, err := r.Of(task)
	switch {
	case errors.Is(err, ErrTuning):
		return true, nil
	case errors.Is(err, ErrNothingSelected):
		return false, nil
	case err != nil:
		return false, err
	}
	w, err := r.missing(t, r.Store.Trial(t.ID))
	return !w.none(), err
}

// Forget throws away the records that Rerun chooses, so that whoever computes the tasks makes them again. One that somebody
// works on is left alone.
func (r *Runner) Forget(tasks []Task) error {
	if r.Rerun == nil {
		return nil
	}
	// The selected ones first: without its tuning, nobody knows which they were.
	for _, task := range slices.Backward(tasks) {
		t, err := r.Of(task)
		if errors.Is(err, ErrTuning) || errors.Is(err, ErrNothingSelected) {
			continue
		} else if err != nil {
			return err
		}
		rec := r.Store.Trial(t.ID)
		res, ok, err := rec.Result()
		if err != nil {
			return err
		}
		if !ok || !r.Rerun(t, res) {
			continue
		}
		lease, err := r.Store.Lease(t.ID)
		if errors.Is(err, store.ErrHeld) {
			continue
		} else if err != nil {
			return err
		}
		err = rec.Reset()
		r.complete.Delete(t.ID)
		lease.Release()
		if err != nil {
			return err
		}
	}
	r.Rerun = nil
	return nil
}

// Record adds what happens from now on to the record of a run.
func (r *Runner) Record(run *store.Run) { r.Reporter = record(r.Reporter, run) }

// Work runs tasks of a run, in another process than the one that planned it, and adds what happens to the run's record.
func (r *Runner) Work(ctx context.Context, run *store.Run, tasks []Task) ([]Outcome, error) {
	r.Record(run)
	var out []Outcome
	for _, task := range tasks {
		ended, err := r.RunTask(ctx, task)
		if errors.Is(err, ErrNothingSelected) {
			r.dropFinal(r.groupOf(task.Workload, task.Optimizer), task.Seed)
			continue
		}
		if err != nil {
			return out, fmt.Errorf("%s: %w", task.Key, err)
		}
		out = append(out, ended)
	}
	return out, nil
}

func (r *Runner) groupOf(workload, optimizer string) *group {
	i := slices.IndexFunc(r.all, func(g *group) bool { return g.workload.Name == workload && g.optimizer.Name == optimizer })
	return r.all[i]
}

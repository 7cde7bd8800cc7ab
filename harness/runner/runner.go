// Package runner trains the trials of a suite, evaluates and measures what they find, and remembers everything in the
// store as soon as it is known. Running the same suite again continues where the last run stopped, whatever stopped it.
package runner

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// Runner runs one suite. Its fields are set before Prepare and not changed afterwards.
type Runner struct {
	Suite    *suite.Suite
	Store    *store.Store
	Plugins  *Plugins
	Jobs     int // trials at a time; each uses one core
	Reporter progress.Reporter
	Release  string // bench's version, for the records
	// Rerun says which stored trainings are thrown away and made again; nil means none.
	Rerun func(*Trial, *store.Result) bool
	// Only says which trials are computed; the others stay as they are. The result is nil for a trial without one. nil means
	// all of them.
	Only func(*Trial, *store.Result) bool
	// Retries is how often a training whose plugin broke down is tried again, from its last checkpoint, or, when more than
	// once, from the start for a plugin that cannot resume. 0 stands for once, -1 for never.
	Retries int
	// CheckpointEvery is how much work a crash may cost: 10 s when it is 0. An interruption costs none: it makes a checkpoint.
	CheckpointEvery time.Duration
	// FailFast ends the run when a trial has failed.
	FailFast bool

	debugging *Debugging
	workloads map[string]*workload
	all       []*group
	metrics   []measurement // at the end of a training
	moments   sync.Map      // of []measurement, what along has found
	shifted   shiftCache
	complete  sync.Map // of *store.Result by trial: those with nothing left to compute
	known     sync.Map // of *store.Records by trial: what look has found

	run         *store.Run          // that this process carries out; nil when nothing is recorded
	probed      map[*workload]*pace // by Probe
	canceled    sync.Map            // of struct{} by key: what somebody has canceled
	once        sync.Once
	suiteCommit string // for provenance
}

// Summary is how a run ended.
type Summary struct {
	Trials int // all that the suite asks for
	Cached int // of them, those with nothing left to compute
	Ended  int // through, in this run or an earlier one
	Failed int // failed, diverged or timed out
	// Canceled counts those that somebody has taken out of the run with bench cancel.
	Canceled int
	// FailedMeasurements counts the measurements without a value, over all trained nets.
	FailedMeasurements int
}

// Prepare loads the data and the plugins. A dataset that has to be fetched first is a *dataset.Missing.
func (r *Runner) Prepare() error {
	var err error
	if r.workloads, err = load(r.Suite); err != nil {
		return err
	}
	for _, w := range r.workloads {
		w.evaluations = r.listEvaluations(w)
	}
	if r.all, err = r.groups(); err != nil {
		return err
	}
	r.metrics, err = r.measurements()
	return err
}

// Run computes what is missing; f is what Forecast said of it. It ends early with ctx's error when ctx is canceled, and
// with another error when records cannot be written; trials that fail do not end it.
func (r *Runner) Run(ctx context.Context, f Forecast) (Summary, error) {
	if f.Cached < f.Trials || r.Rerun != nil {
		if err := r.Store.Writable(); err != nil {
			return Summary{}, err
		}
		run, _, err := r.Begin("local", f)
		if err != nil {
			return Summary{}, err
		}
		defer run.Close()
		r.run = run
		held, err := r.Store.LeaseRun(run.ID())
		if err != nil {
			return Summary{}, err
		}
		defer held.Release()
		r.Reporter = record(r.Reporter, run)
	}
	q := newQueue(r)
	if q.err != nil {
		return q.summary, q.err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if r.run != nil {
		defer r.obey(ctx, stop)()
	}
	var wg sync.WaitGroup
	for range max(1, r.Jobs) {
		wg.Go(func() {
			for {
				j, ok := q.next(ctx)
				if !ok {
					return
				}
				ended, err := r.uncanceled(ctx, j.trial)
				q.done(j, ended, err)
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return q.summary, context.Cause(ctx)
	}
	return q.summary, q.err
}

// job is a trial to be run.
type job struct {
	trial  *Trial
	group  *group
	tuning bool
	again  bool // it is through but for measurements beside other networks, which were not trained yet
}

// queue hands out trials: first those of the tuning, and for each optimizer, once its own are through, those of its
// selected configuration. What is computed does not depend on the order in which they end.
type queue struct {
	r       *Runner
	mu      sync.Mutex
	changed *sync.Cond
	waiting []job
	later   []job // to be looked at again once all others are through
	running int
	left    map[*group]int  // tuning trials not through yet
	closed  map[*group]bool // nothing will be selected in this run
	summary Summary
	err     error
}

func newQueue(r *Runner) *queue {
	q := &queue{r: r, left: map[*group]int{}, closed: map[*group]bool{}}
	q.changed = sync.NewCond(&q.mu)
	for _, g := range r.all {
		if !r.wanted(g) {
			continue
		}
		open := false // a trial of the tuning that this run does not compute is missing: nothing will be selected
		for _, t := range r.tuning(g) {
			if !r.chosen(t) {
				w, err := r.remaining(t)
				q.err = errors.Join(q.err, err)
				open = open || !w.none()
				continue
			}
			q.summary.Trials++
			q.waiting = append(q.waiting, job{trial: t, group: g, tuning: true})
			q.left[g]++
			r.announce(t)
		}
		if open {
			q.closed[g] = true
			continue
		}
		for _, seed := range r.finalSeeds() {
			if !r.chosen(r.stand(g, seed)) {
				continue
			}
			q.summary.Trials++
			r.announceFinal(g, seed)
		}
		if q.left[g] == 0 {
			q.selected(g)
		}
	}
	return q
}

// chosen reports whether Only lets a trial be computed.
func (r *Runner) chosen(t *Trial) bool {
	if r.Only == nil {
		return true
	}
	res, ok, err := r.read(t).Result()
	if !ok || err != nil {
		res = nil
	}
	return r.Only(t, res)
}

// stand is the trial of the selected configuration on a seed, or, before it is known, that of another one in its place.
func (r *Runner) stand(g *group, seed uint64) *Trial {
	best, err := r.selected(g)
	if err != nil {
		best = 0
	}
	return r.trial(g, max(best, 0), seed)
}

// wanted reports whether this run may compute the trials of g; what is known of the others stays on the board.
func (r *Runner) wanted(g *group) bool { return g.optimizer.Selected }

// finalSeeds are the seeds on which a selected configuration still has to be trained after the tuning.
func (r *Runner) finalSeeds() []uint64 {
	var out []uint64
	for _, seed := range r.Suite.Seeds {
		if !slices.Contains(r.Suite.Tuning.Seeds, seed) {
			out = append(out, seed)
		}
	}
	return out
}

// count is the number of trials of the suite.
func (r *Runner) count() int {
	n := 0
	for _, g := range r.all {
		n += len(g.configs)*len(r.Suite.Tuning.Seeds) + len(r.finalSeeds())
	}
	return n
}

func (q *queue) next(ctx context.Context) (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		switch {
		case ctx.Err() != nil || q.err != nil:
			return job{}, false
		case len(q.waiting) > 0:
			j := q.waiting[0]
			q.waiting = q.waiting[1:]
			q.running++
			return j, true
		case q.running == 0 && len(q.later) > 0:
			q.waiting, q.later = q.later, nil
			continue
		case q.running == 0:
			return job{}, false
		}
		q.changed.Wait()
	}
}

func (q *queue) done(j job, ended outcome, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.changed.Broadcast()
	q.running--
	if err != nil {
		q.err = errors.Join(q.err, err)
		return
	}
	if j.again {
		q.summary.FailedMeasurements += ended.failedMeasurements
		if ended.waits {
			q.err = errors.Join(q.err, q.r.leave(j.trial))
		}
		return
	}
	if ended.canceled {
		q.summary.Canceled++
		q.closed[j.group] = q.closed[j.group] || j.tuning
		return
	}
	if ended.waits {
		q.later = append(q.later, job{trial: j.trial, group: j.group, again: true})
		ended.failedMeasurements = 0 // all are counted then
	}
	q.summary.Ended++
	q.summary.FailedMeasurements += ended.failedMeasurements
	if ended.cached {
		q.summary.Cached++
	}
	if ended.status != store.Done {
		q.summary.Failed++
		if q.r.FailFast && !ended.cached {
			q.err = errors.Join(q.err, fmt.Errorf("%w: %s", ErrFailFast, j.trial))
		}
	}
	if !j.tuning {
		return
	}
	if q.left[j.group]--; q.left[j.group] == 0 && !q.closed[j.group] {
		q.selected(j.group)
	}
}

// ErrFailFast ends a run of which a trial has failed, when that was asked for.
var ErrFailFast = errors.New("ended at the first failed trial")

// selected goes on with the configuration that the tuning of a group has selected.
func (q *queue) selected(g *group) {
	best, err := q.r.selected(g)
	if err != nil {
		q.err = errors.Join(q.err, err)
		return
	}
	for _, seed := range q.r.finalSeeds() {
		if !q.r.chosen(q.r.trial(g, max(best, 0), seed)) {
			continue
		}
		if best < 0 {
			// Nothing to go on with: the optimizer stays in the table, unranked.
			q.summary.Trials--
			q.r.dropFinal(g, seed)
			continue
		}
		q.waiting = append(q.waiting, job{trial: q.r.trial(g, best, seed), group: g})
	}
}

// selected applies the suite's selection rule: the configuration with the lowest mean over the tuning seeds on the
// validation split, the earlier one when equal. One that failed on a seed counts as worst. It returns -1 when none is
// left. Tests and shifts are never looked at.
func (r *Runner) selected(g *group) (int, error) {
	best, lowest := -1, math.Inf(1)
	for i := range g.configs {
		mean := 0.0
		for _, seed := range r.Suite.Tuning.Seeds {
			score, err := r.score(r.trial(g, i, seed))
			if err != nil {
				return -1, err
			}
			mean += score / float64(len(r.Suite.Tuning.Seeds))
		}
		if mean < lowest {
			best, lowest = i, mean
		}
	}
	return best, nil
}

// score is what selection compares: +Inf for a trial without a trained net.
func (r *Runner) score(t *Trial) (float64, error) {
	for _, e := range r.evaluations(t.workload) {
		if e.Key != r.Suite.Tuning.Select.Split {
			continue
		}
		got, ok, err := r.read(t).Evaluation(e.Name, e.Hash)
		if err != nil || !ok {
			return math.Inf(1), err
		}
		if r.Suite.Tuning.Select.Metric == "loss" || t.workload.byLoss() {
			return float64(got.Loss), nil
		}
		return float64(got.Errors) / float64(got.Examples), nil
	}
	return math.Inf(1), nil
}

// outcome is how a trial ended.
type outcome struct {
	status string
	cached bool // nothing had to be computed
	// canceled by bench cancel: it goes on from its checkpoint in another run
	canceled bool

	failedMeasurements int
	waits              bool // for networks to compare it with
}

// leasePoll is how often a trial that another process works on is looked at again.
const leasePoll = time.Second

// errLost ends work on a trial that somebody else has taken over, because this process had not been heard of for long.
var errLost = errors.New("another process has taken the trial over")

// execute brings one trial to its end: training, evaluations, measurements, each unless it is stored already.
func (r *Runner) execute(ctx context.Context, t *Trial) (outcome, error) {
	for {
		out, err := r.try(ctx, t)
		if !errors.Is(err, errLost) {
			return out, err
		}
		r.Reporter.Note(fmt.Sprintf("%s: %v", t, err))
	}
}

func (r *Runner) try(parent context.Context, t *Trial) (out outcome, err error) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	defer func() {
		if err != nil && errors.Is(context.Cause(ctx), errLost) && parent.Err() == nil {
			err = errLost
		}
	}()
	rec := r.Store.Trial(t.ID)
	work, err := r.missing(t, rec)
	if err != nil {
		return outcome{}, err
	}
	if work.none() {
		out, err := r.ended(t, work.result, true)
		if err == nil && !out.waits {
			r.finish(t, work.result, progress.Cached)
		}
		return out, err
	}
	r.known.Delete(t.ID)
	lease, err := r.lease(ctx, t)
	if err != nil {
		return outcome{}, err
	}
	defer lease.Release()
	go func() {
		select {
		case <-lease.Lost():
			cancel(errLost)
		case <-ctx.Done():
		}
	}()
	// Another process may have done it while we waited for the lease.
	if work, err = r.missing(t, rec); err != nil {
		return outcome{}, err
	}
	var params *store.Params
	if work.result != nil && !work.rerun && work.result.Status == store.Done {
		if params, err = rec.Params(); errors.Is(err, store.ErrNoParams) {
			r.Reporter.Note(fmt.Sprintf("%s: %v; training it again", t, err))
			if work, err = r.everything(t); err != nil {
				return outcome{}, err
			}
			work.rerun = true
		} else if err != nil {
			return outcome{}, err
		}
	}
	if work.rerun {
		r.complete.Delete(t.ID)
		if err := rec.Reset(); err != nil {
			return outcome{}, err
		}
	}
	if work.retrace && !work.rerun {
		r.report(t, progress.Training, 0)
		same, err := r.retrace(ctx, t, rec, work.result)
		if err != nil {
			return outcome{}, err
		}
		if !same {
			r.Reporter.Note(fmt.Sprintf("%s: trained again for the metrics along the way, it did not end where its record says; all of it is made again", t))
			if err := rec.Reset(); err != nil {
				return outcome{}, err
			}
			if work, err = r.everything(t); err != nil {
				return outcome{}, err
			}
		}
	}
	if work.result == nil {
		r.report(t, progress.Training, 0)
		if work.result, err = r.train(ctx, t, rec); err != nil {
			return outcome{}, err
		}
		if work.result.Status == store.Done {
			if params, err = rec.Params(); err != nil {
				return outcome{}, err
			}
			// An optimizer that has converged may have ended before some moments.
			if work.measurements, err = r.measurementsOf(t, int(work.result.Steps)); err != nil {
				return outcome{}, err
			}
			work.set(work.measurements)
		}
	}
	if work.result.Status == store.Done {
		if err := r.evaluate(ctx, t, rec, work.evaluations, params); err != nil {
			return outcome{}, err
		}
		if err := r.measure(ctx, t, rec, work.measurements, params); err != nil {
			return outcome{}, err
		}
	}
	out, err = r.ended(t, work.result, false)
	if err == nil && !out.waits {
		r.complete.Store(t.ID, work.result)
		r.finish(t, work.result, progress.Done)
	}
	return out, err
}

// leave ends a trial whose last measurements wait for trials that this run does not have.
func (r *Runner) leave(t *Trial) error {
	res, ok, err := r.read(t).Result()
	if err == nil && ok {
		r.finish(t, res, progress.Done)
	}
	return err
}

// ended sums up a trial that is through.
func (r *Runner) ended(t *Trial, res *store.Result, cached bool) (outcome, error) {
	out := outcome{status: res.Status, cached: cached}
	if res.Status != store.Done {
		return out, nil
	}
	list, err := r.measurementsOf(t, int(res.Steps))
	if err != nil {
		return out, err
	}
	for _, m := range list {
		if m.Waits {
			out.waits = true
			continue
		}
		got, ok, err := r.read(t).Measurement(m.Name, m.Hash)
		switch {
		case err != nil:
			return out, err
		case !ok: // what it waited for has come meanwhile
			out.waits = true
		case got.Status != store.Done:
			out.failedMeasurements++
		}
	}
	return out, nil
}

// work is what is left of a trial.
type work struct {
	result       *store.Result // nil: training is missing
	rerun        bool          // a stored result is to be thrown away
	retrace      bool          // the training is to be gone through again, to look at it on the way
	evaluations  []evaluation
	measurements []measurement
	waits        int // measurements that have to wait until other trials are trained
}

// set is told which measurements are missing: those that can be taken, and those that have to wait.
func (w *work) set(list []measurement) {
	w.measurements, w.waits = nil, 0
	for _, m := range list {
		if m.Waits {
			w.waits++
		} else {
			w.measurements = append(w.measurements, m)
		}
	}
}

func (w work) none() bool {
	if w.result == nil || w.rerun {
		return false
	}
	return w.result.Status != store.Done || len(w.evaluations)+len(w.measurements) == 0
}

// everything is what a trial needs that has never been started.
func (r *Runner) everything(t *Trial) (work, error) {
	w := work{evaluations: r.evaluations(t.workload)}
	list, err := r.measurementsOf(t, t.Steps)
	w.set(list)
	return w, err
}

// missing looks at the store: what is left of a trial.
func (r *Runner) missing(t *Trial, rec *store.Trial) (work, error) {
	// A trial that was found complete stays so during a run; looking once is what makes a cached run quick.
	if done, ok := r.complete.Load(t.ID); ok {
		return work{result: done.(*store.Result)}, nil
	}
	return r.left(t, rec)
}

// left is what is left of a trial of which this is known.
func (r *Runner) left(t *Trial, known records) (w work, err error) {
	defer func() {
		if err == nil && w.none() && w.waits == 0 {
			r.complete.Store(t.ID, w.result)
		}
	}()
	result, ok, err := known.Result()
	if err != nil {
		return w, err
	}
	if ok {
		limit := r.Suite.Budget.Timeout.Seconds()
		longer := result.Status == store.Timeout && (limit == 0 || limit > float64(result.TimeLimit))
		if longer || r.Rerun != nil && r.Rerun(t, result) {
			w, err = r.everything(t)
			w.rerun = true
			return w, err
		}
		w.result = result
	}
	if w.result == nil {
		return r.everything(t)
	}
	for _, e := range r.evaluations(t.workload) {
		_, ok, err := known.Evaluation(e.Name, e.Hash)
		if err != nil {
			return w, err
		}
		if !ok {
			w.evaluations = append(w.evaluations, e)
		}
	}
	list, err := r.measurementsOf(t, int(w.result.Steps))
	if err != nil {
		return w, err
	}
	for _, m := range list {
		if m.Waits {
			w.waits++
			continue
		}
		_, ok, err := known.Measurement(m.Name, m.Hash)
		if err != nil {
			return w, err
		}
		if !ok {
			w.measurements = append(w.measurements, m)
			w.retrace = w.retrace || w.result.Status == store.Done && m.At != atEnd && !r.Store.Trial(t.ID).HasSnapshot(m.At)
		}
	}
	return w, nil
}

// records are what is known of a trial: a *store.Trial, which looks, or *store.Records, which have looked.
type records interface {
	Result() (*store.Result, bool, error)
	Evaluation(name, hash string) (*store.Evaluation, bool, error)
	Measurement(name, hash string) (*store.Measurement, bool, error)
}

var (
	_ records = (*store.Trial)(nil)
	_ records = (*store.Records)(nil)
)

// look reads what the store has of many trials at once, unless they were complete already when last looked at.
func (r *Runner) look(trials []*Trial) error {
	var ids []string
	var open []*Trial
	for _, t := range trials {
		_, complete := r.complete.Load(t.ID)
		if _, known := r.known.Load(t.ID); !complete || !known {
			ids, open = append(ids, t.ID), append(open, t)
		}
	}
	found, err := r.Store.Records(ids)
	if err != nil {
		return err
	}
	for i, t := range open {
		if found[i] == nil {
			r.known.Delete(t.ID)
			continue
		}
		r.known.Store(t.ID, found[i])
		if _, err := r.left(t, found[i]); err != nil {
			return err
		}
	}
	return nil
}

// read is what is known of a trial.
func (r *Runner) read(t *Trial) records {
	if known, ok := r.known.Load(t.ID); ok {
		return known.(*store.Records)
	}
	return r.Store.Trial(t.ID)
}

// survey looks at every trial of the suite: those of the tuning, and with them of the configurations that are selected.
func (r *Runner) survey(groups []*group) error {
	var trials []*Trial
	for _, g := range groups {
		trials = append(trials, r.tuning(g)...)
	}
	if err := r.look(trials); err != nil {
		return err
	}
	trials = nil
	for _, g := range groups {
		best, err := r.selected(g)
		if err != nil {
			return err
		}
		for _, seed := range r.finalSeeds() {
			if best >= 0 {
				trials = append(trials, r.trial(g, best, seed))
			}
		}
	}
	return r.look(trials)
}

// lease waits until no other process works on the trial.
func (r *Runner) lease(ctx context.Context, t *Trial) (*store.Lease, error) {
	told := false
	for {
		l, err := r.Store.Lease(t.ID)
		var held *store.HeldError
		if !errors.As(err, &held) {
			return l, err
		}
		if !told {
			r.Reporter.Note(fmt.Sprintf("%s: waiting, %v", t, err))
			told = true
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(leasePoll):
		}
	}
}

package runner

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"time"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/privacy"
	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
)

// CheckpointEvery is Runner.CheckpointEvery where nothing else is said. Tests shorten it.
var CheckpointEvery = 10 * time.Second

// stopGrace is how long an interrupted optimizer may take to its next commit.
const stopGrace = 5 * time.Second

// TurnTimeout is how long a plugin may compute without a word. Tests shorten it.
var TurnTimeout = 60 * time.Second

// train runs a trial's training to its end, from its last checkpoint if it has one, and stores the result. Whatever
// the optimizer does ends in a stored result; an error means that nothing could be concluded (canceled, disk full)
// and that the trial is to be continued later.
func (r *Runner) train(ctx context.Context, t *Trial, rec *store.Trial) (*store.Result, error) {
	log, err := rec.Start(t.text)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	started := time.Now()
	limit := r.Suite.Budget.Timeout
	trainCtx := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		trainCtx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}

	var res *store.Result
	var params *store.Params
	var account privacy.Account
	for attempt := 1; ; attempt++ {
		res, params, err = r.attempt(trainCtx, t, rec, log, &account, false)
		var failure *pluginhost.Failure
		var invalid *pluginhost.Invalid
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(trainCtx.Err(), context.DeadlineExceeded):
			res, params = &store.Result{Status: store.Timeout, Reason: fmt.Sprintf("not done after %s", limit)}, nil
		case errors.As(err, &failure):
			if attempt <= cmp.Or(r.Retries, 1) && (t.plugin.Info.Resumable || r.Retries > 1) && r.debugging == nil {
				fmt.Fprintf(log, "bench: %v; trying again from the last checkpoint\n", err)
				continue
			}
			res, params = &store.Result{Status: store.Failed, Reason: failure.Reason, Detail: failure.Detail}, nil
		case errors.As(err, &invalid):
			res, params = &store.Result{Status: store.Failed, Reason: invalid.Error()}, nil
		default:
			return nil, err
		}
		break
	}
	res.Privacy = t.spent(&account)
	if res.WallSeconds == 0 {
		res.WallSeconds = store.Float(time.Since(started).Seconds())
	}
	res.TimeLimit = store.Float(limit.Seconds())
	res.Provenance = of(r.provenance(started), t.plugin)
	res.Unlocked = t.plugin.Unlocked
	if res.Status != store.Done {
		res.LogTail = rec.LogTail(4096)
	}
	return res, rec.Finish(*res, params)
}

// retrace goes through a finished training again to keep it at the moments that metrics ask for; its result stays. It
// reports whether the training ended with the same parameters, as it must: else the record is of another program.
func (r *Runner) retrace(ctx context.Context, t *Trial, rec *store.Trial, have *store.Result) (bool, error) {
	log, err := rec.Log()
	if err != nil {
		return false, err
	}
	defer log.Close()
	fmt.Fprintln(log, "bench: training again to look at it on the way")
	res, params, err := r.attempt(ctx, t, rec, log, &privacy.Account{}, true)
	var failure *pluginhost.Failure
	var invalid *pluginhost.Invalid
	switch {
	case errors.As(err, &failure), errors.As(err, &invalid):
		return false, nil
	case err != nil:
		return false, err
	}
	same := res.Status == store.Done && store.HashParams(params.W) == have.ParamsSHA256
	return same, rec.DropCheckpoint()
}

// attempt runs the optimizer's process once. account is set to what it releases, from the start of the training on. When it
// retraces a training whose result is stored, the curve stays as it is.
func (r *Runner) attempt(ctx context.Context, t *Trial, rec *store.Trial, log *os.File, account *privacy.Account, retraces bool) (res *store.Result, params *store.Params, err error) {
	began := time.Now()
	var times store.Timings
	written := func(since time.Time) { times.Records += store.Float(time.Since(since).Seconds()) }
	begun, err := t.begin()
	if err != nil {
		return nil, nil, err
	}
	task, problem, init := &observed{task: begun.task}, begun.problem, begun.init
	perEpoch := task.StepsPerEpoch()
	watch := r.clock(t)
	answers := oracle.New(task, t.Seed)
	prev := append([]float32(nil), init...) // the parameters before the last commit
	last := append([]float32(nil), init...)

	problem.Steps, problem.StepsPerEpoch = t.Steps, perEpoch
	*account = privacy.Account{}
	if t.plugin.Info.Privacy != nil {
		answers.Watch(account)
		account.Claim = t.claim(problem)
	}
	problem.Auxiliary = task.HasAuxiliary()
	session := pluginhost.OptimizeSession{
		RunID:   t.ID,
		Problem: problem,
		Params:  t.Configuration.Params, Seed: t.Seed, Oracle: answers, Init: init,
		FirstLRScale: watch.scale(0), TurnTimeout: r.turnTimeout(),
	}
	kept := r.kept(t)
	from := 0
	committed := func(uint64) {}
	var spent, wall store.Float // seconds of the plugin, and by the clock on the wall, of earlier attempts
	if c, ok, err := rec.LoadCheckpoint(); err != nil {
		fmt.Fprintf(log, "bench: %v; training starts again from step 0\n", err)
	} else if ok && t.plugin.Info.Resumable && snapshots(rec, kept, int(c.Step)) {
		from = int(c.Step)
		session.Resume = &pluginhost.Resume{Step: c.Step, Blob: c.Blob, Params: c.W, Slots: c.Slots}
		watch.before = float64(c.TrainSeconds)
		session.FirstLRScale = watch.scale(from)
		answers.Resume(c.Bill)
		if c.Privacy != nil {
			*account = *c.Privacy.Clone()
		}
		copy(task.Buffers(), c.Buffers)
		copy(prev, c.Prev)
		spent, wall = c.PluginSeconds, c.WallSeconds
		task.sum, task.n, task.last = float64(c.LossSum), c.LossCount, float64(c.TrainLoss)
		copy(last, c.W)
		fmt.Fprintf(log, "bench: continuing at step %d of %d\n", from, t.Steps)
	}
	begun.loss(from)
	if from == 0 && slices.Contains(kept, 0) {
		if err := rec.PutSnapshot(0, &store.Params{Tensors: tensors(problem.Tensors), W: init, Buffers: task.Buffers()}); err != nil {
			return nil, nil, err
		}
	}
	var curve *store.Curve
	if !retraces {
		if curve, err = rec.Curve(uint64(from)); err != nil {
			return nil, nil, err
		}
		defer curve.Close()
	}

	if !retraces {
		a, e := rec.BeginAttempt(store.Attempt{Began: began.UTC(), From: uint64(from), Step: uint64(from), Provenance: of(r.provenance(began), t.plugin)})
		if e != nil {
			return nil, nil, e
		}
		at := &a.Step
		defer func() {
			times.Wall = store.Float(time.Since(began).Seconds())
			a.Ended, a.Timings = time.Now().UTC(), times
			switch {
			case res != nil:
				a.How, a.Reason = res.Status, res.Reason
			case ctx.Err() != nil:
				a.How = store.Stopped
			default:
				a.How, a.Reason = crashed, err.Error()
			}
			if e := rec.EndAttempt(a); err == nil {
				err = e
			}
		}()
		committed = func(step uint64) { *at = step }
	}
	saved := time.Now()
	var buffers []float32
	scale, why := session.FirstLRScale, "budget"
	var target *store.Target
	reached, err := r.target(t)
	if err != nil {
		return nil, nil, err
	}
	session.OnCommit = func(c pluginhost.Commit) (pluginhost.Next, error) {
		watch.stop()
		defer watch.start()
		account.Commit()
		last, prev = c.Params, last
		buffers = append(buffers[:0], task.Buffers()...)
		step := int(c.Step)
		ended := step >= t.Steps || watch.over()
		begun.loss(step)
		committed(c.Step)
		if _, found := slices.BinarySearch(kept, step); found {
			defer written(time.Now())
			if err := rec.PutSnapshot(step, &store.Params{Tensors: tensors(problem.Tensors), W: last, Buffers: buffers, Update: difference(last, prev)}); err != nil {
				return pluginhost.Next{}, err
			}
		}
		if step%perEpoch == 0 || ended {
			point := store.Point{
				Step: c.Step, Epoch: store.Float(float64(step) / float64(perEpoch)), Loss: store.Float(task.take()),
				LRScale: store.Float(scale), G: store.Float(answers.Bill().G), Seconds: store.Float(answers.Bill().Seconds),
			}
			if !retraces {
				if err := curve.Append(point); err != nil {
					return pluginhost.Next{}, err
				}
			}
			r.report(t, progress.Training, watch.share(step))
			if reached != nil {
				value, ok, err := reached(last, buffers)
				if err != nil {
					return pluginhost.Next{}, err
				}
				target = &store.Target{Reached: ok, Value: store.Float(value), Step: c.Step, G: store.Float(answers.Bill().G), Seconds: store.Float(watch.seconds())}
				if ok {
					ended, why = true, "target"
				}
			}
		}
		canceled := ctx.Err() != nil
		if !ended && t.plugin.Info.Resumable && (canceled || time.Since(saved) > cmp.Or(r.CheckpointEvery, CheckpointEvery)) {
			defer written(time.Now())
			if err := rec.SaveCheckpoint(store.Checkpoint{
				Step: c.Step, Blob: c.Blob, W: c.Params, Buffers: buffers, Prev: prev, Slots: c.State, Bill: answers.Bill(),
				Counters: store.Counters{
					TrainSeconds: watch.counted(), PluginSeconds: spent, WallSeconds: wall + store.Float(time.Since(began).Seconds()), TrainLoss: store.Float(task.last), LossSum: store.Float(task.sum), LossCount: task.n,
					Privacy: released(t, account),
				},
			}); err != nil {
				return pluginhost.Next{}, err
			}
			saved = time.Now()
		}
		switch {
		case ended:
			if watch.over() && why != "target" {
				why = "time"
			}
			return pluginhost.Next{Stop: why}, nil
		case canceled:
			return pluginhost.Next{Stop: "canceled"}, nil
		}
		scale = watch.scale(step)
		return pluginhost.Next{LRScale: scale}, nil
	}

	launching := time.Now()
	process, err := r.launch(ctx, t.plugin, log)
	if err != nil {
		return nil, nil, err
	}
	defer process.Stop()
	times.Launch = store.Float(time.Since(launching).Seconds())
	// An interruption stops the optimizer at its next commit, with a checkpoint, and only if none comes by force.
	running, force := context.WithCancel(context.WithoutCancel(ctx))
	defer force()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopGrace, force) })()
	watch.start()
	out, err := process.Optimize(running, session)
	watch.stop()
	times.Host, times.Plugin = store.Float(out.HostSeconds), store.Float(out.PluginSeconds)
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	if err != nil {
		return nil, nil, err
	}
	bill := answers.Bill()
	res = &store.Result{
		Status: store.Done, Detail: out.Detail, Steps: out.Steps, Epochs: store.Float(float64(out.Steps) / float64(perEpoch)),
		G: store.Float(bill.G), Bill: bill, TrainLoss: store.Float(task.last),
		HostSeconds: store.Float(bill.Seconds), PluginSecs: spent + store.Float(out.PluginSeconds),
		WallSeconds: wall + store.Float(time.Since(began).Seconds()), Target: target,
	}
	switch {
	case out.Status == "diverged":
		res.Status, res.Reason = store.Diverged, fmt.Sprintf("in step %d: %s", out.Steps+1, cmp.Or(out.Detail, "the loss is no longer finite"))
		return res, nil, nil
	case out.Status == "failed":
		res.Status, res.Reason = store.Failed, cmp.Or(out.Detail, "the optimizer gave up without a reason")
		return res, nil, nil
	case out.Status == "completed" && out.Steps < uint64(t.Steps) && why == "budget":
		res.Status = store.Failed
		res.Reason = fmt.Sprintf("the optimizer ended after %d of %d steps without saying that it converged", out.Steps, t.Steps)
		return res, nil, nil
	}
	return res, &store.Params{Tensors: tensors(problem.Tensors), W: last, Buffers: buffers, Init: init, Update: difference(last, prev)}, nil
}

// crashed is how an attempt ended whose plugin broke down.
const crashed = "crashed"

// difference is the last committed step.
func difference(last, prev []float32) []float32 {
	out := make([]float32, len(last))
	for i := range out {
		out[i] = last[i] - prev[i]
	}
	return out
}

// snapshots reports whether everything that is to be kept up to a step is there.
func snapshots(rec *store.Trial, kept []int, upTo int) bool {
	for _, step := range kept {
		if step <= upTo && !rec.HasSnapshot(step) {
			return false
		}
	}
	return true
}

// task is a workload that is trained on: a *oracle.Training or a *problem.Problem. What it cannot answer it refuses.
type task interface {
	oracle.Workload
	oracle.Curved
	oracle.PerExample
	oracle.Inspected
	oracle.Restricted
	StepsPerEpoch() int
	// HasAuxiliary says whether there is an auxiliary objective.
	HasAuxiliary() bool
	// Buffers is the vector of running statistics, not a copy.
	Buffers() []float32
}

// begun is what a training begins with.
type begun struct {
	task    task
	problem pluginhost.Problem // without the number of steps
	init    []float32
	loss    func(steps int) // sets the loss of the step after so many: it may change on the way
}

func (t *Trial) begin() (begun, error) {
	if t.Workload.Problem != nil {
		p := t.known()
		init := make([]float32, p.Dim())
		p.Init(init)
		return begun{p, pluginhost.Problem{
			Dim: p.Dim(), Tensors: p.Layout(), Classes: p.Classes(), Examples: p.Examples(), BatchSize: p.BatchSize(),
		}, init, func(int) {}}, nil
	}
	net, err := t.net()
	if err != nil {
		return begun{}, err
	}
	v, err := t.view()
	if err != nil {
		return begun{}, err
	}
	objective, err := t.objective(v)
	if err != nil {
		return begun{}, err
	}
	auxiliary, err := t.workload.auxiliary(v)
	if err != nil {
		return begun{}, err
	}
	early, until, err := t.early(v)
	if err != nil {
		return begun{}, err
	}
	init := make([]float32, net.Dim())
	model.Init(t.Spec.Model, net, t.Seed, init)
	p := pluginhost.ProblemOf(net)
	p.Examples, p.BatchSize = len(v.split.Train), t.Workload.BatchSize
	training := oracle.NewTraining(oracle.Problem{
		Net: net, Objective: objective, Images: v.train, Normalize: t.workload.normalize,
		Examples: v.split.Train, BatchSize: t.Workload.BatchSize, Nominal: t.Workload.BatchSize,
		Augment: t.Workload.Data.Augment, Seed: t.Seed, Auxiliary: auxiliary,
	})
	// The class weights of a long tail may come late.
	loss := func(steps int) {
		if until > 0 && steps < until {
			training.SetObjective(early)
		} else if until > 0 {
			training.SetObjective(objective)
		}
	}
	return begun{training, p, init, loss}, nil
}

// observed watches the gradients an optimizer asks for, so that the training curve costs nothing.
type observed struct {
	task
	sum  float64
	n    int
	last float64 // what take returned last
}

// Grad notes the loss of each minibatch gradient at the optimizer's own point: those that may move the statistics.
func (o *observed) Grad(b oracle.Batch, w, out []float32, opt oracle.Options) (oracle.Eval, error) {
	e, err := o.task.Grad(b, w, out, opt)
	if err == nil && b.Stream == oracle.Train && !opt.FreezeStats && !opt.Auxiliary {
		o.sum += e.Loss
		o.n++
	}
	return e, err
}

// GradClipped notes the loss of each draw that an optimizer takes gradients of single examples on.
func (o *observed) GradClipped(b oracle.Batch, w, out []float32, c oracle.Clip, opt oracle.Options) (oracle.Eval, error) {
	e, err := o.task.GradClipped(b, w, out, c, opt)
	if err == nil && e.Examples > 0 && b.Part == oracle.All && (b.Stream == oracle.Train || b.Stream == oracle.Poisson) {
		o.sum += e.Loss
		o.n++
	}
	return e, err
}

// take returns the mean loss since the last call, NaN when there was none.
func (o *observed) take() float64 {
	if o.n == 0 {
		return math.NaN()
	}
	o.last = o.sum / float64(o.n)
	o.sum, o.n = 0, 0
	return o.last
}

// tensors names the parts of the parameters for the store.
func tensors(layout []engine.Tensor) []store.Tensor {
	var out []store.Tensor
	for _, t := range layout {
		out = append(out, store.Tensor{Name: t.Name, Shape: t.Shape})
	}
	return out
}

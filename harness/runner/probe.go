package runner

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/store"
)

// probeSteps and probeTime are how long an optimizer trains to be timed: both must be over.
const (
	probeSteps = 10
	probeTime  = 300 * time.Millisecond
)

// Probe times on this machine what no record tells: a few steps of every optimizer, an evaluation, and each metric once, on
// networks that nobody has trained, as many at a time as trials will run. Forecast then rests on it. It records nothing.
func (r *Runner) Probe(ctx context.Context) error {
	seen := map[*workload]bool{}
	var work []func() error
	var mu sync.Mutex
	r.probed = map[*workload]*pace{}
	for _, g := range r.all {
		p, err := r.pace(g.workload)
		if err != nil {
			return err
		}
		if r.probed[g.workload] == nil {
			r.probed[g.workload] = &p
		}
		into := r.probed[g.workload]
		if !r.wanted(g) {
			continue
		}
		if _, known := into.perG[g.optimizer.Name]; !known && r.Suite.Budget.Unit != "wall" {
			work = append(work, func() error {
				seconds, err := r.timeSteps(ctx, r.trial(g, 0, r.Suite.Tuning.Seeds[0]))
				if err != nil || seconds == 0 {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				into.perG[g.optimizer.Name] = seconds
				return nil
			})
		}
		if seen[g.workload] || g.workload.Problem != nil {
			continue
		}
		seen[g.workload] = true
		t := r.trial(g, 0, r.Suite.Tuning.Seeds[0])
		if !p.measured {
			work = append(work, func() error {
				seconds, err := t.timeEvaluation()
				mu.Lock()
				defer mu.Unlock()
				into.perEvaluation = seconds * r.examplesEach(g.workload)
				return err
			})
		}
		for _, m := range r.metrics {
			if _, known := p.perMetric[m.Cost]; known || m.Plugin.Info.Peers.Kind != "" || !m.Metric.Selected {
				continue
			}
			work = append(work, func() error {
				seconds, err := r.timeMetric(ctx, t, m)
				if err != nil || seconds == 0 {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				into.perMetric[m.Cost] = seconds
				return nil
			})
		}
	}
	var wg sync.WaitGroup
	var failed error
	next := make(chan func() error)
	for range max(1, r.Jobs) {
		wg.Go(func() {
			for f := range next {
				if err := f(); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, f := range work {
		if ctx.Err() == nil {
			next <- f
		}
	}
	close(next)
	wg.Wait()
	return errors.Join(failed, ctx.Err())
}

// timeSteps is how long a G of an optimizer takes, its own work and the messages included; 0 for one that cannot train.
func (r *Runner) timeSteps(ctx context.Context, t *Trial) (float64, error) {
	begun, err := t.begin()
	if err != nil {
		return 0, err
	}
	problem := begun.problem
	problem.Steps, problem.StepsPerEpoch, problem.Auxiliary = t.Steps, begun.task.StepsPerEpoch(), begun.task.HasAuxiliary()
	answers := oracle.New(begun.task, t.Seed)
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	process, err := r.launch(ctx, t.plugin, log)
	if failed(err) {
		return 0, nil // its trials will say so
	}
	if err != nil {
		return 0, err
	}
	defer process.Stop()
	watch := r.clock(t)
	// The first step is not like the others: memory is touched for the first time.
	var first, last time.Time
	var before float64
	steps := 0
	_, err = process.Optimize(ctx, pluginhost.OptimizeSession{
		RunID: t.ID, Problem: problem, Params: t.Configuration.Params, Seed: t.Seed, Oracle: answers, Init: begun.init,
		FirstLRScale: watch.scale(0), TurnTimeout: r.turnTimeout(),
		OnCommit: func(c pluginhost.Commit) (pluginhost.Next, error) {
			last = time.Now()
			if steps++; steps == 1 {
				first, before = last, answers.Bill().G
			}
			if steps >= t.Steps || steps > probeSteps && last.Sub(first) > probeTime {
				return pluginhost.Next{Stop: "time"}, nil
			}
			return pluginhost.Next{LRScale: watch.scale(int(c.Step))}, nil
		},
	})
	if failed(err) {
		return 0, nil
	}
	if g := answers.Bill().G - before; err == nil && g > 0 {
		return last.Sub(first).Seconds() / g, nil
	}
	return 0, err
}

// failed reports whether a plugin is to blame for an error.
func failed(err error) bool {
	var failure *pluginhost.Failure
	var invalid *pluginhost.Invalid
	return errors.As(err, &failure) || errors.As(err, &invalid)
}

// timeEvaluation is how long the evaluation of one example takes.
func (t *Trial) timeEvaluation() (float64, error) {
	begun, err := t.begin()
	if err != nil {
		return 0, err
	}
	net, err := t.net()
	if err != nil {
		return 0, err
	}
	v, err := t.view()
	if err != nil {
		return 0, err
	}
	objective, err := t.objective(v)
	if err != nil {
		return 0, err
	}
	on := oracle.NewEvaluation(oracle.Problem{
		Net: net, Objective: objective, Normalize: t.workload.normalize, BatchSize: evaluationBatch, Nominal: t.Workload.BatchSize,
	}, begun.task.Buffers())
	examples := v.split.Train[:min(len(v.split.Train), 4*evaluationBatch)]
	seconds, err := timed(func() error {
		_, err := on.On(v.train, examples, begun.init)
		return err
	})
	return seconds / float64(len(examples)), err
}

// timeMetric is how long a metric takes on a network that nobody has trained; 0 for one that cannot be taken of it.
func (r *Runner) timeMetric(ctx context.Context, t *Trial, m measurement) (float64, error) {
	begun, err := t.begin()
	if err != nil {
		return 0, err
	}
	log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	started := time.Now()
	_, err = r.take(ctx, t, m, &store.Params{W: begun.init, Init: begun.init, Update: make([]float32, len(begun.init)), Buffers: begun.task.Buffers()}, log)
	if failed(err) {
		return 0, nil
	}
	return time.Since(started).Seconds(), err
}

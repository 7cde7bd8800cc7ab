package runner

import (
	"fmt"
	"time"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/store"
)

// clock measures a training, and says from it or from its steps which multiplier the next step has and when it is over.
type clock struct {
	limit    float64 // seconds; 0: steps decide
	schedule Schedule
	steps    int

	before  float64 // seconds of earlier attempts
	spent   time.Duration
	running time.Time // zero while it stands still
}

func (r *Runner) clock(t *Trial) *clock {
	b := r.Suite.Budget
	if b.Unit == "wall" {
		return &clock{limit: b.Limit, schedule: schedule(b, wallTicks), steps: t.Steps}
	}
	return &clock{schedule: schedule(b, t.Steps), steps: t.Steps}
}

// start and stop let the clock run while gradients are computed and the plugin has its turns, and not while records are
// written and targets are looked at.
func (c *clock) start() { c.running = time.Now() }

func (c *clock) stop() {
	if !c.running.IsZero() {
		c.spent += time.Since(c.running)
	}
	c.running = time.Time{}
}

// seconds is the time of training so far, over all attempts. The clock stands still.
func (c *clock) seconds() float64 { return c.before + c.spent.Seconds() }

// counted is what a checkpoint keeps of it: nothing where the time decides nothing, as its bytes should not depend on it.
func (c *clock) counted() store.Float {
	if c.limit == 0 {
		return 0
	}
	return store.Float(c.seconds())
}

// over reports whether a budget of time is used up.
func (c *clock) over() bool { return c.limit > 0 && c.seconds() >= c.limit }

// scale is the multiplier of the step after so many.
func (c *clock) scale(step int) float64 {
	if c.limit > 0 {
		return c.schedule.After(c.seconds() / c.limit)
	}
	return c.schedule.At(step)
}

// share is how much of the budget is over.
func (c *clock) share(step int) float64 {
	if c.limit > 0 {
		return min(1, c.seconds()/c.limit)
	}
	return float64(step) / float64(c.steps)
}

// target returns the function that looks whether a training has reached its target; nil when it has none.
func (r *Runner) target(t *Trial) (func(w, buffers []float32) (value float64, reached bool, err error), error) {
	want := r.Suite.Budget.Target
	if want == nil {
		return nil, nil
	}
	if t.Workload.Problem != nil {
		known := t.known()
		return func(w, _ []float32) (float64, bool, error) {
			value := known.Exact(w).Loss
			return value, value <= want.Value, nil
		}, nil
	}
	net, err := t.net()
	if err != nil {
		return nil, err
	}
	v, err := t.view()
	if err != nil {
		return nil, err
	}
	objective, err := t.objective(v)
	if err != nil {
		return nil, err
	}
	return func(w, buffers []float32) (float64, bool, error) {
		on := oracle.NewEvaluation(oracle.Problem{
			Net: net, Objective: objective, Normalize: t.workload.normalize, BatchSize: evaluationBatch, Nominal: t.Workload.BatchSize,
		}, buffers)
		got, err := on.On(v.train, v.split.Validation, w)
		if err != nil {
			return 0, false, fmt.Errorf("looking for the target: %w", err)
		}
		value := got.Loss
		if want.Metric == "error" {
			value = float64(got.Errors) / float64(got.Examples)
		}
		return value, value <= want.Value, nil
	}, nil
}

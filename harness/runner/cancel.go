package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// Cancellation asks the processes of a run to stop working on trials. It is a file of the run, so that it reaches them on
// every machine that sees the store.
type Cancellation struct {
	Only string    `json:"only"` // which trials; empty: the whole run
	Time time.Time `json:"time"`
	Host string    `json:"host"`
}

// cancelRecord is its name in the folder of a run.
const cancelRecord = "cancel.json"

// ErrCanceled ends a run that somebody has canceled.
var ErrCanceled = errors.New("the run was canceled with bench cancel; what was finished is kept, and bench run goes on")

// errTaken ends work on one trial of a run that somebody has canceled.
var errTaken = errors.New("canceled")

// cancelPoll is how often a run looks whether it is canceled.
const cancelPoll = 500 * time.Millisecond

// Keys are what expressions may ask of the trials of a manifest.
func (m Manifest) Keys() []string {
	return []string{"workload", "optimizer", "seed", "status", "trial"}
}

// Fields are what expressions see of a task.
func (t Task) Fields(status string) map[string]string {
	return map[string]string{
		"workload": t.Workload, "optimizer": t.Optimizer, "seed": fmt.Sprint(t.Seed), "trial": t.Trial, "status": status,
	}
}

// Fields are what expressions see of a trial; res is nil when it has none.
func (t *Trial) Fields(res *store.Result) map[string]string {
	out := map[string]string{}
	for name, v := range t.Configuration.Params {
		out[name] = suite.FormatValue(v)
	}
	out["workload"], out["optimizer"], out["seed"], out["trial"] = t.Workload.Name, t.Optimizer.Name, fmt.Sprint(t.Seed), t.ID
	out["status"] = "missing"
	if res != nil {
		out["status"] = res.Status
	}
	return out
}

// obey watches for the cancellation of the run until the function it returns is called.
func (r *Runner) obey(ctx context.Context, stop context.CancelCauseFunc) func() {
	ended := make(chan struct{})
	go func() {
		tick := time.NewTicker(cancelPoll)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ended:
				return
			case <-tick.C:
			}
			var c Cancellation
			if ok, err := r.Store.RunRecord(r.run.ID(), cancelRecord, &c); !ok || err != nil {
				continue
			}
			if c.Only == "" {
				stop(ErrCanceled)
				return
			}
			e, problems := suite.ParseExpr("--only", c.Only, Manifest{}.Keys())
			if problems != nil {
				continue
			}
			for _, task := range r.Tasks() {
				if e.Match(task.Fields("")) {
					r.canceled.Store(task.Key, struct{}{})
				}
			}
		}
	}()
	return func() { close(ended) }
}

// uncanceled brings a trial to its end unless it is canceled before.
func (r *Runner) uncanceled(parent context.Context, t *Trial) (outcome, error) {
	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	taken := func() bool { _, ok := r.canceled.Load(t.key); return ok }
	if r.run != nil {
		go func() {
			tick := time.NewTicker(cancelPoll)
			defer tick.Stop()
			for !taken() {
				select {
				case <-ctx.Done():
					return
				case <-tick.C:
				}
			}
			stop(errTaken)
		}()
	}
	if taken() {
		stop(errTaken)
	}
	out, err := outcome{}, ctx.Err()
	if err == nil {
		out, err = r.execute(ctx, t)
	}
	if err != nil && parent.Err() == nil && errors.Is(context.Cause(ctx), errTaken) {
		r.event(t, progress.Dropped, 0, "canceled")
		return outcome{canceled: true}, nil
	}
	return out, err
}

// Cancel asks whoever carries out a run to end it, or with an expression to take trials out of it.
func Cancel(st *store.Store, run, only string) error {
	if _, problems := suite.ParseExpr("--only", only, Manifest{}.Keys()); problems != nil {
		return problems
	}
	host, _ := os.Hostname()
	return st.PutRunRecord(run, cancelRecord, Cancellation{Only: only, Time: time.Now().UTC(), Host: host})
}

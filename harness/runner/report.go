package runner

import (
	"fmt"
	"strings"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
)

// shares of a trial's expected time, for the panel alone.
const (
	trainedShare   = 0.8
	evaluatedShare = 0.9
)

// String names the trial for people: optimizer, configuration, seed.
func (t *Trial) String() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s seed %d", t.Optimizer.Name, t.Configuration.Label, t.Seed)), " ")
}

func (r *Runner) event(t *Trial, phase progress.Phase, share float64, detail string) {
	r.Reporter.Event(progress.Event{
		Key: t.key, Trial: t.ID, Workload: t.Workload.Name, Optimizer: t.Optimizer.Name, Config: t.Configuration.Label,
		Seed: t.Seed, Phase: phase, Share: share, Work: t.G, Detail: detail,
	})
}

// tuningKey and finalKey are a trial's place in the run. A configuration of the tuning and the selected one on another seed
// have places of their own.
func tuningKey(g *group, config int, seed uint64) string {
	return fmt.Sprintf("%s/%s/%d/%d", g.workload.Name, g.optimizer.Name, config, seed)
}

func finalKey(g *group, seed uint64) string {
	return fmt.Sprintf("%s/%s/selected/%d", g.workload.Name, g.optimizer.Name, seed)
}

// report tells how far a trial is in a phase.
func (r *Runner) report(t *Trial, phase progress.Phase, share float64) {
	switch phase {
	case progress.Training:
		share *= trainedShare
	case progress.Evaluating:
		share = trainedShare + share*(evaluatedShare-trainedShare)
	case progress.Measuring:
		share = evaluatedShare + share*(1-evaluatedShare)
	}
	r.event(t, phase, share, "")
}

// announce shows that a trial is to come, or that there is nothing left of it to compute: the time left is estimated
// from what is to come.
func (r *Runner) announce(t *Trial) {
	phase := progress.Queued
	if _, ok := r.complete.Load(t.ID); ok {
		phase = progress.Cached
	}
	r.report(t, phase, 0)
}

// announceFinal shows that the selected configuration will be trained on seed.
func (r *Runner) announceFinal(g *group, seed uint64) {
	t := r.trial(g, 0, seed) // any configuration: the cost is the same
	if best, err := r.selected(g); err == nil && best >= 0 {
		t = r.trial(g, best, seed)
		if _, ok := r.complete.Load(t.ID); ok {
			r.announce(t)
			return
		}
	}
	r.Reporter.Event(progress.Event{
		Key: finalKey(g, seed), Workload: g.workload.Name, Optimizer: g.optimizer.Name, Config: "selected", Seed: seed,
		Phase: progress.Queued, Work: t.G,
	})
}

// dropFinal takes it back: there is no configuration to train.
func (r *Runner) dropFinal(g *group, seed uint64) {
	r.Reporter.Event(progress.Event{
		Key: finalKey(g, seed), Workload: g.workload.Name, Optimizer: g.optimizer.Name, Config: "selected", Seed: seed,
		Phase: progress.Dropped, Detail: "no configuration of the tuning succeeded",
	})
}

// finish tells how a trial ended.
func (r *Runner) finish(t *Trial, res *store.Result, phase progress.Phase) {
	if res.Status != store.Done {
		detail := string(res.Status)
		if res.Reason != "" {
			detail += ", " + res.Reason
		}
		r.event(t, progress.Failed, 1, detail+" ("+r.Store.Trial(t.ID).Dir()+")")
		return
	}
	detail := ""
	for _, e := range r.evaluations(t.workload) {
		if e.Key != "test" {
			continue
		}
		if got, ok, err := r.read(t).Evaluation(e.Name, e.Hash); err == nil && ok {
			if t.workload.byLoss() {
				word := "objective"
				if t.Workload.Problem == nil {
					word = "squared error"
				}
				detail = fmt.Sprintf("%s %.3g", word, float64(got.Loss))
				continue
			}
			detail = fmt.Sprintf("test error %.1f %%", 100*float64(got.Errors)/float64(got.Examples))
		}
	}
	if got := res.Target; got != nil && got.Reached {
		detail += fmt.Sprintf(", target after %d steps", got.Step)
	} else if got != nil {
		detail += ", target missed"
	}
	r.event(t, phase, 1, detail)
}

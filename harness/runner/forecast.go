package runner

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
)

// Forecast is what a run would have to do.
type Forecast struct {
	Trials   int     `json:"trials"`
	Cached   int     `json:"cached"`   // nothing left to compute
	Failed   int     `json:"failed"`   // of the cached ones, those whose record is a failure
	Trained  int     `json:"trained"`  // trained, but evaluations or measurements are missing
	G        float64 `json:"g"`        // of the missing trainings
	Seconds  float64 `json:"seconds"`  // of one core, for everything that is missing
	Measured bool    `json:"measured"` // Seconds rests on records of earlier trials alone
	Bytes    int64   `json:"bytes"`    // on disk, of everything that is missing
	Metrics  bool    `json:"metrics"`  // Seconds includes the metrics: only once each has been measured
	Rows     []Row   `json:"optimizers"`
}

// Row is the forecast of one optimizer on one workload.
type Row struct {
	Workload       string  `json:"workload"`
	Optimizer      string  `json:"optimizer"`
	Plugin         string  `json:"plugin"`
	Configurations int     `json:"configurations"`
	Trials         int     `json:"trials"`
	Missing        int     `json:"missing"`
	Steps          int     `json:"steps"`
	G              float64 `json:"g"` // of one trial
}

// Forecast looks at the store and says what is missing, and about how long it will take.
func (r *Runner) Forecast() (Forecast, error) {
	f := Forecast{Measured: true, Metrics: true}
	speed := map[string]pace{}
	var groups []*group
	for _, g := range r.all {
		if r.wanted(g) {
			groups = append(groups, g)
		}
	}
	if err := r.survey(groups); err != nil {
		return f, err
	}
	for _, g := range groups {
		row := Row{Workload: g.workload.Name, Optimizer: g.optimizer.Name, Plugin: g.optimizer.Plugin, Configurations: len(g.configs)}
		best, err := r.selected(g)
		if err != nil {
			return f, err
		}
		trials := r.tuning(g)
		for _, seed := range r.finalSeeds() {
			// Before the tuning is done, any configuration stands for the selected one: the cost is the same.
			trials = append(trials, r.trial(g, max(best, 0), seed))
		}
		row.Steps, row.G = trials[0].Steps, trials[0].G
		for i, t := range trials {
			if !r.chosen(t) {
				continue
			}
			f.Trials++
			row.Trials++
			w, err := r.remaining(t)
			if err != nil {
				return f, err
			}
			final := i >= len(g.configs)*len(r.Suite.Tuning.Seeds)
			if w.none() && (best >= 0 || !final) {
				f.Cached++
				if w.result.Status != store.Done {
					f.Failed++
				}
				continue
			}
			if f.Bytes += recordBytes * int64(len(w.evaluations)+len(w.measurements)); w.result == nil {
				dim, err := t.dim()
				if err != nil {
					return f, err
				}
				f.Bytes += 12*int64(dim) + 6*recordBytes // the parameters, as they were at first, and the last step
			}
			p, ok := speed[g.workload.Name]
			if !ok {
				if p, err = r.pace(g.workload); err != nil {
					return f, err
				}
				speed[g.workload.Name] = p
			}
			row.Missing++
			if w.result == nil {
				f.G += t.G
				f.Seconds += r.trainSeconds(t, p) + launchSeconds
			} else {
				f.Trained++
			}
			if w.retrace {
				f.G += t.G
				f.Seconds += r.trainSeconds(t, p) + launchSeconds
			}
			f.Seconds += float64(len(w.evaluations)) * (p.perEvaluation + recordSeconds)
			for _, m := range w.measurements {
				s, ok := p.perMetric[m.Cost]
				f.Metrics = f.Metrics && ok
				f.Seconds += s + recordSeconds
			}
			f.Measured = f.Measured && p.measured
		}
		f.Rows = append(f.Rows, row)
	}
	return f, nil
}

// trainSeconds is about how long a training takes, once its plugin runs.
func (r *Runner) trainSeconds(t *Trial, p pace) float64 {
	if r.Suite.Budget.Unit == "wall" {
		return r.Suite.Budget.Limit
	}
	perG, ok := p.perG[t.Optimizer.Name]
	if !ok {
		perG = p.gradient
	}
	return t.G * perG
}

// remaining is what is left of a trial, as far as look has seen.
func (r *Runner) remaining(t *Trial) (work, error) {
	if done, ok := r.complete.Load(t.ID); ok {
		return work{result: done.(*store.Result)}, nil
	}
	return r.left(t, r.read(t))
}

// Line is the forecast in one line, as it stands above a run.
func (f Forecast) Line(jobs int) string {
	line := fmt.Sprintf("%d trials, %d cached", f.Trials, f.Cached)
	if f.Cached == f.Trials {
		return line
	}
	line += ", " + f.Time(jobs)
	if f.Failed > 0 {
		line += fmt.Sprintf("; %d cached as failed (--rerun failed tries them again)", f.Failed)
	}
	return line
}

// Time is about how long the missing part takes on so many cores.
func (f Forecast) Time(jobs int) string {
	cores := "core"
	if jobs != 1 {
		cores = "cores"
	}
	text := fmt.Sprintf("about %s on %d %s", progress.Duration(time.Duration(f.Seconds/float64(max(1, jobs))*float64(time.Second))), jobs, cores)
	if !f.Metrics {
		text += " and the time of the metrics, not measured here yet"
	}
	return text
}

// What cannot be timed without doing it, in seconds: typical figures, which matter to toy problems only.
const (
	turnSeconds   = 1e-4 // a plugin's turn and the messages around it
	launchSeconds = 0.03 // starting and stopping a plugin
	recordSeconds = 0.01 // a record on disk, synced
	recordBytes   = 4096 // a record on disk: a block of most file systems
)

// pace is how fast a workload is on this machine, in seconds of one core.
type pace struct {
	perG          map[string]float64 // of optimizers, by name
	gradient      float64            // of one for which nothing else is known
	perEvaluation float64            // as recorded
	perMetric     map[string]float64 // by measurement.Cost
	measured      bool
}

// pace comes from the records of the workload's trials, or, when there are none, from a few gradients timed now.
func (r *Runner) pace(w *workload) (pace, error) {
	p := pace{perMetric: map[string]float64{}, perG: map[string]float64{}}
	if known := r.probed[w]; known != nil {
		return *known, nil
	}
	var perG, perEvaluation []float64
	perMetric := map[string][]float64{}
	for _, g := range r.all {
		if g.workload != w {
			continue
		}
		var own []float64
		for _, t := range r.tuning(g) {
			rec := r.read(t)
			res, ok, err := rec.Result()
			if err != nil {
				return p, err
			}
			if !ok || res.Status != store.Done || res.G == 0 {
				continue
			}
			own = append(own, float64((res.HostSeconds+res.PluginSecs)/res.G))
			for _, e := range r.evaluations(w) {
				if got, ok, _ := rec.Evaluation(e.Name, e.Hash); ok {
					perEvaluation = append(perEvaluation, float64(got.Seconds))
				}
			}
			metrics, err := r.withPeers(t, r.metrics)
			if err != nil {
				return p, err
			}
			for _, m := range metrics {
				if got, ok, _ := rec.Measurement(m.Name, m.Hash); ok {
					perMetric[m.Cost] = append(perMetric[m.Cost], float64(got.Seconds))
				}
			}
		}
		if len(own) > 0 {
			p.perG[g.optimizer.Name] = median(own)
			perG = append(perG, own...)
		}
	}
	for hash, s := range perMetric {
		p.perMetric[hash] = median(s)
	}
	if len(perG) > 0 && len(perEvaluation) > 0 {
		p.gradient, p.perEvaluation, p.measured = median(perG), mean(perEvaluation), true
		return p, nil
	}
	seconds, err := timeGradient(w)
	if err != nil {
		return p, err
	}
	p.gradient = seconds + turnSeconds
	if w.Problem != nil {
		p.perEvaluation = recordSeconds
		return p, nil
	}
	// An evaluation is a forward pass: a third of a gradient.
	p.perEvaluation = r.examplesEach(w) / float64(w.BatchSize) * seconds / 3
	return p, nil
}

// examplesEach is how many examples an evaluation of a workload has, in the mean.
func (r *Runner) examplesEach(w *workload) float64 {
	examples := 0.0
	for _, e := range r.evaluations(w) {
		switch n := float64(w.data.Test.Len()); {
		case e.Spec.Split == "train":
			examples += float64(max(w.train, w.BatchSize))
		case e.Spec.Split == "validation":
			examples += float64(w.Validation.Size)
		case e.Spec.Shift != nil && e.Spec.Shift.Examples > 0:
			examples += math.Min(n, float64(e.Spec.Shift.Examples))
		default:
			examples += n
		}
	}
	return examples / float64(len(r.evaluations(w)))
}

// timeGradient times a few gradients of the workload's own model, well under a second.
func timeGradient(w *workload) (float64, error) {
	if w.Problem != nil {
		p := w.known(0)
		at, out := make([]float32, p.Dim()), make([]float32, p.Dim())
		p.Init(at)
		return timed(func() error {
			if p.Can("grad") == nil {
				_, err := p.Grad(oracle.Batch{Stream: oracle.Train}, at, out, oracle.Options{})
				return err
			}
			var err error
			for range 3 { // losses, at a third of a gradient each
				_, err = p.Loss(oracle.Batch{Stream: oracle.Train}, at, oracle.Options{})
			}
			return err
		})
	}
	im := &w.data.Train
	net, err := model.New(w.Model, engine.Shape{H: im.H, W: im.W, C: im.C}, w.data.NumOutputs())
	if err != nil {
		return 0, err
	}
	task := oracle.NewTraining(oracle.Problem{
		Net: net, Objective: engine.Loss{Kind: w.Loss.Name}, Images: im, Normalize: w.normalize, Examples: dataset.Sample(im, all(im.Len()), w.BatchSize, 0, "pace"),
		BatchSize: w.BatchSize, Nominal: w.BatchSize,
	})
	params, grad := make([]float32, net.Dim()), make([]float32, net.Dim())
	model.Init(w.Model, net, 0, params)
	return timed(func() error {
		_, err := task.Grad(oracle.Batch{Stream: oracle.Train}, params, grad, oracle.Options{})
		return err
	})
}

// timed is how long f takes, the median of a few calls.
func timed(f func() error) (float64, error) {
	var times []float64
	for total := 0.0; len(times) < 4 || total < 0.02 && len(times) < 50; {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		s := time.Since(start).Seconds()
		times = append(times, s)
		total += s
	}
	return median(times[1:]), nil
}

func median(x []float64) float64 {
	s := slices.Sorted(slices.Values(x))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

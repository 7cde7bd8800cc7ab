package runner

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"github.com/sharpbench/sharpbench/harness/progress"
	"os"
	"slices"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// measurement is one metric to be taken of a trained net, or of what it was along its training.
type measurement struct {
	Metric *suite.Metric
	Plugin *Plugin
	Spec   suite.MeasurementSpec
	Name   string // of Spec, as Hash
	Hash   string
	At     int    // steps committed, or atEnd
	Cost   string // the same for measurements that take about the same time
	Peers  []peer // the other networks it sees; filled in by withPeers
	Waits  bool   // some of them are not known yet, and neither is Spec
}

// atEnd stands for the trained net.
const atEnd = -1

func (r *Runner) measurements() ([]measurement, error) {
	var out []measurement
	for i := range r.Suite.Metrics {
		m := &r.Suite.Metrics[i]
		p, err := r.Plugins.Get(m.Ref)
		if err != nil {
			return nil, err
		}
		spec := r.Suite.Measurement(m, p.Version())
		out = append(out, measurement{Metric: m, Plugin: p, Spec: spec, Name: spec.Name(), Hash: spec.Hash(), At: atEnd, Cost: spec.Hash()})
	}
	return out, nil
}

// along lists the measurements along a training of steps, in the order of the metrics, and moments in ascending order.
// t may have ended sooner than planned: then there is nothing to look at behind its end.
func (r *Runner) along(t *Trial, steps int) []measurement {
	if list, ok := r.moments.Load([2]int{t.Steps, steps}); ok {
		return list.([]measurement)
	}
	var out []measurement
	for _, m := range r.metrics {
		for _, at := range m.Metric.At.Steps(t.Steps) {
			if at < steps {
				spec := m.Spec.After(at)
				out = append(out, measurement{Metric: m.Metric, Plugin: m.Plugin, Spec: spec, Name: spec.Name(), Hash: spec.Hash(), At: at, Cost: m.Cost})
			}
		}
	}
	r.moments.Store([2]int{t.Steps, steps}, out)
	return out
}

// measurementsOf lists every measurement that this run may take of a training that has ended after a number of steps.
func (r *Runner) measurementsOf(t *Trial, steps int) ([]measurement, error) {
	all := slices.DeleteFunc(append(slices.Clone(r.metrics), r.along(t, steps)...), func(m measurement) bool { return !m.Metric.Selected })
	return r.withPeers(t, all)
}

// kept are the steps at which a training is kept for the metrics, in ascending order.
func (r *Runner) kept(t *Trial) []int {
	var out []int
	for _, m := range r.along(t, t.Steps) {
		if !m.Metric.Selected {
			continue
		}
		out = append(out, m.At)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// measure takes the measurements that are not stored yet. A metric that fails is a record with its reason: it neither
// costs the training nor the other metrics.
func (r *Runner) measure(ctx context.Context, t *Trial, rec *store.Trial, missing []measurement, params *store.Params) error {
	log, err := rec.Log()
	if err != nil {
		return err
	}
	defer log.Close()
	for i, m := range missing {
		started := time.Now()
		at := params
		if m.At != atEnd {
			if at, err = rec.Snapshot(m.At); err != nil {
				return err
			}
			at.Init = params.Init
		}
		out, err := r.take(ctx, t, m, at, log)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var failure *pluginhost.Failure
		var invalid *pluginhost.Invalid
		switch {
		case errors.As(err, &failure):
			out = store.Measurement{Status: store.Failed, Reason: failure.Reason, Detail: failure.Detail}
		case errors.As(err, &invalid):
			out = store.Measurement{Status: store.Failed, Reason: invalid.Error()}
		case err != nil:
			return err
		}
		out.Spec = m.Spec.JSON()
		out.Seconds = store.Float(time.Since(started).Seconds())
		out.Provenance = of(r.provenance(started), m.Plugin)
		out.Unlocked = m.Plugin.Unlocked
		if err := rec.PutMeasurement(m.Name, m.Hash, out); err != nil {
			return err
		}
		r.report(t, progress.Measuring, float64(i+1)/float64(len(missing)))
	}
	return nil
}

// take runs one metric's process once.
func (r *Runner) take(ctx context.Context, t *Trial, m measurement, params *store.Params, log *os.File) (store.Measurement, error) {
	images, examples, err := t.examples(m.Metric)
	if err != nil {
		return store.Measurement{}, err
	}
	v, err := t.view()
	if err != nil {
		return store.Measurement{}, err
	}
	objective, err := t.objective(v)
	if err != nil {
		return store.Measurement{}, err
	}
	// The trained network, and others beside it, answer about the same examples with the same loss.
	answer := func(of *Trial, params *store.Params) (*oracle.Measuring, pluginhost.Problem, error) {
		net, err := of.net()
		if err != nil {
			return nil, pluginhost.Problem{}, err
		}
		task, err := oracle.NewMeasuring(oracle.Problem{
			Net: net, Objective: objective, Images: images, Normalize: t.workload.normalize, Examples: examples,
			BatchSize: m.Metric.On.Batch, Nominal: t.Workload.BatchSize, Seed: t.Seed,
		}, params.Buffers)
		return task, pluginhost.ProblemOf(net), err
	}
	task, problem, err := answer(t, params)
	if err != nil {
		return store.Measurement{}, err
	}
	peers, err := r.asked(m, t.Seed, answer)
	if err != nil {
		return store.Measurement{}, err
	}
	answers := oracle.New(task, t.Seed)
	process, err := r.launch(ctx, m.Plugin, log)
	if err != nil {
		return store.Measurement{}, err
	}
	defer process.Stop()
	problem.Examples, problem.BatchSize, problem.Steps = len(examples), t.Workload.BatchSize, t.Steps
	problem.InputMean, problem.InputStd = t.workload.normalize.Mean, t.workload.normalize.Std
	problem.ProbeBatches, problem.ProbeBatchSize = task.ProbeBatches(), m.Metric.On.Batch
	got, err := process.Measure(ctx, pluginhost.MeasureSession{
		RunID:   t.ID,
		Problem: problem,
		Params:  m.Metric.Params, Seed: t.Seed, Oracle: answers,
		At: params.W, Init: params.Init, Update: params.Update, Peers: peers, TurnTimeout: r.turnTimeout(), Training: r.training(t, m.At),
	})
	if err != nil {
		return store.Measurement{}, err
	}
	bill := answers.Bill()
	for _, p := range peers {
		bill = bill.Add(p.Oracle.Bill())
	}
	out := store.Measurement{Status: store.Done, Bill: bill, ExampleIDsHash: hashIDs(examples)}
	for _, v := range got.Values {
		out.Values = append(out.Values, store.Value{
			Name: v.Name, Value: store.Float(v.Value), Null: v.Null, Reason: v.Reason, StdErr: store.Float(v.StdErr), HasStdErr: v.HasStdErr, Warnings: v.Warnings,
		})
	}
	for _, table := range got.Tables {
		kept := store.Table{Name: table.Name}
		for _, c := range table.Columns {
			column := store.Column{Name: c.Name}
			for _, v := range c.Values {
				column.Values = append(column.Values, store.Float(v))
			}
			kept.Columns = append(kept.Columns, column)
		}
		out.Tables = append(out.Tables, kept)
	}
	return out, nil
}

// training is what a metric is told about how t was trained, up to a number of steps or to the end.
func (r *Runner) training(t *Trial, at int) *pluginhost.Training {
	if at == atEnd {
		at = t.Steps
	}
	s := schedule(r.Suite.Budget, t.Steps)
	return &pluginhost.Training{Optimizer: t.plugin.Info.Name, Params: t.Configuration.Params, LRScale: s.At(max(0, at-1))}
}

// examples is the fixed list a metric is taken on: a stratified sample of the split, drawn with the trial's seed and
// therefore the same for every optimizer of the seed and every metric of the same size.
func (t *Trial) examples(m *suite.Metric) (*dataset.Images, []int, error) {
	v, err := t.view()
	if err != nil {
		return nil, nil, err
	}
	if m.On.Split == "test" {
		images, examples := t.workload.test(v)
		return images, dataset.Sample(images, examples, m.On.Examples, t.Seed, "probe"), nil
	}
	if have := len(v.split.Train); m.On.Examples > have {
		return nil, nil, fmt.Errorf("metric %q is taken on %d examples; workload %q trains on %d", m.Name, m.On.Examples, t.workload.Name, have)
	}
	return v.train, dataset.Sample(v.train, v.split.Train, m.On.Examples, t.Seed, "probe"), nil
}

// hashIDs identifies a list of examples.
func hashIDs(idx []int) string {
	h := sha256.New()
	for _, i := range idx {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(i))
		h.Write(b[:])
	}
	return hex.EncodeToString(h.Sum(nil))
}

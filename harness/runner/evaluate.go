package runner

import (
	"context"
	"fmt"
	"github.com/sharpbench/sharpbench/harness/progress"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// evaluationBatch is how many images are pushed through a net at once. It does not change any result.
const evaluationBatch = 128

// evaluation is one set on which a trained net is evaluated.
type evaluation struct {
	Key        string // "test", "shift:NAME/kind/severity"
	Spec       suite.EvaluationSpec
	Name, Hash string // of Spec
}

// shiftKey names one evaluation of a shift, as package report expects it.
func shiftKey(name, kind string, severity int) string {
	if severity == 0 {
		return fmt.Sprintf("shift:%s/%s", name, kind)
	}
	return fmt.Sprintf("shift:%s/%s/%d", name, kind, severity)
}

// evaluations lists what a trained net of the workload is evaluated on, in the order of the board.
func (r *Runner) evaluations(w *workload) []evaluation { return w.evaluations }

func (r *Runner) listEvaluations(w *workload) []evaluation {
	splits := []string{"train", "validation", "test"}
	switch {
	case w.Problem != nil:
		splits = []string{"validation", "test"} // the exact objective both
	case w.Validation.Size == 0:
		splits = []string{"train", "test"}
	}
	var out []evaluation
	for _, split := range splits {
		e := r.Suite.SplitEvaluation(w.Workload, split, w.digest())
		out = append(out, evaluation{split, e, e.Name(), e.Hash()})
	}
	for i := range w.Shifts {
		digest, here := w.sets[w.Shifts[i].Data.Name]
		if isSet(w.Shifts[i].Data.Name) && !here {
			continue // optional, and not in the cache
		}
		for _, e := range r.Suite.ShiftEvaluations(w.Workload, &w.Shifts[i], w.digest()) {
			e.Shift.Digest = digest
			out = append(out, evaluation{shiftKey(w.Shifts[i].Name, e.Shift.Kind, e.Shift.Severity), e, e.Name(), e.Hash()})
		}
	}
	return out
}

// evaluate makes the evaluations of a trained net that are not stored yet.
func (r *Runner) evaluate(ctx context.Context, t *Trial, rec *store.Trial, missing []evaluation, params *store.Params) error {
	if t.Workload.Problem != nil {
		return r.evaluateExactly(t, rec, missing, params)
	}
	net, err := t.net()
	if err != nil {
		return err
	}
	v, err := t.view()
	if err != nil {
		return err
	}
	objective, err := t.objective(v)
	if err != nil {
		return err
	}
	// Of numbers that are predicted the mean squared error of one is stored, without a penalty that the training may have.
	perOutput := 1.0
	if outputs := t.workload.data.Train.Outputs; outputs > 0 {
		objective.L2, perOutput = 0, 2/float64(outputs)
	}
	on := oracle.NewEvaluation(oracle.Problem{
		Net: net, Objective: objective, Normalize: t.workload.normalize, BatchSize: evaluationBatch, Nominal: t.Workload.BatchSize,
	}, params.Buffers)
	for i, e := range missing {
		if err := ctx.Err(); err != nil {
			return err
		}
		started := time.Now()
		images, examples := t.workload.test(v)
		switch {
		case e.Spec.Shift != nil:
			if images, examples, err = r.shiftedSet(t, v, *e.Spec.Shift); err != nil {
				return err
			}
		case e.Spec.Split == "train":
			images, examples = v.train, v.split.Train
		case e.Spec.Split == "validation":
			images, examples = v.train, v.split.Validation
		}
		if len(examples) == 0 {
			if err := rec.PutEvaluation(e.Spec.Name(), e.Spec.Hash(), store.Evaluation{
				Spec: e.Spec.JSON(), Split: e.Spec.Split, Provenance: r.provenance(started),
			}); err != nil {
				return err
			}
			continue
		}
		got, err := on.On(images, examples, params.W)
		if err != nil {
			return err
		}
		if err := rec.PutEvaluation(e.Name, e.Hash, store.Evaluation{
			Spec: e.Spec.JSON(), Split: e.Spec.Split, Loss: store.Float(got.Loss * perOutput), Errors: got.Errors, Examples: got.Examples,
			Seconds: store.Float(time.Since(started).Seconds()), Provenance: r.provenance(started),
		}); err != nil {
			return err
		}
		r.report(t, progress.Evaluating, float64(i+1)/float64(len(missing)))
	}
	return nil
}

// evaluateExactly stores a problem's exact objective for every evaluation that is not stored yet.
func (r *Runner) evaluateExactly(t *Trial, rec *store.Trial, missing []evaluation, params *store.Params) error {
	started := time.Now()
	got := t.known().Exact(params.W)
	for i, e := range missing {
		if err := rec.PutEvaluation(e.Name, e.Hash, store.Evaluation{
			Spec: e.Spec.JSON(), Split: e.Spec.Split, Loss: store.Float(got.Loss), Errors: got.Errors, Examples: got.Examples,
			Seconds: store.Float(time.Since(started).Seconds()), Provenance: r.provenance(started),
		}); err != nil {
			return err
		}
		r.report(t, progress.Evaluating, float64(i+1)/float64(len(missing)))
	}
	return nil
}

func all(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// shiftLimit bounds the memory that shifted test sets may take between trials where processes cannot share them; beyond it
// they are made again.
const shiftLimit = 1 << 30

// shiftCache keeps shifted test sets, which every trial of a workload needs. They are made once for all processes.
type shiftCache struct {
	mu    sync.Mutex
	sets  map[string]*shiftSet
	bytes int
}

type shiftSet struct {
	once   sync.Once
	images *dataset.Images
	err    error
}

func (c *shiftCache) get(w *workload, e suite.ShiftSpec) (*dataset.Images, error) {
	key := fmt.Sprintf("%s %s %s %s %d %d %d %d", w.data.Digest, e.Digest, e.Name, e.Kind, e.Severity, e.Examples, e.Seed, e.Version)
	c.mu.Lock()
	set := c.sets[key]
	if set == nil {
		set = &shiftSet{}
		if c.bytes < shiftLimit {
			if c.sets == nil {
				c.sets = map[string]*shiftSet{}
			}
			c.sets[key] = set
		}
	}
	c.mu.Unlock()
	set.once.Do(func() {
		var shared bool
		set.images, shared, set.err = dataset.Shared(w.Data.Name, "shift "+key, func() (*dataset.Images, error) { return makeShift(w, e) })
		if set.err == nil && !shared {
			c.mu.Lock()
			c.bytes += len(set.images.Pixels) + 4*len(set.images.Values)
			c.mu.Unlock()
		}
	})
	return set.images, set.err
}

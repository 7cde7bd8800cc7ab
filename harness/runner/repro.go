package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/sharpbench/sharpbench/harness/store"
)

// Reproduction compares a trial that was made again with its record.
type Reproduction struct {
	Trial  string `json:"trial"`
	Name   string `json:"name"`
	Status string `json:"status"` // of the record
	Again  string `json:"again"`  // of the new training
	// Same is true when the parameters, evaluations and measurements are the same, bit for bit.
	Same bool `json:"same"`
	// Distance is the Euclidean distance of the parameters, Relative that over the norm of the record's, and Largest that of
	// a single parameter. They are 0 where one of the trainings has no parameters.
	Distance float64 `json:"distance"`
	Relative float64 `json:"relative"`
	Largest  float64 `json:"largest"`
	Values   []Pair  `json:"values"` // evaluations and measurements that both have

	Then store.Provenance `json:"then"`
	Now  store.Provenance `json:"now"`
}

// Pair is a number of the record and what it was this time.
type Pair struct {
	Name  string      `json:"name"`
	Was   store.Float `json:"was"`
	Again store.Float `json:"again"`
}

// RunOf finds the last run that has computed or asked for a trial of the store.
func RunOf(st *store.Store, id string) (string, error) {
	runs, err := st.Runs()
	if err != nil {
		return "", err
	}
	for _, run := range slices.Backward(runs) {
		files, _ := filepath.Glob(filepath.Join(st.RunDir(run), "*.json*"))
		for _, file := range files {
			if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(id)) {
				return run, nil
			}
		}
	}
	return "", fmt.Errorf("no run of store %s is known to have made trial %.12s: name the suite that asks for it", st.Dir(), id)
}

// Reproduce trains a trial again from its start, in the store that r has, and compares it with its record in another.
func (r *Runner) Reproduce(ctx context.Context, t *Trial, recorded *store.Store) (*Reproduction, error) {
	was := recorded.Trial(t.ID)
	result, ok, err := was.Result()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("trial %.12s has no result to compare with", t.ID)
	}
	if _, err := r.execute(ctx, t); err != nil {
		return nil, err
	}
	now := r.Store.Trial(t.ID)
	again, ok, err := now.Result()
	if err != nil || !ok {
		return nil, errors.Join(err, fmt.Errorf("trial %.12s has no result", t.ID))
	}
	out := &Reproduction{
		Trial: t.ID, Name: t.String(), Status: result.Status, Again: again.Status, Then: result.Provenance, Now: again.Provenance,
		Same: result.Status == again.Status && result.ParamsSHA256 == again.ParamsSHA256 && result.Steps == again.Steps,
	}
	if result.ParamsSHA256 != "" && again.ParamsSHA256 != "" {
		a, err := was.Params()
		if err != nil {
			return nil, err
		}
		b, err := now.Params()
		if err != nil {
			return nil, err
		}
		if len(a.W) != len(b.W) {
			return nil, fmt.Errorf("trial %.12s has %d parameters, its record %d", t.ID, len(b.W), len(a.W))
		}
		sum := 0.0
		for i := range a.W {
			d := math.Abs(float64(a.W[i]) - float64(b.W[i]))
			sum += d * d
			out.Largest = math.Max(out.Largest, d)
		}
		out.Distance = math.Sqrt(sum)
		out.Relative = out.Distance / math.Max(store.Norm(a.W), math.SmallestNonzeroFloat32)
	}
	pair := func(name string, a, b store.Float) {
		out.Values = append(out.Values, Pair{name, a, b})
		out.Same = out.Same && math.Float64bits(float64(a)) == math.Float64bits(float64(b))
	}
	for _, e := range r.evaluations(t.workload) {
		a, ok, err := was.Evaluation(e.Name, e.Hash)
		if err != nil {
			return nil, err
		}
		b, too, err := now.Evaluation(e.Name, e.Hash)
		if err != nil {
			return nil, err
		}
		if ok && too {
			pair("loss "+e.Key, a.Loss, b.Loss)
			pair("errors "+e.Key, store.Float(a.Errors), store.Float(b.Errors))
		}
	}
	list, err := r.measurementsOf(t, int(again.Steps))
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		a, ok, err := was.Measurement(m.Name, m.Hash)
		if err != nil {
			return nil, err
		}
		b, too, err := now.Measurement(m.Name, m.Hash)
		if err != nil {
			return nil, err
		}
		if !ok || !too {
			continue
		}
		for _, v := range a.Values {
			for _, x := range b.Values {
				if x.Name == v.Name {
					pair(columnOf(m, v.Name), v.Value, x.Value)
				}
			}
		}
	}
	return out, nil
}

package runner

import (
	"errors"
	"fmt"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/dataset/shifts"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// view is what the trials of one seed see of a workload's data.
type view struct {
	split  dataset.Split
	train  *dataset.Images // what split indexes; with the labels as they are given
	counts []int           // training examples of each class, by those labels
	noise  *dataset.Relabelling
}

// view draws the training and validation examples of a seed, and their wrong labels. A long tail comes before noise.
func (w *workload) view(seed uint64) (view, error) {
	s, err := w.data.Split(seed, w.Data.Train, w.Validation.Size, w.Validation.Stratified)
	if err != nil {
		return view{}, err
	}
	if w.Data.Imbalance != 0 {
		s = w.data.LongTail(s, w.Data.Tail, w.Data.Imbalance)
	}
	v := view{split: s, train: &w.data.Train, counts: make([]int, w.data.NumOutputs())}
	if w.Data.Noise != nil {
		r, err := w.data.Mislabel(s, *w.Data.Noise, seed)
		if err != nil {
			return view{}, err
		}
		v.train, v.noise = r.Images, &r
	}
	if w.data.Train.Outputs > 0 {
		return v, nil // the outputs are no classes
	}
	for _, i := range s.Train {
		v.counts[v.train.Labels[i]]++
	}
	return v, nil
}

// test is the test set: of data that consist of domains, what the split says.
func (w *workload) test(v view) (*dataset.Images, []int) {
	if w.data.HeldOut != nil {
		return v.train, v.split.Test
	}
	return &w.data.Test, all(w.data.Test.Len())
}

// evaluationSets finds the published evaluation sets among the shifts of a workload and returns their digests. The error is a
// *dataset.Missing for one that is not in the cache and not optional; optional ones are left out.
func evaluationSets(w *suite.Workload) (map[string]string, error) {
	out := map[string]string{}
	for _, sh := range w.Shifts {
		for _, set := range dataset.EvaluationSets() {
			if set.Name != sh.Data.Name {
				continue
			}
			digest, err := dataset.Digest(set.Name)
			var missing *dataset.Missing
			switch {
			case err == nil:
				out[set.Name] = digest
			case errors.As(err, &missing) && sh.Optional:
			default:
				return nil, err
			}
		}
	}
	return out, nil
}

// isSet says whether a shift is a published evaluation set.
func isSet(name string) bool {
	for _, set := range dataset.EvaluationSets() {
		if set.Name == name {
			return true
		}
	}
	return false
}

// shiftedSet returns the examples of one evaluation of a shift. It may return none: a trial may have no class with few examples.
func (r *Runner) shiftedSet(t *Trial, v view, e suite.ShiftSpec) (*dataset.Images, []int, error) {
	w := t.workload
	switch e.Name {
	case suite.ShiftDomains:
		for g, name := range w.data.Groups {
			if name != e.Kind {
				continue
			}
			if g == *w.data.HeldOut {
				return v.train, v.split.Test, nil
			}
			return v.train, v.split.Held[g], nil
		}
		return nil, nil, fmt.Errorf("there is no domain %q", e.Kind)
	case suite.ShiftGroups:
		var out []int
		for i, g := range w.data.Test.Groups {
			if w.data.Groups[g] == e.Kind {
				out = append(out, i)
			}
		}
		return &w.data.Test, out, nil
	case suite.ShiftClasses:
		var out []int
		for i, c := range w.data.Test.Labels {
			if frequency(v.counts[c]) == e.Kind {
				out = append(out, i)
			}
		}
		return &w.data.Test, out, nil
	case suite.ShiftLabels:
		wrong := map[int]bool{}
		for _, i := range v.noise.Wrong {
			wrong[i] = true
		}
		images := v.train
		if e.Kind == "corrected" {
			images = v.train.Relabelled(v.noise.Clean)
		}
		var out []int
		for _, i := range v.split.Train {
			if wrong[i] == (e.Kind != "clean") {
				out = append(out, i)
			}
		}
		return images, out, nil
	}
	images, err := r.shifted.get(w, e)
	if err != nil {
		return nil, nil, err
	}
	return images, all(images.Len()), nil
}

// frequency is the kind of a class with n training examples.
func frequency(n int) string {
	switch {
	case n > 100:
		return "many"
	case n < 20:
		return "few"
	}
	return "medium"
}

// makeShift makes the images of a shift that are the same for all trials of a workload.
func makeShift(w *workload, e suite.ShiftSpec) (*dataset.Images, error) {
	base := &w.data.Test
	switch {
	case isSet(e.Name):
		im, err := dataset.LoadEvaluation(e.Name, e.Kind, e.Severity)
		if err != nil || e.Examples == 0 || e.Examples >= im.Len() {
			return im, err
		}
		return im.Select(dataset.Sample(im, all(im.Len()), e.Examples, e.Seed, "shift/examples")), nil
	case e.Name == suite.ShiftCorrelation:
		p, err := shifts.Probability(e.Kind)
		if err != nil {
			return nil, err
		}
		return dataset.Subpopulation(base.Len(), p, "test/"+e.Kind), nil
	}
	if e.Name == suite.ShiftRedraw {
		option, value, err := dataset.Redraws(e.Kind)
		if err != nil {
			return nil, err
		}
		again, err := dataset.Make(w.Data.With(option, value))
		if err != nil {
			return nil, err
		}
		if again.NumOutputs() != w.data.NumOutputs() || again.Test.Size() != base.Size() {
			return nil, fmt.Errorf("%s: %s changes the shape of the data", w.Data.Name, e.Kind)
		}
		base = &again.Test
	}
	if e.Examples > 0 && e.Examples < base.Len() {
		idx := dataset.Sample(base, all(base.Len()), e.Examples, e.Seed, "shift/examples")
		base = base.Select(idx)
	}
	switch e.Name {
	case suite.ShiftRedraw:
		return base, nil
	case suite.ShiftCorrupt:
		return shifts.Apply(e.Kind, e.Severity, e.Seed, base)
	}
	return shifts.Vary(e.Name, e.Kind, e.Seed, base)
}

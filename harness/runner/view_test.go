package runner

import (
	"errors"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// A published evaluation set that is not in the cache stops a run, unless the suite calls it optional.
func TestEvaluationSets(t *testing.T) {
	t.Setenv("BENCH_CACHE", t.TempDir())
	w := &suite.Workload{Shifts: []suite.Shift{{Name: "new", Data: suite.ShiftData{Name: "cifar10.1-v6", Kinds: []string{"all"}}}}}
	var missing *dataset.Missing
	if _, err := evaluationSets(w); !errors.As(err, &missing) || missing.Name != "cifar10.1-v6" {
		t.Errorf("not optional: %v", err)
	}
	w.Shifts[0].Optional = true
	if sets, err := evaluationSets(w); err != nil || len(sets) != 0 {
		t.Errorf("optional: %v, %v", sets, err)
	}
	if !isSet("cifar10-c") || isSet("corrupt") {
		t.Error("which shifts are published is not known")
	}
}

// A view has the tail before the noise, the given labels in its counts, and the parts that the shifts of labels take.
func TestView(t *testing.T) {
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	w := &workload{Workload: &suite.Workload{
		Data:       dataset.Spec{Name: "digits", Train: 1000, Imbalance: 0.5, Tail: dataset.TailStep, Noise: &dataset.Noise{Kind: dataset.NoiseAsymmetric, Rate: 0.3}},
		Validation: suite.Validation{Size: 100, Stratified: true},
	}, data: d}
	v, err := w.view(1)
	if err != nil {
		t.Fatal(err)
	}
	clean := make([]int, 10)
	for _, i := range v.split.Train {
		clean[d.Train.Labels[i]]++
	}
	if slices.Max(clean) != slices.Max(clean[:5]) || clean[9] != clean[0]/2 {
		t.Errorf("%v of each class by their right labels", clean)
	}
	total := 0
	for _, n := range v.counts {
		total += n
	}
	if total != len(v.split.Train) || slices.Equal(v.counts, clean) || len(v.noise.Wrong) != int(0.3*float64(total)) {
		t.Errorf("%v of each class by the given labels, %d of %d wrong", v.counts, len(v.noise.Wrong), total)
	}
	trial := &Trial{workload: w}
	r := &Runner{}
	sizes := map[string]int{}
	for _, kind := range []string{"clean", "noisy", "corrected"} {
		images, examples, err := r.shiftedSet(trial, v, suite.ShiftSpec{Name: suite.ShiftLabels, Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		sizes[kind] = len(examples)
		for _, i := range examples {
			if right := images.Labels[i] == d.Train.Labels[i]; right != (kind != "noisy") {
				t.Fatalf("%s: example %d has the label %d, the right one is %d", kind, i, images.Labels[i], d.Train.Labels[i])
			}
		}
	}
	if sizes["noisy"] != len(v.noise.Wrong) || sizes["corrected"] != sizes["noisy"] || sizes["clean"]+sizes["noisy"] != total {
		t.Errorf("%v of %d examples", sizes, total)
	}
	for n, want := range map[int]string{101: "many", 100: "medium", 20: "medium", 19: "few", 0: "few"} {
		if got := frequency(n); got != want {
			t.Errorf("a class of %d has %s", n, got)
		}
	}
}

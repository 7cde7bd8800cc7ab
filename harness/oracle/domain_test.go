package oracle

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
)

// The parts of a batch by class, by domain and by worker, a range, make up the whole batch: weighted by their examples, the
// losses and gradients of the parts are those of the batch.
func TestPartsMakeUpTheBatch(t *testing.T) {
	p := problem(t, 60, 60)
	im := *p.Images
	im.Groups = make([]uint8, im.Len())
	for i := range im.Groups {
		im.Groups[i] = uint8(i % 7 % 3)
	}
	p.Images = &im
	p.Augment = dataset.AugmentCropFlipCutout
	// Running statistics and those of a batch differ: measured nets have no such trouble.
	m, err := NewMeasuring(p, make([]float32, p.Net.BufferDim()))
	if err != nil {
		t.Fatal(err)
	}
	buffers := m.buffers
	p.Net.InitBuffers(buffers)
	w := initial(p)
	whole := make([]float32, p.Net.Dim())
	want, err := m.Grad(Batch{Stream: Full}, w, whole, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var parts = map[string][]Batch{}
	for c := range uint32(10) {
		parts["class"] = append(parts["class"], Batch{Stream: Full, Part: Class, Number: c})
	}
	for d := range uint32(3) {
		parts["domain"] = append(parts["domain"], Batch{Stream: Full, Part: Domain, Number: d})
	}
	const workers = 4
	for k := range uint32(workers) {
		parts["worker"] = append(parts["worker"], Batch{Stream: Full, Part: Range, From: k * 60 / workers, To: (k + 1) * 60 / workers})
	}
	for name, batches := range parts {
		sum, loss, n := make([]float64, p.Net.Dim()), 0.0, 0
		g := make([]float32, p.Net.Dim())
		for _, b := range batches {
			e, err := m.Grad(b, w, g, Options{})
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			for i, v := range g {
				sum[i] += float64(v) * float64(e.Examples)
			}
			loss += e.Loss * float64(e.Examples)
			n += e.Examples
		}
		if n != 60 || math.Abs(loss/60-want.Loss) > 1e-6 {
			t.Errorf("%s: %d examples and a loss of %v, want 60 and %v", name, n, loss/60, want.Loss)
		}
		for i, v := range whole {
			if math.Abs(sum[i]/60-float64(v)) > 1e-5 {
				t.Fatalf("%s: element %d of the gradient is %v, want %v", name, i, sum[i]/60, v)
			}
		}
	}
	if _, err := m.Grad(Batch{Stream: Full, Part: Domain, Number: 3}, w, whole, Options{}); err == nil {
		t.Error("a domain without examples has a gradient")
	}
	im.Groups = nil
	if _, err := m.Grad(Batch{Stream: Full, Part: Domain}, w, whole, Options{}); err == nil {
		t.Error("examples without domains have one")
	}
}

// A minibatch of a domain is the part of the minibatch that belongs to it, with the same augmentation.
func TestDomainOfAMinibatch(t *testing.T) {
	p := problem(t, 60, 20)
	im := *p.Images
	im.Groups = make([]uint8, im.Len())
	for i := range im.Groups {
		im.Groups[i] = uint8(i % 2)
	}
	p.Images, p.Augment = &im, dataset.AugmentCrop
	task := NewTraining(p)
	var both []int
	for d := range uint32(2) {
		idx, aug, err := task.examples(Batch{Stream: Train, Index: 4, Part: Domain, Number: d}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if aug.Kind != dataset.AugmentCrop || aug.Epoch != 1 {
			t.Errorf("augmentation %+v", aug)
		}
		for _, i := range idx {
			if int(im.Groups[i]) != int(d) {
				t.Errorf("example %d is not of domain %d", i, d)
			}
		}
		both = append(both, slices.Clone(idx)...)
	}
	all, _, err := task.examples(Batch{Stream: Train, Index: 4}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	all = slices.Clone(all)
	slices.Sort(all)
	slices.Sort(both)
	if !slices.Equal(all, both) {
		t.Errorf("the domains have %v, the minibatch %v", both, all)
	}
}

package dataset

import (
	"slices"
	"testing"
)

func TestSampleIsStratifiedAndSeeded(t *testing.T) {
	im := &Images{H: 1, W: 1, C: 1}
	var candidates []int
	for i := range 100 { // 80 of class 0, 20 of class 1
		im.Pixels = append(im.Pixels, uint8(i))
		im.Labels = append(im.Labels, uint8(i/80))
		candidates = append(candidates, i)
	}
	a := Sample(im, candidates, 10, 1, "probe")
	if len(a) != 10 {
		t.Fatalf("%d examples, want 10", len(a))
	}
	ones := 0
	for _, i := range a {
		ones += int(im.Labels[i])
	}
	if ones != 2 {
		t.Errorf("%d of class 1 in %v, want its share of 2", ones, a)
	}
	if !slices.Equal(a, Sample(im, candidates, 10, 1, "probe")) {
		t.Error("the same seed gave another sample")
	}
	if slices.Equal(a, Sample(im, candidates, 10, 2, "probe")) {
		t.Error("another seed gave the same sample")
	}
	got := slices.Sorted(slices.Values(Sample(im, candidates, 0, 1, "probe")))
	if !slices.Equal(got, candidates) {
		t.Error("n = 0 is not all candidates")
	}
	if s := im.Select([]int{99, 3}); s.Len() != 2 || s.Pixels[0] != 99 || s.Labels[1] != 0 {
		t.Errorf("Select(99, 3) = %v", s)
	}
}

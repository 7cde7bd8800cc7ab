package dataset

import (
	"github.com/sharpbench/sharpbench/harness/rng"
)

// Sample draws n of the candidates, which are indices into im, without replacement: every class gets its share of n,
// up to rounding. The draw belongs to the stream (seed, name); the result is in random order. n == 0, or more than
// there are, means all candidates.
func Sample(im *Images, candidates []int, n int, seed uint64, name string) []int {
	if n == 0 || n > len(candidates) {
		n = len(candidates)
	}
	classes := 0
	for _, i := range candidates {
		classes = max(classes, int(im.Labels[i])+1)
	}
	sizes := make([]int, classes)
	for _, i := range candidates {
		sizes[im.Labels[i]]++
	}
	left := shares(n, sizes)
	out := make([]int, 0, n)
	for _, p := range rng.New(seed, name, 0).Perm(len(candidates)) {
		i := candidates[p]
		if c := im.Labels[i]; left[c] > 0 {
			left[c]--
			out = append(out, i)
		}
	}
	return out
}

// Select copies the examples of the given indices, in their order.
func (im *Images) Select(idx []int) *Images {
	out := &Images{H: im.H, W: im.W, C: im.C, Labels: make([]uint8, 0, len(idx)), Outputs: im.Outputs}
	n := im.Size()
	if im.Values != nil {
		out.Values = make([]float32, 0, len(idx)*n)
	} else {
		out.Pixels = make([]uint8, 0, len(idx)*n)
	}
	for _, i := range idx {
		if im.Values != nil {
			out.Values = append(out.Values, im.Values[i*n:(i+1)*n]...)
		} else {
			out.Pixels = append(out.Pixels, im.Image(i)...)
		}
		out.Labels = append(out.Labels, im.Labels[i])
		if im.Outputs > 0 {
			out.Targets = append(out.Targets, im.Target(i)...)
		}
		if im.Groups != nil {
			out.Groups = append(out.Groups, im.Groups[i])
		}
	}
	return out
}

// Relabelled is im with other labels; everything else is shared.
func (im *Images) Relabelled(labels []uint8) *Images {
	out := *im
	out.Labels = labels
	return &out
}

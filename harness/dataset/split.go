package dataset

import (
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Split names the examples of Data.Train that are trained on and those held out for selection. The two are disjoint.
// Both are in random order, so that any prefix is a random sample too.
type Split struct {
	Train, Validation []int
	// Of data sets that consist of domains, also indices into Data.Train: the examples of the held-out domain that are tested
	// on, and those that each domain has held out. Otherwise nil: Data.Test is the test set.
	Test []int
	Held [][]int
}

// Split draws validation and train examples from d.Train, without replacement, from stream "split" of the seed.
// train == 0 means all that validation leaves. Stratified splits give every class its share of both parts, up to
// rounding (largest remainders). The validation part does not depend on train, so training on fewer examples keeps
// the same validation set; without stratification the smaller training set is also a part of the larger.
//
// Domains are split as DomainBed does, whatever stratified says: every domain holds out a fifth of its examples.
func (d *Data) Split(seed uint64, train, validation int, stratified bool) (Split, error) {
	if d.HeldOut != nil {
		return d.splitDomains(seed, train, validation)
	}
	n := d.Train.Len()
	if d.Fixed > 0 {
		return d.splitFixed(seed, train, validation)
	}
	switch {
	case train < 0 || validation < 0:
		return Split{}, fmt.Errorf("%s: %d training and %d validation examples: neither may be negative", d.Name, train, validation)
	case train == 0 && validation >= n:
		return Split{}, fmt.Errorf("%s: %d validation examples leave nothing to train on: the training set has %d", d.Name, validation, n)
	case train > n-validation:
		return Split{}, fmt.Errorf("%s: %d training and %d validation examples asked for: the training set has %d", d.Name, train, validation, n)
	case train == 0:
		train = n - validation
	}
	// Every example belongs to a stratum with room for so many of each part; without stratification there is one stratum.
	stratum := func(int) int { return 0 }
	sizes := []int{n}
	if stratified && d.Train.Outputs == 0 {
		stratum = func(i int) int { return int(d.Train.Labels[i]) }
		sizes = d.Train.count(len(d.Classes))
	}
	held := shares(validation, sizes)
	left := make([]int, len(sizes))
	for c := range sizes {
		left[c] = sizes[c] - held[c]
	}
	used := shares(train, left)
	s := Split{Train: make([]int, 0, train), Validation: make([]int, 0, validation)}
	for _, i := range rng.New(seed, "split", 0).Perm(n) {
		switch c := stratum(i); {
		case held[c] > 0:
			held[c]--
			s.Validation = append(s.Validation, i)
		case used[c] > 0:
			used[c]--
			s.Train = append(s.Train, i)
		}
	}
	return s, nil
}

// splitFixed is Split where the validation part is fixed.
func (d *Data) splitFixed(seed uint64, train, validation int) (Split, error) {
	held := d.Train.Len() - d.Fixed
	switch {
	case train < 0 || validation < 0:
		return Split{}, fmt.Errorf("%s: %d training and %d validation examples: neither may be negative", d.Name, train, validation)
	case train > d.Fixed || validation > held:
		return Split{}, fmt.Errorf("%s: %d training and %d validation examples asked for: its fixed parts have %d and %d", d.Name, train, validation, d.Fixed, held)
	case train == 0:
		train = d.Fixed
	}
	s := Split{Train: rng.New(seed, "split", 0).Perm(d.Fixed)[:train], Validation: rng.New(seed, "split", 1).Perm(held)[:validation]}
	for i := range s.Validation {
		s.Validation[i] += d.Fixed
	}
	return s, nil
}

// The tails.
const (
	// TailExponential gives class c of K the share imbalance^(c/(K−1)) of the first class's examples (Y. Cui et al.,
	// "Class-Balanced Loss Based on Effective Number of Samples", 2019).
	TailExponential = "exponential"
	// TailStep leaves the first half of the classes, rounded up, as they are and gives the others the share imbalance (M. Buda
	// et al., "A systematic study of the class imbalance problem in convolutional neural networks", 2018).
	TailStep = "step"
)

// Tails lists the tails that a suite may name.
func Tails() []string { return []string{TailExponential, TailStep} }

// TailCounts returns the numbers of examples of classes of a long tail, n of the first one: its share of n for every class,
// rounded down and at least one. 0 < imbalance <= 1. It panics on a tail that does not exist; "" is TailExponential.
func TailCounts(kind string, n, classes int, imbalance float64) []int {
	if !(imbalance > 0 && imbalance <= 1) {
		panic(fmt.Sprintf("dataset: an imbalance of %v: expected above 0 and at most 1", imbalance))
	}
	counts := make([]int, classes)
	for c := range counts {
		share := 1.0
		switch {
		case kind == TailStep && c >= (classes+1)/2:
			share = imbalance
		case (kind == "" || kind == TailExponential) && classes > 1:
			share = math.Pow(imbalance, float64(c)/float64(classes-1))
		case kind != TailStep && kind != "" && kind != TailExponential:
			panic(fmt.Sprintf("dataset: a tail %q: expected one of %q", kind, Tails()))
		}
		// A power that should be a whole number may come out just below it.
		counts[c] = min(n, max(1, int(float64(n)*share+1e-9)))
	}
	return counts
}

// LongTail returns the split with fewer training examples of later classes: each class keeps the first of its training
// examples, as many as TailCounts gives, n being the number of training examples of the rarest class (of all classes, where
// they are balanced). The validation part stays as it is.
func (d *Data) LongTail(s Split, kind string, imbalance float64) Split {
	counts := make([]int, len(d.Classes))
	for _, i := range s.Train {
		counts[d.Train.Labels[i]]++
	}
	counts = TailCounts(kind, slices.Min(counts), len(counts), imbalance)
	out := s
	out.Train = nil
	for _, i := range s.Train {
		if c := d.Train.Labels[i]; counts[c] > 0 {
			counts[c]--
			out.Train = append(out.Train, i)
		}
	}
	return out
}

// shares divides total among groups in proportion to their sizes by largest remainders, ties to the earlier group.
// No group gets more than its size as long as total is at most their sum.
func shares(total int, sizes []int) []int {
	sum := 0
	for _, s := range sizes {
		sum += s
	}
	out := make([]int, len(sizes))
	if sum == 0 {
		return out
	}
	order := make([]int, len(sizes))
	given := 0
	for c, s := range sizes {
		order[c] = c
		out[c] = total * s / sum
		given += out[c]
	}
	slices.SortStableFunc(order, func(a, b int) int { return total*sizes[b]%sum - total*sizes[a]%sum })
	for _, c := range order[:total-given] {
		out[c]++
	}
	return out
}

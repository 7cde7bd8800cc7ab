package dataset

import (
	"slices"
	"testing"
)

// toy has n images of 1×1×1 with the given number of each class, classes in blocks.
func toy(counts ...int) *Data {
	d := &Data{Name: "toy", Train: Images{H: 1, W: 1, C: 1}}
	for c, n := range counts {
		d.Classes = append(d.Classes, string(rune('a'+c)))
		for range n {
			d.Train.Labels = append(d.Train.Labels, uint8(c))
			d.Train.Pixels = append(d.Train.Pixels, uint8(c))
		}
	}
	return d
}

func TestSplit(t *testing.T) {
	d := toy(50, 30, 20)
	for _, c := range []struct {
		train, validation int
		stratified        bool
		wantTrain         int
		classes           []int // of validation
	}{
		{60, 20, true, 60, []int{10, 6, 4}},
		{0, 20, true, 80, []int{10, 6, 4}},
		// 7·(50, 30, 20)/100 = 3.5, 2.1, 1.4: the largest remainder gets the one that is left.
		{93, 7, true, 93, []int{4, 2, 1}},
		{60, 20, false, 60, nil},
		{0, 0, false, 100, nil},
		{1, 99, true, 1, nil},
	} {
		s, err := d.Split(3, c.train, c.validation, c.stratified)
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Train) != c.wantTrain || len(s.Validation) != c.validation {
			t.Errorf("%+v: %d and %d examples", c, len(s.Train), len(s.Validation))
		}
		all := slices.Sorted(slices.Values(append(slices.Clone(s.Train), s.Validation...)))
		if len(slices.Compact(all)) != len(s.Train)+len(s.Validation) || all[0] < 0 || all[len(all)-1] >= 100 {
			t.Errorf("%+v: the parts overlap or leave the set", c)
		}
		if c.classes != nil {
			got := make([]int, 3)
			for _, i := range s.Validation {
				got[d.Train.Labels[i]]++
			}
			if !slices.Equal(got, c.classes) {
				t.Errorf("%+v: validation has %v of the classes", c, got)
			}
		}
	}
}

// Counts fall by the same factor from class to class, and what stays of a class are its first examples.
func TestLongTail(t *testing.T) {
	d := toy(120, 100, 150)
	for _, c := range []struct {
		imbalance float64
		want      []int
	}{{0.01, []int{100, 10, 1}}, {0.0001, []int{100, 1, 1}}, {0.5, []int{100, 70, 50}}, {1, []int{100, 100, 100}}} {
		s, err := d.Split(1, 0, 0, true)
		if err != nil {
			t.Fatal(err)
		}
		tail := d.LongTail(s, "", c.imbalance)
		counts, at := make([]int, 3), 0
		for _, i := range tail.Train {
			counts[d.Train.Labels[i]]++
			for s.Train[at] != i {
				if l := d.Train.Labels[s.Train[at]]; counts[l] < c.want[l] {
					t.Fatalf("imbalance %v: example %d of class %d is left out before the class is full", c.imbalance, s.Train[at], l)
				}
				at++
			}
			at++
		}
		if !slices.Equal(counts, c.want) {
			t.Errorf("imbalance %v: %v examples, want %v", c.imbalance, counts, c.want)
		}
	}
}

func TestSplitIsAFunctionOfTheSeed(t *testing.T) {
	d := toy(500, 500)
	get := func(seed uint64, train int, stratified bool) Split {
		s, err := d.Split(seed, train, 100, stratified)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, stratified := range []bool{false, true} {
		a, b := get(1, 300, stratified), get(1, 300, stratified)
		if !slices.Equal(a.Train, b.Train) || !slices.Equal(a.Validation, b.Validation) {
			t.Error("the same seed gave two splits")
		}
		if c := get(2, 300, stratified); slices.Equal(a.Train, c.Train) || slices.Equal(a.Validation, c.Validation) {
			t.Error("two seeds gave the same split")
		}
		if c := get(1, 200, stratified); !slices.Equal(a.Validation, c.Validation) {
			t.Error("the validation part depends on the number of training examples")
		}
		if slices.IsSorted(a.Train) {
			t.Error("the training part is in file order")
		}
	}
	if a, c := get(1, 300, false), get(1, 200, false); !slices.Equal(a.Train[:200], c.Train) {
		t.Error("the smaller training part is not a prefix of the larger")
	}
}

func TestSplitErrors(t *testing.T) {
	d := toy(5, 5)
	for _, c := range [][2]int{{8, 3}, {11, 0}, {0, 10}, {0, 11}, {-1, 2}, {2, -1}} {
		if _, err := d.Split(1, c[0], c[1], true); err == nil {
			t.Errorf("no error for %d training and %d validation examples of 10", c[0], c[1])
		}
	}
}

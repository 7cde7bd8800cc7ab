package dataset

import (
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

func TestOrder(t *testing.T) {
	o := NewOrder(9, 10, 4)
	if o.Steps() != 3 {
		t.Fatalf("%d steps, want 3", o.Steps())
	}
	var epochs [2][]int
	for k := range uint64(6) {
		e, p := o.At(k)
		if e != k/3 {
			t.Errorf("minibatch %d is of epoch %d", k, e)
		}
		if want := []int{4, 4, 2}[k%3]; len(p) != want {
			t.Errorf("minibatch %d has %d examples, want %d", k, len(p), want)
		}
		epochs[e] = append(epochs[e], p...)
	}
	for e, p := range epochs {
		if want := rng.New(9, "order", uint64(e)).Perm(10); !slices.Equal(p, want) {
			t.Errorf("epoch %d is %v, want the permutation of the stream %v", e, p, want)
		}
	}
	if slices.Equal(epochs[0], epochs[1]) {
		t.Error("two epochs have the same order")
	}
	// Any minibatch can be asked for at any time.
	_, p := NewOrder(9, 10, 4).At(4)
	if !slices.Equal(p, epochs[1][4:8]) {
		t.Errorf("minibatch 4 asked for alone is %v, want %v", p, epochs[1][4:8])
	}
	if _, p := o.At(1); !slices.Equal(p, epochs[0][4:8]) {
		t.Error("going back gives another minibatch")
	}
}

func TestOrderOfOneBatch(t *testing.T) {
	o := NewOrder(1, 3, 8)
	if e, p := o.At(2); o.Steps() != 1 || e != 2 || len(p) != 3 {
		t.Errorf("steps %d, epoch %d, %d examples", o.Steps(), e, len(p))
	}
}

package dataset

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Order is the fixed order of a trial's minibatches: every epoch is a fresh permutation of the n training examples,
// cut into batches; the last batch of an epoch may be smaller. Epoch e is stream "order", index e, of the seed, so any
// minibatch can be asked for at any time. An Order remembers the epoch it was last asked for and is therefore not safe
// for concurrent use.
type Order struct {
	seed     uint64
	n, batch int
	epoch    uint64
	perm     []int // of epoch; nil before the first call
}

// NewOrder returns the order of n examples in batches of batch. It panics when either is below 1.
func NewOrder(seed uint64, n, batch int) *Order {
	if n < 1 || batch < 1 {
		panic(fmt.Sprintf("dataset: order of %d examples in batches of %d: both must be at least 1", n, batch))
	}
	return &Order{seed: seed, n: n, batch: batch}
}

// Steps is the number of minibatches of an epoch.
func (o *Order) Steps() int { return (o.n + o.batch - 1) / o.batch }

// At returns minibatch k of the trial, counted from 0 over all epochs: its epoch, and the positions 0..n-1 of its
// examples in the training part of the split. The positions must not be modified.
func (o *Order) At(k uint64) (epoch uint64, positions []int) {
	steps := uint64(o.Steps())
	epoch = k / steps
	if o.perm == nil || epoch != o.epoch {
		o.epoch, o.perm = epoch, rng.New(o.seed, "order", epoch).Perm(o.n)
	}
	from := int(k%steps) * o.batch
	to := min(from+o.batch, o.n)
	return epoch, o.perm[from:to:to]
}

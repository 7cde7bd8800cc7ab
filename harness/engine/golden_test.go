package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// TestGolden ties the bits of the results to Version. When it fails because the arithmetic changed on purpose, raise
// Version and record the new sums: results stored under the old version must not be mixed with new ones. The sums hold
// for processors with AVX2; elsewhere only the losses are compared, to a few digits.
func TestGolden(t *testing.T) {
	const recorded = 2 // the version the sums below belong to
	if Version != recorded {
		t.Errorf("Version is %d: record the sums below again and set recorded", Version)
	}
	for i, c := range []struct {
		plan plan
		loss Loss
		mode Mode
		want float64
		sum  string
	}{
		{plan{Shape{32, 32, 3}, []int{16, 32, 64}, true, 0, 10, BatchNorm, ReLU}, Loss{LabelSmoothing: 0.1}, Train, 2.410298, "26a00922f0e7eecd"},
		{plan{Shape{32, 32, 3}, []int{16, 32}, true, 0, 10, GroupNorm, ReLU}, Loss{}, Train, 2.354944, "9d07468f1735adaf"},
		{plan{Shape{32, 32, 3}, []int{16, 32}, true, 0, 10, BatchNorm, ReLU}, Loss{NormalizeLogits: true}, Eval, 2.376393, "82ff2288631a3c01"},
		{plan{Shape{9, 7, 3}, []int{12, 20}, true, 30, 10, NoNorm, ReLU}, Loss{}, Train, 2.342228, "a35b4af3cd6e582a"},
		{plan{Shape{28, 28, 1}, nil, false, 64, 10, NoNorm, ReLU}, Loss{}, Train, 2.774244, "9eef2fc4e376c4ec"},
		{plan{Shape{8, 8, 1}, nil, false, 32, 10, BatchNorm, Tanh}, Loss{}, Train, 2.295895, "c639aad187397cdd"},
		{plan{Shape{9, 8, 3}, []int{16, 12}, true, 0, 10, GroupNorm, GELU}, Loss{}, Train, 2.317079, "2e70cd69a9ee6177"},
	} {
		n := c.plan.build(t)
		w, buf, b := golden(n, 9)
		grad := make([]float32, n.Dim())
		r := NewMachine(n, 9).Grad(w, buf, b, c.loss, c.mode, true, grad)
		if math.Abs(r.Loss-c.want) > 1e-4*c.want {
			t.Errorf("case %d: loss %v, recorded %v", i, r.Loss, c.want)
		}
		if kernel.Current() == kernel.Plain {
			continue
		}
		h := sha256.New()
		binary.Write(h, binary.LittleEndian, r.Loss)
		binary.Write(h, binary.LittleEndian, buf)
		binary.Write(h, binary.LittleEndian, grad)
		if got := fmt.Sprintf("%x", h.Sum(nil)[:8]); got != c.sum {
			t.Errorf("case %d, %v: sum %s, recorded %s (loss %.6f)", i, kernel.Current(), got, c.sum, r.Loss)
		}
	}
}

// golden makes the numbers of TestGolden by integer arithmetic alone, so that no library can change them.
func golden(n *Net, examples int) (w, buf []float32, b Batch) {
	state := uint64(1)
	next := func() float32 { // in (-1, 1)
		state = state*6364136223846793005 + 1442695040888963407
		return float32(int32(state>>33)-1<<30) / (1 << 30)
	}
	w = make([]float32, n.Dim())
	for _, t := range n.Layout() {
		for i := range t.Len() {
			switch t.Kind {
			case Weight:
				w[t.Offset+i] = next() / 8
			case NormScale:
				w[t.Offset+i] = 1 + next()/4
			default:
				w[t.Offset+i] = next() / 4
			}
		}
	}
	buf = make([]float32, n.BufferDim())
	n.InitBuffers(buf)
	b.X = make([]float32, examples*n.Inputs().Len())
	for i := range b.X {
		b.X[i] = 2 * next()
	}
	b.Y = make([]int32, examples)
	for i := range b.Y {
		b.Y[i] = int32(i % n.Classes())
	}
	return w, buf, b
}

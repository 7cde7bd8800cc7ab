package engine

import (
	"fmt"
	"testing"
)

// TestActivations compares the pre-activations of every layer with those of the float64 twin.
func TestActivations(t *testing.T) {
	for k, p := range plans {
		for _, mode := range []Mode{Train, Eval} {
			n := p.build(t)
			const examples = 35 // more than are evaluated at a time
			w, buf, b := example(n, examples, uint64(k))
			twin := &ref{net: n, mode: mode, pre: map[int][]image{}}
			_, outputs := twin.run(widen(w), widen(buf), b)
			m := NewMachine(n, examples)
			layers := 0
			for _, shift := range n.Layout() {
				var want []float64
				switch {
				case shift.Kind != Bias && shift.Kind != NormShift:
					continue
				case twin.pre[shift.Offset] != nil:
					want = channelsLast(twin.pre[shift.Offset])
				default: // the last layer
					for _, row := range outputs {
						want = append(want, row...)
					}
				}
				layers++
				size := n.ActivationLen(shift.Layer)
				if size != len(want)/examples {
					t.Fatalf("%v: layer %d has %d elements, want %d", p, shift.Layer, size, len(want)/examples)
				}
				got := make([]float32, examples*size)
				m.Activations(w, buf, b, mode, shift.Layer, got)
				closeTo(t, fmt.Sprintf("%v mode %d: layer %d", p, mode, shift.Layer), got, want, 1e-5)
			}
			if layers != n.Layout()[len(n.Layout())-1].Layer+1 {
				t.Errorf("%v: %d layers", p, layers)
			}
		}
	}
}

func channelsLast(x []image) (all []float64) {
	for _, im := range x {
		for _, row := range im {
			for _, pixel := range row {
				all = append(all, pixel...)
			}
		}
	}
	return all
}

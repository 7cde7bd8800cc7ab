// Package units is what metrics of single neurons share: the layers of a network whose units have an activation function
// behind them, and what enters it.
package units

import (
	"fmt"

	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Layer is a layer with weights.
type Layer struct {
	Name   string
	Number int // as Session.Activations wants it
	Len    int // numbers that an example has there: every unit at every position
	Units  int // the last dimension of the weights: neurons, or channels of a convolution
}

// Hidden lists the hidden layers of a network in their order: all with weights but the last, which gives the outputs. Of a
// network with a single layer, it is that one.
func Hidden(p sdk.Problem) []Layer {
	var out []Layer
	for _, t := range p.Tensors {
		if t.ActivationLen > 0 && len(t.Shape) > 0 {
			out = append(out, Layer{Name: t.Name, Number: t.Layer, Len: t.ActivationLen, Units: t.Shape[len(t.Shape)-1]})
		}
	}
	if len(out) > 1 {
		out = out[:len(out)-1]
	}
	return out
}

// slot is where Read has the activations stored.
const slot = "activations"

// Slots is what Read needs; a metric adds it to its own.
func Slots(p sdk.Problem) []sdk.Slot {
	most := 1
	for _, l := range Hidden(p) {
		most = max(most, l.Len*p.ProbeBatchSize)
	}
	return []sdk.Slot{{Name: slot, Len: most, Scratch: true}}
}

// Read returns what enters the activation functions of a layer, one example after the other and unit by unit at each
// position, and how many examples there are. It is valid until the next call.
func Read(s sdk.Session, b sdk.Batch, l Layer) (z sdk.Vec, examples int, err error) {
	z = s.Slot(slot)
	if examples, err = s.Activations(b, s.W(), z, l.Number); err != nil {
		return nil, 0, err
	}
	if l.Units < 1 || l.Len%l.Units != 0 || examples*l.Len > len(z) {
		return nil, 0, fmt.Errorf("layer %s: %d numbers of each of %d examples, in %d units", l.Name, l.Len, examples, l.Units)
	}
	return z[:examples*l.Len], examples, nil
}

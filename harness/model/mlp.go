package model

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// mlp is one hidden layer a width (linear, normalisation, activation) on the flattened image and a linear layer.
func mlp(s Spec, b *engine.Builder, classes int) {
	for i, width := range s.Width {
		fc := fmt.Sprintf("fc%d", i+1)
		b.Linear(fc, width, false) // NormAct adds the bias where there is no normalisation
		b.NormAct(fmt.Sprintf("norm%d", i+1), fc, engine.Norm(s.Norm), engine.Activation(s.Activation), false)
	}
	classify(s, b, fmt.Sprintf("fc%d", len(s.Width)+1), classes)
}

package model

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// cnn is one stage a width: 3×3 convolution, normalisation, activation; 2×2 max-pooling between stages; then the mean
// over all positions and a linear layer. Convolutions have a bias only without normalisation, which would cancel it.
func cnn(s Spec, b *engine.Builder, classes int) {
	for i, width := range s.Width {
		conv := fmt.Sprintf("conv%d", i+1)
		b.Conv(conv, 3, 1, width)

		pool := i < len(s.Width)-1
		b.NormAct(fmt.Sprintf("norm%d", i+1), conv, engine.Norm(s.Norm), engine.Activation(s.Activation), pool)
	}
	b.GlobalAvgPool()
	classify(s, b, "fc", classes)
}

package model

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// mixer is the all-perceptron network of Tolstikhin et al. ("MLP-Mixer: An all-MLP Architecture for Vision", 2021):
// patches mapped linearly to width channels; depth blocks of x + tokens(norm(x)) and x + perceptron(norm(x)), where tokens
// is a perceptron with s.Tokens hidden units over the patches, the same for every channel; layer normalisation; the mean
// over all patches; a linear layer. Both perceptrons have GELU.
func mixer(s Spec, b *engine.Builder, classes int) {
	b.Patches("patch", s.Patch, s.Width[0])
	for i := range s.Depth {
		name := fmt.Sprintf("block%d.", i+1)
		in := b.Shape()
		b.Residual(func(b *engine.Builder) {
			b.LayerNorm(name + "norm1")
			b.MixTokens(name+"tokens1", 1, s.Tokens, engine.GELU)
			b.MixTokens(name+"tokens2", in.H, in.W, engine.Identity)
		}, nil, engine.Identity)
		perceptron(s, b, name)
	}
	b.LayerNorm("norm")
	b.GlobalAvgPool()
	classify(s, b, "fc", classes)
}

package model

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// vit is a small vision transformer (Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021): patches mapped linearly
// to width channels; learned positions; depth blocks of x + attention(norm(x)) and x + perceptron(norm(x)), with layer
// normalisation in front of each branch and GELU in the perceptron; layer normalisation; the mean over all patches; a
// linear layer. There is no class token, as in Beyer et al., "Better plain ViT baselines for ImageNet-1k" (2022), and no
// dropout. Attention is over sqrt(width/heads), so muP is not defined for it.
func vit(s Spec, b *engine.Builder, classes int) {
	width := s.Width[0]
	b.Patches("patch", s.Patch, width)
	b.Positions("position")
	for i := range s.Depth {
		name := fmt.Sprintf("block%d.", i+1)
		b.Residual(func(b *engine.Builder) {
			b.LayerNorm(name + "norm1")
			positionwise(b, name+"qkv", 3*width, engine.Identity)
			b.Attention(s.Heads)
			positionwise(b, name+"proj", width, engine.Identity)
		}, nil, engine.Identity)
		perceptron(s, b, name)
	}
	b.LayerNorm("norm")
	b.GlobalAvgPool()
	classify(s, b, "fc", classes)
}

// positionwise is a linear layer with bias over the channels of each position, and an activation.
func positionwise(b *engine.Builder, name string, out int, act engine.Activation) {
	b.Conv(name, 1, 1, out)
	b.NormAct("", name, engine.NoNorm, act, false)
}

// perceptron is the branch that vit and mixer have in common: two layers over the channels of each position.
func perceptron(s Spec, b *engine.Builder, name string) {
	b.Residual(func(b *engine.Builder) {
		b.LayerNorm(name + "norm2")
		positionwise(b, name+"fc1", s.Hidden, engine.GELU)
		positionwise(b, name+"fc2", s.Width[0], engine.Identity)
	}, nil, engine.Identity)
}

func checkHeads(s Spec, add func(key, format string, args ...any)) {
	if s.Width[0]%s.Heads != 0 {
		add("heads", "%d heads do not divide width %d", s.Heads, s.Width[0])
	}
}

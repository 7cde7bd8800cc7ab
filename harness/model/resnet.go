package model

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// resnet is the residual network for small images of He, Zhang, Ren & Sun ("Deep Residual Learning for Image Recognition",
// 2016, section 4.2): a 3×3 convolution; one stage a width of equally many blocks, act(x + norm(conv(act(norm(conv(x)))))),
// of which the first block of every stage but the first has stride 2; the mean over all positions; a linear layer. Depth
// counts the layers with weights on the longest way: 6n+2 for three stages of n blocks. Where a block changes the shape,
// its shortcut is a 1×1 convolution with normalisation (the paper's option B; its option A pads with zeros instead).
// Convolutions have a bias only without normalisation.
func resnet(s Spec, b *engine.Builder, classes int) {
	norm, act := engine.Norm(s.Norm), engine.Activation(s.Activation)
	b.Conv("conv1", 3, 1, s.Width[0])
	b.NormAct("norm1", "conv1", norm, act, false)
	for i, width := range s.Width {
		for j := range blocks(s) {
			stride := 1
			if i > 0 && j == 0 {
				stride = 2
			}
			name := fmt.Sprintf("stage%d.block%d.", i+1, j+1)
			convNorm := func(b *engine.Builder, part string, kernel, stride int, act engine.Activation) {
				conv := name + "conv" + part
				b.Conv(conv, kernel, stride, width)
				b.NormAct(name+"norm"+part, conv, norm, act, false)
			}
			var shortcut func(*engine.Builder)
			if stride != 1 || b.Shape().C != width {
				shortcut = func(b *engine.Builder) { convNorm(b, "0", 1, stride, engine.Identity) }
			}
			b.Residual(func(b *engine.Builder) {
				convNorm(b, "1", 3, stride, act)
				convNorm(b, "2", 3, 1, engine.Identity)
			}, shortcut, act)
		}
	}
	b.GlobalAvgPool()
	classify(s, b, "fc", classes)
}

// blocks is the number of blocks of each stage.
func blocks(s Spec) int { return (s.Depth - 2) / (2 * len(s.Width)) }

func checkResnet(s Spec, add func(key, format string, args ...any)) {
	if per := 2 * len(s.Width); blocks(s) < 1 || s.Depth != per*blocks(s)+2 {
		add("depth", "depth %d: expected %d·n+2 for %d stages of n blocks, as %d, %d or %d", s.Depth, per, len(s.Width), per+2, 2*per+2, 3*per+2)
	}
}

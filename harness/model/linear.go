package model

import "github.com/sharpbench/sharpbench/harness/engine"

// linear is softmax regression with cross-entropy, linear regression with mse: one linear layer on the flattened image.
func linear(s Spec, b *engine.Builder, classes int) {
	b.Linear("fc", classes, *s.Bias)
}

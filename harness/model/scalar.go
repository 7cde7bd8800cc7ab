package model

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// scalar is a product of depth scalars, f(x) = w_1 w_2 … w_depth x: a deep linear network of width 1 without biases, the
// smallest model whose minima differ in sharpness (Kreisler et al., "Gradient Descent Monotonically Decreases the Sharpness
// of Gradient Flow Solutions in Scalar Networks and Beyond", 2023). With mse, x = 1 and the target y its Hessian at a
// minimum is s sᵀ with s_i = y/w_i. Examples and outputs are single numbers, and each factor is a tensor of its own.
func scalar(s Spec, b *engine.Builder, outputs int) {
	if n := b.Shape().Len(); n != 1 {
		b.Fail("input", "scalar takes examples of one number, these have %d", n)
		return
	}
	if outputs != 1 {
		b.Fail("output", "scalar has one output, the data set asks for %d", outputs)
		return
	}
	for i := range s.Depth {
		b.Linear(fmt.Sprintf("w%d", i+1), 1, false)
	}
}

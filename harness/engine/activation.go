package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// The functions below are the smooth activations and their derivatives, element by element; dst may be z. ReLU has passes
// of its own, joined to what is around it.

// of stores the activation of z in dst.
func (a Activation) of(dst, z []float32) {
	switch a {
	case Tanh:
		kernel.Tanh(dst, z)
	case GELU:
		kernel.GELU(dst, z)
	default:
		copy(dst, z)
	}
}

// grad stores the derivative of the activation at z in dst.
func (a Activation) grad(dst, z []float32) {
	switch a {
	case Tanh:
		kernel.TanhGrad(dst, z)
	case GELU:
		kernel.GELUGrad(dst, z)
	default:
		fill(dst, 1)
	}
}

// second stores the second derivative of the activation at z in dst.
func (a Activation) second(dst, z []float32) {
	switch a {
	case Tanh:
		kernel.TanhSecond(dst, z)
	case GELU:
		kernel.GELUSecond(dst, z)
	default:
		clear(dst)
	}
}

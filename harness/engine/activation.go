package engine

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

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

// derivative is that of the activation at z.
func derivative(a Activation, z float32) float32 {
	x := float64(z)
	switch a {
	case Tanh:
		t := math.Tanh(x)
		return float32(1 - float64(t*t))
	case GELU:
		return float32(normalCDF(x) + float64(x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)))
	}
	return 1
}

func normalCDF(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }

package model

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// Init sets w, which has length Dim, to the parameters a trial with this seed starts from.
//
// Weights are uniform in ±1/sqrt(fan-in): Kaiming's uniform initialisation (He et al. 2015) with slope √5, the default
// of PyTorch's convolutions and linear layers, so that learning rates and radii from the literature carry over. Scales of
// normalisations are 1, shifts and biases 0. Tensor i of the layout draws from stream "init", index i: a tensor's first
// values depend on the seed, its number and its fan-in alone.
func Init(n *engine.Net, seed uint64, w []float32) {
	for i, t := range n.Layout() {
		part := w[t.Offset : t.Offset+t.Len()]
		switch t.Kind {
		case engine.NormScale:
			for j := range part {
				part[j] = 1
			}
		case engine.Bias, engine.NormShift:
			clear(part)
		default:
			bound := 1 / math.Sqrt(float64(t.FanIn))
			r := rng.New(seed, "init", uint64(i))
			for j := range part {
				part[j] = float32((2*r.Float64() - 1) * bound)
			}
		}
	}
}

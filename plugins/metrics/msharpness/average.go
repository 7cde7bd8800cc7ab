package msharpness

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// average fills in the average case. Draws come in pairs u and −u, fresh for every batch: the first-order term cancels
// within a pair, which leaves the noise of the curvature only.
func (n *neighbourhood) average(v *sdk.Value) error {
	pairs := n.s.Params().Int("draws") / 2
	rises := make([]float64, n.batches)
	rise := make([]float64, pairs)
	noise := 0.0 // variance of the sum of the batches' means that comes from the draws
	for j := range n.batches {
		copy(n.point, n.w)
		base, err := n.s.Loss(n.s.ProbeBatch(j), n.point, n.opts...)
		if err != nil {
			return where(err, j, "unperturbed")
		}
		for k := range pairs {
			if err := n.s.Normal("msharpness.draw", uint64(j*pairs+k), n.noise, 1); err != nil {
				return where(err, j, "noise")
			}
			if n.linf {
				uniform(n.noise)
			}
			up, err := n.loss(j, float32(n.rho), n.noise)
			if err != nil {
				return where(err, j, fmt.Sprintf("draw %d", 2*k))
			}
			down, err := n.loss(j, -float32(n.rho), n.noise)
			if err != nil {
				return where(err, j, fmt.Sprintf("draw %d", 2*k+1))
			}
			rise[k] = (up+down)/2 - base
		}
		var se float64
		rises[j], se = mean(rise)
		noise += se * se
	}
	v.Value, v.StdErr = mean(rises)
	draws := math.Sqrt(noise) / float64(n.batches)
	if n.batches < 2 {
		// There is no spread between batches to learn from.
		v.StdErr = draws
	}
	v.HasStdErr = !math.IsNaN(v.StdErr)
	switch {
	case math.IsNaN(draws):
		v.Warnings = append(v.Warnings, "one pair of draws for each batch: the noise of the draws is unknown")
	case draws > math.Abs(v.Value):
		v.Warnings = append(v.Warnings, fmt.Sprintf("the noise of the draws (standard error %.2g) is larger than the value: take more draws", draws))
	}
	return nil
}

// uniform turns standard normal numbers z into independent uniform ones on [−1, 1], in place: 2·Φ(z) − 1 = erf(z/√2).
func uniform(z sdk.Vec) {
	for i, x := range z {
		z[i] = float32(math.Erf(float64(x) / math.Sqrt2))
	}
}

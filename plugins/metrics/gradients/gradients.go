// Package gradients measures what gradients say beside the norm of their mean: with g the gradient of the mean loss of the
// metric's examples, g_B that of a batch and g_i that of an example,
//
//	‖g‖₁,   ‖|w| ⊙ g‖₂,   mean_B ‖g_B‖₂²,   tr C = mean_i ‖g_i‖₂² − ‖g‖₂²
//
// and the loss itself, which belongs beside every curve of sharpness. ρ‖g‖₁ and ρ‖|w|⊙g‖₂ are what worst-case sharpness is
// to first order, with ℓ∞ balls and with adaptive ℓ2 ones; tr C is the noise of stochastic gradients.
package gradients

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:     "gradients",
		Version:  1,
		Summary:  "loss, other norms of the gradient, and the noise of gradients",
		Rule:     "L, |g|_1, ||w| * g|_2, mean_B |g_B|_2^2, tr C = mean_i |g_i|_2^2 - |g|_2^2, evaluation mode",
		Citation: "first-order terms of sharpness: Andriushchenko, Croce, Mueller, Hein & Flammarion 2023, A Modern Look at the Relationship between Sharpness and Generalization, arXiv:2302.07011; the noise: Jastrzebski et al. 2017, Three Factors Influencing Minima in SGD, arXiv:1711.04623",
		Watch: []string{
			"All but the loss vanish at a minimum that fits every example, flat or sharp.",
		},
		CostNote: "one gradient and one sum of squared gradients of the examples, each of all examples",
		Needs:    []sdk.Op{sdk.OpGrad, sdk.OpGradSquared},
		Values: []sdk.ValueInfo{
			{Name: "loss", Unit: "loss", Better: sdk.BetterNone, Help: "mean loss of the metric's examples"},
			{Name: "l1", Unit: "loss", Better: sdk.BetterLower, Help: "sum of the sizes of the gradient's elements: rise of the loss in an l-infinity ball, per radius"},
			{Name: "adaptive", Unit: "loss", Better: sdk.BetterLower, Help: "norm of |w| * g: rise of the loss in an adaptive l2 ball, per radius; elementwise rescaling does not change it"},
			{Name: "batch", Unit: "loss^2", Better: sdk.BetterNone, Help: "mean over batches of the squared norm of their gradients"},
			{Name: "variance", Unit: "loss^2", Better: sdk.BetterNone, Help: "trace of the covariance of the gradients of single examples"},
		},
	}
}

// Slots implements sdk.Metric. The mean is private to the plugin.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return nil }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p, g, mean := s.Problem(), s.Slot("grad"), make(sdk.Vec, s.Problem().Dim)
	var loss, batch, squares float64
	for j := range p.ProbeBatches {
		b := s.ProbeBatch(j)
		l, err := s.Grad(b, s.W(), g)
		if err != nil {
			return nil, err
		}
		share := float64(min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize)) / float64(p.Examples)
		loss += share * l
		vec.Axpy(mean, float32(share), g)
		norm := vec.Norm2(g)
		batch += norm * norm / float64(p.ProbeBatches)
		if _, err := s.GradSquared(b, s.W(), g); err != nil {
			return nil, err
		}
		for _, v := range g {
			squares += float64(v) / float64(p.Examples)
		}
	}
	norm, l1, adaptive := vec.Norm2(mean), 0.0, 0.0
	for i, v := range mean {
		l1 += math.Abs(float64(v))
		a := float64(s.W()[i]) * float64(v)
		adaptive += float64(a * a)
	}
	return []sdk.Value{
		{Name: "loss", Value: loss}, {Name: "l1", Value: l1}, {Name: "adaptive", Value: math.Sqrt(adaptive)}, {Name: "batch", Value: batch},
		{Name: "variance", Value: math.Max(0, squares-norm*norm)},
	}, nil
}

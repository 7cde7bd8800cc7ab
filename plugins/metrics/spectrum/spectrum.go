// Package spectrum describes the density of the eigenvalues of the Hessian of the mean loss by stochastic Lanczos
// quadrature: from each random sign vector, the Lanczos iteration gives nodes θ and weights τ² with
//
//	(1/d) Σ_i f(λ_i)  ≈  mean over starts of  Σ_j τ_j² f(θ_j)
//
// and the values are such averages: the trace, the second moment, the share of negative eigenvalues, the effective
// dimension Σ λ/(λ+alpha) over the positive part. With several starts each has a standard error. The nodes and weights of
// all starts are kept in the table "spectrum", which the board draws as a density.
//
// The plugin keeps one vector for each step in memory of its own: steps·4·d bytes.
package spectrum

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
	"github.com/sharpbench/sharpbench/plugins/sdk/lanczos"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "spectrum",
		Version: 2, // 2: it keeps the nodes and weights
		Summary: "density of the Hessian's eigenvalues: moments, negative mass and effective dimension",
		Rule:    "averages over the nodes and weights of stochastic Lanczos quadrature, full reorthogonalisation, random-sign starts; H of the mean loss over the metric's set, evaluation mode",
		Citation: "Ubaru, Chen & Saad 2017, Fast Estimation of tr(f(A)) via Stochastic Lanczos Quadrature; in deep learning: " +
			"Ghorbani, Krishnan & Xiao 2019, arXiv:1901.10159; Yao, Gholami, Keutzer & Mahoney 2020, PyHessian, arXiv:1912.07145",
		Watch: []string{
			"The mass near 0 is that of most eigenvalues, and whether its nodes lie just below or above 0 is partly rounding: negative_mass counts those below -zero times the largest size.",
		},
		Finding:  "the spectrum is a bulk near 0 and some outliers, about as many as there are classes; large isolated eigenvalues go with trainings that are not stable",
		CostNote: "2·steps·starts + 1 G for each nominal batch of the set",
		Params: []sdk.Param{
			sdk.Int("steps", 60, "Lanczos steps from each start; the plugin keeps as many vectors of the length of the parameters").Min(2).Max(1000),
			sdk.Int("starts", 2, "random starts; the standard errors are those of the mean over them").Min(1).Max(1000),
			sdk.Float("alpha", 1, "regularisation of the effective dimension, in units of the eigenvalues").Above(0).Log(),
			sdk.Float("zero", 1e-4, "eigenvalues of a size below this share of the largest count as 0").Min(0).Below(1),
		},
		Needs: []sdk.Op{sdk.OpHVP, sdk.OpGrad, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "trace", Unit: "loss", Better: sdk.BetterLower, Help: "sum of the eigenvalues"},
			{Name: "second_moment", Unit: "loss^2", Better: sdk.BetterNone, Help: "mean of the squared eigenvalues, tr(H²)/d"},
			{Name: "negative_mass", Unit: "1", Better: sdk.BetterNone, Help: "share of the eigenvalues that are negative"},
			{Name: "effective_dim", Unit: "1", Better: sdk.BetterLower, Help: "sum of λ/(λ+alpha) over the positive eigenvalues"},
			{Name: "node_max", Unit: "loss", Better: sdk.BetterLower, Help: "largest node: a lower bound of the largest eigenvalue"},
			{Name: "node_min", Unit: "loss", Better: sdk.BetterNone, Help: "smallest node: an upper bound of the smallest eigenvalue"},
		},
		Invariances: []string{"orthogonal_basis"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return curvature.Slots() }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Params()
	h := curvature.New(s, s.FullBatch(), nil)
	rules := make([]lanczos.Ritz, p.Int("starts"))
	start := make(sdk.Vec, len(s.W()))
	lo, hi := math.Inf(1), math.Inf(-1)
	for i := range rules {
		err := h.Rademacher("spectrum.start", uint64(i), start)
		if err == nil {
			rules[i], err = lanczos.Run(start, h.Apply, lanczos.Settings[float32]{Steps: p.Int("steps")})
		}
		if err != nil {
			return nil, fmt.Errorf("start %d: %w", i, err)
		}
		values := rules[i].Values
		lo, hi = math.Min(lo, values[0]), math.Max(hi, values[len(values)-1])
	}
	// What is smoothed, and how, is up to the reader.
	var of, theta, tau []float64
	for i, r := range rules {
		for j := range r.Values {
			of, theta, tau = append(of, float64(i)), append(theta, r.Values[j]), append(tau, r.Weights[j])
		}
	}
	s.Keep(sdk.Table{Name: "spectrum", Columns: []sdk.Column{{Name: "start", Values: of}, {Name: "node", Values: theta}, {Name: "weight", Values: tau}}})
	warnings, _, err := h.Warnings(hi)
	if err != nil {
		return nil, err
	}
	d, alpha, zero := float64(len(start)), p.Float("alpha"), p.Float("zero")*math.Max(hi, -lo)
	average := func(name string, f func(float64) float64) sdk.Value {
		each := make([]float64, len(rules))
		for i, r := range rules {
			for j, theta := range r.Values {
				each[i] += r.Weights[j] * f(theta)
			}
		}
		mean, se := curvature.Mean(each)
		v := curvature.Estimate(name, mean, se)
		v.Warnings = warnings
		return v
	}
	return []sdk.Value{
		average("trace", func(x float64) float64 { return d * x }),
		average("second_moment", func(x float64) float64 { return x * x }),
		average("negative_mass", func(x float64) float64 {
			if x < -zero {
				return 1
			}
			return 0
		}),
		average("effective_dim", func(x float64) float64 {
			if x > zero {
				return d * x / (x + alpha)
			}
			return 0
		}),
		{Name: "node_max", Value: hi, Warnings: warnings},
		{Name: "node_min", Value: lo, Warnings: warnings},
	}, nil
}

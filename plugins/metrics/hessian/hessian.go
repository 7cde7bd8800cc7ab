// Package hessian measures the extreme eigenvalues of the Hessian of the mean loss, over the metric's whole example set
// and in evaluation mode: the largest, the smallest, the one of largest size, and the next largest ones.
//
// They come from the Lanczos iteration with full orthogonalisation, which finds eigenvalues with their signs. (Power
// iteration, as in PyHessian, finds the one of largest size; at a saddle that may be the smallest.) Each value has a bound
// on its error: an eigenvalue lies within the norm of the residual. The iteration ends when every wanted residual is below
// tolerance times the largest size; a value that has not come that far when the steps are used up is null.
//
// With adaptive, it is the Hessian c⊙H(c⊙·), c = |w|, which does not depend on the units of single parameters.
//
// The plugin keeps one vector for each step in memory of its own, besides its two slots: steps·4·d bytes.
package hessian

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

// most is the number of largest eigenvalues that have a value.
const most = 5

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	info := sdk.Info{
		Name:    "hessian",
		Version: 1,
		Summary: "largest and smallest eigenvalues of the Hessian of the loss, with bounds on their errors",
		Rule:    "eigenvalues of H, or of diag(|w|) H diag(|w|) if adaptive, by Lanczos with full reorthogonalisation; H of the mean loss over the metric's set, evaluation mode",
		Citation: "Lanczos 1950; in deep learning: Yao, Gholami, Keutzer & Mahoney 2020, PyHessian: Neural Networks Through the Lens of the Hessian, arXiv:1912.07145; " +
			"adaptive: Kwon, Kim, Park & Choi 2021, ASAM, arXiv:2102.11600",
		Finding: "the spectrum has a few large outliers, about as many as there are classes, and a bulk near 0; gradient descent at learning rate η raises the largest eigenvalue to 2/η",
		Watch: []string{
			"Eigenvalues change when weights are rescaled without changing the function; adaptive ones do not under elementwise rescaling.",
			"Cross-entropy at a training loss near 0 has little curvature wherever it is: compare at equal loss.",
			"An eigenvalue that occurs several times may be found once only.",
		},
		CostNote: "2 G for each step and each nominal batch of the set, plus one gradient; at most `steps` steps, fewer when the values have converged",
		Params: []sdk.Param{
			sdk.Int("steps", 30, "largest number of Hessian-vector products; the plugin keeps as many vectors of the length of the parameters").Min(2).Max(1000),
			sdk.Int("top", 1, "how many of the largest eigenvalues have to converge, 1 to 5").Min(1).Max(most),
			sdk.Bool("smallest", true, "the smallest eigenvalue has to converge too; without it the iteration ends as soon as the largest ones have, often in a third of the steps"),
			sdk.Float("tolerance", 1e-3, "a value has converged when the norm of its residual is below this share of the largest absolute eigenvalue").Above(0).Below(1).Log(),
			sdk.Bool("adaptive", false, "scale every coordinate by the size of its parameter, c = |w|"),
		},
		Needs: []sdk.Op{sdk.OpHVP, sdk.OpGrad, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "lambda_max", Unit: "loss", Better: sdk.BetterLower, Help: "largest eigenvalue, with its sign; grows with the scale of the loss"},
			{Name: "lambda_min", Unit: "loss", Better: sdk.BetterNone, Help: "smallest eigenvalue; negative at saddles"},
			{Name: "lambda_abs_max", Unit: "loss", Better: sdk.BetterLower, Help: "largest absolute eigenvalue, which is what power iteration finds"},
		},
		Invariances: []string{"orthogonal_basis: lambda_max, lambda_min, lambda_abs_max, gradnorm", "elementwise_rescaling: lambda_max, lambda_min, lambda_abs_max, gradnorm (adaptive)"},
	}
	for i := 2; i <= most; i++ {
		info.Values = append(info.Values, sdk.ValueInfo{Name: fmt.Sprintf("lambda_%d", i), Unit: "loss", Better: sdk.BetterNone, Help: fmt.Sprintf("eigenvalue number %d from the largest; none unless top is at least %d", i, i)})
	}
	info.Values = append(info.Values,
		sdk.ValueInfo{Name: "residual", Unit: "loss", Better: sdk.BetterNone, Help: "norm of the residual of lambda_max: an eigenvalue is not farther than this"},
		sdk.ValueInfo{Name: "gradnorm", Unit: "loss", Better: sdk.BetterNone, Help: "norm of the gradient (scaled by |w| if adaptive), which says how close to a critical point the model is"},
	)
	return info
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return curvature.Slots() }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Params()
	var c sdk.Vec
	var warnings []string
	if p.Bool("adaptive") {
		var zeros int
		if c, zeros = curvature.Sizes(s.W()); zeros == len(c) {
			return nil, fmt.Errorf("every parameter is 0: there is no adaptive Hessian")
		}
	}
	h := curvature.New(s, s.FullBatch(), c)
	start := make(sdk.Vec, len(s.W()))
	if err := h.Normal("hessian.start", 0, start); err != nil {
		return nil, err
	}
	top, tolerance := p.Int("top"), p.Float("tolerance")
	restarts := uint64(0)
	r, err := lanczos.Run(start, h.Apply, lanczos.Settings[float32]{
		Steps: p.Int("steps"),
		Done: func(r lanczos.Ritz) bool {
			n := len(r.Values)
			if n < min(top+1, len(start)) {
				return false
			}
			for i := n - min(top, n); i < n; i++ {
				if !converged(r, i, tolerance) {
					return false
				}
			}
			return !p.Bool("smallest") || converged(r, 0, tolerance)
		},
		Restart: func(out []float32) error {
			restarts++
			return h.Normal("hessian.start", restarts, out)
		},
	})
	if err != nil {
		return nil, err
	}
	n := len(r.Values)
	more, norm, err := h.Warnings(r.Values[n-1])
	if err != nil {
		return nil, err
	}
	warnings = append(warnings, more...)
	value := func(name string, i int, x float64) sdk.Value {
		if !converged(r, i, tolerance) {
			return sdk.Value{Name: name, Null: true, Reason: fmt.Sprintf("not converged in %d steps: %.4g, with an eigenvalue within %.2g", n, r.Values[i], r.Bounds[i])}
		}
		return sdk.Value{Name: name, Value: x, Warnings: warnings}
	}
	largest := n - 1
	if math.Abs(r.Values[0]) > math.Abs(r.Values[n-1]) {
		largest = 0
	}
	values := []sdk.Value{
		value("lambda_max", n-1, r.Values[n-1]), value("lambda_min", 0, r.Values[0]), value("lambda_abs_max", largest, math.Abs(r.Values[largest])),
	}
	for i := 2; i <= most; i++ {
		name := fmt.Sprintf("lambda_%d", i)
		switch {
		case i > top:
			values = append(values, sdk.Value{Name: name, Null: true, Reason: fmt.Sprintf("top is %d", top)})
		case i > n:
			values = append(values, sdk.Value{Name: name, Null: true, Reason: fmt.Sprintf("%d steps found %d eigenvalues", n, n)})
		default:
			values = append(values, value(name, n-i, r.Values[n-i]))
		}
	}
	return append(values, sdk.Value{Name: "residual", Value: r.Bounds[n-1]}, sdk.Value{Name: "gradnorm", Value: norm}), nil
}

// converged says whether Ritz value i is good enough. The measure is the largest size, not the value's own: the smallest
// eigenvalue of a network is often close to 0.
func converged(r lanczos.Ritz, i int, tolerance float64) bool {
	size := math.Max(math.Abs(r.Values[0]), math.Abs(r.Values[len(r.Values)-1]))
	return r.Bounds[i] <= tolerance*size
}

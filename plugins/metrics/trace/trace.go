// Package trace estimates the trace of the Hessian of the mean loss, over the metric's whole example set and in evaluation
// mode, from products with random signs ω:
//
//	hutchinson  mean of ωᵀHω over m products
//	hutch++     tr(QᵀHQ) + mean of ωᵀ(I−QQᵀ)H(I−QQᵀ)ω, Q an orthonormal basis of HΩ, with a third of m for each part
//	xtrace      the mean of m/2 such estimates, each with one test vector left out of Q and used for the rest
//
// The number of products is fixed beforehand: stopping when the running mean stands still, as PyHessian does, stops by
// luck. With adaptive, it is the trace of diag(|w|)·H·diag(|w|), twice the average rise of the loss over ρ² for small ρ.
//
// Hutch++ and XTrace keep their vectors in memory of the plugin, at most m·4·d bytes.
package trace

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
	"github.com/sharpbench/sharpbench/plugins/sdk/lanczos"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

const stream = "trace.signs"

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "trace",
		Version: 1,
		Summary: "trace of the Hessian of the loss, with its standard error",
		Rule:    "tr H, or tr(diag(|w|) H diag(|w|)) if adaptive, by Hutchinson, Hutch++ or XTrace with random signs; H of the mean loss over the metric's set, evaluation mode",
		Citation: "Hutchinson 1989; Hutch++: Meyer, Musco, Musco & Woodruff 2021, arXiv:2010.09649; " +
			"XTrace: Epperly, Tropp & Webber 2024, arXiv:2301.07825; in deep learning: Yao, Gholami, Keutzer & Mahoney 2020, PyHessian, arXiv:1912.07145",
		Finding: "nets whose training ends at a smaller trace tend to generalise better in the published comparisons, which do not control for the learning rate",
		Watch: []string{
			"The trace changes when weights are rescaled without changing the function; the adaptive one does not under elementwise rescaling.",
			"Methods differ in their noise, not in what they estimate: the standard error says which suffices.",
		},
		CostNote: "2·matvecs G for each nominal batch of the set",
		Params: []sdk.Param{
			sdk.Choice("method", "hutchinson", []string{"hutchinson", "hutch++", "xtrace"}, "estimator"),
			sdk.Int("matvecs", 30, "Hessian-vector products; hutch++ uses them in threes, xtrace in pairs").Min(6).Max(10000),
			sdk.Bool("adaptive", false, "scale every coordinate by the size of its parameter"),
		},
		Needs: []sdk.Op{sdk.OpHVP, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "trace", Unit: "loss", Better: sdk.BetterLower, Help: "sum of the eigenvalues of the Hessian; grows with the scale of the loss"},
		},
		Invariances: []string{"orthogonal_basis", "elementwise_rescaling (adaptive)"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return curvature.Slots() }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Params()
	var c sdk.Vec
	if p.Bool("adaptive") {
		c, _ = curvature.Sizes(s.W())
	}
	h := curvature.New(s, s.FullBatch(), c)
	e := estimator{dim: len(s.W()), apply: h.Apply, signs: func(i int, out []float32) error { return h.Rademacher(stream, uint64(i), out) }}
	var samples []float64
	var fixed float64
	var err error
	n := p.Int("matvecs")
	switch method := p.String("method"); method {
	case "hutchinson":
		samples, err = e.hutchinson(n, nil)
	case "hutch++":
		fixed, samples, err = e.hutchpp(n / 3)
	case "xtrace":
		samples, err = e.xtrace(n / 2)
	default:
		return nil, fmt.Errorf("method %q", method)
	}
	if err != nil {
		return nil, err
	}
	mean, se := curvature.Mean(samples)
	v := curvature.Estimate("trace", fixed+mean, se)
	v.Warnings = curvature.Saturated(h.Loss())
	if v.HasStdErr && v.StdErr > math.Abs(v.Value) {
		v.Warnings = append(v.Warnings, fmt.Sprintf("the standard error %.2g is larger than the value: take more products", v.StdErr))
	}
	return []sdk.Value{v}, nil
}

// estimator estimates the trace of an operator.
type estimator struct {
	dim   int
	apply func(x, y []float32) error
	signs func(i int, out []float32) error // random signs number i
	used  int
}

func (e *estimator) draw() ([]float32, error) {
	v := make([]float32, e.dim)
	e.used++
	return v, e.signs(e.used-1, v)
}

// hutchinson returns n samples of vᵀAv, v = (I−QQᵀ)ω.
func (e *estimator) hutchinson(n int, q [][]float32) ([]float64, error) {
	out, y := make([]float64, n), make([]float32, e.dim)
	for i := range out {
		v, err := e.draw()
		if err != nil {
			return nil, err
		}
		for _, b := range q {
			vec.Axpy(v, -float32(vec.Dot(b, v)), b)
		}
		if err := e.apply(v, y); err != nil {
			return nil, err
		}
		out[i] = vec.Dot(v, y)
	}
	return out, nil
}

// sketch returns n test vectors, their products, and an orthonormal basis of the products: basis·r = products.
func (e *estimator) sketch(n int) (tests, products, q [][]float32, r [][]float64, err error) {
	columns := make([][]float32, n)
	for i := range columns {
		v, err := e.draw()
		if err != nil {
			return nil, nil, nil, nil, err
		}
		y := make([]float32, e.dim)
		if err := e.apply(v, y); err != nil {
			return nil, nil, nil, nil, err
		}
		tests, products, columns[i] = append(tests, v), append(products, y), append([]float32(nil), y...)
	}
	q, r = lanczos.Orthonormalise(columns)
	return tests, products, q, r, nil
}

// hutchpp takes 3n products: the trace within the sketch is exact, the samples are of the rest.
func (e *estimator) hutchpp(n int) (exact float64, samples []float64, err error) {
	_, _, q, _, err := e.sketch(n)
	if err != nil {
		return 0, nil, err
	}
	y := make([]float32, e.dim)
	for _, b := range q {
		if err := e.apply(b, y); err != nil {
			return 0, nil, err
		}
		exact += vec.Dot(b, y)
	}
	samples, err = e.hutchinson(n, q)
	return exact, samples, err
}

// xtrace takes 2n products. Without test vector i, the basis of the sketch is Q(I−ssᵀ)Qᵀ, s ⟂ the other columns of R, and
// with x = (I−ssᵀ)Qᵀω the estimate is tr(QᵀAQ) − sᵀQᵀAQs + (ω−Qx)ᵀA(ω−Qx).
func (e *estimator) xtrace(n int) ([]float64, error) {
	tests, products, q, r, err := e.sketch(n)
	if err != nil {
		return nil, err
	}
	k := len(q)
	inner := mat.NewSymDense(max(k, 1), nil)
	y, whole := make([]float32, e.dim), 0.0
	for i, b := range q {
		if err := e.apply(b, y); err != nil {
			return nil, err
		}
		for j := i; j < k; j++ {
			inner.SetSym(i, j, vec.Dot(q[j], y))
		}
		whole += inner.At(i, i)
	}
	samples := make([]float64, n)
	if k < n {
		// The sketch has found the whole range of the operator: nothing is left to estimate.
		for i := range samples {
			samples[i] = whole
		}
		return samples, nil
	}
	upper := mat.NewDense(k, k, nil)
	for i := range r {
		upper.SetRow(i, r[i])
	}
	for i, omega := range tests {
		unit, s := mat.NewVecDense(k, nil), mat.NewVecDense(k, nil)
		unit.SetVec(i, 1)
		// An ill-conditioned R still gives a direction; only its length is uncertain.
		if err := s.SolveVec(upper.T(), unit); err != nil {
			if _, ill := err.(mat.Condition); !ill {
				return nil, err
			}
		}
		s.ScaleVec(1/mat.Norm(s, 2), s)
		x := mat.NewVecDense(k, nil)
		for j, b := range q {
			x.SetVec(j, vec.Dot(b, omega))
		}
		x.AddScaledVec(x, -mat.Dot(s, x), s)
		column := mat.NewVecDense(k, nil)
		for j := range k {
			column.SetVec(j, r[j][i])
		}
		samples[i] = whole - mat.Inner(s, inner, s) + vec.Dot(omega, products[i]) - 2*mat.Dot(x, column) + mat.Inner(x, inner, x)
	}
	return samples, nil
}

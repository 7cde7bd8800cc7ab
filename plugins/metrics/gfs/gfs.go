// Package gfs measures the sharpness of the gradient flow's solution: the largest eigenvalue of the Hessian where the
// gradient flow ẇ = −∇L(w), started at the model, ends.
//
// For networks the flow is followed by the classical Runge–Kutta method of fourth order, in steps of at most ½/λ_max, on the
// mean loss over the metric's whole example set in evaluation mode, until the loss is below a target or the gradient has
// almost vanished.
//
// For scalar networks, L = ½(Πw_i − y)², it is exact: the flow conserves w_i² − w_j², so that w_i² → w_i² + c, with c the
// root of Π(w_i² + c) = y² above −min w_i², and the sharpness of the solution is y²·Σ 1/(w_i² + c).
package gfs

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
	"github.com/sharpbench/sharpbench/plugins/sdk/lanczos"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Methods.
const (
	methodAuto   = "auto"
	methodFlow   = "flow"
	methodScalar = "scalar"
)

const (
	// refresh is the number of steps between two looks at the largest eigenvalue, which limits the step.
	refresh = 10
	// share of 1/λ_max is the longest step: the error of a step goes with its fourth power.
	share = 0.5
	// vanished is the share of its first length that the gradient ends the flow at.
	vanished = 1e-5
	// coarse is the number of Lanczos steps of such a look, which needs no digits.
	coarse = 10
)

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:     "gfs",
		Version:  1,
		Summary:  "largest eigenvalue of the Hessian where the gradient flow from the model ends",
		Rule:     "lambda_max(H(w*)), w* the limit of dw/dt = -grad L(w) from the model, by Runge-Kutta steps of at most 1/(2 lambda_max); scalar networks: y^2 * sum 1/(w_i^2 + c), prod(w_i^2 + c) = y^2",
		Citation: "Kreisler, Nacson, Soudry & Carmon 2023, Gradient Descent Monotonically Decreases the Sharpness of Gradient Flow Solutions in Scalar Networks and Beyond, arXiv:2305.13064",
		Finding:  "gradient descent decreases it in every step on scalar networks, also where the loss goes up and down",
		Watch: []string{
			"Cross-entropy has no finite solution: set target to a loss that all models reach, and compare nothing else.",
			"It follows a trajectory of many gradients, more than the default allows where models are not small: raise gradients, and expect minutes.",
			"It depends on the parameterisation by design: that is what tells minima of one function apart.",
		},
		CostNote: "4 G a step and each nominal batch of the set, and Hessian-vector products now and then: at most `gradients` of them together, plus 2·lanczos; 1 G for scalar networks",
		Params: []sdk.Param{
			sdk.Choice("method", methodAuto, []string{methodAuto, methodFlow, methodScalar}, "auto: the exact formula where every tensor is a single number, else the flow"),
			sdk.Float("target", 1e-6, "loss at which the flow has arrived").Min(0).Log(),
			sdk.Int("gradients", 600, "evaluations of the gradient, or products, that the flow may take; without arriving there is no value").Min(8),
			sdk.Int("lanczos", 60, "largest number of Lanczos steps at the end").Min(2).Max(1000),
			sdk.Float("tolerance", 1e-3, "the eigenvalue has converged when its residual is below this share of it").Above(0).Below(1).Log(),
		},
		Needs: []sdk.Op{sdk.OpGrad, sdk.OpHVP, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "gfs", Unit: "loss", Better: sdk.BetterLower, Help: "largest eigenvalue at the solution"},
			{Name: "loss", Unit: "loss", Better: sdk.BetterNone, Help: "loss there"},
			{Name: "distance", Unit: "1", Better: sdk.BetterNone, Help: "how far it is from the model"},
			{Name: "time", Unit: "1", Better: sdk.BetterNone, Help: "time of the flow until then, in units of the learning rate; none where the formula needs no flow"},
		},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return append(curvature.Slots(), sdk.Slot{Name: "point", Scratch: true})
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	method := s.Params().String("method")
	if method == methodAuto {
		method = methodScalar
		for _, t := range s.Problem().Tensors {
			if t.Size() != 1 {
				method = methodFlow
			}
		}
		if len(s.Problem().Tensors) == 0 {
			method = methodFlow
		}
	}
	if method == methodScalar {
		return scalar(s)
	}
	f := &flow{
		s: s, point: s.Slot("point"), g: s.Slot("grad"), left: s.Params().Int("gradients"),
		w: make([]float64, len(s.W())), trial: make([]float64, len(s.W())),
	}
	for i, x := range s.W() {
		f.w[i] = float64(x)
	}
	return f.run()
}

// scalar applies the formula. y follows from the loss ½r² and the gradients r·Πw/w_i, which it also checks.
func scalar(s sdk.Session) ([]sdk.Value, error) {
	g := s.Slot("grad")
	loss, err := s.Grad(s.FullBatch(), s.W(), g)
	if err != nil {
		return nil, err
	}
	w := make([]float64, len(g))
	product, mean, size := 1.0, 0.0, 0.0
	for i, x := range s.W() {
		w[i] = float64(x)
		product *= w[i]
		mean += w[i] * float64(g[i]) / float64(len(g)) // r·Πw
	}
	for i := range w {
		size = math.Max(size, math.Abs(w[i]*float64(g[i])-mean))
	}
	if product == 0 {
		return nil, fmt.Errorf("a factor of the scalar network is 0: its target cannot be told from its gradients")
	}
	r := mean / product
	if math.Abs(r*r/2-loss) > 1e-4*loss+1e-12 || size > 1e-4*math.Abs(mean)+1e-9 {
		return nil, fmt.Errorf("the loss is not that of a scalar network, ½(product − y)²: use method = %q", methodFlow)
	}
	end, c, ok := solution(w, product-r)
	if !ok {
		const why = "the target is 0: the solutions are those with a factor 0"
		return nothing(why), nil
	}
	distance := 0.0
	for i := range w {
		d := math.Sqrt(w[i]*w[i]+c) - math.Abs(w[i])
		if product*(product-r) < 0 && w[i]*w[i]+c == smallest(w)+c {
			// The smallest factor changes its sign on the way.
			d = math.Sqrt(w[i]*w[i]+c) + math.Abs(w[i])
		}
		distance += d * d
	}
	return []sdk.Value{
		{Name: "gfs", Value: end}, {Name: "loss", Value: 0}, {Name: "distance", Value: math.Sqrt(distance)},
		{Name: "time", Null: true, Reason: "the formula needs no flow"},
	}, nil
}

func smallest(w []float64) float64 {
	least := math.Inf(1)
	for _, x := range w {
		least = math.Min(least, x*x)
	}
	return least
}

// solution returns the sharpness at the end of the flow of ½(Πw − y)² and the c that all squares of w move by. It is false
// for y = 0.
func solution(w []float64, y float64) (sharpness, c float64, ok bool) {
	if y == 0 {
		return 0, 0, false
	}
	// ln Π(w² + c) grows in c; the smallest square is added back, so that no digits are lost next to the lower end.
	least := smallest(w)
	value := func(d float64) float64 { // d = c + least > 0
		sum := 0.0
		for _, x := range w {
			sum += math.Log(x*x - least + d)
		}
		return sum - 2*math.Log(math.Abs(y))
	}
	lo, hi := 0.0, 1.0
	for value(hi) < 0 {
		hi *= 2
	}
	for range 2000 {
		mid := lo + (hi-lo)/2
		if mid <= lo || mid >= hi {
			break
		}
		if value(mid) < 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	for _, x := range w {
		sharpness += y * y / (x*x - least + hi)
	}
	return sharpness, hi - least, true
}

// nothing is a measurement without values.
func nothing(why string) []sdk.Value {
	var out []sdk.Value
	for _, v := range (Metric{}).Info().Values {
		out = append(out, sdk.Value{Name: v.Name, Null: true, Reason: why})
	}
	return out
}

// flow follows the gradient flow.
type flow struct {
	s        sdk.Session
	point, g sdk.Vec // slots
	w, trial []float64
	left     int // gradients and products it may still take
}

// grad stores the gradient at x in g and returns the loss.
func (f *flow) grad(x []float64) (float64, error) {
	for i, v := range x {
		f.point[i] = float32(v)
	}
	f.left--
	return f.s.Grad(f.s.FullBatch(), f.point, f.g)
}

func (f *flow) run() ([]sdk.Value, error) {
	p := f.s.Params()
	target := p.Float("target")
	h := curvature.New(f.s, f.s.FullBatch(), nil).At(f.point)
	start := make(sdk.Vec, len(f.w))
	if err := h.Normal("gfs.start", 0, start); err != nil {
		return nil, err
	}
	loss, err := f.grad(f.w)
	if err != nil {
		return nil, err
	}
	first := vec.Norm2(f.g)
	limit, shrink, time := 0.0, 1.0, 0.0
	for step := 0; loss > target && vec.Norm2(f.g) > vanished*first; step++ {
		if f.left < 8 {
			return nothing(fmt.Sprintf("the flow has not arrived: its loss is %.3g, above the target %.3g, after %d gradients", loss, target, p.Int("gradients")-f.left)), nil
		}
		if step%refresh == 0 {
			// The gradient at w stays where it is: only the slots of the Hessian are used.
			r, err := lanczos.Run(start, h.Apply, lanczos.Settings[float32]{Steps: min(coarse, f.left-7)})
			if err != nil {
				return nil, err
			}
			f.left -= len(r.Values)
			limit = share / math.Max(math.Abs(r.Values[0]), math.Abs(r.Values[len(r.Values)-1]))
			if math.IsInf(limit, 0) || math.IsNaN(limit) {
				return nil, fmt.Errorf("the Hessian is zero, and so is every limit of the step")
			}
		}
		now, err := f.step(limit * shrink)
		if err != nil {
			return nil, err
		}
		if now > loss { // the flow never climbs: the step was too long
			shrink /= 2
			if loss, err = f.grad(f.w); err != nil {
				return nil, err
			}
			if shrink < 1e-6 {
				return nothing(fmt.Sprintf("the flow does not go down any more, to the precision of float32: its loss is %.3g, above the target %.3g", loss, target)), nil
			}
			continue
		}
		loss, time = now, time+limit*shrink
		copy(f.w, f.trial)
	}
	// point and g are those of w.
	r, err := lanczos.Run(start, h.Apply, lanczos.Settings[float32]{
		Steps: p.Int("lanczos"),
		Done: func(r lanczos.Ritz) bool {
			n := len(r.Values) - 1
			return n > 0 && r.Bounds[n] <= p.Float("tolerance")*math.Abs(r.Values[n])
		},
	})
	if err != nil {
		return nil, err
	}
	n, distance := len(r.Values)-1, 0.0
	for i, x := range f.s.W() {
		d := f.w[i] - float64(x)
		distance += d * d
	}
	gfs := sdk.Value{Name: "gfs", Value: r.Values[n]}
	if time == 0 && loss <= target {
		gfs.Warnings = append(gfs.Warnings, fmt.Sprintf("the loss %.2g of the model is below the target already: it is its own solution", loss))
	}
	if loss > target {
		gfs.Warnings = append(gfs.Warnings, fmt.Sprintf("the gradient has vanished at the loss %.2g, above the target", loss))
	}
	if r.Bounds[n] > p.Float("tolerance")*math.Abs(r.Values[n]) && !r.Exact {
		gfs = sdk.Value{Name: "gfs", Null: true, Reason: fmt.Sprintf("not converged in %d steps: %.4g, with an eigenvalue within %.2g", n+1, r.Values[n], r.Bounds[n])}
	}
	return []sdk.Value{gfs, {Name: "loss", Value: loss}, {Name: "distance", Value: math.Sqrt(distance)}, {Name: "time", Value: time}}, nil
}

// step stores what a step of length h from w leads to in trial, and returns the loss there, whose gradient it leaves in g.
// g is that of w before.
func (f *flow) step(h float64) (float64, error) {
	n := len(f.w)
	sum, at := make([]float64, n), make([]float64, n)
	for k, weight := range []float64{1, 2, 2, 1} {
		next := h / 2
		if k == 2 {
			next = h
		}
		for i, x := range f.g {
			sum[i] -= weight * float64(x)
			at[i] = f.w[i] - next*float64(x)
		}
		if k < 3 {
			if _, err := f.grad(at); err != nil {
				return 0, err
			}
		}
	}
	for i := range f.trial {
		f.trial[i] = f.w[i] + h/6*sum[i]
	}
	return f.grad(f.trial)
}

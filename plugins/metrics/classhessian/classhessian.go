// Package classhessian looks at the Hessian of each class's own loss,
//
//	H_c = ∇²L_c,  L_c = mean loss of the examples of class c in the metric's set,
//
// in evaluation mode: its extreme eigenvalues, its trace and its share of negative eigenvalues by stochastic Lanczos
// quadrature from vectors of random signs, which are the same for all classes, and the saddle index
// r_c = |λ_min,c / λ_max,c|. The Hessian of the mean loss is Σ π_c H_c, with π_c the share of the examples.
//
// The numbers of the classes are in the table "classes". The values are of all classes together, and of those with the
// most and the fewest examples, which is what long-tailed data are about.
package classhessian

import (
	"errors"
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

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "classhessian",
		Version: 1,
		Summary: "spectra of the Hessians of the single classes' losses, and how much of a saddle each is",
		Rule:    "for each class c: extreme eigenvalues, trace and negative mass of H_c, the Hessian of the mean loss of class c, by Lanczos from random signs; r_c = |lambda_min,c / lambda_max,c|; evaluation mode",
		Citation: "Rangwani, Aithal, Mishra & Babu 2022, Escaping Saddle Points for Effective Generalization on Class-Imbalanced Data, arXiv:2212.13827; " +
			"quadrature: Ubaru, Chen & Saad 2017; Yao, Gholami, Keutzer & Mahoney 2020, PyHessian, arXiv:1912.07145",
		Finding: "with re-weighted losses, nets converge to saddles of the tail classes' losses, with large negative curvature; SAM escapes them",
		Watch: []string{
			"The gradient of one class's loss is not 0 where that of the mean is: the table has its norm beside the eigenvalues.",
			"A class of n examples has a Gauss-Newton part of rank at most n·classes: the table has n.",
			"A loss that weighs classes multiplies each class's Hessian by its weight; the saddle index does not see it. (PyTorch's weighted mean of a single class divides the weight out.)",
			"The values of head and tail need data whose classes differ in size.",
		},
		CostNote: "2·steps·starts + 4/3 G for each nominal batch of the set, over all classes together",
		Params: []sdk.Param{
			sdk.Int("steps", 30, "Lanczos steps for each class; the plugin keeps as many vectors of the length of the parameters").Min(2).Max(1000),
			sdk.Int("starts", 2, "random starts for each class; the standard error of the trace is that of the mean over them").Min(1).Max(1000),
			sdk.Float("tolerance", 0.01, "eigenvalues are used when the norm of the residual is below this share of the largest absolute one of the class").Above(0).Below(1).Log(),
			sdk.Float("zero", 1e-4, "eigenvalues of a size below this share of the largest do not count as negative").Min(0).Below(1),
		},
		Needs: []sdk.Op{sdk.OpHVP, sdk.OpGrad, sdk.OpOutputs, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "lambda_max", Unit: "loss", Better: sdk.BetterLower, Help: "largest eigenvalue, the mean over the classes"},
			{Name: "lambda_max_worst", Unit: "loss", Better: sdk.BetterLower, Help: "largest eigenvalue, that of the class where it is largest"},
			{Name: "trace", Unit: "loss", Better: sdk.BetterLower, Help: "trace, the mean over the classes weighted by their examples: an estimate of the trace of the whole Hessian"},
			{Name: "saddle", Unit: "1", Better: sdk.BetterLower, Help: "saddle index, the mean over the classes"},
			{Name: "saddle_worst", Unit: "1", Better: sdk.BetterLower, Help: "saddle index, that of the class where it is largest"},
			{Name: "saddle_head", Unit: "1", Better: sdk.BetterLower, Help: "saddle index, the mean over the classes with the most examples"},
			{Name: "saddle_tail", Unit: "1", Better: sdk.BetterLower, Help: "saddle index, the mean over the classes with the fewest examples"},
		},
		Invariances: []string{"orthogonal_basis: lambda_max, lambda_max_worst, saddle, saddle_worst"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot {
	return append(curvature.Slots(), sdk.Slot{Name: "outputs", Len: max(1, p.Examples*p.Classes), Scratch: true})
}

// class is what is known of one.
type class struct {
	label, examples    int
	max, min           float64
	boundMax, boundMin float64
	traces             []float64 // by start
	trace, negative    float64
	saddle, norm       float64
	usable             bool // the extreme eigenvalues have converged
	loss               float64
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	if p.Classes == 0 {
		return nil, fmt.Errorf("the workload has no classes")
	}
	start := make(sdk.Vec, p.Dim)
	var all []class
	for label := range p.Classes {
		b := s.FullBatch().Class(label)
		n, err := s.Outputs(b, s.W(), s.Slot("outputs"))
		if errors.Is(err, sdk.BadRequest) {
			continue // there is none of it in the set
		}
		if err != nil {
			return nil, fmt.Errorf("class %d: %w", label, err)
		}
		c := class{label: label, examples: n}
		if err := c.look(s, b, start); err != nil {
			return nil, fmt.Errorf("class %d: %w", label, err)
		}
		all = append(all, c)
		s.Log("debug", fmt.Sprintf("class %d of %d", label+1, p.Classes))
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no class has examples in the set")
	}
	s.Keep(table(all))
	return values(all), nil
}

// look fills in the numbers of a class.
func (c *class) look(s sdk.Session, b sdk.Batch, start sdk.Vec) error {
	p := s.Params()
	h := curvature.New(s, b, nil)
	var rules []lanczos.Ritz
	for i := range p.Int("starts") {
		if err := h.Rademacher("classhessian.start", uint64(i), start); err != nil {
			return err
		}
		r, err := lanczos.Run(start, h.Apply, lanczos.Settings[float32]{Steps: p.Int("steps")})
		if err != nil {
			return err
		}
		rules = append(rules, r)
		last := len(r.Values) - 1
		if i == 0 || r.Values[last] > c.max {
			c.max, c.boundMax = r.Values[last], r.Bounds[last]
		}
		if i == 0 || r.Values[0] < c.min {
			c.min, c.boundMin = r.Values[0], r.Bounds[0]
		}
	}
	size := math.Max(math.Abs(c.max), math.Abs(c.min))
	c.usable = math.Max(c.boundMax, c.boundMin) <= p.Float("tolerance")*size
	for _, r := range rules {
		trace := 0.0
		for i, theta := range r.Values {
			trace += float64(len(start)) * r.Weights[i] * theta
			if theta < -p.Float("zero")*size {
				c.negative += r.Weights[i] / float64(len(rules))
			}
		}
		c.traces = append(c.traces, trace)
	}
	c.trace, _ = curvature.Mean(c.traces)
	var err error
	if c.max > 0 {
		c.saddle = math.Max(0, -c.min) / c.max
	}
	if c.loss, err = s.Grad(b, s.W(), s.Slot("grad")); err != nil {
		return err
	}
	c.norm = vec.Norm2(s.Slot("grad"))
	return nil
}

// table lists the classes.
func table(all []class) sdk.Table {
	t := sdk.Table{Name: "classes"}
	for _, column := range []struct {
		name string
		of   func(class) float64
	}{
		{"class", func(c class) float64 { return float64(c.label) }},
		{"examples", func(c class) float64 { return float64(c.examples) }},
		{"loss", func(c class) float64 { return c.loss }},
		{"gradnorm", func(c class) float64 { return c.norm }},
		{"lambda_max", func(c class) float64 { return c.max }},
		{"lambda_max_bound", func(c class) float64 { return c.boundMax }},
		{"lambda_min", func(c class) float64 { return c.min }},
		{"lambda_min_bound", func(c class) float64 { return c.boundMin }},
		{"trace", func(c class) float64 { return c.trace }},
		{"negative_mass", func(c class) float64 { return c.negative }},
		{"saddle", func(c class) float64 { return c.saddle }},
	} {
		col := sdk.Column{Name: column.name}
		for _, c := range all {
			col.Values = append(col.Values, column.of(c))
		}
		t.Columns = append(t.Columns, col)
	}
	return t
}

// values makes the values of a measurement of the classes.
func values(all []class) []sdk.Value {
	n, examples := float64(len(all)), 0.0
	fewest, most := all[0].examples, all[0].examples
	var missing []int
	for _, c := range all {
		examples += float64(c.examples)
		fewest, most = min(fewest, c.examples), max(most, c.examples)
		if !c.usable {
			missing = append(missing, c.label)
		}
	}
	// The starts are the same for all classes, so that those of the mean Hessian are these means.
	traces, loss := make([]float64, len(all[0].traces)), 0.0
	for _, c := range all {
		for i, t := range c.traces {
			traces[i] += t * float64(c.examples) / examples
		}
		loss += c.loss * float64(c.examples) / examples
	}
	warnings := curvature.Saturated(loss)
	mean := func(name string, of func(class) float64, which func(class) bool) sdk.Value {
		sum, count := 0.0, 0.0
		for _, c := range all {
			if which(c) {
				sum, count = sum+of(c), count+1
			}
		}
		return sdk.Value{Name: name, Value: sum / count, Warnings: warnings}
	}
	worst := func(name string, of func(class) float64) sdk.Value {
		top := of(all[0])
		for _, c := range all {
			top = math.Max(top, of(c))
		}
		return sdk.Value{Name: name, Value: top, Warnings: warnings}
	}
	average, stderr := curvature.Mean(traces)
	trace := curvature.Estimate("trace", average, stderr)
	trace.Warnings = warnings
	every := func(class) bool { return true }
	top, saddle := func(c class) float64 { return c.max }, func(c class) float64 { return c.saddle }
	out := []sdk.Value{
		mean("lambda_max", top, every), worst("lambda_max_worst", top), trace,
		mean("saddle", saddle, every), worst("saddle_worst", saddle),
		mean("saddle_head", saddle, func(c class) bool { return c.examples == most }),
		mean("saddle_tail", saddle, func(c class) bool { return c.examples == fewest }),
	}
	for i := range out {
		switch name := out[i].Name; {
		case name == "trace":
		case len(missing) > 0:
			// A mean over some of the classes would be another quantity.
			out[i] = sdk.Value{Name: name, Null: true, Reason: fmt.Sprintf("the eigenvalues of %d of %.0f classes have not converged, such as class %d: take more steps", len(missing), n, missing[0])}
		case (name == "saddle_head" || name == "saddle_tail") && fewest == most:
			out[i] = sdk.Value{Name: name, Null: true, Reason: fmt.Sprintf("all classes have %d examples: there is no head and no tail", most)}
		}
	}
	return out
}

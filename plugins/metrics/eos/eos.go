// Package eos compares the sharpness of a model with the largest one at which the method that trained it is stable on a
// quadratic. Its value is λ/λ*, where λ is the largest eigenvalue of the Hessian of the mean loss over the metric's whole
// example set, in evaluation mode, and λ* solves
//
//	gd        λ + wd = 2/η
//	momentum  λ + wd = (2+2β)/η,  Nesterov's (2+2β)/(η(1+2β)),  with dampening d over (1−d)
//	usam      λ(1+ρλ) + wd = the same, ρ the factor of the gradient
//	sam       the same with ρ/‖g‖ in place of ρ, g the gradient of the mean loss
//	adam      λ of P^(−1/2) H P^(−1/2), against (2+2β₁)/((1−β₁)η)
//
// with η the learning rate in the last committed step. P = diag(√v + ε) is Adam's preconditioner with the mean of the
// squared gradients of the metric's batches for v: what Adam itself had averaged is not kept.
//
// What the method and its parameters were the metric is told by the host; they may be set instead.
package eos

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

// Rules that have a threshold.
const (
	ruleAuto = "auto"
	ruleGD   = "gd" // with momentum, where there is any
	ruleUSAM = "usam"
	ruleSAM  = "sam"
	ruleAdam = "adam"
)

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "eos",
		Version: 1,
		Summary: "sharpness over the largest one at which the optimizer is stable: the edge of stability is at 1",
		Rule: "lambda_max(H)/lambda*; gd: lambda* = 2/eta; momentum b: (2+2b)/eta, Nesterov (2+2b)/(eta(1+2b)); usam: lambda*(1+rho lambda*) = the same; " +
			"sam: the same with rho/|g|; adam: lambda_max(P^-1/2 H P^-1/2) against (2+2 beta1)/((1-beta1) eta), P from squared gradients of the metric's batches",
		Citation: "Cohen, Kaur, Li, Kolter & Talwalkar 2021, Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability, arXiv:2103.00065; " +
			"SAM: Agarwala & Dauphin 2023, SAM operates far from home, arXiv:2302.08692; Adam: Cohen et al. 2022, Adaptive Gradient Methods at the Edge of Stability, arXiv:2207.14484",
		Unverified: "the threshold of Adam and that of Nesterov's momentum were not compared with the texts; those of gradient descent and unnormalised SAM are derived",
		Finding:    "full-batch gradient descent sharpens until the ratio is 1 and stays there; SAM does the same at its own, smaller threshold",
		Watch: []string{
			"The theory is of full-batch training at a constant learning rate: minibatches stay below the edge, and a decayed learning rate moves it away. Measure along the training (at) with schedule = \"constant\".",
			"SAM's threshold goes to 0 with the gradient: the loss then oscillates around minima, and no ratio says more.",
			"Adam's second moment is estimated anew from the metric's batches; they should have the size of those of the training.",
		},
		CostNote: "2 G for each of at most `steps` steps and each nominal batch of the set, plus two gradients",
		Params: []sdk.Param{
			sdk.Choice("rule", ruleAuto, []string{ruleAuto, ruleGD, ruleUSAM, ruleSAM, ruleAdam}, "update rule whose threshold counts; auto: that of the training, and its parameters"),
			sdk.Float("lr", 0, "learning rate η; 0: that of the training in its last step").Min(0).Log(),
			sdk.Float("momentum", 0, "β, or β₁ of Adam; not with auto").Min(0).Below(1),
			sdk.Float("rho", 0, "ρ of SAM; not with auto").Min(0).Log(),
			sdk.Int("steps", 60, "largest number of Lanczos steps").Min(2).Max(1000),
			sdk.Float("tolerance", 1e-3, "the eigenvalue has converged when its residual is below this share of it").Above(0).Below(1).Log(),
		},
		Needs: []sdk.Op{sdk.OpHVP, sdk.OpGrad, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "ratio", Unit: "1", Better: sdk.BetterNone, Help: "λ/λ*: below 1 the optimizer is stable on the quadratic around the model"},
			{Name: "lambda", Unit: "loss", Better: sdk.BetterLower, Help: "largest eigenvalue, of the preconditioned Hessian for Adam and for tensors with learning rates of their own"},
			{Name: "threshold", Unit: "loss", Better: sdk.BetterNone, Help: "λ*, less weight decay where it is part of the gradient"},
			{Name: "gradnorm", Unit: "loss", Better: sdk.BetterNone, Help: "‖g‖, which SAM's threshold depends on"},
		},
		Invariances: []string{"orthogonal_basis"},
		Check:       check,
	}
}

func check(_ sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	var out []sdk.Diagnostic
	add := func(name, text string) { out = append(out, sdk.Diagnostic{Param: name, Message: text}) }
	rule := p.String("rule")
	if rule == ruleAuto {
		for _, name := range []string{"momentum", "rho"} {
			if p.Float(name) != 0 {
				add(name, "has no effect with rule = \"auto\": leave it out, or name the rule")
			}
		}
	}
	if p.Float("rho") != 0 && (rule == ruleGD || rule == ruleAdam) {
		add("rho", fmt.Sprintf("has no effect with rule = %q: leave it out", rule))
	}
	return out
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return curvature.Slots() }

// method is an update rule with its parameters.
type method struct {
	rule                 string
	lr, beta, rho, decay float64
	dampening, eps       float64
	nesterov             bool
}

// base is the largest curvature that a rule without perturbation bears: the factor of its step times the curvature.
func (m method) base() float64 {
	top := (2 + 2*m.beta) / m.lr
	switch {
	case m.rule == ruleAdam:
		return top / (1 - m.beta)
	case m.nesterov:
		top /= 1 + 2*m.beta
	}
	return top/(1-m.dampening) - m.decay
}

// threshold is λ*; norm is that of the gradient. The root is taken so that it loses no digits for small ρ.
func (m method) threshold(norm float64) float64 {
	rho := m.rho
	if m.rule == ruleSAM {
		rho /= norm
	}
	if m.rule == ruleGD || m.rule == ruleAdam || rho == 0 {
		return m.base()
	}
	return 2 * m.base() / (1 + math.Sqrt(1+4*rho*m.base()))
}

// of says which rule a training used; an error means that there is no threshold for it.
func of(t sdk.Training) (method, error) {
	var m method
	name := t.Optimizer
	m.rho, _ = t.Float("rho")
	base, _ := t.Params["base"].(string)
	switch name {
	case "":
		return m, fmt.Errorf("how the model was trained is not known: set rule and lr")
	case "sgd", "adam", "adamw":
		base = name
	case "sam", "usam":
	default:
		return m, fmt.Errorf("there is no threshold for the optimizer %q", name)
	}
	lr, _ := t.Float("lr")
	m.lr = lr * t.LRScale
	decay, _ := t.Float("weight_decay")
	if t.Params["decay"] != "decoupled" {
		m.decay = decay
	}
	switch {
	case base == "sgd" && name == "sgd":
		m.rule = ruleGD
	case base == "sgd":
		m.rule = name
	case name == base:
		m.rule, m.decay = ruleAdam, 0
		m.beta, _ = t.Float("beta1")
		m.eps, _ = t.Float("eps")
		return m, nil
	default:
		return m, fmt.Errorf("there is no threshold for %s with the base %s", name, base)
	}
	m.beta, _ = t.Float("momentum")
	m.dampening, _ = t.Float("dampening")
	m.nesterov = t.Bool("nesterov") && m.beta > 0
	return m, nil
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Params()
	m := method{rule: p.String("rule"), lr: p.Float("lr"), beta: p.Float("momentum"), rho: p.Float("rho"), eps: 1e-8}
	var unknown error
	if m.rule == ruleAuto {
		if m, unknown = of(s.Training()); p.Float("lr") > 0 {
			m.lr = p.Float("lr")
		}
	} else if m.lr == 0 {
		lr, _ := s.Training().Float("lr")
		m.lr = lr * s.Training().LRScale
	}
	if unknown == nil && !(m.lr > 0) {
		unknown = fmt.Errorf("the learning rate is not known or 0: set lr")
	}
	g := s.Slot("grad")
	loss, err := s.Grad(s.FullBatch(), s.W(), g)
	if err != nil {
		return nil, err
	}
	norm := vec.Norm2(g)
	scale, err := m.scale(s)
	if err != nil {
		return nil, err
	}
	h := curvature.New(s, s.FullBatch(), scale)
	start := make(sdk.Vec, len(s.W()))
	if err := h.Normal("eos.start", 0, start); err != nil {
		return nil, err
	}
	top := func(r lanczos.Ritz) (theta, bound float64) {
		n := len(r.Values) - 1
		return r.Values[n], r.Bounds[n]
	}
	r, err := lanczos.Run(start, h.Apply, lanczos.Settings[float32]{
		Steps: p.Int("steps"),
		Done: func(r lanczos.Ritz) bool {
			theta, bound := top(r)
			return len(r.Values) > 1 && bound <= p.Float("tolerance")*math.Abs(theta)
		},
	})
	if err != nil {
		return nil, err
	}
	theta, bound := top(r)
	warnings := curvature.Saturated(loss)
	lambda := sdk.Value{Name: "lambda", Value: theta, Warnings: warnings}
	ratio := sdk.Value{Name: "ratio", Warnings: warnings}
	threshold := sdk.Value{Name: "threshold"}
	if bound > p.Float("tolerance")*math.Abs(theta) && !r.Exact {
		why := fmt.Sprintf("not converged in %d steps: %.4g, with an eigenvalue within %.2g", len(r.Values), theta, bound)
		lambda = sdk.Value{Name: "lambda", Null: true, Reason: why}
		ratio = sdk.Value{Name: "ratio", Null: true, Reason: why}
	}
	switch {
	case unknown != nil:
		threshold.Null, threshold.Reason = true, unknown.Error()
	case m.rule == ruleSAM && norm == 0:
		threshold.Null, threshold.Reason = true, "the gradient is zero: normalised SAM has no threshold at a critical point"
	default:
		threshold.Value = m.threshold(norm)
	}
	switch {
	case threshold.Null:
		ratio = sdk.Value{Name: "ratio", Null: true, Reason: threshold.Reason}
	case !ratio.Null && threshold.Value <= 0:
		ratio = sdk.Value{Name: "ratio", Null: true, Reason: "weight decay alone is past the edge of stability"}
	case !ratio.Null:
		ratio.Value = theta / threshold.Value
	}
	return []sdk.Value{ratio, lambda, threshold, {Name: "gradnorm", Value: norm}}, nil
}

// scale is the root of the learning rates of single coordinates: those of tensors with rates of their own, and Adam's
// preconditioner. nil is 1.
func (m method) scale(s sdk.Session) (sdk.Vec, error) {
	p := s.Problem()
	var c sdk.Vec
	for _, t := range p.Tensors {
		rate := t.Rates.SGD
		if m.rule == ruleAdam {
			rate = t.Rates.Adam
		}
		if rate != 1 && c == nil {
			c = make(sdk.Vec, p.Dim)
			for i := range c {
				c[i] = 1
			}
		}
		if c != nil {
			vec.Scale(t.Of(c), float32(math.Sqrt(rate)), t.Of(c))
		}
	}
	if m.rule != ruleAdam {
		return c, nil
	}
	v, g := make([]float64, p.Dim), s.Slot("grad")
	for j := range p.ProbeBatches {
		if _, err := s.Grad(s.ProbeBatch(j), s.W(), g); err != nil {
			return nil, fmt.Errorf("batch %d: %w", j, err)
		}
		for i, x := range g {
			v[i] += float64(x) * float64(x) / float64(p.ProbeBatches)
		}
	}
	if c == nil {
		c = make(sdk.Vec, p.Dim)
		for i := range c {
			c[i] = 1
		}
	}
	for i, x := range v {
		c[i] *= float32(1 / math.Sqrt(math.Sqrt(x)+m.eps))
	}
	return c, nil
}

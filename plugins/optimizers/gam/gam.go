// Package gam is gradient norm aware minimization, which flattens the neighbourhood to first order: it lowers the largest
// norm of the gradient near w beside the loss. In the accelerated form, with x̂ = x/(‖x‖ + 1e-12):
//
//	g0 = g(w)                        g1 = g(w + rho_prime·ĝ0)
//	h  = g1 − g0                     close to rho_prime·Hĝ0
//	w2 = w + rho·ĥ                   g2 = g(w2)
//	g3 = g(w2 + rho_prime·ĝ2)
//	p  = alpha·g1 + (1 − alpha)·g3
//	q  = beta·g0 + (1 − beta)·g2                 mode = "paper"
//	q  = g0 + |1 − beta|·g2                      mode = "code"
//	u  = p − gamma·(q − cos(p, q)·‖q‖·p̂)         the part of q that is orthogonal to p
//	w  = base step from w along u
//
// all on one minibatch. The two modes differ because the authors' code does not multiply g0 by beta, as their figure does.
// mode = "hvp" is the form with Hessian-vector products, with ∇‖g‖(x) = H(x)g(x)/‖g(x)‖:
//
//	a = ∇‖g‖(w),   u = g(w) + alpha·rho·∇‖g‖(w + rho·â)
//
// Scope, window, weight decay and batch statistics are as in the folder sam; the sums and products that combine gradients
// run over all parameters, the perturbations and their norms over those of the scope.
package gam

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/ascent"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Values of the parameter mode.
const (
	modeCode  = "code"
	modePaper = "paper"
	modeHVP   = "hvp"
)

// tiny is the ξ of the authors' code.
const tiny = 1e-12

// The defaults of the parameters that mode = "hvp" does not have: those of the authors' code for CIFAR-10 and residual
// networks, as are the others.
const (
	defaultRhoPrime = 0.03
	defaultBeta     = 0.1
	defaultGamma    = 0.05
)

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "gam",
		Version: 1,
		Summary: "gradient norm aware minimization: flat to first order, the norm of nearby gradients is lowered beside the loss",
		Rule: "with unit(x) = x/(|x| + 1e-12): g0 = grad(w); g1 = grad(w + rho_prime*unit(g0)); h = g1 - g0; w2 = w + rho*unit(h); g2 = grad(w2); g3 = grad(w2 + rho_prime*unit(g2)); " +
			"p = alpha*g1 + (1-alpha)*g3; q = g0 + |1-beta|*g2 (paper: beta*g0 + (1-beta)*g2); base step from w along p - gamma*(q - cos(p,q)*|q|*unit(p)); " +
			`mode = "hvp": a = H*g0/|g0|; x = w + rho*unit(a); base step along g0 + alpha*rho*H(x)*grad(x)/|grad(x)|`,
		Citation: "Zhang, Xu, Yu, Zou & Cui 2023, Gradient Norm Aware Minimization Seeks First-Order Flatness and Improves Generalization, arXiv:2303.03108",
		Unverified: `mode = "hvp" (algorithm 1 of the paper) is from memory but for the fact that it needs Hessian-vector products; ` +
			`the accelerated rule is that of the authors' code and figure`,
		Watch: []string{
			`The authors' code (mode = "code") does not multiply g0 by beta as their figure does (mode = "paper"): choose one and say which.`,
			"The defaults are the code's for CIFAR-10 and residual networks; it has rho_prime 0.02, beta 0.5, alpha 0.6, gamma 0.03 for CIFAR-100.",
			"A step costs four gradients: at an equal number of G, GAM takes a quarter of the steps of its base and half of those of sam.",
			`In mode "hvp" alpha multiplies the term of the norm, in the others it weighs two gradients: the same number is not the same thing.`,
		},
		Params: append([]sdk.Param{
			sdk.Choice("mode", modeCode, []string{modeCode, modePaper, modeHVP},
				"the accelerated rule as in the authors' code or as in their paper, or the one with Hessian-vector products"),
			sdk.Float("rho", 0.2, "distance of the point at which the gradient's norm is taken").Min(0).Log(),
			sdk.Float("rho_prime", defaultRhoPrime, "distance of the finite differences that stand for Hessian-vector products").Min(0).Log(),
			sdk.Float("alpha", 0.1, `share of the gradient near w in the sum that is followed; with mode = "hvp", weight of the gradient norm`).Min(0),
			sdk.Float("beta", defaultBeta, "share of the gradient at w in the sum that is deflected from").Min(0),
			sdk.Float("gamma", defaultGamma, "how much of the orthogonal part is subtracted").Min(0),
		}, ascent.Params()...),
		Cost:     4,
		CostNote: `4, and 6 with mode = "hvp", inside the window; 1 outside`,
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"mode": modeHVP, "rho": 0.0}, Equals: "sgd"},
			// What is left is g1, whose perturbation is sam's; rho has no part in it.
			{When: map[string]any{"alpha": 1.0, "gamma": 0.0, "rho_prime": 0.05, "rho": 0.05}, Equals: "sam"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpHVP, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := ascent.Check(problem, p)
	if p.String("mode") == modeHVP {
		for _, x := range []struct {
			name string
			def  float64
		}{{"rho_prime", defaultRhoPrime}, {"beta", defaultBeta}, {"gamma", defaultGamma}} {
			if p.Float(x.name) != x.def {
				out = append(out, sdk.Diagnostic{Param: x.name, Message: `has no effect with mode = "hvp": leave it out`})
			}
		}
	} else if p.Float("alpha") > 1 {
		out = append(out, sdk.Diagnostic{Param: "alpha", Message: `expected at most 1: it is a share, but for mode = "hvp"`})
	}
	return out
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := append(ascent.Slots(problem, p), sdk.Slot{Name: "g1", Scratch: true}, sdk.Slot{Name: "g2", Scratch: true})
	if p.String("mode") != modeHVP {
		slots = append(slots, sdk.Slot{Name: "w2", Scratch: true})
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	loop, err := ascent.NewLoop(s)
	if err != nil {
		return err
	}
	rule := accelerated
	if s.Params().String("mode") == modeHVP {
		rule = exact
	}
	step := rule(s, loop)
	w, g := s.W(), s.Slot("grad")
	for s.Next() {
		batch, u := s.TrainBatch(), g
		if err := loop.Grad(s, batch, w, g); err != nil {
			return err
		}
		if loop.Window.Holds(s.Step()) {
			if u, err = step(batch, w, g); err != nil {
				return err
			}
		}
		if err := loop.FinishAndGrad(s, w, u, g); err != nil {
			return err
		}
	}
	return nil
}

// accelerated returns the rule of four gradients: it computes the direction from w and the gradient g0 there.
func accelerated(s sdk.Session, loop *ascent.Loop) func(b sdk.Batch, w, g0 sdk.Vec) (sdk.Vec, error) {
	p := s.Params()
	alpha, beta, gamma := p.Float("alpha"), p.Float("beta"), p.Float("gamma")
	near := ascent.Ball{Set: loop.Set, Rho: p.Float("rho_prime"), Tiny: tiny}
	far := ascent.Ball{Set: loop.Set, Rho: p.Float("rho"), Tiny: tiny}
	first := beta // of g0 in q
	if p.String("mode") == modeCode {
		first = 1
	}
	at, w2, g1, g2 := s.Slot(ascent.Slot), s.Slot("w2"), s.Slot("g1"), s.Slot("g2")
	return func(b sdk.Batch, w, g0 sdk.Vec) (sdk.Vec, error) {
		near.Perturb(at, w, g0)
		if err := loop.GradLater(s, b, at, g1); err != nil {
			return nil, err
		}
		vec.Sub(g2, g1, g0) // h, where g2 will be
		far.Perturb(w2, w, g2)
		if err := loop.GradLater(s, b, w2, g2); err != nil {
			return nil, err
		}
		near.Perturb(at, w2, g2)
		// w2 is done with; g3 takes its place.
		g3 := w2
		if err := loop.GradLater(s, b, at, g3); err != nil {
			return nil, err
		}
		plus, minus := g1, g2
		vec.Combine(plus, float32(alpha), g1, float32(1-alpha), g3)
		vec.Combine(minus, float32(first), g0, float32(abs(1-beta)), g2)
		// u = p − γ(q − c·p) with c = cos·‖q‖/(‖p‖+ξ).
		nPlus, nMinus := vec.Norm2(plus), vec.Norm2(minus)
		cos := vec.Dot(plus, minus) / (float64(nPlus*nMinus) + tiny)
		c := cos * nMinus / (nPlus + tiny)
		vec.Combine(plus, float32(1+float64(gamma*c)), plus, float32(-gamma), minus)
		return plus, nil
	}
}

// exact returns the rule with Hessian-vector products.
func exact(s sdk.Session, loop *ascent.Loop) func(b sdk.Batch, w, g0 sdk.Vec) (sdk.Vec, error) {
	p := s.Params()
	rho, weight := p.Float("rho"), p.Float("alpha")*p.Float("rho")
	ball := ascent.Ball{Set: loop.Set, Rho: rho, Tiny: tiny}
	at, a, g := s.Slot(ascent.Slot), s.Slot("g1"), s.Slot("g2")
	return func(b sdk.Batch, w, g0 sdk.Vec) (sdk.Vec, error) {
		if rho == 0 {
			return g0, nil
		}
		// Hg/‖g‖ is perturbed along, and only its direction matters.
		if err := loop.HVP(s, b, w, g0, a); err != nil {
			return nil, err
		}
		ball.Perturb(at, w, a)
		if err := loop.GradLater(s, b, at, g); err != nil {
			return nil, err
		}
		if err := loop.HVP(s, b, at, g, a); err != nil {
			return nil, err
		}
		vec.Axpy(g0, float32(weight/(vec.Norm2(g)+tiny)), a)
		return g0, nil
	}
}

func abs(x float64) float64 {
	if x < 0 {
		return -x
	}
	return x
}

// Package zofw is the zeroth-order stochastic Frank-Wolfe method: it minimises over a convex set with losses alone. With t
// counted from 0, n parameters and z_t standard normal,
//
//	q_t = (F(w_t + c_t·z_t; B_t) − F(w_t; B_t)) / c_t · z_t      both losses on the same minibatch
//	d_t = (1 − ρ_t)·d_{t−1} + ρ_t·q_t                              d_{−1} = 0
//	v_t = argmin ⟨d_t, v⟩ over the set
//	w_{t+1} = (1 − γ_t)·w_t + γ_t·v_t
//
// with γ_t = 2/(t+8), ρ_t = 4/(n^{1/3}(t+8)^{2/3}), c_t = 2/(n^{3/2}(t+8)^{1/3}). The estimator kwsa (Kiefer & Wolfowitz) takes a
// difference along every coordinate instead, n + 1 losses, with ρ_t = 4/(t+8)^{2/3} and c_t = 2/(n^{1/2}(t+8)^{1/3}).
//
// The sets are the probability simplex and the ℓ1, ℓ2 and ℓ∞ balls around 0, all scaled by radius. A starting point outside is
// replaced: by the centre of the simplex, or scaled down to the ball; all points that are committed lie in the set up to
// rounding. The host's schedule does not apply: γ_t is the method's own.
//
// c_t is small, and w_t + c_t·z_t is rounded to float32: the difference that was really made, not c_t·z_t, enters q_t.
package zofw

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Values of the parameters set and estimator.
const (
	Simplex = "simplex"
	L1      = "l1"
	L2      = "l2"
	LInf    = "linf"

	Random = "random"
	KWSA   = "kwsa"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "zofw",
		Version: 2,
		Summary: "zeroth-order stochastic Frank-Wolfe: minimises over a convex set with two losses a step",
		Rule: "q = (F(w + c*z) - F(w))/c * z on one batch; d = (1-rho)*d + rho*q; v = argmin <d, v> over the set; w = (1-gamma)*w + gamma*v; " +
			"gamma = 2/(t+8), rho = 4/(n^(1/3)*(t+8)^(2/3)), c = 2/(n^(3/2)*(t+8)^(1/3))",
		Citation:   "Sahu, Zaheer & Kar 2018, Towards Gradient Free and Projection Free Stochastic Optimization, arXiv:1810.03233",
		Unverified: "The constants of gamma, rho and c, for both estimators, are from memory.",
		Watch: []string{
			"The answer lies in the set: with radius too small for the workload no other setting helps.",
			"c falls with the number of parameters as n^(-3/2), towards the rounding of float32: beyond some thousands of parameters the differences are noise unless c_scale is raised.",
			"The learning-rate schedule of the suite does not apply.",
		},
		Params: []sdk.Param{
			sdk.Choice("set", Simplex, []string{Simplex, L1, L2, LInf}, "the convex set: the probability simplex, or a ball around 0"),
			sdk.Float("radius", 1, "size of the set: what the simplex sums to, radius of the ball").Above(0).Log(),
			sdk.Choice("estimator", Random, []string{Random, KWSA}, "gradients from one random direction, or from differences along all coordinates"),
			sdk.Float("c_scale", 1, "factor of the length c of the differences").Above(0).Log(),
		},
		Cost:      2.0 / 3,
		CostNote:  "2/3; (n + 1)/3 with estimator = kwsa, n the number of parameters",
		Needs:     []sdk.Op{sdk.OpLoss, sdk.OpNormal, sdk.OpCommit},
		Resumable: true,
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "direction"}, {Name: "point", Scratch: true}, {Name: "noise", Scratch: true}}
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, w := s.Params(), s.W()
	d, x, z := s.Slot("direction"), s.Slot("point"), s.Slot("noise")
	c := constraint{p.String("set"), p.Float("radius")}
	if s.Step() == 0 {
		c.enter(w)
	}
	for s.Next() {
		rates := ratesOf(p.String("estimator"), len(w), s.Step())
		rates.c *= p.Float("c_scale")
		batch := s.TrainBatch()
		at, err := s.Loss(batch, w)
		if err != nil {
			return err
		}
		vec.Scale(d, float32(1-rates.rho), d)
		if p.String("estimator") == KWSA {
			copy(x, w)
			for i := range w {
				x[i] = w[i] + float32(rates.c)
				loss, err := s.Loss(batch, x)
				if err != nil {
					return err
				}
				if moved := float64(x[i]) - float64(w[i]); moved != 0 {
					d[i] += float32(rates.rho * (loss - at) / moved)
				}
				x[i] = w[i]
			}
		} else {
			if err := s.Normal("zofw", s.Step(), z, 1); err != nil {
				return err
			}
			vec.AddScaled(x, w, float32(rates.c), z)
			loss, err := s.Loss(batch, x)
			if err != nil {
				return err
			}
			vec.Sub(z, x, w) // c·z as it was added
			vec.Axpy(d, float32(rates.rho*(loss-at)/(rates.c*rates.c)), z)
		}
		c.step(w, d, z, rates.gamma)
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

type rates struct{ gamma, rho, c float64 }

// ratesOf are those of step t with n parameters.
func ratesOf(estimator string, n int, t uint64) rates {
	k, dim := float64(t)+8, float64(n)
	r := rates{gamma: 2 / k, rho: 4 / math.Pow(k, 2.0/3), c: 2 / math.Cbrt(k)}
	if estimator == KWSA {
		r.c /= math.Sqrt(dim)
		return r
	}
	r.rho /= math.Cbrt(dim)
	r.c /= dim * math.Sqrt(dim)
	return r
}

// constraint is the set.
type constraint struct {
	set    string
	radius float64
}

// slack is how far outside rounding may put a point of the set, relative to its size.
const slack = 1e-4

// enter moves a point outside into the set.
func (c constraint) enter(w sdk.Vec) {
	size := 0.0
	switch c.set {
	case Simplex:
		inside := true
		for _, x := range w {
			inside = inside && x >= 0
			size += float64(x)
		}
		if !inside || math.Abs(size-c.radius) > slack*c.radius {
			for i := range w {
				w[i] = float32(c.radius / float64(len(w)))
			}
		}
		return
	case L1:
		for _, x := range w {
			size += math.Abs(float64(x))
		}
	case L2:
		size = vec.Norm2(w)
	case LInf:
		size = float64(vec.NormInf(w))
	}
	if size > c.radius*(1+slack) {
		vec.Scale(w, float32(c.radius/size), w)
	}
}

// step moves w by the share gamma towards the point of the set where ⟨d, v⟩ is smallest: a vertex, the first one of those that are
// equal; where d is 0 on the ℓ2 ball, or a coordinate of it on the ℓ∞ ball, the centre. scratch is overwritten.
func (c constraint) step(w, d, scratch sdk.Vec, gamma float64) {
	vec.Scale(w, float32(1-gamma), w)
	reach := float32(gamma * c.radius)
	switch c.set {
	case Simplex:
		best := 0
		for i, x := range d {
			if x < d[best] {
				best = i
			}
		}
		w[best] += reach
	case L1:
		best := 0
		for i, x := range d {
			if math.Abs(float64(x)) > math.Abs(float64(d[best])) {
				best = i
			}
		}
		if d[best] > 0 {
			reach = -reach
		}
		w[best] += reach
	case L2:
		if norm := vec.Norm2(d); norm > 0 {
			vec.Axpy(w, float32(-gamma*c.radius/norm), d)
		}
	case LInf:
		vec.Sign(scratch, d)
		vec.Axpy(w, -reach, scratch)
	}
}

package msharpness

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// officialWorst fills in the worst case as the code published with arXiv:2302.07011 does, in δ and not in δ ⊘ c:
//
//	δ' = Π(δ + s·g⊙c/(‖g‖ + 1e-12)),  or  clip(δ + s·sign(g)⊙c) for linf;   δ ← ¾δ' + ¼·(δ before the last step)
//
// from δ = 0 with s = 2·rho. At a checkpoint that halves s, the highest point is where the next gradient is taken, but δ goes
// on from where it was. The step of the adaptive l2 form is not the steepest one of its ball, and a critical point is
// never left.
func (n *neighbourhood) officialWorst(v *sdk.Value, still int) error {
	steps := n.s.Params().Int("steps")
	rises := make([]float64, n.batches)
	p := &published{n: n, skip: still > 0 && !n.linf}
	for _, x := range []*sdk.Vec{&p.delta, &p.prev, &p.next, &p.worst} {
		*x = make(sdk.Vec, n.dim)
	}
	for j := range n.batches {
		rise, err := p.run(j, steps)
		if err != nil {
			return where(err, j, "ascent")
		}
		rises[j] = rise
	}
	if p.skip {
		v.Warnings = append(v.Warnings, "a parameter is 0: the published code skips the projection then, and the perturbation leaves the ball")
	}
	v.Value, v.StdErr = mean(rises)
	v.HasStdErr = !math.IsNaN(v.StdErr)
	return nil
}

// published is the ascent of official-2023.
type published struct {
	n                        *neighbourhood
	skip                     bool // the norm in the projection is NaN
	delta, prev, next, worst sdk.Vec
}

// run returns the rise of batch j.
func (p *published) run(j, steps int) (float64, error) {
	n := p.n
	clear(p.delta)
	clear(p.prev)
	copy(p.worst, n.w)
	copy(n.point, n.w)
	batch := n.s.ProbeBatch(j)
	base, best, size := 0.0, 0.0, 2*n.rho
	last, improved, halved, bestThere := 0, 0, false, 0.0
	due := checkpoints(steps)
	for i := range steps {
		loss, err := n.s.Grad(batch, n.point, n.grad, n.opts...)
		if err != nil {
			return 0, err
		}
		if i == 0 {
			base, best, bestThere = loss, loss, loss
		}
		p.step(size)
		vec.Add(n.point, n.w, p.delta)
		if loss, err = n.s.Loss(batch, n.point, n.opts...); err != nil {
			return 0, err
		}
		if loss > best {
			best = loss
			copy(p.worst, n.point)
			improved++
		}
		if len(due) > 0 && i == due[0] {
			tooFew := float64(improved) < 0.75*float64(i-last)
			stuck := !halved && best == bestThere
			if halved = tooFew || stuck; halved {
				size /= 2
				copy(n.point, p.worst) // δ stays where it is
			}
			due, last, improved, bestThere = due[1:], i, 0, best
		}
	}
	return best - base, nil
}

// step moves delta.
func (p *published) step(size float64) {
	n := p.n
	if n.linf {
		vec.Sign(p.next, n.grad)
		if n.c != nil {
			vec.Mul(p.next, n.c, p.next)
		}
		vec.AddScaled(p.next, p.delta, float32(size), p.next)
		for i, x := range p.next {
			limit := float32(n.rho)
			if n.c != nil {
				limit *= n.c[i]
			}
			p.next[i] = min(max(x, -limit), limit)
		}
	} else {
		scale := float32(size / (vec.Norm2(n.grad) + 1e-12))
		if n.c == nil {
			vec.AddScaled(p.next, p.delta, scale, n.grad)
		} else {
			vec.Mul(p.next, n.c, n.grad)
			vec.AddScaled(p.next, p.delta, scale, p.next)
		}
		p.project()
	}
	vec.Combine(p.next, 0.75, p.next, 0.25, p.prev)
	p.prev, p.delta, p.next = p.delta, p.next, p.prev
}

// project stores the point of the ball, or of the ellipsoid ‖x ⊘ c‖ ≤ rho, that is nearest to next: x_i/(1 + 2λ/c_i²) with λ by
// bisection to within 1e-5 of the radius.
func (p *published) project() {
	n := p.n
	if n.c == nil {
		if norm := vec.Norm2(p.next); norm > n.rho {
			vec.Scale(p.next, float32(n.rho/norm), p.next)
		}
		return
	}
	if p.skip {
		return
	}
	norm := func(lambda float64) float64 {
		sum := 0.0
		for i, x := range p.next {
			c := float64(n.c[i])
			q := float64(x) / (1 + 2*lambda/(c*c)) / c
			sum += q * q
		}
		return math.Sqrt(sum)
	}
	if norm(0) <= n.rho {
		return
	}
	lo, hi := 0.0, 1.0
	for norm(hi) > n.rho {
		lo, hi = hi, 2*hi
	}
	lambda := (lo + hi) / 2
	for range 200 {
		now := norm(lambda)
		if math.Abs(now-n.rho) <= 1e-5 {
			break
		}
		if now > n.rho {
			lo = lambda
		} else {
			hi = lambda
		}
		lambda = (lo + hi) / 2
	}
	for i, c := range n.c {
		p.next[i] /= float32(1 + 2*lambda/(float64(c)*float64(c)))
	}
}

// officialAverage fills in the average case as published: independent draws for every batch, not in pairs.
func (n *neighbourhood) officialAverage(v *sdk.Value) error {
	draws := n.s.Params().Int("draws")
	rises, rise := make([]float64, n.batches), make([]float64, draws)
	noise := 0.0
	for j := range n.batches {
		copy(n.point, n.w)
		base, err := n.s.Loss(n.s.ProbeBatch(j), n.point, n.opts...)
		if err != nil {
			return where(err, j, "unperturbed")
		}
		for k := range draws {
			if err := n.s.Normal("msharpness.official", uint64(j*draws+k), n.noise, 1); err != nil {
				return where(err, j, "noise")
			}
			if n.linf {
				uniform(n.noise)
			}
			l, err := n.loss(j, float32(n.rho), n.noise)
			if err != nil {
				return where(err, j, fmt.Sprintf("draw %d", k))
			}
			rise[k] = l - base
		}
		var se float64
		rises[j], se = mean(rise)
		noise += se * se
	}
	v.Value, v.StdErr = mean(rises)
	if n.batches < 2 {
		v.StdErr = math.Sqrt(noise)
	}
	v.HasStdErr = !math.IsNaN(v.StdErr)
	return nil
}

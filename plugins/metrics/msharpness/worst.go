package msharpness

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// worst fills in the worst case.
//
// For each batch, the largest rise found by these ascents counts: from 0; from the solution of an ascent from 0 with
// half the radius, so that the value is at least what that found; and from random points of the boundary, as a critical
// point has no direction to start in. Random starts come in pairs of opposite sign: at a critical point the rises along
// a direction and its opposite are equal to second order only, and two independent starts often climb the same side.
// All are lower bounds of the maximum, and so is the largest. The price for a batch is restarts+3 ascents, each of
// steps gradients and one loss.
func (n *neighbourhood) worst(v *sdk.Value) error {
	p := n.s.Params()
	a := newAscent(n, p.Int("steps"))
	restarts := p.Int("restarts")
	pairs := (restarts + 1) / 2
	rises := make([]float64, n.batches)
	for j := range n.batches {
		clear(a.u)
		if err := a.run(j, n.rho/2); err != nil {
			return where(err, j, "ascent at half the radius")
		}
		half := append(sdk.Vec(nil), a.best...)
		clear(a.u)
		if err := a.run(j, n.rho); err != nil {
			return where(err, j, "ascent from 0")
		}
		base, top := a.startLoss, a.bestLoss
		copy(a.u, half)
		if err := a.run(j, n.rho); err != nil {
			return where(err, j, "ascent from the solution for half the radius")
		}
		top = max(top, a.bestLoss)
		for r := range restarts {
			if err := n.boundary(a.u, uint64(j*pairs+r/2), r%2 == 1); err != nil {
				return where(err, j, "random start")
			}
			if err := a.run(j, n.rho); err != nil {
				return where(err, j, fmt.Sprintf("ascent from random start %d", r))
			}
			top = max(top, a.bestLoss)
		}
		rises[j] = top - base
	}
	v.Value, v.StdErr = mean(rises)
	v.HasStdErr = !math.IsNaN(v.StdErr)
	return nil
}

// boundary stores a random point of the boundary of the ball ‖u‖ ≤ rho in u: uniform on the sphere, or a corner of the
// cube; with opposite, the point across from it. Coordinates with c_i = 0 are 0.
func (n *neighbourhood) boundary(u sdk.Vec, index uint64, opposite bool) error {
	if err := n.s.Normal("msharpness.restart", index, n.noise, 1); err != nil {
		return err
	}
	radius := n.rho
	if opposite {
		radius = -radius
	}
	copy(u, n.noise)
	for i, c := range n.c {
		if c == 0 {
			u[i] = 0
		}
	}
	if n.linf {
		vec.Sign(u, u)
		vec.Scale(u, float32(radius), u)
		return nil
	}
	if norm := vec.Norm2(u); norm > 0 {
		vec.Scale(u, float32(radius/norm), u)
	}
	return nil
}

// ascent is projected gradient ascent on the loss of one batch over u, with the step sizes of Auto-PGD: the step is
// halved, and the search goes back to its best point, at checkpoints where too few steps were improvements.
type ascent struct {
	n           *neighbourhood
	steps       int
	checkpoints []int
	u           sdk.Vec // where it starts; where it is
	prev, next  sdk.Vec
	best        sdk.Vec // the highest point
	bestGrad    sdk.Vec // gradient there
	startLoss   float64
	bestLoss    float64
}

func newAscent(n *neighbourhood, steps int) *ascent {
	a := &ascent{n: n, steps: steps, checkpoints: checkpoints(steps)}
	for _, v := range []*sdk.Vec{&a.u, &a.prev, &a.next, &a.best, &a.bestGrad} {
		*v = make(sdk.Vec, n.dim)
	}
	return a
}

// checkpoints returns the steps after which the step size is reconsidered: fractions 0.22, 0.41, … of all steps, the
// distance shrinking by 0.03 down to 0.06.
func checkpoints(steps int) []int {
	before, at := 0.0, 0.22
	last, next := 0, int(math.Ceil(at*float64(steps)))
	var out []int
	for {
		out = append(out, next)
		if next >= steps || next == last {
			return out
		}
		before, at = at, at+max(at-before-0.03, 0.06)
		last, next = next, int(math.Ceil(at*float64(steps)))
	}
}

// run climbs from u in the ball of the given radius. It leaves the highest point found in best and its loss in bestLoss;
// the start counts. grad, point and u are overwritten.
func (a *ascent) run(j int, radius float64) error {
	n := a.n
	loss, err := n.gradient(j, a.u)
	if err != nil {
		return err
	}
	a.startLoss = loss
	a.keep(loss)
	copy(a.prev, a.u)
	size := 2 * radius
	checkpoint, improved := 0, 0 // the last checkpoint, the new records since then
	halvedThere := false         // whether the step was halved at the last checkpoint
	recordThere := a.bestLoss
	due := a.checkpoints
	for i := range a.steps {
		if !a.step(size, radius) {
			return nil // the gradient is exactly 0: no direction is left
		}
		if i == a.steps-1 {
			loss, err = n.loss(j, 1, a.u)
		} else {
			loss, err = n.gradient(j, a.u)
		}
		if err != nil {
			return err
		}
		if loss > a.bestLoss {
			a.keep(loss)
			improved++
		}
		if len(due) > 0 && i == due[0] {
			tooFew := float64(improved) < 0.75*float64(i-checkpoint)
			stuck := !halvedThere && a.bestLoss == recordThere
			halvedThere = tooFew || stuck
			if halvedThere {
				size /= 2
				copy(a.u, a.best)
				copy(a.prev, a.best)
				copy(n.grad, a.bestGrad)
			}
			due, checkpoint, improved, recordThere = due[1:], i, 0, a.bestLoss
		}
	}
	return nil
}

func (a *ascent) keep(loss float64) {
	a.bestLoss = loss
	copy(a.best, a.u)
	copy(a.bestGrad, a.n.grad)
}

// step moves u by a projected step of the given size along the gradient, averaged with the point before u. It reports
// false, and moves nothing, when the gradient is 0.
func (a *ascent) step(size, radius float64) bool {
	g := a.n.grad
	if a.n.linf {
		if vec.NormInf(g) == 0 {
			return false
		}
		vec.Sign(a.next, g)
		vec.AddScaled(a.next, a.u, float32(size), a.next)
		vec.Clip(a.next, a.next, -float32(radius), float32(radius))
	} else {
		scale := float32(size / vec.Norm2(g))
		if math.IsInf(float64(scale), 0) {
			return false
		}
		vec.AddScaled(a.next, a.u, scale, g)
		if norm := vec.Norm2(a.next); norm > radius {
			vec.Scale(a.next, float32(radius/norm), a.next)
		}
	}
	vec.Combine(a.next, 0.75, a.next, 0.25, a.prev)
	a.prev, a.u, a.next = a.u, a.next, a.prev
	return true
}

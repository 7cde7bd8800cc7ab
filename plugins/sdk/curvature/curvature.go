// Package curvature is what metrics of second derivatives share: the Hessian of the mean loss at the measured point as
// an operator on vectors, random directions, and the warnings that belong to its numbers.
package curvature

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Slots are what New needs; a metric adds them to its own.
func Slots() []sdk.Slot {
	return []sdk.Slot{{Name: "direction", Scratch: true}, {Name: "product", Scratch: true}}
}

// Hessian is v ↦ c⊙H(c⊙v), H the Hessian of the mean loss of a batch at a point, which is Session.W unless At was called.
type Hessian struct {
	s                  sdk.Session
	batch              sdk.Batch
	at                 sdk.Vec
	scale              sdk.Vec
	direction, product sdk.Vec
	loss               float64
	products           int
}

// New returns the Hessian of a batch; scale is c, or nil for 1.
func New(s sdk.Session, b sdk.Batch, scale sdk.Vec) *Hessian {
	return &Hessian{s: s, batch: b, at: s.W(), scale: scale, direction: s.Slot("direction"), product: s.Slot("product")}
}

// Sizes returns |w|, the scale of adaptive measures, and how many parameters are exactly 0.
func Sizes(w sdk.Vec) (c sdk.Vec, zeros int) {
	c = make(sdk.Vec, len(w))
	vec.Abs(c, w)
	for _, x := range c {
		if x == 0 {
			zeros++
		}
	}
	return c, zeros
}

// At moves the Hessian to another point, a slot, which is read at every use. It returns its receiver.
func (h *Hessian) At(point sdk.Vec) *Hessian {
	h.at = point
	return h
}

// Apply stores the product with x in y. They may be slots, though not the two of this package.
func (h *Hessian) Apply(x, y []float32) error {
	if h.scale == nil {
		copy(h.direction, x)
	} else {
		vec.Mul(h.direction, h.scale, x)
	}
	loss, err := h.s.HVP(h.batch, h.at, h.direction, h.product)
	if err != nil {
		return err
	}
	h.loss = loss
	h.products++
	if h.scale == nil {
		copy(y, h.product)
	} else {
		vec.Mul(y, h.scale, h.product)
	}
	return nil
}

// Loss is the loss at the point, once Apply has been called.
func (h *Hessian) Loss() float64 { return h.loss }

// Products is the number of calls of Apply.
func (h *Hessian) Products() int { return h.products }

// Normal stores independent standard normal numbers in out, which need not be a slot.
func (h *Hessian) Normal(stream string, index uint64, out []float32) error {
	if err := h.s.Normal(stream, index, h.direction, 1); err != nil {
		return err
	}
	copy(out, h.direction)
	return nil
}

// Rademacher stores independent random signs ±1 in out, which need not be a slot.
func (h *Hessian) Rademacher(stream string, index uint64, out []float32) error {
	if err := h.Normal(stream, index, out); err != nil {
		return err
	}
	for i, z := range out {
		if out[i] = 1; z < 0 {
			out[i] = -1
		}
	}
	return nil
}

// saturated is the loss below which cross-entropy has lost most of its curvature, whatever the shape of the model.
const saturated = 1e-3

// radius is the ρ of Warnings: the usual one of SAM.
const radius = 0.05

// Warnings returns what a reader of a largest eigenvalue has to know: that the gradient dominates the curvature within the
// usual radius of SAM, ρ‖g‖ > ½ρ²λ with ρ = 0.05, so that this is no statement about a minimum; and that the loss is
// saturated. It takes one gradient. norm is ‖g‖, of the scaled gradient where the Hessian is scaled.
func (h *Hessian) Warnings(lambda float64) (out []string, norm float64, err error) {
	g := h.s.Slot("grad")
	loss, err := h.s.Grad(h.batch, h.at, g)
	if err != nil {
		return nil, 0, err
	}
	if h.scale != nil {
		vec.Mul(g, h.scale, g)
	}
	norm = vec.Norm2(g)
	if norm > radius*math.Abs(lambda)/2 {
		out = append(out, fmt.Sprintf("not at a critical point: the gradient has norm %.3g, and outweighs the curvature within a radius of %v", norm, radius))
	}
	return append(out, Saturated(loss)...), norm, nil
}

// Saturated is the warning about a loss close to 0, if it is.
func Saturated(loss float64) []string {
	if loss >= saturated || loss < 0 {
		return nil
	}
	return []string{fmt.Sprintf("the loss is %.2g: where cross-entropy is saturated its curvature vanishes with it, which is no flatness of the model", loss)}
}

// Mean returns the mean of x and its standard error, which is NaN for fewer than two numbers.
func Mean(x []float64) (mean, stderr float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	if len(x) < 2 {
		return mean, math.NaN()
	}
	sq := 0.0
	for _, v := range x {
		sq += float64((v - mean) * (v - mean))
	}
	return mean, math.Sqrt(sq / float64(len(x)-1) / float64(len(x)))
}

// Estimate is a value with its standard error, where there is one.
func Estimate(name string, mean, stderr float64) sdk.Value {
	v := sdk.Value{Name: name, Value: mean}
	if !math.IsNaN(stderr) {
		v.StdErr, v.HasStdErr = stderr, true
	}
	return v
}

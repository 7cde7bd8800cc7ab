package lanczos

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Hessian is the operator of the Hessian of the mean loss over a metric's whole example set at the parameters of s: the
// mean of the batches' products, weighted by their examples. It needs two slots of length Problem.Dim, which it overwrites.
// Products counts calls of Session.HVP.
type Hessian struct {
	s        sdk.Session
	v, out   sdk.Vec
	opts     []sdk.Option
	Products int
}

// NewHessian returns the operator; v and out are slots.
func NewHessian(s sdk.Session, v, out sdk.Vec, opts ...sdk.Option) *Hessian {
	return &Hessian{s: s, v: v, out: out, opts: opts}
}

// Apply is an Operator.
func (h *Hessian) Apply(v, out sdk.Vec) error {
	p := h.s.Problem()
	copy(h.v, v)
	clear(out)
	for j := range p.ProbeBatches {
		if _, err := h.s.HVP(h.s.ProbeBatch(j), h.s.W(), h.v, h.out, h.opts...); err != nil {
			return err
		}
		h.Products++
		vec.Axpy(out, float32(Share(p, j)), h.out)
	}
	return nil
}

// Share is the fraction of a metric's examples that is in its batch j. Only the last batch may be smaller than the others.
func Share(p sdk.Problem, j int) float64 {
	return float64(min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize)) / float64(p.Examples)
}

// Rescaled is the operator v → c⊙A(c⊙v). With c = |w| it is the adaptive Hessian, which rescalings of single parameters
// that leave the model unchanged do not change.
func Rescaled(a Operator, c sdk.Vec) Operator {
	scaled := make(sdk.Vec, len(c))
	return func(v, out sdk.Vec) error {
		vec.Mul(scaled, c, v)
		if err := a(scaled, out); err != nil {
			return err
		}
		vec.Mul(out, c, out)
		return nil
	}
}

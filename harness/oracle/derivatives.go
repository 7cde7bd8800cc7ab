package oracle

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// Can says why the network cannot answer op while it is being trained.
func (t *Training) Can(op string) error {
	switch op {
	case "grad_clipped", "grad_squared":
		return t.Net.PerExample()
	case "output_grad":
		if t.Objective.L2 != 0 {
			return fmt.Errorf("the loss has a penalty on the parameters (l2), which is no function of the outputs: leave weight decay to the optimizer")
		}
	}
	return nil
}

// HVP answers the Hessian's product with v, batch norm in the same mode as for gradients.
func (e *evaluator) HVP(b Batch, w, v, out []float32, o Options) (Eval, error) {
	return e.combine(b, o, hvpG, out, true, func(in engine.Batch, l engine.Loss, _ bool, out []float32) engine.Result {
		return e.machine.HVP(w, e.buffers, in, l, e.mode, v, out)
	})
}

// GradClipped answers the sum of the examples' clipped gradients.
func (e *evaluator) GradClipped(b Batch, w, out []float32, c Clip, o Options) (Eval, error) {
	if err := e.coupled("grad_clipped"); err != nil {
		return Eval{}, err
	}
	done := 0
	if c.Norms != nil {
		idx, _, err := e.examples(b, o)
		if err != nil {
			return Eval{}, err
		}
		if err := room("norms", c.Norms, len(idx), 1); err != nil {
			return Eval{}, err
		}
	}
	return e.combine(b, o, gradG, out, false, func(in engine.Batch, l engine.Loss, _ bool, out []float32) engine.Result {
		var norms []float32
		if c.Norms != nil {
			norms = c.Norms[done : done+in.Len()]
		}
		done += in.Len()
		return e.machine.GradClipped(w, e.buffers, in, l, c.Limit, c.PerCoordinate, norms, out)
	})
}

// GradSquared answers the sum of the examples' squared gradients.
func (e *evaluator) GradSquared(b Batch, w, out []float32, o Options) (Eval, error) {
	if err := e.coupled("grad_squared"); err != nil {
		return Eval{}, err
	}
	return e.combine(b, o, gradG, out, false, func(in engine.Batch, l engine.Loss, _ bool, out []float32) engine.Result {
		return e.machine.GradSquared(w, e.buffers, in, l, out)
	})
}

// coupled refuses ops for which the examples of a batch must not depend on each other.
func (e *evaluator) coupled(op string) error {
	if e.mode == engine.Train {
		if err := e.Net.PerExample(); err != nil {
			return Errorf(Unsupported, "%s: %v", op, err)
		}
	}
	return nil
}

// VJP answers the product of the outputs' Jacobian, transposed, with the cotangent. It moves the running statistics as
// Grad does.
func (e *evaluator) VJP(b Batch, w, cotangent, out []float32, o Options) (Eval, error) {
	idx, _, err := e.examples(b, o)
	if err != nil {
		return Eval{}, err
	}
	k := e.Net.Classes()
	if err := room("cotangent", cotangent, len(idx), k); err != nil {
		return Eval{}, err
	}
	done := 0
	return e.combine(b, o, gradG, out, false, func(in engine.Batch, l engine.Loss, whole bool, out []float32) engine.Result {
		c := cotangent[done*k : (done+in.Len())*k]
		done += in.Len()
		e.machine.VJP(w, e.buffers, in, e.mode, whole && e.moves(b, o), c, out)
		return engine.Result{Examples: in.Len()}
	})
}

// InputGrad stores the gradient of the mean loss by the inputs, one example after the other.
func (e *evaluator) InputGrad(b Batch, w, out []float32, o Options) (Eval, error) {
	size := e.Net.Inputs().Len()
	total, err := e.mean(b, o, gradG, "input gradients", out, size, func(in engine.Batch, l engine.Loss, from, to int) engine.Result {
		return e.machine.InputGrad(w, e.buffers, in, l, e.mode, out[from*size:to*size])
	})
	if err == nil {
		e.share(out, total.Examples, size)
	}
	return total, err
}

// share makes gradients of the mean over n examples of those of the means of the chunks; an example has per numbers.
func (e *evaluator) share(out []float32, n, per int) {
	if n <= e.BatchSize {
		return
	}
	for from := 0; from < n; from += e.BatchSize {
		to := min(from+e.BatchSize, n)
		share := float64(to-from) / float64(n)
		for i, v := range out[from*per : to*per] {
			out[from*per+i] = float32(float64(v) * share)
		}
	}
}

// OutputGrad stores the gradient of the mean loss by the outputs, one example after the other.
func (e *evaluator) OutputGrad(b Batch, w, out []float32, o Options) (Eval, error) {
	k := e.Net.Classes()
	total, err := e.mean(b, o, lossG, "gradients by outputs", out, k, func(in engine.Batch, l engine.Loss, from, to int) engine.Result {
		return e.machine.OutputGrad(w, e.buffers, in, l, e.mode, out[from*k:to*k])
	})
	if err == nil {
		e.share(out, total.Examples, k)
	}
	return total, err
}

// Activations stores what enters the activation function of a layer, one example after the other.
func (e *evaluator) Activations(b Batch, w, out []float32, layer int, o Options) (Eval, error) {
	size := e.Net.ActivationLen(layer)
	if size == 0 {
		return Eval{}, Errorf(BadRequest, "no layer with weights has the number %d", layer)
	}
	return e.mean(b, o, lossG, "activations", out, size, func(in engine.Batch, l engine.Loss, from, to int) engine.Result {
		e.machine.Activations(w, e.buffers, in, e.mode, layer, out[from*size:to*size])
		return engine.Result{Examples: in.Len()}
	})
}

// Inputs stores the inputs as the network sees them, one example after the other.
func (e *evaluator) Inputs(b Batch, out []float32, o Options) (Eval, error) {
	size := e.Net.Inputs().Len()
	return e.mean(b, o, 0, "inputs", out, size, func(in engine.Batch, _ engine.Loss, from, to int) engine.Result {
		copy(out[from*size:to*size], in.X)
		return engine.Result{Examples: in.Len()}
	})
}

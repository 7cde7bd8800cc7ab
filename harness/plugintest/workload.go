package plugintest

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// Quadratic is L(w) = ½ Σ h_i w_i², computed in float64 and rounded once. Every batch is the same and is one example; it
// has no outputs.
func Quadratic(h ...float64) oracle.Workload {
	f := Func(len(h), func(w []float64) (float64, []float64) {
		loss, grad := 0.0, make([]float64, len(h))
		for i, x := range w {
			loss += h[i] * x * x / 2
			grad[i] = h[i] * x
		}
		return loss, grad
	})
	return &quadratic{function: f.(*function), h: h}
}

type quadratic struct {
	*function
	h []float64
}

func (q *quadratic) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := q.Loss(b, w, o)
	for i, h := range q.h {
		out[i] = float32(h * float64(v[i]))
	}
	e.G = 2
	return e, err
}

// Func is a workload made of a loss and its gradient in float64, which must not keep w. Every batch is the same and is one
// example; it has no outputs and no second derivatives.
func Func(dim int, f func(w []float64) (loss float64, grad []float64)) oracle.Workload {
	return &function{f: f, w: make([]float64, dim)}
}

// Curved is Func with second derivatives: hessian returns the symmetric matrix of them.
func Curved(dim int, f func(w []float64) (loss float64, grad []float64), hessian func(w []float64) [][]float64) oracle.Workload {
	return &curved{function: Func(dim, f).(*function), hessian: hessian}
}

type curved struct {
	*function
	hessian func([]float64) [][]float64
}

func (q *curved) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := q.Loss(b, w, o)
	for i, row := range q.hessian(q.w) {
		out[i] = float32(dot(v, row))
	}
	e.G = 2
	return e, err
}

type function struct {
	f func([]float64) (float64, []float64)
	w []float64
}

func (q *function) Dim() int { return len(q.w) }

func (q *function) at(w []float32) (float64, []float64) {
	for i, x := range w {
		q.w[i] = float64(x)
	}
	return q.f(q.w)
}

func (q *function) Loss(_ oracle.Batch, w []float32, _ oracle.Options) (oracle.Eval, error) {
	loss, _ := q.at(w)
	return oracle.Eval{Loss: loss, Examples: 1, G: 1.0 / 3}, nil
}

func (q *function) Grad(_ oracle.Batch, w, out []float32, _ oracle.Options) (oracle.Eval, error) {
	loss, grad := q.at(w)
	for i, g := range grad {
		out[i] = float32(g)
	}
	return oracle.Eval{Loss: loss, Examples: 1, G: 1}, nil
}

func (q *function) Outputs(oracle.Batch, []float32, []float32, oracle.Options) (oracle.Eval, error) {
	return oracle.Eval{}, oracle.Errorf(oracle.Unsupported, "this problem has no outputs")
}

func (q *function) GradClipped(b oracle.Batch, w, out []float32, c oracle.Clip, _ oracle.Options) (oracle.Eval, error) {
	loss, grad := q.at(w)
	sum := make([]float64, len(grad))
	clipped(sum, grad, c, 0)
	for i, g := range sum {
		out[i] = float32(g)
	}
	return oracle.Eval{Loss: loss, Examples: 1, G: 1}, nil
}

func (q *function) GradSquared(_ oracle.Batch, w, out []float32, _ oracle.Options) (oracle.Eval, error) {
	loss, grad := q.at(w)
	for i, g := range grad {
		out[i] = float32(g * g)
	}
	return oracle.Eval{Loss: loss, Examples: 1, G: 1}, nil
}

// clipped adds g, clipped, to sum; it is the gradient of example i.
func clipped(sum, g []float64, c oracle.Clip, i int) {
	var square float64
	for _, v := range g {
		square += v * v
	}
	norm := math.Sqrt(square)
	if c.Norms != nil {
		c.Norms[i] = float32(norm)
	}
	scale := 1.0
	if !c.PerCoordinate && norm > c.Limit {
		scale = c.Limit / norm
	}
	for j, v := range g {
		if c.PerCoordinate {
			v = math.Max(-c.Limit, math.Min(v, c.Limit))
		}
		sum[j] += scale * v
	}
}

// Logistic is binary logistic regression without a bias, L(w) = mean log(1 + exp(-y_i w·x_i)) over labels y_i of ±1,
// computed in float64. The streams train and probe cut the examples into batches of size batch, in order and over
// again; full has them all. An example's outputs are the two logits (0, w·x) of the classes -1 and +1, and normalised
// logits are centred and scaled to norm 1.
func Logistic(x [][]float64, y []int, batch int) oracle.Workload {
	if len(x) == 0 || len(x) != len(y) || batch < 1 || len(x)%batch != 0 {
		panic("plugintest: Logistic needs as many labels as examples, and a whole number of batches")
	}
	return &logistic{x: x, y: y, batch: batch}
}

// Regression is least squares, L(w) = mean ½(w·x_i − y_i)², otherwise as Logistic. An example's output is w·x.
func Regression(x [][]float64, y []float64, batch int) oracle.Workload {
	if len(x) == 0 || len(x) != len(y) || batch < 1 || len(x)%batch != 0 {
		panic("plugintest: Regression needs as many targets as examples, and a whole number of batches")
	}
	return &logistic{x: x, target: y, y: make([]int, len(x)), batch: batch}
}

type logistic struct {
	x      [][]float64
	y      []int
	target []float64 // of Regression; nil: it is Logistic
	batch  int
}

// outputs are the numbers that stand for w·x = z.
func (l *logistic) outputs(z float64) []float32 {
	if l.target != nil {
		return []float32{float32(z)}
	}
	return []float32{0, float32(z)}
}

func (l *logistic) Dim() int { return len(l.x[0]) }

// pick returns the examples a batch names.
func (l *logistic) pick(b oracle.Batch) ([]int, error) {
	var all []int
	switch b.Stream {
	case oracle.Full:
		all = span(0, len(l.x))
	case oracle.Train, oracle.Probe:
		from := int(b.Index%uint64(len(l.x)/l.batch)) * l.batch
		all = span(from, from+l.batch)
	case oracle.Poisson:
		r := rng.New(1, "poisson", b.Index)
		for i := range l.x {
			if r.Float64() < b.Rate {
				all = append(all, i)
			}
		}
	default:
		return nil, oracle.Errorf(oracle.BadRequest, "batch stream %q", b.Stream)
	}
	var some []int
	switch b.Part {
	case oracle.All:
		return all, nil
	case oracle.Range:
		if b.From > b.To || int(b.To) > len(all) {
			return nil, oracle.Errorf(oracle.BadRequest, "range %d to %d of a batch of %d examples", b.From, b.To, len(all))
		}
		some = all[b.From:b.To]
	case oracle.Example:
		if int(b.Number) < len(all) {
			some = all[b.Number : b.Number+1]
		}
	case oracle.Class:
		for _, i := range all {
			if (l.y[i]+1)/2 == int(b.Number) {
				some = append(some, i)
			}
		}
	}
	if len(some) == 0 {
		return nil, oracle.Errorf(oracle.BadRequest, "the %s of the batch is empty", b.Part)
	}
	return some, nil
}

func span(from, to int) []int {
	s := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

func dot(w []float32, x []float64) (z float64) {
	for i, v := range x {
		z += float64(w[i]) * v
	}
	return z
}

// margin is the difference of the two logits as they enter the loss, and its derivative by z.
func margin(z float64, o oracle.Options) (m, dm float64) {
	if !o.NormalizeLogits {
		return z, 1
	}
	// (0, z) centred is (-z/2, z/2), of norm |z|/√2: the difference becomes ±√2, whatever z is.
	if n := math.Abs(z) / math.Sqrt2; n > 1e-10 {
		return z / n, 0
	}
	return z / 1e-10, 1e10
}

// example is what the loss is made of: an example's inputs, the first and second derivative of its loss by w·x, and its
// number in the batch.
type example struct {
	x            []float64
	loss         float64
	slope, curve float64
	i            int
}

func (l *logistic) each(b oracle.Batch, w []float32, o oracle.Options, f func(example)) (oracle.Eval, error) {
	examples, err := l.pick(b)
	if err != nil {
		return oracle.Eval{}, err
	}
	e := oracle.Eval{Examples: len(examples)}
	x := make([]float64, l.Dim())
	for n, i := range examples {
		copy(x, l.x[i])
		if o.Delta != nil {
			for j := range x {
				x[j] += float64(o.Delta[n*len(x)+j])
			}
		}
		z := dot(w, x)
		if l.target != nil {
			r := z - l.target[i]
			e.Loss += r * r / 2
			if o.Each != nil {
				o.Each[n] = float32(r * r / 2)
			}
			if f != nil {
				f(example{x: x, loss: r * r / 2, slope: r, curve: 1, i: n})
			}
			continue
		}
		m, dm := margin(z, o)
		y := float64(l.y[i])
		// log(1+exp(-ym)) without overflow
		loss := math.Max(-y*m, 0) + math.Log1p(math.Exp(-math.Abs(m)))
		e.Loss += loss
		if y*z <= 0 {
			e.Errors++
		}
		if o.Each != nil {
			o.Each[n] = float32(loss)
		}
		if f != nil {
			p := 1 / (1 + math.Exp(y*m)) // the probability of the other class
			f(example{x: x, loss: loss, slope: -y * dm * p, curve: dm * dm * p * (1 - p), i: n})
		}
	}
	if e.Examples > 0 {
		e.Loss /= float64(e.Examples)
	}
	e.G = float64(e.Examples) / float64(l.batch)
	return e, nil
}

// sum stores what f adds up, divided by the number of examples where mean is set.
func (l *logistic) sum(b oracle.Batch, w, out []float32, o oracle.Options, mean bool, f func(sum []float64, x example)) (oracle.Eval, error) {
	g := make([]float64, l.Dim())
	e, err := l.each(b, w, o, func(x example) { f(g, x) })
	if err != nil {
		return e, err
	}
	over := 1.0
	if mean {
		over = float64(e.Examples)
	}
	for i := range g {
		out[i] = float32(g[i] / over)
	}
	return e, nil
}

func (l *logistic) Loss(b oracle.Batch, w []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := l.each(b, w, o, nil)
	e.G /= 3
	return e, err
}

func (l *logistic) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	return l.sum(b, w, out, o, true, func(sum []float64, e example) {
		for i, v := range e.x {
			sum[i] += e.slope * v
		}
	})
}

func (l *logistic) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := l.sum(b, w, out, o, true, func(sum []float64, e example) {
		along := dot(v, e.x)
		for i, x := range e.x {
			sum[i] += e.curve * along * x
		}
	})
	e.G *= 2
	return e, err
}

func (l *logistic) GradClipped(b oracle.Batch, w, out []float32, c oracle.Clip, o oracle.Options) (oracle.Eval, error) {
	g := make([]float64, l.Dim())
	return l.sum(b, w, out, o, false, func(sum []float64, e example) {
		for i, x := range e.x {
			g[i] = e.slope * x
		}
		clipped(sum, g, c, e.i)
	})
}

func (l *logistic) GradSquared(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	return l.sum(b, w, out, o, false, func(sum []float64, e example) {
		for i, x := range e.x {
			sum[i] += e.slope * x * e.slope * x
		}
	})
}

func (l *logistic) VJP(b oracle.Batch, w, cotangent, out []float32, o oracle.Options) (oracle.Eval, error) {
	return l.sum(b, w, out, o, false, func(sum []float64, e example) {
		k := len(l.outputs(0))
		for i, x := range e.x {
			sum[i] += float64(cotangent[k*e.i+k-1]) * x
		}
	})
}

func (l *logistic) InputGrad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	var slopes []float64
	e, err := l.each(b, w, o, func(e example) { slopes = append(slopes, e.slope) })
	for n, slope := range slopes {
		for j, v := range w {
			out[n*len(w)+j] = float32(slope * float64(v) / float64(len(slopes)))
		}
	}
	return e, err
}

func (l *logistic) OutputGrad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	examples, err := l.pick(b)
	if err != nil {
		return oracle.Eval{}, err
	}
	k := len(l.outputs(0))
	if n := k * len(examples); len(out) < n {
		return oracle.Eval{}, oracle.Errorf(oracle.BadSlot, "%d examples need %d elements, the slot has %d", len(examples), n, len(out))
	}
	e, err := l.each(b, w, o, func(e example) {
		slope := float32(e.slope / float64(len(examples)))
		out[k*e.i], out[k*e.i+k-1] = -slope, slope
	})
	e.G /= 3
	return e, err
}

// Inputs are the x.
func (l *logistic) Inputs(b oracle.Batch, out []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := l.each(b, make([]float32, l.Dim()), o, func(e example) {
		for j, v := range e.x {
			out[e.i*len(e.x)+j] = float32(v)
		}
	})
	e.Loss, e.Errors, e.G = 0, 0, 0
	return e, err
}

// Activations are w·x: there is one layer, and nothing behind it.
func (l *logistic) Activations(b oracle.Batch, w, out []float32, layer int, o oracle.Options) (oracle.Eval, error) {
	if layer != 0 {
		return oracle.Eval{}, oracle.Errorf(oracle.BadRequest, "layer %d: there is one, 0", layer)
	}
	e, err := l.each(b, w, o, func(e example) { out[e.i] = float32(dot(w, e.x)) })
	e.G /= 3
	return e, err
}

func (l *logistic) Outputs(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	examples, err := l.pick(b)
	if err != nil {
		return oracle.Eval{}, err
	}
	k := len(l.outputs(0))
	if n := k * len(examples); len(out) < n {
		return oracle.Eval{}, oracle.Errorf(oracle.BadSlot, "%d examples need %d elements, the slot has %d", len(examples), n, len(out))
	}
	e, err := l.each(b, w, o, func(e example) { copy(out[k*e.i:], l.outputs(dot(w, e.x))) })
	e.Loss, e.Errors, e.G = 0, 0, e.G/3
	return e, err
}

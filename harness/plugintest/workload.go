package plugintest

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/oracle"
)

// Quadratic is L(w) = ½ Σ h_i w_i², computed in float64 and rounded once. Every batch is the same; it has no outputs.
func Quadratic(h ...float64) oracle.Workload {
	return Func(len(h), func(w []float64) (float64, []float64) {
		loss, grad := 0.0, make([]float64, len(h))
		for i, x := range w {
			loss += h[i] * x * x / 2
			grad[i] = h[i] * x
		}
		return loss, grad
	})
}

// Func is a workload made of a loss and its gradient in float64, which must not keep w. Every batch is the same; it has no
// outputs.
func Func(dim int, f func(w []float64) (loss float64, grad []float64)) oracle.Workload {
	return &function{f: f, w: make([]float64, dim)}
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

type logistic struct {
	x     [][]float64
	y     []int
	batch int
}

func (l *logistic) Dim() int { return len(l.x[0]) }

// pick returns the range of examples a batch names.
func (l *logistic) pick(b oracle.Batch) (from, to int, err error) {
	switch b.Stream {
	case oracle.Full:
		from, to = 0, len(l.x)
	case oracle.Train, oracle.Probe:
		from = int(b.Index%uint64(len(l.x)/l.batch)) * l.batch
		to = from + l.batch
	default:
		return 0, 0, oracle.Errorf(oracle.BadRequest, "batch stream %q", b.Stream)
	}
	if b.From != b.To {
		if b.From > b.To || int(b.To) > to-from {
			return 0, 0, oracle.Errorf(oracle.BadRequest, "range %d to %d of a batch of %d examples", b.From, b.To, to-from)
		}
		from, to = from+int(b.From), from+int(b.To)
	}
	return from, to, nil
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

func (l *logistic) each(b oracle.Batch, w []float32, o oracle.Options, f func(x []float64, slope float64)) (oracle.Eval, error) {
	from, to, err := l.pick(b)
	if err != nil {
		return oracle.Eval{}, err
	}
	e := oracle.Eval{Examples: to - from}
	for i := from; i < to; i++ {
		z := dot(w, l.x[i])
		m, dm := margin(z, o)
		y := float64(l.y[i])
		// log(1+exp(-ym)) without overflow
		e.Loss += math.Max(-y*m, 0) + math.Log1p(math.Exp(-math.Abs(m)))
		if y*z <= 0 {
			e.Errors++
		}
		if f != nil {
			f(l.x[i], -y*dm/(1+math.Exp(y*m)))
		}
	}
	n := float64(e.Examples)
	e.Loss /= n
	e.G = n / float64(l.batch)
	return e, nil
}

func (l *logistic) Loss(b oracle.Batch, w []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := l.each(b, w, o, nil)
	e.G /= 3
	return e, err
}

func (l *logistic) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	g := make([]float64, l.Dim())
	e, err := l.each(b, w, o, func(x []float64, slope float64) {
		for i, v := range x {
			g[i] += slope * v
		}
	})
	if err != nil {
		return e, err
	}
	for i := range g {
		out[i] = float32(g[i] / float64(e.Examples))
	}
	return e, nil
}

func (l *logistic) Outputs(b oracle.Batch, w, out []float32, _ oracle.Options) (oracle.Eval, error) {
	from, to, err := l.pick(b)
	if err != nil {
		return oracle.Eval{}, err
	}
	if len(out) < 2*(to-from) {
		return oracle.Eval{}, oracle.Errorf(oracle.BadSlot, "%d examples need %d elements, the slot has %d", to-from, 2*(to-from), len(out))
	}
	for i := from; i < to; i++ {
		out[2*(i-from)], out[2*(i-from)+1] = 0, float32(dot(w, l.x[i]))
	}
	return oracle.Eval{Examples: to - from, G: float64(to-from) / float64(l.batch) / 3}, nil
}

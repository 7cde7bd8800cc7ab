package plugintest

import (
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// rectified is a network without biases whose units can be rescaled.
var rectified = model.Spec{Name: "twolayer", Width: []int{16}, Activation: "relu", Bias: new(false)}

// invariant tests the declared invariances that have a test here.
func (s *subject) invariant() error {
	tested := false
	for _, text := range s.info.Invariances {
		i := pluginhost.ParseInvariance(text)
		if !i.Tested() {
			continue
		}
		one, other, err := s.transformed(i)
		if err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
		for k, v := range one {
			u := other[k]
			if len(i.Values) > 0 && !slices.Contains(i.Values, v.Name) {
				continue
			}
			tested = tested || !v.Null
			if v.Null != u.Null {
				return fmt.Errorf("%s: %s is %+v before and %+v after", text, v.Name, v, u)
			}
			if math.Abs(u.Value-v.Value) > 1e-3*math.Abs(v.Value)+1e-9+4*math.Hypot(u.StdErr, v.StdErr) {
				return fmt.Errorf("%s: %s is %v before and %v after", text, v.Name, v.Value, u.Value)
			}
		}
	}
	if !tested {
		return skip(fmt.Sprintf("there is no test for %v", s.info.Invariances))
	}
	return nil
}

// transformed measures a problem and its transformation.
func (s *subject) transformed(i pluginhost.Invariance) (one, other []pluginhost.Value, err error) {
	spec := digitsSpec
	if slices.Contains([]string{pluginhost.NodewiseRescaling, pluginhost.LayerwiseRescaling, pluginhost.ElementwiseRescaling}, i.Kind) {
		spec = rectified
	}
	p, w, err := digitsNet(spec, 1)
	if err != nil {
		return nil, nil, err
	}
	inner, err := oracle.NewMeasuring(p, nil)
	if err != nil {
		return nil, nil, err
	}
	// Two steps of gradient descent: at its initialisation a network may be symmetric in ways that hide a dependence.
	g, init, update := make([]float32, len(w)), slices.Clone(w), make([]float32, len(w))
	for range 2 {
		if _, err := inner.Grad(oracle.Batch{Stream: oracle.Full}, w, g, oracle.Options{}); err != nil {
			return nil, nil, err
		}
		for j := range w {
			update[j] = -0.5 * g[j]
			w[j] += update[j]
		}
	}
	measure := func(task oracle.Workload, at, init, update []float32) ([]pluginhost.Value, error) {
		problem := pluginhost.ProblemOf(p.Net)
		problem.Examples, problem.BatchSize, problem.Steps = digitsExamples, digitsBatch, 100
		problem.ProbeBatches, problem.ProbeBatchSize = inner.ProbeBatches(), digitsBatch
		peers, err := s.peers()
		if err != nil {
			return nil, err
		}
		process, err := s.launch(pluginhost.LaunchOptions{})
		if err != nil {
			return nil, err
		}
		defer process.Stop()
		m, err := process.Measure(s.ctx, pluginhost.MeasureSession{
			RunID: "conformance", Seed: 1, At: at, Init: init, Update: update, Params: i.Params, Problem: problem, Peers: peers,
			Oracle: oracle.New(task, 1), Training: &pluginhost.Training{Optimizer: "sgd", Params: map[string]any{"lr": 0.5}, LRScale: 1},
		})
		return m.Values, err
	}
	if one, err = measure(inner, w, init, update); err != nil {
		return nil, nil, err
	}
	var task oracle.Workload = inner
	move := func(x []float32) []float32 { return slices.Clone(x) }
	switch i.Kind {
	case pluginhost.ElementwiseRescaling:
		// Powers of two: the function is the same bit for bit.
		a := make([]float32, len(w))
		for j := range a {
			a[j] = []float32{4, 0.5, 2, 1}[j%4]
		}
		inverse := func(dst, src []float32) {
			for j := range dst {
				dst[j] = src[j] / a[j]
			}
		}
		task = &moved{Measuring: inner, to: inverse, back: inverse}
		move = func(x []float32) []float32 {
			out := make([]float32, len(x))
			for j := range x {
				out[j] = a[j] * x[j]
			}
			return out
		}
	case pluginhost.LogitScale:
		tensors := p.Net.Layout()
		last := tensors[len(tensors)-1].Layer
		double := func(dst, src []float32) {
			copy(dst, src)
			for _, t := range tensors {
				if t.Layer == last {
					for j := range size(t) {
						dst[t.Offset+j] *= 2
					}
				}
			}
		}
		task = &moved{Measuring: inner, to: double, back: double}
	case pluginhost.NodewiseRescaling:
		move = func(x []float32) []float32 { return rescaled(p.Net.Layout(), x, 4, 0.5, 2, 1) }
	case pluginhost.LayerwiseRescaling:
		move = func(x []float32) []float32 { return rescaled(p.Net.Layout(), x, 4) }
	case pluginhost.OrthogonalBasis:
		task = &moved{Measuring: inner, to: turn(-1), back: turn(1)}
		move = func(x []float32) []float32 {
			out := make([]float32, len(x))
			turn(1)(out, x)
			return out
		}
	}
	other, err = measure(task, move(w), move(init), move(update))
	return one, other, err
}

// rescaled multiplies the first layer of a network of two by factors in turn, unit by unit, and divides the second.
func rescaled(tensors []engine.Tensor, x []float32, factors ...float32) []float32 {
	out := slices.Clone(x)
	factor := func(unit int) float32 { return factors[unit%len(factors)] }
	first, second := tensors[0], tensors[1]
	units := first.Shape[1]
	for j := range x[first.Offset:second.Offset] {
		out[first.Offset+j] *= factor(j % units)
	}
	for j := range x[second.Offset:] {
		out[second.Offset+j] /= factor(j / second.Shape[1])
	}
	return out
}

// size is the number of elements.
func size(t engine.Tensor) int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// turn rotates each pair of neighbouring coordinates, and then each pair of the neighbours' neighbours, by half a right
// angle and more; sign −1 is the way back.
func turn(sign float64) func(dst, src []float32) {
	pairs := func(x []float32, first, step int, sin, cos float64) {
		for j := first; j+step < len(x); j += 2 * step {
			a, b := float64(x[j]), float64(x[j+step])
			x[j], x[j+step] = float32(cos*a-sin*b), float32(sin*a+cos*b)
		}
	}
	rounds := [][2]int{{0, 1}, {1, 1}, {2, 3}, {0, 7}}
	return func(dst, src []float32) {
		copy(dst, src)
		for k := range rounds {
			r := rounds[k]
			if sign < 0 {
				r = rounds[len(rounds)-1-k]
			}
			sin, cos := math.Sincos(0.9)
			pairs(dst, r[0], r[1], sign*sin, cos)
		}
	}
}

// moved is a workload in other coordinates: its loss at v is that of the inner one at to(v), which is linear, and back is
// the transpose of to.
type moved struct {
	*oracle.Measuring
	to, back func(dst, src []float32)
	at, dir  []float32
}

// point is to(v).
func (m *moved) point(v []float32) []float32 {
	if m.at == nil {
		m.at, m.dir = make([]float32, len(v)), make([]float32, len(v))
	}
	m.to(m.at, v)
	return m.at
}

// pull applies the transpose to out.
func (m *moved) pull(e oracle.Eval, err error, out []float32) (oracle.Eval, error) {
	copy(m.dir, out)
	m.back(out, m.dir)
	return e, err
}

func (m *moved) Loss(b oracle.Batch, w []float32, o oracle.Options) (oracle.Eval, error) {
	return m.Measuring.Loss(b, m.point(w), o)
}

func (m *moved) Outputs(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	return m.Measuring.Outputs(b, m.point(w), out, o)
}

func (m *moved) InputGrad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	return m.Measuring.InputGrad(b, m.point(w), out, o)
}

func (m *moved) Activations(b oracle.Batch, w, out []float32, layer int, o oracle.Options) (oracle.Eval, error) {
	return m.Measuring.Activations(b, m.point(w), out, layer, o)
}

func (m *moved) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := m.Measuring.Grad(b, m.point(w), out, o)
	return m.pull(e, err, out)
}

func (m *moved) VJP(b oracle.Batch, w, c, out []float32, o oracle.Options) (oracle.Eval, error) {
	e, err := m.Measuring.VJP(b, m.point(w), c, out, o)
	return m.pull(e, err, out)
}

func (m *moved) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	at := m.point(w)
	m.to(m.dir, v)
	e, err := m.Measuring.HVP(b, at, m.dir, out, o)
	return m.pull(e, err, out)
}

// Can refuses what single examples' gradients would need: their squares do not move with the coordinates.
func (m *moved) Can(op string) error {
	if op == "grad_clipped" || op == "grad_squared" {
		return fmt.Errorf("the test of invariances does not answer %s", op)
	}
	return nil
}

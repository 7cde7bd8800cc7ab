package plugintest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// The problems of the conformance checks: a small net on real digits that answers every op, and quadratics.

const (
	digitsExamples = 96
	digitsBatch    = 32
)

// digitsSpec is a net with one hidden layer, group normalisation so that examples have gradients of their own, and fewer
// than 10⁴ parameters.
var digitsSpec = model.Spec{Name: "mlp", Width: []int{16}, Norm: "group", Activation: "tanh"}

func digitsProblem(seed uint64) (oracle.Problem, []float32, error) {
	return digitsNet(digitsSpec, seed)
}

func digitsNet(spec model.Spec, seed uint64) (oracle.Problem, []float32, error) {
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		return oracle.Problem{}, nil, err
	}
	d, err := dataset.Load("digits")
	if err != nil {
		return oracle.Problem{}, nil, err
	}
	idx := make([]int, digitsExamples)
	for i := range idx {
		idx[i] = i
	}
	w := make([]float32, net.Dim())
	model.Init(spec, net, seed, w)
	return oracle.Problem{
		Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: idx, BatchSize: digitsBatch, Nominal: digitsBatch, Seed: seed,
	}, w, nil
}

// digits is a training on the small net with the plugin's defaults.
func (s *subject) digits(steps int) (OptimizeCase, error) {
	p, w, err := digitsProblem(1)
	if err != nil {
		return OptimizeCase{}, err
	}
	return OptimizeCase{
		Workload: training(p), Init: w, Steps: steps, Seed: p.Seed, Tensors: p.Net.Layout(), Classes: 10,
		StepsPerEpoch: digitsExamples / digitsBatch, Examples: digitsExamples, BatchSize: digitsBatch,
		InputLen: p.Net.Inputs().Len(),
	}, nil
}

// training has an auxiliary objective, for the plugins that need one: the loss on a second half of as many digits.
func training(p oracle.Problem) oracle.Workload {
	p.Auxiliary = oracle.Auxiliary{Kind: oracle.AuxiliaryExamples}
	for _, i := range p.Examples {
		p.Auxiliary.Examples = append(p.Auxiliary.Examples, i+len(p.Examples))
	}
	return oracle.NewTraining(p)
}

// quadratic is a training on ½ Σ h w² that starts at w = 1, ½, 1, ½, …
func (s *subject) quadratic(dim, steps int) (OptimizeCase, error) {
	h, w := make([]float64, dim), make([]float32, dim)
	for i := range h {
		h[i] = 1 / (1 + float64(i%7)/2)
		w[i] = 1 - float32(i%2)/2
	}
	q := Quadratic(h...)
	if err := s.can(q); err != nil {
		return OptimizeCase{}, err
	}
	c := OptimizeCase{
		Workload: q, Init: w, Steps: steps, Seed: 1, StepsPerEpoch: 1, Examples: 1, BatchSize: 1,
		Tensors: []engine.Tensor{{Name: "w", Kind: engine.Weight, Shape: []int{1, dim}, FanIn: 1, Prunable: true}},
	}
	return c, s.accepts(c)
}

// can skips a check whose workload lacks what the plugin needs.
func (s *subject) can(w oracle.Workload) error {
	o := oracle.New(w, 1)
	for _, op := range s.info.Needs {
		if o.Can(op) != nil || op == "outputs" {
			return skip("the plugin needs " + op + ", which the quadratic of this check does not answer")
		}
	}
	return nil
}

// accepts skips a check whose problem the plugin, for a good reason that it gives, does not train with its defaults.
func (s *subject) accepts(c OptimizeCase) error {
	d, _, err := s.ask(c.session(nil, nil).Problem, nil)
	if err == nil && len(d) > 0 {
		err = skip(fmt.Sprintf("the plugin refuses the quadratic of this check: %s", d[0].Message))
	}
	return err
}

// measurement is a measurement on the small net with the plugin's defaults.
func (s *subject) measurement(seed uint64) (pluginhost.MeasureSession, error) {
	p, w, err := digitsProblem(1)
	if err != nil {
		return pluginhost.MeasureSession{}, err
	}
	m, err := oracle.NewMeasuring(p, nil)
	if err != nil {
		return pluginhost.MeasureSession{}, err
	}
	update := make([]float32, len(w))
	for i := range update {
		update[i] = 1e-3 * float32(1+i%3)
	}
	problem := pluginhost.ProblemOf(p.Net)
	problem.Examples, problem.BatchSize, problem.Steps = digitsExamples, digitsBatch, 100
	problem.ProbeBatches, problem.ProbeBatchSize = m.ProbeBatches(), digitsBatch
	peers, err := s.peers()
	if err != nil {
		return pluginhost.MeasureSession{}, err
	}
	return pluginhost.MeasureSession{
		RunID: "conformance", Seed: seed, At: w, Init: slices.Clone(w), Update: update, Oracle: oracle.New(m, seed), Peers: peers,
		Problem: problem,
	}, nil
}

// peers are two networks of the kind that the metric wants to see beside its own: of other seeds, of other widths, or
// another point.
func (s *subject) peers() ([]pluginhost.Peer, error) {
	var out []pluginhost.Peer
	for k := range min(2, s.info.Peers.Max) {
		spec, seed, step := digitsSpec, uint64(1), 100
		switch s.info.Peers.Kind {
		case pluginhost.PeerSeeds:
			seed += uint64(k) + 1
		case pluginhost.PeerWidths:
			spec.Width = []int{16 << (k + 1)}
		case pluginhost.PeerMoments:
			step = 50 - k
		}
		p, w, err := digitsNet(spec, seed)
		if err != nil {
			return nil, err
		}
		m, err := oracle.NewMeasuring(p, nil)
		if err != nil {
			return nil, err
		}
		update := make([]float32, len(w))
		for i := range update {
			update[i] = 1e-3 * float32(1+(i+k)%3)
			if s.info.Peers.Kind == pluginhost.PeerMoments {
				w[i] -= float32(k+1) * update[i]
			}
		}
		problem := pluginhost.ProblemOf(p.Net)
		out = append(out, pluginhost.Peer{
			Dim: problem.Dim, Tensors: problem.Tensors, ActivationLen: problem.ActivationLen, Seed: seed, Step: uint64(step),
			Oracle: oracle.New(m, 1), At: w, Update: update,
		})
	}
	return out, nil
}

// wrapped lets a check see and replace the answers of a workload. It has all abilities of the one inside, which must be
// a *oracle.Training.
type wrapped struct {
	*oracle.Training
	before func() error // called before every evaluation; its error is the answer
}

// eval answers, or refuses. What a refusal leaves in out is what the host would: numbers that are not finite stay there.
func (w *wrapped) eval(out []float32, do func() (oracle.Eval, error)) (oracle.Eval, error) {
	err := w.before()
	if err == nil {
		return do()
	}
	var refused *oracle.Error
	if errors.As(err, &refused) && refused.Code == oracle.NonFinite {
		for i := range out {
			out[i] = float32(math.NaN())
		}
	}
	return oracle.Eval{Loss: math.NaN()}, err
}

func (w *wrapped) Loss(b oracle.Batch, at []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(nil, func() (oracle.Eval, error) { return w.Training.Loss(b, at, o) })
}

func (w *wrapped) Grad(b oracle.Batch, at, out []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.Grad(b, at, out, o) })
}

func (w *wrapped) Outputs(b oracle.Batch, at, out []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.Outputs(b, at, out, o) })
}

func (w *wrapped) HVP(b oracle.Batch, at, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.HVP(b, at, v, out, o) })
}

func (w *wrapped) GradClipped(b oracle.Batch, at, out []float32, c oracle.Clip, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.GradClipped(b, at, out, c, o) })
}

func (w *wrapped) GradSquared(b oracle.Batch, at, out []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.GradSquared(b, at, out, o) })
}

func (w *wrapped) VJP(b oracle.Batch, at, c, out []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.VJP(b, at, c, out, o) })
}

func (w *wrapped) InputGrad(b oracle.Batch, at, out []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.InputGrad(b, at, out, o) })
}

func (w *wrapped) OutputGrad(b oracle.Batch, at, out []float32, o oracle.Options) (oracle.Eval, error) {
	return w.eval(out, func() (oracle.Eval, error) { return w.Training.OutputGrad(b, at, out, o) })
}

// disturbed is digits with something happening before every evaluation, which is told its number, from 1.
func (s *subject) disturbed(steps int, before func(n int) error) (OptimizeCase, error) {
	c, err := s.digits(steps)
	n := 0
	if err == nil {
		c.Workload = &wrapped{Training: c.Workload.(*oracle.Training), before: func() error { n++; return before(n) }}
	}
	return c, err
}

// Package proxskip trains with workers that communicate now and then. Worker i has a point x_i and a correction h_i, with
// x_i = w_0 and h_i = 0 at the start. In every step, with F_i the gradient of the worker's share of the minibatch and a coin θ_t that
// shows heads with probability p,
//
//	x̂_i = x_i − γ_t·(F_i(x_i) − h_i)
//	θ_t = 1:  x_i = mean_j (x̂_j − (γ_t/p)·h_j),   h_i += (p/γ_t)·(x_i − x̂_i)
//	θ_t = 0:  x_i = x̂_i
//
// The corrections take out the drift of the workers towards solutions of their own. With mode = local they stay 0: local
// gradient descent, on a game local gradient descent-ascent, which communicates on the same coins. γ_t is the learning rate times the host's
// schedule. What is committed is the mean of the x_i.
//
// With split = range the workers share the minibatch in equal parts, or all have the same one where it has fewer examples
// than there are workers; with split = domain worker i has domain i of the data, as in the problem game, whose gradient is the operator
// (∇ₓf, −∇ᵧf). The coin is Φ(z) < p, z standard normal, number t of the stream "proxskip".
package proxskip

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Values of the parameters mode and split.
const (
	ProxSkip = "proxskip"
	Local    = "local"

	Range  = "range"
	Domain = "domain"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "proxskip",
		Version: 2,
		Summary: "workers that communicate now and then, with corrections for their drift: ProxSkip-VIP, and local gradient descent-ascent",
		Rule: "x^_i = x_i - lr*(F_i(x_i) - h_i); with probability p: x_i = mean_j(x^_j - (lr/p)*h_j), h_i += (p/lr)*(x_i - x^_i); otherwise x_i = x^_i. " +
			"mode = local: h = 0",
		Citation: "Zhang, Choudhury, Stich & Loizou 2024, Communication-Efficient Gradient Descent-Accent Methods for Distributed Variational Inequalities: " +
			"Unified Analysis and Local Updates, arXiv:2306.05100; Mishchenko, Malinovsky, Stich & Richtárik 2022, ProxSkip, arXiv:2202.09357",
		Unverified: "The baseline local gradient descent-ascent of the paper communicates after a fixed number of steps; here it tosses the same coin as ProxSkip.",
		Watch: []string{
			"The theory's choice is lr = 1/L and p = √(lr·μ), L the cocoercivity and μ the strong monotonicity; tune local on its own grid, its theoretical steps are tiny.",
			"Count communications, p·steps, beside G: they are what the method saves.",
			"A worker's point and its correction are two vectors: memory grows with the number of workers.",
		},
		Params: []sdk.Param{
			sdk.Float("lr", 0.1, "step size of the workers").Min(0).Log(),
			sdk.Float("p", 0.2, "probability of communicating after a step").Above(0).Max(1).Log(),
			sdk.Int("workers", 2, "number of workers").Min(1).Max(256),
			sdk.Choice("split", Range, []string{Range, Domain}, "what a worker has: its part of the minibatch, or its domain of the data"),
			sdk.Choice("mode", ProxSkip, []string{ProxSkip, Local}, "with corrections for the workers' drift, or without"),
		},
		Cost:     1,
		CostNote: "1; workers where the minibatch has fewer examples than there are workers",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"workers": 1, "p": 1.0, "lr": 0.1}, Equals: "sgd"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpNormal, sdk.OpCommit},
		Resumable: true,
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(_ sdk.Problem, p sdk.Params) []sdk.Slot {
	slots := []sdk.Slot{{Name: "mean", Scratch: true}, {Name: "coin", Len: 1, Scratch: true}}
	for i := range p.Int("workers") {
		slots = append(slots, sdk.Slot{Name: fmt.Sprintf("x%d", i)})
		if p.String("mode") == ProxSkip {
			slots = append(slots, sdk.Slot{Name: fmt.Sprintf("h%d", i)})
		}
	}
	return slots
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, w, g := s.Params(), s.W(), s.Slot("grad")
	mean, coin := s.Slot("mean"), s.Slot("coin")
	n, chance := p.Int("workers"), p.Float("p")
	var x, h []sdk.Vec
	for i := range n {
		x = append(x, s.Slot(fmt.Sprintf("x%d", i)))
		if p.String("mode") == ProxSkip {
			h = append(h, s.Slot(fmt.Sprintf("h%d", i)))
		}
		if s.Step() == 0 {
			copy(x[i], w)
		}
	}
	for s.Next() {
		if err := s.Normal("proxskip", s.Step(), coin, 1); err != nil {
			return err
		}
		// A certain event stays certain, however the distribution function is rounded.
		meets := chance == 1 || math.Erfc(-float64(coin[0])/math.Sqrt2)/2 < chance
		gamma := p.Float("lr") * s.LRScale()
		for i := range x {
			if _, err := s.Grad(share(s, i, n), x[i], g); err != nil {
				return err
			}
			if h != nil {
				vec.Sub(g, g, h[i])
			}
			vec.Axpy(x[i], float32(-gamma), g)
		}
		if meets && gamma > 0 { // a step of rate 0 changes nothing
			meet(x, h, mean, g, gamma, chance)
		}
		average(w, x, g)
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// meet makes all points equal and corrects the workers' drift. scratch is overwritten.
func meet(x, h []sdk.Vec, mean, scratch sdk.Vec, gamma, chance float64) {
	average(mean, x, scratch)
	for i := range h {
		vec.Axpy(mean, float32(-gamma/chance/float64(len(x))), h[i])
	}
	for i := range x {
		if h != nil {
			vec.Sub(scratch, mean, x[i])
			vec.Axpy(h[i], float32(chance/gamma), scratch)
		}
		copy(x[i], mean)
	}
}

// average stores the mean of x in dst; that of equal vectors is the vector, to the bit. scratch is overwritten.
func average(dst sdk.Vec, x []sdk.Vec, scratch sdk.Vec) {
	copy(dst, x[0])
	for i, v := range x[1:] {
		vec.Sub(scratch, v, dst)
		vec.Axpy(dst, float32(1/float64(i+2)), scratch)
	}
}

// share names worker i's examples.
func share(s sdk.Session, i, n int) sdk.Batch {
	b := s.TrainBatch()
	if s.Params().String("split") == Domain {
		return b.Domain(i)
	}
	problem := s.Problem()
	size := problem.BatchSize
	if last := problem.Examples % max(1, problem.BatchSize); last != 0 && problem.StepsPerEpoch > 0 && int(b.Index)%problem.StepsPerEpoch == problem.StepsPerEpoch-1 {
		size = last // the last minibatch of an epoch
	}
	if n == 1 || size < n {
		return b
	}
	return b.Range(i*size/n, (i+1)*size/n)
}

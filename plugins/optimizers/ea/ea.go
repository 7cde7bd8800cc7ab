// Package ea is the (1,λ) and the (1+λ) evolutionary algorithm on strings of bits. Each step makes lambda children of the
// parent w, each bit of each child flipped with probability rate/n on its own, n the number of bits:
//
//	w_{t+1} = the child with the lowest loss                              comma
//	w_{t+1} = that child if its loss is not above the parent's, else w_t  plus
//
// Among children of the same loss the first wins. Comma forgets the parent whatever the children are, which lets it leave
// strings whose loss flatters them; plus keeps the parent's loss from the step in which it was found and never asks for
// it again. A parameter is a bit: flipping is 1 − w with the alphabet binary, −w with signs.
//
// Randomness is the host's: child j of step t takes its standard normal numbers from number t·lambda + j of the stream
// "ea", and bit i is flipped when number i lies below the quantile of rate/n.
package ea

import (
	"encoding/binary"
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Values of the parameters mode and alphabet.
const (
	Comma  = "comma"
	Plus   = "plus"
	Binary = "binary"
	Signs  = "signs"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

const lambdaDefault = 12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "ea",
		Version: 1,
		Summary: "evolutionary algorithms (1,λ) and (1+λ) on strings of bits",
		Rule: "lambda children, each bit flipped with probability rate/n; comma: the best child is the next parent; " +
			"plus: it is if its loss is not above the parent's",
		Citation: "Lengler, Schiller & Sieberling 2024, Plus Strategies are Exponentially Slower for Planted Optima of Random Height, arXiv:2404.09687",
		Unverified: "The mutation rate 1/n and ties going to the first child are the usual choices; the bound that the paper puts on lambda for comma, " +
			"(1+ε)·log(n)/log(e/(e−1)), is from memory and not enforced.",
		Watch: []string{
			"It searches strings of bits: on other workloads flipping means nothing.",
			"Comma needs lambda of at least about 2.2·ln(n), so that some child is a copy of the parent in most steps; below, it drifts away from good strings.",
			"With minibatches the parent's loss that plus keeps belongs to an earlier batch.",
		},
		Params: []sdk.Param{
			sdk.Choice("mode", Comma, []string{Comma, Plus}, "whether the parent is forgotten (1,λ) or competes with the children (1+λ)"),
			sdk.Int("lambda", lambdaDefault, "children of a step").Min(1).Max(1 << 20).Log(),
			sdk.Float("rate", 1, "expected number of flipped bits of a child; at most the number of bits").Above(0).Log(),
			sdk.Choice("alphabet", Binary, []string{Binary, Signs}, "what flipping does to a parameter: 1 − w or −w"),
		},
		Cost:      lambdaDefault / 3.0,
		CostNote:  "lambda/3, and 1/3 once with mode = plus",
		Needs:     []sdk.Op{sdk.OpLoss, sdk.OpNormal, sdk.OpCommit},
		Resumable: true,
		Check: func(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
			if p.Float("rate") > float64(problem.Dim) {
				return []sdk.Diagnostic{{Param: "rate", Message: "expected at most the number of parameters: no more bits can be flipped"}}
			}
			return nil
		},
	}
}

// Slots implements sdk.Optimizer.
func (Optimizer) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "child", Scratch: true}, {Name: "best", Scratch: true}, {Name: "noise", Scratch: true}}
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, w := s.Params(), s.W()
	child, best, noise := s.Slot("child"), s.Slot("best"), s.Slot("noise")
	lambda, plus, signs := p.Int("lambda"), p.String("mode") == Plus, p.String("alphabet") == Signs
	// A normal number lies below this with probability rate/n.
	threshold := float32(math.Sqrt2 * math.Erfinv(2*p.Float("rate")/float64(len(w))-1))
	parent := math.NaN()
	if blob := s.Blob(); len(blob) == 8 {
		parent = math.Float64frombits(binary.LittleEndian.Uint64(blob))
	} else if plus {
		var err error
		if parent, err = s.Loss(s.TrainBatch(), w); err != nil {
			return err
		}
	}
	for s.Next() {
		batch, lowest := s.TrainBatch(), math.Inf(1)
		for j := range lambda {
			if err := s.Normal("ea", s.Step()*uint64(lambda)+uint64(j), noise, 1); err != nil {
				return err
			}
			for i, x := range w {
				if noise[i] < threshold {
					if x = -x; !signs {
						x++
					}
				}
				child[i] = x
			}
			loss, err := s.Loss(batch, child)
			if err != nil {
				return err
			}
			if loss < lowest {
				lowest = loss
				copy(best, child)
			}
		}
		if !plus || lowest <= parent {
			copy(w, best)
			parent = lowest
		}
		if err := s.Commit(w, sdk.WithBlob(binary.LittleEndian.AppendUint64(nil, math.Float64bits(parent)))); err != nil {
			return err
		}
	}
	return nil
}

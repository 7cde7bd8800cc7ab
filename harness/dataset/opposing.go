package dataset

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// opposing is linear regression with one input that is large and says nothing: y = ⟨b, x⟩ with b on the unit sphere of the
// dim small inputs, and one more input of ±strength, its sign drawn on its own (Rosenfeld, Risteski, "Outliers with Opposing Signals
// Have an Outsized Effect on Neural Network Optimization", 2023). The two groups of its sign pull the weight on it in opposite
// directions; the curvature along it is strength² times the other layer's.
var opposing = &maker{
	name:    "opposing",
	terms:   About{Terms: "made by the program: " + "linear regression with one large input of random sign: two groups whose gradients cancel", Home: "docs/shifts.md"},
	numeric: true,
	options: append([]Option{
		{Name: "dim", Default: 20, Min: 1, Max: 1 << 14, Whole: true, Help: "number of inputs that the target depends on"},
		{Name: "strength", Default: 10, Min: 0, Max: 1e4, Help: "size of the further input"},
	}, sizeOptions(500, 1000)...),
	make: func(s Spec) (*Data, error) {
		o := options(s.Options)
		return &Data{Raw: true, Train: opposingPart(o, "train", o.int("examples")), Test: opposingPart(o, "test", o.int("test"))}, nil
	},
}

func opposingPart(o options, part string, n int) Images {
	d := o.int("dim")
	b := make([]float64, d)
	r, square := rng.New(uint64(o["draw"]), "opposing/weights", 0), 0.0
	for j := range b {
		b[j] = r.Norm()
		square += float64(b[j] * b[j])
	}
	x, y := make([]float32, n*(d+1)), make([]float32, n)
	for i := range n {
		r := rng.New(uint64(o["draw"]), "opposing/"+part, uint64(i))
		row := x[i*(d+1) : (i+1)*(d+1)]
		sum := 0.0
		for j := range d {
			row[j] = float32(r.Norm())
			sum += float64(b[j] * float64(row[j]))
		}
		row[d] = float32(o["strength"])
		if r.IntN(2) == 1 {
			row[d] = -row[d]
		}
		y[i] = float32(sum / math.Sqrt(square))
	}
	return numbers(1, 1, d+1, 1, x, y)
}

package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/harness/vec"
)

// The numbers of the steps. Vectors that are updated many times stay of ordinary size.
const (
	rate     = 1e-3
	momentum = 0.9
	l2       = 5e-4
	beta1    = 0.9
	beta2    = 0.999
	eps      = 1e-8
	steps    = 10 // Adam's, including this one
	rho      = 0.05
	tiny     = 1e-12
)

// updates prepares the arithmetic of optimizers on vectors of random numbers.
func (b *bench) updates(o options) error {
	for name, x := range map[string]float64{
		"rate": rate, "momentum": momentum, "l2": l2, "beta1": beta1, "beta2": beta2, "eps": eps, "steps": steps, "rho": rho,
	} {
		b.Options[name] = x
	}
	random := func(name string) []float32 {
		x := make([]float32, o.elements)
		rng.Normal(x, o.seed, "benchmark/"+name, 0, 1)
		b.vectors[name] = slices.Clone(x)
		return x
	}
	w, g, h, m, v := random("w"), random("g"), random("h"), random("m"), random("v")
	vec.Abs(v, v)
	copy(b.vectors["v"], v)
	point := make([]float32, o.elements)
	step := vec.SGDStep{Rate: rate, Momentum: momentum, L2: l2}

	for _, name := range o.work {
		var results map[string][]float32
		switch name {
		case "momentum":
			b.work[name] = func() { vec.Momentum(w, m, g, step) }
			results = map[string][]float32{"w": w, "m": m}
		case "adam":
			b.work[name] = func() { vec.Adam(w, m, v, g, g, vec.NewAdamStep(rate, beta1, beta2, eps, steps)) }
			results = map[string][]float32{"w": w, "m": m, "v": v}
		case "sam":
			// g is the gradient at w, h the one at the point that is rho away.
			b.work[name] = func() {
				scale := rho / (math.Sqrt(vec.Dot(g, g)) + tiny)
				vec.AddScaled(point, w, float32(scale), g)
				vec.Momentum(w, m, h, step)
			}
			results = map[string][]float32{"w": w, "m": m, "point": point}
		default:
			return fmt.Errorf("unknown work %q", name)
		}
		b.work[name]()
		for result, x := range results {
			b.vectors[name+"."+result] = slices.Clone(x)
		}
		for x, from := range map[string][]float32{"w": w, "m": m, "v": v} {
			copy(from, b.vectors[x])
		}
	}
	return nil
}

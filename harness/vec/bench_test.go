package vec

import (
	"fmt"
	"testing"
)

// The three sizes are in the second-level cache, in the last-level cache and in memory on most machines.
func BenchmarkKernels(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000, 10_000_000} {
		w, g, m, v := normal(n, "w"), normal(n, "g"), normal(n, "m"), normal(n, "v")
		Abs(v, v)
		var sink float64
		adam := NewAdamStep(1e-6, 0.9, 0.999, 1e-8, 10)
		for _, k := range []struct {
			name    string
			vectors int // read or written
			run     func()
		}{
			{"Axpy", 3, func() { Axpy(w, 1e-6, g) }},
			{"AddScaled", 3, func() { AddScaled(m, w, 1e-6, g) }},
			{"Mul", 3, func() { Mul(m, w, g) }},
			{"Dot", 2, func() { sink += Dot(w, g) }},
			{"Norm2", 1, func() { sink += Norm2(w) }},
			{"NormInf", 1, func() { sink += float64(NormInf(w)) }},
			{"Sign", 2, func() { Sign(m, g) }},
			{"Clip", 2, func() { Clip(m, g, -1, 1) }},
			{"AbsTopKThreshold", 1, func() { sink += float64(AbsTopKThreshold(g, 0.1)) }},
			{"SGD/l2", 3, func() { SGD(w, g, SGDStep{Rate: 1e-6, L2: 1e-4}) }},
			{"Momentum", 5, func() { Momentum(w, m, g, SGDStep{Rate: 1e-6, Momentum: 0.9}) }},
			{"Momentum/nesterov", 5, func() { Momentum(w, m, g, SGDStep{Rate: 1e-6, Momentum: 0.9, Nesterov: true, L2: 1e-4}) }},
			{"Adam", 7, func() { Adam(w, m, v, g, g, adam) }},
		} {
			b.Run(fmt.Sprintf("%s/%d", k.name, n), func(b *testing.B) {
				b.SetBytes(int64(4 * n * k.vectors))
				for b.Loop() {
					k.run()
				}
			})
		}
		_ = sink
	}
}

package engine

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// BenchmarkStep times a gradient in mode Train, an evaluation, a Hessian-vector product and a sum of clipped gradients in
// mode Eval of a batch of 128. After the first call of each nothing is allocated.
func BenchmarkStep(b *testing.B) {
	image := Shape{32, 32, 3}
	for _, p := range []plan{
		{image, []int{16, 32, 64}, true, 0, 10, BatchNorm, ReLU},
		{image, []int{32, 64, 128}, true, 0, 10, BatchNorm, ReLU},
		{image, []int{16, 32, 64}, true, 0, 10, GroupNorm, ReLU},
		{image, []int{16, 32, 64}, true, 0, 10, GroupNorm, GELU},
		{Shape{28, 28, 1}, nil, false, 256, 10, NoNorm, ReLU},
		{image, nil, false, 256, 10, NoNorm, ReLU},
	} {
		const examples = 128
		n := p.build(b)
		w, buf, batch := example(n, examples, 1)
		grad := make([]float32, n.Dim())
		m := NewMachine(n, examples)
		run := func(name string, step func()) {
			b.Run(fmt.Sprintf("%s/%v", name, p), func(b *testing.B) {
				step()
				b.ReportAllocs()
				best := time.Duration(math.MaxInt64)
				for b.Loop() {
					start := time.Now()
					step()
					best = min(best, time.Since(start))
				}
				b.ReportMetric(best.Seconds()*1e3, "best-ms")
			})
		}
		run("gradient", func() { m.Grad(w, buf, batch, Loss{}, Train, true, grad) })
		run("evaluation", func() { m.Loss(w, buf, batch, Loss{}, Eval, nil) })
		product := make([]float32, n.Dim())
		run("product", func() { m.HVP(w, buf, batch, Loss{}, Eval, w, product) })
		run("clipped", func() { m.GradClipped(w, buf, batch, Loss{}, 1, false, nil, grad) })
	}
}

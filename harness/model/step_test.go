package model

import (
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// BenchmarkStep is one gradient of the default networks on a batch of 128 CIFAR images.
func BenchmarkStep(b *testing.B) {
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			in := engine.Shape{H: 32, W: 32, C: 3}
			n, err := New(Spec{Name: name}, in, 10)
			if err != nil {
				b.Fatal(err)
			}
			w, grad, buf := make([]float32, n.Dim()), make([]float32, n.Dim()), make([]float32, n.BufferDim())
			Init(Spec{Name: name}, n, 1, w)
			n.InitBuffers(buf)
			batch := engine.Batch{X: make([]float32, 128*in.Len()), Y: make([]int32, 128)}
			for i := range batch.X {
				batch.X[i] = float32(i*7919%1000)/500 - 1
			}
			for i := range batch.Y {
				batch.Y[i] = int32(i % 10)
			}
			m := engine.NewMachine(n, 128)
			m.Grad(w, buf, batch, engine.Loss{}, engine.Train, true, grad)
			b.ReportAllocs()
			for b.Loop() {
				m.Grad(w, buf, batch, engine.Loss{}, engine.Train, true, grad)
			}
		})
	}
}

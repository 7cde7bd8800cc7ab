// Command loading times what it costs to make the batches of a training, beside the gradients that are computed on them, and
// prints a Markdown table. Both run on one thread, in turns; the numbers are medians.
//
//	go run ./benchmarks/loading
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/rng"
)

func main() {
	rounds := flag.Int("rounds", 15, "turns of each")
	flag.Parse()
	if err := run(*rounds); err != nil {
		fmt.Fprintln(os.Stderr, "loading:", err)
		os.Exit(1)
	}
}

const batch = 128

func run(rounds int) error {
	const n = 50000
	// Images as large as CIFAR-10's, as many as it has, so that a batch comes from memory and not from a cache. What is on
	// them costs nothing.
	im := &dataset.Images{H: 32, W: 32, C: 3, Pixels: make([]uint8, n*3072), Labels: make([]uint8, n)}
	r := rng.New(1, "benchmark", 0)
	for i := range im.Pixels {
		im.Pixels[i] = uint8(r.Uint64())
	}
	for i := range im.Labels {
		im.Labels[i] = uint8(i % 10)
	}
	spec := model.Spec{Name: "cnn", Width: []int{16, 32, 64}, Norm: "batch"}
	spec.SetDefaults()
	net, err := model.New(spec, engine.Shape{H: 32, W: 32, C: 3}, 10)
	if err != nil {
		return err
	}
	w, g, buffers := make([]float32, net.Dim()), make([]float32, net.Dim()), make([]float32, net.BufferDim())
	model.Init(spec, net, 1, w)
	net.InitBuffers(buffers)
	machine := engine.NewMachine(net, batch)
	normalize := dataset.Normalizer{Mean: []float32{0.49, 0.48, 0.45}, Std: []float32{0.25, 0.24, 0.26}}
	order := dataset.NewOrder(1, n, batch)
	x, y := make([]float32, batch*3072), make([]int32, batch)
	step := uint64(0)
	load := func(augment string) time.Duration {
		begin := time.Now()
		epoch, idx := order.At(step)
		normalize.Fill(x, y, im, idx, dataset.Augment{Kind: augment, Seed: 1, Epoch: epoch})
		step++
		return time.Since(begin)
	}
	gradient := func() time.Duration {
		begin := time.Now()
		machine.Grad(w, buffers, engine.Batch{X: x, Y: y}, engine.Loss{}, engine.Train, true, g)
		return time.Since(begin)
	}
	fmt.Printf("| batch of %d images of 32×32×3 | loading ms | gradient ms | loading / gradient |\n|---|---:|---:|---:|\n", batch)
	for _, augment := range dataset.Augments() {
		load(augment)
		gradient()
		var loads, gradients []time.Duration
		for range rounds {
			loads = append(loads, load(augment))
			gradients = append(gradients, gradient())
		}
		a, b := median(loads), median(gradients)
		fmt.Printf("| %s, CNN 16-32-64 | %.3f | %.2f | %.2f %% |\n", augment, 1e3*a, 1e3*b, 100*a/b)
	}
	return nil
}

// median is in seconds.
func median(x []time.Duration) float64 {
	slices.Sort(x)
	return x[len(x)/2].Seconds()
}

package main

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// network prepares the work on a network and a batch of random images.
func (b *bench) network(o options) error {
	b.Input, b.Classes = []int{o.side, o.side, o.channels}, 10
	if err := json.Unmarshal([]byte(o.model), &b.Model); err != nil {
		return err
	}
	b.Model.SetDefaults()
	in := engine.Shape{H: o.side, W: o.side, C: o.channels}
	net, err := model.New(b.Model, in, b.Classes)
	if err != nil {
		return err
	}
	b.Layout = net.Layout()

	w, v, buf := make([]float32, net.Dim()), make([]float32, net.Dim()), make([]float32, net.BufferDim())
	model.Init(b.Model, net, o.seed, w)
	net.InitBuffers(buf)
	rng.Normal(v, o.seed, "benchmark/v", 0, 1)
	// Scales and shifts that are neither 1 nor 0, so that the comparison sees them.
	for i, t := range b.Layout {
		if t.Kind == engine.Weight {
			continue
		}
		r := rng.New(o.seed, "benchmark", uint64(i))
		for j := t.Offset; j < t.Offset+t.Len(); j++ {
			w[j] += float32(0.2 * r.Norm())
		}
	}
	batch := engine.Batch{X: make([]float32, o.batch*in.Len()), Y: make([]int32, o.batch)}
	rng.Normal(batch.X, o.seed, "benchmark/x", 0, 1)
	labels := rng.New(o.seed, "benchmark/y", 0)
	for i := range batch.Y {
		batch.Y[i] = int32(labels.IntN(b.Classes))
	}
	b.Labels = batch.Y

	m := engine.NewMachine(net, o.batch)
	grad := make([]float32, net.Dim())
	moving := slices.Clone(buf) // the statistics that training updates
	gradient := func() engine.Result {
		return m.Grad(w, moving, batch, engine.Loss{}, engine.Train, true, grad)
	}
	b.Results["gradient"] = map[string]float64{"loss": gradient().Loss}
	b.vectors["parameters"], b.vectors["x"], b.vectors["gradient"] = w, batch.X, slices.Clone(grad)
	// What evaluates has statistics from a few updates on this batch.
	for range 30 {
		gradient()
	}
	copy(buf, moving)
	b.vectors["statistics"], b.vectors["v"] = buf, v

	for _, name := range o.work {
		switch name {
		case "gradient":
			b.work[name] = func() { gradient() }
		case "loss":
			loss := func() engine.Result { return m.Loss(w, buf, batch, engine.Loss{}, engine.Eval, nil) }
			r := loss()
			b.Results[name] = map[string]float64{"loss": r.Loss, "errors": float64(r.Errors)}
			b.work[name] = func() { loss() }
		case "hvp", "hvps":
			// At points that alternate nothing can be kept from one product to the next.
			points := [][]float32{w}
			if name == "hvp" {
				other := slices.Clone(w)
				other[0]++
				points = append(points, other)
			}
			m, out, turn := engine.NewMachine(net, o.batch), make([]float32, net.Dim()), 0
			product := func() {
				m.HVP(points[turn%len(points)], buf, batch, engine.Loss{}, engine.Eval, v, out)
				turn++
			}
			product()
			b.vectors["hvp"] = slices.Clone(out)
			b.work[name] = product
		case "clipped":
			norms, out := make([]float32, o.batch), make([]float32, net.Dim())
			m.GradClipped(w, buf, batch, engine.Loss{}, math.Inf(1), false, norms, nil)
			sorted := slices.Sorted(slices.Values(norms))
			b.Clip = float64(sorted[len(sorted)/2])
			clipped := func() { m.GradClipped(w, buf, batch, engine.Loss{}, b.Clip, false, nil, out) }
			clipped()
			b.vectors[name] = slices.Clone(out)
			b.work[name] = clipped
		default:
			return fmt.Errorf("unknown work %q", name)
		}
	}
	return nil
}

// Command engine is the Go half of the benchmarks: it makes a network, a batch and their gradient from a seed, writes
// them for the other half to compare, and then times gradients on request.
//
// It writes raw little-endian float32 files to the folder given by -out (parameters.f32, x.f32, gradient.f32) and
// case.json, prints "ready", and answers each line "time N" on standard input by the nanoseconds of N gradients.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// description is what the other half needs to build the same network.
type description struct {
	Model   model.Spec      `json:"model"`
	Input   []int           `json:"input"` // height, width, channels
	Classes int             `json:"classes"`
	Layout  []engine.Tensor `json:"layout"`
	Steps   []engine.Step   `json:"steps"`
	Labels  []int32         `json:"labels"`
	Loss    float64         `json:"loss"`
	Errors  int             `json:"errors"`
	Flops   float64         `json:"flops"` // of the products of one gradient
	Version int             `json:"version"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run() error {
	spec := flag.String("model", `{"name":"cnn"}`, "the model table, as JSON")
	side := flag.Int("side", 32, "height and width of the images")
	channels := flag.Int("channels", 3, "channels of the images")
	batch := flag.Int("batch", 128, "examples")
	seed := flag.Uint64("seed", 1, "of parameters and batch")
	out := flag.String("out", "", "folder for the files")
	flag.Parse()

	d := description{Input: []int{*side, *side, *channels}, Classes: 10, Version: engine.Version}
	if err := json.Unmarshal([]byte(*spec), &d.Model); err != nil {
		return err
	}
	d.Model.SetDefaults()
	in := engine.Shape{H: *side, W: *side, C: *channels}
	net, err := model.New(d.Model, in, d.Classes)
	if err != nil {
		return err
	}
	d.Layout, d.Steps = net.Layout(), net.Steps()

	w, grad, buf := make([]float32, net.Dim()), make([]float32, net.Dim()), make([]float32, net.BufferDim())
	model.Init(d.Model, net, *seed, w)
	net.InitBuffers(buf)
	// Scales and shifts that are neither 1 nor 0, so that the comparison sees them.
	for i, t := range d.Layout {
		if t.Kind == engine.Weight {
			continue
		}
		r := rng.New(*seed, "benchmark", uint64(i))
		for j := t.Offset; j < t.Offset+t.Len(); j++ {
			w[j] += float32(0.2 * r.Norm())
		}
	}
	b := engine.Batch{X: make([]float32, *batch*in.Len()), Y: make([]int32, *batch)}
	rng.Normal(b.X, *seed, "benchmark/x", 0, 1)
	labels := rng.New(*seed, "benchmark/y", 0)
	for i := range b.Y {
		b.Y[i] = int32(labels.IntN(d.Classes))
	}
	d.Labels = b.Y
	d.Flops = float64(*batch) * flops(d.Steps)

	m := engine.NewMachine(net, *batch)
	step := func() engine.Result {
		return m.Grad(w, buf, b, engine.Loss{}, engine.Train, true, grad)
	}
	r := step()
	d.Loss, d.Errors = r.Loss, r.Errors

	for name, x := range map[string][]float32{"parameters": w, "x": b.X, "gradient": grad} {
		data := make([]byte, 0, 4*len(x))
		data, err := binary.Append(data, binary.LittleEndian, x)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(*out, name+".f32"), data, 0o644); err != nil {
			return err
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(*out, "case.json"), text, 0o644); err != nil {
		return err
	}
	fmt.Println("ready")

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var n int
		if _, err := fmt.Sscanf(strings.TrimSpace(lines.Text()), "time %d", &n); err != nil {
			return fmt.Errorf("expected time N: %w", err)
		}
		start := time.Now()
		for range n {
			step()
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
	return lines.Err()
}

// flops counts two operations a multiplication for the products of forward and backward pass of one example. The first
// layer's input needs no gradient.
func flops(steps []engine.Step) float64 {
	var total float64
	passes := 2
	for _, s := range steps {
		switch s.Kind {
		case "conv":
			total += float64(2 * passes * s.Kernel * s.Kernel * s.In.C * s.Out.Len())
		case "linear":
			total += float64(2 * passes * s.In.Len() * s.Out.Len())
		default:
			continue
		}
		passes = 3
	}
	return total
}

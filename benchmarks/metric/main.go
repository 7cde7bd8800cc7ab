// Command metric is the Go half of the benchmark of sharpness metrics: it trains a small convolutional network for a few
// steps on images that it makes up, writes the network, its statistics and the images for the other half, and measures
// metrics on them on request.
//
// It writes raw little-endian float32 files and case.json to the folder given by -out, prints "ready", and answers each
// line "measure NAME PARAMS", with the parameters as JSON, by {"seconds": …, "values": {…}, "warnings": […]}.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

const (
	examples = 1024
	batch    = 128
	classes  = 10
	steps    = 100
	rate     = 0.05
	seed     = 1
)

// description is what the other half needs to build the same.
type description struct {
	ISA     string          `json:"isa"`
	Model   model.Spec      `json:"model"`
	Input   []int           `json:"input"`
	Classes int             `json:"classes"`
	Batch   int             `json:"batch"`
	Layout  []engine.Tensor `json:"layout"`
	Labels  []int32         `json:"labels"`
}

func main() {
	out := flag.String("out", "", "folder for the files")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "metric:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	spec := model.Spec{Name: "cnn", Width: []int{16, 32, 64}, Norm: "batch"}
	spec.SetDefaults()
	images := patterns()
	net, err := model.New(spec, engine.Shape{H: images.H, W: images.W, C: images.C}, classes)
	if err != nil {
		return err
	}
	problem := oracle.Problem{
		Net: net, Images: images, Normalize: dataset.Normalizer{Mean: []float32{0.5, 0.5, 0.5}, Std: []float32{0.25, 0.25, 0.25}},
		Examples: order(images.Len()), BatchSize: batch, Nominal: batch, Seed: seed,
	}
	w, statistics, err := train(spec, problem)
	if err != nil {
		return err
	}
	task, err := oracle.NewMeasuring(problem, statistics)
	if err != nil {
		return err
	}
	if err := write(folder, description{
		ISA: engine.ISA(), Model: spec, Input: []int{images.H, images.W, images.C}, Classes: classes, Batch: batch, Layout: net.Layout(), Labels: labels(images),
	}, map[string][]float32{"parameters": w, "statistics": statistics, "x": inputs(problem)}); err != nil {
		return err
	}
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		answer, err := measure(lines.Text(), task, net, w)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

// patterns are images of ten kinds: a plane wave each, with a phase of its own, and noise.
func patterns() *dataset.Images {
	im := &dataset.Images{H: 32, W: 32, C: 3, Pixels: make([]uint8, examples*32*32*3), Labels: make([]uint8, examples)}
	for i := range examples {
		r := rng.New(seed, "benchmark/images", uint64(i))
		k := i % classes
		im.Labels[i] = uint8(k)
		shift := r.IntN(8)
		for p := range im.Image(i) {
			y, x, c := p/3/32, p/3%32, p%3
			wave := ((y*(k%4+1)+x*(k/4+1)+shift)/4 + c*(k%3)) % 4
			im.Image(i)[p] = uint8(min(max(90+25*wave+int(45*r.Norm()), 0), 255))
		}
	}
	return im
}

// train runs plain gradient descent on minibatches.
func train(spec model.Spec, problem oracle.Problem) (w, statistics []float32, err error) {
	task := oracle.NewTraining(problem)
	w, g := make([]float32, problem.Net.Dim()), make([]float32, problem.Net.Dim())
	model.Init(spec, problem.Net, seed, w)
	for k := range steps {
		if _, err := task.Grad(oracle.Batch{Stream: oracle.Train, Index: uint64(k)}, w, g, oracle.Options{}); err != nil {
			return nil, nil, err
		}
		for i := range w {
			w[i] -= rate * g[i]
		}
	}
	return w, append([]float32(nil), task.Buffers()...), nil
}

func measure(line string, task *oracle.Measuring, net *engine.Net, w []float32) (map[string]any, error) {
	var name string
	command, rest, _ := strings.Cut(line, " ")
	name, text, found := strings.Cut(rest, " ")
	if command != "measure" || !found {
		return nil, fmt.Errorf("expected measure NAME PARAMS, got %q", line)
	}
	var params map[string]any
	if err := json.Unmarshal([]byte(text), &params); err != nil {
		return nil, err
	}
	for key, v := range params {
		if x, ok := v.(float64); ok && x == math.Trunc(x) {
			params[key] = int(x) // which stands for a float where one is wanted
		}
	}
	plugin, ok := plugins.Lookup(name)
	if !ok {
		return nil, fmt.Errorf("there is no metric %q", name)
	}
	metric, ok := plugin.(sdk.Metric)
	if !ok {
		return nil, fmt.Errorf("%q is no metric", name)
	}
	start := time.Now()
	values, err := sdktest.Measure(metric, sdktest.Case{
		Workload: task, Params: params, Init: w, Seed: seed,
		Problem: sdk.Problem{
			Classes: classes, Examples: examples, BatchSize: batch, ProbeBatches: task.ProbeBatches(), ProbeBatchSize: batch,
		},
	})
	if err != nil {
		return nil, err
	}
	answer := map[string]any{"seconds": time.Since(start).Seconds()}
	numbers, warnings := map[string]float64{}, []string{}
	for _, v := range values {
		if !v.Null {
			numbers[v.Name] = v.Value
		}
		warnings = append(warnings, v.Warnings...)
	}
	answer["values"], answer["warnings"] = numbers, warnings
	return answer, nil
}

func order(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func labels(im *dataset.Images) []int32 {
	out := make([]int32, im.Len())
	for i, l := range im.Labels {
		out[i] = int32(l)
	}
	return out
}

// inputs are the images as the network sees them.
func inputs(p oracle.Problem) []float32 {
	out := make([]float32, len(p.Images.Pixels))
	for i, v := range p.Images.Pixels {
		c := i % p.Images.C
		out[i] = (float32(v)/255 - p.Normalize.Mean[c]) / p.Normalize.Std[c]
	}
	return out
}

func write(folder string, d description, vectors map[string][]float32) error {
	for name, x := range vectors {
		data, err := binary.Append(make([]byte, 0, 4*len(x)), binary.LittleEndian, x)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name+".f32"), data, 0o644); err != nil {
			return err
		}
	}
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "case.json"), text, 0o644)
}

// Command boundary measures what it costs that optimizers are processes of their own: the time of a step with a plugin in
// Go and in Python against that of the same optimizer called in this process, and against a process that is sent its
// vectors in messages instead of seeing them in shared memory.
//
// It prints the rows of a Markdown table. All ways train the same network on the same minibatches, in alternating rounds;
// numbers are medians over steps and rounds. What of a step is neither spent on gradients in the host nor on the update
// in the plugin is the rest. In this process that is the host's checks and its copy of the committed parameters; what a
// process adds to it is the boundary.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

const (
	seed = 1
	warm = 5 // steps that are not counted
)

// task is a network and how many steps a round takes.
type task struct {
	name  string
	spec  model.Spec
	side  int
	c     int
	batch int
	steps int
}

var tasks = []task{
	{"MLP 784-256-256-10", model.Spec{Name: "mlp", Width: []int{256, 256}}, 28, 1, 128, 300},
	{"CNN 32-64-128", model.Spec{Name: "cnn", Width: []int{32, 64, 128}, Norm: "batch"}, 32, 3, 96, 25},
}

// way is one side of the comparison.
type way struct {
	name string
	run  func(o options, t task, optimizer string) ([]step, error)
}

// step is the time of one step in seconds: all of it, the gradients, the optimizer's own computing, 0 where it does not
// tell, and the rest.
type step struct{ whole, gradients, update, rest float64 }

type options struct {
	python string // a Python that has the package sharpbench
	dir    string // with the Python plugins
	stream bool   // messages stay on the gRPC stream
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == pluginhost.TestServe {
		sdk.Serve(lookup(os.Args[2]))
		return
	}
	if len(os.Args) > 2 && os.Args[1] == serveMessages {
		if err := serve(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "boundary:", err)
			os.Exit(1)
		}
		return
	}
	var o options
	flag.StringVar(&o.python, "python", "", "a Python that has the package sharpbench")
	flag.StringVar(&o.dir, "plugins", "benchmarks/boundary", "folder with the Python plugins")
	rounds := flag.Int("rounds", 5, "alternating rounds")
	only := flag.String("only", "", "only networks whose names begin so")
	flag.Parse()
	if err := run(o, *only, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "boundary:", err)
		os.Exit(1)
	}
}

func run(o options, only string, rounds int) error {
	ways := []way{
		{"in this process", inProcess}, {"Go plugin", goPlugin}, {"Go plugin, gRPC only", onStream(goPlugin)},
		{"vectors in messages", messages},
	}
	if o.python != "" {
		ways = append(ways, way{"Python plugin", pythonPlugin}, way{"Python plugin, gRPC only", onStream(pythonPlugin)})
	}
	fmt.Println("| network | optimizer | way | step ms | gradients ms | update ms | rest ms | boundary ms | share of the step |")
	fmt.Println("|---|---|---|---:|---:|---:|---:|---:|---:|")
	for _, t := range tasks {
		if !strings.HasPrefix(t.name, only) {
			continue
		}
		for _, optimizer := range []string{"sgd", "sam"} {
			times := make([][]step, len(ways))
			for range rounds {
				for i, w := range ways {
					if w.name == "vectors in messages" && optimizer != "sgd" {
						continue
					}
					steps, err := w.run(o, t, optimizer)
					if err != nil {
						return fmt.Errorf("%s, %s, %s: %w", t.name, optimizer, w.name, err)
					}
					times[i] = append(times[i], median(steps[warm:]))
				}
			}
			here := median(times[0])
			for i, w := range ways {
				if len(times[i]) == 0 {
					continue
				}
				m := median(times[i])
				// The process that is sent vectors does not tell of its update.
				if m.update == 0 {
					m.update, m.rest = here.update, m.rest-here.update
				}
				cells := " | "
				if i > 0 {
					boundary := m.rest - here.rest
					cells = fmt.Sprintf("%.3f | %.2f %%", 1e3*boundary, 100*boundary/m.whole)
				}
				fmt.Printf("| %s | %s | %s | %.3f | %.3f | %.3f | %.3f | %s |\n", t.name, optimizer, w.name,
					1e3*m.whole, 1e3*m.gradients, 1e3*m.update, 1e3*m.rest, cells)
			}
		}
	}
	return nil
}

// median is taken of each part on its own.
func median(s []step) step {
	of := func(part func(step) float64) float64 {
		x := make([]float64, len(s))
		for i, v := range s {
			x[i] = part(v)
		}
		slices.Sort(x)
		return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
	}
	return step{
		whole:     of(func(v step) float64 { return v.whole }),
		gradients: of(func(v step) float64 { return v.gradients }),
		update:    of(func(v step) float64 { return v.update }),
		rest:      of(func(v step) float64 { return v.rest }),
	}
}

// prepare builds the network and its training on random images.
func prepare(t task) (*engine.Net, *oracle.Training, []float32, error) {
	t.spec.SetDefaults()
	net, err := model.New(t.spec, engine.Shape{H: t.side, W: t.side, C: t.c}, 10)
	if err != nil {
		return nil, nil, nil, err
	}
	n := 4 * t.batch
	images := &dataset.Images{H: t.side, W: t.side, C: t.c, Pixels: make([]uint8, n*t.side*t.side*t.c), Labels: make([]uint8, n)}
	r := rng.New(seed, "boundary", 0)
	for i := range images.Pixels {
		images.Pixels[i] = uint8(r.Uint64())
	}
	examples := make([]int, n)
	for i := range examples {
		images.Labels[i], examples[i] = uint8(r.IntN(10)), i
	}
	normal := dataset.Normalizer{Mean: make([]float32, t.c), Std: make([]float32, t.c)}
	for i := range t.c {
		normal.Mean[i], normal.Std[i] = 0.5, 0.3
	}
	w := make([]float32, net.Dim())
	model.Init(t.spec, net, seed, w)
	return net, oracle.NewTraining(oracle.Problem{
		Net: net, Images: images, Normalize: normal, Examples: examples, BatchSize: t.batch, Nominal: t.batch, Seed: seed,
	}), w, nil
}

var params = map[string]map[string]any{
	"sgd": {"lr": 1e-3, "momentum": 0.9},
	"sam": {"lr": 1e-3, "momentum": 0.9, "rho": 0.05},
}

// clock turns moments of a training into steps.
type clock struct {
	last  time.Time
	spent float64
	steps []step
}

// tick ends a step; spent is the time of all gradients so far.
func (c *clock) tick(spent, update float64) {
	now := time.Now()
	if !c.last.IsZero() {
		whole, gradients := now.Sub(c.last).Seconds(), spent-c.spent
		c.steps = append(c.steps, step{whole, gradients, update, whole - gradients - update})
	}
	c.last, c.spent = now, spent
}

// timed sums up the time of a workload's gradients.
type timed struct {
	*oracle.Training
	seconds float64
}

func (w *timed) Grad(b oracle.Batch, at, out []float32, o oracle.Options) (oracle.Eval, error) {
	begin := time.Now()
	e, err := w.Training.Grad(b, at, out, o)
	w.seconds += time.Since(begin).Seconds()
	return e, err
}

func inProcess(_ options, t task, optimizer string) ([]step, error) {
	_, training, w, err := prepare(t)
	if err != nil {
		return nil, err
	}
	workload := &timed{Training: training}
	var update float64
	plugin := lookup(optimizer).(watched)
	plugin.told = func(seconds float64) { update = seconds }
	c := &clock{}
	// A run keeps the parameters of its last commits, wherever the optimizer is.
	var kept [2][]float32
	for i := range kept {
		kept[i] = make([]float32, len(w))
	}
	_, err = sdktest.Train(plugin, sdktest.Case{
		Workload: workload, Params: params[optimizer], Init: w, Steps: t.steps, Seed: seed,
		Problem: sdk.Problem{Examples: 4 * t.batch, BatchSize: t.batch, StepsPerEpoch: 4},
		OnCommit: func(w []float32) {
			kept[0], kept[1] = kept[1], kept[0]
			copy(kept[0], w)
			c.tick(workload.seconds, update)
		},
	})
	return c.steps, err
}

// onStream turns the direct socket off.
func onStream(run func(options, task, string) ([]step, error)) func(options, task, string) ([]step, error) {
	return func(o options, t task, optimizer string) ([]step, error) {
		o.stream = true
		return run(o, t, optimizer)
	}
}

func goPlugin(o options, t task, optimizer string) ([]step, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return process(o, pluginhost.Program{Command: []string{exe, pluginhost.TestServe, optimizer}}, t, params[optimizer])
}

func pythonPlugin(o options, t task, optimizer string) ([]step, error) {
	file, err := filepath.Abs(filepath.Join(o.dir, optimizer+".py"))
	if err != nil {
		return nil, err
	}
	python, err := exec.LookPath(o.python)
	if err != nil {
		return nil, err
	}
	if python, err = filepath.Abs(python); err != nil {
		return nil, err
	}
	return process(o, pluginhost.Program{Command: []string{python, file}, MTLS: true}, t, params[optimizer])
}

func process(o options, program pluginhost.Program, t task, params map[string]any) ([]step, error) {
	net, training, w, err := prepare(t)
	if err != nil {
		return nil, err
	}
	workload := &timed{Training: training}
	var said strings.Builder
	ctx := context.Background()
	x, err := pluginhost.Launch(ctx, program, pluginhost.LaunchOptions{Log: &said, StreamOnly: o.stream})
	if err != nil {
		return nil, err
	}
	defer x.Stop()
	problem := pluginhost.ProblemOf(net)
	problem.Examples, problem.BatchSize, problem.Steps, problem.StepsPerEpoch = 4*t.batch, t.batch, t.steps, 4
	c := &clock{}
	out, err := x.Optimize(ctx, pluginhost.OptimizeSession{
		Problem: problem, Params: params, Seed: seed, Oracle: oracle.New(workload, seed), Init: w, FirstLRScale: 1,
		OnCommit: func(k pluginhost.Commit) (pluginhost.Next, error) {
			c.tick(workload.seconds, k.Scalars["update"])
			if k.Step == uint64(t.steps) {
				return pluginhost.Next{Stop: "steps"}, nil
			}
			return pluginhost.Next{LRScale: 1}, nil
		},
	})
	if err == nil && out.Status != "completed" {
		err = errors.New(out.Status + ": " + out.Detail)
	}
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, said.String())
	}
	runtime.KeepAlive(program)
	return c.steps, nil
}

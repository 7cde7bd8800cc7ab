// Command engine is the Go half of the benchmarks: it makes numbers from a seed, computes from them what the options ask
// for, writes both for the other half to compare, and then times the same work on request.
//
// The work is named by -work, separated by commas. With -model, on a network and a batch:
//
//	gradient  loss and gradient in training mode
//	loss      loss and wrong predictions in evaluation mode
//	hvp       a Hessian-vector product in evaluation mode, at another point each time
//	hvps      the same at the same point again, where much of it is kept
//	clipped   the sum of the gradients of single examples, clipped to the median of their norms
//
// With -elements, on plain vectors:
//
//	momentum  a step of SGD with momentum and weight decay
//	adam      a step of Adam
//	sam       what SAM computes in a step between its two gradients and after them
//
// It writes raw little-endian float32 files and case.json to the folder given by -out, prints "ready", and answers each
// line "time WORK N" on standard input by the nanoseconds of N repetitions, and "peak" by the GFLOP/s of the processor.
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
)

// description is what the other half needs to build the same.
type description struct {
	ISA     string          `json:"isa"`
	Model   model.Spec      `json:"model"`
	Input   []int           `json:"input"` // height, width, channels
	Classes int             `json:"classes"`
	Layout  []engine.Tensor `json:"layout"`
	Labels  []int32         `json:"labels"`
	Clip    float64         `json:"clip"`
	// Results are the numbers beside the vectors, by the work they belong to.
	Results map[string]map[string]float64 `json:"results"`
	Options map[string]float64            `json:"options"`
	Version int                           `json:"version"`
}

// bench is a set of work: what to repeat, and the vectors of its first results.
type bench struct {
	description
	work    map[string]func()
	vectors map[string][]float32
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		os.Exit(1)
	}
}

func run() error {
	var o options
	flag.StringVar(&o.model, "model", "", "the model table of a suite, as JSON")
	flag.IntVar(&o.side, "side", 32, "height and width of the images")
	flag.IntVar(&o.channels, "channels", 3, "channels of the images")
	flag.IntVar(&o.batch, "batch", 128, "examples")
	flag.IntVar(&o.elements, "elements", 0, "length of the vectors")
	flag.Uint64Var(&o.seed, "seed", 1, "of all numbers")
	work := flag.String("work", "gradient", "what to compute")
	out := flag.String("out", "", "folder for the files")
	flag.Parse()
	o.work = strings.Split(*work, ",")

	b := &bench{work: map[string]func(){}, vectors: map[string][]float32{}}
	b.ISA, b.Version, b.Results, b.Options = engine.ISA(), engine.Version, map[string]map[string]float64{}, map[string]float64{}
	start := b.network
	if o.model == "" {
		start = b.updates
	}
	if err := start(o); err != nil {
		return err
	}
	if err := b.write(*out); err != nil {
		return err
	}
	fmt.Println("ready")
	return b.serve()
}

type options struct {
	model                           string
	side, channels, batch, elements int
	seed                            uint64
	work                            []string
}

func (b *bench) write(folder string) error {
	for name, x := range b.vectors {
		data, err := binary.Append(make([]byte, 0, 4*len(x)), binary.LittleEndian, x)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name+".f32"), data, 0o644); err != nil {
			return err
		}
	}
	text, err := json.Marshal(b.description)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "case.json"), text, 0o644)
}

func (b *bench) serve() error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "peak" {
			fmt.Println(engine.FMAPeak())
			continue
		}
		var name string
		var n int
		if _, err := fmt.Sscanf(line, "time %s %d", &name, &n); err != nil {
			return fmt.Errorf("expected time WORK N: %w", err)
		}
		work := b.work[name]
		if work == nil {
			return fmt.Errorf("unknown work %q", name)
		}
		start := time.Now()
		for range n {
			work()
		}
		fmt.Println(time.Since(start).Nanoseconds())
	}
	return lines.Err()
}

// Command store measures what it costs to look at a store with many finished trials: bench run on a suite that is done,
// bench status and bench report. It makes the store first, of records with invented numbers that are like those of a real
// suite: nine evaluations and two measurements a trial.
//
// It prints the rows of a Markdown table, medians of a few runs of each command: the time a user waits, and that of the
// processors, plugins that are asked what they are included.
package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
	"github.com/sharpbench/sharpbench/plugins"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == "plugin" && os.Args[2] == "serve" {
		p, _ := plugins.Lookup(os.Args[3])
		sdk.Serve(p)
		return
	}
	trials := flag.Int("trials", 10_000, "finished trials in the store, a multiple of 100")
	dir := flag.String("dir", "", "make the store here, or use the one that is here; default: a folder that is removed again")
	bench := flag.String("bench", "", "the bench to measure; default: it is built")
	rounds := flag.Int("rounds", 5, "runs of each command")
	only := flag.Bool("make", false, "make the store and stop")
	flag.Parse()
	if err := run(*dir, *bench, *trials, *rounds, *only); err != nil {
		fmt.Fprintln(os.Stderr, "store:", err)
		os.Exit(1)
	}
}

func run(dir, bench string, trials, rounds int, only bool) error {
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "bench-store-"); err != nil {
			return err
		}
		defer os.RemoveAll(dir)
	}
	if bench == "" {
		bench = filepath.Join(dir, "bench")
		build := exec.Command("go", "build", "-o", bench, "github.com/sharpbench/sharpbench/cmd/bench")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	if _, err := os.Stat("suite.toml"); err != nil {
		if err := fill(trials); err != nil {
			return err
		}
	}
	if only {
		return nil
	}
	fmt.Printf("| %d finished trials | s | CPU s | s, the first time |\n|:--|--:|--:|--:|\n", trials)
	for _, args := range [][]string{
		{"run", "suite.toml"}, {"status"}, {"report", "suite.toml"},
	} {
		var times, busy []float64
		said := math.NaN()
		for range rounds + 1 {
			start := time.Now()
			c := exec.Command(bench, args...)
			out, err := c.CombinedOutput()
			if err != nil {
				return fmt.Errorf("bench %s: %w\n%s", strings.Join(args, " "), err, out)
			}
			times = append(times, time.Since(start).Seconds())
			busy = append(busy, (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds())
			// What the user waits for is the line that says so; the board comes behind it.
			if _, text, ok := strings.Cut(string(out), "cached, nothing to do ("); ok {
				fmt.Sscanf(text, "%f", &said)
			}
		}
		first := times[0]
		times, busy = slices.Sorted(slices.Values(times[1:])), slices.Sorted(slices.Values(busy[1:]))
		name := "`bench " + strings.Join(args, " ") + "`"
		if !math.IsNaN(said) {
			name += fmt.Sprintf(", says \"all cached\" after %.2f s", said)
		}
		fmt.Printf("| %s | %.2f | %.2f | %.2f |\n", name, times[len(times)/2], busy[len(busy)/2], first)
	}
	return nil
}

// fill writes the suite and a record of everything it asks for.
func fill(trials int) error {
	var lr, seeds []string
	for i := range 25 {
		lr = append(lr, fmt.Sprintf("%.4g", 1e-3*math.Pow(1.25, float64(i))))
	}
	for i := range max(1, trials/100) {
		seeds = append(seeds, fmt.Sprint(i))
	}
	text := fmt.Sprintf(text, strings.Join(seeds, ", "), strings.Join(seeds, ", "))
	for _, name := range []string{"sgd", "adamw", "sam", "coordclip"} {
		text += fmt.Sprintf("[[optimizer]]\nname = %q\nplugin = %q\ngrid = { lr = [%s] }\n", name, name, strings.Join(lr, ", "))
	}
	if err := os.WriteFile("suite.toml", []byte(text), 0o666); err != nil {
		return err
	}
	host := runner.NewPlugins(".", func(name string) bool { _, ok := plugins.Lookup(name); return ok })
	s, err := suite.Load("suite.toml", suite.Options{Describe: host.Describe, PluginNames: plugins.Names()})
	if err != nil {
		return err
	}
	st, err := store.Open(".bench", store.Options{Volatile: true})
	if err != nil {
		return err
	}
	r := &runner.Runner{Suite: s, Store: st, Plugins: host, Jobs: 1, Reporter: progress.Silent{}, Release: "benchmark"}
	if err := r.Prepare(); err != nil {
		return err
	}
	f, err := r.Forecast()
	if err != nil {
		return err
	}
	run, m, err := r.Begin("local", f)
	if err != nil {
		return err
	}
	defer run.Close()
	w := []float32{1, 2, 3}
	for n, task := range m.Tasks {
		t, err := r.Of(task)
		if err != nil {
			return err
		}
		random := func(i int) float64 { return 0.1 + 0.2*rng.New(t.Seed, task.Key, uint64(i)).Float64() }
		rec := st.Trial(t.ID)
		log, err := rec.Start(t.Spec.JSON())
		if err != nil {
			return err
		}
		log.Close()
		made := store.Provenance{Version: "benchmark", Host: "host", CPU: "a processor with a long name, as they have", OS: "linux/amd64", Started: time.Now().UTC(), Ended: time.Now().UTC()}
		curve, err := rec.Curve(0)
		if err != nil {
			return err
		}
		for i := range 10 {
			if err := curve.Append(store.Point{Step: uint64(i), Loss: store.Float(random(i))}); err != nil {
				return err
			}
		}
		if err := curve.Close(); err != nil {
			return err
		}
		for i, e := range s.Evaluations(t.Workload, t.Spec.Data.Digest) {
			record := store.Evaluation{
				Spec: e.JSON(), Split: e.Split, Loss: store.Float(3 * random(i)), Errors: int(500 * random(i)), Examples: 500, Seconds: 0.01, Provenance: made,
			}
			if err := rec.PutEvaluation(e.Name(), e.Hash(), record); err != nil {
				return err
			}
		}
		for i := range s.Metrics {
			p, err := host.Get(s.Metrics[i].Ref)
			if err != nil {
				return err
			}
			spec := s.Measurement(&s.Metrics[i], p.Version())
			record := store.Measurement{Spec: spec.JSON(), Status: store.Done, Seconds: 0.1, Provenance: made}
			for j, v := range p.Info.Values {
				record.Values = append(record.Values, store.Value{Name: v.Name, Value: store.Float(random(100 + j))})
			}
			if err := rec.PutMeasurement(spec.Name(), spec.Hash(), record); err != nil {
				return err
			}
		}
		if err := rec.Finish(store.Result{Status: store.Done, Steps: uint64(t.Steps), G: store.Float(t.G), Epochs: 10, HostSeconds: 1, PluginSecs: 0.1, WallSeconds: 1.2, Provenance: made}, &store.Params{W: w, Init: w, Update: w}); err != nil {
			return err
		}
		for _, phase := range []string{"training", "evaluating", "measuring", "done"} {
			if err := run.Event(map[string]any{
				"time": time.Now().UTC(), "key": task.Key, "trial": t.ID, "workload": task.Workload, "optimizer": task.Optimizer,
				"configuration": task.Label, "seed": task.Seed, "phase": phase, "share": 1, "work": task.Work,
			}); err != nil {
				return err
			}
		}
		if n%1000 == 999 {
			fmt.Fprintf(os.Stderr, "%d of %d trials written\n", n+1, len(m.Tasks))
		}
	}
	return nil
}

const text = `schema = 1
[suite]
name = "large"
title = "A store with many trials"
seeds = [%s]
baseline = "sgd"
[[workload]]
name = "digits"
model = { name = "mlp", width = [16] }
data = { name = "digits", train = 500 }
validation = { size = 300 }
batch_size = 50
[[workload.shift]]
name = "corruptions"
data = { name = "corrupt", kinds = ["gaussian_noise", "contrast", "brightness"], severities = [1, 3], examples = 100 }
[budget]
unit = "epochs"
limit = 10
[tuning]
method = "grid"
trials = 25
seeds = [%s]
[[metric]]
name = "gradnorm"
plugin = "gradnorm"
headline = true
on = { split = "train", examples = 500, batch = 50 }
[[metric]]
name = "trace"
plugin = "trace"
on = { split = "train", examples = 500, batch = 50 }
[report]
correlate = { y = ["error:test", "error:shift:*"], within = ["optimizer"], control = ["lr"], resamples = 1000 }
`

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// asBench makes the test binary be bench: the commands of the scripts and the runs that are killed are real processes.
const asBench = "SHARPBENCH_TEST_IS_BENCH"

func TestMain(m *testing.M) {
	// A run starting its own plugins, and a conformance check starting a host to kill.
	serving := len(os.Args) > 2 && os.Args[1] == "plugin" && (os.Args[2] == "serve" || os.Args[2] == "host")
	if os.Getenv(asBench) != "" || serving {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	if len(os.Args) > 1 && os.Args[1] == "slow-sgd" {
		sdk.Serve(slowSGD{})
		return
	}
	testscript.Main(m, map[string]func(){
		"bench": func() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) },
		// Checkpoints after every step.
		"bench-careful": func() {
			runner.CheckpointEvery = 0
			os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
		},
		// A plugin that says nothing for two seconds is taken for hung.
		"bench-hasty": func() {
			runner.TurnTimeout = 2 * time.Second
			os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
		},
		"crasher":    func() { sdk.Serve(crasher{}) },
		"bad-metric": func() { sdk.Serve(badMetric{}) },
		"crash-once": func() { sdk.Serve(crashOnce{}) },
		"own-sgd":    func() { sdk.Serve(ownSGD{}) },
		"seeds":      func() { sdk.Serve(company{sdk.PeerSeeds, 2}) },
		"widths":     func() { sdk.Serve(company{sdk.PeerWidths, 3}) },
		"moments":    func() { sdk.Serve(company{sdk.PeerMoments, 1}) },
	})
}

// badMetric does what a metric must not do, by its parameter.
type badMetric struct{}

func (badMetric) Info() sdk.Info {
	return sdk.Info{
		Name: "bad-metric", Version: 1, Summary: "does what it must not do", Rule: "none", Needs: []sdk.Op{sdk.OpLoss},
		Params: []sdk.Param{sdk.Choice("do", "nothing", []string{"nothing", "hang", "nan", "write"}, "what")},
		Values: []sdk.ValueInfo{{Name: "value", Unit: "1", Better: sdk.BetterNone, Help: "always 1"}},
	}
}

func (badMetric) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return nil }

func (badMetric) Measure(s sdk.Session) ([]sdk.Value, error) {
	value := 1.0
	switch s.Params().String("do") {
	case "hang":
		select {}
	case "nan":
		value = math.NaN()
	case "write":
		s.W()[0]++
	}
	return []sdk.Value{{Name: "value", Value: value}}, nil
}

// company is a metric that says which networks it sees beside the one it measures.
type company struct {
	kind sdk.PeerKind
	max  int
}

func (c company) Info() sdk.Info {
	i := sdk.Info{
		Name: string(c.kind), Version: 1, Summary: "which networks there are", Rule: "none", Needs: []sdk.Op{sdk.OpLoss},
		Peers: sdk.Peers{Kind: c.kind, Max: c.max},
	}
	for _, name := range []string{"number", "first-seed", "first-step", "first-dim", "loss"} {
		i.Values = append(i.Values, sdk.ValueInfo{Name: name, Unit: "1", Better: sdk.BetterNone, Help: name})
	}
	return i
}

func (company) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return nil }

func (company) Measure(s sdk.Session) ([]sdk.Value, error) {
	loss, err := s.Loss(s.FullBatch(), s.W())
	peers := s.Problem().Peers
	values := []sdk.Value{{Name: "number", Value: float64(len(peers))}}
	first := sdk.Peer{}
	for k, p := range peers {
		if k == 0 {
			first = p
		}
		l, e := s.Loss(s.FullBatch().OfPeer(k+1), s.Slot(fmt.Sprintf("peer%d", k+1)))
		if err == nil && l == loss {
			e = errors.New("a peer with the same loss")
		}
		if err = errors.Join(err, e); err != nil {
			return nil, err
		}
		loss += l
	}
	return append(values, sdk.Value{Name: "first-seed", Value: float64(first.Seed)}, sdk.Value{Name: "first-step", Value: float64(first.Step)},
		sdk.Value{Name: "first-dim", Value: float64(first.Dim)}, sdk.Value{Name: "loss", Value: loss}), err
}

// crasher is somebody's plugin with a bug: it panics in its third step.
type crasher struct{}

func (crasher) Info() sdk.Info {
	return sdk.Info{
		Name: "crasher", Version: 1, Summary: "panics in its third step", Rule: "none", Cost: 1, Resumable: true,
		Needs: []sdk.Op{sdk.OpGrad, sdk.OpCommit},
	}
}

func (crasher) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return nil }

func (crasher) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	step := start.Step
	return func(sdk.Vec, sdk.Vec, float64) error {
		if step++; step == 3 {
			panic("index out of range, as it were")
		}
		return nil
	}, nil
}

// crashOnce is gradient descent that panics before its fifth step, the first time.
type crashOnce struct{ ownSGD }

func (o crashOnce) Info() sdk.Info {
	i := o.ownSGD.Info()
	i.Name = "crash-once"
	return i
}

func (o crashOnce) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	step, err := o.ownSGD.New(start)
	taken := start.Step
	return func(w, g sdk.Vec, lrScale float64) error {
		if taken++; taken == 5 {
			mark := filepath.Join(os.Getenv("HOME"), "crashed")
			if _, err := os.Stat(mark); err != nil {
				if err := os.WriteFile(mark, nil, 0o666); err != nil {
					return err
				}
				panic("once is enough")
			}
		}
		return step(w, g, lrScale)
	}, err
}

// ownSGD is somebody's plugin that is gradient descent under a name of its own.
type ownSGD struct{ sgd.Optimizer }

func (o ownSGD) Info() sdk.Info {
	i := o.Optimizer.Info()
	i.Name, i.Degenerate = "own-sgd", nil
	return i
}

// slowSGD is ownSGD, and takes its time where a file says so: the same bits, later.
type slowSGD struct{ ownSGD }

func (o slowSGD) New(start sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	step, err := o.ownSGD.New(start)
	if _, missing := os.Stat(filepath.Join(os.Getenv("HOME"), "slow")); err != nil || missing != nil {
		return step, err
	}
	return func(w, g sdk.Vec, lrScale float64) error {
		time.Sleep(25 * time.Millisecond)
		return step(w, g, lrScale)
	}, nil
}

func TestScripts(t *testing.T) { scripts(t, "testdata") }

// scripts runs the scripts of a folder.
func scripts(t *testing.T, dir string) {
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	var goEnv map[string]string
	if err := json.Unmarshal(text, &goEnv); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(e *testscript.Env) error {
			e.Setenv("BENCH_CACHE", filepath.Join(e.WorkDir, "cache"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("REPO", repository)
			// Plugins in Go are built with what is built already, and without a network.
			e.Setenv("GOCACHE", goEnv["GOCACHE"])
			e.Setenv("GOMODCACHE", goEnv["GOMODCACHE"])
			e.Setenv("GOPROXY", "off")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// exits CODE COMMAND…: the command ends with exactly this code.
			"exits": func(ts *testscript.TestScript, neg bool, args []string) {
				if neg || len(args) < 2 {
					ts.Fatalf("usage: exits CODE COMMAND…")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				err = ts.Exec(args[1], args[2:]...)
				got := 0
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					got = exit.ExitCode()
				} else if err != nil {
					ts.Fatalf("%v", err)
				}
				if got != want {
					ts.Fatalf("exit code %d, want %d", got, want)
				}
			},
		},
	})
}

// small is a suite that trains in about a second: real digits, real processes.
const small = `schema = 1
[suite]
name = "small"
revision = 1
title = "A small suite"
seeds = [0, 1]
baseline = "sgd"
[[workload]]
name = "digits"
model = { name = "cnn", width = [4, 8], norm = "batch" }
data = { name = "digits", train = 400 }
validation = { size = 200, stratified = true }
batch_size = 32
loss = { name = "cross_entropy" }
[[workload.shift]]
name = "corruptions"
data = { name = "corrupt", kinds = ["contrast"], severities = [3], examples = 100 }
[budget]
unit = "epochs"
limit = 10
schedule = "cosine"
timeout = "1m"
[tuning]
method = "grid"
trials = 2
seeds = [0]
select = { metric = "error", split = "validation", goal = "min" }
[[optimizer]]
name = "sgd"
plugin = "sgd"
params = { momentum = 0.9 }
grid = { lr = [0.05, 0.1] }
[[optimizer]]
name = "sam"
plugin = "sam"
params = { base = "sgd", momentum = 0.9, lr = 0.1 }
grid = { rho = [0.05, 0.1] }
[[metric]]
name = "gradnorm"
plugin = "gradnorm"
headline = true
on = { split = "train", examples = 128, batch = 32 }
`

// project is an empty folder with the small suite in it.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "small.toml"), small)
	return dir
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// bench is a command in dir that runs bench as a process of its own.
func bench(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), asBench+"=1")
	return c
}

// files reads every file under dir/folder whose name passes keep, by relative path.
func files(t *testing.T, dir, folder string, keep func(string) bool) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	root := filepath.Join(dir, folder)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !keep(d.Name()) {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		out[rel] = b
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func mustEqual(t *testing.T, what string, a, b map[string][]byte) {
	t.Helper()
	if len(a) == 0 || len(a) != len(b) {
		t.Errorf("%s: %d files against %d", what, len(a), len(b))
	}
	for name := range a {
		if !bytes.Equal(a[name], b[name]) {
			t.Errorf("%s: %s differs", what, name)
		}
	}
}

// One uninterrupted run with one worker is what every other way of getting there must equal, byte for byte.
func TestSameBytesHoweverItRan(t *testing.T) {
	whole := project(t)
	if out, err := bench(t, whole, "run", "small.toml", "-j", "1").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	params := func(name string) bool { return name == "params.safetensors" }
	everything := func(string) bool { return true }
	wantParams, wantReport := files(t, whole, ".bench/trials", params), files(t, whole, "reports", everything)
	if len(wantParams) != 6 {
		t.Fatalf("%d trained nets, want 2 optimizers × (2 configurations + 1 more seed) = 6", len(wantParams))
	}

	t.Run("two workers", func(t *testing.T) {
		dir := project(t)
		if out, err := bench(t, dir, "run", "small.toml", "-j", "2").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		mustEqual(t, "parameters", wantParams, files(t, dir, ".bench/trials", params))
		mustEqual(t, "report", wantReport, files(t, dir, "reports", everything))
	})

	t.Run("killed and continued", func(t *testing.T) {
		dir := project(t)
		first := bench(t, dir, "run", "small.toml", "-j", "1")
		if err := first.Start(); err != nil {
			t.Fatal(err)
		}
		done := func() int { return len(files(t, dir, ".", func(n string) bool { return n == "result.json" })) }
		for deadline := time.Now().Add(time.Minute); done() < 2; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("no trial finished")
			}
		}
		first.Process.Signal(syscall.SIGKILL)
		first.Wait()
		kept := files(t, dir, ".bench/trials", func(n string) bool { return n == "result.json" })
		if len(kept) == 6 {
			t.Fatal("the run was over before it was killed")
		}
		if out, err := bench(t, dir, "run", "small.toml", "-j", "1").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		mustEqual(t, "parameters", wantParams, files(t, dir, ".bench/trials", params))
		mustEqual(t, "report", wantReport, files(t, dir, "reports", everything))
		after := files(t, dir, ".bench/trials", func(n string) bool { return n == "result.json" })
		for name, was := range kept {
			if !bytes.Equal(was, after[name]) {
				t.Errorf("%s was finished before the kill and was made again", name)
			}
		}
	})

	t.Run("interrupted and continued", func(t *testing.T) {
		dir := project(t)
		first := bench(t, dir, "run", "small.toml", "-j", "2")
		var said bytes.Buffer
		first.Stderr = &said
		if err := first.Start(); err != nil {
			t.Fatal(err)
		}
		// As soon as anything is trained: the run has seconds of work left then, however fast the machine is.
		for deadline := time.Now().Add(time.Minute); len(files(t, dir, ".", func(n string) bool { return n == "curve.jsonl" })) == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("no trial began")
			}
		}
		first.Process.Signal(os.Interrupt)
		err := first.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
			t.Fatalf("ended with %v, want exit code 130\n%s", err, said.String())
		}
		if !strings.Contains(said.String(), "run the same command to go on") {
			t.Errorf("it did not say how to go on:\n%s", said.String())
		}
		if out, err := bench(t, dir, "run", "small.toml").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		mustEqual(t, "parameters", wantParams, files(t, dir, ".bench/trials", params))
		mustEqual(t, "report", wantReport, files(t, dir, "reports", everything))
	})

	t.Run("interrupted within a trial", func(t *testing.T) {
		long := []string{"run", "small.toml", "-j", "1", "-O", "sam", "--set", "budget.limit=150"}
		want := project(t)
		if out, err := bench(t, want, long...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		dir := project(t)
		first := bench(t, dir, long...)
		if err := first.Start(); err != nil {
			t.Fatal(err)
		}
		training := func(name string) bool { return name == "curve.jsonl" }
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			far := false
			for _, curve := range files(t, dir, ".", training) {
				far = far || bytes.Count(curve, []byte("\n")) > 5
			}
			if far {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("no trial got under way")
			}
		}
		first.Process.Signal(os.Interrupt)
		var exit *exec.ExitError
		if err := first.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
			t.Fatalf("ended with %v, want exit code 130", err)
		}
		if len(files(t, dir, ".bench/trials", func(name string) bool { return name == "state.safetensors" })) != 1 {
			t.Fatal("the interrupted trial left no checkpoint")
		}
		if out, err := bench(t, dir, long...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		logs := files(t, dir, ".bench/trials", func(name string) bool { return name == "log.txt" })
		if all := string(bytes.Join(slices.Collect(maps.Values(logs)), nil)); !strings.Contains(all, "continuing at step") {
			t.Errorf("no trial went on from its checkpoint:\n%s", all)
		}
		mustEqual(t, "parameters", files(t, want, ".bench/trials", params), files(t, dir, ".bench/trials", params))
		// The curve too, but for its times.
		strip := func(curves map[string][]byte) map[string][]byte {
			for name, text := range curves {
				curves[name] = regexp.MustCompile(`"seconds":[^,}]*`).ReplaceAll(text, nil)
			}
			return curves
		}
		mustEqual(t, "curves", strip(files(t, want, ".bench/trials", training)), strip(files(t, dir, ".bench/trials", training)))
	})

	t.Run("again", func(t *testing.T) {
		out, err := bench(t, whole, "run", "small.toml").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "all 6 trials cached, nothing to do") {
			t.Fatalf("%v\n%s", err, out)
		}
		mustEqual(t, "report", wantReport, files(t, whole, "reports", everything))
	})

	t.Run("a damaged record is made again", func(t *testing.T) {
		found, err := filepath.Glob(filepath.Join(whole, ".bench/trials/*/*/params.safetensors"))
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		if err := os.Truncate(found[0], 100); err != nil {
			t.Fatal(err)
		}
		// Only a trial that needs its parameters notices: throw one evaluation away.
		evals, err := filepath.Glob(filepath.Join(filepath.Dir(found[0]), "evals", "*"))
		if err != nil || len(evals) == 0 {
			t.Fatal(evals, err)
		}
		if err := os.Remove(evals[0]); err != nil {
			t.Fatal(err)
		}
		if out, err := bench(t, whole, "run", "small.toml").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		mustEqual(t, "parameters", wantParams, files(t, whole, ".bench/trials", params))
		mustEqual(t, "report", wantReport, files(t, whole, "reports", everything))
	})
}

//go:build python && unix

// Package python_test runs plugins written in Python as what they are, processes that talk to the host of bench. It needs
// python3 with the package sharpbench, and for those whose names begin with TestTorch, PyTorch.
package python_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/optimizers/adamw"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sgd"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// hostMode is the argument with which the test binary becomes a host that starts a Python plugin, tells its process
// number, and lets it run until it is killed.
const hostMode = "test-host"

func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == pluginhost.TestServe:
		sdk.Serve(map[string]any{"sgd": sgd.Optimizer{}, "adamw": adamw.Optimizer{}}[os.Args[2]])
	case len(os.Args) > 4 && os.Args[1] == hostMode:
		beHost(os.Args[2], os.Args[3], os.Args[4])
	default:
		os.Exit(m.Run())
	}
}

// program is the plugin of a file in tests/plugins, as a folder of its own with a plugin.toml.
func program(t testing.TB, name, kind string, more ...string) *pluginhost.Program {
	t.Helper()
	p, err := resolve(t.TempDir(), name, kind, more...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func resolve(dir, name, kind string, more ...string) (*pluginhost.Program, error) {
	text, err := os.ReadFile(filepath.Join("tests", "plugins", name))
	if err != nil {
		return nil, err
	}
	manifest := fmt.Sprintf("kind = %q\ncommand = [\"python3\", %q]\nfiles = [%q]\n%s\n", kind, name, name, strings.Join(more, "\n"))
	err = errors.Join(os.WriteFile(filepath.Join(dir, name), text, 0o666),
		os.WriteFile(filepath.Join(dir, pluginhost.ManifestName), []byte(manifest), 0o666))
	if err != nil {
		return nil, err
	}
	p, err := pluginhost.Resolve(dir, "", func(string) bool { return false })
	return &p, err
}

func optimizer(t testing.TB, name string) *pluginhost.Program {
	t.Helper()
	return program(t, name, pluginhost.KindOptimizer)
}

func goTwin(name string) *pluginhost.Program {
	p := plugintest.Self(name)
	return &p
}

type params = map[string]any

var (
	curvature = []float64{10, 1, 0.1}
	start     = []float32{1, -2, 3}
)

// near compares two trajectories, relative to the size of the parameters.
func near(t *testing.T, got, want [][]float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d steps and %d", len(got), len(want))
	}
	worst := 0.0
	for k := range want {
		scale := 0.0
		for _, x := range want[k] {
			scale = max(scale, math.Abs(float64(x)))
		}
		for i := range want[k] {
			d := math.Abs(float64(got[k][i])-float64(want[k][i])) / scale
			worst = max(worst, d)
			if !(d <= tolerance) {
				t.Fatalf("step %d, element %d: %v, want %v", k+1, i, got[k][i], want[k][i])
			}
		}
	}
	t.Logf("largest difference of %d steps: %.1e", len(want), worst)
}

func TestStepAgainstTheTwinInGo(t *testing.T) {
	c := plugintest.OptimizeCase{
		Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 200, Params: params{"lr": 0.02, "momentum": 0.9},
		LRScale: func(k int) float64 { return 1 - float64(k)/400 },
	}
	c.Program = optimizer(t, "twin.py")
	got := plugintest.Optimize(t, c)
	c.Program = goTwin("sgd")
	near(t, got, plugintest.Optimize(t, c), 1e-6)
}

// The requests that the other plugins leave out, with their answers in closed form; the parameters committed at the end
// are the host's random numbers, which have the same bits in any language.
func TestEveryRequest(t *testing.T) {
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: optimizer(t, "everything.py"), Workload: plugintest.Logistic([][]float64{{3, 4}, {0, 2}}, []int{1, -1}, 2),
		Init: []float32{0, 0}, Steps: 1, BatchSize: 2, Classes: 2, Seed: 5,
	})
	want := make([]float32, 2)
	rng.Normal(want, 5, "plugin/everything", 3, 2)
	if err := plugintest.SameBits(path[0], want); err != nil {
		t.Error(err)
	}
}

func TestResume(t *testing.T) {
	for _, name := range []string{"twin.py", "loop.py"} {
		plugintest.Resume(t, plugintest.OptimizeCase{
			Program: optimizer(t, name), Workload: plugintest.Quadratic(curvature...), Init: start, Steps: 10, Seed: 7,
			Params: params{"lr": 0.05}, LRScale: func(k int) float64 { return 1 - float64(k)/10 },
		})
	}
}

func TestDescribe(t *testing.T) {
	i := plugintest.Describe(t, optimizer(t, "twin.py"))
	if i.Name != "python-sgd" || i.Kind != pluginhost.KindOptimizer || i.Version != 3 || i.Rule == "" || i.Citation != "Polyak 1964" ||
		i.Unverified != "the year" || len(i.Watch) != 2 || i.Watch[1] != "Twice." || i.CostNote != "always" ||
		i.Cost != 1 || i.Track != "toy" || !i.Resumable || len(i.Params) != 4 || !slices.Equal(i.Needs, []string{"grad", "commit"}) {
		t.Errorf("%+v", i)
	}
	lr := i.Params[0]
	if lr.Type != "float" || lr.Default != 0.1 || *lr.Min != 0 || !lr.MinOpen || *lr.Max != 10 || lr.MaxOpen || lr.Scale != "log" {
		t.Errorf("lr: %+v", lr)
	}
	if w := i.Params[2]; w.Default != int64(0) || w.Type != "int" || w.Max != nil || *w.Min != 0 || w.MinOpen || w.Scale != "linear" {
		t.Errorf("warmup: %+v", w)
	}
	if b := i.Params[3]; b.Default != "sgd" || len(b.Choices) != 2 {
		t.Errorf("base: %+v", b)
	}
	if len(i.Degenerate) != 1 || i.Degenerate[0].When["momentum"] != 0.0 || i.Degenerate[0].Equals != "gd" {
		t.Errorf("degenerate: %+v", i.Degenerate)
	}
	m := plugintest.Describe(t, program(t, "metric.py", pluginhost.KindMetric))
	if m.Kind != pluginhost.KindMetric || m.Summary != "norm of the gradient" || len(m.Values) != 3 || m.Values[0].Better != "lower" ||
		m.Values[1].Better != "none" || m.Invariances[0] != "permutation" {
		t.Errorf("%+v", m)
	}
}

func TestValidate(t *testing.T) {
	p := optimizer(t, "twin.py")
	for _, c := range []struct {
		params params
		want   []string
	}{
		{nil, nil},
		{params{"lr": 1}, nil},
		{params{"lr": 0.0, "momentum": 1.0}, []string{"lr: expected a number greater than 0 and at most 10, got 0", "momentum: expected a number at least 0 and less than 1, got 1"}},
		{params{"lr": math.NaN(), "mu": 0.9}, []string{"lr: ", "mu: unknown parameter: expected one of lr, momentum, warmup, base"}},
		{params{"base": ""}, []string{`base: expected one of "sgd", "none", got ""`}},
		{params{"warmup": 1.5}, []string{"warmup: expected a whole number at least 0, got 1.5"}},
	} {
		got := plugintest.Validate(t, p, 3, c.params)
		ok := len(got) == len(c.want)
		for i := range min(len(got), len(c.want)) {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%v: %q, want %q", c.params, got, c.want)
		}
	}
}

func TestHowRunsEnd(t *testing.T) {
	for _, c := range []struct {
		do, status, detail string
		kind               pluginhost.Kind
		steps              uint64
	}{
		{do: "interrupt", status: "completed", steps: 4},
		{do: "flood", status: "completed", steps: 4},
		{do: "converge", status: "converged", detail: "nothing left to do", steps: 1},
		{do: "nan", status: "diverged", detail: "non_finite: "},
		{do: "raise", status: "failed", detail: "KeyError: 'no such thing'", steps: 1},
		{do: "return", status: "failed", detail: "run returned before the host had said stop", steps: 1},
		{do: "foreign", status: "failed", detail: "ValueError: out: the vector is not a slot"},
		{do: "errors", status: "converged", detail: "BadSlot BadSlot BadRequest Unsupported"},
		{do: "die", kind: pluginhost.Crashed, detail: "crashed (signal: killed)", steps: 1},
	} {
		_, out, err := plugintest.Try(t, plugintest.OptimizeCase{
			Program: optimizer(t, "loop.py"), Workload: plugintest.Logistic([][]float64{{1, 0}, {0, 2}}, []int{1, -1}, 1),
			Init: []float32{1, 2}, Steps: 4, Params: params{"do": c.do},
		})
		detail := out.Detail
		var f *pluginhost.Failure
		if errors.As(err, &f) {
			detail = f.Reason
		}
		if (f != nil) != (c.kind != "") || err != nil && (f == nil || f.Kind != c.kind) || out.Status != c.status ||
			!strings.HasPrefix(detail, c.detail) || out.Steps != c.steps {
			t.Errorf("%s: %+v, %v", c.do, out, err)
		}
	}
}

// session is a training of the plugin loop.py that never ends by itself.
func session(do string) pluginhost.OptimizeSession {
	return pluginhost.OptimizeSession{
		Problem: pluginhost.Problem{Dim: 1}, Oracle: oracle.New(plugintest.Quadratic(1), 1), Init: []float32{1}, Params: params{"do": do},
		OnCommit:    func(pluginhost.Commit) (pluginhost.Next, error) { return pluginhost.Next{LRScale: 1}, nil },
		TurnTimeout: 2 * time.Second,
	}
}

// A process that no longer answers is found out and ended, whatever state it is in.
func TestFrozenPlugins(t *testing.T) {
	for _, do := range []string{"freeze", "spin", "sleep"} {
		p, err := pluginhost.Launch(context.Background(), *optimizer(t, "loop.py"), pluginhost.LaunchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Optimize(context.Background(), session(do))
		var f *pluginhost.Failure
		if !errors.As(err, &f) || f.Kind != pluginhost.TimedOut {
			t.Errorf("%s: %v", do, err)
		}
		p.Stop()
		gone(t, do, p.Pid())
	}
}

// The program leaves by itself when it is asked to: nobody has to wait for the grace period.
func TestShutdownEndsTheProgram(t *testing.T) {
	dir, err := os.MkdirTemp("/tmp", "b")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	p, err := pluginhost.Launch(context.Background(), *optimizer(t, "twin.py"), pluginhost.LaunchOptions{RunDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Describe(context.Background()); err != nil {
		t.Error(err)
	}
	p.Stop()
	gone(t, "stopped", p.Pid())
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// What a plugin prints, in whichever way and whenever, is in the log, and in order. So are its messages.
func TestOutputIsLogged(t *testing.T) {
	var log bytes.Buffer
	p, err := pluginhost.Launch(context.Background(), *optimizer(t, "loop.py"), pluginhost.LaunchOptions{Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	s := session("log")
	s.OnCommit = func(pluginhost.Commit) (pluginhost.Next, error) { return pluginhost.Next{Stop: "target"}, nil }
	out, err := p.Optimize(context.Background(), s)
	if err != nil || out.Status != "completed" {
		t.Fatal(out, err)
	}
	p.Stop()
	// Messages travel another way than what is printed: their order is not known.
	var printed []string
	for _, line := range strings.SplitAfter(log.String(), "\n") {
		if !strings.HasPrefix(line, "[") {
			printed = append(printed, line)
		}
	}
	if got := strings.Join(printed, ""); got != "printed before the handshake\nto standard output\nto standard error\n" {
		t.Errorf("printed: %q", got)
	}
	for _, want := range []string{"[debug] Python 3.", "[info] step 0 speed=2.5\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log %q lacks %q", &log, want)
		}
	}
}

func TestWithoutEncryption(t *testing.T) {
	plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: program(t, "twin.py", pluginhost.KindOptimizer, "mtls = false"), Workload: plugintest.Quadratic(1), Init: []float32{1}, Steps: 3,
	})
}

// A Start larger than gRPC's usual 4 MiB, and a parameter vector to go with it.
func TestLargeProblem(t *testing.T) {
	const n = 100_000
	h, w := make([]float64, n), make([]float32, n)
	w[n-1], h[n-1] = 1, 1
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: optimizer(t, "twin.py"), Workload: plugintest.Quadratic(h...), Init: w, Steps: 2, Tensors: manyTensors(n),
	})
	if got := path[1][n-1]; math.Abs(float64(got)-0.81) > 1e-6 {
		t.Errorf("the last parameter is %v, want 0.81", got)
	}
}

func TestMetric(t *testing.T) {
	c := plugintest.MeasureCase{
		Program: program(t, "metric.py", pluginhost.KindMetric), Workload: plugintest.Logistic([][]float64{{1, 0}, {0, 2}}, []int{1, -1}, 1),
		At: []float32{1, -1}, Init: []float32{0.25, 0}, Update: []float32{2, 0}, Classes: 2, Probe: plugintest.Probe{Batches: 2, Size: 1},
	}
	m := plugintest.Measure(t, c)
	// The mean of the slopes -1/(1+e) on x = (1,0) and 1/(1+e²) on x = (0,2).
	a, b := 0.5/(1+math.E), 1/(1+math.Exp(2))
	if v := m["norm"]; math.Abs(v.Value-math.Hypot(a, b)) > 1e-6 || !v.HasStdErr || v.StdErr != 0.25 || len(v.Warnings) != 1 {
		t.Errorf("norm: %+v", v)
	}
	if v := m["moved"]; v.Value != -0.25+200 || v.Null {
		t.Errorf("moved: %+v", v)
	}
	if v := m["outputs"]; v.Value != 20+1 {
		t.Errorf("outputs: %+v", v)
	}
	var tables []pluginhost.Table
	c.Tables, c.Training = &tables, &pluginhost.Training{Optimizer: "sgd", Params: params{"lr": 0.5}, LRScale: 0.25}
	plugintest.Measure(t, c)
	if len(tables) != 1 || tables[0].Name != "sgd" || tables[0].Columns[0].Name != "lr" || tables[0].Columns[0].Values[0] != 0.125 {
		t.Errorf("tables: %+v", tables)
	}
	c.Init, c.Update, c.Training = nil, nil, nil
	if v := plugintest.Measure(t, c)["moved"]; !v.Null || v.Reason == "" || v.HasStdErr {
		t.Errorf("moved without initial parameters: %+v", v)
	}
}

func TestMetricsThatMisbehave(t *testing.T) {
	for do, want := range map[string]string{
		"write":   "read-only",
		"force":   `changed element 0 of slot "params"`,
		"commit":  "a metric cannot commit",
		"into":    `slot "params" is read-only`,
		"nan":     `value 'moved' is nan`,
		"missing": `value 'moved' is missing; value 'outputs' is missing`,
	} {
		_, err := plugintest.TryMeasure(t, plugintest.MeasureCase{
			Program: program(t, "metric.py", pluginhost.KindMetric), Workload: plugintest.Quadratic(1), At: []float32{2}, Params: params{"do": do},
		})
		var f *pluginhost.Failure
		if !errors.As(err, &f) || !strings.Contains(f.Reason, want) {
			t.Errorf("%s: %v, want %q", do, err, want)
		}
	}
}

func beHost(name, do, dir string) {
	p, err := resolve(dir, name, pluginhost.KindOptimizer)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	x, err := pluginhost.Launch(context.Background(), *p, pluginhost.LaunchOptions{})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(x.Pid())
	if do == "idle" { // no session
		for {
			time.Sleep(time.Hour)
		}
	}
	s := session(do)
	s.TurnTimeout = time.Hour
	_, err = x.Optimize(context.Background(), s)
	fmt.Println(err)
}

// A plugin whose host was killed has nobody else to end it.
func TestPluginsLeaveWhenTheirHostIsKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range []string{"idle", "train", "spin", "sleep"} {
		host := exec.Command(exe, hostMode, "loop.py", do, t.TempDir())
		out, err := host.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := host.Start(); err != nil {
			t.Fatal(err)
		}
		var line [200]byte
		n, _ := out.Read(line[:])
		pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
		if err != nil {
			t.Fatalf("the host said %q", line[:n])
		}
		if !running(pid) {
			t.Fatalf("%s: no plugin is running", do)
		}
		time.Sleep(100 * time.Millisecond) // into the session
		host.Process.Kill()
		host.Wait()
		gone(t, do, pid)
	}
}

// gone waits until a process has ended.
func gone(t *testing.T, what string, pid int) {
	t.Helper()
	for i := 0; running(pid); i++ {
		if i == 250 {
			syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("%s: the plugin is still running after 5 seconds", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// running reports whether a process exists that has not ended. One that nobody has waited for yet has ended.
func running(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	out, err := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	return err != nil && len(out) > 0 || len(out) > 0 && out[0] != 'Z'
}

func TestStartedByAPerson(t *testing.T) {
	text, err := exec.Command("python3", filepath.Join("tests", "plugins", "twin.py")).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(text), `"python-sgd", a plugin of bench`) {
		t.Errorf("%v: %s", err, text)
	}
}

// The program answers its own version when the host knows none of its own, and the host then says so.
func TestVersions(t *testing.T) {
	for theirs, want := range map[string]string{"1": "1|1|unix|", "2,1": "1|1|unix|", "2,3": "1|1|unix|"} {
		dir := t.TempDir()
		cmd := exec.Command("python3", filepath.Join("tests", "plugins", "twin.py"))
		cmd.Env = append(os.Environ(), "BENCH_PLUGIN=c1f9b3a0-sharpbench-plugin", "PLUGIN_PROTOCOL_VERSIONS="+theirs, "PLUGIN_UNIX_SOCKET_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line := make([]byte, 300)
		n, _ := out.Read(line)
		if got := string(line[:n]); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, "|grpc\n") {
			t.Errorf("%s: %q", theirs, got)
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
}

// A metric sees other networks beside the one it measures, of sizes of their own.
func TestPeers(t *testing.T) {
	m := plugintest.Measure(t, plugintest.MeasureCase{
		Program: program(t, "peers.py", pluginhost.KindMetric), Workload: plugintest.Quadratic(1, 1, 1), At: []float32{1, 1, 1},
		Peers: []plugintest.Peer{
			{Workload: plugintest.Quadratic(1, 2), At: []float32{2, 3}, Update: []float32{0.5, 0.5}, Seed: 4, Step: 7},
			{Workload: plugintest.Quadratic(3), At: []float32{2}, Seed: 5, Step: 8},
		},
	})
	const told = "2 4 7 [2.0, 6.0] [0.5, 0.5];1 5 8 [6.0] [];-"
	if m["loss"].Value != 17 || m["told"].Reason != told {
		t.Errorf("%+v", m)
	}
	info := plugintest.Describe(t, program(t, "peers.py", pluginhost.KindMetric))
	if info.Peers != (pluginhost.Peers{Kind: pluginhost.PeerSeeds, Max: 2}) {
		t.Errorf("peers %+v", info.Peers)
	}
}

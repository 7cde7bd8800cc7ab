//go:build unix

package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// hostMode is the argument with which the test binary becomes a host that starts a plugin, tells its process number,
// and lets it run until it is killed.
const hostMode = "test-host"

func beHost(name, dir string) {
	p, err := pluginhost.Launch(context.Background(), *self(name), pluginhost.LaunchOptions{RunDir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(p.Pid())
	if name == "step" { // no session: the plugin is idle
		for {
			time.Sleep(time.Hour)
		}
	}
	_, err = p.Optimize(context.Background(), pluginhost.OptimizeSession{
		Problem: pluginhost.Problem{Dim: 1}, Oracle: oracle.New(plugintest.Quadratic(1), 1), Init: []float32{1},
		OnCommit: func(pluginhost.Commit) (pluginhost.Next, error) { return pluginhost.Next{}, nil },
	})
	fmt.Println(err)
}

// spins is a plugin that computes for ever.
type spins struct{ loop }

func (spins) Run(s sdk.Session) error {
	for n := 0; ; n++ {
		_ = n
	}
}

// A plugin whose host was killed has nobody else to end it.
func TestPluginsLeaveWhenTheirHostIsKilled(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"step", "loop", "spins"} {
		dir, err := os.MkdirTemp("/tmp", "b")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		host := exec.Command(exe, hostMode, name, dir)
		out, err := host.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := host.Start(); err != nil {
			t.Fatal(err)
		}
		var line [32]byte
		n, _ := out.Read(line[:])
		pid, err := strconv.Atoi(strings.TrimSpace(string(line[:n])))
		if err != nil {
			t.Fatalf("the host said %q", line[:n])
		}
		if !running(pid) {
			t.Fatalf("%s: no plugin is running", name)
		}
		time.Sleep(50 * time.Millisecond) // into the session
		host.Process.Kill()
		host.Wait()
		for i := 0; running(pid); i++ {
			if i == 250 {
				t.Errorf("%s: the plugin has outlived its host by 5 seconds", name)
				syscall.Kill(pid, syscall.SIGKILL)
				break
			}
			time.Sleep(20 * time.Millisecond)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// running reports whether a process exists that has not ended. One that nobody has waited for yet has ended.
func running(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return false
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return !errors.Is(err, os.ErrNotExist) || runtimeWithoutProc()
	}
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return len(fields) > 0 && fields[0] != "Z"
}

func runtimeWithoutProc() bool { _, err := os.Stat("/proc/self"); return err != nil }

func TestStartedByAPerson(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, pluginhost.TestServe, "step")
	text, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(text), `"heavy-ball", a plugin of bench`) {
		t.Errorf("%v: %s", err, text)
	}
}

// What a plugin prints, in whichever way, is in the log, and in order.
func TestOutputIsLogged(t *testing.T) {
	var log bytes.Buffer
	p, err := pluginhost.Launch(context.Background(), *self("loop"), pluginhost.LaunchOptions{Log: &log})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Stop()
	_, err = p.Optimize(context.Background(), pluginhost.OptimizeSession{
		Problem: pluginhost.Problem{Dim: 1}, Oracle: oracle.New(plugintest.Quadratic(1), 1), Init: []float32{1}, Params: map[string]any{"do": "log"},
		OnCommit: func(pluginhost.Commit) (pluginhost.Next, error) { return pluginhost.Next{Stop: "target"}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Stop()
	for _, want := range []string{"[info] step 0\n", "to standard output\nto standard error\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("log %q lacks %q", &log, want)
		}
	}
}

// A Start larger than gRPC's usual 4 MiB: a problem of very many tensors.
func TestLargeStart(t *testing.T) {
	const n = 150_000
	tensors := make([]engine.Tensor, n)
	for i := range tensors {
		tensors[i] = engine.Tensor{Name: fmt.Sprintf("layer%d.some.rather.long.weight", i), Kind: engine.Weight, Shape: []int{1}, Offset: i}
	}
	h := make([]float64, n)
	w := make([]float32, n)
	plugintest.Optimize(t, plugintest.OptimizeCase{Program: self("step"), Workload: plugintest.Quadratic(h...), Init: w, Steps: 1, Tensors: tensors})
}

// A step of the Stepper is one round trip.
func BenchmarkStep(b *testing.B) { benchmarkSteps(b, "step") }

// A step of the loop is three.
func BenchmarkLoop(b *testing.B) { benchmarkSteps(b, "loop") }

func benchmarkSteps(b *testing.B, name string) {
	p, err := pluginhost.Launch(context.Background(), *self(name), pluginhost.LaunchOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer p.Stop()
	b.ResetTimer()
	n := 0
	out, err := p.Optimize(context.Background(), pluginhost.OptimizeSession{
		Problem: pluginhost.Problem{Dim: 10}, Oracle: oracle.New(plugintest.Quadratic(make([]float64, 10)...), 1), Init: make([]float32, 10),
		OnCommit: func(pluginhost.Commit) (pluginhost.Next, error) {
			if n++; n >= b.N {
				return pluginhost.Next{Stop: "steps"}, nil
			}
			return pluginhost.Next{LRScale: 1}, nil
		},
	})
	if err != nil || out.Status != "completed" {
		b.Fatal(out, err)
	}
}

func BenchmarkLaunchAndDescribe(b *testing.B) {
	for range b.N {
		p, err := pluginhost.Launch(context.Background(), *self("step"), pluginhost.LaunchOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Describe(context.Background()); err != nil {
			b.Fatal(err)
		}
		p.Stop()
	}
}

// A run that is canceled ends quickly, whether the plugin is waiting for an answer or computing.
func TestCanceledRun(t *testing.T) {
	for _, name := range []string{"step", "loop", "spins"} {
		p, err := pluginhost.Launch(context.Background(), *self(name), pluginhost.LaunchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Stop()
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(50*time.Millisecond, cancel)
		begin := time.Now()
		_, err = p.Optimize(ctx, pluginhost.OptimizeSession{
			Problem: pluginhost.Problem{Dim: 1}, Oracle: oracle.New(plugintest.Quadratic(0), 1), Init: []float32{1},
			OnCommit: func(pluginhost.Commit) (pluginhost.Next, error) { return pluginhost.Next{}, nil },
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		p.Stop()
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s: took %v", name, d)
		}
		if running(p.Pid()) {
			t.Errorf("%s: still running", name)
		}
	}
}

func TestEncryptedConnection(t *testing.T) {
	p := self("step")
	p.MTLS = true
	plugintest.Optimize(t, plugintest.OptimizeCase{Program: p, Workload: plugintest.Quadratic(1), Init: []float32{1}, Steps: 3})
}

// Package plugintest runs plugins as what they are, processes that talk to a host, on problems small enough to know
// the answer of.
//
// A plugin's own tests use it from their test binary, which serves as the plugin's program when it is started again:
//
//	func TestMain(m *testing.M) { sdktest.TestMain(m, New()) }
//
//	func TestGradientDescent(t *testing.T) {
//		path := plugintest.Optimize(t, plugintest.OptimizeCase{
//			Workload: plugintest.Quadratic(1, 10), Init: []float32{1, 1}, Steps: 5,
//		})
//		…
//	}
package plugintest

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/privacy"
)

// limit is how long one run of a test may take in all. Nothing near it is expected.
const limit = 2 * time.Minute

// Self is the running test binary as a plugin program. Arguments follow those of the plugin itself.
func Self(args ...string) pluginhost.Program {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return pluginhost.Program{
		Ref: "self", Name: "self", Command: append([]string{exe, pluginhost.TestServe}, args...), Bundled: true,
	}
}

// OptimizeCase is a training. The zero value of a field is a sensible default unless it says otherwise.
type OptimizeCase struct {
	Program  *pluginhost.Program // nil: Self
	Workload oracle.Workload     // needed
	Params   map[string]any
	Init     []float32 // needed
	Steps    int       // needed: commits until the host says stop
	Seed     uint64
	// Tensors is the layout of the parameters; nil means none. See engine.Tensor for the kinds.
	Tensors []engine.Tensor
	// LRScale is the schedule: the factor of step k, counted from 0. nil means 1 throughout.
	LRScale func(k int) float64
	// StepsPerEpoch, Examples and BatchSize are what the plugin is told; 0 means 1.
	StepsPerEpoch, Examples, BatchSize int
	Classes, InputLen                  int
	// OnCommit sees each commit, if set; what it keeps it must copy.
	OnCommit func(pluginhost.Commit)
	// Account, if set, notes what the optimizer learns of the data.
	Account *privacy.Account
}

// Optimize trains and returns the parameters of every committed step. It fails the test unless all steps were
// committed and the plugin then said that it had completed them.
func Optimize(t testing.TB, c OptimizeCase) [][]float32 {
	t.Helper()
	path, out, err := Try(t, c)
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != "completed" || len(path) != c.Steps {
		t.Fatalf("the run ended as %q after %d of %d steps: %s", out.Status, len(path), c.Steps, out.Detail)
	}
	return path
}

// Try is Optimize for runs that may end otherwise: it returns the steps committed and how the run ended.
func Try(t testing.TB, c OptimizeCase) ([][]float32, pluginhost.Outcome, error) {
	t.Helper()
	p := launch(t, c.Program)
	var path [][]float32
	out, err := p.Optimize(deadline(t), c.session(nil, func(k pluginhost.Commit) bool {
		path = append(path, append([]float32(nil), k.Params...))
		return false
	}))
	return path, out, err
}

// session is the case from its beginning, or from a commit. Each commit is passed on; when last says so the session
// ends with an error of its own.
func (c OptimizeCase) session(from *pluginhost.Resume, last func(pluginhost.Commit) bool) pluginhost.OptimizeSession {
	scale := c.LRScale
	if scale == nil {
		scale = func(int) float64 { return 1 }
	}
	first := 0
	if from != nil {
		first = int(from.Step)
	}
	answers := oracle.New(c.Workload, c.Seed)
	if c.Account != nil {
		answers.Watch(c.Account)
	}
	return pluginhost.OptimizeSession{
		RunID: "plugintest", Params: c.Params, Seed: c.Seed, Init: c.Init, Resume: from,
		Oracle: answers,
		Problem: pluginhost.Problem{
			Dim: c.Workload.Dim(), Tensors: c.Tensors, Steps: c.Steps, Classes: c.Classes,
			Auxiliary: answers.HasAuxiliary(),
			InputLen:  c.InputLen, StepsPerEpoch: max(1, c.StepsPerEpoch), Examples: max(1, c.Examples), BatchSize: max(1, c.BatchSize),
		},
		FirstLRScale: scale(first),
		OnCommit: func(k pluginhost.Commit) (pluginhost.Next, error) {
			if c.OnCommit != nil {
				c.OnCommit(k)
			}
			if last(k) {
				return pluginhost.Next{}, errEnough
			}
			if int(k.Step) >= c.Steps {
				return pluginhost.Next{Stop: "steps"}, nil
			}
			return pluginhost.Next{LRScale: scale(int(k.Step))}, nil
		},
	}
}

var errEnough = fmt.Errorf("enough steps for this part of the test")

// Resume checks that a run which is killed and continued in a new process is the same run: 2k steps in one go, and k
// steps, SIGKILL, and k steps from the commit that was kept, bit for bit, with k = Steps/2. The state slots and the blob are part of
// the comparison.
func Resume(t testing.TB, c OptimizeCase) {
	t.Helper()
	if c.Steps < 2 || c.Steps%2 != 0 {
		t.Fatalf("Resume needs an even number of steps, got %d", c.Steps)
	}
	half := uint64(c.Steps / 2)
	var whole, parts []pluginhost.Resume

	p := launch(t, c.Program)
	if info, err := p.Describe(deadline(t)); err != nil {
		t.Fatal(err)
	} else if !info.Resumable {
		t.Fatalf("plugin %q does not say that it is resumable", info.Name)
	}
	finish(t, p, c.session(nil, func(k pluginhost.Commit) bool { whole = append(whole, Keep(k)); return false }))

	p = launch(t, c.Program)
	_, err := p.Optimize(deadline(t), c.session(nil, func(k pluginhost.Commit) bool {
		parts = append(parts, Keep(k))
		if k.Step == half {
			kill(t, p)
			return true
		}
		return false
	}))
	if err != errEnough {
		t.Fatalf("the first half ended with %v", err)
	}
	from := parts[half-1]
	p = launch(t, c.Program)
	finish(t, p, c.session(&from, func(k pluginhost.Commit) bool { parts = append(parts, Keep(k)); return false }))

	for i := range whole {
		if err := same(whole[i], parts[i]); err != nil {
			t.Fatalf("step %d, resumed after step %d: %v", whole[i].Step, half, err)
		}
	}
}

func finish(t testing.TB, p *pluginhost.Process, s pluginhost.OptimizeSession) {
	t.Helper()
	out, err := p.Optimize(deadline(t), s)
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != "completed" || int(out.Steps) != s.Problem.Steps {
		t.Fatalf("the run ended as %q after %d of %d steps: %s", out.Status, out.Steps, s.Problem.Steps, out.Detail)
	}
}

// Keep copies a commit into what is needed to resume from it.
func Keep(k pluginhost.Commit) pluginhost.Resume {
	r := pluginhost.Resume{
		Step: k.Step, Blob: append([]byte(nil), k.Blob...), Params: append([]float32(nil), k.Params...),
		Slots: map[string][]float32{},
	}
	for name, v := range k.State {
		r.Slots[name] = append([]float32(nil), v...)
	}
	return r
}

func same(a, b pluginhost.Resume) error {
	if a.Step != b.Step {
		return fmt.Errorf("it is step %d in the other run", b.Step)
	}
	if !bytes.Equal(a.Blob, b.Blob) {
		return fmt.Errorf("blobs differ: %q and %q", a.Blob, b.Blob)
	}
	if err := SameBits(a.Params, b.Params); err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	if len(a.Slots) != len(b.Slots) {
		return fmt.Errorf("%d state slots and %d", len(a.Slots), len(b.Slots))
	}
	for name := range a.Slots {
		if err := SameBits(a.Slots[name], b.Slots[name]); err != nil {
			return fmt.Errorf("slot %q: %w", name, err)
		}
	}
	return nil
}

// SameBits returns an error that names the first element in which a and b differ.
func SameBits(a, b []float32) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d elements and %d", len(a), len(b))
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return fmt.Errorf("element %d is %v and %v", i, a[i], b[i])
		}
	}
	return nil
}

// MeasureCase is a measurement. The zero value of a field is a sensible default unless it says otherwise.
type MeasureCase struct {
	Program  *pluginhost.Program // nil: Self
	Workload oracle.Workload     // needed
	Params   map[string]any
	At       []float32            // needed: the point to measure at
	Init     []float32            // slot "init"; nil: there is none
	Update   []float32            // slot "update"; nil: there is none
	Training *pluginhost.Training // nil: nobody knows
	Tables   *[]pluginhost.Table  // if set, gets the tables of the measurement
	Seed     uint64
	Tensors  []engine.Tensor
	Classes  int
	Probe    Probe
	InputLen int
	// BatchSize and Steps are what the plugin is told of the training; a BatchSize of 0 means the size of the probe's batches.
	BatchSize, Steps int
	ActivationLen    []int // by tensor
	Peers            []Peer
	// Bill, if set, gets what the measurement has cost.
	Bill *oracle.Bill
}

// Peer is a network beside the one that is measured.
type Peer struct {
	Workload      oracle.Workload // needed: answers about the same examples
	At            []float32       // needed
	Update        []float32
	Tensors       []engine.Tensor
	ActivationLen []int
	Seed, Step    uint64
}

// Probe is the shape of the metric's example set; zero fields mean 1.
type Probe struct{ Batches, Size int }

// Measure returns a measurement by the names of its values. It fails the test when there is none.
func Measure(t testing.TB, c MeasureCase) map[string]pluginhost.Value {
	t.Helper()
	m, err := TryMeasure(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TryMeasure is Measure for measurements that may fail.
func TryMeasure(t testing.TB, c MeasureCase) (map[string]pluginhost.Value, error) {
	t.Helper()
	p := launch(t, c.Program)
	batches, size := max(1, c.Probe.Batches), max(1, c.Probe.Size)
	answers := oracle.New(c.Workload, c.Seed)
	var peers []pluginhost.Peer
	for _, q := range c.Peers {
		peers = append(peers, pluginhost.Peer{
			Dim: q.Workload.Dim(), Tensors: q.Tensors, ActivationLen: q.ActivationLen, Seed: q.Seed, Step: q.Step,
			Oracle: oracle.New(q.Workload, c.Seed), At: q.At, Update: q.Update,
		})
	}
	nominal := c.BatchSize
	if nominal == 0 {
		nominal = size
	}
	m, err := p.Measure(deadline(t), pluginhost.MeasureSession{
		RunID: "plugintest", Params: c.Params, Seed: c.Seed, At: c.At, Init: c.Init, Update: c.Update,
		Training: c.Training, Oracle: answers, Peers: peers,
		Problem: pluginhost.Problem{
			Dim: c.Workload.Dim(), Tensors: c.Tensors, Classes: c.Classes, Examples: batches * size, BatchSize: nominal,
			ProbeBatches: batches, ProbeBatchSize: size, InputLen: c.InputLen, ActivationLen: c.ActivationLen, Steps: c.Steps,
		},
	})
	if c.Bill != nil {
		*c.Bill = answers.Bill()
		for _, q := range peers {
			*c.Bill = c.Bill.Add(q.Oracle.Bill())
		}
	}
	if err != nil {
		return nil, err
	}
	if c.Tables != nil {
		*c.Tables = m.Tables
	}
	out := map[string]pluginhost.Value{}
	for _, v := range m.Values {
		out[v.Name] = v
	}
	return out, nil
}

// Describe returns what a plugin says about itself; nil means Self.
func Describe(t testing.TB, program *pluginhost.Program) pluginhost.Info {
	t.Helper()
	info, err := launch(t, program).Describe(deadline(t))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// Validate returns what a plugin finds wrong with params on a problem without structure, as "param: message".
func Validate(t testing.TB, program *pluginhost.Program, dim int, params map[string]any) []string {
	t.Helper()
	p := launch(t, program)
	problem := pluginhost.Problem{Dim: dim, Examples: 1, BatchSize: 1, StepsPerEpoch: 1, ProbeBatches: 1, ProbeBatchSize: 1}
	diagnostics, _, err := p.Validate(deadline(t), problem, params)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range diagnostics {
		out = append(out, d.String())
	}
	return out
}

func launch(t testing.TB, program *pluginhost.Program) *pluginhost.Process {
	t.Helper()
	if program == nil {
		self := Self()
		program = &self
	}
	log := &logWriter{t: t}
	p, err := pluginhost.Launch(deadline(t), *program, pluginhost.LaunchOptions{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(); log.flush() })
	return p
}

func kill(t testing.TB, p *pluginhost.Process) {
	proc, err := os.FindProcess(p.Pid())
	if err == nil {
		err = proc.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}

func deadline(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

// logWriter keeps what a plugin prints for the report of a test that fails.
type logWriter struct {
	t   testing.TB
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logWriter) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.t.Failed() && l.buf.Len() > 0 {
		l.t.Logf("the plugin printed:\n%s", l.buf.Bytes())
	}
}

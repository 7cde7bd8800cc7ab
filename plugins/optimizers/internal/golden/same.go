package golden

import (
	"encoding/binary"
	"hash/fnv"
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// Main is the main function of an optimizer's tests. The test binary serves own, and each of others when it is started
// with that plugin's name, so that Same can compare with it.
func Main(m *testing.M, own any, others ...any) {
	for _, o := range others {
		if os.Args[len(os.Args)-1] == name(o) {
			own = o
		}
	}
	sdktest.TestMain(m, own)
}

func name(plugin any) string { return plugin.(interface{ Info() sdk.Info }).Info().Name }

// Same checks that the plugin under test with the parameters own takes the same steps as another plugin that Main knows
// with the parameters theirs, bit for bit, running statistics included, on the named problems: all three that every
// method can train on where none is named.
func Same(t *testing.T, own map[string]any, other string, theirs map[string]any, problems ...string) {
	t.Helper()
	if len(problems) == 0 {
		problems = []string{"quadratic", "logistic", "mlp"}
	}
	for _, problem := range problems {
		program := plugintest.Self(other)
		got, buffers := train(t, nil, problem, own)
		want, wantBuffers := train(t, &program, problem, theirs)
		for k := range want {
			if err := plugintest.SameBits(got[k], want[k]); err != nil {
				t.Errorf("%s: %v: step %d differs from %s with %v: %v", problem, own, k+1, other, theirs, err)
				break
			}
		}
		if err := plugintest.SameBits(buffers, wantBuffers); err != nil {
			t.Errorf("%s: %v: running statistics differ from those of %s with %v: %v", problem, own, other, theirs, err)
		}
	}
}

// Bits checks that the iterates on the quadratic, for each of the given parameters, hash to want: stored results of a
// version are used again, so when this fails for a good reason, raise the version and record the new hash.
func Bits(t *testing.T, info sdk.Info, version int, want uint64, params ...map[string]any) {
	t.Helper()
	h := fnv.New64a()
	var b [4]byte
	for _, p := range params {
		path, _ := train(t, nil, "quadratic", p)
		for _, w := range path {
			for _, x := range w {
				binary.LittleEndian.PutUint32(b[:], math.Float32bits(x))
				h.Write(b[:])
			}
		}
	}
	if got := h.Sum64(); info.Version != version || got != want {
		t.Errorf("version %d hashes to %#x; version %d is recorded as %#x", info.Version, got, version, want)
	}
}

// Resume checks that a run that is killed half-way on the logistic regression and continued from the commit that was kept
// is the same run.
func Resume(t *testing.T, params map[string]any) {
	t.Helper()
	plugintest.Resume(t, optimizeCase(t, nil, "logistic", params))
}

// Still checks that nothing moves where there is nothing to gain: with a zero gradient, or with a learning rate of 0.
func Still(t *testing.T, params map[string]any) {
	t.Helper()
	start := []float32{1, -2, 3}
	flat := plugintest.OptimizeCase{Workload: plugintest.Quadratic(0, 0, 0), Init: start, Steps: 7, Params: params}
	path := plugintest.Optimize(t, flat)
	if err := plugintest.SameBits(path[6], start); err != nil {
		t.Errorf("a zero gradient: the parameters moved: %v", err)
	}
	resting := maps.Clone(params)
	resting["lr"] = 0.0
	path, _ = train(t, nil, "logistic", resting)
	if err := plugintest.SameBits(path[steps-1], define(t, "logistic").Start); err != nil {
		t.Errorf("a learning rate of 0: the parameters moved: %v", err)
	}
}

// Recorder writes down what is asked of a workload.
type Recorder struct {
	oracle.Workload
	Batches []oracle.Batch
	Options []oracle.Options
	Points  [][]float32
}

// Grad implements oracle.Workload.
func (r *Recorder) Grad(b oracle.Batch, w, out []float32, o oracle.Options) (oracle.Eval, error) {
	r.Batches, r.Options, r.Points = append(r.Batches, b), append(r.Options, o), append(r.Points, slices.Clone(w))
	return r.Workload.Grad(b, w, out, o)
}

// HVP implements oracle.Curved, for workloads that do.
func (r *Recorder) HVP(b oracle.Batch, w, v, out []float32, o oracle.Options) (oracle.Eval, error) {
	return r.Workload.(oracle.Curved).HVP(b, w, v, out, o)
}

// Record trains on one of the problems and returns the gradients that were asked for, and the iterates.
func Record(t *testing.T, problem string, params map[string]any) (*Recorder, [][]float32) {
	t.Helper()
	c := optimizeCase(t, nil, problem, params)
	r := &Recorder{Workload: c.Workload}
	c.Workload = r
	return r, plugintest.Optimize(t, c)
}

// Degenerates checks the pairs that the plugin declares.
func Degenerates(t *testing.T, info sdk.Info) {
	t.Helper()
	if len(info.Degenerate) == 0 {
		t.Error("the plugin declares no pairs")
	}
	for _, d := range info.Degenerate {
		Same(t, d.When, d.Equals, nil)
	}
}

package sdktest_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/metrics/gradnorm"
	"github.com/sharpbench/sharpbench/plugins/optimizers/sam"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// The program that plugintest starts is SAM, or the one that asks for everything.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "everything") {
		sdktest.TestMain(m, asks{everything})
	}
	for claim := range claims {
		if slices.Contains(os.Args, "claim="+claim) {
			sdktest.TestMain(m, plain{claim})
		}
	}
	for name, b := range badOnes {
		if slices.Contains(os.Args, name) {
			sdktest.TestMain(m, b)
		}
	}
	sdktest.TestMain(m, sam.Optimizer{})
}

func TestInProcessEqualsProcess(t *testing.T) {
	workload := plugintest.Logistic([][]float64{{1, 2}, {-1, 0.5}, {0.3, -2}, {1, 1}}, []int{1, -1, 1, -1}, 2)
	params := map[string]any{"lr": 0.1, "rho": 0.2, "momentum": 0.9}
	init := []float32{0.5, -0.25}
	schedule := func(k uint64) float64 { return 1 / float64(k+1) }
	want := plugintest.Optimize(t, plugintest.OptimizeCase{
		Workload: workload, Params: params, Init: init, Steps: 9, LRScale: func(k int) float64 { return schedule(uint64(k)) },
	})
	got, err := sdktest.Train(sam.Optimizer{}, sdktest.Case{Workload: workload, Params: params, Init: init, Steps: 9, LRScale: schedule})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("in this process:\n%v\nas a process:\n%v", got, want)
	}
}

func TestMeasureInProcess(t *testing.T) {
	values, err := sdktest.Measure(gradnorm.Metric{}, sdktest.Case{Workload: plugintest.Quadratic(4, 1), Init: []float32{1, 3}})
	if err != nil || len(values) == 0 || math.Abs(values[0].Value-5) > 1e-6 {
		t.Errorf("the gradient of a quadratic at (1, 3) has norm 5: %v, %v", values, err)
	}
}

// asks does one thing with its session.
type asks struct{ do func(sdk.Session) error }

func (asks) Info() sdk.Info { return sdk.Info{Name: "asks", Version: 1} }
func (asks) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "v"}, {Name: "room", Len: 4, Scratch: true}, {Name: "delta", Len: 4}}
}
func (a asks) Run(s sdk.Session) error { return a.do(s) }

// Two examples a batch; at w = 0 the losses are ln 2 and their gradients -y x/2.
var twoExamples = plugintest.Logistic([][]float64{{3, 4}, {0, 2}}, []int{1, -1}, 2)

// everything makes the requests that have no test of their own and compares the answers with what they must be.
func everything(s sdk.Session) error {
	var wrong []error
	near := func(what string, got float32, want float64) {
		if !(math.Abs(float64(got)-want) <= 1e-6) {
			wrong = append(wrong, fmt.Errorf("%s is %v, want %v", what, got, want))
		}
	}
	did := func(what string, n, want int, err error) {
		if err != nil || n != want {
			wrong = append(wrong, fmt.Errorf("%s: %d, want %d, %v", what, n, want, err))
		}
	}
	w, g, v, room, delta := s.W(), s.Slot("grad"), s.Slot("v"), s.Slot("room"), s.Slot("delta")
	b := s.TrainBatch()

	loss, err := s.Losses(b, w, room)
	did("losses", 0, 0, err)
	near("the mean loss", float32(loss), math.Ln2)
	near("the second example's loss", room[1], math.Ln2)

	n, err := s.GradClipped(b, w, g, sdk.Clip{Limit: 1, Norms: room})
	did("clipped gradients", n, 2, err)
	near("the first norm", room[0], 2.5)
	near("the clipped sum", g[0], -0.6)
	near("the clipped sum", g[1], -0.8+1)
	n, err = s.GradClipped(b, w, g, sdk.Clip{Limit: 1.25, PerCoordinate: true})
	did("clamped gradients", n, 2, err)
	near("the clamped sum", g[0], -1.25)
	near("the clamped sum", g[1], -1.25+1)
	sum := append(sdk.Vec(nil), g...)
	n, err = s.GradClipped(b, w, g, sdk.Clip{Limit: 1.25, PerCoordinate: true, Noise: &sdk.Noise{Stream: "test", Index: 3, Std: 0.5}})
	did("clamped gradients in noise", n, 0, err)
	noise := g[0] - sum[0]
	err = s.Normal("test", 3, g, 0.5)
	did("noise", 0, 0, err)
	near("the noise is that of the stream", noise, float64(g[0]))
	n, err = s.GradSquared(b, w, g)
	did("squared gradients", n, 2, err)
	near("the sum of squares", g[1], 4+1)

	v[0], v[1] = 1, 0
	_, err = s.HVP(b.Class(1), w, v, g)
	did("HVP", 0, 0, err)
	near("xxᵀ/4 along the first axis", g[0], 9.0/4)
	near("xxᵀ/4 along the first axis", g[1], 12.0/4)

	copy(room, []float32{7, 1, 9, -1}) // the first logit of an example is constant
	n, err = s.VJP(b, w, room, g)
	did("VJP", n, 2, err)
	near("x₁ - x₂", g[0], 3)
	near("x₁ - x₂", g[1], 2)

	w[0], w[1] = 0, 1 // w·x is 4 and 2
	n, err = s.Activations(b, w, room, 0)
	did("activations", n, 2, err)
	near("w·x of the second example", room[1], 2)
	_, err = s.InputGrad(b, w, delta)
	did("input gradients", 0, 0, err)
	near("that of the second example", delta[3], 0.5/(1+math.Exp(-2)))

	_, n, err = s.OutputGrad(b, w, room)
	did("gradients by outputs", n, 2, err)
	near("the gradient by the second output of the second example", room[3], 0.5/(1+math.Exp(-2)))

	clear(delta)
	delta[0], delta[1] = -3, -4
	_, err = s.Grad(b.Example(0).Perturbed("delta"), w, g)
	did("gradient at changed inputs", 0, 0, err)
	near("the gradient at x = 0", g[1], 0)

	n, err = s.GradSquared(s.PoissonBatch(1e-9), w, g)
	did("an empty draw", n, 0, err)
	near("the sum over nothing", g[0], 0)
	n, err = s.GradSquared(s.PoissonBatch(1), w, g)
	did("a draw of everything", n, 2, err)
	if _, err := s.Grad(s.PoissonBatch(1e-9).Class(1), w, g); !errors.Is(err, sdk.BadRequest) {
		wrong = append(wrong, fmt.Errorf("a class that is not there: %v", err))
	}
	if _, err := s.HVP(b, w, v, v); !errors.Is(err, sdk.BadSlot) {
		wrong = append(wrong, fmt.Errorf("a product into its direction: %v", err))
	}
	if len(wrong) > 0 {
		return errors.Join(wrong...)
	}
	return s.Commit(w)
}

func TestEveryRequest(t *testing.T) {
	if _, err := sdktest.Train(asks{everything}, sdktest.Case{Workload: twoExamples, Init: []float32{0, 0}, Steps: 1}); err != nil {
		t.Errorf("in this process: %v", err)
	}
	self := plugintest.Self("everything")
	plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: &self, Workload: twoExamples, Init: []float32{0, 0}, Steps: 1, BatchSize: 2,
	})
}

func TestRefusals(t *testing.T) {
	run := func(do func(sdk.Session) error) error {
		_, err := sdktest.Train(asks{do}, sdktest.Case{Workload: twoExamples, Init: []float32{0, 0}, Steps: 1})
		return err
	}
	if err := run(func(s sdk.Session) error { _, err := s.Grad(s.FullBatch(), s.W(), s.W()); return err }); !errors.Is(err, sdk.BadSlot) {
		t.Errorf("a gradient into the parameters: %v", err)
	}
	if err := run(func(s sdk.Session) error { s.W()[0] = float32(math.Inf(1)); return s.Commit(s.W()) }); !errors.Is(err, sdk.NonFinite) {
		t.Errorf("infinite parameters: %v", err)
	}
}

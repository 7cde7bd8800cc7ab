//go:build unix

package sdk_test

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// The plugins of these tests, by the argument with which the test binary is started again.
var plugins = map[string]any{
	"step":    momentum{},
	"loop":    loop{},
	"metric":  norms{},
	"spins":   spins{},
	"company": company{},
}

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == pluginhost.TestServe {
		sdk.Serve(plugins[os.Args[2]])
		return
	}
	if len(os.Args) > 3 && os.Args[1] == hostMode {
		beHost(os.Args[2], os.Args[3])
		return
	}
	os.Exit(m.Run())
}

func self(args ...string) *pluginhost.Program {
	p := plugintest.Self(args...)
	return &p
}

// momentum is heavy-ball gradient descent as a Stepper.
type momentum struct{}

func (momentum) Info() sdk.Info {
	return sdk.Info{
		Name: "heavy-ball", Version: 3, Summary: "gradient descent with momentum", Rule: "m = mu m + g; w -= lr m",
		Citation: "Polyak 1964", Unverified: "the year", Finding: "It is faster.", Watch: []string{"Overshoots.", "Twice."}, CostNote: "always", Cost: 1, Track: "toy", Resumable: true, Needs: []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Params: []sdk.Param{
			sdk.Float("lr", 0.1, "learning rate").Above(0).Max(10).Log(),
			sdk.Float("mu", 0.5, "momentum").Min(0).Below(1),
			sdk.Int("warmup", 0, "").Min(0),
			sdk.Choice("base", "sgd", []string{"sgd", "none"}, "what to do"),
		},
		Degenerate: []sdk.Degenerate{{When: map[string]any{"mu": 0.0}, Equals: "gd"}},
		Check: func(p sdk.Problem, v sdk.Params) []sdk.Diagnostic {
			if v.Int("warmup") > 100 {
				return []sdk.Diagnostic{{Param: "warmup", Message: fmt.Sprintf("longer than the run of %d steps", p.Steps)}}
			}
			return nil
		},
	}
}

func (momentum) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "m"}, {Name: "tmp", Len: 7, Scratch: true}}
}

func (momentum) New(s sdk.Start) (func(w, g sdk.Vec, lrScale float64) error, error) {
	m, lr, mu := s.Slot("m"), s.Params.Float("lr"), float32(s.Params.Float("mu"))
	return func(w, g sdk.Vec, lrScale float64) error {
		rate := float32(lr * lrScale)
		for i := range w {
			m[i] = mu*m[i] + g[i]
			w[i] -= rate * m[i]
		}
		return nil
	}, nil
}

// loop does, by its parameter "do", one of the things a loop can do.
type loop struct{}

func (loop) Info() sdk.Info {
	return sdk.Info{
		Name: "loop", Version: 1, Cost: 2, Resumable: true,
		Params: []sdk.Param{sdk.Choice("do", "train", []string{"train", "average", "noise", "early", "converge", "diverge", "ignore", "log", "foreign", "error"}, "")},
	}
}

func (loop) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "mean"}, {Name: "noise", Scratch: true}}
}

func (loop) Run(s sdk.Session) error {
	w, g, mean := s.W(), s.Slot("grad"), s.Slot("mean")
	do := s.Params().String("do")
	count := len(s.Blob())
	for s.Next() {
		switch do {
		case "early":
			return nil
		case "converge":
			if s.Step() == 2 {
				return sdk.Converged("nothing to gain")
			}
		case "diverge":
			return sdk.Diverged("too steep")
		case "error":
			return errors.New("something else")
		case "foreign":
			_, err := s.Grad(s.TrainBatch(), w, make(sdk.Vec, len(w)))
			return err
		case "noise":
			if err := s.Normal("eps", s.Step(), s.Slot("noise"), 0.5); err != nil {
				return err
			}
			for i, e := range s.Slot("noise") {
				w[i] += e
			}
		}
		if _, err := s.Grad(s.TrainBatch(), w, g, sdk.FreezeStats); err != nil {
			return err
		}
		loss, err := s.Loss(s.FullBatch(), w)
		if err != nil {
			return err
		}
		rate := float32(0.1 * s.LRScale())
		for i := range w {
			w[i] -= rate * g[i]
			mean[i] += (w[i] - mean[i]) / float32(s.Step()+1)
		}
		commit := w
		if do == "average" {
			commit = mean
		}
		if do == "log" {
			s.Log("info", fmt.Sprintf("step %d", s.Step()))
			fmt.Println("to standard output")
			fmt.Fprintln(os.Stderr, "to standard error")
		}
		count++
		err = s.Commit(commit, sdk.WithBlob(make([]byte, count)), sdk.WithScalar("loss", loss), sdk.WithScalar("bad", math.NaN()))
		if err != nil {
			return err
		}
	}
	if do == "ignore" {
		if _, err := s.Loss(s.FullBatch(), w); !errors.Is(err, sdk.ErrStopped) {
			return fmt.Errorf("a request after stop: %w", err)
		}
		return sdk.ErrStopped
	}
	return nil
}

// norms measures norms of the gradient, and does what its parameter says.
type norms struct{}

func (norms) Info() sdk.Info {
	return sdk.Info{
		Name: "norms", Version: 1, Invariances: []string{"permutation"},
		Params: []sdk.Param{sdk.Choice("do", "measure", []string{"measure", "write", "commit", "into", "nan", "ragged", "error"}, "")},
		Values: []sdk.ValueInfo{
			{Name: "l2", Unit: "loss", Better: sdk.BetterLower, Help: "norm of the gradient"},
			{Name: "moved", Unit: "1", Better: sdk.BetterNone},
			{Name: "outputs", Unit: "1", Better: sdk.BetterHigher},
		},
	}
}

func (norms) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "out", Len: max(1, 2*p.ProbeBatchSize), Scratch: true}}
}

func (norms) Measure(s sdk.Session) ([]sdk.Value, error) {
	w, g := s.W(), s.Slot("grad")
	switch s.Params().String("do") {
	case "write":
		w[0]++
	case "ragged":
		s.Keep(sdk.Table{Name: "t", Columns: []sdk.Column{{Name: "a", Values: []float64{1}}, {Name: "b"}}})
	case "commit":
		return nil, s.Commit(w)
	case "into":
		_, err := s.Grad(s.ProbeBatch(0), g, w)
		return nil, err
	case "error":
		return nil, errors.New("cannot do it")
	}
	var sum float64
	for j := range s.Problem().ProbeBatches {
		if _, err := s.Grad(s.ProbeBatch(j), w, g); err != nil {
			return nil, err
		}
		for _, x := range g {
			sum += float64(x) * float64(x)
		}
	}
	l2 := sdk.Value{Name: "l2", Value: math.Sqrt(sum), StdErr: 0.25, HasStdErr: true, Warnings: []string{"a toy"}}
	if s.Params().String("do") == "nan" {
		l2.Value = math.NaN()
	}
	moved := sdk.Value{Name: "moved", Null: true, Reason: "no initial parameters"}
	if init := s.Slot("init"); init != nil {
		moved = sdk.Value{Name: "moved", Value: float64(w[0] - init[0])}
		if update := s.Slot("update"); update != nil {
			moved.Value += 100 * float64(update[0])
		}
	}
	n, err := s.Outputs(s.ProbeBatch(0).Range(0, 1), w, s.Slot("out"))
	if err != nil && !errors.Is(err, sdk.Unsupported) {
		return nil, err
	}
	outputs := sdk.Value{Name: "outputs", Value: float64(n)}
	if n > 0 {
		outputs.Value += 10 * float64(s.Slot("out")[1])
	}
	if t := s.Training(); t.Optimizer != "" {
		lr, _ := t.Float("lr")
		s.Keep(sdk.Table{Name: t.Optimizer, Columns: []sdk.Column{{Name: "lr", Values: []float64{lr * t.LRScale}}}})
	}
	return []sdk.Value{moved, l2, outputs}, nil
}

// The recurrence is computed again here in the same float32 operations.
func TestStepper(t *testing.T) {
	h := []float64{4, 1, 0.25}
	scale := func(k int) float64 { return 1 / float64(k+1) }
	path := plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: self("step"), Workload: plugintest.Quadratic(h...), Init: []float32{0.5, -1, 2}, Steps: 20, LRScale: scale,
		Params: map[string]any{"lr": 0.25},
	})
	w, m := []float32{0.5, -1, 2}, make([]float32, 3)
	for k, got := range path {
		rate := float32(0.25 * scale(k))
		for i := range w {
			g := float32(h[i] * float64(w[i]))
			m[i] = 0.5*m[i] + g
			w[i] -= rate * m[i]
		}
		if err := plugintest.SameBits(got, w); err != nil {
			t.Fatalf("step %d: %v", k+1, err)
		}
	}
}

func TestResumeAfterKill(t *testing.T) {
	for _, c := range []struct{ plugin, do string }{{"step", ""}, {"loop", "train"}, {"loop", "average"}, {"loop", "noise"}} {
		t.Run(c.plugin+c.do, func(t *testing.T) {
			var params map[string]any
			if c.do != "" {
				params = map[string]any{"do": c.do}
			}
			plugintest.Resume(t, plugintest.OptimizeCase{
				Program: self(c.plugin), Workload: plugintest.Quadratic(4, 1, 0.25), Init: []float32{0.5, -1, 2}, Steps: 6, Seed: 3, Params: params,
				LRScale: func(k int) float64 { return 1 - float64(k)/6 },
			})
		})
	}
}

func TestStatusOfARun(t *testing.T) {
	for _, c := range []struct {
		do, status, detail string
		steps              int
	}{
		{"train", "completed", "", 4},
		{"ignore", "completed", "", 4},
		{"early", "failed", "before the host had said stop", 0},
		{"converge", "converged", "nothing to gain", 2},
		{"diverge", "diverged", "too steep", 0},
		{"error", "failed", "something else", 0},
	} {
		path, out, err := plugintest.Try(t, plugintest.OptimizeCase{
			Program: self("loop"), Workload: plugintest.Quadratic(1), Init: []float32{1}, Steps: 4, Params: map[string]any{"do": c.do},
		})
		if err != nil || out.Status != c.status || !strings.Contains(out.Detail, c.detail) || len(path) != c.steps || int(out.Steps) != c.steps {
			t.Errorf("%s: %+v after %d steps, %v", c.do, out, len(path), err)
		}
	}
}

// Heavy ball on a quadratic with lr·h far above 2 overflows: the commit or the gradient is not finite then.
func TestDivergence(t *testing.T) {
	path, out, err := plugintest.Try(t, plugintest.OptimizeCase{
		Program: self("step"), Workload: plugintest.Quadratic(1e9), Init: []float32{1}, Steps: 100, Params: map[string]any{"lr": 10.0},
	})
	if err != nil || out.Status != "diverged" || len(path) == 0 || len(path) == 100 {
		t.Errorf("%+v after %d steps, %v", out, len(path), err)
	}
}

func TestCommitCarriesBlobScalarsAndState(t *testing.T) {
	var commits []pluginhost.Resume
	plugintest.Optimize(t, plugintest.OptimizeCase{
		Program: self("loop"), Workload: plugintest.Quadratic(1), Init: []float32{1}, Steps: 2, Params: map[string]any{"do": "average"},
		OnCommit: func(c pluginhost.Commit) {
			commits = append(commits, plugintest.Keep(c))
			if len(c.Scalars) != 1 || c.Step == 1 && c.Scalars["loss"] != 0.5 {
				t.Errorf("scalars %v: expected the loss, and no NaN", c.Scalars)
			}
		},
	})
	second := commits[1]
	if second.Step != 2 || len(second.Blob) != 2 {
		t.Errorf("second commit: step %d, blob of %d bytes", second.Step, len(second.Blob))
	}
	// w is 0.9, then 0.81; what is committed is their mean.
	if w := second.Slots["params"]; len(w) != 1 || math.Abs(float64(w[0])-0.81) > 1e-6 {
		t.Errorf("slot params: %v", w)
	}
	if math.Abs(float64(second.Params[0])-0.855) > 1e-6 {
		t.Errorf("committed %v", second.Params)
	}
	if len(second.Slots) != 2 {
		t.Errorf("state %v: expected mean and params, no scratch", second.Slots)
	}
}

func TestVectorsThatAreNotSlots(t *testing.T) {
	_, _, err := plugintest.Try(t, plugintest.OptimizeCase{
		Program: self("loop"), Workload: plugintest.Quadratic(1), Init: []float32{1}, Steps: 4, Params: map[string]any{"do": "foreign"},
	})
	var f *pluginhost.Failure
	if !errors.As(err, &f) || f.Kind != pluginhost.Crashed || !strings.Contains(f.Detail, `vector passed as "out" (1 elements) is not a slot`) {
		t.Errorf("%v", err)
	}
}

func TestDescribe(t *testing.T) {
	i := plugintest.Describe(t, self("step"))
	if i.Name != "heavy-ball" || i.Kind != pluginhost.KindOptimizer || i.Version != 3 || i.Rule == "" || i.Citation != "Polyak 1964" ||
		i.Unverified != "the year" || i.Finding != "It is faster." || len(i.Watch) != 2 || i.Watch[1] != "Twice." || i.CostNote != "always" ||
		i.Cost != 1 || i.Track != "toy" || !i.Resumable || len(i.Params) != 4 || len(i.Needs) != 2 || i.Needs[0] != "grad" {
		t.Errorf("%+v", i)
	}
	lr := i.Params[0]
	if lr.Type != "float" || lr.Default != 0.1 || *lr.Min != 0 || !lr.MinOpen || *lr.Max != 10 || lr.MaxOpen || lr.Scale != "log" {
		t.Errorf("lr: %+v", lr)
	}
	if w := i.Params[2]; w.Default != int64(0) || w.Type != "int" || w.Max != nil {
		t.Errorf("warmup: %+v", w)
	}
	if b := i.Params[3]; b.Default != "sgd" || len(b.Choices) != 2 {
		t.Errorf("base: %+v", b)
	}
	if len(i.Degenerate) != 1 || i.Degenerate[0].When["mu"] != 0.0 || i.Degenerate[0].Equals != "gd" {
		t.Errorf("degenerate: %+v", i.Degenerate)
	}
	m := plugintest.Describe(t, self("metric"))
	if m.Kind != pluginhost.KindMetric || len(m.Values) != 3 || m.Values[0].Better != "lower" || m.Values[1].Better != "none" || m.Invariances[0] != "permutation" {
		t.Errorf("%+v", m)
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		params map[string]any
		want   []string
	}{
		{nil, nil},
		{map[string]any{"lr": 1}, nil},
		{map[string]any{"lr": 0.0, "mu": 1.0}, []string{"lr: expected a number greater than 0 and at most 10, got 0", "mu: expected a number at least 0 and less than 1, got 1"}},
		{map[string]any{"lr": math.NaN(), "momentum": 0.9}, []string{"lr: ", "momentum: unknown parameter"}},
		{map[string]any{"base": ""}, []string{"base: "}},
		{map[string]any{"base": []string{"sgd"}}, []string{"base: expected a number, true or false, or a text, got []string"}},
		{map[string]any{"warmup": 101}, []string{"warmup: longer than the run"}},
	} {
		got := plugintest.Validate(t, self("step"), 3, c.params)
		if len(got) != len(c.want) {
			t.Errorf("%v: %q, want %q", c.params, got, c.want)
			continue
		}
		for i := range got {
			if !strings.HasPrefix(got[i], c.want[i]) {
				t.Errorf("%v: %q, want %q", c.params, got[i], c.want[i])
			}
		}
	}
}

func TestMetric(t *testing.T) {
	c := plugintest.MeasureCase{
		Program: self("metric"), Workload: plugintest.Logistic([][]float64{{1, 0}, {0, 2}}, []int{1, -1}, 1), At: []float32{1, -1},
		Init: []float32{0.25, 0}, Update: []float32{2, 0}, Classes: 2, Probe: plugintest.Probe{Batches: 2, Size: 1},
	}
	m := plugintest.Measure(t, c)
	// Slopes are -1/(1+e) on x = (1,0) and 1/(1+e²) on x = (0,2).
	a, b := 1/(1+math.E), 2/(1+math.Exp(2))
	if l2 := m["l2"]; math.Abs(l2.Value-math.Hypot(a, b)) > 1e-6 || !l2.HasStdErr || l2.StdErr != 0.25 || len(l2.Warnings) != 1 {
		t.Errorf("l2: %+v", l2)
	}
	if v := m["moved"]; v.Value != 200.75 || v.Null {
		t.Errorf("moved: %+v", v)
	}
	if v := m["outputs"]; v.Value != 1+10*1 {
		t.Errorf("outputs: %+v", v)
	}
	var tables []pluginhost.Table
	c.Tables = &tables
	c.Training = &pluginhost.Training{Optimizer: "sgd", Params: map[string]any{"lr": 0.5}, LRScale: 0.25}
	plugintest.Measure(t, c)
	if len(tables) != 1 || tables[0].Name != "sgd" || tables[0].Columns[0].Values[0] != 0.125 {
		t.Errorf("tables: %+v", tables)
	}
	c.Init, c.Update, c.Training = nil, nil, nil
	if v := plugintest.Measure(t, c)["moved"]; !v.Null || v.Reason == "" || v.HasStdErr {
		t.Errorf("moved without initial parameters: %+v", v)
	}
}

func TestMetricsThatMisbehave(t *testing.T) {
	for do, want := range map[string]string{
		"write":  `changed element 0 of slot "params"`,
		"ragged": "table \"t\": column \"b\" has 0 values, \"a\" has 1",
		"commit": "a metric cannot commit",
		"into":   `slot "params" is read-only`,
		"nan":    `value "l2" is NaN`,
		"error":  "cannot do it",
	} {
		_, err := plugintest.TryMeasure(t, plugintest.MeasureCase{
			Program: self("metric"), Workload: plugintest.Quadratic(1), At: []float32{1}, Params: map[string]any{"do": do},
		})
		var f *pluginhost.Failure
		if !errors.As(err, &f) || !strings.Contains(f.Reason, want) {
			t.Errorf("%s: %v, want %q", do, err, want)
		}
	}
}

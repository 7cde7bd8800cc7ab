package sdktest_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

func TestConformance(t *testing.T) {
	plugintest.Run(t, nil, plugintest.Options{
		// SAM claims to be itself here; what it really equals is not linked into this test.
		Find: func(string) (pluginhost.Program, error) { return plugintest.Self(), nil },
	})
}

// bad is gradient descent that breaks a rule.
type bad struct {
	step func(s sdk.Session, g sdk.Vec) error // between gradient and commit; nil: an honest one
	info func(*sdk.Info)
	grad func(s sdk.Session, g sdk.Vec) error // instead of asking for the gradient
}

func (b bad) Info() sdk.Info {
	i := sdk.Info{
		Name: "bad", Version: 1, Resumable: true, Needs: []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Params: []sdk.Param{sdk.Float("lr", 0.1, "learning rate").Min(0)},
	}
	if b.info != nil {
		b.info(&i)
	}
	return i
}

func (bad) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "state"}, {Name: "scratch", Scratch: true}}
}

func (b bad) Run(s sdk.Session) error {
	w, g := s.W(), s.Slot("grad")
	for s.Next() {
		var err error
		if b.grad != nil {
			err = b.grad(s, g)
		} else {
			_, err = s.Grad(s.TrainBatch(), w, g)
		}
		if err != nil {
			return err
		}
		rate := float32(s.LRScale() * s.Params().Float("lr"))
		for i := range w {
			w[i] -= rate * g[i]
		}
		if b.step != nil {
			if err := b.step(s, g); err != nil {
				return err
			}
		}
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}

// badOnes are plugins that must fail, by the check that must find them.
var badOnes = map[string]bad{
	"honest": {},
	"S2":     {step: func(s sdk.Session, g sdk.Vec) error { _, err := s.Loss(s.TrainBatch(), s.W()); return err }},
	"S3":     {step: func(s sdk.Session, g sdk.Vec) error { _, _ = s.Grad(s.TrainBatch(), g, g); return nil }},
	"S4": {grad: func(s sdk.Session, g sdk.Vec) error {
		if s.Step()%2 == 1 {
			clear(g)
			return nil
		}
		_, err := s.Grad(s.TrainBatch(), s.W(), g)
		return err
	}},
	"S6": {grad: func(s sdk.Session, g sdk.Vec) error {
		for {
			if _, err := s.Grad(s.TrainBatch(), s.W(), g); err == nil || !s.Next() {
				return err
			}
		}
	}},
	"S8": {grad: func(s sdk.Session, g sdk.Vec) error {
		if _, err := s.Grad(s.TrainBatch(), s.W(), g); err != nil {
			clear(g)
		}
		return nil
	}},
	"S9": {step: func(s sdk.Session, g sdk.Vec) error {
		for range 100 {
			s.Log("info", "chatter")
		}
		return nil
	}},
	"A1": {grad: func(s sdk.Session, g sdk.Vec) error {
		state := s.Slot("state")
		end := make(chan bool)
		go func() {
			for {
				select {
				case <-end:
					return
				default:
					if state[0]++; state[0] > 1e6 {
						state[0] = 0
					}
				}
			}
		}()
		_, err := s.Grad(s.TrainBatch(), s.W(), g)
		end <- true
		return err
	}},
	"A3": {step: func(s sdk.Session, g sdk.Vec) error {
		if v := s.Slot("scratch"); v[0] == v[0] {
			s.W()[0] += 1e-3
		}
		return nil
	}},
	"A4": {step: func(s sdk.Session, g sdk.Vec) error { _ = g[15]; return nil }},
	"A5": {step: func(s sdk.Session, g sdk.Vec) error { s.W()[0] -= 0.1; return nil }},
	"N1": {info: func(i *sdk.Info) { i.Params[0] = sdk.Float("lr", 1e-6, "learning rate").Min(0) }},
	"N2": {step: func(s sdk.Session, g sdk.Vec) error { s.W()[0] += float32(s.LRScale()); return nil }},
	"N3": {step: func(s sdk.Session, g sdk.Vec) error { s.W()[0] -= 1e-3 * g[0]; return nil }},
	"N4": {info: func(i *sdk.Info) {
		i.Degenerate = []sdk.Degenerate{{When: map[string]any{"lr": 0.2}, Equals: "honest"}}
	}, step: func(s sdk.Session, g sdk.Vec) error { s.W()[0] -= 0.001 * g[0]; return nil }},
	"N7": {info: func(i *sdk.Info) { i.Track = "dp" }},
	"D1": {step: func(s sdk.Session, g sdk.Vec) error { s.W()[0] += 1e-3 * rand.Float32(); return nil }},
	"D4": {step: func() func(s sdk.Session, g sdk.Vec) error {
		calls := 0 // hidden state
		return func(s sdk.Session, g sdk.Vec) error {
			calls++
			s.W()[0] += 1e-3 / float32(calls)
			return nil
		}
	}()},
	"D3": {grad: func(s sdk.Session, g sdk.Vec) error {
		start := time.Now()
		_, err := s.Grad(s.TrainBatch(), s.W(), g)
		g[0] += float32(math.Floor(time.Since(start).Seconds() * 100))
		return err
	}},
}

// Every bad plugin is found by the check it is named after, and an honest one by none.
func TestConformanceFindsBadPlugins(t *testing.T) {
	for name := range badOnes {
		t.Run(name, func(t *testing.T) {
			honest := plugintest.Self("honest")
			only := []string{name}
			if name == "honest" {
				only = nil
			}
			report, err := plugintest.Conform(context.Background(), plugintest.Self(name), plugintest.Options{
				Find: func(string) (pluginhost.Program, error) { return honest, nil }, Only: only,
			})
			if err != nil {
				t.Fatal(err)
			}
			var failed []string
			for _, f := range report.Findings {
				if f.Status == plugintest.Failed {
					failed = append(failed, f.ID)
				}
			}
			if name == "honest" {
				if len(failed) > 0 || report.Cost == nil || report.Cost.OpsPerStep != 2 {
					t.Errorf("failed: %v, cost %+v", failed, report.Cost)
				}
				return
			}
			if !slices.Contains(failed, name) {
				t.Errorf("failed: %v", failed)
			}
		})
	}
}

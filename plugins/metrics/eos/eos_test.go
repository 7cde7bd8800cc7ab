package eos

import (
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

func TestMain(m *testing.M) { sdktest.TestMain(m, Metric{}) }

type params = map[string]any

func TestThresholds(t *testing.T) {
	for name, c := range map[string]struct {
		m    method
		norm float64
		want float64
	}{
		"gd":            {method{rule: ruleGD, lr: 0.1}, 1, 20},
		"momentum":      {method{rule: ruleGD, lr: 0.1, beta: 0.9}, 1, 38},
		"nesterov":      {method{rule: ruleGD, lr: 0.1, beta: 0.9, nesterov: true}, 1, 38 / 2.8},
		"average":       {method{rule: ruleGD, lr: 0.1, beta: 0.9, dampening: 0.9}, 1, 380}, // the average of gradients: over 1 − β
		"decay":         {method{rule: ruleGD, lr: 0.1, decay: 0.5}, 1, 19.5},
		"adam":          {method{rule: ruleAdam, lr: 0.1, beta: 0.9}, 1, 380}, // 38/η
		"usam 0.05":     {method{rule: ruleUSAM, lr: 0.1, rho: 0.05}, 3, 12.3606798},
		"usam 0.01":     {method{rule: ruleUSAM, lr: 0.1, rho: 0.01}, 3, 17.0820393},
		"usam 0.1":      {method{rule: ruleUSAM, lr: 0.01, rho: 0.1}, 3, 40},
		"usam 0":        {method{rule: ruleUSAM, lr: 0.1, rho: 0}, 3, 20},
		"usam, tiny":    {method{rule: ruleUSAM, lr: 0.1, rho: 1e-14}, 3, 20},
		"sam":           {method{rule: ruleSAM, lr: 0.1, rho: 0.1}, 2, 12.3606798},
		"sam, far away": {method{rule: ruleSAM, lr: 0.1, rho: 0.1}, 1e9, 20},
	} {
		if got := c.m.threshold(c.norm); math.Abs(got/c.want-1) > 1e-8 {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What each rule does on ½λw², iterated: it converges just below its threshold and diverges just above. Nesterov's too.
func TestDivergence(t *testing.T) {
	for _, m := range []method{
		{rule: ruleGD, lr: 0.1}, {rule: ruleGD, lr: 0.1, beta: 0.9}, {rule: ruleGD, lr: 0.1, beta: 0.9, nesterov: true},
		{rule: ruleGD, lr: 0.1, beta: 0.9, dampening: 0.9}, {rule: ruleGD, lr: 0.1, decay: 0.5},
		{rule: ruleUSAM, lr: 0.1, rho: 0.05}, {rule: ruleUSAM, lr: 0.1, rho: 0.05, beta: 0.5, decay: 0.1},
	} {
		end := func(lambda float64) float64 {
			w, v := 1.0, 0.0
			for range 20000 {
				g := lambda*(w+m.rho*lambda*w) + m.decay*w
				v = m.beta*v + (1-m.dampening)*g
				if m.nesterov {
					w -= m.lr * (g + m.beta*v)
				} else {
					w -= m.lr * v
				}
			}
			return math.Abs(w)
		}
		star := m.threshold(1)
		if below, above := end(star*0.998), end(star*1.002); !(below < 1e-3) || above < 1e3 {
			t.Errorf("%+v: λ* = %v, but |w| ends at %v below and at %v above", m, star, below, above)
		}
	}
	// The published pair of numbers, (η, ρ) = (0.1, 0.05): 12.2 converges, 12.5 does not.
	if star := (method{rule: ruleUSAM, lr: 0.1, rho: 0.05}).threshold(1); !(12.2 < star && star < 12.5) {
		t.Errorf("λ* = %v", star)
	}
}

func measure(t *testing.T, h []float64, at []float32, p params, trained *pluginhost.Training) map[string]pluginhost.Value {
	t.Helper()
	return plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(h...), At: at, Params: p, Training: trained, Seed: 1})
}

func near(t *testing.T, what string, got pluginhost.Value, want float64) {
	t.Helper()
	if got.Null || math.Abs(got.Value/want-1) > 1e-5 {
		t.Errorf("%s: %+v, want %v", what, got, want)
	}
}

// The metric takes the rule, its parameters and the schedule from the training.
func TestTraining(t *testing.T) {
	h, at := []float64{4, 1}, []float32{0.3, -0.4} // the gradient is (1.2, -0.4)
	sgd := params{"lr": 0.5, "momentum": 0.5, "nesterov": false, "weight_decay": 0.0, "decay": "l2"}
	with := func(extra params) params {
		p := params{}
		for k, v := range sgd {
			p[k] = v
		}
		for k, v := range extra {
			p[k] = v
		}
		return p
	}
	v := measure(t, h, at, nil, &pluginhost.Training{Optimizer: "sgd", Params: sgd, LRScale: 0.5})
	near(t, "lambda", v["lambda"], 4)
	near(t, "momentum's threshold", v["threshold"], 12)
	near(t, "ratio", v["ratio"], 4./12)
	near(t, "gradient", v["gradnorm"], math.Hypot(1.2, 0.4))
	v = measure(t, h, at, nil, &pluginhost.Training{Optimizer: "sgd", Params: with(params{"weight_decay": 2.0}), LRScale: 0.5})
	near(t, "threshold with weight decay", v["threshold"], 10)
	v = measure(t, h, at, nil, &pluginhost.Training{Optimizer: "sgd", Params: with(params{"weight_decay": 2.0, "decay": "decoupled"}), LRScale: 0.5})
	near(t, "threshold with decoupled weight decay", v["threshold"], 12)
	v = measure(t, h, at, nil, &pluginhost.Training{Optimizer: "usam", Params: with(params{"base": "sgd", "rho": 0.25}), LRScale: 0.5})
	near(t, "usam", v["threshold"], (math.Sqrt(1+4*0.25*12)-1)/(2*0.25))
	v = measure(t, h, at, nil, &pluginhost.Training{Optimizer: "sam", Params: with(params{"base": "sgd", "rho": 0.25}), LRScale: 0.5})
	rho := 0.25 / math.Hypot(1.2, 0.4)
	near(t, "sam", v["threshold"], (math.Sqrt(1+4*rho*12)-1)/(2*rho))
	v = measure(t, h, at, params{"rule": "usam", "lr": 0.1, "rho": 0.05}, nil)
	near(t, "named", v["threshold"], 12.3606798)
	near(t, "named", v["ratio"], 4/12.3606798)
	for want, trained := range map[string]*pluginhost.Training{
		"not known":                         nil,
		`no threshold for the optimizer`:    {Optimizer: "lion", Params: sgd, LRScale: 1},
		"sam with the base adam":            {Optimizer: "sam", Params: with(params{"base": "adam"}), LRScale: 1},
		"the learning rate is not known or": {Optimizer: "sgd", Params: sgd, LRScale: 0},
	} {
		v := measure(t, h, at, nil, trained)
		if !v["ratio"].Null || !strings.Contains(v["ratio"].Reason, want) || v["lambda"].Null {
			t.Errorf("%s: %+v", want, v)
		}
	}
}

// Adam on ½Σhw² with one batch: v = g², so that the preconditioned curvature of coordinate i is h/|g| = 1/|w|.
func TestAdam(t *testing.T) {
	v := measure(t, []float64{4, 1}, []float32{0.5, -0.125}, nil, &pluginhost.Training{
		Optimizer: "adam", Params: params{"lr": 0.1, "beta1": 0.9, "eps": 1e-12}, LRScale: 1,
	})
	near(t, "lambda", v["lambda"], 8)
	near(t, "threshold", v["threshold"], 380)
	near(t, "ratio", v["ratio"], 8./380)
}

func TestSAMAtACriticalPoint(t *testing.T) {
	v := measure(t, []float64{4, 1}, []float32{0, 0}, params{"rule": "sam", "lr": 0.1, "rho": 0.1}, nil)
	if !v["ratio"].Null || !strings.Contains(v["ratio"].Reason, "critical point") {
		t.Errorf("%+v", v)
	}
}

func TestBadParameters(t *testing.T) {
	for want, p := range map[string]params{
		"momentum: has no effect": {"momentum": 0.5},
		"rho: has no effect":      {"rule": "gd", "rho": 0.5},
	} {
		if got := plugintest.Validate(t, nil, 2, p); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%v: %q, want %q", p, got, want)
		}
	}
}

func TestGoldenValue(t *testing.T) {
	const version, want = 1, 4 / 12.360679774997896
	got := measure(t, []float64{4, 1}, []float32{0.3, -0.4}, params{"rule": "usam", "lr": 0.1, "rho": 0.05}, nil)["ratio"].Value
	if v := (Metric{}).Info().Version; v != version || math.Abs(got/want-1) > 1e-6 {
		t.Errorf("version %d gives %v; version %d is recorded to give %v", v, got, version, want)
	}
}

package plugintest

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

var metricChecks = []Check{
	{ID: "M1", Level: Must, Kind: pluginhost.KindMetric, Reason: "leaves the parameters as they are, bit for bit, and never commits",
		run: func(s *subject) error { return s.session(1, nil) }}, // the host compares the slots and refuses commits
	{ID: "M2", Level: Must, Kind: pluginhost.KindMetric, Reason: "values called lambda_max, lambda_min and trace are those of a known quadratic, to 1 %",
		run: (*subject).knownCurvature},
	{ID: "M3", Level: Must, Kind: pluginhost.KindMetric, Reason: "says the unit of every value, whether lower is better, and what it means",
		run: func(s *subject) error {
			for _, v := range s.info.Values {
				if v.Unit == "" || v.Help == "" {
					return fmt.Errorf("value %q: unit %q, help %q", v.Name, v.Unit, v.Help)
				}
			}
			return nil
		}},
	{ID: "M4", Level: Must, Kind: pluginhost.KindMetric, Reason: "the invariances it declares hold",
		run: func(s *subject) error {
			if len(s.info.Invariances) == 0 {
				return skip("it declares none")
			}
			return s.invariant()
		}},
	{ID: "M5", Level: Must, Kind: pluginhost.KindMetric, Reason: "the same value twice for one seed",
		run: func(s *subject) error { return s.sameWith("measured again", pluginhost.LaunchOptions{}) }},
}

// measureQuadratic measures ½ Σ h w² at w.
func (s *subject) measureQuadratic(h []float64, w []float32, params map[string]any) (map[string]pluginhost.Value, error) {
	q := Quadratic(h...)
	if err := s.can(q); err != nil {
		return nil, err
	}
	p, err := s.launch(pluginhost.LaunchOptions{})
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	init, update := make([]float32, len(w)), make([]float32, len(w))
	update[0] = 1
	m, err := p.Measure(s.ctx, pluginhost.MeasureSession{
		RunID: "conformance", Params: params, Seed: 1, At: w, Init: init, Update: update, Oracle: oracle.New(q, 1),
		Problem: pluginhost.Problem{Dim: len(w), Examples: 1, BatchSize: 1, ProbeBatches: 1, ProbeBatchSize: 1},
	})
	if err != nil {
		return nil, err
	}
	values := map[string]pluginhost.Value{}
	for _, v := range m.Values {
		values[v.Name] = v
	}
	return values, nil
}

func (s *subject) knownCurvature() error {
	h := []float64{4, 1, 0.25, -0.5}
	known := map[string]float64{"lambda_max": 4, "lambda_min": -0.5, "trace": 4.75}
	any := false
	for _, v := range s.info.Values {
		_, is := known[v.Name]
		any = any || is
	}
	if !any {
		return skip("it has no such value")
	}
	values, err := s.measureQuadratic(h, []float32{0.5, -1, 2, 0.25}, nil)
	if err != nil {
		return err
	}
	for name, want := range known {
		v, ok := values[name]
		if !ok || v.Null {
			continue
		}
		if tolerance := math.Max(0.01*math.Abs(want), 4*v.StdErr); math.Abs(v.Value-want) > tolerance {
			return fmt.Errorf("%s is %v, expected %v ± %.3g", name, v.Value, want, tolerance)
		}
	}
	return nil
}

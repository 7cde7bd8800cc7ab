package plugintest

import (
	"slices"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// Cost is what the plugin costs beside the host's computing. It is a report, not a check.
type Cost struct {
	StartSeconds    float64 `json:"start_seconds"`     // until the process answers
	TurnP50Seconds  float64 `json:"turn_p50_seconds"`  // the plugin's turn, messages included
	TurnP99Seconds  float64 `json:"turn_p99_seconds"`  //
	CPUPerStep      float64 `json:"cpu_per_step"`      // seconds of its processor time; start-up excluded where it can be
	PeakBytes       int64   `json:"peak_bytes"`        // resident memory; 0 where the system does not say
	OpsPerStep      float64 `json:"ops_per_step"`      // 0 for metrics
	RequestsPerStep float64 `json:"requests_per_step"` // round trips
}

const costSteps = 200

func (s *subject) cost() (Cost, error) {
	var c Cost
	var turns []time.Duration
	ops := 0
	watch := &pluginhost.Watch{Request: func(names []string, took time.Duration) {
		turns = append(turns, took)
		ops += len(names)
	}}
	start := time.Now()
	p, err := s.launch(pluginhost.LaunchOptions{Watch: watch})
	if err != nil {
		return c, err
	}
	defer p.Stop()
	c.StartSeconds = time.Since(start).Seconds()
	steps := 1
	if s.info.Kind == pluginhost.KindMetric {
		session, err := s.measurement(1)
		if err != nil {
			return c, err
		}
		if _, err := p.Measure(s.ctx, session); err != nil {
			return c, err
		}
	} else {
		steps = costSteps
		run, err := s.digits(steps)
		if err != nil {
			return c, err
		}
		if _, _, err := s.trainIn(p, run, nil); err != nil {
			return c, err
		}
		c.OpsPerStep = float64(ops) / float64(steps)
	}
	p.Stop()
	cpu, peak := p.Usage()
	c.CPUPerStep, c.PeakBytes = cpu.Seconds()/float64(steps), peak
	c.RequestsPerStep = float64(len(turns)) / float64(steps)
	if len(turns) > 0 {
		slices.Sort(turns)
		c.TurnP50Seconds = turns[len(turns)/2].Seconds()
		c.TurnP99Seconds = turns[min(len(turns)-1, len(turns)*99/100)].Seconds()
	}
	return c, nil
}

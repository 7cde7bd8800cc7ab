package plugintest

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/privacy"
)

var numericsChecks = []Check{
	{ID: "N1", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "with its defaults, 200 steps on a quadratic lower the loss by a tenth at least",
		run: func(s *subject) error {
			c, err := s.quadratic(16, 200)
			if err != nil {
				return err
			}
			path, err := s.complete(c, pluginhost.LaunchOptions{})
			if err != nil {
				return err
			}
			first := c.Workload.(*quadratic).loss(c.Init)
			last := c.Workload.(*quadratic).loss(path[len(path)-1].Params)
			if !(last <= 0.9*first) {
				return fmt.Errorf("the loss went from %.4g to %.4g", first, last)
			}
			return nil
		}},
	{ID: "N2", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "where the gradient is zero it stays where it is: no division by its norm, no step",
		run: func(s *subject) error {
			c, err := s.quadratic(16, 5)
			if err != nil {
				return err
			}
			names := []string{"weight_decay", "sparsity"}
			if s.info.Privacy != nil {
				names = append(names, s.info.Privacy.Sigma)
			} else if slices.Contains(s.info.Needs, "normal") {
				return skip("the plugin adds noise")
			}
			c.Workload = Quadratic(make([]float64, 16)...)
			c.Params = s.without(names...)
			path, err := s.complete(c, pluginhost.LaunchOptions{})
			if err != nil {
				return err
			}
			return nearly(path[len(path)-1].Params, c.Init, 1e-6)
		}},
	{ID: "N3", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "when the host's schedule makes the learning rate 0, parameters keep their bits",
		run: func(s *subject) error {
			if !slices.ContainsFunc(s.info.Params, func(p pluginhost.Param) bool { return p.Name == "lr" }) {
				return skip("it has no parameter lr")
			}
			c, err := s.digits(3)
			if err != nil {
				return err
			}
			c.LRScale = func(int) float64 { return 0 }
			c.Params = s.without("sparsity")
			path, err := s.complete(c, pluginhost.LaunchOptions{})
			if err != nil {
				return err
			}
			return SameBits(path[len(path)-1].Params, c.Init)
		}},
	{ID: "N4", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "with the parameters it says so of, it equals another plugin to 1e-6",
		run: func(s *subject) error { return s.degenerate(1e-6) }},
	{ID: "N4b", Level: Should, Kind: pluginhost.KindOptimizer, Reason: "… bit for bit",
		run: func(s *subject) error { return s.degenerate(0) }},
	{ID: "N7", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "a private method learns of the data through noisy sums of clipped gradients on one Poisson draw a step, as many as it declares",
		run: (*subject).private},
}

// without turns off what moves the parameters whatever the gradient and the learning rate are: the parameters of these
// names, where the plugin has them, are 0.
func (s *subject) without(names ...string) map[string]any {
	out := map[string]any{}
	for _, p := range s.info.Params {
		if slices.Contains(names, p.Name) {
			out[p.Name] = 0.0
		}
	}
	return out
}

func (q *quadratic) loss(w []float32) float64 {
	l, _ := q.at(w)
	return l
}

// nearly compares vectors; tolerance 0 asks for the same bits.
func nearly(got, want []float32, tolerance float64) error {
	if tolerance == 0 {
		return SameBits(got, want)
	}
	for i, v := range want {
		if !(math.Abs(float64(got[i])-float64(v)) <= tolerance*math.Max(1, math.Abs(float64(v)))) {
			return fmt.Errorf("element %d is %v, expected %v", i, got[i], v)
		}
	}
	return nil
}

func (s *subject) degenerate(tolerance float64) error {
	if len(s.info.Degenerate) == 0 {
		return skip("it declares no such parameters")
	}
	if s.options.Find == nil {
		return skip("the other plugin is not at hand here")
	}
	for _, d := range s.info.Degenerate {
		program, err := s.options.Find(d.Equals)
		if err != nil {
			return err
		}
		base := &subject{ctx: s.ctx, program: program}
		if base.info, err = base.describe(); err != nil {
			return err
		}
		// Parameters that both have get this plugin's values.
		shared, own := map[string]any{}, map[string]any{}
		for _, p := range s.info.Params {
			own[p.Name] = p.Default
			if v, ok := d.When[p.Name]; ok {
				own[p.Name] = v
			}
		}
		for _, p := range base.info.Params {
			v, ok := own[p.Name]
			word, isWord := v.(string)
			// A choice that the other one does not have ("auto") stands for one that it has.
			if ok && !(isWord && len(p.Choices) > 0 && !slices.Contains(p.Choices, word)) {
				shared[p.Name] = v
			}
		}
		run := func(s *subject, params map[string]any) ([]pluginhost.Resume, error) {
			c, err := s.digits(12)
			if err != nil {
				return nil, err
			}
			c.Params = params
			return s.complete(c, pluginhost.LaunchOptions{})
		}
		want, err := run(base, shared)
		if err != nil {
			return fmt.Errorf("%s: %w", d.Equals, err)
		}
		got, err := run(s, own)
		if err != nil {
			return err
		}
		for k := range want {
			if err := nearly(got[k].Params, want[k].Params, tolerance); err != nil {
				return fmt.Errorf("with %v it should equal %s: step %d: %w", d.When, d.Equals, k+1, err)
			}
		}
	}
	return nil
}

func (s *subject) private() error {
	if s.info.Track != "dp" {
		return skip(`it is not on the track "dp"`)
	}
	if s.info.Privacy == nil {
		return fmt.Errorf("it is on the track %q and does not declare its mechanism", s.info.Track)
	}
	const steps = 6
	c, err := s.digits(steps)
	if err != nil {
		return err
	}
	account := &privacy.Account{}
	c.Account = account
	if _, err := s.complete(c, pluginhost.LaunchOptions{}); err != nil {
		return err
	}
	account.Commit()
	var draws, releases uint64
	for _, g := range account.Committed {
		draws, releases = draws+g.Steps, releases+g.Releases
		if g.Rate > digitsBatch/float64(digitsExamples) {
			return fmt.Errorf("draws of rate %.4g: the problem's is %.4g", g.Rate, digitsBatch/float64(digitsExamples))
		}
		if g.Sigma == 0 {
			return errors.New("sums without noise")
		}
	}
	if want := uint64(steps * s.info.Privacy.Releases); draws != steps || releases != want {
		return fmt.Errorf("%d draws and %d noisy sums of clipped gradients in %d steps: expected %d and %d", draws, releases, steps, steps, want)
	}
	if what := account.Unseen(); what != "" {
		return errors.New(what)
	}
	return nil
}

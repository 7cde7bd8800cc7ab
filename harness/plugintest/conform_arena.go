package plugintest

import (
	"errors"
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

var arenaChecks = []Check{
	{ID: "A1", Level: Must, Reason: "writes nothing while the host has the turn",
		run: func(s *subject) error { return s.session(6, &pluginhost.Watch{Strict: true}) }},
	{ID: "A2", Level: Must, Reason: "writes nothing outside its slots",
		run: func(s *subject) error { return s.session(6, nil) }}, // the host checks the guard words at every commit
	{ID: "A3", Level: Must, Reason: "does not read scratch slots before writing them: what they hold at the start changes nothing",
		run: func(s *subject) error {
			return s.sameWith("scratch slots filled with 3.5", pluginhost.LaunchOptions{Watch: &pluginhost.Watch{Scratch: 3.5}})
		}},
	{ID: "A4", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "copes with one parameter, and with a number of them that fills no vector",
		run: func(s *subject) error {
			for _, dim := range []int{1, 37} {
				c, err := s.quadratic(dim, 5)
				if err == nil {
					_, err = s.complete(c, pluginhost.LaunchOptions{})
				}
				if err != nil {
					return fmt.Errorf("%d parameters: %w", dim, err)
				}
			}
			return nil
		}},
	{ID: "A5", Level: Should, Kind: pluginhost.KindOptimizer, Reason: "does not care about the order of the tensors (methods that treat layers by their place do)",
		run: (*subject).permuted},
}

func (s *subject) permuted() error {
	const dim, first = 16, 5
	c, err := s.quadratic(dim, 10)
	if err != nil {
		return err
	}
	whole := engine.Tensor{Kind: engine.Weight, FanIn: 1, Prunable: true}
	split := func(at int) []engine.Tensor {
		a, b := whole, whole
		a.Name, a.Shape = "a", []int{1, at}
		b.Name, b.Shape, b.Offset, b.Layer = "b", []int{1, dim - at}, at, 1
		return []engine.Tensor{a, b}
	}
	if s.info.Privacy != nil {
		c.Params = s.without(s.info.Privacy.Sigma) // noise belongs to places, not to tensors
	}
	c.Tensors = split(first)
	one, err := s.complete(c, pluginhost.LaunchOptions{})
	if err != nil {
		return err
	}
	// The same problem with the tensors exchanged.
	h, w := make([]float64, dim), make([]float32, dim)
	place := func(i int) int { return (i + dim - first) % dim }
	q := c.Workload.(*quadratic)
	for i := range dim {
		h[place(i)], w[place(i)] = q.h[i], c.Init[i]
	}
	c.Workload, c.Init, c.Tensors = Quadratic(h...), w, split(dim-first)
	other, err := s.complete(c, pluginhost.LaunchOptions{})
	if err != nil {
		return err
	}
	for k := range one {
		for i, v := range one[k].Params {
			if u := other[k].Params[place(i)]; math.Abs(float64(u-v)) > 1e-5*(1+math.Abs(float64(v))) {
				return fmt.Errorf("step %d: parameter %d is %v, and %v with the tensors exchanged", k+1, i, v, u)
			}
		}
	}
	return nil
}

// sameWith checks that a run under other circumstances is the same run bit for bit.
func (s *subject) sameWith(what string, o pluginhost.LaunchOptions) error {
	if s.info.Kind == pluginhost.KindMetric {
		one, err := s.measure(1, pluginhost.LaunchOptions{})
		if err != nil {
			return err
		}
		other, err := s.measure(1, o)
		if err == nil && !sameValues(one, other) {
			err = fmt.Errorf("%s: %+v, without that %+v", what, other, one)
		}
		return err
	}
	one, err := s.usual()
	if err != nil {
		return err
	}
	c, err := s.digits(len(one))
	if err != nil {
		return err
	}
	other, err := s.complete(c, o)
	if err == nil {
		err = sameRuns(one, other)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// usual is a run of some steps on the small net; it is made once.
func (s *subject) usual() ([]pluginhost.Resume, error) {
	if s.reference == nil {
		c, err := s.digits(10)
		if err == nil {
			s.reference, err = s.complete(c, pluginhost.LaunchOptions{})
		}
		if err != nil {
			return nil, err
		}
	}
	return s.reference, nil
}

func (s *subject) measure(seed uint64, o pluginhost.LaunchOptions) ([]pluginhost.Value, error) {
	p, err := s.launch(o)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	session, err := s.measurement(seed)
	if err != nil {
		return nil, err
	}
	m, err := p.Measure(s.ctx, session)
	if err == nil && len(m.Values) == 0 {
		err = errors.New("no values")
	}
	return m.Values, err
}

func sameValues(a, b []pluginhost.Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Null != b[i].Null || a[i].Value != b[i].Value || a[i].StdErr != b[i].StdErr {
			return false
		}
	}
	return true
}

package plugintest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// The host ends a session at once when a plugin breaks the rules of turns, ids, slots and times; a session that comes
// to its end has kept them.

var sessionChecks = []Check{
	{ID: "S1", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "keeps the turns: ids increase, one request at a time, an answer in time, Done after stop",
		run: func(s *subject) error {
			c, err := s.digits(6)
			if err == nil {
				_, err = s.complete(c, pluginhost.LaunchOptions{})
			}
			return err
		}},
	{ID: "S2", Level: Must, Reason: "asks only for what Describe says it needs",
		run: func(s *subject) error {
			var undeclared []string
			err := s.session(6, &pluginhost.Watch{Request: func(ops []string, _ time.Duration) {
				for _, op := range ops {
					if !slices.Contains(s.info.Needs, op) && !slices.Contains(undeclared, op) {
						undeclared = append(undeclared, op)
					}
				}
			}})
			if err == nil && len(undeclared) > 0 {
				err = fmt.Errorf("asks for %v, needs %v", undeclared, s.info.Needs)
			}
			return err
		}},
	{ID: "S3", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "none of its requests is refused: slots exist, and no result overwrites what is read",
		run: func(s *subject) error {
			refused := 0
			c, err := s.digits(6)
			if err != nil {
				return err
			}
			if _, err := s.complete(c, pluginhost.LaunchOptions{Watch: &pluginhost.Watch{Refused: func(*oracle.Error) { refused++ }}}); err != nil {
				return err
			}
			if refused > 0 {
				return fmt.Errorf("%d requests were refused in 6 steps", refused)
			}
			return nil
		}},
	{ID: "S4", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "evaluates something before every commit",
		run: func(s *subject) error {
			evaluated, idle := false, 0
			err := s.session(6, &pluginhost.Watch{Request: func(ops []string, _ time.Duration) {
				for _, op := range ops {
					switch op {
					case "commit":
						if !evaluated {
							idle++
						}
						evaluated = false
					case "normal":
					default:
						evaluated = true
					}
				}
			}})
			if err == nil && idle > 0 {
				err = fmt.Errorf("%d of 6 commits without an evaluation since the one before", idle)
			}
			return err
		}},
	{ID: "S5", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "says Done within 2 s when stopped: before its first request, instead of a reply, after a commit",
		run: (*subject).stopped},
	{ID: "S6", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "an error in place of any answer ends in Done, not in a crash or a busy loop",
		run: (*subject).refusals},
	{ID: "S7", Level: Must, Reason: "ignores messages it does not know",
		run: func(s *subject) error { return s.session(6, &pluginhost.Watch{Grease: true}) }},
	{ID: "S8", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "a loss that is not finite is divergence, not completion",
		run: func(s *subject) error {
			tries := 0
			c, err := s.disturbed(6, func(int) error {
				// A plugin that goes on and on is what S6 is about.
				if tries++; tries > 100 {
					return nil
				}
				return oracle.Errorf(oracle.NonFinite, "loss is NaN")
			})
			if err != nil {
				return err
			}
			_, out, err := s.train(c, pluginhost.LaunchOptions{})
			if err == nil && out.Status != "diverged" {
				err = fmt.Errorf("the run ended as %q: %s", out.Status, out.Detail)
			}
			return err
		}},
	{ID: "S9", Level: Should, Reason: "prints less than ten lines a step",
		run: func(s *subject) error {
			before := s.log.lines()
			const steps = 20
			if err := s.session(steps, nil); err != nil {
				return err
			}
			if n := s.log.lines() - before; n > 10*steps {
				return fmt.Errorf("%d lines in %d steps", n, steps)
			}
			return nil
		}},
}

// session is a complete run of the plugin on the small net: some steps, or a measurement.
func (s *subject) session(steps int, w *pluginhost.Watch) error {
	return s.sessionWith(steps, pluginhost.LaunchOptions{Watch: w})
}

func (s *subject) sessionWith(steps int, o pluginhost.LaunchOptions) error {
	if s.info.Kind == pluginhost.KindMetric {
		_, err := s.measure(1, o)
		return err
	}
	c, err := s.digits(steps)
	if err == nil {
		_, err = s.complete(c, o)
	}
	return err
}

// soon is how long a plugin may take to say Done; the host gives it 2 s.
const soon = 3 * time.Second

func (s *subject) stopped() error {
	// Before the first request, and instead of a reply, by cancelling; the plugin hears of it as Stop.
	for _, at := range []int{0, 1, 3} {
		ctx, cancel := context.WithCancel(s.ctx)
		c, err := s.disturbed(50, func(n int) error {
			if n == at {
				cancel()
			}
			return nil
		})
		if err != nil {
			cancel()
			return err
		}
		p, err := s.launch(pluginhost.LaunchOptions{})
		if err != nil {
			cancel()
			return err
		}
		if _, err := p.Describe(s.ctx); err != nil {
			cancel()
			p.Stop()
			return err
		}
		start := time.Now()
		if at == 0 {
			// The session begins with Stop on its way: it is sent as soon as Start is.
			time.AfterFunc(time.Millisecond, cancel)
		}
		_, err = p.Optimize(ctx, c.session(nil, func(pluginhost.Commit) bool { return false }))
		p.Stop()
		cancel()
		if !errors.Is(err, context.Canceled) {
			return fmt.Errorf("stopped at evaluation %d: %w", at, err)
		}
		if d := time.Since(start); d > soon {
			return fmt.Errorf("stopped at evaluation %d it took %v", at, d.Round(time.Millisecond))
		}
	}
	c, err := s.digits(1)
	if err == nil {
		_, err = s.complete(c, pluginhost.LaunchOptions{})
	}
	return err
}

func (s *subject) refusals() error {
	for _, code := range []oracle.Code{oracle.BadRequest, oracle.BadSlot, oracle.Budget, oracle.NonFinite, oracle.Unsupported} {
		for _, at := range []int{1, 2, 5} {
			if err := s.refusal(code, at); err != nil {
				return fmt.Errorf("%s at evaluation %d: %w", code, at, err)
			}
		}
	}
	return nil
}

// refusal answers evaluation number at, and those after it, with an error.
func (s *subject) refusal(code oracle.Code, at int) error {
	const most = 100 // tries before it counts as a busy loop
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	tries := 0
	c, err := s.disturbed(6, func(n int) error {
		if n < at {
			return nil
		}
		if tries++; tries > most {
			cancel()
		}
		return oracle.Errorf(code, "a conformance check refuses evaluation %d and those after it", at)
	})
	if err != nil {
		return err
	}
	other := &subject{ctx: ctx, program: s.program, info: s.info}
	_, out, err := other.train(c, pluginhost.LaunchOptions{})
	switch {
	case tries > most:
		return fmt.Errorf("it was asked again %d times", tries)
	case err != nil:
		return err
	case out.Status == "completed":
		return errors.New("the plugin called the run completed")
	}
	return nil
}

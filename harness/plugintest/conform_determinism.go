package plugintest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

var determinismChecks = []Check{
	{ID: "D1", Level: Must, Reason: "the same seed gives the same numbers, bit for bit",
		run: func(s *subject) error { return s.sameWith("a second run", pluginhost.LaunchOptions{}) }},
	{ID: "D2", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "another seed gives other numbers",
		run: func(s *subject) error {
			one, err := s.usual()
			if err != nil {
				return err
			}
			p, w, err := digitsProblem(2)
			if err != nil {
				return err
			}
			c, err := s.digits(len(one))
			if err != nil {
				return err
			}
			c.Workload, c.Init, c.Seed = training(p), w, p.Seed
			other, err := s.complete(c, pluginhost.LaunchOptions{})
			if err == nil && sameRuns(one, other) == nil {
				err = errors.New("seeds 1 and 2 gave the same run")
			}
			return err
		}},
	{ID: "D3", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "no clock in the algorithm: replies that come late change nothing",
		run: func(s *subject) error {
			one, err := s.usual()
			if err != nil {
				return err
			}
			r := rand.New(rand.NewPCG(1, 2))
			c, err := s.disturbed(len(one), func(int) error {
				time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
				return nil
			})
			if err != nil {
				return err
			}
			other, err := s.complete(c, pluginhost.LaunchOptions{})
			if err == nil {
				err = sameRuns(one, other)
			}
			return err
		}},
	{ID: "D4", Level: Must, Kind: pluginhost.KindOptimizer, Reason: "2k steps are k steps, SIGKILL, and k steps from the commit that was kept, bit for bit, state included",
		run: (*subject).resumed},
	{ID: "D5", Level: Must, Reason: "two of it at the same time do not disturb each other",
		run: func(s *subject) error {
			var errs [2]error
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					// Each has memory of its own; only the log and what was run before is shared.
					other := &subject{ctx: s.ctx, program: s.program, options: s.options, info: s.info, reference: s.reference}
					errs[i] = other.sameWith("beside another one", pluginhost.LaunchOptions{})
				})
			}
			wg.Wait()
			return errors.Join(errs[:]...)
		}},
	{ID: "D6", Level: Should, Reason: "the same numbers with four threads as with one",
		run: func(s *subject) error {
			return s.sameWith("GOMAXPROCS and OMP_NUM_THREADS of 4",
				pluginhost.LaunchOptions{Env: []string{"GOMAXPROCS=4", "OMP_NUM_THREADS=4"}})
		}},
	{ID: "D7", Level: Must, Reason: "the same numbers when the messages keep to the gRPC stream as on the direct socket",
		run: func(s *subject) error {
			used := false
			if err := s.session(2, &pluginhost.Watch{Direct: func() { used = true }}); err != nil {
				return err
			}
			if !used {
				return skip("it does not use the direct socket, or this system has none")
			}
			return s.sameWith("on the stream only", pluginhost.LaunchOptions{StreamOnly: true})
		}},
}

func (s *subject) resumed() error {
	if !s.info.Resumable {
		return skip("it does not say that it is resumable; its trials begin anew after an interruption")
	}
	whole, err := s.usual()
	if err != nil {
		return err
	}
	half := len(whole) / 2
	c, err := s.digits(len(whole))
	if err != nil {
		return err
	}
	p, err := s.launch(pluginhost.LaunchOptions{})
	if err != nil {
		return err
	}
	defer p.Stop()
	var parts []pluginhost.Resume
	_, err = p.Optimize(s.ctx, c.session(nil, func(k pluginhost.Commit) bool {
		parts = append(parts, Keep(k))
		if int(k.Step) < half {
			return false
		}
		p.Kill()
		return true
	}))
	if !errors.Is(err, errEnough) {
		return fmt.Errorf("the first half ended with %w", err)
	}
	from := parts[half-1]
	// What the workload itself remembers is the host's: a fresh one shows that nothing else is needed.
	if c, err = s.digits(len(whole)); err != nil {
		return err
	}
	second, err := s.launch(pluginhost.LaunchOptions{})
	if err != nil {
		return err
	}
	defer second.Stop()
	rest, out, err := s.trainIn(second, c, &from)
	if err != nil {
		return err
	}
	if out.Status != "completed" {
		return fmt.Errorf("the second half ended as %q: %s", out.Status, out.Detail)
	}
	return sameRuns(whole, append(parts, rest...))
}

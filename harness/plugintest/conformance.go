package plugintest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// Level says how much a check matters.
type Level string

// The levels. A plugin that fails a Must check gives numbers that cannot be trusted or gets in the way of others.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
)

// Status is how a check ended.
type Status string

// The statuses. A check is skipped when what it is about does not exist for the plugin; the finding says why.
const (
	Passed  Status = "ok"
	Failed  Status = "failed"
	Skipped Status = "skipped"
)

// Check is one thing a plugin has to do, or not to do.
type Check struct {
	ID     string // "D4"; stable, letters group: launch, validate, session, arena, numerics, determinism, life, metric
	Level  Level
	Reason string // what is checked and why it matters, one line
	Kind   string // pluginhost.KindOptimizer or KindMetric; "" for both
	run    func(*subject) error
}

// Finding is the result of a check.
type Finding struct {
	ID      string  `json:"id"`
	Level   Level   `json:"level"`
	Status  Status  `json:"status"`
	Reason  string  `json:"reason"`
	Detail  string  `json:"detail,omitempty"` // what was seen instead, or why it was skipped
	Seconds float64 `json:"seconds"`
}

// Report is what conformance checks found.
type Report struct {
	Plugin   pluginhost.Info `json:"plugin"`
	Findings []Finding       `json:"findings"`
	Cost     *Cost           `json:"cost,omitempty"` // nil when it could not be measured
}

// Passed says whether no Must check failed.
func (r Report) Passed() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Level == Must && f.Status == Failed })
}

// Options are the circumstances of conformance checks.
type Options struct {
	// Find returns the plugin another one claims to equal, by name. nil: such claims are not checked.
	Find func(name string) (pluginhost.Program, error)
	// Host is the command line of a program that calls HostUntilKilled for the plugin. nil: what happens to the plugin
	// when its host is killed is not checked.
	Host []string
	// Pinned is what a lock says of the plugin; nil when it says nothing.
	Pinned *pluginhost.Pin
	// Only names the checks to run; empty: all.
	Only []string
	// Each, if set, sees every finding as soon as it is there.
	Each func(Finding)
}

// Checks lists all checks in their order.
func Checks() []Check {
	return slices.Concat(launchChecks, validateChecks, sessionChecks, arenaChecks, numericsChecks, determinismChecks, lifeChecks, metricChecks)
}

// Conform runs all checks that apply to a plugin, in any language. The error says that there is no report: the program
// cannot be started or does not say what it is, or ctx was canceled.
func Conform(ctx context.Context, program pluginhost.Program, o Options) (Report, error) {
	s := &subject{ctx: ctx, program: program, options: o}
	info, err := s.describe()
	if err != nil {
		return Report{}, err
	}
	s.info = info
	defer func() {
		if s.asked != nil {
			s.asked.Stop()
		}
	}()
	r := Report{Plugin: info}
	for _, c := range Checks() {
		if c.Kind != "" && c.Kind != info.Kind || len(o.Only) > 0 && !slices.Contains(o.Only, c.ID) {
			continue
		}
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		f := s.try(c)
		if o.Each != nil {
			o.Each(f)
		}
		r.Findings = append(r.Findings, f)
	}
	if len(o.Only) == 0 {
		if cost, err := s.cost(); err == nil {
			r.Cost = &cost
		}
	}
	return r, ctx.Err()
}

// Run runs the conformance checks as subtests; nil means Self. A failed Should check is logged.
func Run(t *testing.T, program *pluginhost.Program, o Options) {
	t.Helper()
	if program == nil {
		self := Self()
		program = &self
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	report, err := Conform(ctx, *program, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		t.Run(f.ID, func(t *testing.T) {
			switch {
			case f.Status == Failed && f.Level == Must:
				t.Errorf("%s\n%s", f.Reason, f.Detail)
			case f.Status != Passed:
				t.Logf("%s, %s: %s\n%s", f.Status, f.Level, f.Reason, f.Detail)
			}
		})
	}
}

// skip is the error of a check that does not apply.
type skip string

func (s skip) Error() string { return string(s) }

// subject is the plugin under test.
type subject struct {
	ctx       context.Context
	program   pluginhost.Program
	options   Options
	info      pluginhost.Info
	asked     *pluginhost.Process // answers validate; nil until it is needed
	reference []pluginhost.Resume // usual; nil until it is needed
	log       logBuffer
}

// logBuffer keeps what the plugin has printed.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBuffer) lines() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.buf.Bytes(), []byte("\n"))
}

func (s *subject) try(c Check) Finding {
	f := Finding{ID: c.ID, Level: c.Level, Reason: c.Reason, Status: Passed}
	start := time.Now()
	err := c.run(s)
	f.Seconds = time.Since(start).Seconds()
	var none skip
	switch {
	case errors.As(err, &none):
		f.Status, f.Detail = Skipped, err.Error()
	case err != nil:
		f.Status, f.Detail = Failed, err.Error()
		var failure *pluginhost.Failure
		if errors.As(err, &failure) && failure.Detail != "" {
			f.Detail += "\n" + failure.Detail
		}
	}
	return f
}

// launch starts the plugin; the caller stops it.
func (s *subject) launch(o pluginhost.LaunchOptions) (*pluginhost.Process, error) {
	o.Log = &s.log
	return pluginhost.Launch(s.ctx, s.program, o)
}

func (s *subject) describe() (pluginhost.Info, error) {
	p, err := s.launch(pluginhost.LaunchOptions{})
	if err != nil {
		return pluginhost.Info{}, err
	}
	defer p.Stop()
	return p.Describe(s.ctx)
}

// train runs the case in a process of its own and returns every commit.
func (s *subject) train(c OptimizeCase, o pluginhost.LaunchOptions) ([]pluginhost.Resume, pluginhost.Outcome, error) {
	p, err := s.launch(o)
	if err != nil {
		return nil, pluginhost.Outcome{}, err
	}
	defer p.Stop()
	return s.trainIn(p, c, nil)
}

// runLimit is how long one run of a check may take: hundreds of times what it takes.
const runLimit = 30 * time.Second

// trainIn runs the case, from its beginning or from a commit, in a process that is running.
func (s *subject) trainIn(p *pluginhost.Process, c OptimizeCase, from *pluginhost.Resume) ([]pluginhost.Resume, pluginhost.Outcome, error) {
	ctx, cancel := context.WithTimeout(s.ctx, runLimit)
	defer cancel()
	var path []pluginhost.Resume
	out, err := p.Optimize(ctx, c.session(from, func(k pluginhost.Commit) bool {
		path = append(path, Keep(k))
		return false
	}))
	return path, out, err
}

// complete is train for runs that have to reach their end.
func (s *subject) complete(c OptimizeCase, o pluginhost.LaunchOptions) ([]pluginhost.Resume, error) {
	path, out, err := s.train(c, o)
	if err != nil {
		return nil, err
	}
	if out.Status != "completed" || len(path) != c.Steps {
		return nil, fmt.Errorf("the run ended as %q after %d of %d steps: %s", out.Status, len(path), c.Steps, out.Detail)
	}
	return path, nil
}

// sameRuns compares two runs bit for bit, state included.
func sameRuns(a, b []pluginhost.Resume) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d commits and %d", len(a), len(b))
	}
	for i := range a {
		if err := same(a[i], b[i]); err != nil {
			return fmt.Errorf("step %d: %w", a[i].Step, err)
		}
	}
	return nil
}

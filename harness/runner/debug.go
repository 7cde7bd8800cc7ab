package runner

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/store"
)

// Debugging is how one trial is run before somebody's eyes.
type Debugging struct {
	Output io.Writer // gets everything the plugins print, as they print it
	// Launched, if set, is called with every plugin process before its session begins; the session waits for it.
	Launched func(plugin string, pid int) error
}

// Debug runs one trial from its start, with its evaluations and measurements, in the foreground: no turn and no training
// is too long, and nothing is tried twice. The runner's store is for what it leaves behind and should be one that is
// thrown away.
func (r *Runner) Debug(ctx context.Context, t *Trial, d Debugging) (*store.Result, error) {
	r.debugging = &d
	defer func() { r.debugging = nil }()
	r.Suite.Budget.Timeout = 0
	if _, err := r.execute(ctx, t); err != nil {
		return nil, err
	}
	result, _, err := r.Store.Trial(t.ID).Result()
	return result, err
}

// Find returns the trial that a user means by text: the beginning of its identity, as boards and logs show it, or the name
// of an optimizer, which stands for its first configuration on the first tuning seed. The trials of the tuning and those
// of every configuration on the other seeds are looked at.
func (r *Runner) Find(text string) (*Trial, error) {
	var found []*Trial
	for _, g := range r.all {
		if g.optimizer.Name == text {
			return r.trial(g, 0, r.Suite.Tuning.Seeds[0]), nil
		}
		if len(text) < minPrefix {
			continue
		}
		for i := range g.configs {
			for _, seed := range slices.Concat(r.Suite.Tuning.Seeds, r.finalSeeds()) {
				if t := r.trial(g, i, seed); strings.HasPrefix(t.ID, strings.ToLower(text)) {
					found = append(found, t)
				}
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("no trial of the suite is called %q: expected the name of an optimizer, or at least %d digits of a trial's identity", text, minPrefix)
	case 1:
		return found[0], nil
	}
	return nil, fmt.Errorf("%d trials of the suite begin with %q: give more digits", len(found), text)
}

const minPrefix = 4

// launch starts a plugin for a session of its own.
func (r *Runner) launch(ctx context.Context, p *Plugin, log *os.File) (*pluginhost.Process, error) {
	d := r.debugging
	if d == nil {
		return pluginhost.Launch(ctx, p.Program, pluginhost.LaunchOptions{Log: log, RunDir: r.Plugins.SocketDir})
	}
	x, err := pluginhost.Launch(ctx, p.Program, pluginhost.LaunchOptions{Log: io.MultiWriter(log, d.Output), RunDir: r.Plugins.SocketDir, Foreground: true})
	if err != nil {
		return nil, err
	}
	if d.Launched != nil {
		if err := d.Launched(p.Info.Name, x.Pid()); err != nil {
			x.Stop()
			return nil, err
		}
	}
	return x, nil
}

// turnTimeout is how long a plugin may compute without a word: for ever while somebody looks into it.
func (r *Runner) turnTimeout() time.Duration {
	if r.debugging != nil {
		return math.MaxInt64
	}
	return TurnTimeout
}

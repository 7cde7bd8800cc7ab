package runner

import (
	"time"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// recorded keeps what a run reports in the run's own folder, for those who look later or from elsewhere.
type recorded struct {
	progress.Reporter
	run *store.Run
}

// Event keeps every change of phase; the steps in between are for the eye only. A record that cannot be written does
// not end a run: the trials themselves will say that the disk is full.
func (r recorded) Event(e progress.Event) {
	if e.Share == 0 || e.Phase.Ended() {
		_ = r.run.Event(struct {
			Time time.Time `json:"time"`
			progress.Event
		}{time.Now().UTC(), e})
	}
	r.Reporter.Event(e)
}

// manifest says what a run is about to do.
type manifest struct {
	Suite      string                    `json:"suite"`
	File       string                    `json:"file"`
	Variant    string                    `json:"variant,omitempty"`
	Hash       string                    `json:"hash"`
	Resolved   string                    `json:"resolved"` // the suite with every default written in, as TOML
	Jobs       int                       `json:"jobs"`
	Engine     int                       `json:"engine"`
	Forecast   Forecast                  `json:"forecast"`
	Provenance store.Provenance          `json:"provenance"`
	Plugins    map[string]suite.PluginID `json:"plugins"`
	Unlocked   []string                  `json:"unlocked,omitempty"` // plugins whose files are not those of the lock
}

func (r *Runner) manifest(f Forecast) manifest {
	m := manifest{
		Suite: r.Suite.Name, File: r.Suite.File, Variant: r.Suite.Variant, Hash: r.Suite.Hash(), Resolved: r.Suite.TOML(),
		Jobs: r.Jobs, Unlocked: r.Unlocked(), Engine: engine.Version, Forecast: f, Provenance: r.provenance(time.Now()), Plugins: map[string]suite.PluginID{},
	}
	for _, g := range r.all {
		m.Plugins[g.optimizer.Plugin] = suite.PluginID{Name: g.plugin.Info.Name, Version: g.plugin.Version()}
	}
	for _, x := range r.metrics {
		m.Plugins[x.Metric.Plugin] = suite.PluginID{Name: x.Plugin.Info.Name, Version: x.Plugin.Version()}
	}
	return m
}

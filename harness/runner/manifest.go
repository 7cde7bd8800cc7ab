package runner

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// Manifest says what a run set out to do, completely enough that another process on another machine can do any part of it
// (see Resume), whatever has become of the suite's file in the meantime.
type Manifest struct {
	Suite      string                    `json:"suite"`
	Engine     string                    `json:"engine"` // "local" or "slurm"
	Given      Given                     `json:"given"`
	Hash       string                    `json:"hash"`     // of the suite
	Resolved   string                    `json:"resolved"` // the suite with every default written in, as TOML, for people
	Jobs       int                       `json:"jobs"`
	Numeric    int                       `json:"numeric"` // version of the engine that computes
	Forecast   Forecast                  `json:"forecast"`
	Provenance store.Provenance          `json:"provenance"`
	Plugins    map[string]ManifestPlugin `json:"plugins"` // by what the suite calls them
	Tasks      []Task                    `json:"tasks"`
}

// Given is what the suite was loaded from.
type Given struct {
	Folder     string   `json:"folder"` // that paths of plugins are relative to
	File       string   `json:"file"`
	Source     string   `json:"source"`
	Variant    string   `json:"variant,omitempty"`
	Set        []string `json:"set,omitempty"`
	Optimizers []string `json:"optimizers,omitempty"`
	Metrics    []string `json:"metrics,omitempty"`
}

// ManifestPlugin is a plugin of a run.
type ManifestPlugin struct {
	suite.PluginID
	Ref      string `json:"ref"` // where it lies: what every process of the run starts
	Pinned   bool   `json:"pinned,omitempty"`
	Unlocked string `json:"unlocked,omitempty"` // in what its files are not those of the lock
}

// Manifest describes a run of this suite on an engine, of which f is the forecast.
func (r *Runner) Manifest(engineName string, f Forecast) (Manifest, error) {
	folder, err := os.Getwd()
	if err != nil {
		return Manifest{}, err
	}
	o := r.Suite.Options
	m := Manifest{
		Suite: r.Suite.Name, Engine: engineName, Hash: r.Suite.Hash(), Resolved: r.Suite.TOML(), Jobs: r.Jobs, Numeric: engine.Version,
		Forecast: f, Provenance: r.provenance(time.Now()), Plugins: map[string]ManifestPlugin{}, Tasks: r.Tasks(),
		Given: Given{
			Folder: folder, File: r.Suite.File, Source: string(o.Source), Variant: o.Variant, Set: o.Set,
			Optimizers: o.Optimizers, Metrics: o.Metrics,
		},
	}
	add := func(name, ref string, p *Plugin) {
		m.Plugins[name] = ManifestPlugin{
			PluginID: suite.PluginID{Name: p.Info.Name, Version: p.Version()}, Ref: ref, Pinned: p.Pinned, Unlocked: p.Unlocked,
		}
	}
	for _, g := range r.all {
		add(g.optimizer.Plugin, g.optimizer.Ref, g.plugin)
	}
	for _, x := range r.metrics {
		add(x.Metric.Plugin, x.Metric.Ref, x.Plugin)
	}
	return m, nil
}

// Begin makes the record of a run on an engine: what it sets out to do is on disk when it returns. The caller closes it.
func (r *Runner) Begin(engineName string, f Forecast) (*store.Run, Manifest, error) {
	m, err := r.Manifest(engineName, f)
	if err != nil {
		return nil, m, err
	}
	run, err := r.Store.NewRun(r.Suite.Name, m.Hash)
	if err != nil {
		return nil, m, err
	}
	if err := run.SetManifest(m); err != nil {
		run.Close()
		return nil, m, err
	}
	return run, m, nil
}

// Resume builds the runner of a run that another process has planned: the suite as it was then, with the same plugins. Its
// Prepare is still to be called. names are the bundled plugins; what a lock says of the others was settled by the planner.
func Resume(m Manifest, st *store.Store, host *Plugins, names []string) (*Runner, error) {
	if m.Numeric != engine.Version {
		return nil, fmt.Errorf("the run was planned by a bench whose engine has numeric version %d; this one has %d", m.Numeric, engine.Version)
	}
	if err := os.Chdir(m.Given.Folder); err != nil {
		return nil, fmt.Errorf("the folder of the run cannot be entered: %w", err)
	}
	refs := map[string]string{}
	for written, p := range m.Plugins {
		refs[written] = p.Ref
	}
	s, err := suite.Load(m.Given.File, suite.Options{
		Source: []byte(m.Given.Source), Variant: m.Given.Variant, Set: m.Given.Set, Optimizers: m.Given.Optimizers, Metrics: m.Given.Metrics,
		Describe: host.Describe, PluginNames: names, Refs: refs,
	})
	if err != nil {
		return nil, err
	}
	if s.Hash() != m.Hash {
		return nil, errors.New("the suite of the run does not mean any more what it meant: its hash is another one; was it planned by another bench?")
	}
	for written, was := range m.Plugins {
		p, err := host.Get(was.Ref)
		if err != nil {
			return nil, err
		}
		if p.Version() != was.Version {
			return nil, fmt.Errorf("plugin %q was changed after the run had been planned: version %.12s, expected %.12s", written, p.Version(), was.Version)
		}
		p.Pinned, p.Unlocked = was.Pinned, was.Unlocked
	}
	return &Runner{Suite: s, Store: st, Plugins: host, Jobs: 1}, nil
}

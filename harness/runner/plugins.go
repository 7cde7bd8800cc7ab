package runner

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// Plugin is a program and what it says of itself.
type Plugin struct {
	Program pluginhost.Program
	Info    pluginhost.Info
	Pinned  bool // a lock names it, and its files are those of the lock
	// Unlocked says in what its files differ from the lock, for a plugin that runs all the same.
	Unlocked string
}

// Version identifies the plugin in the identity of a trial: a numeric version for a bundled one, so that rebuilding
// bench keeps the cache, the hash of its files for anybody else's.
func (p *Plugin) Version() string {
	if p.Program.Bundled {
		return fmt.Sprintf("%d", p.Info.Version)
	}
	return p.Program.Hash
}

// Plugins finds plugins by the way suites refer to them and remembers their descriptions.
type Plugins struct {
	// SocketDir is where plugins have their sockets: a short path on this machine itself. Empty: the folder for temporary
	// files. It is set before any plugin is asked for.
	SocketDir string

	dir     string
	bundled func(string) bool
	lock    *pluginhost.Lock
	rule    LockRule

	mu    sync.Mutex
	known map[string]*entry
}

type entry struct {
	once   sync.Once
	plugin *Plugin
	err    error
}

// describeLimit is how long a plugin may take to start and describe itself.
const describeLimit = 90 * time.Second

// NewPlugins resolves paths against dir and asks bundled whether a name is one of bench's own.
func NewPlugins(dir string, bundled func(string) bool) *Plugins {
	return &Plugins{dir: dir, bundled: bundled, known: map[string]*entry{}}
}

// LockRule says what becomes of plugins whose files are not those of the lock.
type LockRule int

// The rules. Bundled plugins belong to bench and need no lock.
const (
	Locked   LockRule = iota // changed files are refused; a plugin that the lock does not name runs as unpinned
	Frozen                   // so is a plugin that the lock does not name
	Unlocked                 // changed files run, marked, and stay off the board
)

// Use sets the lock, before any plugin is asked for.
func (p *Plugins) Use(lock *pluginhost.Lock, rule LockRule) { p.lock, p.rule = lock, rule }

// check compares a program with the lock, before it is started.
func (p *Plugins) check(program pluginhost.Program) (pinned bool, unlocked string, err error) {
	if program.Bundled || p.lock == nil {
		return false, "", nil
	}
	pin := p.lock.Find(program)
	if pin == nil {
		if p.rule == Frozen {
			return false, "", &pluginhost.Unpinned{Lock: p.lock.Path}
		}
		return false, "", nil
	}
	changes := pin.Changes(program)
	switch {
	case len(changes) == 0:
		return true, "", nil
	case p.rule == Unlocked:
		return false, strings.Join(changes, "; "), nil
	}
	return false, "", &pluginhost.Unpinned{Lock: p.lock.Path, Changes: changes}
}

// Get starts the plugin once, asks it what it is, and remembers the answer.
func (p *Plugins) Get(ref string) (*Plugin, error) {
	p.mu.Lock()
	e := p.known[ref]
	if e == nil {
		e = &entry{}
		p.known[ref] = e
	}
	p.mu.Unlock()
	e.once.Do(func() { e.plugin, e.err = p.ask(ref) })
	return e.plugin, e.err
}

func (p *Plugins) ask(ref string) (*Plugin, error) {
	program, err := pluginhost.Resolve(ref, p.dir, p.bundled)
	if err != nil {
		return nil, err
	}
	pinned, unlocked, err := p.check(program)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), describeLimit)
	defer cancel()
	process, err := pluginhost.Launch(ctx, program, pluginhost.LaunchOptions{Log: io.Discard, RunDir: p.SocketDir})
	if err != nil {
		return nil, err
	}
	defer process.Stop()
	info, err := process.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return &Plugin{Program: program, Info: info, Pinned: pinned, Unlocked: unlocked}, nil
}

// Describe is what a suite checks its parameters against.
func (p *Plugins) Describe(ref string) (pluginhost.Info, error) {
	got, err := p.Get(ref)
	if err != nil {
		return pluginhost.Info{}, err
	}
	return got.Info, nil
}

// Preload describes several plugins at the same time. Errors come back from Get and Describe.
func (p *Plugins) Preload(_ context.Context, refs []string) {
	var wg sync.WaitGroup
	for _, ref := range refs {
		wg.Go(func() { p.Get(ref) })
	}
	wg.Wait()
}

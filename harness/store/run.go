package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"time"
)

// Run is one invocation over a suite.
type Run struct {
	store *Store
	id    string
	dir   string

	mu     sync.Mutex
	events *os.File
}

// NewRun makes the folder of a run: DATE-NAME-HASH, with the first four digits of the suite's hash, and a number behind
// it if there has been one on the same day.
func (s *Store) NewRun(suiteName, hash string) (*Run, error) {
	if !validName.MatchString(suiteName) || !validName.MatchString(hash) {
		panic(fmt.Sprintf("store: suite %q with hash %q cannot be a run", suiteName, hash))
	}
	runs := filepath.Join(s.dir, "runs")
	if err := s.mkdir(runs); err != nil {
		return nil, err
	}
	base := time.Now().Format("2006-01-02") + "-" + suiteName + "-" + hash[:min(4, len(hash))]
	for n := 1; ; n++ {
		id := base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		dir := filepath.Join(runs, id)
		switch err := os.Mkdir(dir, 0o777); {
		case errors.Is(err, fs.ErrExist):
			continue
		case err != nil:
			return nil, s.unwritable(err)
		}
		f, err := os.OpenFile(filepath.Join(dir, "events.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
		if err != nil {
			return nil, s.unwritable(err)
		}
		return &Run{store: s, id: id, dir: dir, events: f}, nil
	}
}

// JoinRun opens a run that another process has begun, to add events to it. part names this process's own file of events
// among those of the run; several processes must not share one.
func (s *Store) JoinRun(id, part string) (*Run, error) {
	if !validName.MatchString(id) || !validName.MatchString(part) {
		return nil, fmt.Errorf("%q, part %q: not the name of a run", id, part)
	}
	dir := filepath.Join(s.dir, "runs", id)
	if _, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("store %s has no run %s: %w", s.dir, id, cause(err))
	}
	f, err := os.OpenFile(filepath.Join(dir, "events-"+part+".jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, s.unwritable(err)
	}
	return &Run{store: s, id: id, dir: dir, events: f}, nil
}

// Runs lists the names of all runs, the oldest first.
func (s *Store) Runs() ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(s.dir, "runs"))
	switch {
	case missing(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("store %s cannot be read: %w", s.dir, cause(err))
	}
	var ids []string
	times := map[string]time.Time{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		ids = append(ids, e.Name())
		if st, err := os.Stat(filepath.Join(s.dir, "runs", e.Name(), "manifest.json")); err == nil {
			times[e.Name()] = st.ModTime()
		}
	}
	sort.SliceStable(ids, func(i, j int) bool { return times[ids[i]].Before(times[ids[j]]) })
	return ids, nil
}

// ID is the name of the run's folder.
func (r *Run) ID() string { return r.id }

// Dir is the run's folder.
func (r *Run) Dir() string { return r.dir }

// SetManifest replaces the run's manifest: whatever the runner wants to remember of what it set out to do. It must be
// JSON-encodable.
func (r *Run) SetManifest(manifest any) error {
	return r.store.write(filepath.Join(r.dir, "manifest.json"), manifest)
}

// Manifest decodes the manifest of a run into v; false if there is none that can be used.
func (s *Store) Manifest(run string, v any) (bool, error) {
	return s.read(filepath.Join(s.dir, "runs", run, "manifest.json"), v)
}

// RunDir is the folder of a run. It may not exist.
func (s *Store) RunDir(run string) string { return filepath.Join(s.dir, "runs", run) }

// PutRunRecord replaces a record beside the manifest of a run: name is a path within the run's folder, with slashes. The
// record must be JSON-encodable.
func (s *Store) PutRunRecord(run, name string, record any) error {
	return s.write(s.runRecord(run, name), record)
}

// RunRecord decodes a record of a run; false if there is none that can be used.
func (s *Store) RunRecord(run, name string, record any) (bool, error) {
	return s.read(s.runRecord(run, name), record)
}

func (s *Store) runRecord(run, name string) string {
	if !validName.MatchString(run) || !filepath.IsLocal(filepath.FromSlash(name)) {
		panic(fmt.Sprintf("store: %q of run %q cannot be a record", name, run))
	}
	return filepath.Join(s.RunDir(run), filepath.FromSlash(name))
}

// Event appends a line: event, which must be JSON-encodable. It may be called from any goroutine.
func (r *Run) Event(event any) error {
	line, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("run %s: %w", r.id, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.events.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("cannot write %s: %w", r.events.Name(), cause(err))
	}
	return nil
}

// Close closes the run's events.
func (r *Run) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events.Close()
}

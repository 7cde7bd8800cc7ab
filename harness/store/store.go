// Package store keeps what runs produce in plain files that need no database and no locks of the file system, so that
// a store may lie on NFS:
//
//	trials/ab/ab12…/   spec.json  status.json  result.json  curve.jsonl  log.txt  params.safetensors
//	                   checkpoint/  evals/NAME-hash.json  metrics/NAME-hash.json
//	leases/            one file per running trial
//	index/             what the records say, for speed; may be deleted
//	runs/2026-11-23-cifar-7f3a/   manifest.json  events.jsonl
//
// A record is written to a temporary name, synced and renamed, so that readers see all of it or nothing. Every record
// carries a checksum. One that does not verify, after a crash or on a full disk, is reported to the store's warning
// function and then treated as missing: it is computed again, never used and never a crash.
package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"sync"
)

// Store is a folder of records. Its methods may be called from any goroutine, and several processes on several
// machines may use one folder.
type Store struct {
	dir      string
	warn     func(error)
	engine   Engine
	sync     bool
	suspects suspects

	mu     sync.Mutex
	warned map[string]bool

	indexed  sync.Once
	index    *index
	indexing sync.Mutex // held while the index is written
}

// Options of a store.
type Options struct {
	// Warn hears of records that do not verify, each once: a *Corrupt. Nil: a line on standard error.
	Warn func(error)
	// Engine is asked before the lease of a job that is silent is broken. Nil: only the clock decides.
	Engine Engine
	// Volatile records need not survive a power cut: for stores that are made to be measured and thrown away.
	Volatile bool
}

// Corrupt is a file of the store that does not verify. It is treated as missing.
type Corrupt struct {
	Path   string
	Reason string
}

func (c *Corrupt) Error() string {
	return fmt.Sprintf("%s is damaged (%s) and is treated as missing", c.Path, c.Reason)
}

// Open returns the store in dir. Nothing is created before the first record is written; an error means that dir is
// something else than a folder.
func Open(dir string, o Options) (*Store, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", dir, err)
	}
	switch st, err := os.Stat(abs); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("store %s cannot be used: %w", dir, cause(err))
	case !st.IsDir():
		return nil, fmt.Errorf("store %s is a file, not a folder; choose another with --store", dir)
	}
	if o.Warn == nil {
		o.Warn = func(err error) { fmt.Fprintf(os.Stderr, "bench: warning: %v\n", err) }
	}
	return &Store{dir: abs, warn: o.Warn, engine: o.Engine, sync: !o.Volatile, warned: map[string]bool{}}, nil
}

// Dir is the absolute path of the store's folder.
func (s *Store) Dir() string { return s.dir }

// Job is what the engine calls the job that this process is part of; empty outside of one.
func (s *Store) Job() string {
	if s.engine == nil {
		return ""
	}
	job, _ := s.engine.Self()
	return job
}

// Writable makes the store's folder and checks that files can be written, renamed and linked in it: what every run
// needs, tried before anything is computed.
func (s *Store) Writable() error {
	if err := s.mkdir(filepath.Join(s.dir, "leases")); err != nil {
		return err
	}
	sweep(filepath.Join(s.dir, "leases"))
	probe := filepath.Join(s.dir, "leases", temporaryName("probe"))
	defer os.Remove(probe)
	defer os.Remove(probe + ".link")
	if err := writeFile(probe, true, []byte("probe")); err != nil {
		return s.unwritable(err)
	}
	if err := os.Link(probe, probe+".link"); err != nil {
		return fmt.Errorf("store %s: the file system does not allow hard links, which leases need: %w; choose another folder with --store", s.dir, cause(err))
	}
	return nil
}

func (s *Store) unwritable(err error) error {
	return fmt.Errorf("store %s cannot be written: %w; choose another folder with --store", s.dir, cause(err))
}

// mkdir makes a folder of the store, and the store itself the first time.
func (s *Store) mkdir(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := os.Stat(s.dir)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return s.unwritable(err)
	}
	// Version control should not see a store. A folder that was there before is the user's, who may keep other things
	// in it.
	if fresh {
		if f, err := os.OpenFile(filepath.Join(s.dir, ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666); err == nil {
			f.WriteString("*\n")
			f.Close()
		}
	}
	return nil
}

// report passes on a damaged file once.
func (s *Store) report(c *Corrupt) {
	s.mu.Lock()
	known := s.warned[c.Path]
	s.warned[c.Path] = true
	s.mu.Unlock()
	if !known {
		s.warn(c)
	}
}

// cause drops the path of a file system error, which is a temporary name that says nothing.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

var validID = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Trial is the record of one training and what belongs to it. It panics if id is not an identity: 64 hexadecimal digits.
func (s *Store) Trial(id string) *Trial {
	if !validID.MatchString(id) {
		panic("store: not the identity of a trial: " + id)
	}
	return &Trial{store: s, id: id, dir: filepath.Join(s.dir, "trials", id[:2], id)}
}

// Find lists the identities of the trials in the store that start with prefix, sorted. An empty prefix lists all.
func (s *Store) Find(prefix string) ([]string, error) {
	prefix = strings.ToLower(prefix)
	shard := "??"
	if len(prefix) >= 2 {
		shard = prefix[:2]
	}
	var ids []string
	shards, err := os.ReadDir(filepath.Join(s.dir, "trials"))
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, fmt.Errorf("store %s cannot be read: %w", s.dir, cause(err))
	}
	for _, sh := range shards {
		if shard != "??" && sh.Name() != shard {
			continue
		}
		entries, err := os.ReadDir(filepath.Join(s.dir, "trials", sh.Name()))
		if err != nil {
			continue // removed in the meantime, or not a folder
		}
		for _, e := range entries {
			if validID.MatchString(e.Name()) && strings.HasPrefix(e.Name(), prefix) {
				ids = append(ids, e.Name())
			}
		}
	}
	sort.Strings(ids)
	return ids, nil
}

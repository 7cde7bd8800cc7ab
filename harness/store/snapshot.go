package store

import (
	"errors"
	"fmt"
	"os"
)

// ErrNoSnapshot means that a training was not kept at a step, or that what was kept is damaged.
var ErrNoSnapshot = errors.New("the training was not kept at this step")

func (t *Trial) snapshotPath(step int) string {
	return t.path("snapshots", fmt.Sprintf("%09d.safetensors", step))
}

// PutSnapshot keeps a training as it was after a number of committed steps, for metrics that look along the way. What
// is there already is replaced. The parameters before the first step are not kept again: p.Init is not looked at.
func (t *Trial) PutSnapshot(step int, p *Params) error {
	q := *p
	q.Init = nil
	file, err := q.encode()
	if err != nil {
		return fmt.Errorf("snapshot of trial %s: %w", t.Short(), err)
	}
	if err := t.store.mkdir(t.path("snapshots")); err != nil {
		return err
	}
	return t.store.replace(t.snapshotPath(step), file)
}

// HasSnapshot reports whether there is a snapshot of a step, without reading it.
func (t *Trial) HasSnapshot(step int) bool {
	_, err := os.Stat(t.snapshotPath(step))
	return err == nil
}

// Snapshot returns what PutSnapshot has kept, or an error that wraps ErrNoSnapshot. A damaged one is removed.
func (t *Trial) Snapshot(step int) (*Params, error) {
	path := t.snapshotPath(step)
	file, err := os.ReadFile(path)
	switch {
	case missing(err):
		return nil, fmt.Errorf("trial %s, step %d: %w", t.Short(), step, ErrNoSnapshot)
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	p, err := decodeParams(file)
	if err != nil {
		t.store.report(&Corrupt{Path: path, Reason: err.Error()})
		os.Remove(path)
		return nil, fmt.Errorf("trial %s, step %d: %w", t.Short(), step, ErrNoSnapshot)
	}
	return p, nil
}

// DropCheckpoint removes the checkpoint of a training that has a result already.
func (t *Trial) DropCheckpoint() error {
	if err := os.RemoveAll(t.path("checkpoint")); err != nil {
		return fmt.Errorf("cannot remove %s: %w", t.path("checkpoint"), cause(err))
	}
	return nil
}

package dataset

import (
	"context"
	"errors"
	"os"
	"time"
)

// errLocked is what lockFile says when another process has the lock.
var errLocked = errors.New("locked by another process")

// lock takes an advisory lock that ends with the process, however it ends. It calls waiting once if another process has
// it, and returns when that one is done or ctx is cancelled. alone is false where the file system has no locks: then
// others may be at work at the same time. The file of the lock stays: removing it would let two processes lock two files
// of one name.
func lock(ctx context.Context, name string, waiting func()) (unlock func(), alone bool, err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, false, err
	}
	for first := true; ; first = false {
		switch err := lockFile(f); {
		case err == nil:
			return func() { f.Close() }, true, nil
		case !errors.Is(err, errLocked):
			return func() { f.Close() }, false, nil
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, false, context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

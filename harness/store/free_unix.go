//go:build linux || darwin

package store

import (
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Free is how many bytes can still be written where dir lies, or will lie; false when that is not known.
func Free(dir string) (int64, bool) {
	for {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err == nil {
			return int64(s.Bavail) * int64(s.Bsize), true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return 0, false
		}
		dir = parent
	}
}

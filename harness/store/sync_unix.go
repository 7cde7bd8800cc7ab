//go:build unix

package store

import (
	"errors"
	"syscall"
)

// isInvalid reports whether a file system refuses to sync folders, as some network file systems do.
func isInvalid(err error) bool { return errors.Is(err, syscall.EINVAL) }

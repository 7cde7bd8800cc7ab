//go:build unix

package slurm

import (
	"io/fs"
	"os"
	"syscall"
)

// warning is what Slurm sends before the time of a job is up.
var warning os.Signal = syscall.SIGUSR1

// own reports whether a file belongs to this user.
func own(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Getuid()
}

//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package dataset

import (
	"os"
	"syscall"
)

func lockFile(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == syscall.EWOULDBLOCK || err == syscall.EINTR {
		return errLocked
	}
	return err
}

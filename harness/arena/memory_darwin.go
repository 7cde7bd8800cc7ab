package arena

import (
	"os"

	"golang.org/x/sys/unix"
)

// create makes a temporary file and unlinks it at once. There are no seals: a plugin that truncates the file takes
// the host down with it.
func create() (*os.File, error) {
	f, err := os.CreateTemp("", "bench-arena-")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// grow writes zeros rather than leaving a hole, so that a full disk is an error here and not a crash later.
func grow(f *os.File, size uint64) ([]byte, error) {
	zeros := make([]byte, 1<<20)
	for at := uint64(0); at < size; {
		n, err := unix.Pwrite(int(f.Fd()), zeros[:min(uint64(len(zeros)), size-at)], int64(at))
		if err != nil {
			return nil, os.NewSyscallError("pwrite", err)
		}
		at += uint64(n)
	}
	return mapShared(f, size)
}

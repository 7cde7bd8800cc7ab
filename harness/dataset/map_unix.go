//go:build unix

package dataset

import (
	"io"
	"os"
	"syscall"
)

// mapFile maps a file for reading, for as long as the process lives. Nobody writes the files that are mapped: they are
// replaced.
func mapFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() == 0 || info.Size() != int64(int(info.Size())) {
		return nil, io.ErrUnexpectedEOF
	}
	return syscall.Mmap(int(f.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
}

package arena

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// create makes an anonymous file: no name, nothing left behind by a crash, not limited by the size of /dev/shm.
func create() (*os.File, error) {
	fd, err := unix.MemfdCreate("bench-arena", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "bench-arena"), nil
}

// grow allocates the memory, maps it, and seals the size: a plugin that truncated the file would otherwise kill the
// host with SIGBUS at its next access.
func grow(f *os.File, size uint64) ([]byte, error) {
	fd := int(f.Fd())
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, os.NewSyscallError("ftruncate", err)
	}
	for {
		err := unix.Fallocate(fd, 0, 0, int64(size))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.ENOMEM) {
			return nil, fmt.Errorf("not enough memory (%w)", err)
		}
		if err != nil {
			return nil, os.NewSyscallError("fallocate", err)
		}
		break
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_SEAL); err != nil {
		return nil, os.NewSyscallError("fcntl F_ADD_SEALS", err)
	}
	return mapShared(f, size)
}

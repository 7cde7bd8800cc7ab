//go:build unix

package store

import (
	"errors"
	"os"
	"syscall"
)

// processExists asks the kernel without disturbing the process.
func processExists(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, syscall.EPERM)
}

// machineWithoutProc names the machine where there is no /proc: one host name, one set of processes.
func machineWithoutProc(host string) string { return host }

//go:build unix

package dataset

import (
	"os/exec"
	"syscall"
)

// killFamily makes cancelling cmd's context kill the processes that it started too.
func killFamily(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

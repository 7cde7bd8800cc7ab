//go:build !unix

package dataset

import (
	"os/exec"
	"runtime"
	"strconv"
)

// killFamily makes cancelling cmd's context kill the processes that it started too, where the system can.
func killFamily(cmd *exec.Cmd) {
	if runtime.GOOS != "windows" {
		return
	}
	cmd.Cancel = func() error {
		if exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(cmd.Process.Pid)).Run() == nil {
			return nil
		}
		return cmd.Process.Kill()
	}
}

//go:build unix

package pluginhost

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// ownGroup puts the program in a process group of its own: an interrupt from the keyboard reaches only the host, and
// the program can be killed together with its children.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killGroup kills what there is of the program's group; nothing left is no error.
func killGroup(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// peakMemory is the most resident memory of a process that has ended, in bytes.
func peakMemory(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" { // bytes there, kilobytes elsewhere
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}

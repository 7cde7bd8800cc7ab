//go:build unix

package plugintest

import "syscall"

// groupAlive returns ESRCH when no process of the group is left.
func groupAlive(pid int) error { return syscall.Kill(-pid, 0) }

func killGroup(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) }

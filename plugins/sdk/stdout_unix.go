//go:build unix

package sdk

import "golang.org/x/sys/unix"

// protectStdout sends the file descriptor of standard output where standard error goes. The host has read the one line
// it wanted there; a library that writes to descriptor 1 directly could otherwise fill the pipe and block for ever.
func protectStdout() {
	// Should it fail, the descriptor stays what it was: such a library then is at its own risk.
	_ = unix.Dup2(2, 1)
}

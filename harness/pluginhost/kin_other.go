//go:build !linux

package pluginhost

// killKin does nothing: this system does not tell the environments of other processes, and a program that takes its
// children out of the process group keeps them.
func killKin(string) {}

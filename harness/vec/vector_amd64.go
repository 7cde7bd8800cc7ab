//go:build !purego

package vec

import "golang.org/x/sys/cpu"

// vectorised says that this machine runs the routines of kernel_amd64.s. Only tests change it.
var vectorised = cpu.X86.HasAVX2 && cpu.X86.HasPOPCNT

// filled returns how many of n elements fill vectors. The routines take those; the loops in Go take the rest.
func filled(n int) int {
	if !vectorised {
		return 0
	}
	return n &^ 7
}

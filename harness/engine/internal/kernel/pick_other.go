//go:build !amd64 || purego

package kernel

// Best returns Plain: this build has no vector routines.
func Best() ISA { return Plain }

func pick(n int) (*tiles, int) { return plainTiles, min(n, 16) }

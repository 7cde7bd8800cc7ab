//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

// Best returns the widest instruction set of this machine that the operating system supports too.
func Best() ISA {
	switch {
	case cpu.X86.HasAVX512F && cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return AVX512
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return AVX2
	}
	return Plain
}

// pick chooses the tiles for a panel when n columns are left, and says how many columns they do.
func pick(n int) (*tiles, int) {
	switch isa {
	case AVX512:
		switch {
		case n >= 32:
			return &tile512x32, 32
		case n >= 16:
			return &tile512x16, 16
		}
		return &tile512edge, n
	case AVX2:
		if n >= 16 {
			return &tile256x16, 16
		}
		return &tile256edge, n
	}
	return plainTiles, min(n, 16)
}

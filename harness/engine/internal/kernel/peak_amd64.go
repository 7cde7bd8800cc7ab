//go:build !purego

package kernel

// Peak runs n > 0 rounds of independent multiply-adds in registers and returns how many floating-point operations they
// are, two each. It is for benchmarks.
func Peak(n int) float64 {
	const chains = 12
	switch isa {
	case AVX512:
		peak512(n)
		return 2 * 16 * chains * float64(n)
	case AVX2:
		peak256(n)
		return 2 * 8 * chains * float64(n)
	}
	return peakPlain(n)
}

//go:build !amd64 || purego

package kernel

// Peak runs n > 0 rounds of independent multiply-adds in registers and returns how many floating-point operations they
// are, two each. It is for benchmarks.
func Peak(n int) float64 { return peakPlain(n) }

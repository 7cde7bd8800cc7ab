//go:build !amd64 || purego

package kernel

func accumulateVector(dst, x []float32) int { return 0 }

func (f *Affine) sumVector(x, s, y []float32, n, c int) int { return 0 }

func (f *Affine) sumReLUVector(x, s, y []float32, n, c int) int { return 0 }

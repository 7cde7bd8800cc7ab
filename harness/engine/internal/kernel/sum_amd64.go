//go:build !purego

package kernel

func accumulateVector(dst, x []float32) int {
	n := len(x) / 8
	if isa == Plain || n == 0 {
		return 0
	}
	accumulate8(&dst[0], &x[0], n)
	return 8 * n
}

func (f *Affine) sumVector(x, s, y []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		affineSum8(&x[j], &s[j], &y[j], n, 4*c, &f.Mean[j], &f.Scale[j], &f.Shift[j])
	}
	return j
}

func (f *Affine) sumReLUVector(x, s, y []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		affineSumReLU8(&x[j], &s[j], &y[j], n, 4*c, &f.Mean[j], &f.Scale[j], &f.Shift[j])
	}
	return j
}

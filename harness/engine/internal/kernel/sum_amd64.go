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
	return f.sumPass(affineSum8, x, s, y, n, c)
}

func (f *Affine) sumReLUVector(x, s, y []float32, n, c int) int {
	return f.sumPass(affineSumReLU8, x, s, y, n, c)
}

func (f *Affine) sumPass(run func(x, s, y *float32, pixels, stride, channels, rest int, mean, scale, shift *float32), x, s, y []float32, n, c int) int {
	channels := c &^ 7
	if isa == Plain || n == 0 || channels == 0 {
		return 0
	}
	run(&x[0], &s[0], &y[0], n, 4*c, channels, c-channels, &f.Mean[0], &f.Scale[0], &f.Shift[0])
	return channels
}

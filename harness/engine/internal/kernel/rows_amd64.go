//go:build !purego

package kernel

// Row sums are all or nothing, since a row's chains end in one routine: they report whether they did it. The others do the
// columns that fill vectors and return how many those are. Callers have checked the lengths.

func rowSumsVector(x []float32, c int, sum []float64) bool {
	if isa == Plain || c%8 != 0 || len(sum) == 0 {
		return false
	}
	rowSums8(&x[0], len(sum), c/8, 4*c, &sum[0])
	return true
}

func rowDotsVector(x []float32, strideX int, y []float32, strideY, c int, dot []float64) bool {
	if isa == Plain || c%8 != 0 || len(dot) == 0 {
		return false
	}
	rowDots8(&x[0], &y[0], len(dot), c/8, 4*strideX, 4*strideY, &dot[0])
	return true
}

func rowDeviationsVector(x []float32, c int, mean, sum []float64) bool {
	if isa == Plain || c%8 != 0 || len(sum) == 0 {
		return false
	}
	rowDeviations8(&x[0], len(sum), c/8, 4*c, &mean[0], &sum[0])
	return true
}

func standardiseVector(x []float32, c int, mean, inv, y []float32) int {
	if isa == Plain || c < 8 || len(mean) == 0 {
		return 0
	}
	standardise8(&x[0], &y[0], len(mean), c/8, 4*c, &mean[0], &inv[0])
	return c / 8 * 8
}

func columnAffineVector(x, scale, shift, y []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		columnAffine8(&x[j], &y[j], n, 4*c, &scale[j], &shift[j])
	}
	return j
}

func rowProjectVector(a, x []float32, c int, offset, slope, inv, y []float32) int {
	if isa == Plain || c < 8 || len(offset) == 0 {
		return 0
	}
	rowProject8(&a[0], &x[0], &y[0], len(offset), c/8, 4*c, &offset[0], &slope[0], &inv[0])
	return c / 8 * 8
}

func rowAddVector(x []float32, c int, factor, y []float32) int {
	if isa == Plain || c < 8 || len(factor) == 0 {
		return 0
	}
	rowAdd8(&x[0], &y[0], len(factor), c/8, 4*c, &factor[0])
	return c / 8 * 8
}

func rowGateVector(p, d []float32, c int, delta []float32, scale float32, y []float32) int {
	if isa == Plain || c < 8 || len(delta) == 0 {
		return 0
	}
	rowGate8(&p[0], &d[0], &y[0], len(delta), c/8, 4*c, &delta[0], &scale)
	return c / 8 * 8
}

func transposeVector(x []float32, m, n, strideX int, scale float32, y []float32, strideY int) (rows, cols int) {
	if isa == Plain || m < 8 {
		return 0, 0
	}
	for ; cols+8 <= n; cols += 8 {
		transpose8(&x[cols], &y[cols*strideY], m/8, 4*strideX, 4*strideY, &scale)
	}
	return m / 8 * 8, cols
}

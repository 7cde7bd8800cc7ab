//go:build !purego

package kernel

// The functions below do the channels that fill vectors, all pixels of them, and return how many that are. Each block
// of channels is one call: its constants stay in registers. Callers have checked the lengths.

func sumsVector(x []float32, n, c int, sum []float64) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+32 <= c; j += 32 {
		sums32(&x[j], n, 4*c, &sum[j])
	}
	if j+16 <= c {
		sums16(&x[j], n, 4*c, &sum[j])
		j += 16
	}
	if j+8 <= c {
		sums8(&x[j], n, 4*c, &sum[j])
		j += 8
	}
	return j
}

func squaredDeviationsVector(x []float32, n, c int, mean, sum []float64) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+16 <= c; j += 16 {
		squaredDeviations16(&x[j], n, 4*c, &mean[j], &sum[j])
	}
	if j+8 <= c {
		squaredDeviations8(&x[j], n, 4*c, &mean[j], &sum[j])
		j += 8
	}
	return j
}

func gradSumsVector(d, x []float32, n, c int, mean, s1, s2 []float64) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+16 <= c; j += 16 {
		gradSums16(&d[j], &x[j], n, 4*c, &mean[j], &s1[j], &s2[j])
	}
	if j+8 <= c {
		gradSums8(&d[j], &x[j], n, 4*c, &mean[j], &s1[j], &s2[j])
		j += 8
	}
	return j
}

func maskGradVector(y, dy, d []float32) int {
	n := len(y) / 8
	if isa == Plain || n == 0 {
		return 0
	}
	maskGrad8(&y[0], &dy[0], &d[0], n)
	return 8 * n
}

func (f *Affine) applyVector(x, z []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		affine8(&x[j], &z[j], n, 4*c, &f.Mean[j], &f.Scale[j], &f.Shift[j])
	}
	return j
}

func (f *Affine) reluVector(x, y []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		relu8(&x[j], &y[j], n, 4*c, &f.Mean[j], &f.Scale[j], &f.Shift[j])
	}
	return j
}

func (f *Affine) reluPoolVector(top, bottom, y, at []float32, which []uint8, n, c int) int {
	if isa == Plain {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		reluPool8(&top[j], &bottom[j], &y[j], &at[j], &which[j], n, 4*c, &f.Mean[j], &f.Scale[j], &f.Shift[j])
	}
	return j
}

func poolVector(z, x, y, at []float32, which []uint8, line, n, c int) int {
	if isa == Plain {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		pool8(&z[j], &x[j], &y[j], &at[j], &which[j], n, 4*c, 4*line)
	}
	return j
}

func (s *Spread) gradVector(d, x, dx []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		spreadGrad8(&d[j], &x[j], &dx[j], n, 4*c, &s.Mean[j], &s.Gain[j], &s.Offset[j], &s.Slope[j])
	}
	return j
}

func (s *Spread) poolGradVector(d []float32, which []uint8, top, bottom, dTop, dBottom []float32, n, c int) int {
	if isa == Plain {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		poolGrad8(&d[j], &which[j], &top[j], &bottom[j], &dTop[j], &dBottom[j], n, 4*c, &s.Mean[j], &s.Gain[j], &s.Offset[j], &s.Slope[j])
	}
	return j
}

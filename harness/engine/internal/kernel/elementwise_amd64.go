//go:build !purego

package kernel

// The functions below do the channels that fill vectors, all pixels of them, and return how many that are. Sums take a
// block of channels a call, so that they stay in registers; the passes that write take the memory in order. Callers have
// checked the lengths.

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

func (f *Affine) reluGradSumsVector(dy, x []float32, n int, mean, s1, s2 []float64) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j, c := 0, len(mean)
	for ; j+16 <= c; j += 16 {
		reluGradSums16(&dy[j], &x[j], n, 4*c, &f.Mean[j], &f.Scale[j], &f.Shift[j], &mean[j], &s1[j], &s2[j])
	}
	if j+8 <= c {
		reluGradSums8(&dy[j], &x[j], n, 4*c, &f.Mean[j], &f.Scale[j], &f.Shift[j], &mean[j], &s1[j], &s2[j])
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

func (f *Affine) applyVector(x, z []float32, n, c int) int { return f.pass(affine8, x, z, n, c) }

func (f *Affine) reluVector(x, y []float32, n, c int) int { return f.pass(relu8, x, y, n, c) }

func (f *Affine) pass(run func(x, y *float32, pixels, stride, channels, rest int, mean, scale, shift *float32), x, y []float32, n, c int) int {
	channels := c &^ 7
	if isa == Plain || n == 0 || channels == 0 {
		return 0
	}
	run(&x[0], &y[0], n, 4*c, channels, c-channels, &f.Mean[0], &f.Scale[0], &f.Shift[0])
	return channels
}

func (f *Affine) reluPoolVector(top, bottom, y, at []float32, which []uint8, n, c int) int {
	channels := c &^ 7
	if isa == Plain || channels == 0 {
		return 0
	}
	reluPool8(&top[0], &bottom[0], &y[0], &at[0], &which[0], n, 4*c, channels, c-channels, &f.Mean[0], &f.Scale[0], &f.Shift[0])
	return channels
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
	channels := c &^ 7
	if isa == Plain || n == 0 || channels == 0 {
		return 0
	}
	spreadGrad8(&d[0], &x[0], &dx[0], n, 4*c, channels, c-channels, &s.Mean[0], &s.Gain[0], &s.Offset[0], &s.Slope[0])
	return channels
}

func (s *Spread) reluGradVector(f *Affine, dy, x, dx []float32, n, c int) int {
	channels := c &^ 7
	if isa == Plain || n == 0 || channels == 0 {
		return 0
	}
	reluSpread8(&dy[0], &x[0], &dx[0], n, 4*c, channels, c-channels, &s.Mean[0], &f.Scale[0], &f.Shift[0], &s.Gain[0], &s.Offset[0], &s.Slope[0])
	return channels
}

func (s *Spread) poolGradVector(d []float32, which []uint8, top, bottom, dTop, dBottom []float32, n, c int) int {
	channels := c &^ 7
	if isa == Plain || channels == 0 {
		return 0
	}
	poolGrad8(&d[0], &which[0], &top[0], &bottom[0], &dTop[0], &dBottom[0], n, 4*c, channels, c-channels, &s.Mean[0], &s.Gain[0], &s.Offset[0], &s.Slope[0])
	return channels
}

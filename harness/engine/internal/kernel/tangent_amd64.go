//go:build !purego

package kernel

// As in elementwise_amd64.go: the functions do the channels that fill vectors and return how many that are.

func (t *Tangent) affineVector(x, rx, rz []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		tangentAffine8(&x[j], &rx[j], &rz[j], n, 4*c, &t.Mean[j], &t.Gain[j], &t.Slope[j], &t.Offset[j])
	}
	return j
}

func (t *Tangent) reluVector(x, rx, y, ry []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		tangentReLU8(&x[j], &rx[j], &y[j], &ry[j], n, 4*c, &t.Mean[j], &t.Gain[j], &t.Slope[j], &t.Offset[j])
	}
	return j
}

func gatherVector(top, bottom []float32, which []uint8, at []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		gather8(&top[j], &bottom[j], &which[j], &at[j], n, 4*c)
	}
	return j
}

func tangentSumsVector(d, rd, x, rx []float32, n, c int, mean, t1, t2 []float64) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+16 <= c; j += 16 {
		tangentSums16(&d[j], &rd[j], &x[j], &rx[j], n, 4*c, &mean[j], &t1[j], &t2[j])
	}
	if j+8 <= c {
		tangentSums8(&d[j], &rd[j], &x[j], &rx[j], n, 4*c, &mean[j], &t1[j], &t2[j])
		j += 8
	}
	return j
}

func (s *SpreadTangent) gradVector(d, rd, x, rx, rdx []float32, n, c int) int {
	if isa == Plain || n == 0 {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		spreadTangent8(&d[j], &rd[j], &x[j], &rx[j], &rdx[j], n, 4*c, &s.Mean[j], &s.Gain[j], &s.GainT[j], &s.Slope[j], &s.SlopeT[j], &s.OffsetT[j])
	}
	return j
}

func (s *SpreadTangent) poolGradVector(d, rd []float32, which []uint8, first uint8, x, rx, rdx []float32, n, c int) int {
	if isa == Plain {
		return 0
	}
	j := 0
	for ; j+8 <= c; j += 8 {
		poolTangent8(&d[j], &rd[j], &which[j], int(first), &x[j], &rx[j], &rdx[j], n, 4*c, &s.Mean[j], &s.Gain[j], &s.GainT[j], &s.Slope[j], &s.SlopeT[j], &s.OffsetT[j])
	}
	return j
}

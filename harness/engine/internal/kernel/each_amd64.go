//go:build !purego

package kernel

// The functions below do all columns, or none without vector instructions, and return how many they did. Callers have
// checked the lengths.

func squaredNormVector(x []float32, lanes *[16]float64) int {
	n := len(x) / 16
	if isa == Plain || n == 0 {
		return 0
	}
	squaredNorm16(&x[0], n, &lanes[0])
	return 16 * n
}

func addScaledVector(out, c, x []float32, stride int) int {
	if isa == Plain {
		return 0
	}
	j := 0
	for ; j+32 <= len(out); j += 32 {
		addScaled32(&out[j], &c[0], &x[j], 4*stride, len(c))
	}
	for ; j < len(out); j += 8 {
		addScaledEdge(&out[j], &c[0], &x[j], 4*stride, len(c), &laneMasks[min(8, len(out)-j)])
	}
	return len(out)
}

func (r *Rows) addClampedVector(clip float32, out []float32) int {
	if isa == Plain {
		return 0
	}
	j := 0
	for ; j+32 <= len(out); j += 32 {
		if r.E == nil {
			addClamped32(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N, &clip)
		} else {
			addClampedShifted32(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N, &r.E[j], &clip)
		}
	}
	for ; j < len(out); j += 8 {
		lanes := &laneMasks[min(8, len(out)-j)]
		if r.E == nil {
			addClampedEdge(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N, &clip, lanes)
		} else {
			addClampedShiftedEdge(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N, &r.E[j], &clip, lanes)
		}
	}
	return len(out)
}

func (r *Rows) addSquaresVector(out []float32) int {
	if isa == Plain {
		return 0
	}
	j := 0
	for ; j+32 <= len(out); j += 32 {
		if r.E == nil {
			addSquares32(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N)
		} else {
			addSquaresShifted32(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N, &r.E[j])
		}
	}
	for ; j < len(out); j += 8 {
		lanes := &laneMasks[min(8, len(out)-j)]
		if r.E == nil {
			addSquaresEdge(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N, lanes)
		} else {
			addSquaresShiftedEdge(&out[j], &r.A[0], 4*r.StepA, &r.X[j], 4*r.Stride, r.N, &r.E[j], lanes)
		}
	}
	return len(out)
}

package kernel

// Accumulate computes dst += x, element by element, for vectors of one length.
func Accumulate(dst, x []float32) {
	if len(dst) != len(x) {
		panic("kernel: sum of vectors of different lengths")
	}
	for i := accumulateVector(dst, x); i < len(x); i++ {
		dst[i] += x[i]
	}
}

// Sum computes y = z + s for the pixels of x. s and y are at least as long as x.
func (f *Affine) Sum(x, s, y []float32) {
	c := f.check()
	n := len(x) / c
	s, y = s[:len(x)], y[:len(x)]
	done := f.sumVector(x, s, y, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			y[i*c+j] = f.Z(x[i*c+j], j) + s[i*c+j]
		}
	}
}

// SumReLU computes y = max(0, z + s) for the pixels of x. s and y are at least as long as x.
func (f *Affine) SumReLU(x, s, y []float32) {
	c := f.check()
	n := len(x) / c
	s, y = s[:len(x)], y[:len(x)]
	done := f.sumReLUVector(x, s, y, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			y[i*c+j] = relu(f.Z(x[i*c+j], j) + s[i*c+j])
		}
	}
}

// ReLU replaces x by max(0, x); NaN stays.
func ReLU(x []float32) {
	for i, v := range x {
		x[i] = relu(v)
	}
}

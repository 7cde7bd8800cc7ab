package kernel

// A gradient of single examples is a matrix with one row an example. The sums below take the rows in order, one chain
// per column in float32 that begins with what out holds, so that rows may come in any number of calls. Every step is
// rounded on its own.

// SquaredNorm is the sum of squares of x in float64: 16 chains, of the elements that are a multiple of 16 apart, which
// are added one by one at the end.
func SquaredNorm(x []float32) float64 {
	var lanes [16]float64
	done := squaredNormVector(x, &lanes)
	for i, v := range x[done:] {
		lanes[i%16] += float64(v) * float64(v) // exact, so that fusing changes nothing
	}
	var sum float64
	for _, v := range lanes {
		sum += v
	}
	return sum
}

// AddScaled adds c[i] times row i of x to out, for all c. Row i is the len(out) elements from i*stride.
func AddScaled(out, c, x []float32, stride int) {
	if len(c) == 0 || len(out) == 0 {
		return
	}
	x = x[:(len(c)-1)*stride+len(out)]
	for j := addScaledVector(out, c, x, stride); j < len(out); j++ {
		sum := out[j]
		for i, k := range c {
			sum += float32(k * x[i*stride+j])
		}
		out[j] = sum
	}
}

// Rows are the rows a[i*stepA] * x[i*stride:] + e for i < n. e nil stands for zeros. With stepA 1, they are the columns of a
// transposed outer product; with stepA 0 and a one, x as it is.
type Rows struct {
	N      int
	A      []float32
	StepA  int
	X      []float32
	Stride int
	E      []float32
}

func (r *Rows) check(columns int) {
	_ = r.A[(r.N-1)*r.StepA]
	_ = r.X[(r.N-1)*r.Stride+columns-1]
	if r.E != nil {
		_ = r.E[columns-1]
	}
}

func (r *Rows) at(i, j int) float32 {
	v := float32(r.A[i*r.StepA] * r.X[i*r.Stride+j])
	if r.E != nil {
		v += r.E[j]
	}
	return v
}

// AddClamped adds the rows to out, each element raised to -clip or lowered to clip first. NaN stays NaN. clip is not
// negative.
func (r *Rows) AddClamped(clip float32, out []float32) {
	if r.N == 0 || len(out) == 0 {
		return
	}
	r.check(len(out))
	for j := r.addClampedVector(clip, out); j < len(out); j++ {
		sum := out[j]
		for i := range r.N {
			v := r.at(i, j)
			if v > clip {
				v = clip
			} else if v < -clip {
				v = -clip
			}
			sum += v
		}
		out[j] = sum
	}
}

// AddSquares adds the squares of the rows to out.
func (r *Rows) AddSquares(out []float32) {
	if r.N == 0 || len(out) == 0 {
		return
	}
	r.check(len(out))
	for j := r.addSquaresVector(out); j < len(out); j++ {
		sum := out[j]
		for i := range r.N {
			v := r.at(i, j)
			sum += float32(v * v)
		}
		out[j] = sum
	}
}

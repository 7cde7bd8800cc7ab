package kernel

// The routines below work on the rows of a matrix: the channels of positions, or the weights of queries. Sums over a row
// have 8 chains in float64, chain k for the columns k, k+8, k+16, …, that are added as
// ((0+4) + (2+6)) + ((1+5) + (3+7)); vectors and plain Go give the same bits. Everything else is rounded to float32 step by
// step.

func totalOf(lanes *[8]float64) float64 {
	return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]))
}

// checkRows panics when x is too short for n rows of c elements that are stride apart.
func checkRows(x []float32, n, stride, c int) {
	if c <= 0 || n > 0 && (n-1)*stride+c > len(x) {
		panic("kernel: rows outside the matrix")
	}
}

// RowSums stores the sum of each row of x in sum, which has an element a row. Rows have c elements and follow each other.
func RowSums(x []float32, c int, sum []float64) {
	checkRows(x, len(sum), c, c)
	if rowSumsVector(x, c, sum) {
		return
	}
	for i := range sum {
		var lanes [8]float64
		for j, v := range x[i*c : (i+1)*c] {
			lanes[j&7] += float64(v)
		}
		sum[i] = totalOf(&lanes)
	}
}

// RowDots stores the inner product of each row of x with the row of y in dot, which has an element a row. Rows have c
// elements and begin strideX and strideY elements apart.
func RowDots(x []float32, strideX int, y []float32, strideY, c int, dot []float64) {
	checkRows(x, len(dot), strideX, c)
	checkRows(y, len(dot), strideY, c)
	if rowDotsVector(x, strideX, y, strideY, c, dot) {
		return
	}
	for i := range dot {
		var lanes [8]float64
		row := y[i*strideY:][:c]
		for j, v := range x[i*strideX:][:c] {
			lanes[j&7] += float64(float64(v) * float64(row[j]))
		}
		dot[i] = totalOf(&lanes)
	}
}

// RowDeviations stores the sum of (x-mean)² of each row of x in sum. mean and sum have an element a row.
func RowDeviations(x []float32, c int, mean, sum []float64) {
	mean = mean[:len(sum)]
	checkRows(x, len(sum), c, c)
	if rowDeviationsVector(x, c, mean, sum) {
		return
	}
	for i := range sum {
		var lanes [8]float64
		for j, v := range x[i*c : (i+1)*c] {
			d := float64(v) - mean[i]
			lanes[j&7] += float64(d * d)
		}
		sum[i] = totalOf(&lanes)
	}
}

// Standardise computes y = (x-mean)*inv. mean and inv have an element a row; y may be x.
func Standardise(x []float32, c int, mean, inv, y []float32) {
	inv = inv[:len(mean)]
	checkRows(x, len(mean), c, c)
	checkRows(y, len(mean), c, c)
	done := standardiseVector(x, c, mean, inv, y)
	if done == c {
		return
	}
	for i, m := range mean {
		to := y[i*c : (i+1)*c]
		for j, v := range x[i*c : (i+1)*c] {
			if j >= done {
				to[j] = float32(v-m) * inv[i]
			}
		}
	}
}

// ColumnAffine computes y = x*scale + shift. scale and shift have an element a column, y is at least as long as x and may
// be x.
func ColumnAffine(x []float32, scale, shift, y []float32) {
	c := len(scale)
	n := len(x) / c
	shift, y = shift[:c], y[:len(x)]
	done := columnAffineVector(x, scale, shift, y, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			y[i*c+j] = float32(x[i*c+j]*scale[j]) + shift[j]
		}
	}
}

// RowProject computes y = (a - offset - x*slope)*inv. offset, slope and inv have an element a row; y may be a or x.
//
// For standardised rows x of a normalisation with inv = 1/σ, offset the means of the rows of a and slope those of a*x, it
// is the derivative of the standardised rows along a, and the gradient of the inputs from the gradient a of x.
func RowProject(a, x []float32, c int, offset, slope, inv, y []float32) {
	n := len(offset)
	slope, inv = slope[:n], inv[:n]
	checkRows(a, n, c, c)
	checkRows(x, n, c, c)
	checkRows(y, n, c, c)
	done := rowProjectVector(a, x, c, offset, slope, inv, y)
	if done == c {
		return
	}
	for i := range n {
		for j := i*c + done; j < (i+1)*c; j++ {
			y[j] = float32(float32(a[j]-offset[i])-float32(x[j]*slope[i])) * inv[i]
		}
	}
}

// RowAdd computes y += x*factor. factor has an element a row.
func RowAdd(x []float32, c int, factor, y []float32) {
	checkRows(x, len(factor), c, c)
	checkRows(y, len(factor), c, c)
	done := rowAddVector(x, c, factor, y)
	if done == c {
		return
	}
	for i, f := range factor {
		for j := i*c + done; j < (i+1)*c; j++ {
			y[j] += float32(x[j] * f)
		}
	}
}

// RowGate computes y = p*(d-delta)*scale, from right to left: with delta the inner products of the rows of p and d it is
// scale times the derivative along d of a softmax whose values are p. delta has an element a row; y may be p or d.
func RowGate(p, d []float32, c int, delta []float32, scale float32, y []float32) {
	checkRows(p, len(delta), c, c)
	checkRows(d, len(delta), c, c)
	checkRows(y, len(delta), c, c)
	done := rowGateVector(p, d, c, delta, scale, y)
	if done == c {
		return
	}
	for i, m := range delta {
		for j := i*c + done; j < (i+1)*c; j++ {
			y[j] = float32(float32(d[j]-m)*p[j]) * scale
		}
	}
}

// Transpose computes y(j,i) = x(i,j)*scale for m rows and n columns of x. Rows of x are strideX elements apart, those of
// y strideY.
func Transpose(x []float32, m, n, strideX int, scale float32, y []float32, strideY int) {
	checkRows(x, m, strideX, n)
	checkRows(y, n, strideY, m)
	rows, cols := transposeVector(x, m, n, strideX, scale, y, strideY)
	for i := range m {
		from := 0
		if i < rows {
			from = cols
		}
		for j := from; j < n; j++ {
			y[j*strideY+i] = x[i*strideX+j] * scale
		}
	}
}

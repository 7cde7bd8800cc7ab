package vec

import "math"

// Axpy stores y + a·x in y.
func Axpy(y []float32, a float32, x []float32) {
	sameLen("Axpy", len(y), len(x))
	if n := filled(len(x)); n > 0 {
		axpy8(&y[0], &x[0], n, a)
		y, x = y[n:], x[n:]
	}
	for len(x) >= 8 && len(y) >= 8 {
		p, q := (*[8]float32)(y), (*[8]float32)(x)
		p[0] += float32(a * q[0])
		p[1] += float32(a * q[1])
		p[2] += float32(a * q[2])
		p[3] += float32(a * q[3])
		p[4] += float32(a * q[4])
		p[5] += float32(a * q[5])
		p[6] += float32(a * q[6])
		p[7] += float32(a * q[7])
		y, x = y[8:], x[8:]
	}
	y = y[:len(x)]
	for i, v := range x {
		y[i] += float32(a * v)
	}
}

// AddScaled stores x + a·y in dst: the point at distance a from x along y.
func AddScaled(dst, x []float32, a float32, y []float32) {
	sameLen3("AddScaled", len(dst), len(x), len(y))
	if n := filled(len(x)); n > 0 {
		addScaled8(&dst[0], &x[0], &y[0], n, a)
		dst, x, y = dst[n:], x[n:], y[n:]
	}
	for len(dst) >= 8 && len(x) >= 8 && len(y) >= 8 {
		d, p, q := (*[8]float32)(dst), (*[8]float32)(x), (*[8]float32)(y)
		d[0] = p[0] + float32(a*q[0])
		d[1] = p[1] + float32(a*q[1])
		d[2] = p[2] + float32(a*q[2])
		d[3] = p[3] + float32(a*q[3])
		d[4] = p[4] + float32(a*q[4])
		d[5] = p[5] + float32(a*q[5])
		d[6] = p[6] + float32(a*q[6])
		d[7] = p[7] + float32(a*q[7])
		dst, x, y = dst[8:], x[8:], y[8:]
	}
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + float32(a*y[i])
	}
}

// ScaleAdd stores a·y + x in y: an exponential or heavy-ball average takes in x.
func ScaleAdd(y []float32, a float32, x []float32) {
	sameLen("ScaleAdd", len(y), len(x))
	if n := filled(len(x)); n > 0 {
		scaleAdd8(&y[0], &x[0], n, a)
		y, x = y[n:], x[n:]
	}
	for len(x) >= 8 && len(y) >= 8 {
		p, q := (*[8]float32)(y), (*[8]float32)(x)
		p[0] = float32(a*p[0]) + q[0]
		p[1] = float32(a*p[1]) + q[1]
		p[2] = float32(a*p[2]) + q[2]
		p[3] = float32(a*p[3]) + q[3]
		p[4] = float32(a*p[4]) + q[4]
		p[5] = float32(a*p[5]) + q[5]
		p[6] = float32(a*p[6]) + q[6]
		p[7] = float32(a*p[7]) + q[7]
		y, x = y[8:], x[8:]
	}
	y = y[:len(x)]
	for i, v := range x {
		y[i] = float32(a*y[i]) + v
	}
}

// Combine stores a·x + b·y in dst.
func Combine(dst []float32, a float32, x []float32, b float32, y []float32) {
	sameLen3("Combine", len(dst), len(x), len(y))
	if n := filled(len(x)); n > 0 {
		combine8(&dst[0], &x[0], &y[0], n, a, b)
		dst, x, y = dst[n:], x[n:], y[n:]
	}
	for len(dst) >= 4 && len(x) >= 4 && len(y) >= 4 {
		d, p, q := (*[4]float32)(dst), (*[4]float32)(x), (*[4]float32)(y)
		d[0] = float32(a*p[0]) + float32(b*q[0])
		d[1] = float32(a*p[1]) + float32(b*q[1])
		d[2] = float32(a*p[2]) + float32(b*q[2])
		d[3] = float32(a*p[3]) + float32(b*q[3])
		dst, x, y = dst[4:], x[4:], y[4:]
	}
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = float32(a*x[i]) + float32(b*y[i])
	}
}

// Scale stores a·x in dst.
func Scale(dst []float32, a float32, x []float32) {
	sameLen("Scale", len(dst), len(x))
	if n := filled(len(x)); n > 0 {
		scale8(&dst[0], &x[0], n, a)
		dst, x = dst[n:], x[n:]
	}
	for len(x) >= 8 && len(dst) >= 8 {
		d, p := (*[8]float32)(dst), (*[8]float32)(x)
		d[0] = a * p[0]
		d[1] = a * p[1]
		d[2] = a * p[2]
		d[3] = a * p[3]
		d[4] = a * p[4]
		d[5] = a * p[5]
		d[6] = a * p[6]
		d[7] = a * p[7]
		dst, x = dst[8:], x[8:]
	}
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = a * v
	}
}

// Add stores x + y in dst.
func Add(dst, x, y []float32) {
	sameLen3("Add", len(dst), len(x), len(y))
	if n := filled(len(x)); n > 0 {
		add8(&dst[0], &x[0], &y[0], n)
		dst, x, y = dst[n:], x[n:], y[n:]
	}
	for len(dst) >= 4 && len(x) >= 4 && len(y) >= 4 {
		d, p, q := (*[4]float32)(dst), (*[4]float32)(x), (*[4]float32)(y)
		d[0] = p[0] + q[0]
		d[1] = p[1] + q[1]
		d[2] = p[2] + q[2]
		d[3] = p[3] + q[3]
		dst, x, y = dst[4:], x[4:], y[4:]
	}
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

// Sub stores x − y in dst.
func Sub(dst, x, y []float32) {
	sameLen3("Sub", len(dst), len(x), len(y))
	if n := filled(len(x)); n > 0 {
		sub8(&dst[0], &x[0], &y[0], n)
		dst, x, y = dst[n:], x[n:], y[n:]
	}
	for len(dst) >= 4 && len(x) >= 4 && len(y) >= 4 {
		d, p, q := (*[4]float32)(dst), (*[4]float32)(x), (*[4]float32)(y)
		d[0] = p[0] - q[0]
		d[1] = p[1] - q[1]
		d[2] = p[2] - q[2]
		d[3] = p[3] - q[3]
		dst, x, y = dst[4:], x[4:], y[4:]
	}
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] - y[i]
	}
}

// Mul stores the elementwise product x ⊙ y in dst.
func Mul(dst, x, y []float32) {
	sameLen3("Mul", len(dst), len(x), len(y))
	if n := filled(len(x)); n > 0 {
		mul8(&dst[0], &x[0], &y[0], n)
		dst, x, y = dst[n:], x[n:], y[n:]
	}
	for len(dst) >= 4 && len(x) >= 4 && len(y) >= 4 {
		d, p, q := (*[4]float32)(dst), (*[4]float32)(x), (*[4]float32)(y)
		d[0] = p[0] * q[0]
		d[1] = p[1] * q[1]
		d[2] = p[2] * q[2]
		d[3] = p[3] * q[3]
		dst, x, y = dst[4:], x[4:], y[4:]
	}
	x, y = x[:len(dst)], y[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

// AddMul stores x + y ⊙ z in dst: the point reached from x by the step z in coordinates scaled by y.
func AddMul(dst, x, y, z []float32) {
	sameLen3("AddMul", len(dst), len(x), len(y))
	sameLen("AddMul", len(dst), len(z))
	if n := filled(len(x)); n > 0 {
		addMul8(&dst[0], &x[0], &y[0], &z[0], n)
		dst, x, y, z = dst[n:], x[n:], y[n:], z[n:]
	}
	for len(dst) >= 4 && len(x) >= 4 && len(y) >= 4 && len(z) >= 4 {
		d, p, q, r := (*[4]float32)(dst), (*[4]float32)(x), (*[4]float32)(y), (*[4]float32)(z)
		d[0] = p[0] + float32(q[0]*r[0])
		d[1] = p[1] + float32(q[1]*r[1])
		d[2] = p[2] + float32(q[2]*r[2])
		d[3] = p[3] + float32(q[3]*r[3])
		dst, x, y, z = dst[4:], x[4:], y[4:], z[4:]
	}
	x, y, z = x[:len(dst)], y[:len(dst)], z[:len(dst)]
	for i := range dst {
		dst[i] = x[i] + float32(y[i]*z[i])
	}
}

// AddScalar sets dst = x + a.
func AddScalar(dst, x []float32, a float32) {
	sameLen("AddScalar", len(dst), len(x))
	if n := filled(len(x)); n > 0 {
		addScalar8(&dst[0], &x[0], n, a)
		dst, x = dst[n:], x[n:]
	}
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = v + a
	}
}

// Abs stores |x| in dst. NaN stays NaN.
func Abs(dst, x []float32) {
	sameLen("Abs", len(dst), len(x))
	if n := filled(len(x)); n > 0 {
		abs8(&dst[0], &x[0], n)
		dst, x = dst[n:], x[n:]
	}
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = math.Float32frombits(math.Float32bits(v) &^ signBit)
	}
}

// Sign stores −1, 0 or 1 in dst, the sign of each element of x. Zeros keep their own sign and NaN stays NaN.
func Sign(dst, x []float32) {
	sameLen("Sign", len(dst), len(x))
	if n := filled(len(x)); n > 0 {
		sign8(&dst[0], &x[0], n)
		dst, x = dst[n:], x[n:]
	}
	dst = dst[:len(x)]
	for i, v := range x {
		// Without branches, because the signs of a gradient are as good as random. ordinary is all ones for
		// 0 < |v| <= infinity and 0 for zeros and NaN.
		b := math.Float32bits(v)
		abs := b &^ signBit
		ordinary := uint32((int64(abs-1) - infBits) >> 63)
		dst[i] = math.Float32frombits(b&signBit | one&ordinary | abs&^ordinary)
	}
}

// Clip stores x limited to [lo, hi] in dst. NaN stays NaN. lo must not exceed hi; it panics otherwise.
func Clip(dst, x []float32, lo, hi float32) {
	sameLen("Clip", len(dst), len(x))
	if !(lo <= hi) {
		panic("vec: Clip to an empty interval")
	}
	if n := filled(len(x)); n > 0 {
		clip8(&dst[0], &x[0], n, lo, hi)
		dst, x = dst[n:], x[n:]
	}
	dst = dst[:len(x)]
	for i, v := range x {
		dst[i] = min(max(v, lo), hi)
	}
}

const (
	signBit = 1 << 31
	infBits = 0x7f800000 // of +infinity
	one     = 0x3f800000 // of 1.0
)

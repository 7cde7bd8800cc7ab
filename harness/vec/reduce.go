package vec

import "math"

// Dot returns Σ x_i·y_i in float64.
//
// The order of the sum is fixed: with eight partial sums s_0…s_7, s_j takes the products of the elements j, j+8, j+16, …
// of the longest prefix whose length is a multiple of 8; the result is
// ((s_0+s_4)+(s_2+s_6)) + ((s_1+s_5)+(s_3+s_7)), to which the remaining products are added one by one.
func Dot(x, y []float32) float64 {
	sameLen("Dot", len(x), len(y))
	var s [8]float64
	if n := filled(len(x)); n > 0 {
		if &x[0] == &y[0] {
			squares8(&x[0], n, &s[0])
		} else {
			dot8(&x[0], &y[0], n, &s[0])
		}
		x, y = x[n:], y[n:]
	}
	return dot(s, x, y)
}

// Norm2 returns the Euclidean norm √(Σ x_i²) in float64, the sum in the order of Dot. It neither overflows nor
// underflows for finite elements.
func Norm2(x []float32) float64 { return math.Sqrt(Dot(x, x)) }

// dot adds the products of x and y to eight partial sums, and then those up.
func dot(s [8]float64, x, y []float32) float64 {
	s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	for len(x) >= 8 && len(y) >= 8 {
		p, q := (*[8]float32)(x), (*[8]float32)(y)
		s0 += float64(p[0]) * float64(q[0])
		s1 += float64(p[1]) * float64(q[1])
		s2 += float64(p[2]) * float64(q[2])
		s3 += float64(p[3]) * float64(q[3])
		s4 += float64(p[4]) * float64(q[4])
		s5 += float64(p[5]) * float64(q[5])
		s6 += float64(p[6]) * float64(q[6])
		s7 += float64(p[7]) * float64(q[7])
		x, y = x[8:], y[8:]
	}
	sum := ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
	for i, v := range x {
		sum += float64(v) * float64(y[i])
	}
	return sum
}

// NormInf returns max |x_i|: 0 for an empty vector, NaN if any element is NaN.
func NormInf(x []float32) float32 { return math.Float32frombits(maxAbsBits(x)) }

// Finite reports whether no element is NaN or infinite.
func Finite(x []float32) bool { return maxAbsBits(x) < infBits }

// maxAbsBits returns the largest of the elements' bit patterns without their sign. For non-negative floats the order
// of the patterns is the order of the numbers, with NaN above infinity.
func maxAbsBits(x []float32) uint32 {
	var m0, m1, m2, m3 uint32
	if n := filled(len(x)); n > 0 {
		m0 = maxAbs8(&x[0], n)
		x = x[n:]
	}
	for len(x) >= 4 {
		p := (*[4]float32)(x)
		m0 = max(m0, math.Float32bits(p[0])&^signBit)
		m1 = max(m1, math.Float32bits(p[1])&^signBit)
		m2 = max(m2, math.Float32bits(p[2])&^signBit)
		m3 = max(m3, math.Float32bits(p[3])&^signBit)
		x = x[4:]
	}
	for _, v := range x {
		m0 = max(m0, math.Float32bits(v)&^signBit)
	}
	return max(m0, m1, m2, m3)
}

package kernel

// Pixels are rows of c channels, one after the other. The sums below take the pixels in order, one chain per channel in
// float64, so that the vector versions give the same bits.

// Sums adds each channel of the pixels of x to sum, which has c elements.
func Sums(x []float32, c int, sum []float64) {
	n := len(x) / c
	sum = sum[:c]
	done := sumsVector(x, n, c, sum)
	if done == c {
		return
	}
	for i := range n {
		for j, v := range x[i*c+done : (i+1)*c] {
			sum[done+j] += float64(v)
		}
	}
}

// SquaredDeviations adds (x-mean)² of each channel to sum. mean and sum have c elements.
func SquaredDeviations(x []float32, c int, mean, sum []float64) {
	n := len(x) / c
	sum, mean = sum[:c], mean[:c]
	done := squaredDeviationsVector(x, n, c, mean, sum)
	if done == c {
		return
	}
	for i := range n {
		for j, v := range x[i*c+done : (i+1)*c] {
			d := float64(v) - mean[done+j]
			sum[done+j] += float64(d * d)
		}
	}
}

// GradSums adds d to s1 and d*(x-mean) to s2, channel by channel. d and x have the same length; mean, s1 and s2 have c
// elements.
func GradSums(d, x []float32, c int, mean, s1, s2 []float64) {
	n := len(d) / c
	s1, s2, mean, x = s1[:c], s2[:c], mean[:c], x[:len(d)]
	done := gradSumsVector(d, x, n, c, mean, s1, s2)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			g, v := float64(d[i*c+j]), float64(x[i*c+j])
			s1[j] += g
			s2[j] += float64(g * (v - mean[j]))
		}
	}
}

package kernel

// Pixels are rows of c channels, one after the other. The sums below take the pixels in order, one chain per channel in
// float64, so that the vector versions give the same bits.

// Sums adds each channel of the pixels of x to sum, which has c elements.
func Sums(x []float32, c int, sum []float64) {
	sum = sum[:c]
	for len(x) >= c {
		for j, v := range x[:c] {
			sum[j] += float64(v)
		}
		x = x[c:]
	}
}

// SquaredDeviations adds (x-mean)² of each channel to sum. mean and sum have c elements.
func SquaredDeviations(x []float32, c int, mean, sum []float64) {
	sum, mean = sum[:c], mean[:c]
	for len(x) >= c {
		for j, v := range x[:c] {
			d := float64(v) - mean[j]
			sum[j] += float64(d * d)
		}
		x = x[c:]
	}
}

// GradSums adds d to s1 and d*(x-mean) to s2, channel by channel. d and x have the same length; mean, s1 and s2 have c
// elements.
func GradSums(d, x []float32, c int, mean, s1, s2 []float64) {
	s1, s2, mean = s1[:c], s2[:c], mean[:c]
	for len(d) >= c {
		xs := x[:c]
		for j, v := range d[:c] {
			s1[j] += float64(v)
			s2[j] += float64(float64(v) * (float64(xs[j]) - mean[j]))
		}
		d, x = d[c:], x[c:]
	}
}

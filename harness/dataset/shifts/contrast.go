package shifts

var contrastFactor = [Severities]float64{0.75, 0.5, 0.4, 0.3, 0.15}

// contrast pulls every value towards the mean m of its channel over the image: (x − m)·c + m.
func contrast(severity int, _ uint64, s shape) apply {
	factor := contrastFactor[severity-1]
	mean := make([]float64, s.c)
	return func(_ int, dst, src []uint8) {
		clear(mean)
		for k, v := range src {
			mean[k%s.c] += unit[v]
		}
		for c := range mean {
			mean[c] /= float64(s.h * s.w)
		}
		for k, v := range src {
			m := mean[k%s.c]
			// The conversion keeps compilers from fusing the product with the sum: the same bits on every machine.
			dst[k] = pixel(float64((unit[v]-m)*factor) + m)
		}
	}
}

package shifts

import "github.com/sharpbench/sharpbench/harness/rng"

var gaussianNoiseStd = [Severities]float64{0.04, 0.06, 0.08, 0.09, 0.10}

// gaussianNoise adds independent N(0, σ²) numbers to all values of an image.
func gaussianNoise(severity int, seed uint64, _ shape) apply {
	std := gaussianNoiseStd[severity-1]
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("gaussian_noise", severity), uint64(i))
		for k, v := range src {
			dst[k] = pixel(unit[v] + float64(std*r.Norm()))
		}
	}
}

package shifts

import "github.com/sharpbench/sharpbench/harness/rng"

var speckleNoiseStd = [Severities]float64{0.06, 0.1, 0.12, 0.16, 0.2}

// speckleNoise adds noise in proportion to the value: x + x·N(0, σ²).
func speckleNoise(severity int, seed uint64, _ shape) apply {
	std := speckleNoiseStd[severity-1]
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("speckle_noise", severity), uint64(i))
		for k, v := range src {
			x := unit[v]
			dst[k] = pixel(x + float64(x*float64(std*r.Norm())))
		}
	}
}

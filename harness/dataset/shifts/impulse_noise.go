package shifts

import "github.com/sharpbench/sharpbench/harness/rng"

var impulseNoiseShare = [Severities]float64{0.01, 0.02, 0.03, 0.05, 0.07}

// impulseNoise replaces a share of the values, each channel on its own, by black or white with equal chances.
func impulseNoise(severity int, seed uint64, _ shape) apply {
	share := impulseNoiseShare[severity-1]
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("impulse_noise", severity), uint64(i))
		for k, v := range src {
			dst[k] = v
			// One number decides whether and how, so that the draw of a value does not depend on those before.
			switch u := r.Float64(); {
			case u < share/2:
				dst[k] = 0
			case u < share:
				dst[k] = 255
			}
		}
	}
}

package shifts

import (
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Photons of a white pixel.
var shotNoiseCount = [Severities]float64{500, 250, 100, 75, 50}

// shotNoise counts photons: a value x becomes Poisson(c·x)/c, clipped at white.
func shotNoise(severity int, seed uint64, _ shape) apply {
	c := shotNoiseCount[severity-1]
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("shot_noise", severity), uint64(i))
		for k, v := range src {
			if v == 0 {
				dst[k] = 0 // a mean of 0 photons is none
				continue
			}
			dst[k] = pixel(distuv.Poisson{Lambda: c * unit[v], Src: r}.Rand() / c)
		}
	}
}

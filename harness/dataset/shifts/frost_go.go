package shifts

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

var frosts = [Severities]struct{ keep, ice float64 }{{1, 0.2}, {1, 0.3}, {0.9, 0.4}, {0.85, 0.4}, {0.75, 0.45}}

// frostGo covers an image with ice: a·x + b·ice. The published images use photographs of frosted windows, which are not
// ours to copy; the ice here is made of ridges of a fractal field, slightly blue. Hence its own name.
func frostGo(severity int, seed uint64, s shape) apply {
	p := frosts[severity-1]
	ice := newPlasma(s)
	tint := []float64{0.85, 0.95, 1}
	if s.c == 1 {
		tint = []float64{1}
	}
	return func(i int, dst, src []uint8) {
		ice.draw(rng.New(seed, stream("frost_go", severity), uint64(i)), 1.6)
		for k, v := range src {
			// A crystal's edge is where the field crosses its middle.
			ridge := 1 - math.Abs(2*ice.at(k/s.c/s.w, k/s.c%s.w)-1)
			dst[k] = pixel(float64(p.keep*unit[v]) + float64(p.ice*tint[k%s.c]*ridge*ridge))
		}
	}
}

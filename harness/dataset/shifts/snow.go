package shifts

import "github.com/sharpbench/sharpbench/harness/rng"

// snows has the mean and standard deviation of the flakes' field, its zoom, the threshold of a flake, the streak that it
// leaves (pixels of an image 32 wide), and the share of the image that is not whitened.
var snows = [Severities]struct{ mean, std, zoom, threshold, radius, blur, keep float64 }{
	{0.1, 0.2, 1, 0.6, 8, 3, 0.95},
	{0.1, 0.2, 1, 0.5, 10, 4, 0.9},
	{0.15, 0.3, 1.75, 0.55, 10, 4, 0.9},
	{0.25, 0.3, 2.25, 0.6, 12, 6, 0.85},
	{0.3, 0.3, 1.25, 0.65, 14, 12, 0.8},
}

// snow whitens an image and adds falling flakes, and the same flakes turned by half a turn. The streaks follow those of
// ImageMagick, which made the published images, without being bit-identical.
func snow(severity int, seed uint64, s shape) apply {
	p := snows[severity-1]
	field := shape{s.h, s.w, 1}
	enlarge := newZoom(p.zoom, field)
	streak := newStreak(p.radius*float64(s.w)/32, p.blur*float64(s.w)/32)
	n := s.h * s.w
	flakes, layer := make([]float64, n), make([]float64, n)
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("snow", severity), uint64(i))
		for k := range layer {
			layer[k] = p.mean + float64(p.std*r.Norm())
		}
		clear(flakes)
		enlarge.add(flakes, layer)
		for k, v := range flakes {
			if v < p.threshold {
				v = 0
			}
			flakes[k] = unit[pixel(v)]
		}
		streak.draw(layer, flakes, field, -135+90*r.Float64())
		for k, v := range layer {
			layer[k] = unit[pixel(v)]
		}
		for k := range n {
			white := 1.5*grey(src[k*s.c:][:s.c]) + 0.5
			for c := range s.c {
				x := unit[src[k*s.c+c]]
				x = float64(p.keep*x) + float64((1-p.keep)*max(x, white))
				dst[k*s.c+c] = pixel(x + layer[k] + layer[n-1-k])
			}
		}
	}
}

// grey is the luminance of a pixel (ITU-R BT.601).
func grey(p []uint8) float64 {
	if len(p) == 1 {
		return unit[p[0]]
	}
	return float64(0.299*unit[p[0]]) + float64(0.587*unit[p[1]]) + float64(0.114*unit[p[2]])
}

package shifts

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// glassBlurs has the standard deviation of the blur and the reach of the displacements, in pixels of an image 32 wide,
// and how often the pixels are displaced.
var glassBlurs = [Severities]struct {
	std, reach float64
	times      int
}{{0.05, 1, 1}, {0.25, 1, 1}, {0.4, 1, 1}, {0.25, 1, 2}, {0.4, 1, 2}}

// glassBlur blurs an image, replaces its pixels by near ones, and blurs it again. The original means to swap two pixels,
// but reads the second after it has written the first; its images have the one twice, and so do ours.
func glassBlur(severity int, seed uint64, s shape) apply {
	p := glassBlurs[severity-1]
	half := gaussian(p.std * float64(s.w) / 32)
	reach := int(math.Round(p.reach * float64(s.w) / 32))
	a, b := make([]float64, s.h*s.w*s.c), make([]float64, s.h*s.w*s.c)
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("glass_blur", severity), uint64(i))
		for k, v := range src {
			a[k] = unit[v]
		}
		blurImage(a, b, s, half)
		for k, v := range a {
			dst[k] = pixel(v)
		}
		for range p.times {
			for y := s.h - reach; y > reach; y-- {
				for x := s.w - reach; x > reach; x-- {
					dx, dy := 0, 0
					if reach > 0 {
						dx, dy = r.IntN(2*reach)-reach, r.IntN(2*reach)-reach
					}
					if y >= s.h || x >= s.w {
						continue // without displacements the sweep begins outside
					}
					to, from := (y*s.w+x)*s.c, ((y+dy)*s.w+x+dx)*s.c
					copy(dst[to:to+s.c], dst[from:from+s.c])
				}
			}
		}
		for k, v := range dst {
			a[k] = unit[v]
		}
		blurImage(a, b, s, half)
		for k, v := range a {
			dst[k] = pixel(v)
		}
	}
}

package shifts

import "github.com/sharpbench/sharpbench/harness/rng"

// spatters has the mean and standard deviation of the liquid's field, its smoothing, the threshold of a drop, and the
// strength of water or the softness of mud. Smoothing is in pixels of an image 32 wide.
var spatters = [Severities]struct {
	mean, std, smooth, threshold, strength float64
	mud                                    bool
}{
	{0.62, 0.1, 0.7, 0.7, 0.5, false}, {0.65, 0.1, 0.8, 0.7, 0.5, false}, {0.65, 0.3, 1, 0.69, 0.5, false},
	{0.65, 0.1, 0.7, 0.69, 0.6, true}, {0.65, 0.1, 0.5, 0.68, 0.6, true},
}

var (
	waterColour = []float64{175.0 / 255, 238.0 / 255, 238.0 / 255}
	mudColour   = []float64{63.0 / 255, 42.0 / 255, 20.0 / 255}
)

// spatter throws water (severities 1 to 3) or mud (4 and 5) on the lens. Mud is as in the original. The light on its
// drops of water comes from a distance transform of their edges; here it comes from an emboss filter on the smoothed
// drops themselves.
func spatter(severity int, seed uint64, s shape) apply {
	p := spatters[severity-1]
	scale := float64(s.w) / 32
	field := shape{s.h, s.w, 1}
	half := gaussian(p.smooth * scale)
	soft := gaussian(p.strength * scale)
	light := gaussian(scale)
	n := s.h * s.w
	drops, scratch, relief := make([]float64, n), make([]float64, n), make([]float64, n)
	colour := waterColour
	if p.mud {
		colour = mudColour
	}
	if s.c == 1 {
		mean := 0.0
		for _, v := range colour {
			mean += v / 3
		}
		colour = []float64{mean}
	}
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("spatter", severity), uint64(i))
		for k := range drops {
			drops[k] = p.mean + float64(p.std*r.Norm())
		}
		blurImage(drops, scratch, field, half)
		if p.mud {
			for k, v := range drops {
				drops[k] = 0
				if v > p.threshold {
					drops[k] = 1
				}
			}
			blurImage(drops, scratch, field, soft)
			for k, m := range drops {
				if m < 0.8 {
					m = 0
				}
				for c := range s.c {
					dst[k*s.c+c] = pixel(float64(unit[src[k*s.c+c]]*(1-m)) + float64(colour[c]*m))
				}
			}
			return
		}
		for k, v := range drops {
			if v < p.threshold {
				drops[k] = 0
			}
		}
		copy(relief, drops)
		blurImage(relief, scratch, field, light)
		emboss(scratch, relief, field)
		top := 0.0
		for k := range drops {
			drops[k] *= max(scratch[k], 0)
			top = max(top, drops[k])
		}
		for k := range n {
			m := 0.0
			if top > 0 {
				m = drops[k] / top * p.strength
			}
			for c := range s.c {
				dst[k*s.c+c] = pixel(unit[src[k*s.c+c]] + float64(m*colour[c]))
			}
		}
	}
}

// emboss lights a relief from the upper left.
func emboss(dst, src []float64, s shape) {
	kernel := [9]float64{-2, -1, 0, -1, 1, 1, 0, 1, 2}
	for y := range s.h {
		for x := range s.w {
			sum := 0.0
			for j, weight := range kernel {
				sum += float64(weight * src[mirror(y+j/3-1, s.h)*s.w+mirror(x+j%3-1, s.w)])
			}
			dst[y*s.w+x] = sum
		}
	}
}

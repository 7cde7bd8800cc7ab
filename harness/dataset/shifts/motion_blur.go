package shifts

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// motionBlurs has the radius and the standard deviation of the streak, in pixels of an image 32 wide.
var motionBlurs = [Severities]struct{ radius, std float64 }{{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}}

// motionBlur draws every pixel out into a streak: half a Gaussian along a line whose angle is drawn from ±45°. The
// published images were made by ImageMagick, whose operation this follows without being bit-identical.
func motionBlur(severity int, seed uint64, s shape) apply {
	p := motionBlurs[severity-1]
	streak := newStreak(p.radius*float64(s.w)/32, p.std*float64(s.w)/32)
	a, b := make([]float64, s.h*s.w*s.c), make([]float64, s.h*s.w*s.c)
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("motion_blur", severity), uint64(i))
		for k, v := range src {
			a[k] = unit[v]
		}
		streak.draw(b, a, s, 90*r.Float64()-45)
		for k, v := range b {
			dst[k] = pixel(v)
		}
	}
}

// streak is half a Gaussian: what a moving point leaves behind.
type streak []float64

func newStreak(radius, std float64) streak {
	out := make(streak, 2*int(math.Ceil(radius))+1)
	sum := 0.0
	for i := range out {
		out[i] = math.Exp(-0.5 / (std * std) * float64(i*i))
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// draw blurs src along the angle, in degrees from the horizontal, into dst. Outside the image the nearest pixel counts.
func (k streak) draw(dst, src []float64, s shape, angle float64) {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	clear(dst)
	for i, weight := range k {
		dx, dy := int(math.Ceil(float64(i)*cos-0.5)), int(math.Ceil(float64(i)*sin-0.5))
		for y := range s.h {
			row := min(max(y+dy, 0), s.h-1) * s.w
			for x := range s.w {
				from, to := (row+min(max(x+dx, 0), s.w-1))*s.c, (y*s.w+x)*s.c
				for c := range s.c {
					dst[to+c] += float64(weight * src[from+c])
				}
			}
		}
	}
}

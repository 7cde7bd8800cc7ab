package shifts

var pixelateScale = [Severities]float64{0.95, 0.9, 0.85, 0.75, 0.65}

// pixelate shrinks an image to int(c·H)×int(c·W) and enlarges it again, both with a box filter. On small images some
// severities have the same whole sizes, and then the same result.
func pixelate(severity int, _ uint64, s shape) apply {
	c := pixelateScale[severity-1]
	h, w := max(1, int(c*float64(s.h))), max(1, int(c*float64(s.w)))
	narrow, low := boxes(s.w, w), boxes(s.h, h)
	wide, high := boxes(w, s.w), boxes(h, s.h)
	a, b := make([]uint8, s.h*s.w*s.c), make([]uint8, s.h*s.w*s.c)
	return func(_ int, dst, src []uint8) {
		resize(a, src, s.w, s.c, s.h, narrow)
		resize(b, a, s.h, w*s.c, 1, low)
		resize(a, b, w, s.c, h, wide)
		resize(dst, a, h, s.w*s.c, 1, high)
	}
}

// box is the range from..to-1 of source elements whose mean is one element of the result.
type box struct{ from, to int }

// boxes says how n elements become m. Each of the m covers n/m source elements when it shrinks, one when it grows, and
// takes those whose centre it covers, whole (Pillow's BOX filter: there are no fractions of pixels).
func boxes(n, m int) []box {
	scale := float64(n) / float64(m)
	support := 0.5 * max(scale, 1)
	out := make([]box, m)
	for i := range out {
		centre := float64((float64(i) + 0.5) * scale)
		from := max(int(centre-support+0.5), 0)
		to := min(int(centre+support+0.5), n)
		// At the edges of the box: the left one is outside, the right one inside.
		for from < to && !inside(from, centre, scale) {
			from++
		}
		for from < to && !inside(to-1, centre, scale) {
			to--
		}
		out[i] = box{from, to}
	}
	return out
}

func inside(k int, centre, scale float64) bool {
	x := (float64(k) - centre + 0.5) * (1 / max(scale, 1))
	return x > -0.5 && x <= 0.5
}

// resize stores in dst the means, rounded to nearest, of the boxes of src: blocks of n elements that lie stride apart,
// for each offset in a stride.
func resize(dst, src []uint8, n, stride, blocks int, boxes []box) {
	m := len(boxes)
	for block := range blocks {
		in, out := src[block*n*stride:], dst[block*m*stride:]
		for i, b := range boxes {
			count := b.to - b.from
			for k := range stride {
				sum := count / 2 // rounds a half up
				for j := b.from; j < b.to; j++ {
					sum += int(in[j*stride+k])
				}
				out[i*stride+k] = uint8(sum / count)
			}
		}
	}
}

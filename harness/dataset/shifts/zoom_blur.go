package shifts

import "math"

// The largest zoom; the factors are 1, 1.01, … up to it.
var zoomBlurEnd = [Severities]float64{1.06, 1.11, 1.16, 1.21, 1.26}

// zoomBlur is the mean of an image and of enlarged versions of it.
func zoomBlur(severity int, _ uint64, s shape) apply {
	factors := zoomFactors(zoomBlurEnd[severity-1])
	zooms := make([]*zoom, len(factors))
	for i, f := range factors {
		zooms[i] = newZoom(f, s)
	}
	a, sum := make([]float64, s.h*s.w*s.c), make([]float64, s.h*s.w*s.c)
	return func(_ int, dst, src []uint8) {
		for k, v := range src {
			a[k] = unit[v]
			sum[k] = 0
		}
		for _, z := range zooms {
			z.add(sum, a)
		}
		for k, v := range sum {
			dst[k] = pixel((a[k] + v) / float64(len(factors)+1))
		}
	}
}

// zoomFactors are those of the original, rounding errors included: for the first two ends, the end is one of them.
func zoomFactors(end float64) []float64 {
	second := 1 + 0.01
	step := second - 1
	out := make([]float64, int(math.Ceil((end-1)/0.01)))
	for i := range out {
		out[i] = 1 + float64(float64(i)*step)
	}
	return out
}

// zoom enlarges the middle of an image to the size of the whole, by bilinear interpolation between corners.
type zoom struct {
	s    shape
	y, x []tap // by row and column of the result
}

// tap is a place between two neighbouring elements.
type tap struct {
	at    int
	share float64 // of the second
}

func newZoom(factor float64, s shape) *zoom {
	return &zoom{s: s, y: zoomTaps(factor, s.h), x: zoomTaps(factor, s.w)}
}

func zoomTaps(factor float64, n int) []tap {
	middle := int(math.Ceil(float64(n) / factor))
	first := (n - middle) / 2
	long := int(math.RoundToEven(float64(middle) * factor))
	trim := (long - n) / 2
	out := make([]tap, n)
	for i := range out {
		at := 0.0
		if long > 1 {
			at = float64(i+trim) * (float64(middle-1) / float64(long-1))
		}
		low := min(int(at), max(middle-2, 0))
		out[i] = tap{first + low, at - float64(low)}
	}
	return out
}

// add adds the enlarged src to dst.
func (z *zoom) add(dst, src []float64) {
	w, c := z.s.w, z.s.c
	for y, ty := range z.y {
		below := 0
		if ty.share > 0 {
			below = w * c
		}
		for x, tx := range z.x {
			right := 0
			if tx.share > 0 {
				right = c
			}
			from, to := (ty.at*w+tx.at)*c, (y*w+x)*c
			for k := range c {
				p := from + k
				top := float64(src[p]*(1-tx.share)) + float64(src[p+right]*tx.share)
				bottom := float64(src[p+below]*(1-tx.share)) + float64(src[p+below+right]*tx.share)
				dst[to+k] += float64(top*(1-ty.share)) + float64(bottom*ty.share)
			}
		}
	}
}

package shifts

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// elastics has the size of the displacements, the standard deviation that smooths their field, and the largest shift of
// the three points of the affine part: in widths of the image.
var elastics = [Severities]struct{ size, std, affine float64 }{
	{0, 0, 0.08}, {0.05, 0.2, 0.07}, {0.08, 0.06, 0.06}, {0.1, 0.04, 0.05}, {0.1, 0.03, 0.03},
}

// elasticTransform moves three points of an image and the others affinely with them, then displaces every pixel by a
// smooth random field. Between pixels it interpolates bilinearly; the image is mirrored at its border.
func elasticTransform(severity int, seed uint64, s shape) apply {
	p := elastics[severity-1]
	w := float64(s.w)
	half := []float64{1}
	if p.std > 0 {
		half = gaussianCut(p.std*w, 3)
	}
	n := s.h * s.w
	a, b := make([]float64, n*s.c), make([]float64, n*s.c)
	dx, dy, scratch := make([]float64, n), make([]float64, n), make([]float64, n)
	field := shape{s.h, s.w, 1}
	return func(i int, dst, src []uint8) {
		r := rng.New(seed, stream("elastic_transform", severity), uint64(i))
		for k, v := range src {
			a[k] = unit[v]
		}
		m := randomAffine(r, s, p.affine*w)
		for y := range s.h {
			for x := range s.w {
				u := float64(m[0]*float64(x)) + float64(m[1]*float64(y)) + m[2]
				v := float64(m[3]*float64(x)) + float64(m[4]*float64(y)) + m[5]
				bilinear(b[(y*s.w+x)*s.c:][:s.c], a, s, v, u, mirror)
			}
		}
		for _, d := range [][]float64{dx, dy} {
			for k := range d {
				d[k] = 2*r.Float64() - 1
			}
			smooth(d, scratch, field, half, mirrorHalf)
		}
		for y := range s.h {
			for x := range s.w {
				k := y*s.w + x
				v, u := float64(y)+float64(p.size*w*dy[k]), float64(x)+float64(p.size*w*dx[k])
				bilinear(a[k*s.c:][:s.c], b, s, v, u, mirrorHalf)
			}
		}
		for k, v := range a {
			dst[k] = pixel(v)
		}
	}
}

// randomAffine returns the map from the result to the source, u = m0·x + m1·y + m2 and v = m3·x + m4·y + m5, that undoes
// moving three points around the middle by up to reach.
func randomAffine(r *rng.Rand, s shape, reach float64) [6]float64 {
	cx, cy, side := float64(s.h/2), float64(s.w/2), float64(min(s.h, s.w)/3)
	from := [3][2]float64{{cx + side, cy + side}, {cx + side, cy - side}, {cx - side, cy - side}}
	to := from
	for i := range to {
		for k := range to[i] {
			to[i][k] += reach * (2*r.Float64() - 1)
		}
	}
	// The map takes the moved points to the unmoved ones: solve for its two rows by Cramer's rule.
	det := to[0][0]*(to[1][1]-to[2][1]) - to[0][1]*(to[1][0]-to[2][0]) + to[1][0]*to[2][1] - to[2][0]*to[1][1]
	var m [6]float64
	for row := range 2 {
		q := [3]float64{from[0][row], from[1][row], from[2][row]}
		m[3*row] = (q[0]*(to[1][1]-to[2][1]) + q[1]*(to[2][1]-to[0][1]) + q[2]*(to[0][1]-to[1][1])) / det
		m[3*row+1] = (q[0]*(to[2][0]-to[1][0]) + q[1]*(to[0][0]-to[2][0]) + q[2]*(to[1][0]-to[0][0])) / det
		m[3*row+2] = (q[0]*(to[1][0]*to[2][1]-to[2][0]*to[1][1]) + q[1]*(to[2][0]*to[0][1]-to[0][0]*to[2][1]) +
			q[2]*(to[0][0]*to[1][1]-to[1][0]*to[0][1])) / det
	}
	return m
}

// bilinear stores in dst the channels of src at row v and column u.
func bilinear(dst, src []float64, s shape, v, u float64, border func(i, n int) int) {
	y, x := math.Floor(v), math.Floor(u)
	fy, fx := v-y, u-x
	y0, y1 := border(int(y), s.h), border(int(y)+1, s.h)
	x0, x1 := border(int(x), s.w), border(int(x)+1, s.w)
	for c := range dst {
		at := func(y, x int) float64 { return src[(y*s.w+x)*s.c+c] }
		top := float64(at(y0, x0)*(1-fx)) + float64(at(y0, x1)*fx)
		bottom := float64(at(y1, x0)*(1-fx)) + float64(at(y1, x1)*fx)
		dst[c] = float64(top*(1-fy)) + float64(bottom*fy)
	}
}

// mirrorHalf reflects an index at the outer edges of the first and the last element, which are repeated.
func mirrorHalf(i, n int) int {
	i = ((i % (2 * n)) + 2*n) % (2 * n)
	if i >= n {
		i = 2*n - 1 - i
	}
	return i
}

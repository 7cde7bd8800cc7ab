package shifts

import "math"

// defocusBlurs has the radius of the disk and the standard deviation that smooths its edge, in pixels of an image 32
// wide.
var defocusBlurs = [Severities]struct{ radius, alias float64 }{{0.3, 0.4}, {0.4, 0.5}, {0.5, 0.6}, {1, 0.2}, {1.5, 0.1}}

// defocusBlur convolves every channel with a disk whose edge is smoothed; images are mirrored at their border pixels.
func defocusBlur(severity int, _ uint64, s shape) apply {
	p := defocusBlurs[severity-1]
	kernel, reach := disk(p.radius*float64(s.w)/32, p.alias*float64(s.w)/32)
	width := 2*reach + 1
	a := make([]float64, s.h*s.w*s.c)
	return func(_ int, dst, src []uint8) {
		for k, v := range src {
			a[k] = unit[v]
		}
		for y := range s.h {
			for x := range s.w {
				for c := range s.c {
					sum := 0.0
					for j, weight := range kernel {
						if weight == 0 {
							continue
						}
						v := mirror(y+j/width-reach, s.h)
						u := mirror(x+j%width-reach, s.w)
						sum += float64(weight * a[(v*s.w+u)*s.c+c])
					}
					dst[(y*s.w+x)*s.c+c] = pixel(sum)
				}
			}
		}
	}
}

// disk returns a square kernel of side 2·reach+1 that sums to one: the points within a radius, smoothed by a Gaussian of
// 3×3 points.
func disk(radius, alias float64) (kernel []float64, reach int) {
	reach = int(radius) + 1
	width := 2*reach + 1
	sharp := make([]float64, width*width)
	n := 0.0
	for j := range sharp {
		dy, dx := float64(j/width-reach), float64(j%width-reach)
		if float64(dx*dx)+float64(dy*dy) <= radius*radius {
			sharp[j] = 1
			n++
		}
	}
	side := math.Exp(-0.5 / (alias * alias))
	edge := [3]float64{side / (1 + 2*side), 1 / (1 + 2*side), side / (1 + 2*side)}
	kernel = make([]float64, width*width)
	for j, v := range sharp {
		if v == 0 {
			continue
		}
		y, x := j/width, j%width
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				kernel[(y+dy)*width+x+dx] += v / n * edge[dy+1] * edge[dx+1]
			}
		}
	}
	return kernel, reach
}

// mirror reflects an index at the first and the last element, which are not repeated.
func mirror(i, n int) int {
	if n == 1 {
		return 0
	}
	i = ((i % (2*n - 2)) + 2*n - 2) % (2*n - 2)
	if i >= n {
		i = 2*n - 2 - i
	}
	return i
}

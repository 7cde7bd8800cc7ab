package shifts

import "math"

// In pixels of an image 32 wide.
var gaussianBlurStd = [Severities]float64{0.4, 0.6, 0.7, 0.8, 1}

// gaussianBlur convolves every channel with a Gaussian that is cut off at 4 standard deviations; outside the image the
// nearest pixel counts. First along columns, then along rows.
func gaussianBlur(severity int, _ uint64, s shape) apply {
	half := gaussian(gaussianBlurStd[severity-1] * float64(s.w) / 32)
	a, b := make([]float64, s.h*s.w*s.c), make([]float64, s.h*s.w*s.c)
	return func(_ int, dst, src []uint8) {
		for k, v := range src {
			a[k] = unit[v]
		}
		blur(b, a, s.h, s.w*s.c, 1, half) // a row is s.w·s.c columns that do not meet
		blur(a, b, s.w, s.c, s.h, half)   // s.h rows, each of s.w pixels
		for k, v := range a {
			dst[k] = pixel(v)
		}
	}
}

// gaussian returns the middle and the right half of a kernel whose elements sum to one.
func gaussian(std float64) []float64 {
	half := make([]float64, int(4*std+0.5)+1)
	for i := range half {
		half[i] = math.Exp(-0.5 / float64(std*std) * float64(i*i))
	}
	sum := 0.0
	for i := 1 - len(half); i < len(half); i++ {
		sum += half[max(i, -i)]
	}
	for i := range half {
		half[i] /= sum
	}
	return half
}

// blur convolves src with the symmetric kernel of which half is the middle and the right, and stores the result in dst.
// Both are blocks of n elements that lie stride apart, for each offset in a stride.
func blur(dst, src []float64, n, stride, blocks int, half []float64) {
	for block := range blocks {
		from := block * n * stride
		in, out := src[from:from+n*stride], dst[from:from+n*stride]
		for i := range n {
			for k := range stride {
				x := half[0] * in[i*stride+k]
				// From the ends of the kernel inwards, as the published images were computed.
				for j := len(half) - 1; j > 0; j-- {
					l, r := max(i-j, 0), min(i+j, n-1)
					x += float64((in[l*stride+k] + in[r*stride+k]) * half[j])
				}
				out[i*stride+k] = x
			}
		}
	}
}

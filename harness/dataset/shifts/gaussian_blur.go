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
		blurImage(a, b, s, half)
		for k, v := range a {
			dst[k] = pixel(v)
		}
	}
}

// gaussian returns the middle and the right half of a kernel whose elements sum to one, cut off at 4 standard
// deviations.
func gaussian(std float64) []float64 { return gaussianCut(std, 4) }

func gaussianCut(std, cut float64) []float64 {
	half := make([]float64, int(cut*std+0.5)+1)
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

// blurImage convolves every channel of a with a symmetric kernel, of which half is the middle and the right, along columns
// and then along rows; outside the image the nearest pixel counts. b is scratch of the same size.
func blurImage(a, b []float64, s shape, half []float64) { smooth(a, b, s, half, nearest) }

// smooth is blurImage with another rule for what is outside.
func smooth(a, b []float64, s shape, half []float64, border func(i, n int) int) {
	blur(b, a, s.h, s.w*s.c, 1, half, border) // a row is s.w·s.c columns that do not meet
	blur(a, b, s.w, s.c, s.h, half, border)   // s.h rows, each of s.w pixels
}

// nearest is the index of an element, or that of the end it lies behind.
func nearest(i, n int) int { return min(max(i, 0), n-1) }

// blur convolves src with the symmetric kernel of which half is the middle and the right, and stores the result in dst.
// Both are blocks of n elements that lie stride apart, for each offset in a stride.
func blur(dst, src []float64, n, stride, blocks int, half []float64, border func(i, n int) int) {
	for block := range blocks {
		from := block * n * stride
		in, out := src[from:from+n*stride], dst[from:from+n*stride]
		for i := range n {
			for k := range stride {
				out[i*stride+k] = half[0] * in[i*stride+k]
			}
			// From the ends of the kernel inwards, as the published images were computed.
			for j := len(half) - 1; j > 0; j-- {
				l, r := border(i-j, n)*stride, border(i+j, n)*stride
				for k := range stride {
					out[i*stride+k] += float64((in[l+k] + in[r+k]) * half[j])
				}
			}
		}
	}
}

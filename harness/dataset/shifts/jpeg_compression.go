package shifts

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
)

var jpegQuality = [Severities]int{80, 65, 58, 50, 40}

// jpegCompression encodes an image as JPEG and decodes it, by Go's own encoder: colour at half the resolution, as in the
// published images, but not their bytes.
func jpegCompression(severity int, _ uint64, s shape) apply {
	options := &jpeg.Options{Quality: jpegQuality[severity-1]}
	var buf bytes.Buffer
	box := image.Rect(0, 0, s.w, s.h)
	coloured, plain := image.NewRGBA(box), image.NewGray(box)
	return func(_ int, dst, src []uint8) {
		var in image.Image = plain
		if s.c == 1 {
			copy(plain.Pix, src)
		} else {
			in = coloured
			for k := range s.h * s.w {
				copy(coloured.Pix[4*k:], src[3*k:3*k+3])
				coloured.Pix[4*k+3] = 255
			}
		}
		buf.Reset()
		if err := jpeg.Encode(&buf, in, options); err != nil {
			panic(fmt.Sprintf("shifts: encoding a picture in memory: %v", err))
		}
		out, err := jpeg.Decode(&buf)
		if err != nil {
			panic(fmt.Sprintf("shifts: decoding what was just encoded: %v", err))
		}
		for k := range s.h * s.w {
			r, g, b, _ := out.At(k%s.w, k/s.w).RGBA()
			dst[k*s.c] = uint8(r >> 8)
			if s.c == 3 {
				dst[3*k+1], dst[3*k+2] = uint8(g>>8), uint8(b>>8)
			}
		}
	}
}

package dataset

import (
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// The augmentations. Each is a choice of the following, in this order; what happens to an example is the same in all of them
// that do it.
//
//   - crop: pad the raw image with an eighth of its sides of zeros (4 pixels of 32) and cut a window of the image's size at
//     a uniformly random place. The padding is black, not the mean colour: zeros are added before normalisation, as
//     torchvision's RandomCrop(32, padding=4) does in the published recipes.
//   - flip: mirror it left to right with probability 1/2.
//   - cutout: set a square of half the image's sides (16 pixels of 32) about a uniformly random pixel, as far as it lies in
//     the image, to the mean colour, 0 after normalisation (T. DeVries and G. Taylor, "Improved regularization of
//     convolutional neural networks with cutout", 2017).
const (
	// AugmentNone leaves the images as they are; so does "".
	AugmentNone   = "none"
	AugmentCrop   = "crop"
	AugmentFlip   = "flip"
	AugmentCutout = "cutout"
	// AugmentCropFlip is the usual augmentation of CIFAR training.
	AugmentCropFlip       = "crop-flip"
	AugmentCropFlipCutout = "crop-flip-cutout"
)

// Augments lists the augmentations that a suite may name.
func Augments() []string {
	return []string{AugmentNone, AugmentCrop, AugmentFlip, AugmentCutout, AugmentCropFlip, AugmentCropFlipCutout}
}

// Augment says how Fill changes the images it copies. The zero value changes nothing.
type Augment struct {
	Kind        string // one of Augments; "" is "none"
	Seed, Epoch uint64 // Epoch is below 2³²
}

// moves says whether images are changed. It panics on a kind that does not exist.
func (a Augment) moves() bool {
	if !slices.Contains(Augments(), a.Kind) && a.Kind != "" {
		panic(fmt.Sprintf("dataset: augmentation %q: expected one of %q", a.Kind, Augments()))
	}
	return a.Kind != "" && a.Kind != AugmentNone
}

// change is what happens to one image.
type change struct {
	dy, dx int // how far the window lies below and right of the image
	flip   bool
	// cut is the square from top to bottom and left to right, exclusive, that is cut out; an empty one if nothing is.
	top, bottom, left, right int
}

// draw returns what happens to example i.
func (a Augment) draw(h, w, i int) change {
	// Stream "augment" has one index for each pair of an epoch and an example: the high and the low 32 bits.
	if a.Epoch>>32 != 0 || uint64(i)>>32 != 0 {
		panic("dataset: epochs and examples are numbered below 2³²")
	}
	r := rng.New(a.Seed, "augment", a.Epoch<<32|uint64(i))
	padY, padX := h/8, w/8
	c := change{dy: r.IntN(2*padY+1) - padY, dx: r.IntN(2*padX+1) - padX, flip: r.Uint64()>>63 == 1}
	switch a.Kind {
	case AugmentFlip, AugmentCutout:
		c.dy, c.dx = 0, 0
	}
	switch a.Kind {
	case AugmentCrop, AugmentCutout:
		c.flip = false
	}
	if a.Kind == AugmentCutout || a.Kind == AugmentCropFlipCutout {
		y, x := r.IntN(h), r.IntN(w)
		c.top, c.bottom = max(0, y-h/4), min(h, y+h/4)
		c.left, c.right = max(0, x-w/4), min(w, x+w/4)
	}
	return c
}

// cut sets the square to 0.
func (c change) cut(dst []float32, w, channels int) {
	for y := c.top; y < c.bottom; y++ {
		clear(dst[(y*w+c.left)*channels : (y*w+c.right)*channels])
	}
}

// place stores in dst the window of src that lies dy rows below and dx columns right of it, mirrored left to right if
// flip; what lies outside src is black.
func place(dst []float32, src []uint8, h, w int, lut [][256]float32, dy, dx int, flip bool) {
	c := len(lut)
	row := w * c
	// Columns from..to-1 of the window lie inside src.
	from, to := min(max(0, -dx), w), max(min(w, w-dx), 0)
	for y := range h {
		out := dst[y*row : (y+1)*row]
		sy := y + dy
		if sy < 0 || sy >= h || from >= to {
			black(out, lut)
			continue
		}
		in := src[sy*row+(from+dx)*c : sy*row+(to+dx)*c]
		if !flip {
			black(out[:from*c], lut)
			convert(out[from*c:to*c], in, lut)
			black(out[to*c:], lut)
			continue
		}
		// Column x of the window lands in column w-1-x.
		black(out[:(w-to)*c], lut)
		mirror(out[(w-to)*c:(w-from)*c], in, lut)
		black(out[(w-from)*c:], lut)
	}
}

// black stores normalised zeros in dst, a run of whole pixels.
func black(dst []float32, lut [][256]float32) {
	for i := 0; i < len(dst); i += len(lut) {
		for k := range lut {
			dst[i+k] = lut[k][0]
		}
	}
}

// mirror is convert with the pixels in opposite order.
func mirror(dst []float32, src []uint8, lut [][256]float32) {
	c := len(lut)
	if c == 3 {
		a, b, g := &lut[0], &lut[1], &lut[2]
		for len(src) >= 3 && len(dst) >= 3 {
			p := src[len(src)-3:]
			dst[0], dst[1], dst[2] = a[p[0]], b[p[1]], g[p[2]]
			dst, src = dst[3:], src[:len(src)-3]
		}
		return
	}
	for i := 0; i < len(dst); i += c {
		p := src[len(src)-i-c:]
		for k := range lut {
			dst[i+k] = lut[k][p[k]]
		}
	}
}

// Package shifts turns a test set into one that is distributed differently: what a net that was trained on clean images
// meets later.
//
// The corruptions and their parameters are those of D. Hendrycks and T. Dietterich, "Benchmarking neural network
// robustness to common corruptions and perturbations", ICLR 2019, as their program for CIFAR-10-C applies them to images
// of 32×32: pixels scaled to [0,1], the result multiplied by 255 and truncated, not rounded, to whole numbers. Sizes in
// pixels are scaled by W/32 for other images, which leaves nearly nothing of a blur of 8×8 images. The arithmetic
// follows the original's, but the random numbers are this program's own, and where the original calls other programs
// (motion_blur, snow, jpeg_compression, spatter) or copies photographs (frost, here frost_go) the result is alike and not
// the same: errors measured on these images are not to be compared with published ones on CIFAR-10-C.
package shifts

import (
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/sharpbench/sharpbench/harness/dataset"
)

// Version is raised when a pixel of any corrupted image changes.
const Version = 1

// Severities is how many severities each corruption has; they are numbered from 1.
const Severities = 5

// shape is the height, the width and the channels of an image.
type shape struct{ h, w, c int }

// apply stores the corrupted version of image i, src, in dst. Both are row by row, channels last; they do not overlap.
type apply func(i int, dst, src []uint8)

// corruption makes the apply of one severity. What it makes may hold scratch memory: every goroutine has its own.
type corruption struct {
	kind string
	at   func(severity int, seed uint64, s shape) apply
}

// corruptions is the one list; a new corruption adds its file and its line here. The first fifteen are the benchmark, in
// the published order; the others were published for tuning and are left out of "standard".
var corruptions = []corruption{
	{"gaussian_noise", gaussianNoise},
	{"shot_noise", shotNoise},
	{"impulse_noise", impulseNoise},
	{"defocus_blur", defocusBlur},
	{"glass_blur", glassBlur},
	{"motion_blur", motionBlur},
	{"zoom_blur", zoomBlur},
	{"snow", snow},
	{"frost_go", frostGo},
	{"fog", fog},
	{"brightness", brightness},
	{"contrast", contrast},
	{"elastic_transform", elasticTransform},
	{"pixelate", pixelate},
	{"jpeg_compression", jpegCompression},
	{"speckle_noise", speckleNoise},
	{"gaussian_blur", gaussianBlur},
	{"spatter", spatter},
	{"saturate", saturate},
}

const standard = 15

// Kinds lists the corruptions.
func Kinds() []string {
	kinds := make([]string, len(corruptions))
	for i, c := range corruptions {
		kinds[i] = c.kind
	}
	return kinds
}

// Standard lists the fifteen corruptions of the benchmark.
func Standard() []string { return Kinds()[:standard] }

// stream names the random numbers of a corruption.
func stream(kind string, severity int) string { return fmt.Sprintf("shift/%s/%d", kind, severity) }

// Apply returns a corrupted copy of im, with the same labels. severity is 1 to Severities; im has one channel (grey) or
// three (red, green, blue). Random corruptions draw from stream "shift/KIND/SEVERITY" of the seed, with the number of
// the image as its index: what happens to an image depends on no other.
func Apply(kind string, severity int, seed uint64, im *dataset.Images) (*dataset.Images, error) {
	k := slices.IndexFunc(corruptions, func(c corruption) bool { return c.kind == kind })
	switch {
	case k < 0:
		return nil, fmt.Errorf("unknown shift %q: expected one of %q", kind, Kinds())
	case severity < 1 || severity > Severities:
		return nil, fmt.Errorf("severity %d of %s: expected 1 to %d", severity, kind, Severities)
	case im.Values != nil:
		return nil, fmt.Errorf("%s of features: it takes images", kind)
	case im.C != 1 && im.C != 3:
		return nil, fmt.Errorf("%s of images with %d channels: expected 1 or 3", kind, im.C)
	case len(im.Pixels) != im.Len()*im.Size():
		return nil, fmt.Errorf("%s of %d images with %d pixel values: expected %d", kind, im.Len(), len(im.Pixels), im.Len()*im.Size())
	}
	out := &dataset.Images{H: im.H, W: im.W, C: im.C, Pixels: make([]uint8, len(im.Pixels)), Labels: slices.Clone(im.Labels), Groups: im.Groups}
	workers := min(runtime.GOMAXPROCS(0), im.Len())
	var wg sync.WaitGroup
	for g := range workers {
		wg.Go(func() {
			f := corruptions[k].at(severity, seed, shape{im.H, im.W, im.C})
			for i := g * im.Len() / workers; i < (g+1)*im.Len()/workers; i++ {
				f(i, out.Image(i), im.Image(i))
			}
		})
	}
	wg.Wait()
	return out, nil
}

// unit[v] is the pixel value v scaled to [0,1].
var unit = func() (u [256]float64) {
	for v := range u {
		u[v] = float64(v) / 255
	}
	return u
}()

// pixel turns a value of nominally [0,1] back into a pixel: clipped, multiplied by 255, truncated.
func pixel(x float64) uint8 { return uint8(min(max(x, 0), 1) * 255) }

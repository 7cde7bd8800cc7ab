package shifts

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// variant is a shift of one parameter: each value that a suite names is one test set.
type variant struct {
	name     string
	defaults []string
	what     string // the parameter, in an error
	valid    func(v float64) bool
	images   bool // for images alone, not for features
	make     func(v float64, seed uint64, im *dataset.Images) *dataset.Images
}

// variants is the one list; a new one adds its line here.
var variants = []variant{
	{"rotate", []string{"15", "30", "45", "60", "75"}, "degrees, counter-clockwise, from -180 to 180",
		func(v float64) bool { return v >= -180 && v <= 180 }, true, rotate},
	{"blur", []string{"0.5", "1", "1.5", "2"}, "the standard deviation of a Gaussian in pixels, above 0 and at most 16",
		func(v float64) bool { return v > 0 && v <= 16 }, true, blurred},
	{"scale", []string{"0.5", "0.8", "1.25", "2"}, "a factor above 0 and at most 100",
		func(v float64) bool { return v > 0 && v <= 100 }, false, scale},
	{"prior", []string{"0.1", "10"}, "the ratio of the last class's examples to the first one's, from 0.001 to 1000",
		func(v float64) bool { return v >= 1e-3 && v <= 1e3 }, false, prior},
	{"quarter", []string{"1", "2", "3", "4"}, "1, 2, 3 or 4",
		func(v float64) bool { return v == math.Trunc(v) && v >= 1 && v <= 4 }, false, quarter},
}

// Variants lists the shifts of one parameter: rotate, blur, scale, prior and quarter.
func Variants() []string {
	var out []string
	for _, v := range variants {
		out = append(out, v.name)
	}
	return out
}

// Defaults are the values of a variant that a suite takes when it names none.
func Defaults(name string) []string {
	if k := find(name); k >= 0 {
		return slices.Clone(variants[k].defaults)
	}
	return nil
}

func find(name string) int {
	return slices.IndexFunc(variants, func(v variant) bool { return v.name == name })
}

// Value reads the parameter of a variant as a suite writes it.
func Value(name, text string) (float64, error) {
	k := find(name)
	if k < 0 {
		return 0, fmt.Errorf("unknown shift %q: expected one of %q", name, Variants())
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !variants[k].valid(v) {
		return 0, fmt.Errorf("%s %q: expected %s", name, text, variants[k].what)
	}
	return v, nil
}

// Probability reads a probability as a suite writes it.
func Probability(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= 1) {
		return 0, fmt.Errorf("%q: expected a probability from 0 to 1", text)
	}
	return v, nil
}

// Vary returns the test set that a variant makes of im at a value. Examples keep their labels.
func Vary(name, value string, seed uint64, im *dataset.Images) (*dataset.Images, error) {
	v, err := Value(name, value)
	if err != nil {
		return nil, err
	}
	k := find(name)
	if variants[k].images && im.Values != nil {
		return nil, fmt.Errorf("%s of features: it takes images", name)
	}
	out := variants[k].make(v, seed, im)
	if out.Len() == 0 {
		return nil, fmt.Errorf("%s %s leaves none of %d examples", name, value, im.Len())
	}
	return out, nil
}

// each makes every image of a copy anew.
func each(im *dataset.Images, change func(dst, src []uint8)) *dataset.Images {
	out := *im
	out.Pixels = make([]uint8, len(im.Pixels))
	for i := range im.Len() {
		change(out.Image(i), im.Image(i))
	}
	return &out
}

// rotate turns images about their middle, bilinear, black where nothing was.
func rotate(degrees float64, _ uint64, im *dataset.Images) *dataset.Images {
	return each(im, func(dst, src []uint8) { dataset.Rotate(dst, src, im.H, im.W, im.C, degrees) })
}

// blurred convolves images with a Gaussian that is cut off at 4 standard deviations; outside the nearest pixel counts.
func blurred(std float64, _ uint64, im *dataset.Images) *dataset.Images {
	s := shape{im.H, im.W, im.C}
	half := gaussian(std)
	a, b := make([]float64, im.Size()), make([]float64, im.Size())
	return each(im, func(dst, src []uint8) {
		for k, v := range src {
			a[k] = unit[v]
		}
		blurImage(a, b, s, half)
		for k, v := range a {
			dst[k] = uint8(min(max(v, 0), 1)*255 + 0.5)
		}
	})
}

// scale multiplies every covariate: x becomes factor·x. Pixels are rounded and end at 255.
func scale(factor float64, _ uint64, im *dataset.Images) *dataset.Images {
	if im.Values != nil {
		out := *im
		out.Values = make([]float32, len(im.Values))
		for i, v := range im.Values {
			out.Values[i] = float32(factor * float64(v))
		}
		return &out
	}
	return each(im, func(dst, src []uint8) {
		for i, v := range src {
			dst[i] = uint8(min(factor*float64(v)+0.5, 255))
		}
	})
}

// prior changes how often the classes come, and nothing within a class: class c of K keeps examples in proportion to
// ratio^(c/(K−1)), as many as the rarest class of the test set allows, drawn without replacement. The examples stay in
// their order.
func prior(ratio float64, seed uint64, im *dataset.Images) *dataset.Images {
	classes := 0
	for _, l := range im.Labels {
		classes = max(classes, int(l)+1)
	}
	sizes := make([]int, classes)
	for _, l := range im.Labels {
		sizes[l]++
	}
	n := slices.Min(sizes)
	left := dataset.TailCounts("", n, classes, min(ratio, 1/ratio))
	if ratio > 1 {
		slices.Reverse(left)
	}
	var keep []int
	for _, i := range rng.New(seed, "shift/prior", 0).Perm(im.Len()) {
		if c := im.Labels[i]; left[c] > 0 {
			left[c]--
			keep = append(keep, i)
		}
	}
	slices.Sort(keep)
	return im.Select(keep)
}

// quarter is a quarter of the test set in its own order: later and later examples, where the order is that of time, or other
// writers, as in the digits.
func quarter(k float64, _ uint64, im *dataset.Images) *dataset.Images {
	n, q := im.Len(), int(k)
	var keep []int
	for i := (q - 1) * n / 4; i < q*n/4; i++ {
		keep = append(keep, i)
	}
	return im.Select(keep)
}

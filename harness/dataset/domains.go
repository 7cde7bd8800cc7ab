package dataset

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Domains, after I. Gulrajani and D. Lopez-Paz, "In search of lost domain generalization", ICLR 2021 (DomainBed): the training
// and test images of a data set are joined and shuffled once, domain i of E takes images i, i+E, i+2E …, and each domain
// changes its images in its own way. A net is trained on all domains but one and tested on that one. The shuffle and every
// random change are fixed: they do not depend on the seed of a trial. What depends on it is how each domain is split,
// see Data.Split.
var (
	rotatedMNIST  = rotatedOf("rotated-mnist", "mnist", mnist, func() (*Data, error) { return mnist.load() }, mnist.about)
	rotatedDigits = rotatedOf("rotated-digits", "digits", nil, loadDigits,
		About{Terms: "CC BY 4.0, E. Alpaydin and C. Kaynak", Home: "https://archive.ics.uci.edu/dataset/80"})
	coloredMNIST = &maker{
		name: "colored-mnist", of: "mnist", base: mnist, terms: mnist.about, check: checkHoldOut(coloredNames), groups: func(Spec) []string { return coloredNames },
		make: func(s Spec) (*Data, error) {
			d, err := mnist.load()
			if err != nil {
				return nil, err
			}
			return sharedDomains(d.Digest, s, coloredNames, coloredClasses, func() (*Data, error) { return colored(d, s.HoldOut) })
		},
	}
)

// rotations are DomainBed's, in degrees, counter-clockwise.
var rotations = []int{0, 15, 30, 45, 60, 75}

var rotatedNames = func() (out []string) {
	for _, a := range rotations {
		out = append(out, strconv.Itoa(a))
	}
	return out
}()

// coloredNames name the domains by the correlation of the colour with the label; in coloredFlips are the probabilities that
// the colour is the other one.
var (
	coloredNames = []string{"+90%", "+80%", "-90%"}
	coloredFlips = []float64{0.1, 0.2, 0.9}
)

// coloredNoise is the probability that a label is wrong: no net that looks at the shape is right more often than in 3 of 4
// cases.
const coloredNoise = 0.25

func checkHoldOut(domains []string) func(Spec) map[string]string {
	return func(s Spec) map[string]string {
		if slices.Contains(domains, s.HoldOut) {
			return nil
		}
		return map[string]string{"hold_out": fmt.Sprintf("hold_out %q: expected one of %q, the domain to test on", s.HoldOut, domains)}
	}
}

func rotatedOf(name, of string, base *published, load func() (*Data, error), about About) *maker {
	return &maker{
		name: name, of: of, base: base, terms: about, check: checkHoldOut(rotatedNames), groups: func(Spec) []string { return rotatedNames },
		make: func(s Spec) (*Data, error) {
			d, err := load()
			if err != nil {
				return nil, err
			}
			return sharedDomains(d.Digest, s, rotatedNames, d.Classes, func() (*Data, error) { return rotated(d, name, s.HoldOut) })
		},
	}
}

// sharedDomains makes the domains of a data set with the given digest once for all processes. Which one is held out does not
// change the images.
func sharedDomains(of string, s Spec, names, classes []string, build func() (*Data, error)) (*Data, error) {
	im, _, err := Shared(s.Name, "domains 1 "+of, func() (*Images, error) {
		d, err := build()
		if err != nil {
			return nil, err
		}
		return &d.Train, nil
	})
	if err != nil {
		return nil, err
	}
	k := slices.Index(names, s.HoldOut)
	if k < 0 {
		return nil, fmt.Errorf("%s: there is no domain %q: expected one of %q", s.Name, s.HoldOut, names)
	}
	return &Data{Name: s.Name, Classes: classes, Groups: names, HeldOut: &k, Train: *im, Test: Images{H: im.H, W: im.W, C: im.C}}, nil
}

var coloredClasses = []string{"5 to 9", "0 to 4"}

// joined is the training and the test part in one, in the order in which domains take them.
func joined(d *Data) (images *Images, order []int) {
	all := d.Train
	all.Pixels = slices.Concat(d.Train.Pixels, d.Test.Pixels)
	all.Labels = slices.Concat(d.Train.Labels, d.Test.Labels)
	return &all, rng.New(0, "domains/shuffle", 0).Perm(all.Len())
}

// share lists the images of one domain of several.
func share(order []int, domain, domains int) []int {
	var out []int
	for i := domain; i < len(order); i += domains {
		out = append(out, order[i])
	}
	return out
}

// inDomains fills a data set whose domains are named; change stores what a domain makes of an image in dst and returns its
// label.
func inDomains(d *Data, name, heldOut string, names []string, c int, classes []string, change func(domain, at int, dst, src []uint8, label uint8) uint8) (*Data, error) {
	k := slices.Index(names, heldOut)
	if k < 0 {
		return nil, fmt.Errorf("%s: there is no domain %q: expected one of %q", name, heldOut, names)
	}
	all, order := joined(d)
	n := all.Len()
	out := &Data{Name: name, Classes: classes, Groups: names, HeldOut: &k}
	out.Train = Images{H: all.H, W: all.W, C: c, Pixels: make([]uint8, n*all.H*all.W*c), Labels: make([]uint8, n), Groups: make([]uint8, n)}
	out.Test = Images{H: all.H, W: all.W, C: c}
	at := 0
	for domain := range names {
		for i, from := range share(order, domain, len(names)) {
			out.Train.Labels[at] = change(domain, i, out.Train.Image(at), all.Image(from), all.Labels[from])
			out.Train.Groups[at] = uint8(domain)
			at++
		}
	}
	return out, nil
}

func rotated(d *Data, name, heldOut string) (*Data, error) {
	return inDomains(d, name, heldOut, rotatedNames, d.Train.C, d.Classes, func(domain, _ int, dst, src []uint8, label uint8) uint8 {
		Rotate(dst, src, d.Train.H, d.Train.W, d.Train.C, float64(rotations[domain]))
		return label
	})
}

// colored asks whether a digit is below 5, tells a quarter of the answers wrong, and paints the digit red or green: channel 0
// for colour 0, channel 1 for colour 1. The colour goes with the (wrong) label more often than the shape does.
func colored(d *Data, heldOut string) (*Data, error) {
	streams := make([]*rng.Rand, len(coloredNames))
	for e := range streams {
		streams[e] = rng.New(0, "domains/color", uint64(e))
	}
	return inDomains(d, "colored-mnist", heldOut, coloredNames, 2, coloredClasses, func(domain, _ int, dst, src []uint8, digit uint8) uint8 {
		r := streams[domain]
		label := uint8(0)
		if digit < 5 {
			label = 1
		}
		if r.Float64() < coloredNoise {
			label ^= 1
		}
		color := label
		if r.Float64() < coloredFlips[domain] {
			color ^= 1
		}
		for i, v := range src {
			dst[2*i+int(color)] = v
		}
		return label
	})
}

// Rotate stores src turned counter-clockwise by so many degrees about the middle of the image in dst, as the imaging library
// that DomainBed uses does: bilinear, black where nothing was, the value truncated. dst and src are h×w×c and do not overlap.
func Rotate(dst, src []uint8, h, w, c int, degrees float64) {
	if degrees == math.Trunc(degrees) && int(degrees)%360 == 0 {
		copy(dst, src)
		return
	}
	// To the 15th decimal, so that right angles are right.
	round := func(x float64) float64 { return math.Round(x*1e15) / 1e15 }
	a := -degrees * math.Pi / 180
	cos, sin := round(math.Cos(a)), round(math.Sin(a))
	midX, midY := float64(w)/2, float64(h)/2
	shiftX := float64(cos*-midX) + float64(sin*-midY) + midX
	shiftY := float64(-sin*-midX) + float64(cos*-midY) + midY
	for y := range h {
		for x := range w {
			at := dst[(y*w+x)*c : (y*w+x+1)*c]
			inX := float64(cos*(float64(x)+0.5)) + float64(sin*(float64(y)+0.5)) + shiftX
			inY := float64(-sin*(float64(x)+0.5)) + float64(cos*(float64(y)+0.5)) + shiftY
			if inX < 0 || inX >= float64(w) || inY < 0 || inY >= float64(h) {
				clear(at)
				continue
			}
			inX, inY = inX-0.5, inY-0.5
			fx, fy := math.Floor(inX), math.Floor(inY)
			dx, dy := inX-fx, inY-fy
			x0, x1 := min(max(int(fx), 0), w-1), min(max(int(fx)+1, 0), w-1)
			y0 := min(max(int(fy), 0), h-1)
			y1, below := int(fy)+1, true
			if y1 < 0 || y1 >= h {
				below = false // the row above counts alone
			}
			for k := range at {
				mix := func(p, q uint8, d float64) float64 { return float64(p) + float64((float64(q)-float64(p))*d) }
				v := mix(src[(y0*w+x0)*c+k], src[(y0*w+x1)*c+k], dx)
				if below {
					v2 := mix(src[(y1*w+x0)*c+k], src[(y1*w+x1)*c+k], dx)
					v += float64((v2 - v) * dy)
				}
				at[k] = uint8(v)
			}
		}
	}
}

// splitDomains cuts every domain in two: the first int(n/5) of its n examples in random order are held out, the rest is "in".
// One trains on the "in" of all domains but the held-out one, validates on what they hold out, and tests on the "in" of the
// held-out domain. train and validation limit the parts; every domain then gives the same number, up to rounding.
func (d *Data) splitDomains(seed uint64, train, validation int) (Split, error) {
	of := make([][]int, len(d.Groups))
	for i, g := range d.Train.Groups {
		of[g] = append(of[g], i)
	}
	in, out := make([][]int, len(of)), make([][]int, len(of))
	var inSizes, outSizes []int
	for g, members := range of {
		cut := len(members) / 5
		for k, p := range rng.New(seed, "split/domains", uint64(g)).Perm(len(members)) {
			if k < cut {
				out[g] = append(out[g], members[p])
			} else {
				in[g] = append(in[g], members[p])
			}
		}
		if g != *d.HeldOut {
			inSizes, outSizes = append(inSizes, len(in[g])), append(outSizes, len(out[g]))
		}
	}
	s := Split{Test: in[*d.HeldOut], Held: out}
	for _, part := range []struct {
		n     int
		what  string
		sizes []int
		from  [][]int
		to    *[]int
	}{{train, "training", inSizes, in, &s.Train}, {validation, "validation", outSizes, out, &s.Validation}} {
		total := 0
		for _, n := range part.sizes {
			total += n
		}
		if part.n > total {
			return Split{}, fmt.Errorf("%s: %d %s examples asked for: the domains that are trained on have %d", d.Name, part.n, part.what, total)
		}
		if part.n == 0 && part.what == "training" {
			part.n = total
		}
		take := shares(part.n, part.sizes)
		k := 0
		for g := range of {
			if g != *d.HeldOut {
				*part.to = append(*part.to, part.from[g][:take[k]]...)
				k++
			}
		}
	}
	// In random order, so that any prefix is a sample.
	for i, part := range []*[]int{&s.Train, &s.Validation} {
		mixed := make([]int, 0, len(*part))
		for _, p := range rng.New(seed, "split", uint64(i)).Perm(len(*part)) {
			mixed = append(mixed, (*part)[p])
		}
		*part = mixed
	}
	return s, nil
}

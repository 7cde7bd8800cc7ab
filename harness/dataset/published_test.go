package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// published data sets whose hosts cannot be reached from everywhere are tested on small files of the same format.

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func gz(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// plainTar is a .tar that is not compressed.
func plainTar(t testing.TB, names []string, contents [][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i, name := range names {
		if err := errors.Join(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(contents[i]))})); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(contents[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var (
	randomBytes sync.Once
	randomPool  []byte
)

// arbitrary is a part of one pool of random bytes.
func arbitrary(seed uint64, n int) []byte {
	out := make([]byte, n)
	for at := 0; at < n; {
		at += copy(out[at:], randomPool[int(seed)*8:])
	}
	return out
}

func arbitraryBytes(n int) []byte {
	r := rng.New(1, "test/published", 0)
	b := make([]byte, n)
	for i := 0; i < n; i += 8 {
		var eight [8]byte
		binary.LittleEndian.PutUint64(eight[:], r.Uint64())
		copy(b[i:], eight[:])
	}
	return b
}

// idxBytes writes an IDX file the plain way.
func idxBytes(data []byte, sides ...int) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(0x0800+len(sides)))
	for _, s := range sides {
		out = binary.BigEndian.AppendUint32(out, uint32(s))
	}
	return append(out, data...)
}

// npyBytes writes a .npy file of format 1 as NumPy does, its head padded to 64 bytes.
func npyBytes(descr string, data []byte, shape ...int) []byte {
	text := ""
	for _, s := range shape {
		text += fmt.Sprintf("%d, ", s)
	}
	if len(shape) > 1 {
		text = strings.TrimSuffix(text, ", ")
	} else {
		text = strings.TrimSuffix(text, " ")
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, text)
	for (10+len(head)+1)%64 != 0 {
		head += " "
	}
	head += "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), byte(len(head)), byte(len(head)>>8))
	return append(append(out, head...), data...)
}

// ettLines writes rows of a series as the published files are written.
func ettLines(rows, perHour int, value func(t, c int) float64) []byte {
	var b bytes.Buffer
	b.WriteString("date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT\n")
	for t := range rows {
		at := time.Date(2016, 7, 1, 0, 60/perHour*t, 0, 0, time.UTC)
		b.WriteString(at.Format("2006-01-02 15:04:05"))
		for c := range 7 {
			fmt.Fprintf(&b, ",%.15g", value(t, c))
		}
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// example is a small data set in a published format, and what its host serves.
type example struct {
	p      *published
	served map[string][]byte // by name, in the order of the host's files
	raw    map[string][]byte // the files as they lie in the cache
	// spoil changes one file's meaning without changing its length.
	spoiled string
	spoil   func([]byte)
	says    string // about the spoiled file
	images  int    // test images; 0: no images
}

func examples(t testing.TB) map[string]*example {
	t.Helper()
	randomBytes.Do(func() { randomPool = arbitraryBytes(50*3072 + 1000) })
	out := map[string]*example{}

	// CIFAR-100: the coarse label of class k is k/5.
	labels := func(record int, b []byte, coarse bool) []byte {
		for i := 0; i < len(b)/record; i++ {
			if b[i*record] = byte(i % 100); coarse {
				b[i*record], b[i*record+1] = byte(i%100/5), byte(i%100)
			}
		}
		return b
	}
	train, test := labels(3074, arbitrary(1, 200*3074), true), labels(3074, arbitrary(2, 100*3074), true)
	e := &example{raw: map[string][]byte{"train.bin": train, "test.bin": test}, images: 100,
		spoiled: "train.bin", spoil: func(b []byte) { b[1] = 1 }, says: `images of class "apple"`}
	archive := tgz(t, []string{"cifar-100-binary/fine_label_names.txt", "cifar-100-binary/train.bin", "cifar-100-binary/test.bin"}, [][]byte{{1}, train, test})
	e.served = map[string][]byte{"cifar-100-binary.tar.gz": archive}
	e.p = newCIFAR100("hundred", 2, 1, remote{url: "cifar-100-binary.tar.gz", size: int64(len(archive)), sha256: sum(archive)})
	out["cifar100"] = e

	// MNIST: four packed files, 30 and 20 images.
	content := [][]byte{idxBytes(arbitrary(3, 30*784), 30, 28, 28), idxBytes(repeat(30), 30), idxBytes(arbitrary(4, 20*784), 20, 28, 28), idxBytes(repeat(20), 20)}
	files := idxFiles(30, 20, sum(content[0]), sum(content[1]), sum(content[2]), sum(content[3]))
	e = &example{raw: map[string][]byte{}, served: map[string][]byte{}, images: 20,
		spoiled: "train-labels-idx1-ubyte", spoil: func(b []byte) { b[8]++ }, says: "sha256"}
	var sizes [4]int64
	var sums [4]string
	for i, f := range files {
		packed := gz(t, content[i])
		e.raw[f.name], e.served[f.name+".gz"] = content[i], packed
		sizes[i], sums[i] = int64(len(packed)), sum(packed)
	}
	e.p = newIDX("digits28", About{Terms: "none"}, mnistClasses(), files, equal(10, 3), equal(10, 2), []host{at("", idxRemotes(sizes, sums)...)}, carrier{npm: "small-digits@1.0.0"})
	out["mnist"] = e

	// CIFAR-10-C: nineteen arrays of 5 × 10 images, in a .tar that is not compressed.
	var names []string
	var arrays [][]byte
	e = &example{raw: map[string][]byte{}, spoiled: "labels.npy", spoil: func(b []byte) { b[len(b)-1] = 3 }, says: "severity 5"}
	var fifty []byte
	for range 5 {
		fifty = append(fifty, repeat(10)...)
	}
	for i, kind := range append(slices.Clone(cifarCKinds), "labels") {
		b := npyBytes("|u1", arbitrary(uint64(10+i), 50*3072), 50, 32, 32, 3)
		if kind == "labels" {
			b = npyBytes("|u1", fifty, 50)
		}
		names, arrays = append(names, "CIFAR-10-C/"+kind+".npy"), append(arrays, b)
		e.raw[kind+".npy"] = b
	}
	archive = plainTar(t, names, arrays)
	e.served = map[string][]byte{"CIFAR-10-C.tar": archive}
	e.p = newCIFARC("corrupted", 10, remote{url: "CIFAR-10-C.tar", size: int64(len(archive)), sha256: sum(archive)})
	out["cifar10-c"] = e

	// CIFAR-10.1: two arrays, the labels of four bytes each.
	var wide []byte
	for _, l := range repeat(20) {
		wide = append(wide, l, 0, 0, 0)
	}
	data, lab := npyBytes("|u1", arbitrary(5, 20*3072), 20, 32, 32, 3), npyBytes("<i4", wide, 20)
	e = &example{raw: map[string][]byte{"small_data.npy": data, "small_labels.npy": lab}, images: 20,
		spoiled: "small_labels.npy", spoil: func(b []byte) { b[len(b)-4] = 0 }, says: "sha256"}
	e.served = map[string][]byte{"small_data.npy": data, "small_labels.npy": lab}
	e.p = newCIFAR101("newer", "small", 20, file{size: int64(len(data)), sha256: sum(data)}, file{size: int64(len(lab)), sha256: sum(lab)}, equal(10, 2))
	out["cifar10.1"] = e

	// ETT: all its rows, of numbers of our own.
	lines := ettLines(17420, 1, func(t, c int) float64 { return float64(t%100) + float64(c)/8 })
	e = &example{raw: map[string][]byte{"ETTh1.csv": lines}, served: map[string][]byte{"ETTh1.csv": lines},
		spoiled: "ETTh1.csv", spoil: func(b []byte) { b[bytes.IndexByte(b, '\n')+13] = '9' }, says: "expected 2016-07-01 00:00:00"}
	e.p = newETT("hourly", "ETTh1.csv", 1)
	out["ett"] = e
	return out
}

func mnistClasses() []string { return mnist.mustData().Classes }

// mustData is an empty *Data of p.
func (p *published) mustData() *Data {
	content, _ := p.begin()
	return content.(*Data)
}

func repeat(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i % 10)
	}
	return out
}

// hosting serves the files of an example, each by a server of its own.
func (e *example) hosting(t *testing.T, change func(name string, s *server)) map[string]*server {
	t.Helper()
	servers := map[string]*server{}
	for name, content := range e.served {
		s := &server{content: content, ranges: true, etag: `"1"`}
		if change != nil {
			change(name, s)
		}
		servers[name] = s
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := servers[path.Base(r.URL.Path)]
		switch {
		case s == nil:
			http.NotFound(w, r)
		case strings.HasPrefix(r.URL.Path, "/moved/"):
			http.Redirect(w, r, "/"+path.Base(r.URL.Path), http.StatusFound)
		default:
			s.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	for i := range e.p.hosts[0].files {
		f := &e.p.hosts[0].files[i]
		f.name = f.base()
		f.url = srv.URL + "/moved/" + f.name
	}
	e.p.pause, e.p.patience = time.Millisecond, 200*time.Millisecond
	e.p.packages = nil
	return servers
}

// here checks that exactly the example's files are in the cache and give what they should.
func (e *example) here(t *testing.T) {
	t.Helper()
	dir, err := e.p.dir()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range e.raw {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what was published (%v)", name, err)
		}
	}
	if err := e.p.verify(); err != nil {
		t.Error(err)
	}
	if e.images > 0 {
		d, err := e.p.load()
		if err != nil || d.Test.Len() != e.images {
			t.Errorf("%v, %v", d, err)
		}
	}
	if d, err := e.p.digest(); err != nil || len(d) != 64 {
		t.Errorf("digest %q, %v", d, err)
	}
	leftovers(t, e.p, 2) // the data and the lock
}

func TestFetchPublished(t *testing.T) {
	for name := range examples(t) {
		for how, change := range map[string]func(string, *server){
			"plainly":       nil,
			"cut":           func(_ string, s *server) { s.cut = []int{len(s.content) / 2} },
			"silent":        func(_ string, s *server) { s.cut, s.stall = []int{len(s.content) / 3}, true },
			"wrong range":   func(_ string, s *server) { s.cut, s.wrong = []int{len(s.content) / 2}, true },
			"without range": func(_ string, s *server) { s.cut, s.ranges, s.etag = []int{len(s.content) / 2}, false, "" },
		} {
			// Downloading is the same code for all: the one of several files goes through everything.
			if how != "plainly" && name != "mnist" && name+how != "cifar10-ccut" {
				continue
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				e := examples(t)[name]
				cache(t)
				e.hosting(t, change)
				if err := e.p.fetch(t.Context(), FetchOptions{}); err != nil {
					t.Fatal(err)
				}
				e.here(t)
			})
		}
	}
}

// What is not the published data is refused, and nothing of it stays.
func TestFetchPublishedRefuses(t *testing.T) {
	for name, e := range examples(t) {
		t.Run(name, func(t *testing.T) {
			cache(t)
			last := e.p.hosts[0].files[len(e.p.hosts[0].files)-1].base()
			e.hosting(t, func(name string, s *server) {
				if name == last {
					s.content = s.content[:len(s.content)-20]
				}
			})
			err := e.p.fetch(t.Context(), FetchOptions{})
			var failed *FetchError
			if !errors.As(err, &failed) {
				t.Fatalf("%v", err)
			}
			var m *Missing
			if _, err := e.p.digest(); !errors.As(err, &m) {
				t.Errorf("after the refusal: %v", err)
			}
			leftovers(t, e.p, 1)
		})
	}
}

// The files have a meaning besides their hashes, and those whose hash nobody has published are known by it.
func TestPublishedMeaning(t *testing.T) {
	for name, e := range examples(t) {
		t.Run(name, func(t *testing.T) {
			root := cache(t)
			dir := filepath.Join(root, e.p.name)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for name, content := range e.raw {
				content = bytes.Clone(content)
				if name == e.spoiled {
					e.spoil(content)
				}
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var bad *Corrupt
			if _, err := e.p.digest(); !errors.As(err, &bad) || !strings.Contains(err.Error(), e.says) {
				t.Errorf("%v: expected a word of %q", err, e.says)
			}
		})
	}
}

// A file without a published hash must stay what it was when it was fetched.
func TestVerifyRemembersHashes(t *testing.T) {
	e := examples(t)["ett"]
	cache(t)
	e.hosting(t, nil)
	if err := e.p.fetch(t.Context(), FetchOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := e.p.unhashed(); !slices.Equal(got, []string{"ETTh1.csv"}) {
		t.Errorf("without a hash: %q", got)
	}
	dir, _ := e.p.dir()
	name := filepath.Join(dir, "ETTh1.csv")
	b := bytes.Clone(e.raw["ETTh1.csv"])
	b[bytes.IndexByte(b, '\n')+21] = '7' // the first number: still a number
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := e.p.verify(); err == nil || !strings.Contains(err.Error(), "when it was fetched") {
		t.Errorf("a changed file: %v", err)
	}
}

// --from takes the files, packed or not, the archive, and the folders that other programs unpack into.
func TestPublishedFrom(t *testing.T) {
	for name := range examples(t) {
		for how, fill := range map[string]func(e *example, dir string) (string, map[string][]byte){
			"files":    func(e *example, dir string) (string, map[string][]byte) { return dir, e.raw },
			"download": func(e *example, dir string) (string, map[string][]byte) { return dir, e.served },
			"folder": func(e *example, dir string) (string, map[string][]byte) {
				return filepath.Join(dir, filepath.FromSlash(e.p.folders[0])), e.raw
			},
		} {
			if how == "folder" && name != "mnist" && name != "cifar100" {
				continue
			}
			t.Run(name+"/"+how, func(t *testing.T) {
				e := examples(t)[name]
				cache(t)
				from := t.TempDir()
				dir, files := fill(e, from)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				for name, content := range files {
					if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if err := e.p.fetch(t.Context(), FetchOptions{From: from}); err != nil {
					t.Fatal(err)
				}
				e.here(t)
			})
		}
	}
}

// The Debian package manager downloads, nothing more: what it leaves is unpacked and verified as anything else.
func TestFetchDebian(t *testing.T) {
	e := examples(t)["mnist"]
	cache(t)
	e.hosting(t, func(_ string, s *server) { s.content = []byte("gone") })
	var names []string
	var contents [][]byte
	for name, b := range e.raw {
		names, contents = append(names, "./usr/share/datasets/small/"+name+".gz"), append(contents, gz(t, b))
	}
	archive := filepath.Join(t.TempDir(), "fs.tar")
	if err := os.WriteFile(archive, plainTar(t, names, contents), 0o644); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for program, text := range map[string]string{
		"apt-get":  `[ "$1 $3" = "download dataset-small" ] && : > dataset-small_1_all.deb`,
		"dpkg-deb": `[ "$1" = "--fsys-tarfile" ] && [ -e "$2" ] && cat "` + archive + `"`,
	} {
		if err := os.WriteFile(filepath.Join(bin, program), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	e.p.packages = []carrier{{debian: "dataset-small"}}
	if err := e.p.fetch(t.Context(), FetchOptions{}); err != nil {
		t.Fatal(err)
	}
	e.here(t)
}

func TestCorruptedParts(t *testing.T) {
	e := examples(t)["cifar10-c"]
	cache(t)
	e.hosting(t, nil)
	if err := e.p.fetch(t.Context(), FetchOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, severity := range []int{1, 3, 5} {
		im, err := e.p.cifarCPart("fog", severity, 10)
		if err != nil {
			t.Fatal(err)
		}
		raw := e.raw["fog.npy"]
		from := len(raw) - 50*3072 + (severity-1)*10*3072
		if !bytes.Equal(im.Pixels, raw[from:from+10*3072]) || !bytes.Equal(im.Labels, repeat(10)) {
			t.Errorf("severity %d: not images %d to %d of the array", severity, (severity-1)*10, severity*10-1)
		}
	}
	for _, k := range []struct {
		kind     string
		severity int
	}{{"frog", 1}, {"fog", 0}, {"fog", 6}} {
		if _, err := e.p.cifarCPart(k.kind, k.severity, 10); err == nil {
			t.Errorf("%s at %d: no error", k.kind, k.severity)
		}
	}
}

// The tables of hashes and sizes are complete: sizes follow from the formats.
func TestPublishedTables(t *testing.T) {
	for _, s := range sources {
		if s.published == nil {
			continue
		}
		p := s.published
		if a := s.about(); a.Terms == "" || a.Home == "" {
			t.Errorf("%s: no terms or no home", p.name)
		}
		for _, h := range p.hosts {
			for _, r := range h.files {
				if !strings.HasPrefix(r.url, "http") || strings.Count(r.url, "://") != 1 {
					t.Errorf("%s: address %q", p.name, r.url)
				}
				if r.sha256 != "" && len(r.sha256) != 64 {
					t.Errorf("%s: sha256 %q", p.name, r.sha256)
				}
			}
		}
		for _, f := range p.files {
			if f.sha256 != "" && (len(f.sha256) != 64 || f.size == 0) {
				t.Errorf("%s: %+v", p.name, f)
			}
		}
		if p.noun == "" || len(p.hosts) == 0 {
			t.Errorf("%s: says nothing of what it is made of", p.name)
		}
	}
	if got := cifar101v6.files[0].size - 128; got != 2000*3072 {
		t.Errorf("CIFAR-10.1 v6 has room for %d pixel values", got)
	}
	if got := cifar101v4.files[0].size - 128; got != 2021*3072 {
		t.Errorf("CIFAR-10.1 v4 has room for %d pixel values", got)
	}
	if n := len(cifar100Classes); n != 100 || !slices.IsSorted(cifar100Classes) {
		t.Errorf("%d classes, sorted %v", n, slices.IsSorted(cifar100Classes))
	}
	if len(cifar10C.files) != 20 {
		t.Errorf("%d files of CIFAR-10-C", len(cifar10C.files))
	}
}

// A full disk leaves nothing that could be taken for data.
func TestFullDisk(t *testing.T) {
	e := examples(t)["mnist"]
	root := cache(t)
	e.hosting(t, nil)
	full := filepath.Join(root, ".digits28.part")
	if err := os.Symlink("/dev/full", full); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full+".json", fmt.Appendf(nil, `{"url":%q,"total":-1}`, e.p.hosts[0].files[0].url), 0o644); err != nil {
		t.Fatal(err)
	}
	err := e.p.fetch(t.Context(), FetchOptions{})
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("%v", err)
	}
	var m *Missing
	if _, err := e.p.digest(); !errors.As(err, &m) || len(m.Files) != 4 {
		t.Errorf("after the full disk: %v", err)
	}
	// With room again the same command works.
	if err := os.Remove(full); err != nil {
		t.Fatal(err)
	}
	if err := e.p.fetch(t.Context(), FetchOptions{}); err != nil {
		t.Fatal(err)
	}
	e.here(t)
}

func writeAll(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

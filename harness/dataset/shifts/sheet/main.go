// Command sheet writes docs/corruptions.png: one CIFAR-10 test image under every corruption (rows, in the order of the
// list) and severity (columns; the first is the image itself), to be looked at. Run it at the top of the repository, with
// the number of another image if wanted.
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"strconv"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/dataset/shifts"
)

const (
	scale = 2 // pixels of the sheet for one of the image
	gap   = 4
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "sheet:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	number := 1
	if len(args) > 0 {
		var err error
		if number, err = strconv.Atoi(args[0]); err != nil {
			return err
		}
	}
	d, err := dataset.Load("cifar10")
	if err != nil {
		return err
	}
	clean := d.Test.Select([]int{number})
	// Three blocks side by side keep the sheet from being a tower.
	const blocks = 3
	kinds := shifts.Kinds()
	rows := (len(kinds) + blocks - 1) / blocks
	side := clean.W*scale + gap
	sheet := image.NewRGBA(image.Rect(0, 0, blocks*(shifts.Severities+1)*side+(blocks+1)*4*gap, rows*side+gap))
	for k := range sheet.Pix {
		sheet.Pix[k] = 255
	}
	for k, kind := range kinds {
		left, top := 4*gap+(k/rows)*((shifts.Severities+1)*side+4*gap), gap+k%rows*side
		draw(sheet, left, top, clean)
		for severity := 1; severity <= shifts.Severities; severity++ {
			im, err := shifts.Apply(kind, severity, 0, clean)
			if err != nil {
				return err
			}
			draw(sheet, left+severity*side, top, im)
		}
	}
	f, err := os.Create("docs/corruptions.png")
	if err != nil {
		return err
	}
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, sheet); err != nil {
		return err
	}
	return f.Close()
}

func draw(sheet *image.RGBA, left, top int, im *dataset.Images) {
	for y := range im.H * scale {
		for x := range im.W * scale {
			p := im.Pixels[(y/scale*im.W+x/scale)*im.C:]
			sheet.SetRGBA(left+x, top+y, color.RGBA{R: p[0], G: p[1], B: p[2], A: 255})
		}
	}
}

package dataset

import (
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// userFolder is a folder of images (PNG, JPEG or GIF), a folder a class: PATH/train/CLASS/… and PATH/test/CLASS/…, or
// PATH/CLASS/… of which a fifth of each class is the test set, drawn once. Classes and images are taken in the order of their
// names. Images have one size, or are brought to side×side: the largest square in the middle, averaged by area.
var userFolder = &maker{
	name: "dir", terms: About{Terms: "yours", Home: "docs/shifts.md"},
	check: needsPath,
	make:  func(s Spec) (*Data, error) { return readFolder(s.Path, s.Side) },
}

func needsPath(s Spec) map[string]string {
	if s.Path == "" {
		return map[string]string{"path": fmt.Sprintf("the data %q needs a path, of yours", s.Name)}
	}
	return nil
}

// isPicture says whether a name is that of an image that can be read.
func isPicture(name string) bool {
	return slices.Contains([]string{".png", ".jpg", ".jpeg", ".gif"}, strings.ToLower(filepath.Ext(name)))
}

func readFolder(path string, side int) (*Data, error) {
	d := &Data{Name: "dir"}
	parts := []string{filepath.Join(path, "train"), filepath.Join(path, "test")}
	split := !exists(parts[0]) || !exists(parts[1])
	if split {
		parts = []string{path}
	}
	var err error
	if d.Classes, err = folders(parts[0]); err != nil {
		return nil, err
	}
	if len(d.Classes) < 2 || len(d.Classes) > 256 {
		return nil, fmt.Errorf("%s has %d folders: expected 2 to 256, one for each class", parts[0], len(d.Classes))
	}
	var all []Images
	for _, part := range parts {
		im, err := readClasses(part, d.Classes, side)
		if err != nil {
			return nil, err
		}
		all = append(all, *im)
	}
	if split {
		d.cut(&all[0])
		return d, nil
	}
	d.Train, d.Test = all[0], all[1]
	if a, b := &d.Train, &d.Test; a.H != b.H || a.W != b.W || a.C != b.C {
		return nil, fmt.Errorf("%s: training images of %d×%d×%d and test images of %d×%d×%d; side = 32 brings them to one size", path, a.H, a.W, a.C, b.H, b.W, b.C)
	}
	return d, nil
}

// cut makes a fifth of each class of all, drawn once, the test set.
func (d *Data) cut(all *Images) {
	sizes := all.count(len(d.Classes))
	for c, n := range sizes {
		sizes[c] = n / 5
	}
	var train, test []int
	for _, i := range rng.New(0, "user/test", 0).Perm(all.Len()) {
		if c := all.Labels[i]; sizes[c] > 0 {
			sizes[c]--
			test = append(test, i)
		} else {
			train = append(train, i)
		}
	}
	slices.Sort(train)
	slices.Sort(test)
	d.Train, d.Test = *all.Select(train), *all.Select(test)
}

// folders lists the folders in a folder, sorted.
func folders(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

func readClasses(path string, classes []string, side int) (*Images, error) {
	im := &Images{}
	first := ""
	for c, class := range classes {
		entries, err := os.ReadDir(filepath.Join(path, class))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() || !isPicture(e.Name()) {
				continue
			}
			name := filepath.Join(path, class, e.Name())
			pix, h, w, grey, err := readPicture(name, side)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if first == "" {
				im.H, im.W, im.C, first = h, w, 3, name
				if grey {
					im.C = 1
				}
			}
			if h != im.H || w != im.W {
				return nil, fmt.Errorf("%s has %d×%d pixels and %s has %d×%d; side = 32 brings all to one size", name, h, w, first, im.H, im.W)
			}
			for i := 0; i < len(pix); i += 3 {
				switch {
				case im.C == 1 && !grey:
					return nil, fmt.Errorf("%s has colours and %s is grey", name, first)
				case im.C == 1:
					im.Pixels = append(im.Pixels, pix[i])
				default:
					im.Pixels = append(im.Pixels, pix[i:i+3]...)
				}
			}
			im.Labels = append(im.Labels, uint8(c))
		}
	}
	if im.Len() == 0 {
		return nil, fmt.Errorf("%s has no .png, .jpg or .gif in its folders", path)
	}
	return im, nil
}

// maxPicture is far more than a net of ours can take.
const maxPicture = 1 << 26

// readPicture returns red, green and blue of each pixel, and whether the file says that there is no colour.
func readPicture(name string, side int) (pix []uint8, h, w int, grey bool, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, 0, false, err
	}
	defer f.Close()
	head, _, err := image.DecodeConfig(f) // the size first: a small file can claim to be a huge picture
	if err != nil {
		return nil, 0, 0, false, err
	}
	if head.Width < 1 || head.Height < 1 || head.Width*head.Height > maxPicture {
		return nil, 0, 0, false, fmt.Errorf("%d×%d pixels", head.Width, head.Height)
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, 0, 0, false, err
	}
	im, _, err := image.Decode(f)
	if err != nil {
		return nil, 0, 0, false, err
	}
	b := im.Bounds()
	switch im.(type) {
	case *image.Gray, *image.Gray16:
		grey = true
	}
	at := func(x, y int) (r, g, bl uint32) {
		r, g, bl, _ = im.At(b.Min.X+x, b.Min.Y+y).RGBA()
		return r >> 8, g >> 8, bl >> 8
	}
	if side == 0 {
		for y := range b.Dy() {
			for x := range b.Dx() {
				r, g, bl := at(x, y)
				pix = append(pix, uint8(r), uint8(g), uint8(bl))
			}
		}
		return pix, b.Dy(), b.Dx(), grey, nil
	}
	square := min(b.Dx(), b.Dy())
	x0, y0 := (b.Dx()-square)/2, (b.Dy()-square)/2
	scale := float64(square) / float64(side)
	for y := range side {
		for x := range side {
			var sum [3]float64
			var area float64
			for v := int(float64(y) * scale); float64(v) < float64(y+1)*scale && v < square; v++ {
				hy := min(float64(v+1), float64(y+1)*scale) - max(float64(v), float64(y)*scale)
				for u := int(float64(x) * scale); float64(u) < float64(x+1)*scale && u < square; u++ {
					a := hy * (min(float64(u+1), float64(x+1)*scale) - max(float64(u), float64(x)*scale))
					r, g, bl := at(x0+u, y0+v)
					sum[0] += float64(a * float64(r))
					sum[1] += float64(a * float64(g))
					sum[2] += float64(a * float64(bl))
					area += a
				}
			}
			for _, s := range sum {
				pix = append(pix, uint8(s/area+0.5))
			}
		}
	}
	return pix, side, side, grey, nil
}

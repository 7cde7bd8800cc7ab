package dataset

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func picture(t *testing.T, path string, h, w int, grey bool, at func(x, y int) color.Color) {
	t.Helper()
	var im interface {
		image.Image
		Set(x, y int, c color.Color)
	} = image.NewRGBA(image.Rect(0, 0, w, h))
	if grey {
		im = image.NewGray(image.Rect(0, 0, w, h))
	}
	for y := range h {
		for x := range w {
			im.Set(x, y, at(x, y))
		}
	}
	var b bytes.Buffer
	err := png.Encode(&b, im)
	if strings.HasSuffix(path, ".jpg") {
		b.Reset()
		err = jpeg.Encode(&b, im, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	for c, class := range []string{"cat", "dog"} {
		for k := range 10 {
			picture(t, filepath.Join(dir, class, fmt.Sprintf("%02d.png", k)), 4, 6, false, func(x, y int) color.Color {
				return color.RGBA{uint8(100*c + k), uint8(x), uint8(y), 255}
			})
		}
	}
	os.WriteFile(filepath.Join(dir, "cat", "notes.txt"), nil, 0o644)
	d, err := Make(Spec{Name: "dir", Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Classes, []string{"cat", "dog"}) || d.Train.Len() != 16 || d.Test.Len() != 4 || d.Train.H != 4 || d.Train.W != 6 || d.Train.C != 3 {
		t.Fatalf("%q, %d + %d images of %d×%d×%d", d.Classes, d.Train.Len(), d.Test.Len(), d.Train.H, d.Train.W, d.Train.C)
	}
	for i := range d.Train.Len() {
		p := d.Train.Image(i)
		if p[0]/100 != d.Train.Labels[i] || p[(3*6+5)*3+1] != 5 || p[(3*6+5)*3+2] != 3 {
			t.Errorf("image %d: %v of class %d", i, p, d.Train.Labels[i])
		}
	}
	// A folder of train and test; brought to 2×2 from the middle 4×4 of 4×6.
	two := t.TempDir()
	for _, part := range []string{"train", "test"} {
		for _, class := range []string{"a", "b"} {
			picture(t, filepath.Join(two, part, class, "x.png"), 4, 6, true, func(x, y int) color.Color { return color.Gray{uint8(10 * x)} })
		}
	}
	d, err = Make(Spec{Name: "dir", Path: two, Side: 2})
	if err != nil {
		t.Fatal(err)
	}
	// Columns 1 and 2 average to 15, columns 3 and 4 to 35.
	if d.Train.C != 1 || d.Test.Len() != 2 || !slices.Equal(d.Train.Image(0), []uint8{15, 35, 15, 35}) {
		t.Errorf("%d channels, %v", d.Train.C, d.Train.Image(0))
	}
	picture(t, filepath.Join(two, "test", "a", "y.jpg"), 5, 6, true, func(x, y int) color.Color { return color.Gray{} })
	for what, spec := range map[string]Spec{
		"side = 32": {Name: "dir", Path: two}, "no such": {Name: "dir", Path: two + "x"}, "expected 2 to 256": {Name: "dir", Path: filepath.Join(two, "test", "a")},
	} {
		if _, err := Make(spec); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v: expected a word of %q", err, what)
		}
	}
}

func TestFileCSV(t *testing.T) {
	dir := t.TempDir()
	text := "height,width,kind\n"
	for i := range 100 {
		text += fmt.Sprintf("%d.5, -%d ,%s\n", i, 2*i, []string{"oak", "ash"}[i%2])
	}
	path := filepath.Join(dir, "trees.csv")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Make(Spec{Name: "file", Path: path, Order: "time"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Classes, []string{"ash", "oak"}) || d.Train.Len() != 80 || d.Test.Len() != 20 || d.Train.C != 2 {
		t.Fatalf("%q, %d + %d rows of %d", d.Classes, d.Train.Len(), d.Test.Len(), d.Train.C)
	}
	if d.Test.Values[0] != 80.5 || d.Test.Values[1] != -160 || d.Test.Labels[0] != 1 {
		t.Errorf("the first test row is %v of class %d: the last fifth was asked for", d.Test.Values[:2], d.Test.Labels[0])
	}
	// Features are normalised by the training rows: 0.5 … 79.5 have mean 40 and variance (80²−1)/12.
	n := d.Normalizer()
	if math.Abs(float64(n.Mean[0])-40) > 1e-5 || math.Abs(float64(n.Std[0])-math.Sqrt((6400.0-1)/12)) > 1e-5 {
		t.Errorf("%+v", n)
	}
	x, y := make([]float32, 2), make([]int32, 1)
	n.Fill(x, y, &d.Test, []int{3}, Augment{})
	if want := (83.5 - 40) / math.Sqrt(6399.0/12); math.Abs(float64(x[0])-want) > 1e-5 || y[0] != 0 {
		t.Errorf("input %v of class %d, want %v of class 0", x, y, want)
	}
	random, err := Make(Spec{Name: "file", Path: path})
	if err != nil || random.Test.Len() != 20 || slices.Equal(random.Test.Values, d.Test.Values) || random.Digest == d.Digest {
		t.Errorf("a random test part: %v", err)
	}
	counts := random.Test.count(2)
	if counts[0] != 10 || counts[1] != 10 {
		t.Errorf("classes of the random test part: %v", counts)
	}
	for what, text := range map[string]string{
		"is not a number": "1,2,a\n1,x,b\n", "classes": "1,2,a\n1,2,a\n", "line 1 has 1 columns": "a\nb\n", "wrong number of fields": "1,2,a\n1,b\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Make(Spec{Name: "file", Path: path}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v: expected a word of %q", err, what)
		}
	}
}

func f32(values ...float32) (b []byte) {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func TestFileArrays(t *testing.T) {
	dir := t.TempDir()
	label := []byte{3, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255} // 3 and −1 as int64
	files := map[string][]byte{
		"train_x.npy": npyBytes("<f4", f32(1, 2, 3, 4, 5, 6), 2, 3), "train_y.npy": npyBytes("<i8", label, 2),
		"test_x.npy": npyBytes("<f4", f32(7, 8, 9), 1, 3), "test_y.npy": npyBytes("<i8", label[8:], 1),
	}
	if err := writeAll(dir, files); err != nil {
		t.Fatal(err)
	}
	d, err := Make(Spec{Name: "file", Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Classes, []string{"-1", "3"}) || !slices.Equal(d.Train.Labels, []uint8{1, 0}) || !slices.Equal(d.Test.Values, []float32{7, 8, 9}) {
		t.Errorf("%q, labels %v, test %v", d.Classes, d.Train.Labels, d.Test.Values)
	}
	// The same as tensors, with images of bytes.
	head, err := json.Marshal(map[string]any{
		"__metadata__": map[string]string{"by": "test"},
		"x":            map[string]any{"dtype": "U8", "shape": []int{10, 2, 2}, "data_offsets": []int{0, 40}},
		"y":            map[string]any{"dtype": "I8", "shape": []int{10}, "data_offsets": []int{40, 50}},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(head)))
	b = append(b, head...)
	for i := range 40 {
		b = append(b, byte(i))
	}
	for i := range 10 {
		b = append(b, byte(i%2))
	}
	path := filepath.Join(dir, "all.safetensors")
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	d, err = Make(Spec{Name: "file", Path: path, Order: "time"})
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.H != 2 || d.Train.C != 1 || d.Test.Len() != 2 || !slices.Equal(d.Test.Image(1), []uint8{36, 37, 38, 39}) || d.Test.Labels[1] != 1 {
		t.Errorf("images of %d×%d×%d, %v", d.Train.H, d.Train.W, d.Train.C, d.Test.Pixels)
	}
	for what, change := range map[string]func() error{
		"ends too early":     func() error { return os.WriteFile(path, b[:len(b)-3], 0o644) },
		"not a .safetensors": func() error { return os.WriteFile(path, []byte("{\"x\": 1, \"y\": 2}"), 0o644) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := Make(Spec{Name: "file", Path: path}); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v: expected a word of %q", err, what)
		}
	}
}

// Every process maps what one has made; nobody believes a file that was changed.
func TestShared(t *testing.T) {
	root := cache(t)
	made := 0
	make := func() (*Images, error) {
		made++
		d := standInDigits(50, 10)
		d.Train.Groups = repeat(50)
		return &d.Train, nil
	}
	want, _ := make()
	for range 3 {
		im, shared, err := Shared("x", "key", make)
		if err != nil || !shared {
			t.Fatalf("shared %v, %v", shared, err)
		}
		if !slices.Equal(im.Pixels, want.Pixels) || !slices.Equal(im.Labels, want.Labels) || !slices.Equal(im.Groups, want.Groups) || im.H != 2 {
			t.Fatal("other images")
		}
	}
	if made != 2 {
		t.Errorf("made %d times, want once", made-1)
	}
	if im, _, _ := Shared("x", "other", make); !slices.Equal(im.Pixels, want.Pixels) || made != 3 {
		t.Error("another key is not made anew")
	}
	// As another process would: nothing is known of the mappings, and the file has a wrong bit.
	mappings.Lock()
	mappings.of = nil
	mappings.Unlock()
	files, err := filepath.Glob(filepath.Join(root, "x", ".derived", "*.images"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b[sharedHeadSize+3] ^= 1
		if err := os.Remove(f); err != nil { // the old one stays mapped
			t.Fatal(err)
		}
		if err := os.WriteFile(f, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if im, shared, err := Shared("x", "key", make); err != nil || !shared || !slices.Equal(im.Pixels, want.Pixels) || made != 4 {
		t.Errorf("after a changed file: %d times, shared %v, %v", made, shared, err)
	}
	// Features are each process's own.
	_, shared, err := Shared("x", "features", func() (*Images, error) { return Subpopulation(4, 0.5, "t"), nil })
	if err != nil || shared {
		t.Errorf("features: shared %v, %v", shared, err)
	}
}

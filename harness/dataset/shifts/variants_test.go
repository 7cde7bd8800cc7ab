package shifts

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
)

func even(n, side int, v uint8) *dataset.Images {
	im := &dataset.Images{H: side, W: side, C: 1, Pixels: make([]uint8, n*side*side), Labels: make([]uint8, n)}
	for i := range im.Pixels {
		im.Pixels[i] = v
	}
	for i := range im.Labels {
		im.Labels[i] = uint8(i % 10)
	}
	return im
}

func TestVariants(t *testing.T) {
	im := even(1000, 9, 100)
	vary := func(name, value string) *dataset.Images {
		t.Helper()
		out, err := Vary(name, value, 0, im)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	// By nothing is the same; a flat image stays flat inside; a blur keeps what is flat.
	if out := vary("rotate", "0"); !slices.Equal(out.Pixels, im.Pixels) {
		t.Error("rotated by 0 degrees it differs")
	}
	if out := vary("rotate", "45"); out.Image(0)[4*9+4] != 100 || out.Image(0)[0] != 0 {
		t.Error("rotated by 45 degrees: the middle changed, or the corner is not black")
	}
	if out := vary("blur", "2"); !slices.Equal(out.Pixels, im.Pixels) {
		t.Error("a flat image was changed by a blur")
	}
	// A point becomes the Gaussian: its middle is the square of the kernel's.
	point := even(1, 31, 0)
	point.Pixels[15*31+15] = 255
	out, err := Vary("blur", "1", 0, point)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for k := -4; k <= 4; k++ {
		sum += math.Exp(-float64(k*k) / 2)
	}
	if want := math.Round(255 / sum / sum); math.Abs(float64(out.Pixels[15*31+15])-want) > 1 {
		t.Errorf("the middle of a blurred point is %d, want %v", out.Pixels[15*31+15], want)
	}
	if out := vary("scale", "2"); out.Pixels[0] != 200 {
		t.Errorf("twice 100 is %d", out.Pixels[0])
	}
	if out := vary("scale", "3"); out.Pixels[0] != 255 {
		t.Errorf("three times 100 is %d: pixels end at 255", out.Pixels[0])
	}
	features := dataset.Subpopulation(10, 0.5, "t")
	scaled, err := Vary("scale", "2.5", 0, features)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range features.Values {
		if scaled.Values[i] != float32(2.5*float64(v)) {
			t.Fatalf("2.5 times %v is %v", v, scaled.Values[i])
		}
	}
	// 100 of each class: int(100·0.1^{c/9}), and the other way round.
	want := []int{100, 77, 59, 46, 35, 27, 21, 16, 12, 10}
	for value, counts := range map[string][]int{"0.1": want, "10": {10, 12, 16, 21, 27, 35, 46, 59, 77, 100}, "1": {100, 100, 100, 100, 100, 100, 100, 100, 100, 100}} {
		got := make([]int, 10)
		for _, l := range vary("prior", value).Labels {
			got[l]++
		}
		if !slices.Equal(got, counts) {
			t.Errorf("prior %s: classes of %v, want %v", value, got, counts)
		}
	}
	total := 0
	for _, q := range []string{"1", "2", "3", "4"} {
		total += vary("quarter", q).Len()
	}
	if total != 1000 || vary("quarter", "2").Labels[0] != im.Labels[250] {
		t.Errorf("the quarters have %d examples", total)
	}
	for _, k := range [][2]string{{"rotate", "200"}, {"rotate", "x"}, {"blur", "0"}, {"scale", "-1"}, {"prior", "0"}, {"quarter", "5"}, {"quarter", "1.5"}, {"turn", "1"}} {
		if _, err := Vary(k[0], k[1], 0, im); err == nil {
			t.Errorf("%s %s: no error", k[0], k[1])
		}
	}
	if _, err := Vary("rotate", "15", 0, features); err == nil {
		t.Error("features were rotated")
	}
	for _, name := range Variants() {
		for _, v := range Defaults(name) {
			if _, err := Value(name, v); err != nil {
				t.Error(err)
			}
		}
	}
}

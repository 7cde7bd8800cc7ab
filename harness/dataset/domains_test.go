package dataset

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"
)

// Rotations are those of the imaging library that DomainBed uses, pixel for pixel; testdata/rotate.py wrote them.
func TestRotate(t *testing.T) {
	text, err := os.ReadFile("testdata/rotate.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		H, W    int
		Degrees float64
		Pixels  []int
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		src, dst := make([]uint8, c.H*c.W), make([]uint8, c.H*c.W)
		for y := range c.H {
			for x := range c.W {
				src[y*c.W+x] = uint8((y*37 + x*x*11 + (x*y)%13*17) % 256)
			}
		}
		Rotate(dst, src, c.H, c.W, 1, c.Degrees)
		wrong := 0
		for i, v := range c.Pixels {
			if int(dst[i]) != v {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("%d×%d by %v degrees: %d of %d pixels differ", c.H, c.W, c.Degrees, wrong, len(dst))
		}
		// Channels turn alike.
		two, out := make([]uint8, 2*len(src)), make([]uint8, 2*len(src))
		for i, v := range src {
			two[2*i+1] = v
		}
		Rotate(out, two, c.H, c.W, 2, c.Degrees)
		for i := range src {
			if out[2*i] != 0 || out[2*i+1] != dst[i] {
				t.Fatalf("%v degrees: channels differ at %d", c.Degrees, i)
			}
		}
	}
}

// standInDigits is a data set of MNIST's size whose images are nearly empty: pixel 0 of an image is its label.
func standInDigits(train, test int) *Data {
	d := &Data{Name: "stand-in", Classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}}
	for i, part := range []*Images{&d.Train, &d.Test} {
		n := []int{train, test}[i]
		*part = Images{H: 2, W: 2, C: 1, Pixels: make([]uint8, 4*n), Labels: make([]uint8, n)}
		for k := range n {
			part.Labels[k] = uint8((k*7 + i) % 10)
			part.Image(k)[0] = part.Labels[k] + 1
		}
	}
	return d
}

func TestColoredDomains(t *testing.T) {
	base := standInDigits(60000, 10000)
	d, err := colored(base, "-90%")
	if err != nil {
		t.Fatal(err)
	}
	if d.Train.C != 2 || d.Train.Len() != 70000 || *d.HeldOut != 2 || d.Test.Len() != 0 {
		t.Fatalf("%d images of %d channels", d.Train.Len(), d.Train.C)
	}
	var sizes, shape, color [3]int
	for i := range d.Train.Len() {
		im, y, g := d.Train.Image(i), d.Train.Labels[i], d.Train.Groups[i]
		sizes[g]++
		c := 0 // the channel that is not black
		if im[0] == 0 {
			c = 1
		}
		if im[c] == 0 || im[1-c] != 0 {
			t.Fatalf("image %d: channels %d and %d", i, im[0], im[1])
		}
		digit := im[c] - 1
		if (digit < 5) == (y == 1) {
			shape[g]++
		}
		if c == int(y) {
			color[g]++
		}
	}
	if sizes != [3]int{23334, 23333, 23333} {
		t.Errorf("domains of %v images", sizes)
	}
	// By the shape 3 of 4 are right everywhere, by the colour 9, 8 and 1 of 10: within five standard deviations.
	for e, n := range sizes {
		for _, k := range []struct {
			what  string
			count int
			p     float64
		}{{"shape", shape[e], 0.75}, {"colour", color[e], []float64{0.9, 0.8, 0.1}[e]}} {
			if dev := math.Abs(float64(k.count) - k.p*float64(n)); dev > 5*math.Sqrt(k.p*(1-k.p)*float64(n)) {
				t.Errorf("%s: by the %s %.4f are right, want %v", coloredNames[e], k.what, float64(k.count)/float64(n), k.p)
			}
		}
	}
	again, err := colored(base, "+90%")
	if err != nil || !slices.Equal(again.Train.Pixels, d.Train.Pixels) || !slices.Equal(again.Train.Labels, d.Train.Labels) || *again.HeldOut != 0 {
		t.Error("another held-out domain changes the images")
	}
	if n := d.Normalizer(); n.Mean[0] != 0 || n.Std[0] != 1 || n.Std[1] != 1 {
		t.Errorf("pixels are not taken as they are: %+v", n)
	}
	if _, err := colored(base, "90"); err == nil {
		t.Error("no error for an unknown domain")
	}
}

func TestRotatedDomains(t *testing.T) {
	d, err := rotated(standInDigits(60000, 10000), "x", "75")
	if err != nil {
		t.Fatal(err)
	}
	sizes := make([]int, 6)
	for _, g := range d.Train.Groups {
		sizes[g]++
	}
	if !slices.Equal(sizes, []int{11667, 11667, 11667, 11667, 11666, 11666}) {
		t.Errorf("domains of %v images", sizes)
	}
	// Domain 0 is not turned: pixel 0 still says the label.
	for i := range sizes[0] {
		if d.Train.Image(i)[0] != d.Train.Labels[i]+1 {
			t.Fatalf("image %d of the domain 0 was turned", i)
		}
	}
	s, err := d.Split(3, 0, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	// 80 of 100 of each domain are "in".
	in := 4*(11667-2333) + (11666 - 2333)
	if len(s.Train) != in || len(s.Test) != 11666-2333 || len(s.Validation) != 0 || len(s.Held[5]) != 2333 {
		t.Errorf("%d to train on, want %d; %d to test on; %d held out", len(s.Train), in, len(s.Test), len(s.Held[5]))
	}
	seen := map[int]string{}
	for what, part := range map[string][]int{"train": s.Train, "test": s.Test, "held 0": s.Held[0], "held 4": s.Held[4], "held 5": s.Held[5]} {
		for _, i := range part {
			if seen[i] != "" {
				t.Fatalf("image %d is in %s and in %s", i, seen[i], what)
			}
			seen[i] = what
			if g := d.Train.Groups[i]; (what == "test") != (g == 5) && what != "held 5" {
				t.Fatalf("image %d of domain %d is in %s", i, g, what)
			}
		}
	}
	small, err := d.Split(3, 1000, 500, true)
	if err != nil {
		t.Fatal(err)
	}
	from := make([]int, 6)
	for _, i := range small.Train {
		from[d.Train.Groups[i]]++
	}
	if !slices.Equal(from, []int{200, 200, 200, 200, 200, 0}) || len(small.Validation) != 500 || len(small.Test) != len(s.Test) {
		t.Errorf("1000 training examples: %v of the domains", from)
	}
	if slices.IsSortedFunc(small.Train, func(a, b int) int { return int(d.Train.Groups[a]) - int(d.Train.Groups[b]) }) {
		t.Error("the training examples are ordered by domain")
	}
	for _, k := range [][2]int{{in + 1, 0}, {0, 4*2333 + 2334}} {
		if _, err := d.Split(3, k[0], k[1], true); err == nil {
			t.Errorf("%v: no error", k)
		}
	}
}

// The digits that are in the program can be turned too, about the middle between their pixels.
func TestRotatedDigits(t *testing.T) {
	cache(t)
	d, err := Make(Spec{Name: "rotated-digits", HoldOut: "45"})
	if err != nil {
		t.Fatal(err)
	}
	base, err := loadDigits()
	if err != nil {
		t.Fatal(err)
	}
	own, err := rotated(base, "rotated-digits", "45")
	if err != nil || d.Digest != digest(&own.Train, &own.Test) || !slices.Equal(d.Classes, own.Classes) {
		t.Errorf("what is shared is not what is made: %v", err)
	}
	if again, err := Make(Spec{Name: "rotated-digits", HoldOut: "0"}); err != nil || &again.Train.Pixels[0] != &d.Train.Pixels[0] || *again.HeldOut != 0 {
		t.Errorf("another held-out domain has images of its own: %v", err)
	}
	if d.Train.Len() != 1797 || d.Train.H != 8 || d.Groups[*d.HeldOut] != "45" || len(d.Digest) != 64 {
		t.Errorf("%d images of %d rows", d.Train.Len(), d.Train.H)
	}
}

package dataset

import (
	"math"
	"slices"
	"testing"
)

// The counts of the published protocol, class by class.
func TestTailCounts(t *testing.T) {
	for _, k := range []struct {
		kind      string
		n         int
		imbalance float64
		want      []int
	}{
		{"", 5000, 0.01, []int{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50}},
		{"", 5000, 0.1, []int{5000, 3871, 2997, 2320, 1796, 1391, 1077, 834, 645, 500}},
		{TailStep, 5000, 0.01, []int{5000, 5000, 5000, 5000, 5000, 50, 50, 50, 50, 50}},
		{TailStep, 5000, 0.1, []int{5000, 5000, 5000, 5000, 5000, 500, 500, 500, 500, 500}},
		{TailExponential, 3, 0.01, []int{3, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"", 7, 1, []int{7, 7, 7, 7, 7, 7, 7, 7, 7, 7}},
	} {
		if got := TailCounts(k.kind, k.n, 10, k.imbalance); !slices.Equal(got, k.want) {
			t.Errorf("%q, %d, %v: %v, want %v", k.kind, k.n, k.imbalance, got, k.want)
		}
	}
	sum := func(x []int) (s int) {
		for _, v := range x {
			s += v
		}
		return s
	}
	for imbalance, want := range map[float64]int{0.01: 12406, 0.02: 13996, 0.1: 20431} {
		if got := sum(TailCounts("", 5000, 10, imbalance)); got != want {
			t.Errorf("CIFAR-10 with %v: %d images, want %d", imbalance, got, want)
		}
	}
	hundred := TailCounts("", 500, 100, 0.01)
	if sum(hundred) != 10847 || !slices.Equal(hundred[:3], []int{500, 477, 455}) || hundred[99] != 5 {
		t.Errorf("CIFAR-100 with 0.01: %d images, %v …, %d", sum(hundred), hundred[:3], hundred[99])
	}
	many, medium, few := 0, 0, 0
	for _, n := range hundred {
		switch {
		case n > 100:
			many++
		case n < 20:
			few++
		default:
			medium++
		}
	}
	if many != 35 || medium != 35 || few != 30 {
		t.Errorf("%d, %d and %d classes with many, medium and few", many, medium, few)
	}
}

func TestSymmetricNoise(t *testing.T) {
	d := standInDigits(5000, 10)
	s, err := d.Split(1, 3000, 1001, true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Mislabel(s, Noise{Kind: NoiseSymmetric, Rate: 0.4}, 7)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Wrong) != 1200 {
		t.Errorf("%d wrong labels of 3000, want int(0.4·3000) = 1200", len(r.Wrong))
	}
	wrong := func(part []int) (n int) {
		for _, i := range part {
			if r.Images.Labels[i] != r.Clean[i] {
				n++
			}
		}
		return n
	}
	if got := wrong(s.Train); got != 1200 {
		t.Errorf("%d training labels differ: every drawn label must be wrong", got)
	}
	if got := wrong(s.Validation); got != 400 {
		t.Errorf("%d validation labels differ, want int(0.4·1001) = 400", got)
	}
	if got := wrong(all10(5000)); got != 1600 {
		t.Errorf("%d labels differ in all: only those of the split may", got)
	}
	if &r.Images.Pixels[0] != &d.Train.Pixels[0] || !slices.Equal(r.Clean, d.Train.Labels) {
		t.Error("the images were copied, or the right labels lost")
	}
	// The other classes are all alike: 1200 in 9 classes, five standard deviations.
	var shift [10]int
	for _, i := range r.Wrong {
		shift[(r.Images.Labels[i]+10-r.Clean[i])%10]++
	}
	for k, n := range shift[1:] {
		if math.Abs(float64(n)-1200.0/9) > 5*math.Sqrt(1200.0/9*8/9) {
			t.Errorf("%d labels moved by %d", n, k+1)
		}
	}
	again, _ := d.Mislabel(s, Noise{Kind: NoiseSymmetric, Rate: 0.4}, 7)
	other, _ := d.Mislabel(s, Noise{Kind: NoiseSymmetric, Rate: 0.4}, 8)
	if !slices.Equal(again.Images.Labels, r.Images.Labels) || slices.Equal(other.Images.Labels, r.Images.Labels) {
		t.Error("labels do not depend on the seed alone")
	}
	clean, _ := d.Mislabel(s, Noise{Kind: NoiseSymmetric, Rate: 0.4, CleanValidation: true}, 7)
	r = clean
	if wrong(s.Validation) != 0 || wrong(s.Train) != 1200 {
		t.Error("clean_validation changes the training labels or leaves wrong ones")
	}
	for _, rate := range []float64{0, 1, -1, math.NaN()} {
		if _, err := d.Mislabel(s, Noise{Kind: NoiseSymmetric, Rate: rate}, 7); err == nil {
			t.Errorf("rate %v: no error", rate)
		}
	}
}

func all10(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestAsymmetricNoise(t *testing.T) {
	d := standInDigits(1000, 10)
	d.Classes = cifar10Classes
	s, err := d.Split(1, 0, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := d.Mislabel(s, Noise{Kind: NoiseAsymmetric, Rate: 0.4}, 7)
	if err != nil {
		t.Fatal(err)
	}
	// Five of ten classes are subject to the noise: 40 of 100 images of each hundred of theirs, over the five together.
	if len(r.Wrong) != 200 {
		t.Errorf("%d wrong labels, want 200", len(r.Wrong))
	}
	name := func(c uint8) string { return d.Classes[c] }
	pairs := map[string]string{"truck": "automobile", "bird": "airplane", "deer": "horse", "cat": "dog", "dog": "cat"}
	for _, i := range r.Wrong {
		if from, to := name(r.Clean[i]), name(r.Images.Labels[i]); pairs[from] != to {
			t.Fatalf("%s became %s", from, to)
		}
	}
	d.Classes = slices.Clone(mnist.classes)
	if r, err = d.Mislabel(s, Noise{Kind: NoiseAsymmetric, Rate: 0.3}, 7); err != nil || len(r.Wrong) != 300 {
		t.Fatalf("%d wrong labels, %v", len(r.Wrong), err)
	}
	for _, i := range r.Wrong {
		if r.Images.Labels[i] != (r.Clean[i]+1)%10 {
			t.Fatalf("%d became %d", r.Clean[i], r.Images.Labels[i])
		}
	}
}

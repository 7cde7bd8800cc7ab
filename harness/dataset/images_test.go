package dataset

import (
	"strings"
	"testing"
)

func digits(t testing.TB) *Data {
	t.Helper()
	d, err := Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDigits(t *testing.T) {
	d := digits(t)
	if d.Train.Len() != 1297 || d.Test.Len() != 500 || d.Train.H != 8 || d.Train.W != 8 || d.Train.C != 1 || len(d.Classes) != 10 {
		t.Fatalf("%d training and %d test images of %d×%d×%d, %d classes", d.Train.Len(), d.Test.Len(), d.Train.H, d.Train.W, d.Train.C, len(d.Classes))
	}
	for _, im := range []*Images{&d.Train, &d.Test} {
		if err := im.check(10); err != nil {
			t.Error(err)
		}
	}
	// The published counts of the 1797 images, digit by digit.
	want := []int{178, 182, 177, 183, 181, 182, 181, 179, 174, 180}
	train, test := d.Train.count(10), d.Test.count(10)
	for c := range want {
		if train[c]+test[c] != want[c] {
			t.Errorf("digit %d: %d images, want %d", c, train[c]+test[c], want[c])
		}
	}
	// The first line of the file: 0,0,5,13,9,1,0,0 and so on, label 0; round(v·255/16) by hand.
	if got, want := [8]uint8(d.Train.Image(0)[:8]), [8]uint8{0, 0, 80, 207, 143, 16, 0, 0}; got != want || d.Train.Labels[0] != 0 {
		t.Errorf("first row %v of a %d, want %v of a 0", got, d.Train.Labels[0], want)
	}
	var top uint8
	for _, v := range d.Train.Pixels {
		top = max(top, v)
	}
	if top != 255 {
		t.Errorf("the largest pixel is %d, want 255", top)
	}
	if got, err := Digest("digits"); err != nil || got != d.Digest || len(got) != 64 {
		t.Errorf("digest %q, %v; the data says %q", got, err, d.Digest)
	}
}

// The digest is part of every record's identity: it may change only with the data.
func TestDigitsDigestIsGolden(t *testing.T) {
	const want = "20fb0b1d4c1e3b87541df81124caeb0023db6918555db22a7fb589b5253109ca"
	if got := digits(t).Digest; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
}

func TestDigestSeesEverything(t *testing.T) {
	base := func() *Images { return &Images{H: 1, W: 2, C: 1, Pixels: []uint8{1, 2, 3, 4}, Labels: []uint8{0, 1}} }
	want := digest(base(), base())
	if want != digest(base(), base()) {
		t.Fatal("the digest is not a function of the data")
	}
	changes := map[string]func(a, b *Images){
		"pixel":       func(a, _ *Images) { a.Pixels[3]++ },
		"label":       func(a, _ *Images) { a.Labels[1]++ },
		"test pixel":  func(_, b *Images) { b.Pixels[0]++ },
		"shape":       func(a, _ *Images) { a.H, a.W = 2, 1 },
		"moved label": func(a, b *Images) { a.Labels, b.Labels = a.Labels[:1], append([]uint8{a.Labels[1]}, b.Labels...) },
	}
	for name, change := range changes {
		a, b := base(), base()
		change(a, b)
		if digest(a, b) == want {
			t.Errorf("changing a %s does not change the digest", name)
		}
	}
}

func TestUnknownName(t *testing.T) {
	_, err := Load("cifar11")
	if err == nil || !strings.Contains(err.Error(), `"cifar10"`) {
		t.Errorf("error %v does not name the data sets there are", err)
	}
}

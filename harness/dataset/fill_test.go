package dataset

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// noise has n images with pixels of a random stream.
func noise(n, h, w, c int) *Images {
	im := &Images{H: h, W: w, C: c, Pixels: make([]uint8, n*h*w*c), Labels: make([]uint8, n)}
	r := rng.New(1, "test", 0)
	for i := range im.Pixels {
		im.Pixels[i] = uint8(r.IntN(256))
	}
	for i := range im.Labels {
		im.Labels[i] = uint8(r.IntN(10))
	}
	return im
}

// The reference takes the definition literally: two passes in float64.
func TestNormalizerAgainstTwoPasses(t *testing.T) {
	for _, c := range []int{1, 2, 3} {
		d := &Data{Train: *noise(7, 5, 4, c)}
		n := d.Normalizer()
		for k := range c {
			var x []float64
			for i := k; i < len(d.Train.Pixels); i += c {
				x = append(x, float64(d.Train.Pixels[i])/255)
			}
			var mean, square float64
			for _, v := range x {
				mean += v / float64(len(x))
			}
			for _, v := range x {
				square += (v - mean) * (v - mean) / float64(len(x))
			}
			if math.Abs(float64(n.Mean[k])-mean) > 1e-7 || math.Abs(float64(n.Std[k])-math.Sqrt(square)) > 1e-7 {
				t.Errorf("%d channels, channel %d: mean %v, std %v; want %v, %v", c, k, n.Mean[k], n.Std[k], mean, math.Sqrt(square))
			}
		}
	}
}

func TestNormalizerOfAConstantChannel(t *testing.T) {
	d := toy(4)
	n := d.Normalizer()
	if n.Mean[0] != 0 || n.Std[0] != 1 {
		t.Errorf("mean %v, std %v; want 0, 1", n.Mean[0], n.Std[0])
	}
}

func someNormalizer(c int) Normalizer {
	return Normalizer{Mean: []float32{0.5, 0.4, 0.3, 0.2, 0.1}[:c], Std: []float32{0.25, 0.2, 0.3, 0.1, 0.15}[:c]}
}

func TestFillIsTheFormula(t *testing.T) {
	for _, c := range []int{1, 2, 3, 5} {
		im, n := noise(6, 5, 4, c), someNormalizer(c)
		idx := []int{4, 0, 4}
		dst, labels := make([]float32, 3*im.Size()), make([]int32, 3)
		n.Fill(dst, labels, im, idx, Augment{})
		for k, i := range idx {
			if labels[k] != int32(im.Labels[i]) {
				t.Errorf("label %d of example %d, want %d", labels[k], i, im.Labels[i])
			}
			for j, v := range im.Image(i) {
				want := (float64(v)/255 - float64(n.Mean[j%c])) / float64(n.Std[j%c])
				if got := float64(dst[k*im.Size()+j]); math.Abs(got-want) > 1e-6*max(1, math.Abs(want)) {
					t.Fatalf("%d channels, example %d, value %d: %v, want %v", c, i, j, got, want)
				}
			}
		}
	}
}

// The reference builds the padded image and cuts and mirrors it pixel by pixel.
func TestCropFlipAgainstPadding(t *testing.T) {
	for _, shape := range [][3]int{{32, 32, 3}, {8, 8, 1}, {16, 24, 2}} {
		h, w, c := shape[0], shape[1], shape[2]
		im, n := noise(40, h, w, c), someNormalizer(c)
		idx := make([]int, 40)
		for i := range idx {
			idx[i] = i
		}
		plain, got := make([]float32, 40*im.Size()), make([]float32, 40*im.Size())
		labels := make([]int32, 40)
		n.Fill(plain, labels, im, idx, Augment{})
		a := Augment{Kind: AugmentCropFlip, Seed: 5, Epoch: 2}
		n.Fill(got, labels, im, idx, a)
		var zero [256]float32
		for i := range idx {
			move := a.draw(h, w, i)
			dy, dx, flip := move.dy, move.dx, move.flip
			for y := range h {
				for x := range w {
					for k := range c {
						sy, sx := y+dy, x+dx
						if flip {
							sx = w - 1 - x + dx
						}
						n.table(k, &zero)
						want := zero[0]
						if sy >= 0 && sy < h && sx >= 0 && sx < w {
							want = plain[i*im.Size()+(sy*w+sx)*c+k]
						}
						if v := got[i*im.Size()+(y*w+x)*c+k]; v != want {
							t.Fatalf("%v, example %d moved (%d, %d), mirrored %v: value (%d, %d, %d) is %v, want %v", shape, i, dy, dx, flip, y, x, k, v, want)
						}
					}
				}
			}
		}
	}
}

func TestCropFlipIsUniform(t *testing.T) {
	const n = 8100
	var ys, xs [9]int
	flips := 0
	for i := range n {
		c := Augment{Kind: AugmentCropFlip, Seed: 1, Epoch: 3}.draw(32, 32, i)
		dy, dx, flip := c.dy, c.dx, c.flip
		ys[dy+4]++
		xs[dx+4]++
		if flip {
			flips++
		}
	}
	// Chi-square with 8 degrees of freedom: 26.1 is its 99.9 % point.
	for _, counts := range [][9]int{ys, xs} {
		chi := 0.0
		for _, m := range counts {
			chi += float64(m-n/9) * float64(m-n/9) / (n / 9)
		}
		if chi > 26.1 {
			t.Errorf("offsets are not uniform: %v", counts)
		}
	}
	if math.Abs(float64(flips)-n/2) > 4*math.Sqrt(n)/2 {
		t.Errorf("%d of %d mirrored", flips, n)
	}
}

// The parts of the augmentations are the same in all of them, and do what they say.
func TestAugmentationsAgree(t *testing.T) {
	im, n := noise(40, 32, 32, 3), someNormalizer(3)
	plain := make([]float32, im.Size())
	got := make([]float32, im.Size())
	label := make([]int32, 1)
	for i := range 40 {
		whole := Augment{Kind: AugmentCropFlipCutout, Seed: 5, Epoch: 2}
		all := whole.draw(32, 32, i)
		for kind, want := range map[string]change{
			AugmentCrop:     {dy: all.dy, dx: all.dx},
			AugmentFlip:     {flip: all.flip},
			AugmentCropFlip: {dy: all.dy, dx: all.dx, flip: all.flip},
			AugmentCutout:   {top: all.top, bottom: all.bottom, left: all.left, right: all.right},
		} {
			if c := (Augment{Kind: kind, Seed: 5, Epoch: 2}).draw(32, 32, i); c != want {
				t.Errorf("%s does %+v to example %d, want %+v", kind, c, i, want)
			}
		}
		n.Fill(plain, label, im, []int{i}, Augment{Kind: AugmentCropFlip, Seed: 5, Epoch: 2})
		n.Fill(got, label, im, []int{i}, whole)
		cut := 0
		for p := range got {
			y, x := p/96, p/3%32
			switch inside := y >= all.top && y < all.bottom && x >= all.left && x < all.right; {
			case inside && got[p] != 0:
				t.Fatalf("example %d: pixel (%d, %d) in the square is %v", i, y, x, got[p])
			case inside:
				cut++
			case got[p] != plain[p]:
				t.Fatalf("example %d: pixel (%d, %d) outside the square changed", i, y, x)
			}
		}
		// At least a quarter of the square of 16×16, where its middle is in a corner.
		if cut < 3*8*8 || cut > 3*16*16 {
			t.Errorf("example %d: %d values cut out", i, cut)
		}
	}
	// The middle of the square is uniform: 16×16 where it is far from the border, 8 rows where it is the first pixel.
	rows := map[int]int{}
	for i := range 3200 {
		c := Augment{Kind: AugmentCutout, Seed: 1}.draw(32, 32, i)
		rows[c.bottom-c.top]++
	}
	// 8 … 15 rows at the upper border for the middles 0 … 7, and 15 … 9 at the lower one for 25 … 31; otherwise 16.
	if math.Abs(float64(rows[8])-100) > 50 || math.Abs(float64(rows[12])-200) > 70 || math.Abs(float64(rows[16])-1700) > 200 {
		t.Errorf("heights of the square: %v", rows)
	}
}

func TestAugmentationBelongsToTheExample(t *testing.T) {
	im, n := noise(20, 32, 32, 3), someNormalizer(3)
	fill := func(a Augment, idx ...int) []float32 {
		dst := make([]float32, len(idx)*im.Size())
		n.Fill(dst, make([]int32, len(idx)), im, idx, a)
		return dst
	}
	a := Augment{Kind: AugmentCropFlip, Seed: 7, Epoch: 1}
	all := fill(a, 0, 1, 2, 3, 4, 5, 6, 7)
	if !slices.Equal(fill(a, 6), all[6*im.Size():7*im.Size()]) {
		t.Error("an example depends on its batch or its position")
	}
	for _, b := range []Augment{{Kind: AugmentCropFlip, Seed: 8, Epoch: 1}, {Kind: AugmentCropFlip, Seed: 7, Epoch: 2}} {
		if slices.Equal(fill(b, 0, 1, 2, 3, 4, 5, 6, 7), all) {
			t.Errorf("%+v gives the same images as %+v", b, a)
		}
	}
}

func TestFillHardlyAllocates(t *testing.T) {
	for _, c := range []int{1, 3} {
		im, n := noise(16, 32, 32, c), someNormalizer(c)
		idx := []int{3, 1, 4, 1, 5, 9, 2, 6}
		dst, labels := make([]float32, len(idx)*im.Size()), make([]int32, len(idx))
		for _, kind := range Augments() {
			a := Augment{Kind: kind, Seed: 1}
			most := 0.0
			if a.moves() {
				most = float64(len(idx)) // the random stream of each example
			}
			if got := testing.AllocsPerRun(20, func() { n.Fill(dst, labels, im, idx, a) }); got > most {
				t.Errorf("%d channels, %s: %v allocations", c, kind, got)
			}
		}
	}
}

func BenchmarkFill(b *testing.B) {
	im, n := noise(512, 32, 32, 3), someNormalizer(3)
	idx := rng.New(1, "test", 1).Perm(512)[:128]
	dst, labels := make([]float32, len(idx)*im.Size()), make([]int32, len(idx))
	for _, kind := range Augments() {
		b.Run(kind, func(b *testing.B) {
			b.SetBytes(int64(len(idx) * im.Size()))
			for i := range b.N {
				n.Fill(dst, labels, im, idx, Augment{Kind: kind, Epoch: uint64(i % 1000)})
			}
		})
	}
}

package shifts

import (
	"bytes"
	"compress/gzip"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/rng"
)

func corrupt(t testing.TB, kind string, severity int, seed uint64, im *dataset.Images) *dataset.Images {
	t.Helper()
	out, err := Apply(kind, severity, seed, im)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// flat is n images of one value.
func flat(n, h, w, c int, v uint8) *dataset.Images {
	return &dataset.Images{H: h, W: w, C: c, Pixels: bytes.Repeat([]byte{v}, n*h*w*c), Labels: make([]uint8, n)}
}

// synthetic is the image of testdata/reference.gz.
func synthetic() *dataset.Images {
	im := flat(1, 32, 32, 3, 0)
	for y := range 32 {
		for x := range 32 {
			for c := range 3 {
				im.Pixels[(y*32+x)*3+c] = uint8(5*y + 3*x + 40*c + x*y*(c+1)/7 + (x/8+y/8)%2*60)
			}
		}
	}
	return im
}

// digits are the test images of the embedded data.
func digits(t testing.TB) *dataset.Images {
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	return &d.Test
}

// enlarged has the first n images at four times the width and height, bilinearly interpolated: digits of 32×32.
func enlarged(im *dataset.Images, n int) *dataset.Images {
	out := flat(n, 4*im.H, 4*im.W, im.C, 0)
	copy(out.Labels, im.Labels)
	for i := range n {
		at := func(y, x, c int) float64 {
			y, x = min(max(y, 0), im.H-1), min(max(x, 0), im.W-1)
			return float64(im.Image(i)[(y*im.W+x)*im.C+c])
		}
		for k := range out.Size() {
			y, x, c := (float64(k/out.C/out.W)-1.5)/4, (float64(k/out.C%out.W)-1.5)/4, k%out.C
			y0, x0 := math.Floor(y), math.Floor(x)
			fy, fx, iy, ix := y-y0, x-x0, int(y0), int(x0)
			v := (1-fy)*((1-fx)*at(iy, ix, c)+fx*at(iy, ix+1, c)) + fy*((1-fx)*at(iy+1, ix, c)+fx*at(iy+1, ix+1, c))
			out.Image(i)[k] = uint8(v + 0.5)
		}
	}
	return out
}

// mse is the mean squared difference of two sets of images, in squared pixel values.
func mse(a, b *dataset.Images) float64 {
	sum := 0.0
	for i := range a.Pixels {
		d := float64(a.Pixels[i]) - float64(b.Pixels[i])
		sum += d * d
	}
	return sum / float64(len(a.Pixels))
}

// The libraries that the published corruptions are made of give the same bytes.
func TestAgainstTheOriginalsLibraries(t *testing.T) {
	f, err := os.Open("testdata/reference.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"gaussian_blur", "contrast", "brightness", "pixelate", "saturate", "defocus_blur", "zoom_blur"} {
		for severity := 1; severity <= Severities; severity++ {
			want := all[:3072]
			all = all[3072:]
			got := corrupt(t, kind, severity, 1, synthetic()).Pixels
			for i := range want {
				// The last bit of exp and of sums is the machine's, and truncation may show it. OpenCV fuses products with
				// sums where the machine can.
				d := int(got[i]) - int(want[i])
				if d != 0 && (runtime.GOARCH == "amd64" && kind != "defocus_blur" || d*d > 1) {
					t.Errorf("%s %d: value %d is %d, want %d", kind, severity, i, got[i], want[i])
					break
				}
			}
		}
	}
	if len(all) != 0 {
		t.Errorf("%d bytes of the reference are left", len(all))
	}
}

// The more severe, the further from the clean image.
func TestSeverityIsMonotone(t *testing.T) {
	monotone := func(name string, im *dataset.Images, kinds ...string) {
		t.Helper()
		for _, kind := range kinds {
			last := 0.0
			for severity := 1; severity <= Severities; severity++ {
				d := mse(im, corrupt(t, kind, severity, 1, im))
				if d <= last {
					t.Errorf("%s on %s: severity %d has mean squared difference %g, the one before %g", kind, name, severity, d, last)
				}
				last = d
			}
		}
	}
	// What is measured in pixels has too few of them on 8×8 images.
	noises := []string{"gaussian_noise", "shot_noise", "impulse_noise", "speckle_noise"}
	monotone("digits of 8×8", digits(t), append([]string{"contrast", "brightness"}, noises...)...)
	monotone("digits of 32×32", enlarged(digits(t), 50), append([]string{"contrast", "brightness", "gaussian_blur", "zoom_blur", "jpeg_compression"}, noises...)...)
	// The grid of an enlarged digit meets that of pixelate more or less by chance; white noise has no grid.
	white := flat(20, 32, 32, 3, 0)
	r := rng.New(1, "test", 0)
	for i := range white.Pixels {
		white.Pixels[i] = uint8(r.IntN(256))
	}
	monotone("white noise", white, "pixelate", "contrast", "gaussian_blur")
	if d, err := dataset.Load("cifar10"); err == nil {
		// Of the others the published severities are not: glass has fewer passes at 3 than at 4 and less blur at 4,
		// motion 3 and 4 differ in the end of the streak alone, frost keeps less of the image at 3 than at 2, elastic changes
		// from large smooth displacements to small rough ones, spatter from water to mud, saturate from less colour to more.
		few := d.Test.Select([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19})
		monotone("CIFAR-10", few, append([]string{"contrast", "brightness", "gaussian_blur", "pixelate", "defocus_blur",
			"zoom_blur", "fog", "jpeg_compression"}, noises...)...)
	}
}

func TestApplyIsAFunctionOfItsArguments(t *testing.T) {
	im := digits(t)
	before := slices.Clone(im.Pixels)
	for _, kind := range Kinds() {
		a := corrupt(t, kind, 5, 1, im)
		if !slices.Equal(im.Pixels, before) {
			t.Fatalf("%s changes its input", kind)
		}
		if a.H != im.H || a.W != im.W || a.C != im.C || !slices.Equal(a.Labels, im.Labels) {
			t.Errorf("%s changes the shape or the labels", kind)
		}
		procs := runtime.GOMAXPROCS(1)
		b := corrupt(t, kind, 5, 1, im)
		runtime.GOMAXPROCS(procs)
		if !slices.Equal(a.Pixels, b.Pixels) {
			t.Errorf("%s depends on the number of workers", kind)
		}
		// An image is corrupted in the same way whatever the others are.
		few := &dataset.Images{H: im.H, W: im.W, C: im.C, Pixels: slices.Clone(im.Pixels[:5*im.Size()]), Labels: im.Labels[:5]}
		clear(few.Pixels[:4*im.Size()])
		if c := corrupt(t, kind, 5, 1, few); !slices.Equal(c.Image(4), a.Image(4)) {
			t.Errorf("%s of one image depends on the others", kind)
		}
		other := corrupt(t, kind, 5, 2, im)
		if same := slices.Equal(a.Pixels, other.Pixels); same == slices.Contains(drawn, kind) {
			t.Errorf("%s with another seed: same images %v", kind, same)
		}
	}
}

// drawn are the corruptions with random numbers in them. Displacements of glass are less than a pixel of an 8×8 image.
var drawn = []string{"gaussian_noise", "shot_noise", "impulse_noise", "motion_blur", "snow", "frost_go", "fog", "elastic_transform", "speckle_noise", "spatter"}

// moments returns mean and variance of the values of flat images, in [0,1], with the half unit that truncation takes.
func moments(im *dataset.Images) (mean, variance float64) {
	n := float64(len(im.Pixels))
	var sum, square float64
	for _, v := range im.Pixels {
		x := (float64(v) + 0.5) / 255
		sum += x
		square += x * x
	}
	return sum / n, square/n - sum/n*sum/n
}

// Photons: the mean stays, the variance is x/c. Speckle: the standard deviation is proportional to the value.
func TestShotAndSpeckleMoments(t *testing.T) {
	const level = 102 // 0.4
	im := flat(20, 32, 32, 3, level)
	n := float64(len(im.Pixels))
	for s := range Severities {
		for kind, want := range map[string]float64{
			"shot_noise":    0.4/shotNoiseCount[s] + 1.0/12/255/255,
			"speckle_noise": 0.16*speckleNoiseStd[s]*speckleNoiseStd[s] + 1.0/12/255/255,
		} {
			mean, variance := moments(corrupt(t, kind, s+1, 3, im))
			// A photon count is a multiple of 1/c: its own grid meets that of the pixels, half a unit at most.
			if math.Abs(mean-0.4) > 4*math.Sqrt(want/n)+0.5/255 {
				t.Errorf("%s %d: mean %g", kind, s+1, mean)
			}
			if math.Abs(variance/want-1) > 0.05 {
				t.Errorf("%s %d: variance %g, want %g", kind, s+1, variance, want)
			}
		}
	}
	black := flat(1, 8, 8, 3, 0)
	for _, kind := range []string{"shot_noise", "speckle_noise"} {
		if d := mse(black, corrupt(t, kind, 5, 1, black)); d != 0 {
			t.Errorf("%s of black has mean squared difference %g", kind, d)
		}
	}
}

func TestImpulseNoiseShares(t *testing.T) {
	im := flat(40, 32, 32, 3, 127)
	n := float64(len(im.Pixels))
	for s, share := range impulseNoiseShare {
		var black, white, other float64
		for _, v := range corrupt(t, "impulse_noise", s+1, 5, im).Pixels {
			switch v {
			case 0:
				black++
			case 255:
				white++
			case 127:
			default:
				other++
			}
		}
		sd := math.Sqrt(share / 2 * (1 - share/2) / n)
		if other != 0 || math.Abs(black/n-share/2) > 4*sd || math.Abs(white/n-share/2) > 4*sd {
			t.Errorf("severity %d: %g black, %g white, %g others of %g", s+1, black/n, white/n, other, n)
		}
	}
}

// What moves pixels about leaves an image of one value alone, up to a unit of truncation or of colour conversion.
func TestFlatImagesStayFlat(t *testing.T) {
	im := flat(3, 32, 32, 3, 130)
	for _, kind := range []string{"defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "elastic_transform", "pixelate", "gaussian_blur", "contrast", "jpeg_compression"} {
		for severity := 1; severity <= Severities; severity++ {
			for _, v := range corrupt(t, kind, severity, 1, im).Pixels {
				if v < 129 || v > 131 {
					t.Fatalf("%s %d of a flat image has value %d", kind, severity, v)
				}
			}
		}
	}
}

func TestZoomFactors(t *testing.T) {
	for s, want := range []int{7, 12, 16, 21, 26} {
		f := zoomFactors(zoomBlurEnd[s])
		if len(f) != want || f[0] != 1 || math.Abs(f[len(f)-1]-(1+0.01*float64(want-1))) > 1e-12 {
			t.Errorf("severity %d: %d factors, %v", s+1, len(f), f)
		}
	}
}

func TestKernelsSumToOne(t *testing.T) {
	for s, p := range defocusBlurs {
		kernel, _ := disk(p.radius, p.alias)
		sum := 0.0
		for _, v := range kernel {
			sum += v
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("disk %d sums to %g", s+1, sum)
		}
	}
	for s, p := range motionBlurs {
		sum := 0.0
		for _, v := range newStreak(p.radius, p.std) {
			sum += v
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("streak %d sums to %g", s+1, sum)
		}
	}
}

// A streak of angle 0 lies in the row of its pixel, to the left of it: a pixel collects what is to its right.
func TestStreakOfAPoint(t *testing.T) {
	s := shape{5, 9, 1}
	src, dst := make([]float64, 45), make([]float64, 45)
	src[2*9+6] = 1
	k := newStreak(1, 1)
	k.draw(dst, src, s, 0)
	for i, v := range dst {
		want := 0.0
		if d := 6 - i%9; i/9 == 2 && d >= 0 && d < len(k) {
			want = k[d]
		}
		if v != want {
			t.Errorf("row %d, column %d: %g, want %g", i/9, i%9, v, want)
		}
	}
}

// The affine part maps the moved points back to where they were.
func TestRandomAffine(t *testing.T) {
	s := shape{32, 32, 3}
	for k := range uint64(20) {
		m := randomAffine(rng.New(k, "test", 0), s, 2.5)
		r := rng.New(k, "test", 0)
		for _, p := range [3][2]float64{{26, 26}, {26, 6}, {6, 6}} {
			x := p[0] + 2.5*(2*r.Float64()-1)
			y := p[1] + 2.5*(2*r.Float64()-1)
			if u, v := m[0]*x+m[1]*y+m[2], m[3]*x+m[4]*y+m[5]; math.Abs(u-p[0]) > 1e-9 || math.Abs(v-p[1]) > 1e-9 {
				t.Errorf("draw %d: %v goes to %g, %g", k, p, u, v)
			}
		}
	}
}

// A plasma spans 0 to 1 and is rougher the slower its amplitude decays.
func TestPlasma(t *testing.T) {
	rough := func(decay float64) float64 {
		sum := 0.0
		p := newPlasma(shape{32, 32, 1})
		for k := range uint64(50) {
			p.draw(rng.New(k, "test", 0), decay)
			lo, hi := slices.Min(p.field), slices.Max(p.field)
			if lo != 0 || hi != 1 {
				t.Fatalf("from %g to %g", lo, hi)
			}
			for y := range 32 {
				for x := 1; x < 32; x++ {
					sum += math.Abs(p.at(y, x) - p.at(y, x-1))
				}
			}
		}
		return sum
	}
	if a, b, c := rough(3), rough(2), rough(1.5); !(a < b && b < c) {
		t.Errorf("roughness %g, %g, %g", a, b, c)
	}
	if n := newPlasma(shape{28, 33, 1}).size; n != 64 {
		t.Errorf("a field for 28×33 has side %d", n)
	}
}

// The benchmark's fifteen and the four for tuning.
func TestKinds(t *testing.T) {
	if len(Kinds()) != 19 || len(Standard()) != 15 || slices.Contains(Standard(), "gaussian_blur") || !slices.Contains(Standard(), "jpeg_compression") {
		t.Error(Kinds(), Standard())
	}
}

func TestGaussianNoiseMoments(t *testing.T) {
	im := flat(20, 32, 32, 3, 127)
	n := float64(len(im.Pixels))
	for severity, std := range gaussianNoiseStd {
		out := corrupt(t, "gaussian_noise", severity+1, 3, im)
		var sum, square float64
		for _, v := range out.Pixels {
			// Truncation takes half a unit on average and adds the variance of a uniform number.
			d := (float64(v) + 0.5 - 127) / 255
			sum += d
			square += d * d
		}
		want := math.Sqrt(std*std + 1.0/12/255/255)
		mean := sum / n
		if math.Abs(mean) > 4*want/math.Sqrt(n) {
			t.Errorf("severity %d: mean %g", severity+1, mean)
		}
		if got := math.Sqrt(square/n - mean*mean); math.Abs(got/want-1) > 4/math.Sqrt(2*n) {
			t.Errorf("severity %d: standard deviation %g, want %g", severity+1, got, want)
		}
	}
}

func TestGaussianNoiseIsItsStream(t *testing.T) {
	im := flat(4, 2, 3, 1, 100)
	out := corrupt(t, "gaussian_noise", 3, 9, im)
	r := rng.New(9, "shift/gaussian_noise/3", 2)
	for k, got := range out.Image(2) {
		if want := uint8((100.0/255 + 0.08*r.Norm()) * 255); got != want {
			t.Errorf("value %d is %d, want %d", k, got, want)
		}
	}
	if slices.Equal(out.Image(0), out.Image(1)) {
		t.Error("two images got the same noise")
	}
	// Black and white are clipped: noise can only move them inwards.
	for v, outside := range map[uint8]func(uint8) bool{0: func(x uint8) bool { return x > 128 }, 255: func(x uint8) bool { return x < 128 }} {
		out := corrupt(t, "gaussian_noise", 5, 1, flat(1, 32, 32, 1, v))
		if slices.ContainsFunc(out.Pixels, outside) {
			t.Errorf("noise on %d wraps around", v)
		}
	}
}

func TestContrastShrinksCentredValues(t *testing.T) {
	im := digits(t)
	for severity, c := range contrastFactor {
		out := corrupt(t, "contrast", severity+1, 1, im)
		for i := range im.Len() {
			mean := 0.0
			for _, v := range im.Image(i) {
				mean += float64(v) / float64(im.Size())
			}
			for k, v := range im.Image(i) {
				want := (float64(v)-mean)*c + mean
				// Truncation takes less than one; an exact whole number may lose all of one to the last bit.
				if got := float64(out.Image(i)[k]); got > want+1e-9 || got < want-1-1e-9 {
					t.Fatalf("severity %d, image %d: %g became %g, want %g truncated", severity+1, i, float64(v), got, want)
				}
			}
		}
	}
}

// Each channel has its own mean: a constant channel stays, whatever the others do.
func TestContrastIsPerChannel(t *testing.T) {
	im := synthetic()
	for i := 1; i < len(im.Pixels); i += 3 {
		im.Pixels[i] = 200
	}
	out := corrupt(t, "contrast", 5, 1, im)
	for i := 1; i < len(out.Pixels); i += 3 {
		if v := out.Pixels[i]; v != 200 && v != 199 {
			t.Fatalf("the constant channel became %d", v)
		}
	}
}

func TestBrightness(t *testing.T) {
	for severity, want := range []uint8{12, 25, 38, 51, 76} { // 0.05·255 = 12.75 and so on, truncated
		for _, c := range []int{1, 3} {
			if out := corrupt(t, "brightness", severity+1, 1, flat(1, 2, 2, c, 0)); !bytes.Equal(out.Pixels, bytes.Repeat([]byte{want}, 4*c)) {
				t.Errorf("severity %d of black with %d channels: %v, want %d", severity+1, c, out.Pixels, want)
			}
			if out := corrupt(t, "brightness", severity+1, 1, flat(1, 2, 2, c, 255)); !bytes.Equal(out.Pixels, bytes.Repeat([]byte{255}, 4*c)) {
				t.Errorf("severity %d of white with %d channels: %v", severity+1, c, out.Pixels)
			}
		}
	}
	// Hue and saturation are kept, so every channel grows by the factor of the largest.
	im := &dataset.Images{H: 1, W: 2, C: 3, Pixels: []uint8{100, 50, 20, 30, 60, 90}, Labels: []uint8{0}}
	out := corrupt(t, "brightness", 4, 1, im) // V + 0.2
	for p := range 2 {
		in, got := im.Pixels[3*p:3*p+3], out.Pixels[3*p:3*p+3]
		factor := (float64(slices.Max(in)) + 51) / float64(slices.Max(in))
		for k := range in {
			if want := float64(in[k]) * factor; math.Abs(float64(got[k])+0.5-want) > 0.5+1e-9 {
				t.Errorf("pixel %v became %v, want channel %d %g truncated", in, got, k, want)
			}
		}
	}
}

func TestColourModels(t *testing.T) {
	for _, c := range []struct{ r, g, b, h, s, v float64 }{
		{1, 0, 0, 0, 1, 1},
		{0, 1, 0, 1.0 / 3, 1, 1},
		{0, 0, 1, 2.0 / 3, 1, 1},
		{1, 1, 0, 1.0 / 6, 1, 1},
		{0, 0.5, 0.5, 0.5, 1, 0.5},
		{1, 0, 1, 5.0 / 6, 1, 1},
		{0.75, 0.25, 0.25, 0, 2.0 / 3, 0.75},
		{0.3, 0.3, 0.3, 0, 0, 0.3},
		{0, 0, 0, 0, 0, 0},
	} {
		h, s, v := hsv(c.r, c.g, c.b)
		if math.Abs(h-c.h)+math.Abs(s-c.s)+math.Abs(v-c.v) > 1e-12 {
			t.Errorf("hsv(%v) = %v %v %v", c, h, s, v)
		}
	}
	r := rng.New(1, "test", 0)
	for range 1000 {
		a, b, c := r.Float64(), r.Float64(), r.Float64()
		x, y, z := rgb(hsv(a, b, c))
		if math.Abs(x-a)+math.Abs(y-b)+math.Abs(z-c) > 1e-12 {
			t.Fatalf("(%v, %v, %v) there and back is (%v, %v, %v)", a, b, c, x, y, z)
		}
	}
}

func TestBlurKernel(t *testing.T) {
	for _, c := range []struct {
		std    float64
		length int // 1 + the radius int(4σ + 0.5)
	}{{0.1, 1}, {0.4, 3}, {0.6, 3}, {0.7, 4}, {0.8, 4}, {1, 5}, {3, 13}} {
		half := gaussian(c.std)
		if len(half) != c.length {
			t.Errorf("std %g: radius %d, want %d", c.std, len(half)-1, c.length-1)
		}
		sum := half[0]
		for i, w := range half[1:] {
			sum += 2 * w
			if got, want := w/half[0], math.Exp(-float64((i+1)*(i+1))/(2*c.std*c.std)); math.Abs(got/want-1) > 1e-12 {
				t.Errorf("std %g: element %d is %g of the middle, want %g", c.std, i+1, got, want)
			}
		}
		if math.Abs(sum-1) > 1e-14 {
			t.Errorf("std %g: the kernel sums to %v", c.std, sum)
		}
	}
}

// The reference is the double sum over the plane, with a kernel that is normalised in two dimensions.
func TestBlurAgainstDirectConvolution(t *testing.T) {
	im := synthetic()
	for severity, std := range gaussianBlurStd {
		out := corrupt(t, "gaussian_blur", severity+1, 1, im)
		radius := int(4*std + 0.5)
		for _, at := range [][3]int{{0, 0, 0}, {31, 31, 2}, {0, 17, 1}, {16, 15, 0}, {9, 30, 2}} {
			y, x, c := at[0], at[1], at[2]
			var sum, norm float64
			for dy := -radius; dy <= radius; dy++ {
				for dx := -radius; dx <= radius; dx++ {
					w := math.Exp(-float64(dy*dy+dx*dx) / (2 * std * std))
					sy, sx := min(max(y+dy, 0), 31), min(max(x+dx, 0), 31)
					sum += w * float64(im.Pixels[(sy*32+sx)*3+c])
					norm += w
				}
			}
			if got, want := float64(out.Pixels[(y*32+x)*3+c]), sum/norm; got > want+1e-9 || got < want-1-1e-9 {
				t.Errorf("severity %d at %v: %g, want %g truncated", severity+1, at, got, want)
			}
		}
	}
}

// The standard deviation goes with the width: an image of twice the size is blurred twice as far.
func TestBlurScalesWithTheImage(t *testing.T) {
	im := flat(1, 64, 64, 1, 0)
	im.Pixels[32*64+32] = 255
	out := corrupt(t, "gaussian_blur", 5, 1, im)
	// The peak of a Gaussian with σ = 2 is 1/(2π·4).
	if got, want := float64(out.Pixels[32*64+32]), 255/(2*math.Pi*4); got > want+0.1 || got < want-1.1 {
		t.Errorf("peak %g, want %g truncated", got, want)
	}
}

func TestBoxes(t *testing.T) {
	for _, c := range []struct {
		n, m int
		want []box
	}{
		{4, 2, []box{{0, 2}, {2, 4}}},
		{2, 4, []box{{0, 1}, {0, 1}, {1, 2}, {1, 2}}},
		// Boxes (0, 1.5] and (1.5, 3] with the centres 0.5, 1.5, 2.5: the one on the edge belongs to the left.
		{3, 2, []box{{0, 2}, {2, 3}}},
		// Centres 1/3, 1, 5/3 of the result lie in elements 0, 1, 1.
		{2, 3, []box{{0, 1}, {1, 2}, {1, 2}}},
		{5, 5, []box{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}}},
		{7, 1, []box{{0, 7}}},
	} {
		if got := boxes(c.n, c.m); !slices.Equal(got, c.want) {
			t.Errorf("%d to %d: %v, want %v", c.n, c.m, got, c.want)
		}
	}
	// Shrinking the usual sizes uses every element exactly once. (With others, rounding can put the centre of an element
	// that lies on the edge of a box outside both neighbours, 13 to 6, or inside both, 15 to 14. So it does in Pillow.)
	for n := 1; n <= 128; n *= 2 {
		for m := 1; m <= n; m++ {
			next := 0
			for _, b := range boxes(n, m) {
				if b.from != next || b.to <= b.from {
					t.Fatalf("%d to %d: %v", n, m, boxes(n, m))
				}
				next = b.to
			}
			if next != n {
				t.Fatalf("%d to %d: %v", n, m, boxes(n, m))
			}
		}
	}
	for n := 1; n <= 70; n++ {
		for m := 1; m <= 70; m++ {
			for _, b := range boxes(n, m) {
				if b.from < 0 || b.from >= b.to || b.to > n {
					t.Fatalf("%d to %d: %v", n, m, boxes(n, m))
				}
			}
		}
	}
}

func TestResizeByHand(t *testing.T) {
	// Two channels of one row: (10, 1) (20, 2) (31, 4) (40, 6); means 15, 1.5 and 35.5, 5, halves rounded up.
	dst := make([]uint8, 4)
	resize(dst, []uint8{10, 1, 20, 2, 31, 4, 40, 6}, 4, 2, 1, boxes(4, 2))
	if want := []uint8{15, 2, 36, 5}; !slices.Equal(dst, want) {
		t.Errorf("%v, want %v", dst, want)
	}
}

func TestPixelateByHand(t *testing.T) {
	// Severity 4 of 4×4 keeps int(0.75·4) = 3 rows and columns. Boxes of 4/3 take the elements {0}, {1, 2}, {3}, and
	// growing back takes the elements 0, 1, 1, 2: the two in the middle become their mean, first along rows.
	im := &dataset.Images{H: 4, W: 4, C: 1, Labels: []uint8{0}, Pixels: []uint8{
		0, 10, 20, 30,
		40, 50, 60, 70,
		80, 90, 100, 110,
		120, 130, 140, 151,
	}}
	want := []uint8{
		0, 15, 15, 30,
		60, 75, 75, 90,
		60, 75, 75, 90,
		120, 135, 135, 151,
	}
	if out := corrupt(t, "pixelate", 4, 1, im); !slices.Equal(out.Pixels, want) {
		t.Errorf("%v, want %v", out.Pixels, want)
	}
}

func TestErrors(t *testing.T) {
	im := flat(1, 2, 2, 1, 0)
	short := flat(1, 2, 2, 1, 0)
	short.Labels = make([]uint8, 2)
	for _, c := range []struct {
		kind     string
		severity int
		im       *dataset.Images
		want     string
	}{
		{"rain", 1, im, `"gaussian_noise"`},
		{"contrast", 0, im, "1 to 5"},
		{"contrast", 6, im, "1 to 5"},
		{"contrast", 1, flat(1, 2, 2, 2, 0), "1 or 3"},
		{"contrast", 1, short, "expected 8"},
	} {
		if _, err := Apply(c.kind, c.severity, 1, c.im); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %d: error %v does not say %s", c.kind, c.severity, err, c.want)
		}
	}
	if out, err := Apply("contrast", 1, 1, flat(0, 2, 2, 1, 0)); err != nil || out.Len() != 0 {
		t.Errorf("no images: %v", err)
	}
}

func BenchmarkApply(b *testing.B) {
	im := flat(256, 32, 32, 3, 100)
	for _, kind := range Kinds() {
		b.Run(kind, func(b *testing.B) {
			b.SetBytes(int64(len(im.Pixels)))
			for range b.N {
				corrupt(b, kind, 5, 1, im)
			}
		})
	}
}

package shifts

import "github.com/sharpbench/sharpbench/harness/rng"

var fogs = [Severities]struct{ amount, decay float64 }{{0.2, 3}, {0.5, 3}, {0.75, 2.5}, {1, 2}, {1.5, 1.75}}

// fog adds a cloud and keeps the brightest value of the image what it was: (x + a·cloud)·m/(m + a), m the largest x.
func fog(severity int, seed uint64, s shape) apply {
	p := fogs[severity-1]
	cloud := newPlasma(s)
	return func(i int, dst, src []uint8) {
		cloud.draw(rng.New(seed, stream("fog", severity), uint64(i)), p.decay)
		top := uint8(0)
		for _, v := range src {
			top = max(top, v)
		}
		for k, v := range src {
			x := unit[v] + float64(p.amount*cloud.at(k/s.c/s.w, k/s.c%s.w))
			dst[k] = pixel(x * unit[top] / (unit[top] + p.amount))
		}
	}
}

// plasma is a fractal field of values from 0 to 1, made by the diamond-square method on a torus (Fournier, Fussell and
// Carpenter, "Computer rendering of stochastic models", 1982).
type plasma struct {
	size  int // a power of two
	field []float64
}

func newPlasma(s shape) *plasma {
	size := 2
	for size < max(s.h, s.w) {
		size *= 2
	}
	return &plasma{size, make([]float64, size*size)}
}

func (p *plasma) at(y, x int) float64 { return p.field[y*p.size+x] }

// draw makes a new field. The amplitude of the random part is divided by decay from one scale to the next; as in the
// original it enters squared.
func (p *plasma) draw(r *rng.Rand, decay float64) {
	n, f := p.size, p.field
	f[0] = 0
	amplitude := 100.0
	wobble := func() float64 { return amplitude * amplitude * (2*r.Float64() - 1) }
	get := func(y, x int) float64 { return f[(y&(n-1))*n+x&(n-1)] }
	for step := n; step >= 2; step /= 2 {
		half := step / 2
		// The middle of every square, from its corners.
		for y := half; y < n; y += step {
			for x := half; x < n; x += step {
				sum := get(y-half, x-half) + get(y-half, x+half) + get(y+half, x-half) + get(y+half, x+half)
				f[y*n+x] = sum/4 + wobble()
			}
		}
		// The middle of every side, from its ends and the middles beside it.
		for y := 0; y < n; y += half {
			for x := (y + half) % step; x < n; x += step {
				sum := get(y-half, x) + get(y+half, x) + get(y, x-half) + get(y, x+half)
				f[y*n+x] = sum/4 + wobble()
			}
		}
		amplitude /= decay
	}
	lo, hi := f[0], f[0]
	for _, v := range f {
		lo, hi = min(lo, v), max(hi, v)
	}
	for k, v := range f {
		f[k] = (v - lo) / (hi - lo)
	}
}

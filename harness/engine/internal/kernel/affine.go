package kernel

// Affine is the elementwise part of a normalisation with c channels: z = (x-Mean)*Scale + Shift, each step rounded to
// float32 on its own. All three have one element a channel.
type Affine struct {
	Mean, Scale, Shift []float32
}

// Z is z of channel j.
func (f *Affine) Z(x float32, j int) float32 {
	return float32(float32(x-f.Mean[j])*f.Scale[j]) + f.Shift[j]
}

func (f *Affine) check() int {
	c := len(f.Mean)
	if c == 0 || len(f.Scale) != c || len(f.Shift) != c {
		panic("kernel: affine vectors of different lengths")
	}
	return c
}

// Apply computes z for the pixels of x. z is at least as long as x, and may be x.
func (f *Affine) Apply(x, z []float32) {
	c := f.check()
	n := len(x) / c
	z = z[:len(x)]
	done := f.applyVector(x, z, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			z[i*c+j] = f.Z(x[i*c+j], j)
		}
	}
}

// relu is max(0, z), and NaN for NaN.
func relu(z float32) float32 {
	if z < 0 {
		return 0
	}
	return z
}

// ReLU computes y = max(0, z) for the pixels of x. y is at least as long as x.
func (f *Affine) ReLU(x, y []float32) {
	c := f.check()
	n := len(x) / c
	y = y[:len(x)]
	done := f.reluVector(x, y, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			y[i*c+j] = relu(f.Z(x[i*c+j], j))
		}
	}
}

// ReLUPool computes max(0, z) and 2×2 max-pooling of one pair of rows. top and bottom are rows of pixels of which an
// odd last one is left out. y gets the maxima, at the elements of x they come from, and which the places of those: 0
// and 1 in top, 2 and 3 in bottom, the first of equal ones. A maximum over a NaN is NaN.
func (f *Affine) ReLUPool(top, bottom, y, at []float32, which []uint8) {
	c := f.check()
	n := len(top) / (2 * c)
	bottom, y, at, which = bottom[:len(top)], y[:n*c], at[:n*c], which[:n*c]
	if n == 0 {
		return
	}
	done := f.reluPoolVector(top, bottom, y, at, which, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			o, left, right := i*c+j, 2*i*c+j, (2*i+1)*c+j
			from, place := top[left], uint8(0)
			best := f.Z(from, j)
			nan := best != best
			for k, x := range [3]float32{top[right], bottom[left], bottom[right]} {
				z := f.Z(x, j)
				if z > best {
					best, from, place = z, x, uint8(k+1)
				}
				nan = nan || z != z
			}
			if nan {
				best = nan32
			}
			y[o], at[o], which[o] = relu(best), from, place
		}
	}
}

// Pool is 2×2 max-pooling of one pair of rows of z, one behind the other, of pixels of c channels. x is what z was
// computed from. y, at, which and NaNs are those of ReLUPool.
func Pool(z, x []float32, c int, y, at []float32, which []uint8) {
	line := len(z) / 2
	n := line / (2 * c)
	x, y, at, which = x[:len(z)], y[:n*c], at[:n*c], which[:n*c]
	if n == 0 {
		return
	}
	done := poolVector(z, x, y, at, which, line, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			o, first := i*c+j, 2*i*c+j
			best, from, place := z[first], x[first], uint8(0)
			nan := best != best
			for k, p := range [3]int{first + c, first + line, first + line + c} {
				if z[p] > best {
					best, from, place = z[p], x[p], uint8(k+1)
				}
				nan = nan || z[p] != z[p]
			}
			if nan {
				best = nan32
			}
			y[o], at[o], which[o] = best, from, place
		}
	}
}

// MaskGrad computes d = dy where y > 0 or y is NaN, else 0: the gradient before a ReLU. dy and d are at least as long
// as y.
func MaskGrad(y, dy, d []float32) {
	dy, d = dy[:len(y)], d[:len(y)]
	for i := maskGradVector(y, dy, d); i < len(y); i++ {
		if y[i] <= 0 {
			d[i] = 0
		} else {
			d[i] = dy[i]
		}
	}
}

// ReLUGradSums is GradSums of MaskGrad's d, where y = max(0, z) is computed anew from x: dy and x are pixels.
func (f *Affine) ReLUGradSums(dy, x []float32, mean, s1, s2 []float64) {
	c := f.check()
	n := len(dy) / c
	s1, s2, mean, x = s1[:c], s2[:c], mean[:c], x[:len(dy)]
	done := f.reluGradSumsVector(dy, x, n, mean, s1, s2)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			g, v := float64(f.mask(dy[i*c+j], x[i*c+j], j)), float64(x[i*c+j])
			s1[j] += g
			s2[j] += float64(g * (v - mean[j]))
		}
	}
}

// mask is the gradient before a ReLU behind channel j.
func (f *Affine) mask(dy, x float32, j int) float32 {
	if f.Z(x, j) <= 0 {
		return 0
	}
	return dy
}

// Spread is the gradient of a normalisation: dx = Gain*d - Offset - (x-Mean)*Slope. All have one element a channel;
// every step is rounded on its own.
type Spread struct {
	Mean, Gain, Offset, Slope []float32
}

func (s *Spread) at(d, x float32, j int) float32 {
	return float32(float32(s.Gain[j]*d)-s.Offset[j]) - float32(float32(x-s.Mean[j])*s.Slope[j])
}

func (s *Spread) check() int {
	c := len(s.Mean)
	if c == 0 || len(s.Gain) != c || len(s.Offset) != c || len(s.Slope) != c {
		panic("kernel: spread vectors of different lengths")
	}
	return c
}

// Grad computes dx for the pixels of d. x and dx are at least as long as d.
func (s *Spread) Grad(d, x, dx []float32) {
	c := s.check()
	n := len(d) / c
	x, dx = x[:len(d)], dx[:len(d)]
	done := s.gradVector(d, x, dx, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			dx[i*c+j] = s.at(d[i*c+j], x[i*c+j], j)
		}
	}
}

// ReLUGrad is Grad for MaskGrad's d, where y = f.ReLU of x is computed anew. Both have the same Mean.
func (s *Spread) ReLUGrad(f *Affine, dy, x, dx []float32) {
	c := s.check()
	if f.check() != c || &f.Mean[0] != &s.Mean[0] {
		panic("kernel: spread and affine passes with different means")
	}
	n := len(dy) / c
	x, dx = x[:len(dy)], dx[:len(dy)]
	done := s.reluGradVector(f, dy, x, dx, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			k := i*c + j
			dx[k] = s.at(f.mask(dy[k], x[k], j), x[k], j)
		}
	}
}

// Rest computes dx for the pixels of x where d is 0.
func (s *Spread) Rest(x, dx []float32) {
	c := s.check()
	dx = dx[:len(x)]
	for i := 0; i < len(x); i += c {
		for j, v := range x[i : i+c] {
			dx[i+j] = s.at(0, v, j)
		}
	}
}

// PoolGrad computes dx for a pair of rows of x from the gradient d of their pooled maxima: d counts at the place that
// which names and is 0 elsewhere. An odd last pixel is left out.
func (s *Spread) PoolGrad(d []float32, which []uint8, top, bottom, dTop, dBottom []float32) {
	c := s.check()
	n := len(top) / (2 * c)
	d, which, bottom, dTop, dBottom = d[:n*c], which[:n*c], bottom[:len(top)], dTop[:len(top)], dBottom[:len(top)]
	if n == 0 {
		return
	}
	done := s.poolGradVector(d, which, top, bottom, dTop, dBottom, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			o, left, right := i*c+j, 2*i*c+j, (2*i+1)*c+j
			var g [4]float32
			g[which[o]&3] = d[o]
			dTop[left] = s.at(g[0], top[left], j)
			dTop[right] = s.at(g[1], top[right], j)
			dBottom[left] = s.at(g[2], bottom[left], j)
			dBottom[right] = s.at(g[3], bottom[right], j)
		}
	}
}

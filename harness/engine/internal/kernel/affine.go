package kernel

// Affine is the elementwise part of a normalisation with c channels: z = (x-Mean)*Scale + Shift, each step rounded to
// float32 on its own, followed by max(0, z). All three have one element a channel.
type Affine struct {
	Mean, Scale, Shift []float32
}

// Z is z of channel j.
func (f *Affine) Z(x float32, j int) float32 {
	return float32(float32(x-f.Mean[j])*f.Scale[j]) + f.Shift[j]
}

// relu is max(0, z), and NaN for NaN.
func relu(z float32) float32 {
	if z <= 0 {
		return 0
	}
	return z
}

// ReLU computes y = max(0, z) for the pixels of x. y has the length of x.
func (f *Affine) ReLU(x, y []float32) {
	c := len(f.Mean)
	for i := 0; i < len(x); i += c {
		xs, ys := x[i:i+c], y[i:i+c]
		for j, v := range xs {
			ys[j] = relu(f.Z(v, j))
		}
	}
}

// ReLUPool computes max(0, z) and 2×2 max-pooling of one pair of rows. top and bottom are rows of pixels of which an odd last one
// is left out. y gets the maxima, at the elements of x they come from, and which the places of those: 0 and 1 in top, 2
// and 3 in bottom, the first of equal ones. A maximum over a NaN is NaN.
func (f *Affine) ReLUPool(top, bottom, y, at []float32, which []uint8) {
	c := len(f.Mean)
	for i := 0; i+2*c <= len(top); i += 2 * c {
		o := i / 2
		for j := range c {
			x := top[i+j]
			z := f.Z(x, j)
			best, from, place := z, x, uint8(0)
			nan := z != z
			for k, x := range [3]float32{top[i+c+j], bottom[i+j], bottom[i+c+j]} {
				z := f.Z(x, j)
				if z > best {
					best, from, place = z, x, uint8(k+1)
				}
				nan = nan || z != z
			}
			if nan {
				best = nan32
			}
			y[o+j], at[o+j], which[o+j] = relu(best), from, place
		}
	}
}

// MaskGrad computes d = dy where y > 0 or y is NaN, else 0: the gradient before a ReLU.
func MaskGrad(y, dy, d []float32) {
	dy, d = dy[:len(y)], d[:len(y)]
	for i, v := range y {
		if v <= 0 {
			d[i] = 0
		} else {
			d[i] = dy[i]
		}
	}
}

// Spread is the gradient of a normalisation: dx = Gain*d - Offset - (x-Mean)*Slope. All have one element a channel;
// every step is rounded on its own.
type Spread struct {
	Mean, Gain, Offset, Slope []float32
}

func (s *Spread) at(d, x float32, j int) float32 {
	return float32(float32(float32(s.Gain[j]*d)-s.Offset[j]) - float32(float32(x-s.Mean[j])*s.Slope[j]))
}

// Grad computes dx for the pixels of d and x, all of one length.
func (s *Spread) Grad(d, x, dx []float32) {
	c := len(s.Mean)
	for i := 0; i < len(d); i += c {
		ds, xs, to := d[i:i+c], x[i:i+c], dx[i:i+c]
		for j := range ds {
			to[j] = s.at(ds[j], xs[j], j)
		}
	}
}

// Rest computes dx where d is 0.
func (s *Spread) Rest(x, dx []float32) {
	c := len(s.Mean)
	for i := 0; i < len(x); i += c {
		for j, v := range x[i : i+c] {
			dx[i+j] = s.at(0, v, j)
		}
	}
}

// PoolGrad computes dx for a pair of rows of x from the gradient d of their pooled maxima: d counts at the place that
// which names, 0 elsewhere. An odd last pixel is left out.
func (s *Spread) PoolGrad(d []float32, which []uint8, top, bottom, dTop, dBottom []float32) {
	c := len(s.Mean)
	for i := 0; i+2*c <= len(top); i += 2 * c {
		o := i / 2
		for j := range c {
			var g [4]float32
			g[which[o+j]&3] = d[o+j]
			dTop[i+j] = s.at(g[0], top[i+j], j)
			dTop[i+c+j] = s.at(g[1], top[i+c+j], j)
			dBottom[i+j] = s.at(g[2], bottom[i+j], j)
			dBottom[i+c+j] = s.at(g[3], bottom[i+c+j], j)
		}
	}
}

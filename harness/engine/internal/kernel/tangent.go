package kernel

// Tangent is the derivative of an Affine with c channels along a direction of its input and its coefficients:
// rz = rx*Gain + (x-Mean)*Slope + Offset, where rx is the tangent of x. All have one element a channel; every step is
// rounded on its own.
type Tangent struct {
	Mean, Gain, Slope, Offset []float32
}

// Z is rz of channel j.
func (t *Tangent) Z(x, rx float32, j int) float32 {
	return float32(float32(rx*t.Gain[j])+float32(float32(x-t.Mean[j])*t.Slope[j])) + t.Offset[j]
}

func (t *Tangent) check() int {
	c := len(t.Mean)
	if c == 0 || len(t.Gain) != c || len(t.Slope) != c || len(t.Offset) != c {
		panic("kernel: tangent vectors of different lengths")
	}
	return c
}

// Affine computes rz for the pixels of x. rx and rz are at least as long as x.
func (t *Tangent) Affine(x, rx, rz []float32) {
	c := t.check()
	n := len(x) / c
	rx, rz = rx[:len(x)], rz[:len(x)]
	done := t.affineVector(x, rx, rz, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			rz[i*c+j] = t.Z(x[i*c+j], rx[i*c+j], j)
		}
	}
}

// ReLU computes ry = rz where y > 0 or y is NaN, else 0, for the pixels of x: the tangent of y = max(0, z). rx, y and ry
// are at least as long as x.
func (t *Tangent) ReLU(x, rx, y, ry []float32) {
	c := t.check()
	n := len(x) / c
	rx, y, ry = rx[:len(x)], y[:len(x)], ry[:len(x)]
	done := t.reluVector(x, rx, y, ry, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			k := i*c + j
			if y[k] <= 0 {
				ry[k] = 0
			} else {
				ry[k] = t.Z(x[k], rx[k], j)
			}
		}
	}
}

// Gather stores in at, for one pair of rows of pixels with c channels, the elements at the places that which names: 0 and
// 1 in top, 2 and 3 in bottom (see Affine.ReLUPool). An odd last pixel is left out.
func Gather(top, bottom []float32, which []uint8, c int, at []float32) {
	n := len(top) / (2 * c)
	bottom, which, at = bottom[:len(top)], which[:n*c], at[:n*c]
	done := gatherVector(top, bottom, which, at, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			o, left, right := i*c+j, 2*i*c+j, (2*i+1)*c+j
			at[o] = [4]float32{top[left], top[right], bottom[left], bottom[right]}[which[o]&3]
		}
	}
}

// TangentSums adds rd to t1 and the tangent of d*(x-mean) at constant mean, rd*(x-mean) + d*rx, to t2, channel by channel.
// d, rd, x and rx have the same length; mean, t1 and t2 have c elements.
func TangentSums(d, rd, x, rx []float32, c int, mean, t1, t2 []float64) {
	n := len(d) / c
	rd, x, rx = rd[:len(d)], x[:len(d)], rx[:len(d)]
	t1, t2, mean = t1[:c], t2[:c], mean[:c]
	done := tangentSumsVector(d, rd, x, rx, n, c, mean, t1, t2)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			k := i*c + j
			g := float64(rd[k])
			t1[j] += g
			t2[j] += float64(g*(float64(x[k])-mean[j])) + float64(float64(d[k])*float64(rx[k]))
		}
	}
}

// SpreadTangent is the derivative of a Spread along a direction of its inputs and its coefficients:
//
//	rdx = rd*Gain + d*GainT - rx*Slope - (x-Mean)*SlopeT - OffsetT
//
// with Mean, Gain and Slope of the Spread. OffsetT holds all that has one value a channel. All have one element a
// channel; every step is rounded on its own.
type SpreadTangent struct {
	Mean, Gain, GainT, Slope, SlopeT, OffsetT []float32
}

func (s *SpreadTangent) at(d, rd, x, rx float32, j int) float32 {
	return float32(float32(float32(rd*s.Gain[j])+float32(d*s.GainT[j]))-s.OffsetT[j]) -
		float32(float32(rx*s.Slope[j])+float32(float32(x-s.Mean[j])*s.SlopeT[j]))
}

func (s *SpreadTangent) check() int {
	c := len(s.Mean)
	if c == 0 || len(s.Gain) != c || len(s.GainT) != c || len(s.Slope) != c || len(s.SlopeT) != c || len(s.OffsetT) != c {
		panic("kernel: tangent vectors of different lengths")
	}
	return c
}

// Grad computes rdx for the pixels of d. The others are at least as long as d.
func (s *SpreadTangent) Grad(d, rd, x, rx, rdx []float32) {
	c := s.check()
	n := len(d) / c
	rd, x, rx, rdx = rd[:len(d)], x[:len(d)], rx[:len(d)], rdx[:len(d)]
	done := s.gradVector(d, rd, x, rx, rdx, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			k := i*c + j
			rdx[k] = s.at(d[k], rd[k], x[k], rx[k], j)
		}
	}
}

// Rest computes rdx for the pixels of x where d and rd are 0.
func (s *SpreadTangent) Rest(x, rx, rdx []float32) {
	c := s.check()
	rx, rdx = rx[:len(x)], rdx[:len(x)]
	for i := 0; i < len(x); i += c {
		for j, v := range x[i : i+c] {
			rdx[i+j] = s.at(0, 0, v, rx[i+j], j)
		}
	}
}

// PoolGrad computes rdx for the first row of pixels of x from d and rd of the pooled maxima of a pair of rows: they count
// at the places that which names, 0 and 1 in the first row and, with second set, 2 and 3, and are 0 elsewhere. An odd last
// pixel is left out.
func (s *SpreadTangent) PoolGrad(d, rd []float32, which []uint8, second bool, x, rx, rdx []float32) {
	c := s.check()
	n := len(x) / (2 * c)
	d, rd, which, rx, rdx = d[:n*c], rd[:n*c], which[:n*c], rx[:len(x)], rdx[:len(x)]
	if n == 0 {
		return
	}
	first := uint8(0)
	if second {
		first = 2
	}
	done := s.poolGradVector(d, rd, which, first, x, rx, rdx, n, c)
	if done == c {
		return
	}
	for i := range n {
		for j := done; j < c; j++ {
			o, left, right := i*c+j, 2*i*c+j, (2*i+1)*c+j
			var g, rg [2]float32
			if p := which[o]&3 - first; p < 2 {
				g[p], rg[p] = d[o], rd[o]
			}
			rdx[left] = s.at(g[0], rg[0], x[left], rx[left], j)
			rdx[right] = s.at(g[1], rg[1], x[right], rx[right], j)
		}
	}
}

package engine

import (
	"fmt"
	"math"
	"slices"
)

// ref is the float64 twin of a Net: the same layers written again in the plainest way, images in [h][w][c] loops and
// patches gathered point by point. It takes every derivative from the definition, so that it shares no formula with the
// engine except those of the layers themselves. Tests differentiate it numerically, too.
type ref struct {
	net  *Net
	loss Loss
	mode Mode
	// With frozen set, ReLU and max-pooling decide by the recorded choices instead of their inputs: the function is then
	// smooth and its gradient is the network's.
	frozen  bool
	choices []int
	next    int
	pre     map[int][]image // what goes into activation functions, by the offset of the shift before them; nil: not recorded
}

type image [][][]float64 // [h][w][c]

func newImage(s Shape) image {
	im := make(image, s.H)
	for h := range im {
		im[h] = make([][]float64, s.W)
		for w := range im[h] {
			im[h][w] = make([]float64, s.C)
		}
	}
	return im
}

func (r *ref) choose(now int) int {
	if r.frozen {
		now = r.choices[r.next]
		r.next++
		return now
	}
	r.choices = append(r.choices, now)
	return now
}

// run returns the mean loss of the batch and the logits.
func (r *ref) run(w, buf []float64, b Batch) (float64, [][]float64) {
	r.next = 0
	if !r.frozen {
		r.choices = nil
	}
	in := r.net.Inputs()
	x := make([]image, b.Len())
	for i := range x {
		x[i] = newImage(in)
		for h := range in.H {
			for ww := range in.W {
				for c := range in.C {
					x[i][h][ww][c] = float64(b.X[((i*in.H+h)*in.W+ww)*in.C+c])
				}
			}
		}
	}
	x = r.layers(r.net.layers, w, buf, x)
	logits := make([][]float64, len(x))
	var total float64
	for i := range x {
		logits[i] = x[i][0][0]
		total += r.example(logits[i], b, i)
	}
	for _, v := range w {
		total += r.loss.L2 / 2 * v * v * float64(len(x))
	}
	return total / float64(len(x)), logits
}

// layers runs layers over images, which it leaves as they are.
func (r *ref) layers(layers []layer, w, buf []float64, x []image) []image {
	x = slices.Clone(x)
	for _, l := range layers {
		switch l := l.(type) {
		case *stage:
			x = r.normAct(l.norm, w, buf, r.conv(l.conv, w, x))
		case *conv:
			x = r.conv(l, w, x)
		case *linear:
			x = r.linear(l, w, x)
		case *cosine:
			x = each(x, func(x image) image { return r.cosine(l, w, x) })
		case *avgPool:
			for i := range x {
				mean := newImage(l.out)
				for h := range l.in.H {
					for ww := range l.in.W {
						for c := range l.in.C {
							mean[0][0][c] += x[i][h][ww][c] / float64(l.in.H*l.in.W)
						}
					}
				}
				x[i] = mean
			}
		case *normAct:
			x = r.normAct(l, w, buf, x)
		case *activate:
			for _, im := range x {
				for _, row := range im {
					for _, pixel := range row {
						for c, z := range pixel {
							pixel[c] = r.activate(l.act, z)
						}
					}
				}
			}
		case *residual:
			y := r.layers(l.body.layers, w, buf, x)
			short := r.layers(l.shortcut.layers, w, buf, x)
			for i := range y {
				sum := newImage(l.shape())
				for h := range sum {
					for ww := range sum[h] {
						for c := range sum[h][ww] {
							sum[h][ww][c] = r.activate(l.act, y[i][h][ww][c]+short[i][h][ww][c])
						}
					}
				}
				y[i] = sum
			}
			x = y
		case *reversible:
			x = r.reversible(l, w, buf, x)
		case *patches:
			x = each(x, func(x image) image { return r.patches(l, w, x) })
		case *positions:
			x = each(x, func(x image) image { return r.positions(l, w, x) })
		case *layerNorm:
			x = each(x, func(x image) image { return r.layerNorm(l, w, x) })
		case *attention:
			x = each(x, func(x image) image { return r.attention(l, x) })
		case *mixTokens:
			x = each(x, func(x image) image { return r.mixTokens(l, w, x) })
		default:
			panic(fmt.Sprintf("the twin has no %T", l))
		}
	}
	return x
}

// each applies f to every image.
func each(x []image, f func(image) image) []image {
	y := make([]image, len(x))
	for i := range x {
		y[i] = f(x[i])
	}
	return y
}

func (r *ref) conv(l *conv, w []float64, x []image) []image {
	y := make([]image, len(x))
	for i := range x {
		y[i] = newImage(l.out)
		for h := range l.out.H {
			for ww := range l.out.W {
				for co := range l.out.C {
					var sum float64
					for kh := range l.kernel {
						for kw := range l.kernel {
							hh, wx := h*l.stride+kh-l.kernel/2, ww*l.stride+kw-l.kernel/2
							if hh < 0 || hh >= l.in.H || wx < 0 || wx >= l.in.W {
								continue
							}
							for ci := range l.in.C {
								sum += x[i][hh][wx][ci] * w[l.weight+((kh*l.kernel+kw)*l.in.C+ci)*l.out.C+co]
							}
						}
					}
					y[i][h][ww][co] = sum
				}
			}
		}
	}
	return y
}

func (r *ref) linear(l *linear, w []float64, x []image) []image {
	y := make([]image, len(x))
	for i := range x {
		var flat []float64
		for _, row := range x[i] {
			for _, pixel := range row {
				flat = append(flat, pixel...)
			}
		}
		y[i] = newImage(Shape{1, 1, l.out})
		for o := range l.out {
			var sum float64
			if l.bias >= 0 {
				sum = w[l.bias+o]
			}
			for k, v := range flat {
				sum += v * w[l.weight+k*l.out+o]
			}
			y[i][0][0][o] = sum
		}
	}
	return y
}

// moments are mean and biased variance of a set of values.
func moments(x []float64) (mean, variance float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		variance += (v - mean) * (v - mean) / float64(len(x))
	}
	return mean, variance
}

// channels collects the values of channels from to to of images.
func channels(x []image, from, to int) []float64 {
	var all []float64
	for i := range x {
		for h := range x[i] {
			for w := range x[i][h] {
				all = append(all, x[i][h][w][from:to]...)
			}
		}
	}
	return all
}

func (r *ref) normAct(l *normAct, w, buf []float64, x []image) []image {
	y, pre := make([]image, len(x)), make([]image, len(x))
	for i := range x {
		y[i], pre[i] = newImage(l.in), newImage(l.in)
	}
	if r.pre != nil {
		r.pre[l.shift] = pre
	}
	for c := range l.in.C {
		mean, variance := 0.0, 1.0-1e-5
		if l.kind == BatchNorm {
			if r.mode == Train {
				mean, variance = moments(channels(x, c, c+1))
			} else {
				mean, variance = buf[l.buffer+c], buf[l.buffer+l.in.C+c]
			}
		}
		for i := range x {
			if l.kind == GroupNorm {
				g := c / l.group * l.group
				mean, variance = moments(channels(x[i:i+1], g, g+l.group))
			}
			gamma := 1.0
			if l.scale >= 0 {
				gamma = w[l.scale+c]
			}
			for h := range l.in.H {
				for ww := range l.in.W {
					z := (x[i][h][ww][c]-mean)/math.Sqrt(variance+1e-5)*gamma + w[l.shift+c]
					pre[i][h][ww][c] = z
					y[i][h][ww][c] = r.activate(l.act, z)
				}
			}
		}
	}
	if !l.pool {
		return y
	}
	for i := range y {
		p := newImage(l.out)
		for h := range l.out.H {
			for ww := range l.out.W {
				for c := range l.out.C {
					v := [4]float64{y[i][2*h][2*ww][c], y[i][2*h][2*ww+1][c], y[i][2*h+1][2*ww][c], y[i][2*h+1][2*ww+1][c]}
					best := 0
					for k := range v {
						if v[k] > v[best] {
							best = k
						}
					}
					p[h][ww][c] = v[r.choose(best)]
				}
			}
		}
		y[i] = p
	}
	return y
}

func (r *ref) activate(a Activation, z float64) float64 {
	switch a {
	case ReLU:
		on := 0
		if z > 0 {
			on = 1
		}
		return z * float64(r.choose(on))
	case Tanh:
		return (math.Exp(z) - math.Exp(-z)) / (math.Exp(z) + math.Exp(-z))
	case GELU:
		return z * (1 + math.Erf(z/math.Sqrt2)) / 2
	}
	return z
}

// example is the loss of example i of b, whose outputs are z, without the L2 term.
func (r *ref) example(z []float64, b Batch, i int) float64 {
	l, label := r.loss, int(b.Y[i])
	switch l.Kind {
	case MSE:
		var loss float64
		for k, f := range z {
			t := 0.0
			if k == label {
				t = 1
			}
			if len(z) == 1 {
				t = 2*float64(label) - 1
			}
			if b.T != nil {
				t = float64(b.T[i*len(z)+k])
			}
			loss += (f - t) * (f - t) / 2
		}
		return loss
	case Logistic:
		f := z[len(z)-1]
		if len(z) == 2 {
			f -= z[0]
		}
		return math.Log(1 + math.Exp((1-2*float64(label))*f))
	}
	return r.crossEntropy(z, label)
}

func (r *ref) crossEntropy(logits []float64, label int) float64 {
	z := append([]float64(nil), logits...)
	if r.loss.NormalizeLogits {
		mean, variance := moments(z)
		norm := math.Max(math.Sqrt(variance*float64(len(z))), 1e-10)
		for j := range z {
			z[j] = (z[j] - mean) / norm
		}
	}
	for j, v := range r.loss.Multiply {
		z[j] *= v
	}
	for j, v := range r.loss.Adjust {
		z[j] += v
	}
	if r.loss.Margin != nil {
		z[label] -= r.loss.Margin[label]
	}
	var sum float64
	for _, v := range z {
		sum += math.Exp(v)
	}
	k := float64(len(z))
	var loss float64
	for j, v := range z {
		target := r.loss.LabelSmoothing / k
		if j == label {
			target += 1 - r.loss.LabelSmoothing
		}
		if r.loss.ClassWeights != nil {
			target *= r.loss.ClassWeights[j]
		}
		loss -= target * (v - math.Log(sum))
	}
	return loss
}

// gradient is the central difference of the mean loss at w along coordinate i, extrapolated once (Richardson): its error
// falls with the fourth power of the step. Choices of ReLU and pooling are those at w.
func (r *ref) gradient(w, buf []float64, b Batch, i int) float64 {
	r.frozen = false
	r.run(w, buf, b)
	r.frozen = true
	at := w[i]
	difference := func(step float64) float64 {
		w[i] = at + step
		up, _ := r.run(w, buf, b)
		w[i] = at - step
		down, _ := r.run(w, buf, b)
		w[i] = at
		return (up - down) / (2 * step)
	}
	const step = 1e-3
	return (4*difference(step/2) - difference(step)) / 3
}
